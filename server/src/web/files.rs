//! A stored file as an answer. Whatever it holds, nothing of it runs on our origin: browsers save it, and an `<img>` shows
//! it all the same.

use crate::{
    app::App,
    files::{FileKey, Files, content_type},
};
use axum::{
    body::Body,
    extract::{Path, State},
    http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header},
    response::IntoResponse,
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use std::{io, ops::Range};
use tracing::error;

const CROSS_ORIGIN_RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// What stands for more than itself in `filename*` (RFC 8187, `attr-char`).
const ENCODED_IN_NAME: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'!')
    .remove(b'#')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b'-')
    .remove(b'.')
    .remove(b'^')
    .remove(b'_')
    .remove(b'`')
    .remove(b'|')
    .remove(b'~');

/// What part of a file a request gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Whole,
    Range(Range<u64>),
    /// The file ends before what is asked for begins.
    Unsatisfiable,
}

/// `GET /files/KEY/NAME`. Whoever has the key has the file; the name is for people.
pub async fn file(
    State(app): State<App>,
    Path((key, _name)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response<Body> {
    let Some(key) = FileKey::parse(&key) else { return StatusCode::NOT_FOUND.into_response() };
    match app.store.attachment_by_key(key.as_str()).await {
        Ok(Some(known)) => {
            respond(app.attachments.files(), &key, &known.name, &known.content_type, &headers).await
        }
        Ok(None) => StatusCode::NOT_FOUND.into_response(),
        Err(failure) => {
            error!(error = %failure, "a stored file could not be looked up");
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}

/// The answer to a `GET` or `HEAD` for a file that the caller may have: 200, 206 for a range, 304, 416; 404 when its bytes
/// are gone. The router leaves the body of a `HEAD` out.
pub async fn respond(
    files: &Files,
    key: &FileKey,
    name: &str,
    content_type: &str,
    request_headers: &HeaderMap,
) -> Response<Body> {
    match answer(files, key, name, content_type, request_headers).await {
        Ok(response) => response,
        Err(error) => {
            error!(error = &error as &dyn std::error::Error, "a stored file can't be read");
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}

async fn answer(
    files: &Files,
    key: &FileKey,
    name: &str,
    content_type: &str,
    request_headers: &HeaderMap,
) -> io::Result<Response<Body>> {
    let Some(size) = files.size(key).await? else { return Ok(StatusCode::NOT_FOUND.into_response()) };
    let mut headers = serve_headers(content_type, name);
    let etag = etag(key);
    if has_it(request_headers, &etag) {
        headers.insert(header::ETAG, etag);
        return Ok((StatusCode::NOT_MODIFIED, headers).into_response());
    }
    let (status, range) = match asked_part(request_headers, &etag, size) {
        Part::Whole => (StatusCode::OK, 0..size),
        Part::Range(range) => {
            let content_range = format!("bytes {}-{}/{size}", range.start, range.end - 1);
            headers.insert(header::CONTENT_RANGE, ascii(content_range));
            (StatusCode::PARTIAL_CONTENT, range)
        }
        Part::Unsatisfiable => {
            let content_range = [(header::CONTENT_RANGE, ascii(format!("bytes */{size}")))];
            return Ok((StatusCode::RANGE_NOT_SATISFIABLE, content_range).into_response());
        }
    };
    headers.insert(header::ETAG, etag);
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(range.end - range.start));
    let Some((_, bytes)) = files.read(key, Some(range)).await? else {
        return Ok(StatusCode::NOT_FOUND.into_response());
    };
    Ok((status, headers, Body::from_stream(bytes)).into_response())
}

/// The headers that go with every stored file. A content type that files can't have becomes bytes, and no name can add a
/// header or end its own.
pub fn serve_headers(content_type: &str, name: &str) -> HeaderMap {
    let content_type = content_type::SERVED.iter().find(|served| **served == content_type);
    let fixed = [
        (header::CONTENT_TYPE, *content_type.unwrap_or(&content_type::BYTES)),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"),
        // The panel is framed by foreign pages; what they may show is decided by who knows the key.
        (CROSS_ORIGIN_RESOURCE_POLICY, "cross-origin"),
        (header::CACHE_CONTROL, "private, max-age=31536000, immutable"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::ACCEPT_RANGES, "bytes"),
    ];
    let mut headers: HeaderMap =
        fixed.into_iter().map(|(name, value)| (name, HeaderValue::from_static(value))).collect();
    headers.insert(header::CONTENT_DISPOSITION, disposition(name));
    headers
}

/// The name twice: in ASCII, with `_` for what can't be said or would need an escape, and in full.
fn disposition(name: &str) -> HeaderValue {
    let is_plain =
        |character: char| matches!(character, ' ' | '!'..='~') && !matches!(character, '"' | '\\' | '%');
    let fallback: String =
        name.chars().map(|character| if is_plain(character) { character } else { '_' }).collect();
    let full = utf8_percent_encode(name, ENCODED_IN_NAME);
    ascii(format!("attachment; filename=\"{fallback}\"; filename*=UTF-8''{full}"))
}

/// A key names bytes that never change, so it names their version too. It is in the address already.
fn etag(key: &FileKey) -> HeaderValue {
    ascii(format!("\"{}\"", key.as_str()))
}

fn ascii(text: String) -> HeaderValue {
    HeaderValue::try_from(text).expect("printable ASCII")
}

fn has_it(request: &HeaderMap, etag: &HeaderValue) -> bool {
    let etag = etag.as_bytes();
    request
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
        .map(<[u8]>::trim_ascii)
        .any(|known| known == b"*" || known.strip_prefix(b"W/").unwrap_or(known) == etag)
}

/// A range of another unit, several ranges and what is not understood get the whole file, as RFC 9110 wants it.
pub(crate) fn asked_part(request: &HeaderMap, etag: &HeaderValue, size: u64) -> Part {
    let is_current = request.get(header::IF_RANGE).is_none_or(|known| known == etag);
    let range = request.get(header::RANGE).filter(|_| is_current);
    range.and_then(|range| parse_range(range.to_str().ok()?, size)).unwrap_or(Part::Whole)
}

fn parse_range(range: &str, size: u64) -> Option<Part> {
    let (unit, range) = range.split_once('=')?;
    let (first, last) = range.trim().split_once('-')?;
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return None;
    }
    let range = match (first.is_empty(), last.is_empty()) {
        (true, true) => return None,
        (true, false) => size.saturating_sub(position(last)?)..size,
        (false, true) => position(first)?..size,
        (false, false) => {
            let (first, last) = (position(first)?, position(last)?);
            if last < first {
                return None;
            }
            first..last.saturating_add(1).min(size)
        }
    };
    Some(if range.is_empty() { Part::Unsatisfiable } else { Part::Range(range) })
}

/// Digits and nothing else. A number beyond all sizes is as good as the largest one.
fn position(digits: &str) -> Option<u64> {
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| digits.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::{Router, http::Request, routing::get};
    use bytes::Bytes;
    use futures_util::stream;
    use http_body_util::BodyExt;
    use proptest::prelude::*;
    use std::convert::Infallible;
    use tempfile::TempDir;
    use tower::ServiceExt;

    const TEXT: &str = "text/plain; charset=utf-8";

    struct Kept {
        _directory: TempDir,
        files: Files,
        key: FileKey,
    }

    async fn keep(bytes: &'static [u8]) -> Kept {
        let directory = tempfile::tempdir().unwrap();
        let files = Files::open(directory.path(), 1 << 20).unwrap();
        let stream = stream::iter([Ok::<_, Infallible>(Bytes::from_static(bytes))]);
        let key = files.store(stream).await.unwrap().key;
        Kept { _directory: directory, files, key }
    }

    impl Kept {
        async fn get(&self, headers: &[(HeaderName, &str)]) -> Response<Body> {
            let headers = headers
                .iter()
                .map(|(name, value)| (name.clone(), HeaderValue::from_str(value).unwrap()))
                .collect();
            respond(&self.files, &self.key, "greeting.txt", TEXT, &headers).await
        }
    }

    async fn body(response: Response<Body>) -> Bytes {
        response.into_body().collect().await.unwrap().to_bytes()
    }

    #[tokio::test]
    async fn a_file_is_served_so_that_nothing_in_it_runs() {
        let kept = keep(b"hello").await;
        let response = kept.get(&[]).await;
        assert_eq!(response.status(), StatusCode::OK);
        let etag = format!("\"{}\"", kept.key.as_str());
        for (name, expected) in [
            ("content-type", TEXT),
            ("content-length", "5"),
            ("content-disposition", "attachment; filename=\"greeting.txt\"; filename*=UTF-8''greeting.txt"),
            ("x-content-type-options", "nosniff"),
            ("content-security-policy", "default-src 'none'; sandbox"),
            ("cross-origin-resource-policy", "cross-origin"),
            ("cache-control", "private, max-age=31536000, immutable"),
            ("referrer-policy", "no-referrer"),
            ("accept-ranges", "bytes"),
            ("etag", &etag),
        ] {
            assert_eq!(response.headers()[name], expected);
        }
        assert_eq!(body(response).await, "hello");
    }

    #[tokio::test]
    async fn a_range_is_served() {
        let kept = keep(b"0123456789").await;
        for (range, content_range, expected) in [
            ("bytes=0-0", "bytes 0-0/10", "0"),
            ("bytes=2-4", "bytes 2-4/10", "234"),
            ("bytes=7-", "bytes 7-9/10", "789"),
            ("bytes=-3", "bytes 7-9/10", "789"),
            ("bytes=-99", "bytes 0-9/10", "0123456789"),
            ("bytes=8-99999999999999999999999", "bytes 8-9/10", "89"),
            ("Bytes=0-1", "bytes 0-1/10", "01"),
        ] {
            let response = kept.get(&[(header::RANGE, range)]).await;
            assert_eq!(response.status(), StatusCode::PARTIAL_CONTENT, "{range}");
            assert_eq!(response.headers()[header::CONTENT_RANGE], content_range);
            assert_eq!(response.headers()[header::CONTENT_LENGTH], expected.len().to_string().as_str());
            assert_eq!(response.headers()[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
            assert_eq!(body(response).await, expected);
        }
    }

    #[tokio::test]
    async fn a_range_behind_the_end_is_refused_with_the_size() {
        let kept = keep(b"0123456789").await;
        for range in ["bytes=10-", "bytes=10-12", "bytes=-0", "bytes=99999999999999999999999-"] {
            let response = kept.get(&[(header::RANGE, range)]).await;
            assert_eq!(response.status(), StatusCode::RANGE_NOT_SATISFIABLE, "{range}");
            assert_eq!(response.headers()[header::CONTENT_RANGE], "bytes */10");
            assert!(!response.headers().contains_key(header::CACHE_CONTROL));
            assert_eq!(body(response).await, "");
        }
    }

    #[tokio::test]
    async fn a_range_that_is_not_understood_or_not_current_gets_the_whole_file() {
        let kept = keep(b"0123456789").await;
        for range in
            ["bytes=0-1,3-4", "bytes=4-2", "bytes=-", "bytes=a-b", "bytes=+1-2", "lines=0-1", "bytes", ""]
        {
            let response = kept.get(&[(header::RANGE, range)]).await;
            assert_eq!(response.status(), StatusCode::OK, "{range}");
            assert_eq!(body(response).await, "0123456789");
        }
        let etag = format!("\"{}\"", kept.key.as_str());
        for (known, status) in [
            (etag.as_str(), StatusCode::PARTIAL_CONTENT),
            ("\"other\"", StatusCode::OK),
            ("Wed, 21 Oct 2015 07:28:00 GMT", StatusCode::OK),
        ] {
            let response = kept.get(&[(header::RANGE, "bytes=0-1"), (header::IF_RANGE, known)]).await;
            assert_eq!(response.status(), status, "{known}");
        }
    }

    #[tokio::test]
    async fn a_file_that_the_browser_has_is_not_sent_again() {
        let kept = keep(b"hello").await;
        let etag = format!("\"{}\"", kept.key.as_str());
        for known in [etag.clone(), format!("W/{etag}"), format!("\"a\", {etag}"), "*".to_owned()] {
            let response = kept.get(&[(header::IF_NONE_MATCH, &known)]).await;
            assert_eq!(response.status(), StatusCode::NOT_MODIFIED, "{known}");
            assert_eq!(response.headers()[header::ETAG], etag.as_str());
            assert_eq!(body(response).await, "");
        }
        assert_eq!(kept.get(&[(header::IF_NONE_MATCH, "\"other\"")]).await.status(), StatusCode::OK);
    }

    #[tokio::test]
    async fn a_file_whose_bytes_are_gone_is_not_found_and_not_kept_by_caches() {
        let kept = keep(b"hello").await;
        kept.files.remove(&kept.key).await.unwrap();
        let response = kept.get(&[]).await;
        assert_eq!(response.status(), StatusCode::NOT_FOUND);
        assert!(!response.headers().contains_key(header::CACHE_CONTROL));
    }

    #[tokio::test]
    async fn a_head_request_gets_the_headers_alone() {
        let Kept { _directory, files, key } = keep(b"hello").await;
        let handler =
            move |headers: HeaderMap| async move { respond(&files, &key, "a.txt", TEXT, &headers).await };
        let router = Router::new().route("/", get(handler));
        let request = Request::head("/").body(Body::empty()).unwrap();
        let response = router.oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.headers()[header::CONTENT_LENGTH], "5");
        assert_eq!(body(response).await, "");
    }

    #[test]
    fn a_content_type_that_files_can_not_have_becomes_bytes() {
        for asked in ["text/html", "image/svg+xml", "text/plain", "text/plain; charset=utf-8\r\nx: y", ""] {
            let headers = serve_headers(asked, "a");
            assert_eq!(headers[header::CONTENT_TYPE], "application/octet-stream", "{asked}");
        }
        assert_eq!(serve_headers("image/png", "a")[header::CONTENT_TYPE], "image/png");
    }

    #[test]
    fn a_name_is_said_in_ascii_and_in_full() {
        for (name, fallback, full) in [
            ("photo 1.jpg", "photo 1.jpg", "photo%201.jpg"),
            ("naïve €.txt", "na_ve _.txt", "na%C3%AFve%20%E2%82%AC.txt"),
            ("写真.png", "__.png", "%E5%86%99%E7%9C%9F.png"),
            ("a\"; filename=\"b.exe", "a_; filename=_b.exe", "a%22%3B%20filename%3D%22b.exe"),
            ("a\\\"b.txt", "a__b.txt", "a%5C%22b.txt"),
            ("100%41.txt", "100_41.txt", "100%2541.txt"),
            ("it's (1).txt", "it's (1).txt", "it%27s%20%281%29.txt"),
            ("a\r\nSet-Cookie: b=c", "a__Set-Cookie: b=c", "a%0D%0ASet-Cookie%3A%20b%3Dc"),
            ("a\0b\u{7f}", "a_b_", "a%00b%7F"),
        ] {
            let headers = serve_headers(TEXT, name);
            let expected = format!("attachment; filename=\"{fallback}\"; filename*=UTF-8''{full}");
            assert_eq!(headers[header::CONTENT_DISPOSITION], expected.as_str());
            assert_eq!(headers.len(), 8);
        }
    }

    proptest! {
        #[test]
        fn no_name_breaks_out_of_its_quotes(name in any::<String>()) {
            let value = disposition(&name);
            let value = value.to_str().unwrap();
            prop_assert_eq!(value.matches('"').count(), 2);
            prop_assert!(!value.contains('\\'));
            let full = value.split("UTF-8''").last().unwrap();
            prop_assert!(full.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"';,= ".contains(&byte)));
        }

        #[test]
        fn a_range_lies_inside_of_the_file(range in "bytes=[0-9]{0,22}-[0-9]{0,22}|.{0,20}", size in 1..u64::MAX) {
            if let Some(Part::Range(range)) = parse_range(&range, size) {
                prop_assert!(range.start < range.end && range.end <= size);
            }
        }
    }
}
