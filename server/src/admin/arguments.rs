//! The commands as they are typed, and what they ask.

use super::{PlanWord, Request, ScopeWord, widget_flags::WidgetFlags};
use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub enum CompanyCommand {
    /// Makes a company, with an agent "API", a widget channel and an outlet.
    Create {
        #[arg(long)]
        name: String,
        /// How much it may ask in a minute.
        #[arg(long, value_enum, default_value = "basic")]
        plan: PlanWord,
        #[arg(long)]
        phone: Option<String>,
        #[arg(long)]
        description: Option<String>,
    },
    /// Shows every company.
    List,
    /// Changes what is given, and leaves the rest.
    Update {
        /// Its id, number or property code.
        #[arg(long)]
        company: String,
        #[arg(long)]
        name: Option<String>,
        #[arg(long, value_enum)]
        plan: Option<PlanWord>,
        #[arg(long)]
        phone: Option<String>,
        #[arg(long)]
        description: Option<String>,
    },
}

#[derive(Debug, Subcommand)]
pub enum AgentCommand {
    /// Makes an agent.
    Create {
        /// The company's id, number or property code.
        #[arg(long)]
        company: String,
        #[arg(long)]
        name: String,
        #[arg(long)]
        email: Option<String>,
        #[arg(long, default_value = "agent")]
        role: String,
        /// Where their picture is, which visitors see beside what they write: an https address.
        #[arg(long)]
        avatar: Option<String>,
    },
    /// Changes what is named of an agent; what they wrote before carries it, too.
    Update {
        /// The company's id, number or property code.
        #[arg(long)]
        company: String,
        /// The agent's id or number.
        agent: String,
        #[arg(long)]
        name: Option<String>,
        /// Empty, there is none any more.
        #[arg(long)]
        email: Option<String>,
        #[arg(long)]
        role: Option<String>,
        /// Where their picture is: an https address. Empty, there is none any more.
        #[arg(long)]
        avatar: Option<String>,
    },
    /// Shows a company's agents.
    List {
        /// The company's id, number or property code.
        #[arg(long)]
        company: String,
    },
    /// Ends an agent and every token of theirs, at once.
    Revoke {
        /// The company's id, number or property code.
        #[arg(long)]
        company: String,
        /// The agent's id or number.
        agent: String,
    },
}

#[derive(Debug, Subcommand)]
pub enum TokenCommand {
    /// Makes an API token and shows it, this once.
    Create {
        /// The company's id, number or property code.
        #[arg(long)]
        company: String,
        /// The id or number of the agent it writes as; without one it is the company's agent "API".
        #[arg(long)]
        agent: Option<String>,
        /// What you will know it by.
        #[arg(long)]
        name: String,
        #[arg(long, value_enum, default_value = "write")]
        scope: ScopeWord,
    },
    /// Shows a company's tokens, without their secrets.
    List {
        /// The company's id, number or property code.
        #[arg(long)]
        company: String,
    },
    /// Ends a token at once, with the streams it opened.
    Revoke {
        /// Its id.
        token: String,
    },
}

#[derive(Debug, Subcommand)]
pub enum WidgetCommand {
    /// Makes a widget for the pages of a domain.
    Create {
        /// The company's id, number or property code.
        #[arg(long)]
        company: String,
        /// Where it will be shown: a host name, perhaps with a port.
        #[arg(long)]
        domain: String,
        #[command(flatten)]
        settings: Box<WidgetFlags>,
    },
    /// Shows a company's widgets.
    List {
        /// The company's id, number or property code.
        #[arg(long)]
        company: String,
    },
    /// Changes how a widget looks and behaves: what is given, and leaves the rest. Without a change it shows what is set.
    ///
    /// An empty value, as in --locale "", puts back the default.
    Set {
        /// Its id.
        widget: String,
        #[command(flatten)]
        settings: Box<WidgetFlags>,
    },
    /// Makes the secret with which you sign who your visitors are, and shows it, this once. The one before it is good no more.
    Secret {
        /// The widget's id.
        widget: String,
    },
}

#[derive(Debug, Subcommand)]
pub enum ChannelCommand {
    /// Makes a channel, or switches one on again.
    Create {
        /// The company's id, number or property code.
        #[arg(long)]
        company: String,
        /// widget, whatsapp, `telegram_personal`, slack, messenger, twitter or sms.
        #[arg(long)]
        kind: String,
    },
    /// Shows a company's channels.
    List {
        /// The company's id, number or property code.
        #[arg(long)]
        company: String,
    },
    /// Switches a channel off: its conversations stay, nothing new starts on it.
    Revoke {
        /// The company's id, number or property code.
        #[arg(long)]
        company: String,
        /// The channel's kind, id or number.
        channel: String,
    },
}

impl From<CompanyCommand> for Request {
    fn from(command: CompanyCommand) -> Self {
        match command {
            CompanyCommand::Create { name, plan, phone, description } => {
                Self::CreateCompany { name, plan, phone, description }
            }
            CompanyCommand::List => Self::ListCompanies {},
            CompanyCommand::Update { company, name, plan, phone, description } => {
                Self::UpdateCompany { company, name, plan, phone, description }
            }
        }
    }
}

impl From<AgentCommand> for Request {
    fn from(command: AgentCommand) -> Self {
        match command {
            AgentCommand::Create { company, name, email, role, avatar } => {
                Self::CreateAgent { company, name, email, role, avatar }
            }
            AgentCommand::Update { company, agent, name, email, role, avatar } => {
                Self::UpdateAgent { company, agent, name, email, role, avatar }
            }
            AgentCommand::List { company } => Self::ListAgents { company },
            AgentCommand::Revoke { company, agent } => Self::RevokeAgent { company, agent },
        }
    }
}

impl From<TokenCommand> for Request {
    fn from(command: TokenCommand) -> Self {
        match command {
            TokenCommand::Create { company, agent, name, scope } => {
                Self::CreateToken { company, agent, name, scope }
            }
            TokenCommand::List { company } => Self::ListTokens { company },
            TokenCommand::Revoke { token } => Self::RevokeToken { token },
        }
    }
}

impl From<WidgetCommand> for Request {
    fn from(command: WidgetCommand) -> Self {
        match command {
            WidgetCommand::Create { company, domain, settings } => {
                Self::CreateWidget { company, domain, settings }
            }
            WidgetCommand::List { company } => Self::ListWidgets { company },
            WidgetCommand::Set { widget, settings } => Self::SetWidget { widget, settings },
            WidgetCommand::Secret { widget } => Self::MakeWidgetSecret { widget },
        }
    }
}

impl From<ChannelCommand> for Request {
    fn from(command: ChannelCommand) -> Self {
        match command {
            ChannelCommand::Create { company, kind } => Self::CreateChannel { company, kind },
            ChannelCommand::List { company } => Self::ListChannels { company },
            ChannelCommand::Revoke { company, channel } => Self::RevokeChannel { company, channel },
        }
    }
}
