//! What Debian's packages can help with, on Debian and as root.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::process;
use crate::progress::say;

/// Sees to it that something works: it does already, or does once these packages are installed.
pub fn provide(name: &str, packages: &[&str], works: impl Fn() -> Result<()>) -> Result<()> {
    let Err(missing) = works() else { return Ok(()) };
    if !is_debian() || !is_root() {
        bail!("{name} is missing: {missing:#}. On Debian, as root: apt-get install {}", packages.join(" "));
    }
    install(packages)?;
    works().with_context(|| format!("{name} does not work although its packages are installed"))
}

/// Installs packages.
pub fn install(packages: &[&str]) -> Result<()> {
    say(&format!("installing Debian's {}", packages.join(", ")));
    process::run(apt_get().arg("update"))?;
    process::run(apt_get().args(["install", "--yes", "--no-install-recommends"]).args(packages))
}

fn apt_get() -> Command {
    let mut command = Command::new("apt-get");
    command.env("DEBIAN_FRONTEND", "noninteractive").arg("--quiet");
    command
}

/// Debian itself: what Ubuntu calls its chromium package is no browser.
pub fn is_debian() -> bool {
    fs::read_to_string("/etc/os-release").is_ok_and(|text| text.lines().any(|line| line == "ID=debian"))
}

pub fn is_root() -> bool {
    process::output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0")
}
