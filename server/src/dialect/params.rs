//! The parameters of a request, wherever the client put them: the query, a form body, a JSON body. What the
//! Content-Type claims is a hint, no more.

use crate::domain::{Error, Hash, Result};
use axum::{
    RequestExt,
    body::{Body, Bytes},
    extract::Request,
    http::{HeaderMap, Method, header},
};
use http_body_util::{BodyExt, Collected, LengthLimitError};
use serde_json::Value;
use sha2::{Digest, Sha256};
use shared::limits::BODY_MAX_BYTES;
use std::{collections::HashMap, error::Error as StdError, iter::successors};

/// One parameter.
#[derive(Clone, Debug, PartialEq)]
pub enum Param {
    /// From a query or a form: text, once for each time it was given.
    Text(Vec<String>),
    /// From JSON: a value of its own type.
    Json(Value),
}

#[derive(Debug)]
pub struct Params {
    values: HashMap<String, Param>,
    folds_case: bool,
    is_multipart: bool,
    /// SHA-256 of the method, the path, the query and the body.
    pub fingerprint: Hash,
}

impl Params {
    /// Reads a request's parameters. A multipart body stays in the request, for the handler to read piece by piece.
    ///
    /// What stands in the body goes before what stands in the query.
    pub async fn read(request: Request, folds_case: bool) -> Result<(Request, Self)> {
        let content_type = essence(request.headers());
        let is_multipart = content_type.as_deref() == Some("multipart/form-data");
        let stays = is_multipart || request.method() == Method::GET || request.method() == Method::HEAD;
        let (parts, body) = if stays { request } else { request.with_limited_body() }.into_parts();
        let mut digest = Sha256::new();
        digest.update(parts.method.as_str());
        digest.update([0]);
        digest.update(parts.uri.path());
        digest.update([0]);
        digest.update(parts.uri.query().unwrap_or_default());
        digest.update([0]);
        let mut params =
            Self { values: HashMap::new(), folds_case, is_multipart, fingerprint: Hash::default() };
        if let Some(query) = parts.uri.query() {
            let pairs = parse_form(query.as_bytes())
                .ok_or_else(|| Error::Malformed("the query is not percent-encoded UTF-8".into()))?;
            params.add_pairs(pairs);
        }
        let body = if stays {
            body
        } else {
            let bytes = collect(body).await?;
            digest.update(&bytes);
            params.add_body(content_type.as_deref(), &bytes)?;
            Body::empty()
        };
        params.fingerprint = digest.finalize().into();
        Ok((Request::from_parts(parts, body), params))
    }

    /// Parameters that come in no request: a form. Nothing if it is none.
    pub fn of_form(form: &[u8]) -> Option<Self> {
        let mut params = Self::of_texts([]);
        params.add_pairs(parse_form(form)?);
        Some(params)
    }

    /// Parameters that come in no request: texts, as in a form.
    pub fn of_texts(texts: impl IntoIterator<Item = (String, Vec<String>)>) -> Self {
        let values = texts.into_iter().map(|(name, values)| (name, Param::Text(values))).collect();
        Self { values, folds_case: false, is_multipart: false, fingerprint: Hash::default() }
    }

    pub fn get(&self, name: &str) -> Option<&Param> {
        if self.folds_case { self.values.get(&name.to_ascii_lowercase()) } else { self.values.get(name) }
    }

    pub const fn is_multipart(&self) -> bool {
        self.is_multipart
    }

    fn add_body(&mut self, content_type: Option<&str>, bytes: &[u8]) -> Result<()> {
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return Ok(());
        }
        let failure = match serde_json::from_slice::<Value>(bytes) {
            Ok(Value::Object(object)) => {
                for (name, value) in object {
                    self.insert(name, Param::Json(value));
                }
                return Ok(());
            }
            // What PHP writes for an object without fields.
            Ok(Value::Array(items)) if items.is_empty() => return Ok(()),
            Ok(_) => "the body is JSON, but no object".to_owned(),
            Err(error) => format!("the body is neither JSON ({error}) nor a form"),
        };
        let looks_like_json = bytes.trim_ascii_start().first().is_some_and(|byte| b"{[\"".contains(byte));
        if let Some(pairs) = parse_form(bytes).filter(|pairs| !looks_like_json && is_form(bytes, pairs)) {
            self.add_pairs(pairs);
            return Ok(());
        }
        match content_type {
            None
            | Some("application/json" | "text/json" | "application/x-www-form-urlencoded" | "text/plain") => {
                Err(Error::Malformed(failure))
            }
            Some(_) => Err(Error::UnsupportedMediaType("JSON or a form")),
        }
    }

    /// A form's pairs. `name[]` is how forms spell a list; PHP counts, `name[0]`.
    fn add_pairs(&mut self, pairs: Vec<(String, String)>) {
        let mut texts: HashMap<String, Vec<String>> = HashMap::new();
        for (name, value) in pairs {
            texts.entry(list_name(&name).to_owned()).or_default().push(value);
        }
        for (name, values) in texts {
            self.insert(name, Param::Text(values));
        }
    }

    fn insert(&mut self, name: String, param: Param) {
        let name = if self.folds_case { name.to_ascii_lowercase() } else { name };
        self.values.insert(name, param);
    }
}

/// What a list is called whose item a form calls `name[]` or `name[7]`; any other name is itself.
fn list_name(name: &str) -> &str {
    let place = name.strip_suffix(']').and_then(|name| name.rsplit_once('['));
    match place {
        Some((list, index)) if !list.is_empty() && index.bytes().all(|byte| byte.is_ascii_digit()) => list,
        _ => name,
    }
}

/// The Content-Type without its parameters, in lower case.
fn essence(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    value.split(';').next().map(|essence| essence.trim().to_ascii_lowercase())
}

async fn collect(body: Body) -> Result<Bytes> {
    body.collect().await.map(Collected::to_bytes).map_err(|failure| {
        let mut causes = successors(Some(&failure as &dyn StdError), |&cause| cause.source());
        if causes.any(<dyn StdError>::is::<LengthLimitError>) {
            Error::TooLarge(BODY_MAX_BYTES as u64)
        } else {
            Error::Malformed("the body did not arrive whole".into())
        }
    })
}

/// The pairs of a form, or nothing if what is percent-encoded is not UTF-8.
fn parse_form(bytes: &[u8]) -> Option<Vec<(String, String)>> {
    let text = std::str::from_utf8(bytes).ok()?;
    text.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Some((decode(name)?, decode(value)?))
        })
        .collect()
}

fn decode(text: &str) -> Option<String> {
    let spaced = text.replace('+', " ");
    percent_encoding::percent_decode_str(&spaced).decode_utf8().ok().map(std::borrow::Cow::into_owned)
}

/// Whether text that could be read as a form was meant as one: names, and something said of them.
fn is_form(bytes: &[u8], pairs: &[(String, String)]) -> bool {
    bytes.contains(&b'=')
        && pairs.iter().all(|(name, _)| !name.is_empty() && !name.contains(char::is_control))
        && !bytes.trim_ascii_start().starts_with(b"<")
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(content_type: &str, query: &str, body: &str) -> Result<Params> {
        let request = Request::post(format!("/x{query}"))
            .header(header::CONTENT_TYPE, content_type)
            .body(Body::from(body.to_owned()))
            .unwrap();
        Ok(Params::read(request, false).await?.1)
    }

    fn text(value: &str) -> Param {
        Param::Text(vec![value.into()])
    }

    #[tokio::test]
    async fn parameters_are_found_wherever_they_are_whatever_the_content_type_says() {
        for content_type in [
            "application/json",
            "application/x-www-form-urlencoded",
            "text/plain",
            "application/octet-stream",
        ] {
            let json = read(content_type, "", r#"{"on":"SLACK","n":7}"#).await.unwrap();
            assert_eq!(json.get("on"), Some(&Param::Json("SLACK".into())), "{content_type}");
            assert_eq!(json.get("n"), Some(&Param::Json(7.into())));
            let form = read(content_type, "?q=1", "on=SLACK&with=%40me+too").await.unwrap();
            assert_eq!(form.get("on"), Some(&text("SLACK")), "{content_type}");
            assert_eq!(form.get("with"), Some(&text("@me too")));
            assert_eq!(form.get("q"), Some(&text("1")));
        }
    }

    #[tokio::test]
    async fn the_body_goes_before_the_query_and_lists_keep_their_order() {
        let params = read("", "?a=query&b=query", "a=body&ids[]=2&ids[]=1").await.unwrap();
        assert_eq!(params.get("a"), Some(&text("body")));
        assert_eq!(params.get("b"), Some(&text("query")));
        assert_eq!(params.get("ids"), Some(&Param::Text(vec!["2".into(), "1".into()])));
        let counted = read("", "", "ids%5B0%5D=2&ids[1]=1&[]=x&a[b]=c").await.unwrap();
        assert_eq!(counted.get("ids"), Some(&Param::Text(vec!["2".into(), "1".into()])));
        assert_eq!(counted.get("[]"), Some(&text("x")));
        assert_eq!(counted.get("a[b]"), Some(&text("c")));
    }

    #[tokio::test]
    async fn what_is_neither_json_nor_a_form_is_refused_by_its_kind() {
        for body in ["{\"on\":", "[1]", "\"text\"", "hello there", "=x", "a=%ff", "{\"a\":\"\\ud800\"}"] {
            assert!(matches!(read("application/json", "", body).await, Err(Error::Malformed(_))), "{body}");
        }
        for (content_type, body) in [("application/xml", "<a b=\"c\"/>"), ("image/png", "\u{1}\u{2}")] {
            let refused = read(content_type, "", body).await;
            assert!(matches!(refused, Err(Error::UnsupportedMediaType(_))), "{content_type}");
        }
        assert!(matches!(read("", "?a=%ff", "").await, Err(Error::Malformed(_))));
    }

    #[tokio::test]
    async fn a_body_of_nothing_has_no_parameters() {
        for nothing in ["", " \n", "{}", "[]", " [ ] "] {
            let params = read("application/json", "", nothing).await.unwrap();
            assert_eq!(params.get("a"), None, "{nothing:?}");
        }
    }
}
