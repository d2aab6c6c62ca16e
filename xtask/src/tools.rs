//! The programs that building and checking need. One on PATH in the right version is used; otherwise it is installed
//! into a cache of the user's own, keyed by version: `~/.cache/porchlight/tools/NAME-VERSION/`. Nothing goes into the
//! system's own directories.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::process::{self as this, Command};

use anyhow::{Context, Result, bail};

use crate::debian;
use crate::process;
use crate::progress::say;
use crate::project::{Project, tool_cache};

/// The newest trunk that builds on the Rust we use.
const TRUNK_VERSION: &str = "0.21.14";
const CARGO_DENY_VERSION: &str = "0.20.2";
const GECKODRIVER_VERSION: &str = "0.37.1";
const SCHEMATHESIS_VERSION: &str = "4.32.5";
/// npm's package of wasm-opt and its kin.
const BINARYEN_VERSION: &str = "132.0.0";
/// The first wasm-opt that understands all that today's rustc writes.
const OLDEST_WASM_OPT: u32 = 116;
/// What trunk is asked to fetch where npm can't help: its own choice.
const WASM_OPT_FETCHED_BY_TRUNK: &str = "123";
/// The first Node.js that the scripts are written for.
const OLDEST_NODE: u32 = 20;

/// What building the panel needs.
pub struct PanelTools {
    trunk: PathBuf,
    /// What is put before PATH, where trunk looks for the others.
    directories: Vec<PathBuf>,
    wasm_bindgen_version: String,
    wasm_opt: WasmOpt,
}

struct WasmOpt {
    version: String,
    /// Where it lies; none if trunk has to fetch it.
    directory: Option<PathBuf>,
}

impl PanelTools {
    /// Finds the tools, or installs them.
    pub fn provide(project: &Project) -> Result<Self> {
        provide_wasm_target(project)?;
        let wasm_bindgen = CargoTool::wasm_bindgen(project)?;
        let wasm_opt = provide_wasm_opt()?;
        let trunk = CargoTool::trunk().provide()?.join("trunk");
        let mut directories = vec![wasm_bindgen.provide()?];
        directories.extend(wasm_opt.directory.clone());
        // One that was found on PATH stays where it is there: moved to the front, its directory could hide another tool.
        let cache = tool_cache()?;
        directories.retain(|directory| directory.starts_with(&cache));
        Ok(Self { trunk, directories, wasm_bindgen_version: wasm_bindgen.version, wasm_opt })
    }

    /// The versions that the panel's bytes depend on.
    pub fn versions(&self) -> String {
        let Self { wasm_bindgen_version, wasm_opt, .. } = self;
        format!("trunk {TRUNK_VERSION}, wasm-bindgen {wasm_bindgen_version}, wasm-opt {}", wasm_opt.version)
    }

    /// What to do by hand when `trunk build` fails because it could not fetch what we could not supply.
    pub fn advice(&self) -> Option<String> {
        let advice = format!(
            "put a wasm-opt of version {OLDEST_WASM_OPT} or newer on PATH, or install Node.js with npm"
        );
        self.wasm_opt.directory.is_none().then_some(advice)
    }

    /// `trunk`, told to use just these tools.
    pub fn trunk(&self, project: &Project) -> Result<Command> {
        let mut command = Command::new(&self.trunk);
        command
            .current_dir(&project.root)
            .env("PATH", path_with(&self.directories)?)
            // Otherwise it looks for other versions and fetches them.
            .env("TRUNK_TOOLS_WASM_BINDGEN", &self.wasm_bindgen_version)
            .env("TRUNK_TOOLS_WASM_OPT", format!("version_{}", self.wasm_opt.version))
            .env("TRUNK_SKIP_VERSION_CHECK", "true")
            // It would take the server's log filter for its own, and stumble over `NO_COLOR=1`.
            .env_remove("RUST_LOG");
        if env::var_os("NO_COLOR").is_some() {
            command.env_remove("NO_COLOR").env("TRUNK_COLOR", "never");
        }
        Ok(command)
    }
}

/// Fails with a sentence unless Node.js is there with npm, new enough. `who_needs` begins it: `the browser tests need`.
pub fn check_node(who_needs: &str) -> Result<()> {
    let advice = format!("install Node.js {OLDEST_NODE} or newer, with npm (https://nodejs.org)");
    if on_path("node").is_none() || on_path("npm").is_none() {
        bail!("{who_needs} node and npm, which are not on PATH. By hand: {advice}");
    }
    let version = process::output(Command::new("node").arg("--version"))?;
    if major_version(&version).is_none_or(|major| major < OLDEST_NODE) {
        bail!("{who_needs} a newer Node.js than {}. By hand: {advice}", version.trim());
    }
    Ok(())
}

/// The 20 in `v20.11.1`.
fn major_version(printed: &str) -> Option<u32> {
    printed.trim().strip_prefix('v')?.split('.').next()?.parse().ok()
}

/// The directory of `wasm-bindgen-test-runner`.
pub fn provide_wasm_test_runner(project: &Project) -> Result<PathBuf> {
    provide_wasm_target(project)?;
    CargoTool::wasm_bindgen(project)?.provide()
}

/// The program `cargo-deny`.
pub fn provide_cargo_deny() -> Result<PathBuf> {
    Ok(CargoTool::cargo_deny().provide()?.join("cargo-deny"))
}

/// The program `geckodriver`, through which Firefox is driven.
pub fn provide_geckodriver() -> Result<PathBuf> {
    Ok(CargoTool::geckodriver().provide()?.join("geckodriver"))
}

/// The directory of the Python packages that `python3 -m schemathesis.cli` needs.
pub fn provide_schemathesis() -> Result<PathBuf> {
    let installed = tool_cache()?.join(format!("schemathesis-{SCHEMATHESIS_VERSION}"));
    if installed.join("schemathesis").is_dir() {
        return Ok(installed);
    }
    debian::provide("python3", &["python3", "python3-pip"], || {
        process::output(Command::new("python3").args(["-m", "pip", "--version"])).map(drop)
    })
    .context("checking the APIs against their document needs Python 3.10 or newer with pip")?;
    say(&format!("installing schemathesis {SCHEMATHESIS_VERSION} into {}", installed.display()));
    install(&installed, |unfinished| {
        process::run(
            Command::new("python3")
                .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"])
                .args(["--root-user-action", "ignore", "--target"])
                .arg(unfinished)
                .arg(format!("schemathesis=={SCHEMATHESIS_VERSION}")),
        )
    })?;
    Ok(installed)
}

/// Sees to it that rustup's `cargo fmt` or `cargo clippy` is there.
pub fn provide_component(project: &Project, component: &str, subcommand: &str) -> Result<()> {
    if process::output(project.cargo().args([subcommand, "--version"])).is_ok() {
        return Ok(());
    }
    say(&format!("installing rustup's component {component}"));
    let mut rustup = Command::new("rustup");
    rustup.args(["component", "add", component]).current_dir(&project.root);
    process::run(&mut rustup)
        .with_context(|| format!("`cargo {subcommand}` is missing. By hand: {}", process::shown(&rustup)))
}

/// Where a program lies on PATH.
pub fn on_path(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|directory| directory.join(program)).find(|candidate| candidate.is_file())
}

/// PATH with directories before it.
pub fn path_with(directories: &[PathBuf]) -> Result<OsString> {
    let path = env::var_os("PATH").unwrap_or_default();
    let all = directories.iter().cloned().chain(env::split_paths(&path));
    env::join_paths(all).context("a directory's name can't stand in PATH")
}

/// Whether the standard library's source is there.
pub fn has_rust_src(project: &Project) -> Result<bool> {
    Ok(rustlib(project)?.join("src/rust/library/Cargo.lock").is_file())
}

/// Sees to it that the standard library's source is there. Answers whether it is; one can build without it.
pub fn provide_rust_src(project: &Project) -> Result<bool> {
    if has_rust_src(project)? {
        return Ok(true);
    }
    say("installing rustup's component rust-src");
    let mut rustup = Command::new("rustup");
    Ok(process::run(rustup.args(["component", "add", "rust-src"]).current_dir(&project.root)).is_ok())
}

/// Where the toolchain keeps its libraries.
fn rustlib(project: &Project) -> Result<PathBuf> {
    let mut rustc = Command::new("rustc");
    let sysroot = process::output(rustc.args(["--print", "sysroot"]).current_dir(&project.root))?;
    Ok(Path::new(sysroot.trim()).join("lib/rustlib"))
}

fn provide_wasm_target(project: &Project) -> Result<()> {
    const TARGET: &str = "wasm32-unknown-unknown";
    if rustlib(project)?.join(TARGET).join("lib").is_dir() {
        return Ok(());
    }
    say(&format!("installing Rust's target {TARGET}"));
    let mut rustup = Command::new("rustup");
    rustup.args(["target", "add", TARGET]).current_dir(&project.root);
    process::run(&mut rustup)
        .with_context(|| format!("Rust's target {TARGET} is missing. By hand: {}", process::shown(&rustup)))
}

/// A tool that is built by `cargo install`.
struct CargoTool {
    package: &'static str,
    program: &'static str,
    version: String,
    /// Whether it builds with the versions its author locked.
    locked: bool,
    /// How long it takes on two cores.
    takes: &'static str,
}

impl CargoTool {
    fn trunk() -> Self {
        let version = TRUNK_VERSION.to_owned();
        Self { package: "trunk", program: "trunk", version, locked: true, takes: "two minutes" }
    }

    /// Exactly the version that the panel is linked with: the two speak a format that changes between versions.
    fn wasm_bindgen(project: &Project) -> Result<Self> {
        let version = project.locked_version("wasm-bindgen")?;
        // Its own lock file names a version that has been withdrawn.
        let locked = false;
        Ok(Self { package: "wasm-bindgen-cli", program: "wasm-bindgen", version, locked, takes: "a minute" })
    }

    fn cargo_deny() -> Self {
        let version = CARGO_DENY_VERSION.to_owned();
        Self { package: "cargo-deny", program: "cargo-deny", version, locked: true, takes: "two minutes" }
    }

    fn geckodriver() -> Self {
        let version = GECKODRIVER_VERSION.to_owned();
        Self { package: "geckodriver", program: "geckodriver", version, locked: true, takes: "two minutes" }
    }

    /// Finds or installs it; returns the directory of its programs.
    fn provide(&self) -> Result<PathBuf> {
        if let Some(directory) = self.on_path() {
            return Ok(directory);
        }
        let installed = tool_cache()?.join(format!("{}-{}", self.package, self.version));
        let programs = installed.join("bin");
        if !programs.join(self.program).is_file() {
            let Self { package, version, takes, .. } = self;
            say(&format!("installing {package} {version} into {} (about {takes})", installed.display()));
            self.install(&installed).with_context(|| {
                let by_hand = process::shown(&self.cargo_install(&installed));
                format!("{package} {version} could not be installed. By hand: {by_hand}")
            })?;
        }
        Ok(programs)
    }

    fn on_path(&self) -> Option<PathBuf> {
        let program = on_path(self.program)?;
        let version = process::output(Command::new(&program).arg("--version")).ok()?;
        (version.split_whitespace().nth(1) == Some(&self.version))
            .then(|| program.parent().map(Path::to_owned))?
    }

    fn install(&self, installed: &Path) -> Result<()> {
        install(installed, |unfinished| {
            // Debug builds of these are quick enough at their work and take a third of the time to build; nobody debugs them.
            let scratch = unfinished.join("target");
            let mut cargo = self.cargo_install(unfinished);
            cargo
                .current_dir(unfinished)
                .env("CARGO_TARGET_DIR", &scratch)
                .env("CARGO_PROFILE_DEV_DEBUG", "0");
            if !io::stderr().is_terminal() {
                cargo.arg("--quiet");
            }
            process::run(&mut cargo)?;
            fs::remove_dir_all(&scratch).context("removing what was built on the way")
        })
    }

    fn cargo_install(&self, root: &Path) -> Command {
        let mut cargo = Command::new("cargo");
        cargo.args(["install", "--debug"]).args(self.locked.then_some("--locked"));
        cargo.arg(format!("{}@{}", self.package, self.version)).arg("--root").arg(root);
        cargo
    }
}

/// wasm-opt comes from PATH, else from npm, else trunk fetches it.
fn provide_wasm_opt() -> Result<WasmOpt> {
    if let Some((version, directory)) = wasm_opt_on_path() {
        return Ok(WasmOpt { version, directory: Some(directory) });
    }
    let (version, _) = BINARYEN_VERSION.split_once('.').context("binaryen's version has dots")?;
    match provide_binaryen() {
        Ok(programs) => Ok(WasmOpt { version: version.to_owned(), directory: Some(programs) }),
        Err(error) => {
            let version = WASM_OPT_FETCHED_BY_TRUNK.to_owned();
            say(&format!("wasm-opt: {error:#}; so trunk will fetch version {version} from GitHub"));
            Ok(WasmOpt { version, directory: None })
        }
    }
}

fn wasm_opt_on_path() -> Option<(String, PathBuf)> {
    let program = on_path("wasm-opt")?;
    let version = wasm_opt_version(&process::output(Command::new(&program).arg("--version")).ok()?)?;
    Some((version, program.parent()?.to_owned()))
}

/// The version in what `wasm-opt --version` prints, if it is new enough.
fn wasm_opt_version(printed: &str) -> Option<String> {
    let version = printed.split_whitespace().nth(2)?;
    (version.parse::<u32>().ok()? >= OLDEST_WASM_OPT).then(|| version.to_owned())
}

/// The directory of npm's wasm-opt, a script that Node runs.
fn provide_binaryen() -> Result<PathBuf> {
    check_node("wasm-opt from npm needs")?;
    let installed = tool_cache()?.join(format!("binaryen-{BINARYEN_VERSION}"));
    let programs = installed.join("node_modules/.bin");
    if !programs.join("wasm-opt").is_file() {
        say(&format!("installing wasm-opt (npm's binaryen {BINARYEN_VERSION}) into {}", installed.display()));
        install(&installed, |unfinished| {
            process::run(
                Command::new("npm")
                    .args(["install", "--no-save", "--no-package-lock", "--no-audit", "--no-fund"])
                    .args(["--ignore-scripts", "--loglevel", "error", "--prefix"])
                    .arg(unfinished)
                    .arg(format!("binaryen@{BINARYEN_VERSION}"))
                    .current_dir(unfinished),
            )
        })?;
    }
    Ok(programs)
}

/// Fills a directory beside its place and moves it there when it is complete, so that nobody ever finds half a tool,
/// even when two install it at once.
fn install(installed: &Path, fill: impl FnOnce(&Path) -> Result<()>) -> Result<()> {
    let name = installed.file_name().context("a tool's directory has a name")?.to_string_lossy();
    let unfinished = installed.with_file_name(format!(".{name}.{}", this::id()));
    fs::create_dir_all(&unfinished).with_context(|| format!("making {}", unfinished.display()))?;
    let filled = fill(&unfinished).and_then(|()| {
        // What lies there had not what we looked for: it is of no use.
        if installed.exists() {
            fs::remove_dir_all(installed).with_context(|| format!("removing {}", installed.display()))?;
        }
        fs::rename(&unfinished, installed).with_context(|| format!("moving it to {}", installed.display()))
    });
    if filled.is_err() {
        // The first error is the one to show.
        let _ = fs::remove_dir_all(&unfinished);
    }
    filled
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_enough_wasm_opt_is_recognized() {
        assert_eq!(wasm_opt_version("wasm-opt version 132 (version_132)\n").as_deref(), Some("132"));
        assert_eq!(wasm_opt_version("wasm-opt version 116").as_deref(), Some("116"));
    }

    #[test]
    fn an_old_or_strange_wasm_opt_is_not_used() {
        assert_eq!(wasm_opt_version("wasm-opt version 108 (version_108)"), None);
        assert_eq!(wasm_opt_version("something else"), None);
        assert_eq!(wasm_opt_version(""), None);
    }

    #[test]
    fn nodes_version_is_understood() {
        assert_eq!(major_version("v20.11.1\n"), Some(20));
        assert_eq!(major_version("nonsense"), None);
    }

    #[test]
    fn what_is_advised_by_hand_is_what_is_run() {
        let command = CargoTool::trunk().cargo_install(Path::new("/cache/trunk"));
        let expected = format!("cargo install --debug --locked trunk@{TRUNK_VERSION} --root /cache/trunk");
        assert_eq!(process::shown(&command), expected);
    }
}
