//! Tells whether files have changed since something was made from them.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

/// A digest over texts and over the names and contents of files.
#[derive(Default)]
pub struct Fingerprint(Sha256);

impl Fingerprint {
    pub fn text(&mut self, text: &str) {
        self.part(text.as_bytes());
    }

    /// Takes in a file, or all files below a directory. What is missing counts as empty.
    pub fn path(&mut self, root: &Path, name: &str) -> Result<()> {
        for file in files_below(&root.join(name))? {
            let relative = file.strip_prefix(root).unwrap_or(&file);
            self.part(relative.as_os_str().as_encoded_bytes());
            self.part(&fs::read(&file).with_context(|| format!("reading {}", file.display()))?);
        }
        Ok(())
    }

    pub fn finish(self) -> String {
        self.0.finalize().iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"))
    }

    /// The length goes first, so that two parts never look like two others.
    fn part(&mut self, bytes: &[u8]) {
        self.0.update(bytes.len().to_le_bytes());
        self.0.update(bytes);
    }
}

/// The files at or below a path, in an order that is always the same.
fn files_below(path: &Path) -> Result<Vec<PathBuf>> {
    if path.is_file() {
        return Ok(vec![path.to_owned()]);
    }
    if !path.is_dir() {
        return Ok(Vec::new());
    }
    let reading = || format!("reading {}", path.display());
    let mut entries = Vec::new();
    for entry in fs::read_dir(path).with_context(reading)? {
        entries.push(entry.with_context(reading)?.path());
    }
    entries.sort();
    let mut files = Vec::new();
    for entry in entries {
        files.extend(files_below(&entry)?);
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(parts: &[&str]) -> String {
        let mut fingerprint = Fingerprint::default();
        for part in parts {
            fingerprint.text(part);
        }
        fingerprint.finish()
    }

    #[test]
    fn the_same_parts_give_the_same_fingerprint() {
        assert_eq!(of(&["a", "b"]), of(&["a", "b"]));
    }

    #[test]
    fn parts_divided_otherwise_give_another() {
        assert_ne!(of(&["ab", "c"]), of(&["a", "bc"]));
    }

    #[test]
    fn a_missing_path_counts_as_empty() {
        let mut fingerprint = Fingerprint::default();
        fingerprint.path(Path::new("/nonexistent"), "nothing").unwrap();
        assert_eq!(fingerprint.finish(), of(&[]));
    }
}
