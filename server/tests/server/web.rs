//! What browsers fetch: the loader, the panel, the demo, health.

use crate::support::TestServer;
use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};

#[tokio::test]
async fn the_loader_comes_with_the_widgets_settings() {
    let server = TestServer::start().await;
    let answer = server.get(&format!("/widget.js?id={}", server.demo.widget_id)).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(answer.header(header::CONTENT_TYPE).starts_with("text/javascript"));
    assert!(answer.header(header::CACHE_CONTROL).contains("stale-while-revalidate"));
    assert!(answer.text().contains("\"heading\":\"Chat with us\""));
    assert!(!answer.text().contains("__PORCHLIGHT_SETTINGS__"));
}

#[tokio::test]
async fn a_loader_that_the_browser_has_is_not_sent_again() {
    let server = TestServer::start().await;
    let path = format!("/widget.js?id={}", server.demo.widget_id);
    let first = server.get(&path).await;
    let again = Request::get(&path).header(header::IF_NONE_MATCH, first.header(header::ETAG));
    let again = server.call(again.body(Body::empty()).unwrap()).await;
    assert_eq!(again.status, StatusCode::NOT_MODIFIED);
    assert_eq!(again.body, b"");
}

#[tokio::test]
async fn the_loader_is_compressed_as_the_browser_asks() {
    let server = TestServer::start().await;
    let path = format!("/widget.js?id={}", server.demo.widget_id);
    let plain = server.get(&path).await;
    for (asked, given) in [("gzip, br", "br"), ("gzip", "gzip"), ("identity", "")] {
        let request = Request::get(&path).header(header::ACCEPT_ENCODING, asked).body(Body::empty()).unwrap();
        let answer = server.call(request).await;
        assert_eq!(answer.header(header::CONTENT_ENCODING), given);
        assert_eq!(answer.body.len() < plain.body.len(), !given.is_empty());
    }
}

#[tokio::test]
async fn a_loader_of_an_unknown_widget_warns_and_does_nothing_else() {
    let server = TestServer::start().await;
    for id in ["01900000-0000-7000-8000-00000000dead", "nonsense", "", "%3C/script%3E"] {
        let answer = server.get(&format!("/widget.js?id={id}")).await;
        assert_eq!(answer.status, StatusCode::OK, "a browser runs no script that comes with another status");
        assert_eq!(answer.text().matches("console.warn(").count(), 1);
        assert!(answer.text().len() < 100, "{}", answer.text());
    }
}

#[tokio::test]
async fn the_panel_is_only_for_its_widgets_pages() {
    let server = TestServer::start().await;
    let answer = server.get(&format!("/panel/{}", server.demo.widget_id)).await;
    // Natively built tests may run before the panel was; then the answer says so.
    if answer.status == StatusCode::SERVICE_UNAVAILABLE {
        assert!(answer.text().contains("not built"));
    } else {
        let policy = answer.header(header::CONTENT_SECURITY_POLICY);
        assert!(policy.ends_with("frame-ancestors 'self' http://127.0.0.1:* http://localhost:*"), "{policy}");
        assert!(answer.text().contains("id=\"settings\""));
        for id in ["01900000-0000-7000-8000-00000000dead", "nonsense"] {
            assert_eq!(server.get(&format!("/panel/{id}")).await.status, StatusCode::NOT_FOUND);
        }
    }
}

#[tokio::test]
async fn health_is_told_and_a_server_that_stops_is_not_ready() {
    let server = TestServer::start().await;
    assert_eq!(server.get("/healthz").await.status, StatusCode::OK);
    assert_eq!(server.get("/readyz").await.status, StatusCode::OK);
    server.app.live.drain();
    assert_eq!(server.get("/readyz").await.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(server.get("/healthz").await.status, StatusCode::OK);
}

#[tokio::test]
async fn the_demo_page_holds_the_snippet() {
    let server = TestServer::start().await;
    for path in ["/demo", "/demo/second"] {
        let answer = server.get(path).await;
        let snippet = format!("src=\"/widget.js?id={}\"", server.demo.widget_id);
        assert!(answer.text().contains(&snippet));
    }
    let playground = server.get("/demo/playground").await;
    assert!(playground.text().contains(&server.demo.widget_id.to_string()));
    let policy = playground.header(header::CONTENT_SECURITY_POLICY);
    assert!(policy.contains("script-src 'self';") && !policy.contains("unsafe"), "{policy}");
    assert_eq!(server.get("/demo/style.css").await.header(header::CONTENT_TYPE), "text/css; charset=utf-8");
    assert_eq!(server.get("/assets/nothing.js").await.status, StatusCode::NOT_FOUND);
}
