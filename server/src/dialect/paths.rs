//! Addresses as clients write them, to addresses as the router has them: no doubled slash, none at the end, and the iRiS
//! paths in their own letter case. Nothing is redirected, for clients drop bodies on redirects.

use axum::http::{Request, Uri, uri::PathAndQuery};

/// The words of iRiS paths. Any letter case of them is meant.
const IRIS_WORDS: [&str; 11] = [
    "API",
    "V40",
    "System",
    "Session",
    "Initialise",
    "InitialiseByRoom",
    "Interactive",
    "Messages",
    "Conversations",
    "NonVerifiedGuestConversations",
    "MarkRead",
];

/// Gives a request the address that the router knows.
pub fn normalize<B>(mut request: Request<B>) -> Request<B> {
    if let Some(path) = normal_path(request.uri().path()) {
        let query = request.uri().query().map_or(String::new(), |query| format!("?{query}"));
        if let Ok(path_and_query) = PathAndQuery::try_from(format!("{path}{query}")) {
            let mut parts = request.uri().clone().into_parts();
            parts.path_and_query = Some(path_and_query);
            if let Ok(uri) = Uri::from_parts(parts) {
                *request.uri_mut() = uri;
            }
        }
    }
    request
}

/// The normal form of a path; nothing for one that has it.
fn normal_path(path: &str) -> Option<String> {
    let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
    let is_iris = segments.len() >= 2
        && segments[0].eq_ignore_ascii_case("api")
        && segments[1].eq_ignore_ascii_case("v40");
    let mut normal = String::with_capacity(path.len());
    for segment in &segments {
        let word = IRIS_WORDS.iter().find(|word| is_iris && word.eq_ignore_ascii_case(segment));
        normal.push('/');
        normal.push_str(word.unwrap_or(segment));
    }
    if normal.is_empty() {
        normal.push('/');
    }
    (normal != path).then_some(normal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slashes_and_the_case_of_iris_paths_do_not_matter() {
        for (path, normal) in [
            ("/api/v1/conversations/", "/api/v1/conversations"),
            ("//api///v1/conversations//", "/api/v1/conversations"),
            ("/", "/"),
            ("//", "/"),
            ("/api/v40/interactive/MESSAGES/conversations/", "/API/V40/Interactive/Messages/Conversations"),
            (
                "/API/V40/Interactive/Messages/Conversations/aBc",
                "/API/V40/Interactive/Messages/Conversations/aBc",
            ),
            ("/api/v1/Conversations", "/api/v1/Conversations"),
        ] {
            assert_eq!(normal_path(path).as_deref().unwrap_or(path), normal, "{path}");
        }
    }

    #[test]
    fn the_query_stays_as_it_was() {
        let request = Request::get("/p1//companies/?per=1&x=//").body(()).unwrap();
        assert_eq!(normalize(request).uri(), "/p1/companies?per=1&x=//");
    }
}
