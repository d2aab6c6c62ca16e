//! `cargo xtask serve`: from a clean checkout to a demo page with the widget, and an agent that answers.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::Args;

use crate::bundle;
use crate::process;
use crate::progress::say;
use crate::project::Project;
use crate::server::{self, Demo, MockServer};

#[derive(Args)]
pub struct Options {
    /// Port on 127.0.0.1; 0 takes a free one
    #[arg(long, default_value_t = 8787)]
    port: u16,
    /// Directory of the database and of demo.json; made if it is missing
    #[arg(long, default_value = "data")]
    data: PathBuf,
    /// Further options for the server, such as `-- --mock-script my.toml`
    #[arg(last = true)]
    more: Vec<String>,
}

pub fn run(project: &Project, options: &Options) -> Result<ExitCode> {
    // Better said now than after ten minutes of building.
    let listen = format!("127.0.0.1:{}", options.port);
    TcpListener::bind(&listen)
        .with_context(|| format!("can't listen on {listen}: choose another with --port"))?;
    bundle::provide(project)?;
    server::build(project)?;
    say("server: starting it in mock mode");
    let mut command = MockServer::command(&project.server(), &listen, &options.data);
    command.args(&options.more);
    let server = MockServer::start(&mut command, &options.data)?;
    say("ready");
    print!("{}", welcome(&server.demo, &options.data)?);
    Ok(process::exit_code(server.running.wait()?))
}

fn welcome(demo: &Demo, data: &Path) -> Result<String> {
    let get = |field| demo.show(field);
    Ok(format!(
        "
Porchlight is running. Stop it with Ctrl-C.

  demo page             {demo_page}
  the APIs              {base_url}/docs
  on a page of yours    <script async src=\"{base_url}/widget.js?id={widget_id}\"></script>

Credentials of the demo company. One token works in all four APIs.

  API token             {api_token}
  Pingback  /api/v1     Authorization: Bearer TOKEN; business_id {business_id}; agent {agent_id}
  Pantheon  /v1.0       Authorization: TOKEN
  Pact      /p1         X-Private-Api-Token: TOKEN; company {company_num}
  iRiS      /API/V40    PropertyCode {property_code}; InterfaceToken {interface_token}

For programs the same stands in {demo_file}.

",
        demo_page = get("demo_page")?,
        base_url = get("base_url")?,
        widget_id = get("widget_id")?,
        api_token = get("api_token")?,
        business_id = get("business_id")?,
        agent_id = get("agent_id")?,
        company_num = get("company_num")?,
        property_code = get("iris/property_code")?,
        interface_token = get("iris/interface_token")?,
        demo_file = data.join("demo.json").display(),
    ))
}
