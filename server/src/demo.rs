//! The demo company of mock mode, and the file that tells a program where to find it.

use crate::{
    auth::{ApiTokenText, Token},
    clock::{Clock, new_id},
    domain::{NewApiToken, NewCompany, Plan, Result, Scope, Widget},
    store::Store,
};
use serde::{Deserialize, Serialize};
use shared::{AgentId, CompanyId, WidgetId};
use std::path::Path;
use uuid::Uuid;

// The same in every demo, so that a page or a test written against one works with the next. Ids grant nothing.
pub const COMPANY_ID: CompanyId = CompanyId(Uuid::from_u128(0x0193_0000_0000_7000_8000_0000_0000_0001));
pub const AGENT_ID: AgentId = AgentId(Uuid::from_u128(0x0193_0000_0000_7000_8000_0000_0000_0002));
const CHANNEL_ID: Uuid = Uuid::from_u128(0x0193_0000_0000_7000_8000_0000_0000_0003);
pub const WIDGET_ID: WidgetId = WidgetId(Uuid::from_u128(0x0193_0000_0000_7000_8000_0000_0000_0004));

pub const AGENT_NAME: &str = "Robin";
const PROPERTY_CODE: &str = "DEMO";

/// `demo.json`: everything a client's test suite needs to find its way.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Demo {
    pub base_url: String,
    pub demo_page: String,
    pub widget_id: WidgetId,
    pub business_id: CompanyId,
    /// The company's integer name.
    pub company_num: i64,
    pub agent_id: AgentId,
    pub api_token: String,
    pub iris: IrisCredentials,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct IrisCredentials {
    pub property_code: String,
    pub interface_token: String,
}

/// Makes the demo company if it isn't there, with a token that works, and writes `demo.json` into `directory`.
///
/// A token is secret, also a demo's: it is made at random, and kept only in that file. While the file is there its token
/// stays.
pub async fn prepare(
    store: &dyn Store,
    clock: &dyn Clock,
    directory: &Path,
    base_url: &str,
) -> anyhow::Result<Demo> {
    let at = clock.now();
    store
        .create_company(NewCompany {
            id: COMPANY_ID,
            parent: None,
            name: "Porchlight Demo".into(),
            phone: None,
            description: None,
            property_code: PROPERTY_CODE.into(),
            // What tries the APIs out asks a lot in a minute.
            plan: Plan::Premium,
            agent: AGENT_ID,
            agent_name: AGENT_NAME.into(),
            channel: CHANNEL_ID,
            widget: Some(Widget {
                allowed_domains: vec!["http://127.0.0.1:*".into(), "http://localhost:*".into()],
                ..Widget::new(WIDGET_ID, COMPANY_ID, CHANNEL_ID, None)
            }),
            at,
        })
        .await?;
    let file = directory.join("demo.json");
    let api_token = match known_token(store, &file).await? {
        Some(token) => token,
        None => create_token(store, clock).await?,
    };
    let company =
        store.company(COMPANY_ID).await?.ok_or_else(|| anyhow::anyhow!("the demo company was not stored"))?;
    let demo = Demo {
        base_url: base_url.to_owned(),
        demo_page: format!("{base_url}/demo"),
        widget_id: WIDGET_ID,
        business_id: COMPANY_ID,
        company_num: company.num,
        agent_id: AGENT_ID,
        iris: IrisCredentials { property_code: company.property_code, interface_token: api_token.clone() },
        api_token,
    };
    // Written aside and renamed, so that whoever waits for the file never reads half of it.
    let unfinished = directory.join("demo.json.new");
    std::fs::write(&unfinished, serde_json::to_vec_pretty(&demo)?)?;
    std::fs::rename(&unfinished, &file)?;
    Ok(demo)
}

/// The token of an earlier run, if it is still good.
async fn known_token(store: &dyn Store, file: &Path) -> Result<Option<String>> {
    let earlier = std::fs::read(file).ok().and_then(|json| serde_json::from_slice::<Demo>(&json).ok());
    let Some(text) = earlier.map(|demo| demo.api_token) else { return Ok(None) };
    let Some(token) = ApiTokenText::parse(&text) else { return Ok(None) };
    let stored = store.api_token(token.id).await?;
    let is_good = stored.is_some_and(|stored| !stored.is_revoked && token.matches(&stored.secret_hash));
    Ok(is_good.then_some(text))
}

async fn create_token(store: &dyn Store, clock: &dyn Clock) -> Result<String> {
    let at = clock.now();
    let token = ApiTokenText { id: new_id(at), secret: Token::generate() };
    store
        .create_api_token(NewApiToken {
            id: token.id,
            company: COMPANY_ID,
            agent: Some(AGENT_ID),
            name: "demo".into(),
            scope: Scope::Admin,
            secret_hash: token.secret.hash(),
            at,
        })
        .await?;
    Ok(token.reveal())
}
