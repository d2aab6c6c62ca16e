//! What stands before every handler of `/widget/v1`.

use crate::{app::App, client_address::ClientAddress, domain::Error, widget_api::error::ApiError};
use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use shared::ErrorCode;

/// Counts a request for the address it comes from.
pub async fn limit_address(State(app): State<App>, request: Request, next: Next) -> Response {
    let address = request.extensions().get::<ClientAddress>().copied();
    match app.rate_limits.check_request(address) {
        Ok(()) => next.run(request).await,
        Err(refusal) => ApiError::from(refusal).into_response(),
    }
}

/// Refuses a request whose body doesn't come.
pub async fn give_up_slow_bodies(State(app): State<App>, request: Request, next: Next) -> Response {
    let (request, given_up) = app.body_pace.watch(request);
    given_up.or(next.run(request).await, || ApiError::from(Error::TooSlow).into_response())
}

/// Refuses whatever a page of another origin asks, before anything is done. Reading and listening too, because nothing here is
/// for other pages: the panel is a page of ours, whichever page shows it.
pub async fn refuse_foreign_pages(State(app): State<App>, request: Request, next: Next) -> Response {
    if app.origin.is_foreign(request.headers()) {
        let message = "only pages of this server's own origin may ask this";
        return ApiError::new(ErrorCode::OriginRefused, message).into_response();
    }
    next.run(request).await
}
