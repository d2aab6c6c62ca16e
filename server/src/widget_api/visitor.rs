//! What the page says of its visitor and of what they do. The panel hands it on as it came, so these bodies are read here and
//! are no types of `shared`.

use crate::{
    app::App,
    domain::{Said, SaidEvent, SaidProfile},
    widget_api::{
        error::Result,
        extract::{JsonBody, Telling},
    },
};
use axum::{extract::State, http::StatusCode};
use serde_json::{Map, Value};

pub async fn change_visitor(
    State(app): State<App>,
    Telling(visitor): Telling,
    JsonBody(body): JsonBody<Map<String, Value>>,
) -> Result<StatusCode> {
    let said = Said::Profile(SaidProfile::read(body)?);
    app.customers.note_said(visitor.company, visitor.customer, said).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub async fn track_event(
    State(app): State<App>,
    Telling(visitor): Telling,
    JsonBody(body): JsonBody<Map<String, Value>>,
) -> Result<StatusCode> {
    let said = Said::Event(SaidEvent::read(body, app.clock.now())?);
    app.customers.note_said(visitor.company, visitor.customer, said).await?;
    Ok(StatusCode::NO_CONTENT)
}
