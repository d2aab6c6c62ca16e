//! What stands before every handler of `/widget/v1`, and around its answer.

use crate::{
    app::App,
    client_address::ClientAddress,
    domain::Error,
    router::REQUEST_ID,
    widget_api::error::{self, ApiError},
};
use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use shared::ErrorCode;

/// Refuses what may not be asked, and a request whose body doesn't come; and gives every refusal its body.
pub async fn guard(State(app): State<App>, request: Request, next: Next) -> Response {
    let request_id = request.headers().get(REQUEST_ID).cloned();
    let response = if let Err(refusal) = admit(&app, &request) {
        refusal.into_response()
    } else {
        let (request, given_up) = app.body_pace.watch(request);
        given_up.or(next.run(request).await, || ApiError::from(Error::TooSlow).into_response())
    };
    error::write_error(response, request_id.as_ref())
}

/// Counts a request for the address it comes from, and refuses whatever a page of another origin asks, before anything is done.
/// Reading and listening too, because nothing here is for other pages: the panel is a page of ours, whichever page shows it.
fn admit(app: &App, request: &Request) -> Result<(), ApiError> {
    app.rate_limits.check_request(request.extensions().get::<ClientAddress>().copied())?;
    if app.origin.is_foreign(request.headers()) {
        let message = "only pages of this server's own origin may ask this";
        return Err(ApiError::new(ErrorCode::OriginRefused, message));
    }
    Ok(())
}
