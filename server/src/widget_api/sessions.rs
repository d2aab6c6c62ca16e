//! Giving a visitor a session, renewing and ending it, and making it that of a visitor whom the business names.

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
    http::{HeaderMap, StatusCode, header},
};
use shared::{CreateSession, Identify, Session};

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

pub async fn identify_visitor(
    State(app): State<App>,
    FromAddress(address): FromAddress,
    headers: HeaderMap,
    JsonBody(body): JsonBody<Identify>,
) -> Result<Json<Session>> {
    app.rate_limits.check_session(address)?;
    let has_session = headers.contains_key(header::AUTHORIZATION);
    let refresh = has_session.then(|| bearer_token(&headers)).transpose()?;
    let issued = app.sessions.identify(body.widget_id, &body.token, refresh.as_ref()).await?;
    Ok(Json(convert::session(&issued)))
}

/// Takes the access token or the refresh token, so that one who leaves need not renew first.
pub async fn end_session(State(app): State<App>, headers: HeaderMap) -> Result<StatusCode> {
    app.sessions.end(&bearer_token(&headers)?).await?;
    Ok(StatusCode::NO_CONTENT)
}
