//! Which web site's page a request comes from, as its browser tells it.
//!
//! A browser sends no credential of ours by itself: there are no cookies, and tokens travel in a header that a page has to
//! know. So a foreign page that makes a browser ask can ask no more than its own server could, and this check is a
//! second wall. It stands before whatever a page in a browser is meant to call: `/widget/v1`, with its stream and uploads,
//! and `/mock`. It does not stand before the conversation APIs. They are called by servers, which have no origin to tell, or
//! hand on the `Origin` of a browser of their own; what they may do is said by the token and by nothing else. For pages
//! elsewhere their answers are unreadable all the same, since no answer of theirs allows another origin.

use http::{HeaderMap, HeaderName, HeaderValue, header};
use url::{Origin, Url};

/// Written by browsers, and by no page: how the page that asks is related to the address it asks.
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The origin that our own pages have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnOrigin(String);

impl OwnOrigin {
    /// The origin of the address that clients reach this server at.
    pub fn of(public_url: &str) -> Self {
        let origin = Url::parse(public_url).ok().map(|url| url.origin()).filter(Origin::is_tuple);
        Self(origin.map(|origin| origin.ascii_serialization()).unwrap_or_default())
    }

    /// Whether a page of another origin asks. A request that says nothing of a page comes from none: browsers have told the
    /// origin of every request that changes something for longer than they have been able to run the panel.
    pub fn is_foreign(&self, headers: &HeaderMap) -> bool {
        // Asked first, for the browser compares with the address it sees itself. A proxy may have changed the Host.
        let mut sites = headers.get_all(SEC_FETCH_SITE).iter().peekable();
        if sites.peek().is_some() {
            return !sites.all(|site| site == "same-origin" || site == "none");
        }
        headers.get_all(header::ORIGIN).iter().any(|origin| !self.is_own(origin, headers.get(header::HOST)))
    }

    /// Where browsers don't say `Sec-Fetch-Site` (old ones, and all on a plain HTTP address), the page's host must be the one
    /// that it asks. A page cannot choose the Host of its requests, and by DNS it can only make its own name ours, under
    /// which it has none of our storage.
    fn is_own(&self, origin: &HeaderValue, host: Option<&HeaderValue>) -> bool {
        let Ok(origin) = origin.to_str() else { return false };
        if !self.0.is_empty() && origin.eq_ignore_ascii_case(&self.0) {
            return true;
        }
        let page_host = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
        let asked_host = host.and_then(|host| host.to_str().ok()).filter(|host| !host.is_empty());
        page_host.zip(asked_host).is_some_and(|(page, asked)| page.eq_ignore_ascii_case(asked))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_foreign(headers: &[(&'static str, &str)]) -> bool {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
        }
        OwnOrigin::of("https://chat.example.com/").is_foreign(&map)
    }

    #[test]
    fn our_own_pages_and_programs_may_ask() {
        for own in [
            &[][..],
            &[("host", "chat.example.com")],
            &[("sec-fetch-site", "same-origin")],
            &[("sec-fetch-site", "none")],
            &[("origin", "https://chat.example.com")],
            &[("origin", "https://CHAT.example.com"), ("host", "10.0.0.7:8787")],
            &[("origin", "http://127.0.0.1:8787"), ("host", "127.0.0.1:8787")],
            // A development server between, which the browser takes for the server.
            &[("origin", "http://127.0.0.1:8080"), ("host", "127.0.0.1"), ("sec-fetch-site", "same-origin")],
        ] {
            assert!(!is_foreign(own), "{own:?}");
        }
    }

    #[test]
    fn pages_of_other_origins_may_not_however_near_they_are() {
        for foreign in [
            &[("origin", "https://evil.example")][..],
            &[("origin", "https://evil.example"), ("host", "chat.example.com")],
            &[("origin", "https://chat.example.com.evil.example"), ("host", "chat.example.com")],
            &[("origin", "https://evil-chat.example.com"), ("host", "chat.example.com")],
            &[("origin", "https://chat.example.com:8443"), ("host", "chat.example.com")],
            &[("origin", "http://chat.example.com")],
            &[("origin", "null"), ("host", "chat.example.com")],
            &[("origin", "null"), ("host", "null")],
            &[("origin", ""), ("host", "")],
            &[("origin", "file://"), ("host", "chat.example.com")],
            &[("origin", "https://chat.example.com"), ("origin", "https://evil.example")],
            &[("sec-fetch-site", "cross-site")],
            &[("sec-fetch-site", "same-site")],
            &[("sec-fetch-site", "cross-site"), ("origin", "https://chat.example.com")],
            &[("sec-fetch-site", "same-origin"), ("sec-fetch-site", "cross-site")],
            &[("sec-fetch-site", "")],
        ] {
            assert!(is_foreign(foreign), "{foreign:?}");
        }
    }

    #[test]
    fn an_address_that_is_none_makes_no_origin_ours() {
        let own = OwnOrigin::of("nonsense");
        let mut headers = HeaderMap::new();
        headers.insert(header::ORIGIN, HeaderValue::from_static(""));
        assert!(own.is_foreign(&headers));
        headers.insert(header::ORIGIN, HeaderValue::from_static("null"));
        assert!(OwnOrigin::of("data:,").is_foreign(&headers));
    }
}
