//! Giving a visitor a session, and renewing it.

use crate::{
    app::App,
    widget_api::{
        convert,
        error::Result,
        extract::{FromAddress, JsonBody, bearer_token},
    },
};
use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode},
};
use shared::{CreateSession, Session};

pub async fn create_session(
    State(app): State<App>,
    FromAddress(address): FromAddress,
    JsonBody(body): JsonBody<CreateSession>,
) -> Result<(StatusCode, Json<Session>)> {
    app.rate_limits.check_session(address)?;
    let issued = app.sessions.create(body.widget_id).await?;
    Ok((StatusCode::CREATED, Json(convert::session(&issued))))
}

pub async fn refresh_session(State(app): State<App>, headers: HeaderMap) -> Result<Json<Session>> {
    let issued = app.sessions.renew(&bearer_token(&headers)?).await?;
    Ok(Json(convert::session(&issued)))
}
