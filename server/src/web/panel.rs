//! `GET /panel/ID`: the document that the loader shows in an iframe.

use crate::{
    app::App,
    web::{
        assets::{DOCUMENT, INLINE_SCRIPT_HASHES},
        preview::{self, Shown},
        settings_json,
    },
    widget_api::convert,
};
use axum::{
    body::Body,
    extract::{Path, State},
    http::{HeaderMap, HeaderValue, Response, StatusCode, header},
    response::IntoResponse,
};
use std::fmt::Write as _;

const NOT_BUILT: &str = "The panel was not built into this program. `cargo xtask serve` builds both.\n";

pub async fn panel_document(
    State(app): State<App>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response<Body> {
    let Some(document) = DOCUMENT else {
        return (StatusCode::SERVICE_UNAVAILABLE, NOT_BUILT).into_response();
    };
    let Ok(shown) = preview::find(&app, &id).await else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    let Some(Shown { widget, .. }) = shown else { return StatusCode::NOT_FOUND.into_response() };
    let policy = content_security_policy(&widget.allowed_domains);
    let settings = settings_json(&convert::widget_settings(widget));
    let body = app.web.documents.get(&settings, || {
        let block = format!("<script type=\"application/json\" id=\"settings\">{settings}</script></head>");
        document.replacen("</head>", &block, 1)
    });
    let mut response = body.answer(&headers, "text/html; charset=utf-8");
    let headers = response.headers_mut();
    match HeaderValue::try_from(policy) {
        Ok(policy) => headers.insert(header::CONTENT_SECURITY_POLICY, policy),
        // Domains are checked when they are set; a page nobody may frame is the safe answer to one that slipped through.
        Err(_) => headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    };
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

/// Only our own scripts run, and only the widget's own pages show the panel.
fn content_security_policy(allowed_domains: &[String]) -> String {
    let mut policy = String::from("default-src 'none'; script-src 'self' 'wasm-unsafe-eval'");
    for hash in INLINE_SCRIPT_HASHES {
        let _ = write!(policy, " '{hash}'");
    }
    policy.push_str(
        "; style-src 'self'; connect-src 'self'; img-src 'self' https: data:; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'self'",
    );
    for domain in allowed_domains {
        policy.push(' ');
        policy.push_str(domain);
    }
    policy
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_allowed_domains_and_our_own_pages_may_frame_the_panel() {
        let policy = content_security_policy(&["https://shop.example".into(), "http://localhost:*".into()]);
        assert!(
            policy.ends_with("frame-ancestors 'self' https://shop.example http://localhost:*"),
            "{policy}"
        );
        assert!(content_security_policy(&[]).ends_with("frame-ancestors 'self'"));
        assert!(!policy.contains("unsafe-inline"));
        assert!(!policy.contains("'unsafe-eval'"));
    }
}
