//! Bodies that are served often, in every form a browser may ask for.

use crate::web::accepted;
use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, Response, StatusCode, header},
};
use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use sha2::{Digest, Sha256};
use std::{fmt::Write as _, io::Write as _};

/// One body, plain and compressed, with the name of its content.
pub struct Compressed {
    pub etag: HeaderValue,
    pub plain: Bytes,
    pub br: Bytes,
    pub gz: Bytes,
}

impl Compressed {
    pub fn new(plain: Vec<u8>) -> Self {
        let mut etag = String::from("\"");
        for byte in &Sha256::digest(&plain)[..12] {
            write!(etag, "{byte:02x}").expect("writing to a string does not fail");
        }
        etag.push('"');
        Self {
            etag: HeaderValue::try_from(etag).expect("hexadecimal digits and quotes"),
            br: brotli(&plain).into(),
            gz: gzip(&plain).into(),
            plain: plain.into(),
        }
    }

    /// The answer to a request with these headers; 304 when the client has it.
    pub fn answer(&self, request: &HeaderMap, content_type: &'static str) -> Response<Body> {
        let known = request.get(header::IF_NONE_MATCH).is_some_and(|known| {
            known
                .to_str()
                .is_ok_and(|known| known == "*" || known.contains(self.etag.to_str().unwrap_or("-")))
        });
        let mut response = if known {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            response
        } else {
            encoded(request, content_type, &self.plain, &self.br, &self.gz)
        };
        response.headers_mut().insert(header::ETAG, self.etag.clone());
        response.headers_mut().insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        response
    }
}

/// The smallest of three forms that the request accepts.
pub fn encoded(
    request: &HeaderMap,
    content_type: &'static str,
    plain: &Bytes,
    br: &Bytes,
    gz: &Bytes,
) -> Response<Body> {
    let (body, encoding) = if accepts(request, "br") {
        (br, Some("br"))
    } else if accepts(request, "gzip") {
        (gz, Some("gzip"))
    } else {
        (plain, None)
    };
    let mut response = Response::new(Body::from(body.clone()));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if let Some(encoding) = encoding {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    response
}

/// Whether `Accept-Encoding` names this coding, and not with `q=0`.
fn accepts(request: &HeaderMap, coding: &str) -> bool {
    accepted(request, header::ACCEPT_ENCODING).any(|(name, _)| name.eq_ignore_ascii_case(coding))
}

fn brotli(plain: &[u8]) -> Vec<u8> {
    let mut compressed = Vec::new();
    let parameters = brotli::enc::BrotliEncoderParams { quality: 11, ..Default::default() };
    brotli::BrotliCompress(&mut &plain[..], &mut compressed, &parameters)
        .expect("writing to memory does not fail");
    compressed
}

fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(plain).expect("writing to memory does not fail");
    encoder.finish().expect("writing to memory does not fail")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_encoding_is_used_only_when_it_is_asked_for_and_not_refused() {
        let with = |value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(value));
            headers
        };
        assert!(accepts(&with("gzip, deflate, br, zstd"), "br"));
        assert!(accepts(&with("BR;q=0.5"), "br"));
        assert!(!accepts(&with("br;q=0"), "br"));
        assert!(!accepts(&with("gzip"), "br"));
        assert!(!accepts(&HeaderMap::new(), "gzip"));
    }
}
