//! The panel's files, embedded in the program. Their names carry a hash of their content, so browsers keep them for ever.

use crate::web::compress::encoded;
use axum::{
    body::Body,
    extract::Path,
    http::{HeaderMap, HeaderValue, Response, StatusCode, header},
    response::IntoResponse,
};
use bytes::Bytes;

/// A file of the panel in its three forms.
pub struct Asset {
    pub name: &'static str,
    pub plain: &'static [u8],
    pub br: &'static [u8],
    pub gz: &'static [u8],
}

include!(concat!(env!("OUT_DIR"), "/panel.rs"));

pub async fn asset(Path(name): Path<String>, headers: HeaderMap) -> Response<Body> {
    let Some(asset) = ASSETS.iter().find(|asset| asset.name == name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let forms = [asset.plain, asset.br, asset.gz].map(Bytes::from_static);
    let mut response = encoded(&headers, content_type(asset.name), &forms[0], &forms[1], &forms[2]);
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable"));
    response
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("js") => "text/javascript; charset=utf-8",
        Some("wasm") => "application/wasm",
        Some("css") => "text/css; charset=utf-8",
        Some("json") => "application/json",
        Some("svg") => "image/svg+xml",
        _ => "application/octet-stream",
    }
}
