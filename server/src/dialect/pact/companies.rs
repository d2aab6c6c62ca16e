//! Companies: the token's own, and those made with its tokens.

use super::{
    address::InCompany,
    convert,
    paging::{List, PageQuery},
    webhook,
    wire::{Answer, CompanyList, CreateCompany, ErrorBody, Named, Outcome, UpdateCompany},
};
use crate::{
    app::App,
    auth::Token,
    clock::new_id,
    dialect::{Admin, Input, Reader, Reply, Result},
    domain::{CompanyChange, Error, NewWebhook, WebhookFormat, administration::CompanyDraft},
};
use axum::extract::State;
use shared::CompanyId;

/// Lists the token's company and those made with its tokens
#[utoipa::path(
    get,
    path = "/companies",
    tag = "pact",
    operation_id = "pact_list_companies",
    params(PageQuery),
    responses((status = 200, body = Answer<CompanyList>)),
    security(("pact" = ["read"]))
)]
pub async fn list_companies(
    State(app): State<App>,
    Reader(caller): Reader,
    Input(page): Input<PageQuery>,
) -> Result<Reply<Answer<CompanyList>>> {
    let after = page.after(List::Companies);
    let mut found =
        app.store.companies(Some(caller.company), after, page.is_descending(), page.per() + 1).await?;
    let next_page = page.cut(List::Companies, &mut found, |company| company.num);
    let companies = found.into_iter().map(convert::company).collect();
    Ok(Reply(Answer::ok(CompanyList { companies, next_page })))
}

/// Makes a company
///
/// It belongs to the token's company, whose tokens act for it.
#[utoipa::path(
    post,
    path = "/companies",
    tag = "pact",
    operation_id = "pact_create_company",
    request_body(content(
        (CreateCompany = "application/x-www-form-urlencoded", example = json!({ "name": "Test" })),
        (CreateCompany = "application/json", example = json!({ "name": "Test" })),
    )),
    responses(
        (status = 200, body = Answer<Named>),
        (status = 400, description = "Fields that can't be accepted, or nobody answers at `webhook_url`", body = ErrorBody),
    ),
    security(("pact" = ["admin"]))
)]
pub async fn create_company(
    State(app): State<App>,
    Admin(caller): Admin,
    Input(body): Input<CreateCompany>,
) -> Result<Reply<Answer<Named>>> {
    if let Some(url) = &body.webhook_url {
        greet(&app, url).await?;
    }
    let draft = CompanyDraft {
        parent: Some(caller.company),
        name: body.name,
        phone: body.phone,
        description: body.description,
        plan: caller.plan,
        agent_name: caller.agent_name,
    };
    let made = app.administration.create_company(draft).await?;
    if body.webhook_url.is_some() || body.hidden.is_some() {
        let webhook = body.webhook_url.map(|url| Some(new_webhook(&app, made.id, url)));
        let change = CompanyChange { is_hidden: body.hidden, webhook, ..CompanyChange::default() };
        app.store.change_company(made.id, change).await?;
    }
    Ok(Reply(Answer { status: Outcome::Created, data: Named { external_id: made.num } }))
}

/// Changes a company
#[utoipa::path(
    put,
    path = "/companies/{company}",
    tag = "pact",
    operation_id = "pact_update_company",
    params(("company" = i64, Path, example = 1)),
    request_body(content(
        (UpdateCompany = "application/x-www-form-urlencoded", example = json!({ "name": "Test" })),
        (UpdateCompany = "application/json", example = json!({ "name": "Test" })),
    )),
    responses(
        (status = 200, body = Answer<Named>),
        (status = 400, description = "Fields that can't be accepted, or nobody answers at `webhook_url`", body = ErrorBody),
    ),
    security(("pact" = ["admin"]))
)]
pub async fn update_company(
    State(app): State<App>,
    Admin(_): Admin,
    InCompany(company): InCompany,
    Input(body): Input<UpdateCompany>,
) -> Result<Reply<Answer<Named>>> {
    if let Some(Some(url)) = &body.webhook_url {
        greet(&app, url).await?;
    }
    let change = CompanyChange {
        name: body.name,
        phone: body.phone,
        description: body.description,
        is_hidden: body.hidden,
        plan: None,
        webhook: body.webhook_url.map(|url| url.map(|url| new_webhook(&app, company.id, url))),
    };
    let changed = app.store.change_company(company.id, change).await?;
    Ok(Reply(Answer { status: Outcome::Updated, data: Named { external_id: changed.num } }))
}

/// Nothing is sent to an address where nobody wants it.
async fn greet(app: &App, url: &str) -> Result<(), Error> {
    webhook::greet(&app.outbound, url).await.map_err(|problem| Error::invalid("webhook_url", problem))
}

fn new_webhook(app: &App, company: CompanyId, url: String) -> NewWebhook {
    let at = app.clock.now();
    NewWebhook {
        id: new_id(at),
        company,
        format: WebhookFormat::Pact,
        url,
        secret: Token::generate().reveal().to_owned(),
        events: Vec::new(),
        at,
    }
}
