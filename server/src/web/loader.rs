//! `GET /widget.js?id=ID`: the loader together with that widget's settings, so that the launcher is right at first paint
//! with one request.

use crate::{
    app::App,
    web::{
        preview::{self, Shown},
        settings_json,
    },
    widget_api::convert,
};
use axum::{
    body::Body,
    extract::{Query, State},
    http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header},
    response::IntoResponse,
};
use serde::Deserialize;

/// The minified loader. It has this name where the settings go.
const LOADER: &str = include_str!(concat!(env!("OUT_DIR"), "/loader.js"));
const SETTINGS: &str = "__PORCHLIGHT_SETTINGS__";
const CONTENT_TYPE: &str = "text/javascript; charset=utf-8";
/// Pages of every origin include the loader.
const FOR_ANY_PAGE: (HeaderName, HeaderValue) =
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("cross-origin"));

#[derive(Deserialize)]
pub struct LoaderQuery {
    id: Option<String>,
}

/// A script tag can't see a status, and a browser doesn't run the body of a refusal: whatever is wrong, the answer is a
/// script, and one that is wrong only warns.
pub async fn loader(
    State(app): State<App>,
    Query(query): Query<LoaderQuery>,
    headers: HeaderMap,
) -> Result<Response<Body>, StatusCode> {
    let settings = match query.id {
        // The page names the widget elsewhere; the loader looks there and asks again.
        None => "null".to_owned(),
        Some(id) => {
            let shown = preview::find(&app, &id).await.map_err(|_| StatusCode::SERVICE_UNAVAILABLE)?;
            let Some(Shown { widget, name }) = shown else { return Ok(warning()) };
            let id = widget.id.to_string();
            // The id stands first in them. By it the loader names the panel, which is to show the same.
            settings_json(&convert::widget_settings(widget)).replacen(&id, &name, 1)
        }
    };
    let body = app.web.loaders.get(&settings, || LOADER.replace(SETTINGS, &settings));
    let mut response = body.answer(&headers, CONTENT_TYPE);
    response.headers_mut().insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("public, max-age=300, stale-while-revalidate=86400"),
    );
    let (name, value) = FOR_ANY_PAGE;
    response.headers_mut().insert(name, value);
    Ok(response)
}

fn warning() -> Response<Body> {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(CONTENT_TYPE)),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    ([FOR_ANY_PAGE], headers, "console.warn(\"Porchlight: no widget has the id that this page names\");")
        .into_response()
}
