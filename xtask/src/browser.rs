//! Finds a Chromium for the tests that need a real browser.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::debian;
use crate::process;
use crate::tools::on_path;

const NAMES: &[&str] = &["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];

/// A Chromium that starts: the one named by CHROMIUM, on PATH, Playwright's own, or Debian's package.
pub fn provide() -> Result<PathBuf> {
    if let Some(named) = env::var_os("CHROMIUM").map(PathBuf::from) {
        return match starts(&named) {
            Ok(()) => Ok(named),
            Err(error) => Err(error).context("CHROMIUM names a program that does not start"),
        };
    }
    let candidates = NAMES.iter().filter_map(|name| on_path(name)).chain(playwrights_own());
    if let Some(found) = candidates.into_iter().find(|candidate| starts(candidate).is_ok()) {
        return Ok(found);
    }
    if debian::is_debian() && debian::is_root() {
        debian::install(&["chromium"])
            .context("there is no Chromium, and Debian's package could not be installed")?;
        let installed = PathBuf::from("/usr/bin/chromium");
        starts(&installed)?;
        return Ok(installed);
    }
    bail!(
        "there is no Chromium, which the browser tests need. Any of these helps: `apt-get install chromium` as root on \
         Debian; `npx playwright install chromium` in e2e/; a Chromium or Chrome on PATH; its path in CHROMIUM"
    )
}

/// Ubuntu's `chromium-browser`, for one, may be a script that only says what to install.
fn starts(program: &Path) -> Result<()> {
    process::output(Command::new(program).arg("--version")).map(drop)
}

/// The Chromiums that Playwright has downloaded, newest first.
fn playwrights_own() -> Vec<PathBuf> {
    let directory =
        match env::var_os("PLAYWRIGHT_BROWSERS_PATH").map(PathBuf::from).filter(|path| path.is_absolute()) {
            Some(directory) => Some(directory),
            None => env::home_dir().map(|home| home.join(".cache/ms-playwright")),
        };
    let entries = directory.and_then(|directory| fs::read_dir(directory).ok()).into_iter().flatten();
    let mut revisions: Vec<(u32, PathBuf)> = entries
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            Some((revision(path.file_name()?.to_str()?)?, path))
        })
        .collect();
    revisions.sort_by(|one, other| other.cmp(one));
    let platforms = ["chrome-linux64", "chrome-linux"];
    revisions
        .iter()
        .flat_map(|(_, path)| platforms.map(|platform| path.join(platform).join("chrome")))
        .filter(|program| program.is_file())
        .collect()
}

/// The number in `chromium-1193`; none for Playwright's other directories.
fn revision(directory: &str) -> Option<u32> {
    directory.strip_prefix("chromium-")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_playwrights_whole_chromium_counts() {
        assert_eq!(revision("chromium-1193"), Some(1193));
        assert_eq!(revision("chromium_headless_shell-1193"), None);
        assert_eq!(revision("firefox-1490"), None);
    }
}
