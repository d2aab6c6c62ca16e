//! Where things are: the checkout, cargo's target directory, the cache of tools.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::process;

/// One of cargo's.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    Release,
    /// Quickly built, and it has the checks that cost a running server time.
    Dev,
}

/// The checkout this command works on.
pub struct Project {
    /// How the server is built that is tried out, measured or tested.
    pub profile: Profile,
    /// The directory of the workspace's `Cargo.toml`.
    pub root: PathBuf,
    /// Where cargo puts what it builds.
    pub target: PathBuf,
    /// This program. Looked up at the start: later, cargo may have put a new one in its place.
    pub xtask: PathBuf,
}

impl Project {
    pub fn find() -> Result<Self> {
        // Cargo names the manifest of what it runs; without cargo it is where this was compiled.
        let manifest_dir =
            env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
        let root = Path::new(&manifest_dir).parent().context("xtask lies in the workspace")?.to_owned();
        let metadata = process::output(
            Command::new("cargo").args(["metadata", "--no-deps", "--format-version", "1"]).current_dir(&root),
        )
        .context("asking cargo for its target directory")?;
        let metadata: Value = serde_json::from_str(&metadata).context("reading cargo's metadata")?;
        let target =
            metadata["target_directory"].as_str().context("cargo names its target directory")?.into();
        let xtask = env::current_exe().context("finding this program")?;
        Ok(Self { profile: Profile::Release, root, target, xtask })
    }

    /// `cargo`, to be run in the workspace.
    pub fn cargo(&self) -> Command {
        let mut command = Command::new("cargo");
        command.current_dir(&self.root);
        command
    }

    /// The panel's bundle as trunk leaves it.
    pub fn dist(&self) -> PathBuf {
        self.root.join("dist")
    }

    /// The server, once it is built.
    pub fn server(&self) -> PathBuf {
        let directory = match self.profile {
            Profile::Release => "release",
            Profile::Dev => "debug",
        };
        self.target.join(directory).join(format!("porchlight{}", env::consts::EXE_SUFFIX))
    }

    /// The version of a package in `Cargo.lock`.
    pub fn locked_version(&self, package: &str) -> Result<String> {
        let lock = fs::read_to_string(self.root.join("Cargo.lock")).context("reading Cargo.lock")?;
        locked_version(&lock, package)
    }
}

/// Where installed tools are kept, for this user and all checkouts.
pub fn tool_cache() -> Result<PathBuf> {
    let cache = match env::var_os("XDG_CACHE_HOME").map(PathBuf::from).filter(|path| path.is_absolute()) {
        Some(cache) => cache,
        None => env::home_dir().context("no home directory: set XDG_CACHE_HOME")?.join(".cache"),
    };
    Ok(cache.join("porchlight").join("tools"))
}

fn locked_version(lock: &str, package: &str) -> Result<String> {
    let lock: toml::Table = lock.parse().context("Cargo.lock is not TOML")?;
    let packages =
        lock.get("package").and_then(toml::Value::as_array).context("Cargo.lock has no packages")?;
    packages
        .iter()
        .find(|entry| entry.get("name").and_then(toml::Value::as_str) == Some(package))
        .and_then(|entry| entry.get("version")?.as_str())
        .map(str::to_owned)
        .with_context(|| format!("Cargo.lock does not name {package}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCK: &str = r#"
version = 4

[[package]]
name = "wasm-bindgen-test"
version = "0.3.80"

[[package]]
name = "wasm-bindgen"
version = "0.2.130"
dependencies = ["cfg-if"]
"#;

    #[test]
    fn a_locked_version_is_found_by_the_whole_name() {
        assert_eq!(locked_version(LOCK, "wasm-bindgen").unwrap(), "0.2.130");
    }

    #[test]
    fn a_package_that_is_not_locked_is_named_in_the_error() {
        let error = locked_version(LOCK, "trunk").unwrap_err();
        assert_eq!(error.to_string(), "Cargo.lock does not name trunk");
    }
}
