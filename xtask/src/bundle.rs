//! The panel's bundle in `dist/`, built by trunk unless nothing it is made from has changed.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::fingerprint::Fingerprint;
use crate::process;
use crate::progress::say;
use crate::project::Project;
use crate::tools::PanelTools;

/// What the bundle is made from, besides the tools.
const SOURCES: &[&str] = &[
    "widget",
    "shared",
    "index.html",
    "Trunk.toml",
    "Cargo.toml",
    "Cargo.lock",
    ".cargo/config.toml",
    "rust-toolchain.toml",
];

/// Builds the release bundle if the one in `dist/` isn't the one that would come out.
pub fn provide(project: &Project) -> Result<()> {
    let tools = PanelTools::provide(project)?;
    let sources = sources_fingerprint(project, &tools)?;
    if fs::read_to_string(stamp(project)).ok() == Some(format!("{sources}\n{}\n", dist_fingerprint(project)?))
    {
        say("panel: unchanged since it was built");
        return Ok(());
    }
    say("panel: fetching the crates it is built from");
    process::run(project.cargo().args(["fetch", "--locked", "--quiet"])).context(
        "the crates that Cargo.lock names could not be fetched: is there a way to the registry, or a mirror set?",
    )?;
    say(&format!("panel: building it in release mode ({})", tools.versions()));
    process::run(tools.trunk(project)?.args(["build", "--release"]).env("TRUNK_OFFLINE", "true"))
        .context("the panel could not be built")?;
    ensure!(project.dist().join("index.html").is_file(), "trunk left no dist/index.html");
    // The sources as they were before: what changed meanwhile may not be in the bundle.
    fs::write(stamp(project), format!("{sources}\n{}\n", dist_fingerprint(project)?))
        .context("noting what the panel was built from")
}

fn stamp(project: &Project) -> PathBuf {
    project.target.join("panel.fingerprint")
}

fn sources_fingerprint(project: &Project, tools: &PanelTools) -> Result<String> {
    let rustc = process::output(Command::new("rustc").arg("--version").current_dir(&project.root))?;
    let mut fingerprint = Fingerprint::default();
    fingerprint.text(&rustc);
    fingerprint.text(&tools.versions());
    for source in SOURCES {
        fingerprint.path(&project.root, source)?;
    }
    Ok(fingerprint.finish())
}

fn dist_fingerprint(project: &Project) -> Result<String> {
    let mut fingerprint = Fingerprint::default();
    fingerprint.path(&project.root, "dist")?;
    Ok(fingerprint.finish())
}
