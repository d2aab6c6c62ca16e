//! The command line, the environment and the configuration file: one set of options, in this order of precedence.

use crate::admin::{
    self,
    arguments::{AgentCommand, ChannelCommand, CompanyCommand, TokenCommand, WidgetCommand},
};
use crate::{client_address::Network, rate_limit::Limits};
use clap::{Args, Parser, Subcommand};
use serde::Deserialize;
use std::{net::SocketAddr, path::PathBuf};

/// Website chat: stores conversations, serves the chat panel, speaks its APIs.
#[derive(Debug, Parser)]
#[command(name = "porchlight", version)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Runs the server until it is told to stop (SIGTERM or Ctrl-C).
    Serve(ServeArgs),
    /// Makes and changes companies.
    Company(Administer<CompanyCommand>),
    /// Makes and revokes agents.
    Agent(Administer<AgentCommand>),
    /// Makes and revokes API tokens.
    Token(Administer<TokenCommand>),
    /// Makes widgets.
    Widget(Administer<WidgetCommand>),
    /// Makes channels and switches them off.
    Channel(Administer<ChannelCommand>),
    /// Copies the database into one file, while a server runs or not.
    Backup(BackupArgs),
    /// Looks whether the database holds what it should, while a server runs or not.
    Check(CheckArgs),
}

/// A command of administration, and where it applies. It works while a server runs on the same directory, and without one.
#[derive(Debug, Args)]
pub struct Administer<C: Subcommand> {
    #[command(subcommand)]
    command: C,
    /// Directory of the database. [default: data]
    #[arg(long, env = "PORCHLIGHT_DATA", value_name = "DIR", global = true)]
    data: Option<PathBuf>,
    /// The server's TOML file, to find the directory in.
    #[arg(long, env = "PORCHLIGHT_CONFIG", value_name = "FILE", global = true)]
    config: Option<PathBuf>,
    /// Answer in JSON.
    #[arg(long, global = true)]
    json: bool,
}

/// A command of administration, everything decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Administration {
    pub data: PathBuf,
    pub request: admin::Request,
    pub is_json: bool,
}

impl<C: Subcommand + Into<admin::Request>> Administer<C> {
    pub fn resolve(self) -> Result<Administration, ConfigError> {
        let file = Options::read(self.config)?;
        Ok(Administration {
            data: data_directory(self.data, file.data),
            request: self.command.into(),
            is_json: self.json,
        })
    }
}

#[derive(Debug, Args)]
pub struct BackupArgs {
    /// The copy; it must not be there yet.
    pub file: PathBuf,
    #[command(flatten)]
    pub data: DataArgs,
}

#[derive(Debug, Args)]
pub struct CheckArgs {
    /// A database by itself, such as a backup. Without it the server's own is checked.
    pub file: Option<PathBuf>,
    #[command(flatten)]
    pub data: DataArgs,
    /// Answer in JSON.
    #[arg(long)]
    pub json: bool,
}

/// Where a server's data is.
#[derive(Debug, Args)]
pub struct DataArgs {
    /// Directory of the database. [default: data]
    #[arg(long, env = "PORCHLIGHT_DATA", value_name = "DIR")]
    data: Option<PathBuf>,
    /// The server's TOML file, to find the directory in.
    #[arg(long, env = "PORCHLIGHT_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
}

impl DataArgs {
    pub fn resolve(self) -> Result<PathBuf, ConfigError> {
        Ok(data_directory(self.data, Options::read(self.config)?.data))
    }
}

#[derive(Debug, Args)]
pub struct ServeArgs {
    /// A TOML file with any of the options below, named as here with `_` for `-`. What the command line or the
    /// environment says goes before it.
    #[arg(long, env = "PORCHLIGHT_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(flatten)]
    options: Options,
}

#[derive(Debug, Default, Args, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Options {
    /// Address and port to listen on; port 0 takes a free one. [default: 127.0.0.1:8787]
    #[arg(long, env = "PORCHLIGHT_LISTEN", value_name = "ADDRESS:PORT")]
    listen: Option<SocketAddr>,
    /// Directory of the database. It is made if it isn't there; one process at a time may use it. [default: data]
    #[arg(long, env = "PORCHLIGHT_DATA", value_name = "DIR")]
    data: Option<PathBuf>,
    /// Where clients reach this server, such as `https://chat.example.com`: what addresses in answers begin with.
    /// [default: http:// and the address it listens on]
    #[arg(long, env = "PORCHLIGHT_PUBLIC_URL", value_name = "URL")]
    public_url: Option<String>,
    /// The largest file that visitors and the business may send, in MiB. [default: 10]
    #[arg(long, env = "PORCHLIGHT_UPLOAD_MAX_MIB", value_name = "MIB", value_parser = clap::value_parser!(u16).range(1..))]
    upload_max_mib: Option<u16>,
    /// Play the world around: a demo company and page, an agent who answers by a script, and DIR/demo.json with the
    /// credentials. Not for a server that others can reach.
    #[arg(long, env = "PORCHLIGHT_MOCK", num_args = 0..=1, default_missing_value = "true", value_name = "BOOL")]
    mock: Option<bool>,
    /// The mock agent's script, a TOML file. Without it a friendly default is played.
    #[arg(long, env = "PORCHLIGHT_MOCK_SCRIPT", value_name = "FILE")]
    mock_script: Option<PathBuf>,
    /// A proxy, or a block of addresses, whose `X-Forwarded-For` or `Forwarded` is believed; may be given several times.
    /// [default: nobody's]
    #[arg(long, env = "PORCHLIGHT_TRUSTED_PROXY", value_name = "CIDR", value_delimiter = ',')]
    trusted_proxy: Option<Vec<Network>>,
    /// Messages and files that a visitor may send in a minute; 0 is no limit, here and below. [default: 60; in mock mode
    /// there is no limit, here and below]
    #[arg(long, env = "PORCHLIGHT_SENDS_PER_VISITOR", value_name = "N")]
    sends_per_visitor: Option<u32>,
    /// Visitors that may begin at one address in a minute. [default: 60]
    #[arg(long, env = "PORCHLIGHT_SESSIONS_PER_ADDRESS", value_name = "N")]
    sessions_per_address: Option<u32>,
    /// What the panels at one address may request in a minute. [default: 3000]
    #[arg(long, env = "PORCHLIGHT_REQUESTS_PER_ADDRESS", value_name = "N")]
    requests_per_address: Option<u32>,
    /// Streams that a visitor, or an API token, may have open. [default: 32]
    #[arg(long, env = "PORCHLIGHT_STREAMS_PER_VISITOR", value_name = "N")]
    streams_per_visitor: Option<u32>,
    /// Streams that may be open to one address. [default: 1000]
    #[arg(long, env = "PORCHLIGHT_STREAMS_PER_ADDRESS", value_name = "N")]
    streams_per_address: Option<u32>,
    /// Connections that may be open from one address. [default: 4000]
    #[arg(long, env = "PORCHLIGHT_CONNECTIONS_PER_ADDRESS", value_name = "N")]
    connections_per_address: Option<u32>,
    /// Connections that may be open at a time; further ones wait. Fewer where the system allows fewer open files.
    /// [default: 20000]
    #[arg(long, env = "PORCHLIGHT_MAX_CONNECTIONS", value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    max_connections: Option<u32>,
    /// How log lines look. [default: text]
    #[arg(long, env = "PORCHLIGHT_LOG_FORMAT", value_enum)]
    log_format: Option<LogFormat>,
    /// What is logged: a level (error, warn, info, debug, trace) or filters such as `info,server=debug`. [default: info]
    #[arg(long, env = "PORCHLIGHT_LOG", value_name = "FILTER")]
    log: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    #[default]
    Text,
    Json,
}

/// What a server runs with, everything decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    pub listen: SocketAddr,
    pub data: PathBuf,
    /// Without a slash at the end.
    pub public_url: Option<String>,
    pub upload_max_bytes: u64,
    pub mock: bool,
    pub mock_script: Option<PathBuf>,
    pub trusted_proxies: Vec<Network>,
    pub limits: Limits,
    pub max_connections: u32,
    pub log_format: LogFormat,
    pub log: String,
}

#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("the configuration file {0} can't be read: {1}")]
    Io(PathBuf, #[source] std::io::Error),
    #[error("the configuration file {0} is not understood: {1}")]
    Toml(PathBuf, #[source] toml::de::Error),
}

impl Options {
    /// What the file says, if one is named.
    fn read(file: Option<PathBuf>) -> Result<Self, ConfigError> {
        let Some(file) = file else { return Ok(Self::default()) };
        let text = std::fs::read_to_string(&file).map_err(|error| ConfigError::Io(file.clone(), error))?;
        toml::from_str(&text).map_err(|error| ConfigError::Toml(file, error))
    }
}

fn data_directory(given: Option<PathBuf>, file: Option<PathBuf>) -> PathBuf {
    given.or(file).unwrap_or_else(|| PathBuf::from("data"))
}

impl ServeArgs {
    pub fn resolve(self) -> Result<Config, ConfigError> {
        let file = Options::read(self.config)?;
        let given = self.options;
        let mock = given.mock.or(file.mock).unwrap_or(false);
        // What plays the world is one machine that does what thousands do.
        let usual = if mock { Limits::NONE } else { Limits::default() };
        let or = |given: Option<u32>, file: Option<u32>, usual| given.or(file).unwrap_or(usual);
        let limits = Limits {
            sends_per_visitor: or(given.sends_per_visitor, file.sends_per_visitor, usual.sends_per_visitor),
            typing_per_visitor: usual.typing_per_visitor,
            tellings_per_visitor: usual.tellings_per_visitor,
            sessions_per_address: or(
                given.sessions_per_address,
                file.sessions_per_address,
                usual.sessions_per_address,
            ),
            requests_per_address: or(
                given.requests_per_address,
                file.requests_per_address,
                usual.requests_per_address,
            ),
            streams_per_visitor: or(
                given.streams_per_visitor,
                file.streams_per_visitor,
                usual.streams_per_visitor,
            ),
            streams_per_address: or(
                given.streams_per_address,
                file.streams_per_address,
                usual.streams_per_address,
            ),
            connections_per_address: or(
                given.connections_per_address,
                file.connections_per_address,
                usual.connections_per_address,
            ),
        };
        Ok(Config {
            listen: given.listen.or(file.listen).unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 8787))),
            data: data_directory(given.data, file.data),
            public_url: given.public_url.or(file.public_url).map(|url| url.trim_end_matches('/').to_owned()),
            upload_max_bytes: u64::from(given.upload_max_mib.or(file.upload_max_mib).unwrap_or(10)) << 20,
            mock,
            mock_script: given.mock_script.or(file.mock_script),
            trusted_proxies: given.trusted_proxy.or(file.trusted_proxy).unwrap_or_default(),
            limits,
            max_connections: or(given.max_connections, file.max_connections, 20_000),
            log_format: given.log_format.or(file.log_format).unwrap_or_default(),
            log: given.log.or(file.log).unwrap_or_else(|| "info".to_owned()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(args: &[&str]) -> Result<Config, ConfigError> {
        let cli = Cli::try_parse_from(["porchlight", "serve"].iter().chain(args)).unwrap();
        let Command::Serve(args) = cli.command else { panic!("another command") };
        args.resolve()
    }

    #[test]
    fn the_command_line_goes_before_the_file_and_the_file_before_the_default() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("porchlight.toml");
        std::fs::write(&file, "listen = '127.0.0.1:1'\nmock = true\nlog_format = 'json'\n").unwrap();
        let file = file.to_str().unwrap();
        let config = resolve(&["--config", file, "--listen", "127.0.0.1:2"]).unwrap();
        assert_eq!(config.listen, SocketAddr::from(([127, 0, 0, 1], 2)));
        assert!(config.mock);
        assert_eq!(config.log_format, LogFormat::Json);
        assert_eq!(config.data, PathBuf::from("data"));
        assert!(!resolve(&["--config", file, "--mock=false"]).unwrap().mock);
    }

    #[test]
    fn nobody_is_trusted_and_everybody_is_limited_unless_it_is_said_otherwise() {
        let config = resolve(&[]).unwrap();
        assert_eq!(config.trusted_proxies, []);
        assert_eq!(config.limits, Limits::default());
        let config =
            resolve(&["--trusted-proxy", "10.0.0.0/8", "--trusted-proxy", "::1", "--sends-per-visitor=0"]);
        let config = config.unwrap();
        assert_eq!(config.trusted_proxies, ["10.0.0.0/8".parse().unwrap(), "::1".parse().unwrap()]);
        assert_eq!(config.limits, Limits { sends_per_visitor: 0, ..Limits::default() });
        let config = resolve(&["--mock", "--streams-per-address", "7"]).unwrap();
        assert_eq!(config.limits, Limits { streams_per_address: 7, ..Limits::NONE });
        assert!(Cli::try_parse_from(["porchlight", "serve", "--trusted-proxy", "10.0.0.0/99"]).is_err());
    }

    #[test]
    fn a_file_names_proxies_in_a_list() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("porchlight.toml");
        std::fs::write(&file, "trusted_proxy = ['10.0.0.0/8', '192.0.2.7']\nrequests_per_address = 9\n")
            .unwrap();
        let config = resolve(&["--config", file.to_str().unwrap()]).unwrap();
        assert_eq!(config.trusted_proxies, ["10.0.0.0/8".parse().unwrap(), "192.0.2.7".parse().unwrap()]);
        assert_eq!(config.limits.requests_per_address, 9);
        std::fs::write(&file, "trusted_proxy = ['anybody']").unwrap();
        assert!(resolve(&["--config", file.to_str().unwrap()]).is_err());
    }

    #[test]
    fn a_file_that_is_missing_or_says_something_unknown_is_refused_in_a_sentence() {
        let missing = resolve(&["--config", "/nonexistent/porchlight.toml"]).unwrap_err().to_string();
        assert!(missing.contains("can't be read"), "{missing}");
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("porchlight.toml");
        std::fs::write(&file, "lisen = '127.0.0.1:1'").unwrap();
        let unknown = resolve(&["--config", file.to_str().unwrap()]).unwrap_err().to_string();
        assert!(unknown.contains("lisen"), "{unknown}");
    }
}
