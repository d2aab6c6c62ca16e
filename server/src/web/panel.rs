//! `GET /panel/ID`: the document that the loader shows in an iframe.

use crate::{
    app::App,
    web::{
        assets::{DOCUMENT, INLINE_SCRIPT_HASHES},
        for_script,
        languages::{Choice, Language},
        preview::{self, Shown},
        settings_json,
    },
    widget_api::convert,
};
use axum::{
    body::Body,
    extract::{Path, Query, State},
    http::{HeaderMap, HeaderValue, Response, StatusCode, header},
    response::IntoResponse,
};
use serde::Deserialize;
use std::fmt::Write as _;

const NOT_BUILT: &str = "The panel was not built into this program. `cargo xtask serve` builds both.\n";

#[derive(Deserialize)]
pub struct PanelQuery {
    /// The language that the page wants, as a tag such as `pt-BR`.
    lang: Option<String>,
}

pub async fn panel_document(
    State(app): State<App>,
    Path(id): Path<String>,
    Query(query): Query<PanelQuery>,
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
    let settings = convert::widget_settings(widget);
    let choice = Choice::of([query.lang.as_deref(), settings.options.locale.as_deref()], &headers);
    let settings = settings_json(&settings);
    let made_of = [choice.language.tag, &settings].concat();
    let body = app.web.documents.get(&made_of, || filled(document, choice.language, &settings));
    let mut response = body.answer(&headers, "text/html; charset=utf-8");
    choice.tell(&mut response);
    let headers = response.headers_mut();
    match HeaderValue::try_from(policy) {
        Ok(policy) => headers.insert(header::CONTENT_SECURITY_POLICY, policy),
        // Domains are checked when they are set; a page nobody may frame is the safe answer to one that slipped through.
        Err(_) => headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    };
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert("x-robots-tag", HeaderValue::from_static("noindex"));
    response
}

/// The document in a language, with what the panel would otherwise have to fetch: its texts, and the widget's settings.
fn filled(document: &str, language: &Language, settings: &str) -> String {
    let Language { tag, direction, texts } = language;
    let html = format!("<html lang=\"{tag}\" dir=\"{direction}\"");
    let mut blocks = String::new();
    for (id, json) in [("settings", settings), ("texts", &*for_script(texts))] {
        let _ = write!(blocks, "<script type=\"application/json\" id=\"{id}\">{json}</script>");
    }
    blocks.push_str("</head>");
    document.replacen("<html", &html, 1).replacen("</head>", &blocks, 1)
}

/// Only our own scripts run, and only the widget's own pages show the panel.
pub(crate) fn content_security_policy(allowed_domains: &[String]) -> String {
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
    fn the_document_is_in_its_language_and_nothing_in_the_texts_ends_their_block() {
        let language = Language { tag: "ar", direction: "rtl", texts: r#"{"a":"</script><b>"}"# };
        let document = "<!doctype html><html data-t=x><head><title>Chat</title></head><body></body></html>";
        assert_eq!(
            filled(document, &language, r#"{"id":1}"#),
            "<!doctype html><html lang=\"ar\" dir=\"rtl\" data-t=x><head><title>Chat</title>\
             <script type=\"application/json\" id=\"settings\">{\"id\":1}</script>\
             <script type=\"application/json\" id=\"texts\">{\"a\":\"\\u003c/script>\\u003cb>\"}</script>\
             </head><body></body></html>"
        );
    }

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
