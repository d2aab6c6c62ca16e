//! What every answer says to browsers. The routes are taken from the router's own text and from the OpenAPI document, so that
//! a new one is walked without being named here.

use crate::support::{Answer, TestServer};
use axum::{
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use std::collections::BTreeSet;

const ROUTER: &str = include_str!("../../src/router.rs");
const METHODS: [Method; 6] =
    [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS];

/// The addresses in the router's text: those of the panel's API stand in it before the place where it is nested.
fn addresses_in_the_router() -> BTreeSet<String> {
    let (panels, others) = ROUTER.split_once("let mut dialects").expect("the panel's API comes first");
    let routes = |text: &str, base: &str| -> Vec<String> {
        let calls = text.split(".route(").skip(1);
        let quoted = calls.map(|call| call.split('"').nth(1).expect("a route's address").to_owned());
        quoted.map(|path| format!("{base}{path}")).collect()
    };
    let mut found = BTreeSet::from_iter(routes(panels, "/widget/v1"));
    assert!(found.len() >= 9, "{found:?}");
    let others = routes(others, "");
    assert!(others.len() >= 11, "{others:?}");
    found.extend(others);
    found
}

/// An address with something in the place of its parameters: what is there, where there is something.
fn with_values(server: &TestServer, path: &str) -> String {
    let mut address = String::new();
    for piece in path.split_inclusive('}') {
        let (before, parameter) = piece.split_once('{').unwrap_or((piece, ""));
        address.push_str(before);
        match parameter {
            "" => {}
            "widget}" => address.push_str(&server.demo.widget_id.to_string()),
            _ => address.push_str("01900000-0000-7000-8000-00000000dead"),
        }
    }
    address
}

#[track_caller]
fn assert_protected(answer: &Answer, what: &str) {
    assert_eq!(answer.header(header::X_CONTENT_TYPE_OPTIONS), "nosniff", "{what}");
    assert_eq!(answer.header(header::REFERRER_POLICY), "no-referrer", "{what}");
    let policy = answer.header(header::CONTENT_SECURITY_POLICY);
    assert!(policy.starts_with("default-src 'none'"), "{what}: {policy:?}");
    assert!(!policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'"), "{what}: {policy:?}");
    assert!(policy.contains("frame-ancestors") || policy.ends_with("sandbox"), "{what}: {policy:?}");
    let allowed = answer.header(header::ACCESS_CONTROL_ALLOW_ORIGIN);
    let is_for_everybody = ["GET /openapi.json", "GET /widget.js", "GET /porchlight.js"].contains(&what);
    assert_eq!(allowed, if is_for_everybody { "*" } else { "" }, "{what}");
    for name in [
        header::ACCESS_CONTROL_ALLOW_CREDENTIALS,
        header::ACCESS_CONTROL_ALLOW_HEADERS,
        header::ACCESS_CONTROL_ALLOW_METHODS,
        header::SET_COOKIE,
    ] {
        assert_eq!(answer.header(&name), "", "{what}: {name}");
    }
}

#[tokio::test]
async fn every_answer_of_every_route_protects_itself_and_allows_no_other_origin() {
    let server = TestServer::start().await;
    let mut addresses = addresses_in_the_router();
    let document: serde_json::Value = server.get("/openapi.json").await.json();
    addresses.extend(document["paths"].as_object().unwrap().keys().cloned());
    addresses.extend(["/", "/nothing", "/widget/v1/nothing", "/api/v1/nothing"].map(String::from));
    assert!(addresses.len() > 60, "{addresses:?}");
    for address in addresses {
        let address = with_values(&server, &address);
        for method in METHODS {
            let request = Request::builder()
                .method(method.clone())
                .uri(&address)
                .header(header::HOST, "test")
                .header(header::ORIGIN, "http://test")
                .header(header::AUTHORIZATION, format!("Bearer {}", server.demo.api_token));
            let answer = server.call(request.body(Body::empty()).unwrap()).await;
            assert_protected(&answer, &format!("{method} {address}"));
        }
    }
}

#[tokio::test]
async fn a_stream_and_a_file_and_what_is_unchanged_protect_themselves_too() {
    let server = TestServer::start().await;
    let visitor = server.visitor().await;
    let stream = visitor.call(Method::GET, "/stream", None).await;
    assert_eq!(stream.header(header::CONTENT_TYPE), "text/event-stream");
    assert_protected(&stream, "the stream");
    assert_eq!(stream.header("cross-origin-resource-policy"), "same-origin");

    let upload = Request::post("/widget/v1/attachments?name=a.txt")
        .header(header::AUTHORIZATION, format!("Bearer {}", visitor.session.access_token));
    let uploaded = server.call(upload.body(Body::from("text")).unwrap()).await;
    let uploaded: shared::Attachment = uploaded.json();
    let file = server.get(&uploaded.url).await;
    assert_eq!(file.header(header::CONTENT_SECURITY_POLICY), "default-src 'none'; sandbox");
    assert_protected(&file, "a file");
    let known = Request::get(&uploaded.url).header(header::IF_NONE_MATCH, file.header(header::ETAG));
    let unchanged = server.call(known.body(Body::empty()).unwrap()).await;
    assert_eq!(unchanged.status, StatusCode::NOT_MODIFIED);
    // A browser takes the headers of a 304 in the place of those it has kept.
    assert_eq!(unchanged.header(header::CONTENT_SECURITY_POLICY), "default-src 'none'; sandbox");
}

#[tokio::test]
async fn pages_of_other_origins_may_include_the_scripts_for_pages_and_nothing_else() {
    let server = TestServer::start().await;
    let loader = format!("/widget.js?id={}", server.demo.widget_id);
    let page = named_asset(&server.get(&loader).await.text(), "page-");
    let extras = named_asset(&server.get(&page).await.text(), "extras-");
    for (path, is_for_pages) in [
        (loader.clone(), true),
        (format!("{loader}&module"), true),
        ("/widget.js".into(), true),
        ("/widget.js?id=nonsense".into(), true),
        ("/porchlight.js".into(), true),
        (page, true),
        (extras, true),
        ("/demo".into(), false),
        ("/openapi.json".into(), false),
        (format!("/widget/v1/widgets/{}", server.demo.widget_id), false),
    ] {
        let answer = server.get(&path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}");
        let policy = if is_for_pages { "cross-origin" } else { "same-origin" };
        assert_eq!(answer.header("cross-origin-resource-policy"), policy, "{path}");
        if is_for_pages {
            assert_eq!(answer.header(header::ACCESS_CONTROL_ALLOW_ORIGIN), "*", "{path}");
        }
    }
}

/// The address of the file that a script imports.
fn named_asset(script: &str, prefix: &str) -> String {
    let start = script.find(prefix).unwrap_or_else(|| panic!("no {prefix} in {script}"));
    let name: String =
        script[start..].chars().take_while(|c| c.is_ascii_alphanumeric() || "-.".contains(*c)).collect();
    format!("/assets/{name}")
}
