//! What an address names: a company, a channel or a conversation of it. Each is looked up before the parameters are read,
//! so that whoever may not see it learns nothing else about it.

use crate::{
    app::App,
    dialect::{InPath, Refusal},
    domain::{
        Channel, ChannelChoice, CompanyRef, ConversationRef, Details, Error, Principal, Sender, SenderType,
    },
};
use axum::{extract::FromRequestParts, http::request::Parts};
use std::collections::HashMap;

/// The company of an address: the token's own, or one made with its tokens.
pub struct InCompany(pub CompanyRef);

/// A channel of a company, as far as it is there.
pub struct OnChannel {
    pub company: CompanyRef,
    pub channel: Channel,
}

/// A conversation of a company, as it is named; whether it is there is seen when something is done with it.
pub struct NamedConversation {
    pub company: CompanyRef,
    pub num: i64,
}

/// A conversation of a company.
pub struct InConversation {
    pub company: CompanyRef,
    pub details: Details,
}

impl FromRequestParts<App> for InCompany {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refusal> {
        let num = num_in(parts, app, "company").await?;
        let caller = parts.extensions.get::<Principal>().ok_or(Error::CredentialsMissing)?;
        if num == caller.company_num {
            return Ok(Self(CompanyRef { id: caller.company, num }));
        }
        let found = app.store.company_by_num(caller.company, num).await?;
        Ok(Self(found.as_ref().map(CompanyRef::from).ok_or(Error::NotFound)?))
    }
}

impl FromRequestParts<App> for OnChannel {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refusal> {
        let InCompany(company) = InCompany::from_request_parts(parts, app).await?;
        let num = num_in(parts, app, "channel").await?;
        let found = app.store.channel(company.id, ChannelChoice::Num(num)).await?;
        Ok(Self { company, channel: found.ok_or(Error::NotFound)? })
    }
}

impl FromRequestParts<App> for NamedConversation {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refusal> {
        let InCompany(company) = InCompany::from_request_parts(parts, app).await?;
        let num = num_in(parts, app, "conversation").await?;
        Ok(Self { company, num })
    }
}

impl FromRequestParts<App> for InConversation {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refusal> {
        let NamedConversation { company, num } = NamedConversation::from_request_parts(parts, app).await?;
        let details = app.conversations.details(company.id, ConversationRef::Num(num)).await?;
        Ok(Self { company, details })
    }
}

/// A number in the address. What is none names nothing.
pub async fn num_in(parts: &mut Parts, app: &App, name: &str) -> Result<i64, Refusal> {
    let InPath(path) = InPath::<HashMap<String, String>>::from_request_parts(parts, app).await?;
    let num = path.get(name).and_then(|text| text.parse().ok());
    Ok(num.ok_or(Error::NotFound)?)
}

/// Who writes when the business does: the token's agent, who is known in the token's own company only; in others their
/// first agent.
pub async fn writer(app: &App, caller: &Principal, company: CompanyRef) -> Result<Sender, Error> {
    if company.id == caller.company {
        return Ok(Sender::agent(caller.agent));
    }
    let first = app.store.agents(company.id).await?.into_iter().next();
    Ok(Sender { kind: SenderType::Agent, id: first.map(|agent| agent.id.0) })
}
