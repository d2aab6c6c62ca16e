//! The panel's bundle in `dist/`, built by trunk unless nothing it is made from has changed.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::fingerprint::Fingerprint;
use crate::process;
use crate::progress::say;
use crate::project::Project;
use crate::tools::{self, PanelTools};

/// What the bundle is made from, besides the tools.
const SOURCES: &[&str] = &[
    "widget",
    "shared",
    "patches",
    "index.html",
    "Trunk.toml",
    "Cargo.toml",
    "Cargo.lock",
    ".cargo/config.toml",
    "rust-toolchain.toml",
];

/// See [`SmallStd`].
const SMALL_STD_FLAGS: &str =
    "-Zunstable-options -Cpanic=immediate-abort -Zlocation-detail=none -Zfmt-debug=none";

/// Builds the release bundle if the one in `dist/` isn't the one that would come out.
pub fn provide(project: &Project) -> Result<()> {
    let tools = PanelTools::provide(project)?;
    let sources = sources_fingerprint(project, &tools, &SmallStd::find(project)?)?;
    if fs::read_to_string(stamp(project)).ok() == Some(format!("{sources}\n{}\n", dist_fingerprint(project)?))
    {
        say("panel: unchanged since it was built");
        return Ok(());
    }
    let small_std = SmallStd::provide(project)?;
    let sources = sources_fingerprint(project, &tools, &small_std)?;
    say("panel: fetching the crates it is built from");
    // What the standard library is built from is fetched only for a target that is named.
    for targets in [&[][..], &["--target", "wasm32-unknown-unknown"]] {
        process::run(small_std.apply(project.cargo().args(["fetch", "--locked", "--quiet"]).args(targets)))
            .context(
                "the crates that Cargo.lock names could not be fetched: is there a way to the registry, or a mirror set?",
            )?;
    }
    say(&format!("panel: building it in release mode ({})", tools.versions()));
    let mut trunk = tools.trunk(project)?;
    trunk.args(["build", "--release"]);
    match tools.advice() {
        None => process::run(small_std.apply(trunk.env("TRUNK_OFFLINE", "true"))),
        Some(advice) => process::run(small_std.apply(&mut trunk))
            .with_context(|| format!("if trunk could not fetch wasm-opt, by hand: {advice}")),
    }
    .context("the panel could not be built")?;
    ensure!(project.dist().join("index.html").is_file(), "trunk left no dist/index.html");
    // The sources as they were before: what changed meanwhile may not be in the bundle.
    fs::write(stamp(project), format!("{sources}\n{}\n", dist_fingerprint(project)?))
        .context("noting what the panel was built from")
}

/// Builds the least that a Leptos program can be, as the panel is built. Answers where it is.
pub fn build_empty(project: &Project) -> Result<PathBuf> {
    let tools = PanelTools::provide(project)?;
    let small_std = SmallStd::provide(project)?;
    let directory = project.target.join("empty");
    let mut trunk = tools.trunk(project)?;
    trunk.args(["build", "--release", "--public-url", "./", "--dist"]).arg(&directory);
    process::run(small_std.apply(trunk.arg("e2e/empty/index.html")))?;
    Ok(directory)
}

/// Whether the standard library is compiled together with the panel, for size. The one that rustup ships can say where and why
/// it panicked, in a tenth of all that a visitor downloads, and a panel has nobody to say it to. Only unstable options of
/// cargo and rustc leave that out; what they are given here decides about size and about nothing else.
struct SmallStd(bool);

impl SmallStd {
    fn find(project: &Project) -> Result<Self> {
        Ok(Self(tools::has_rust_src(project)?))
    }

    fn provide(project: &Project) -> Result<Self> {
        let provided = tools::provide_rust_src(project)?;
        if !provided {
            say(
                "panel: rustup's component rust-src can't be had, so the panel comes out larger than its budget",
            );
        }
        Ok(Self(provided))
    }

    fn apply<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        if self.0 {
            command
                .env("RUSTC_BOOTSTRAP", "1")
                .env("CARGO_UNSTABLE_BUILD_STD", "std,panic_abort")
                .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS", SMALL_STD_FLAGS);
        }
        command
    }
}

fn stamp(project: &Project) -> PathBuf {
    project.target.join("panel.fingerprint")
}

fn sources_fingerprint(project: &Project, tools: &PanelTools, small_std: &SmallStd) -> Result<String> {
    let rustc = process::output(Command::new("rustc").arg("--version").current_dir(&project.root))?;
    let mut fingerprint = Fingerprint::default();
    fingerprint.text(&rustc);
    fingerprint.text(&tools.versions());
    fingerprint.text(if small_std.0 { SMALL_STD_FLAGS } else { "std as it is shipped" });
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
