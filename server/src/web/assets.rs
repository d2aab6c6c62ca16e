//! The files of the panel and the loader's modules, embedded in the program. Their names carry a hash of their content, so browsers keep them for ever.

use crate::web::{around::FOR_ANY_PAGE, compress::encoded};
use axum::{
    body::Body,
    extract::Path,
    http::{HeaderMap, HeaderValue, Response, StatusCode, header},
    response::IntoResponse,
};
use bytes::Bytes;

/// A file in its three forms.
pub struct Asset {
    pub name: &'static str,
    pub plain: &'static [u8],
    pub br: &'static [u8],
    pub gz: &'static [u8],
}

include!(concat!(env!("OUT_DIR"), "/panel.rs"));

pub async fn asset(Path(name): Path<String>, headers: HeaderMap) -> Response<Body> {
    let find = |assets: &'static [Asset]| assets.iter().find(|asset| asset.name == name);
    let for_pages = find(PAGE_ASSETS);
    let Some(asset) = for_pages.or_else(|| find(ASSETS)) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let forms = [asset.plain, asset.br, asset.gz].map(Bytes::from_static);
    let mut response = encoded(&headers, content_type(asset.name), &forms[0], &forms[1], &forms[2]);
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable"));
    if for_pages.is_some() {
        headers.extend(FOR_ANY_PAGE);
    }
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
