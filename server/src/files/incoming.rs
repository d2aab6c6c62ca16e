//! A file on its way in: written beside the others, and gone unless somebody keeps it.

use crate::{clock::random_bytes, files::sync_directory};
use std::{
    fmt::Write as _,
    fs, io,
    path::{Path, PathBuf},
};

/// Where unfinished uploads are. Not a folder that a key could lead to: those have names of two characters.
const FOLDER: &str = "incoming";

/// Makes the folder, and empties it.
pub fn clear(directory: &Path) -> io::Result<()> {
    let folder = directory.join(FOLDER);
    fs::create_dir_all(&folder)?;
    for entry in fs::read_dir(&folder)? {
        fs::remove_file(entry?.path())?;
    }
    sync_directory(directory)
}

/// A file that is removed when this is dropped.
pub struct Incoming {
    path: PathBuf,
    is_kept: bool,
}

impl Incoming {
    pub fn create(directory: &Path) -> io::Result<(fs::File, Self)> {
        let mut name = String::new();
        for byte in random_bytes::<16>() {
            write!(name, "{byte:02x}").expect("writing to a string does not fail");
        }
        let path = directory.join(FOLDER).join(name);
        let file = fs::File::options().read(true).write(true).create_new(true).open(&path)?;
        Ok((file, Self { path, is_kept: false }))
    }

    /// Moves the file, whole and on the disk, to its place. It still has to be kept.
    pub fn place(mut self, file: &fs::File, place: PathBuf) -> io::Result<Self> {
        file.sync_all()?;
        let folder = place.parent().expect("a file's place is in a folder");
        if !folder.is_dir() {
            fs::create_dir_all(folder)?;
            folder.parent().map_or(Ok(()), sync_directory)?;
        }
        fs::rename(&self.path, &place)?;
        self.path = place;
        sync_directory(self.path.parent().expect("a file's place is in a folder"))?;
        Ok(self)
    }

    pub fn keep(mut self) {
        self.is_kept = true;
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        if !self.is_kept {
            // One that can't be removed now is removed with the next start, if it never had its place.
            let _ = fs::remove_file(&self.path);
        }
    }
}
