//! `cargo xtask dev`: trunk rebuilds the panel at each change and reloads it; its API is proxied to a server.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;
use std::thread;

use anyhow::{Context, Result, ensure};
use clap::Args;

use crate::http;
use crate::process::{self, POLL_INTERVAL, Running};
use crate::progress::say;
use crate::project::Project;
use crate::server::{Demo, MockServer};
use crate::tools::PanelTools;

/// What of the panel's requests goes to the server.
const PROXIED: &str = "/widget/";

#[derive(Args)]
pub struct Options {
    /// Port of the panel on 127.0.0.1
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// Directory of the server's database and of demo.json; made if it is missing
    #[arg(long, default_value = "data")]
    data: PathBuf,
}

pub fn run(project: &Project, options: &Options) -> Result<ExitCode> {
    let tools = PanelTools::provide(project)?;
    let configured = fs::read_to_string(project.root.join("Trunk.toml")).context("reading Trunk.toml")?;
    let configured = configured_backend(&configured)?;

    let (server, demo) = match &configured {
        Some(base_url) if is_ready(base_url) => (None, demo_of_running(base_url, options)?),
        _ => {
            let server = start_server(project, options, configured.as_deref())?;
            (Some(server.running), server.demo)
        }
    };

    say("panel: building it, then serving it and watching for changes");
    let mut trunk = tools.trunk(project)?;
    let panel = format!("http://127.0.0.1:{}/?id={}", options.port, demo.get("widget_id")?);
    trunk.args(["serve", "--address", "127.0.0.1", "--port", &options.port.to_string()]);
    trunk
        .args(["--disable-address-lookup", "true", "--public-url", "/", "--cargo-profile", "dev", "--dist"])
        .arg(dist(project)?);
    if configured.is_none() {
        let backend = format!("{}{PROXIED}", demo.get("base_url")?);
        trunk.args(["--proxy-backend", &backend, "--proxy-no-system-proxy"]);
    }
    let trunk = Running::start(&mut trunk)?;
    println!("\n  panel      {panel}   (once it is built)");
    println!(
        "  demo page  {}   (with the panel that was last built in release mode)\n",
        demo.get("demo_page")?
    );
    wait_for_either(trunk, server)
}

/// The server that Trunk.toml names for the panel's requests, if it names one.
fn configured_backend(trunk_toml: &str) -> Result<Option<String>> {
    let config: toml::Table = trunk_toml.parse().context("Trunk.toml is not TOML")?;
    let proxies = config.get("proxy").or_else(|| config.get("proxies"));
    let proxies = proxies.and_then(toml::Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let backends = proxies.iter().filter_map(|proxy| proxy.get("backend")?.as_str());
    let mut base_urls = backends.filter_map(|backend| backend.strip_suffix(PROXIED));
    Ok(base_urls.next().map(str::to_owned))
}

fn is_ready(base_url: &str) -> bool {
    http::get(base_url, "/readyz", "identity").is_ok_and(|answer| answer.status == 200)
}

fn demo_of_running(base_url: &str, options: &Options) -> Result<Demo> {
    let demo = Demo::read(&options.data).with_context(|| {
        format!("a server answers on {base_url}: name its data directory with --data, or stop it")
    })?;
    ensure!(
        demo.get("base_url")? == base_url,
        "the server on {base_url} is not the one of {}: name its data directory with --data, or stop it",
        options.data.display()
    );
    say(&format!("server: using the one that runs on {base_url}"));
    Ok(demo)
}

fn start_server(project: &Project, options: &Options, base_url: Option<&str>) -> Result<MockServer> {
    say("server: building it");
    process::run(project.cargo().args(["build", "--package", "server", "--bin", "porchlight"]))
        .context("the server could not be built")?;
    say("server: starting it in mock mode");
    let listen = base_url.map_or(Ok("127.0.0.1:0"), http::host_of)?;
    let program = project.target.join("debug/porchlight");
    MockServer::start(&mut MockServer::command(&program, listen, &options.data), &options.data)
}

/// A place of its own, so that `dist/` stays the release bundle.
fn dist(project: &Project) -> Result<PathBuf> {
    let dist = project.target.join("dev-dist");
    fs::create_dir_all(&dist).with_context(|| format!("making {}", dist.display()))?;
    Ok(dist)
}

/// When one of the two ends, the other is ended too.
fn wait_for_either(mut trunk: Running, mut server: Option<Running>) -> Result<ExitCode> {
    loop {
        if let Some(status) = trunk.ended()? {
            return Ok(process::exit_code(status));
        }
        if let Some(status) = server.as_mut().map(Running::ended).transpose()?.flatten() {
            say(&format!("server: ended with {status}"));
            return Ok(process::exit_code(status));
        }
        thread::sleep(POLL_INTERVAL);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_backend_that_trunk_is_told_in_its_file_is_found() {
        let config = "[build]\n[[proxy]]\nbackend = \"http://127.0.0.1:8787/widget/\"\n";
        assert_eq!(configured_backend(config).unwrap().as_deref(), Some("http://127.0.0.1:8787"));
    }

    #[test]
    fn a_file_without_a_proxy_for_the_api_names_no_backend() {
        assert_eq!(configured_backend("[build]\n").unwrap(), None);
        assert_eq!(configured_backend("[[proxy]]\nbackend = \"http://127.0.0.1:1/other/\"\n").unwrap(), None);
    }
}
