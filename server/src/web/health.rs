//! `/healthz`: the process runs. `/readyz`: it can do its work.

use crate::app::App;
use axum::{extract::State, http::StatusCode};

pub async fn healthz() -> &'static str {
    "ok\n"
}

pub async fn readyz(State(app): State<App>) -> Result<&'static str, (StatusCode, &'static str)> {
    match app.store.check_ready().await {
        Ok(()) if !*app.live.draining().borrow() => Ok("ok\n"),
        Ok(()) => Err((StatusCode::SERVICE_UNAVAILABLE, "stopping\n")),
        Err(_) => Err((StatusCode::SERVICE_UNAVAILABLE, "the database can't be used\n")),
    }
}
