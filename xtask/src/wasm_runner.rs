//! What `cargo test` calls for each of the panel's test programs: wasm-bindgen's test runner serves the program as a page,
//! `e2e/wasm-tests.mjs` opens that page in the Chromium we found. So no chromedriver is needed.

use std::env;
use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, Result};
use clap::Args;

use crate::process::{self, Running};
use crate::project::Project;

/// The environment variable with the path of a file that is made once a program's tests have run. A program without tests
/// is no error; that none has any would go unnoticed otherwise.
pub const RAN: &str = "PORCHLIGHT_WASM_TESTS_RAN";

#[derive(Args)]
pub struct Options {
    /// The program, and what the tests are told
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, required = true)]
    arguments: Vec<String>,
}

pub fn run(project: &Project, options: &Options) -> Result<ExitCode> {
    let mut command = Command::new("wasm-bindgen-test-runner");
    command
        .args(&options.arguments)
        // It serves the page and opens no browser, on a port of the system's choice.
        .env("NO_HEADLESS", "1")
        .env("WASM_BINDGEN_TEST_ADDRESS", "127.0.0.1:0")
        // Where a test program doesn't say where it runs.
        .env("WASM_BINDGEN_USE_BROWSER", "1")
        .stdout(Stdio::piped());
    let mut runner = Running::start(&mut command)?;
    let stdout = runner.child.stdout.take().context("the runner's output is piped")?;
    for line in BufReader::new(stdout).lines() {
        let line = line.context("reading the runner's output")?;
        if let Some(address) = page_address(&line) {
            let mut page = Command::new("node");
            page.arg("wasm-tests.mjs").arg(address).current_dir(project.root.join("e2e"));
            let status = Running::start(&mut page)?.wait()?;
            if let Some(ran) = env::var_os(RAN) {
                fs::write(&ran, "").context("noting that tests have run")?;
            }
            return Ok(process::exit_code(status));
        }
        println!("{line}");
    }
    // It served no page, since the program has no tests, or couldn't.
    Ok(process::exit_code(runner.wait()?))
}

/// The address in the line with which the runner says that its page can be opened.
fn page_address(line: &str) -> Option<&str> {
    let (before, address) = line.split_once("available at ")?;
    before.contains("tests are now").then(|| address.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_of_the_test_page_is_found() {
        let line = "Interactive browsers tests are now available at http://127.0.0.1:39211";
        assert_eq!(page_address(line), Some("http://127.0.0.1:39211"));
    }

    #[test]
    fn other_lines_have_no_address() {
        assert_eq!(page_address("no tests to run!"), None);
        assert_eq!(page_address("help is available at http://127.0.0.1"), None);
    }
}
