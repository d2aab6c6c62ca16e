//! Administration: what `porchlight company`, `agent`, `token`, `widget` and `channel` ask for, and doing it.
//!
//! There is one [`run`] for both ways it is asked: by the command itself on a directory that nobody uses, and by a running
//! server for commands that come through its [`socket`]. Requests and responses are the same on both.

pub mod arguments;
pub mod client;
pub mod socket;
mod table;
pub mod widget_flags;

use crate::{
    auth::ApiTokenText,
    dialect::times::iso,
    domain::{self, AgentChange, ChannelKind, CompanyChange, Error, Operator, Plan, Presence, Scope},
};
use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use serde_json::json;
use shared::{WidgetOptions, limits::NAME_MAX_CHARS};
use tracing::error;
use uuid::Uuid;
use widget_flags::WidgetFlags;

const ADDRESS_MAX_BYTES: usize = 2048;

/// What is asked. A company is named by its id, its number or its property code; an agent by id or number; a channel also by
/// its kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case", deny_unknown_fields)]
pub enum Request {
    CreateCompany {
        name: String,
        plan: PlanWord,
        phone: Option<String>,
        description: Option<String>,
    },
    ListCompanies {},
    /// What is left out stays.
    UpdateCompany {
        company: String,
        name: Option<String>,
        plan: Option<PlanWord>,
        phone: Option<String>,
        description: Option<String>,
    },
    CreateAgent {
        company: String,
        name: String,
        email: Option<String>,
        role: String,
        avatar: Option<String>,
    },
    /// An empty e-mail address or avatar takes it away.
    UpdateAgent {
        company: String,
        agent: String,
        name: Option<String>,
        email: Option<String>,
        role: Option<String>,
        avatar: Option<String>,
    },
    ListAgents {
        company: String,
    },
    RevokeAgent {
        company: String,
        agent: String,
    },
    CreateToken {
        company: String,
        agent: Option<String>,
        name: String,
        scope: ScopeWord,
    },
    ListTokens {
        company: String,
    },
    RevokeToken {
        token: String,
    },
    CreateWidget {
        company: String,
        domain: String,
        settings: Box<WidgetFlags>,
    },
    ListWidgets {
        company: String,
    },
    /// What is left out stays.
    SetWidget {
        widget: String,
        settings: Box<WidgetFlags>,
    },
    MakeWidgetSecret {
        widget: String,
    },
    CreateChannel {
        company: String,
        kind: String,
    },
    ListChannels {
        company: String,
    },
    RevokeChannel {
        company: String,
        channel: String,
    },
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Response {
    Company(Company),
    Companies(Vec<Company>),
    Agent(Agent),
    Agents(Vec<Agent>),
    Tokens(Vec<Token>),
    /// It holds a secret.
    NewToken(NewToken),
    Widget(Widget),
    Widgets(Vec<Widget>),
    /// A widget with everything that can be set.
    WidgetSettings(Box<WidgetSettings>),
    /// It is shown this once.
    WidgetSecret(WidgetSecret),
    Channel(Channel),
    Channels(Vec<Channel>),
    /// What was revoked, in words.
    Revoked(String),
}

impl Response {
    /// What came of it, without the name of its kind: a list, or one thing.
    pub fn to_json(&self) -> serde_json::Value {
        match self {
            Self::Company(company) => json!(company),
            Self::Companies(companies) => json!(companies),
            Self::Agent(agent) => json!(agent),
            Self::Agents(agents) => json!(agents),
            Self::Tokens(tokens) => json!(tokens),
            Self::NewToken(token) => json!(token),
            Self::Widget(widget) => json!(widget),
            Self::Widgets(widgets) => json!(widgets),
            Self::WidgetSettings(widget) => json!(widget),
            Self::WidgetSecret(secret) => json!(secret),
            Self::Channel(channel) => json!(channel),
            Self::Channels(channels) => json!(channels),
            Self::Revoked(what) => json!({ "revoked": what }),
        }
    }
}

/// Why nothing came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    pub kind: FailureKind,
    /// A sentence for the operator.
    pub message: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureKind {
    NotFound,
    /// It is done already, or something else is in its place.
    Conflict,
    /// A value that can't be accepted.
    Invalid,
    /// What came through the socket is no request.
    Malformed,
    /// Not now.
    Unavailable,
    /// The server's fault; its log says more.
    Internal,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum PlanWord {
    /// 200 requests a minute.
    Test,
    /// 1,000 requests a minute.
    Basic,
    /// 10,000 requests a minute.
    Premium,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum ScopeWord {
    /// Looking.
    Read,
    /// Conversations, messages, attachments, customers.
    Write,
    /// Companies, channels, widgets, webhooks, the team.
    Admin,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Company {
    pub num: i64,
    pub id: Uuid,
    pub name: String,
    pub property_code: String,
    pub plan: PlanWord,
    pub phone: Option<String>,
    pub description: Option<String>,
    pub created_at: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agent {
    pub num: i64,
    pub id: Uuid,
    pub name: String,
    pub email: Option<String>,
    pub role: String,
    pub avatar_url: Option<String>,
    pub status: String,
    pub created_at: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    pub id: Uuid,
    pub name: String,
    /// Whom it writes as.
    pub agent: String,
    pub scope: ScopeWord,
    pub created_at: String,
    pub last_used_at: Option<String>,
    pub is_revoked: bool,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewToken {
    #[serde(flatten)]
    pub about: Token,
    /// What its holder sends.
    pub token: String,
}

impl std::fmt::Debug for NewToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewToken").field("about", &self.about).finish_non_exhaustive()
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Widget {
    pub id: Uuid,
    pub name: Option<String>,
    pub domain: Option<String>,
    pub heading: String,
}

/// By the names of the API, of which the command line's are short forms.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WidgetSettings {
    pub id: Uuid,
    pub name: Option<String>,
    pub domain: Option<String>,
    pub allowed_domains: Vec<String>,
    pub welcome_heading: String,
    pub welcome_tagline: String,
    pub primary_color: String,
    pub logo_url: Option<String>,
    pub show_online_badge: bool,
    /// Those that are not as they are by default.
    #[serde(flatten)]
    pub options: WidgetOptions,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WidgetSecret {
    pub id: Uuid,
    /// What the business signs with.
    pub secret: String,
}

impl std::fmt::Debug for WidgetSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WidgetSecret").field("id", &self.id).finish_non_exhaustive()
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Channel {
    pub num: i64,
    pub id: Uuid,
    pub kind: String,
    pub is_default: bool,
    pub is_active: bool,
    pub created_at: String,
}

/// Does what is asked.
pub async fn run(operator: &Operator, request: Request) -> Result<Response, Failure> {
    match request {
        Request::CreateCompany { name, plan, phone, description } => {
            let (name, phone, description) =
                (named("name", name)?, maybe("phone", phone)?, maybe("description", description)?);
            let company = operator.create_company(name, phone, description, plan.into()).await?;
            Ok(Response::Company(company.into()))
        }
        Request::ListCompanies {} => Ok(Response::Companies(all(operator.companies().await?))),
        Request::UpdateCompany { company, name, plan, phone, description } => {
            let company = find_company(operator, &company).await?;
            let change = CompanyChange {
                name: maybe("name", name)?,
                phone: maybe("phone", phone)?.map(Some),
                description: maybe("description", description)?.map(Some),
                plan: plan.map(Into::into),
                ..CompanyChange::default()
            };
            Ok(Response::Company(operator.change_company(company.id, change).await?.into()))
        }
        Request::CreateAgent { company, name, email, role, avatar } => {
            let (name, email, role) = (named("name", name)?, maybe("email", email)?, named("role", role)?);
            let avatar = avatar.map(picture).transpose()?;
            let company = find_company(operator, &company).await?;
            Ok(Response::Agent(operator.create_agent(company.id, name, email, role, avatar).await?.into()))
        }
        Request::UpdateAgent { company, agent, name, email, role, avatar } => {
            let change = AgentChange {
                name: maybe("name", name)?,
                email: email.map(|email| unless_empty(email, |email| named("email", email))).transpose()?,
                role: maybe("role", role)?,
                avatar_url: avatar.map(|avatar| unless_empty(avatar, picture)).transpose()?,
            };
            let company = find_company(operator, &company).await?;
            let agent = find_agent(operator, &company, &agent).await?;
            Ok(Response::Agent(operator.change_agent(company.id, agent.id, change).await?.into()))
        }
        Request::ListAgents { company } => {
            let company = find_company(operator, &company).await?;
            Ok(Response::Agents(all(operator.agents(company.id).await?)))
        }
        Request::RevokeAgent { company, agent } => {
            let company = find_company(operator, &company).await?;
            let agent = find_agent(operator, &company, &agent).await?;
            operator.revoke_agent(company.id, agent.id).await?;
            Ok(Response::Revoked(format!("agent {} ({}), and every token of theirs", agent.num, agent.name)))
        }
        Request::CreateToken { company, agent, name, scope } => {
            let name = named("name", name)?;
            let company = find_company(operator, &company).await?;
            let agent = match agent {
                Some(agent) => Some(find_agent(operator, &company, &agent).await?.id),
                None => None,
            };
            let created = operator.create_token(company.id, agent, name, scope.into()).await?;
            let about = find_token(operator, created.id).await?.into();
            Ok(Response::NewToken(NewToken { about, token: created.reveal() }))
        }
        Request::ListTokens { company } => {
            let company = find_company(operator, &company).await?;
            Ok(Response::Tokens(all(operator.tokens(company.id).await?)))
        }
        Request::RevokeToken { token } => revoke_token(operator, &token).await,
        Request::CreateWidget { company, domain, settings } => {
            let about = settings.read()?;
            let company = find_company(operator, &company).await?;
            Ok(Response::Widget(operator.create_widget(company.id, &domain, about).await?.into()))
        }
        Request::SetWidget { widget, settings } => {
            let change = settings.read()?;
            let widget = find_widget(operator, &widget).await?;
            let changed = operator.change_widget(&widget, change).await?;
            Ok(Response::WidgetSettings(Box::new(changed.into())))
        }
        Request::MakeWidgetSecret { widget } => {
            let widget = find_widget(operator, &widget).await?;
            let secret = operator.make_identity_secret(&widget).await?;
            Ok(Response::WidgetSecret(WidgetSecret { id: widget.id.0, secret: secret.reveal().to_owned() }))
        }
        Request::ListWidgets { company } => {
            let company = find_company(operator, &company).await?;
            Ok(Response::Widgets(all(operator.widgets(company.id).await?)))
        }
        Request::CreateChannel { company, kind } => {
            let kind = channel_kind(&kind).ok_or_else(|| Failure::invalid(no_kind(&kind)))?;
            let company = find_company(operator, &company).await?;
            Ok(Response::Channel(operator.create_channel(company.id, kind).await?.into()))
        }
        Request::ListChannels { company } => {
            let company = find_company(operator, &company).await?;
            Ok(Response::Channels(all(operator.channels(company.id).await?)))
        }
        Request::RevokeChannel { company, channel } => revoke_channel(operator, &company, &channel).await,
    }
}

async fn revoke_token(operator: &Operator, token: &str) -> Result<Response, Failure> {
    // Whoever has the whole token at hand may name it by that.
    let id = ApiTokenText::parse(token).map(|token| token.id).or_else(|| Uuid::try_parse(token).ok());
    let id = id.ok_or_else(|| Failure::invalid("a token is named by its id".into()))?;
    let token = find_token(operator, id).await?;
    if token.is_revoked {
        return Err(Failure::conflict(format!("the token {id} was revoked before")));
    }
    operator.revoke_token(id).await?;
    Ok(Response::Revoked(format!("token {id} ({})", token.name)))
}

async fn revoke_channel(operator: &Operator, company: &str, name: &str) -> Result<Response, Failure> {
    let company = find_company(operator, company).await?;
    let channel = operator
        .channels(company.id)
        .await?
        .into_iter()
        .find(|channel| {
            Uuid::try_parse(name) == Ok(channel.id)
                || name.parse() == Ok(channel.num)
                || channel_kind(name) == Some(channel.kind)
        })
        .ok_or_else(|| Failure::not_found(format!("{} has no channel {name:?}", company.name)))?;
    if !channel.is_active {
        return Err(Failure::conflict(format!(
            "the channel {} is switched off already",
            channel.kind.word()
        )));
    }
    Ok(Response::Channel(operator.switch_off_channel(&channel).await?.into()))
}

async fn find_company(operator: &Operator, name: &str) -> Result<domain::Company, Failure> {
    let found = operator.company(name).await?;
    found.ok_or_else(|| {
        Failure::not_found(format!("there is no company with the id, number or property code {name:?}"))
    })
}

async fn find_agent(
    operator: &Operator,
    company: &domain::Company,
    name: &str,
) -> Result<domain::Agent, Failure> {
    let found = operator.agent(company.id, name).await?;
    found.ok_or_else(|| {
        Failure::not_found(format!("{} has no agent with the id or number {name:?}", company.name))
    })
}

async fn find_widget(operator: &Operator, id: &str) -> Result<domain::Widget, Failure> {
    let found = match id.parse() {
        Ok(id) => operator.widget(id).await?,
        Err(_) => None,
    };
    found.ok_or_else(|| Failure::not_found(format!("there is no widget with the id {id:?}")))
}

async fn find_token(operator: &Operator, id: Uuid) -> Result<domain::ApiToken, Failure> {
    operator.token(id).await?.ok_or_else(|| Failure::not_found(format!("there is no token with the id {id}")))
}

/// `webchat` is what some call the widget.
fn channel_kind(word: &str) -> Option<ChannelKind> {
    let word = word.to_ascii_lowercase();
    if word == "webchat" { Some(ChannelKind::Widget) } else { ChannelKind::from_word(&word) }
}

fn no_kind(kind: &str) -> String {
    let kinds = ChannelKind::ALL.map(ChannelKind::word).join(", ");
    format!("there is no kind of channel {kind:?}; there are {kinds}")
}

/// A text that names something.
fn named(what: &str, text: String) -> Result<String, Failure> {
    let problem = if text.trim().is_empty() {
        "must not be blank".to_owned()
    } else if text.chars().count() > NAME_MAX_CHARS {
        format!("must be at most {NAME_MAX_CHARS} characters")
    } else if text.contains('\0') {
        "must not contain the NUL character".to_owned()
    } else {
        return Ok(text);
    };
    Err(Failure::invalid(format!("{what} {problem}")))
}

fn maybe(what: &str, text: Option<String>) -> Result<Option<String>, Failure> {
    text.map(|text| named(what, text)).transpose()
}

fn unless_empty(
    text: String,
    read: impl FnOnce(String) -> Result<String, Failure>,
) -> Result<Option<String>, Failure> {
    if text.is_empty() { Ok(None) } else { read(text).map(Some) }
}

/// The address of a picture that visitors' browsers fetch. The panel's policy lets them fetch by https only.
fn picture(address: String) -> Result<String, Failure> {
    let host = address.strip_prefix("https://").unwrap_or_default();
    let is_plain = !address.contains(|character: char| character.is_whitespace() || character.is_control());
    if is_plain
        && address.len() <= ADDRESS_MAX_BYTES
        && host.starts_with(|first: char| first.is_alphanumeric() || first == '[')
    {
        return Ok(address);
    }
    Err(Failure::invalid(format!(
        "avatar must be an https address of at most {ADDRESS_MAX_BYTES} bytes, without spaces"
    )))
}

fn all<T, U: From<T>>(found: Vec<T>) -> Vec<U> {
    found.into_iter().map(Into::into).collect()
}

impl Failure {
    fn new(kind: FailureKind, message: String) -> Self {
        Self { kind, message }
    }

    fn not_found(message: String) -> Self {
        Self::new(FailureKind::NotFound, message)
    }

    fn conflict(message: String) -> Self {
        Self::new(FailureKind::Conflict, message)
    }

    fn invalid(message: String) -> Self {
        Self::new(FailureKind::Invalid, message)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let kind = match &error {
            Error::NotFound => FailureKind::NotFound,
            Error::AlreadyExists(_) => FailureKind::Conflict,
            Error::Unavailable(_) => FailureKind::Unavailable,
            Error::Internal(source) => {
                error!(cause = %source, "could not do what the command line asked");
                FailureKind::Internal
            }
            _ => FailureKind::Invalid,
        };
        let message = match &error {
            Error::InvalidFields(fields) => {
                let problems = fields.iter().map(|field| format!("{} {}", field.field, field.problem));
                problems.collect::<Vec<_>>().join("; ")
            }
            error => error.to_string(),
        };
        Self { kind, message }
    }
}

impl From<PlanWord> for Plan {
    fn from(word: PlanWord) -> Self {
        match word {
            PlanWord::Test => Self::Test,
            PlanWord::Basic => Self::Basic,
            PlanWord::Premium => Self::Premium,
        }
    }
}

impl From<Plan> for PlanWord {
    fn from(plan: Plan) -> Self {
        match plan {
            Plan::Test => Self::Test,
            Plan::Basic => Self::Basic,
            Plan::Premium => Self::Premium,
        }
    }
}

impl From<ScopeWord> for Scope {
    fn from(word: ScopeWord) -> Self {
        match word {
            ScopeWord::Read => Self::Read,
            ScopeWord::Write => Self::Write,
            ScopeWord::Admin => Self::Admin,
        }
    }
}

impl From<Scope> for ScopeWord {
    fn from(scope: Scope) -> Self {
        match scope {
            Scope::Read => Self::Read,
            Scope::Write => Self::Write,
            Scope::Admin => Self::Admin,
        }
    }
}

impl From<domain::Company> for Company {
    fn from(company: domain::Company) -> Self {
        Self {
            num: company.num,
            id: company.id.0,
            name: company.name,
            property_code: company.property_code,
            plan: company.plan.into(),
            phone: company.phone,
            description: company.description,
            created_at: iso(company.created_at),
        }
    }
}

impl From<domain::Agent> for Agent {
    fn from(agent: domain::Agent) -> Self {
        let status = match agent.presence {
            Presence::Live => "live",
            Presence::Away => "away",
            Presence::Offline => "offline",
        };
        Self {
            num: agent.num,
            id: agent.id.0,
            name: agent.name,
            email: agent.email,
            role: agent.role,
            avatar_url: agent.avatar_url,
            status: status.to_owned(),
            created_at: iso(agent.created_at),
        }
    }
}

impl From<domain::ApiToken> for Token {
    fn from(token: domain::ApiToken) -> Self {
        Self {
            id: token.id,
            name: token.name,
            agent: token.agent_name,
            scope: token.scope.into(),
            created_at: iso(token.created_at),
            last_used_at: token.last_used_at.map(iso),
            is_revoked: token.is_revoked,
        }
    }
}

impl From<domain::Widget> for Widget {
    fn from(widget: domain::Widget) -> Self {
        Self { id: widget.id.0, name: widget.name, domain: widget.domain, heading: widget.heading }
    }
}

impl From<domain::Widget> for WidgetSettings {
    fn from(widget: domain::Widget) -> Self {
        Self {
            id: widget.id.0,
            name: widget.name,
            domain: widget.domain,
            allowed_domains: widget.allowed_domains,
            welcome_heading: widget.heading,
            welcome_tagline: widget.tagline,
            primary_color: widget.color,
            logo_url: widget.logo_url,
            show_online_badge: widget.show_online_badge,
            options: widget.options,
        }
    }
}

impl From<domain::Channel> for Channel {
    fn from(channel: domain::Channel) -> Self {
        Self {
            num: channel.num,
            id: channel.id,
            kind: channel.kind.word().to_owned(),
            is_default: channel.is_default,
            is_active: channel.is_active,
            created_at: iso(channel.created_at),
        }
    }
}
