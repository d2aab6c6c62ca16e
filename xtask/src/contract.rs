//! Holds the server against its own OpenAPI document: schemathesis makes up requests, sensible and absurd ones, one by one
//! and in sequences, and looks whether each answer is a documented one.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::http;
use crate::process;
use crate::progress::say;
use crate::project::Project;
use crate::server::{Demo, MockServer};
use crate::tools;

/// What an answer may not be: a 5xx, a status or a type that is not documented, a body against its schema. That requests
/// without credentials are refused is for the server's own tests: iRiS refuses them with status 200.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
                      response_schema_conformance";
/// Requests made up for each operation, so that every change can afford it; and for `--full`.
const N_EXAMPLES: u32 = 10;
const N_EXAMPLES_FULL: u32 = 300;
/// A run is repeatable: what fails here fails there.
const SEED: &str = "1";

pub fn run(project: &Project, full: bool) -> Result<()> {
    let packages = tools::provide_schemathesis()?;
    let directory = project.target.join("contract");
    if directory.exists() {
        fs::remove_dir_all(&directory).with_context(|| format!("removing {}", directory.display()))?;
    }
    fs::create_dir_all(&directory).with_context(|| format!("making {}", directory.display()))?;
    let data = directory.join("data");
    let mut command = MockServer::command(&project.server(), "127.0.0.1:0", &data);
    let script = directory.join("silent.toml");
    // Nobody answers: what is tested is what the requests do.
    fs::write(&script, "rule = []\n").with_context(|| format!("writing {}", script.display()))?;
    let log = fs::File::create(directory.join("server.log")).context("making the server's log")?;
    command.arg("--mock-script").arg(&script).env("PORCHLIGHT_LOG", "error").stderr(log);
    let server = MockServer::start(&mut command, &data)?;
    let base_url = server.demo.get("base_url")?;
    let config = directory.join("schemathesis.toml");
    fs::write(&config, credentials(&server.demo)?)
        .with_context(|| format!("writing {}", config.display()))?;
    let n_examples = if full { N_EXAMPLES_FULL } else { N_EXAMPLES };
    say(&format!("schemathesis: up to {n_examples} requests for each operation"));
    process::run(
        schemathesis(&packages, &config)
            .current_dir(&directory)
            .args(["run", &format!("{base_url}/openapi.json"), "--checks", CHECKS, "--seed", SEED])
            .args(["--max-examples", &n_examples.to_string(), "--continue-on-failure"])
            // A stream does not end.
            .args(["--exclude-path-regex", "/stream$"])
            .args(["--warnings", "off", "--suppress-health-check", "all"])
            .args(["--request-timeout", "20"]),
    )
}

fn schemathesis(packages: &Path, config: &Path) -> Command {
    let mut command = Command::new("python3");
    command.env("PYTHONPATH", packages).args(["-m", "schemathesis.cli", "--config-file"]).arg(config);
    command
}

/// The configuration with which each API gets its token.
fn credentials(demo: &Demo) -> Result<String> {
    let token = demo.get("api_token")?;
    let (id, secret) = token.split_once('.').context("an API token has two halves")?;
    let login = json!({
        "PropertyCode": demo.get("iris/property_code")?,
        "InterfaceToken": demo.get("iris/interface_token")?,
    });
    let answer = http::post(demo.get("base_url")?, "/API/V40/System/Session/Initialise", &login.to_string())?;
    ensure!(answer.status == 200, "an iRiS session was refused with {}", answer.status);
    let answer: Value = serde_json::from_slice(&answer.body).context("an iRiS session is JSON")?;
    let session =
        answer.get("sessionToken").and_then(Value::as_str).context("an iRiS session has a token")?;
    Ok(format!(
        "[auth.openapi.bearer]\nbearer = \"{token}\"\n\
         [auth.openapi.pantheon]\napi_key = \"{token}\"\n\
         [auth.openapi.pact]\napi_key = \"{token}\"\n\
         [auth.openapi.iris]\napi_key = \"{session}\"\n\
         [auth.openapi.basic]\nusername = \"{id}\"\npassword = \"{secret}\"\n"
    ))
}
