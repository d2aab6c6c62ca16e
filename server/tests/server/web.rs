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
    assert!(!answer.text().contains("__PORCHLIGHT"));
}

#[tokio::test]
async fn the_loader_is_a_script_that_calls_itself_and_a_module_that_exports_the_same() {
    let server = TestServer::start().await;
    let path = format!("/widget.js?id={}", server.demo.widget_id);
    let script = server.get(&path).await.text();
    let module = server.get(&format!("{path}&module")).await.text();
    let function = module.strip_prefix("export default ").unwrap();
    let called = script.strip_prefix(function).unwrap();
    assert!(called.starts_with("(document.currentScript)"), "{called}");
    let unknown = server.get("/widget.js?module&id=nonsense").await.text();
    assert!(unknown.starts_with("export default()=>{") && unknown.contains("console.warn("), "{unknown}");
}

#[tokio::test]
async fn the_loader_is_told_what_differs_from_the_default_by_the_names_that_a_page_would_use() {
    let server = TestServer::start().await;
    let loader = async || server.get(&format!("/widget.js?id={}", server.demo.widget_id)).await.text();
    let plain = loader().await;
    for name in ["offset", "\"zIndex", "\"position", "\"sound", "tagline", "\"consent"] {
        assert!(!plain.contains(&format!("{name}\":")), "{name}");
    }
    let path = format!("/api/v1/widget/{}", server.demo.widget_id);
    let wanted = serde_json::json!({
        "position": "start", "offset_y": 44, "z_index": 7, "radius": 3, "launcher": "#help", "launcher_label": "Ask",
        "locale": "de", "color_scheme": "dark", "consent": "session", "open_on_load": true, "sound": false,
    });
    let request = Request::patch(path)
        .header(header::AUTHORIZATION, format!("Bearer {}", server.demo.api_token))
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(wanted.to_string()))
        .unwrap();
    assert_eq!(server.call(request).await.status, StatusCode::OK);
    let told = loader().await;
    for part in [
        r#""position":"start""#,
        r#""offset":{"y":44}"#,
        r#""zIndex":7"#,
        r#""radius":3"#,
        r##""launcher":"#help""##,
        r#""launcherLabel":"Ask""#,
        r#""locale":"de""#,
        r#""colorScheme":"dark""#,
        r#""consent":"session""#,
        r#""openOnLoad":true"#,
    ] {
        assert!(told.contains(part), "{part}");
    }
    assert!(!told.contains("sound\":"));
}

#[tokio::test]
async fn what_the_loader_imports_is_kept_for_ever_under_a_name_of_its_content() {
    let server = TestServer::start().await;
    let loader = server.get(&format!("/widget.js?id={}", server.demo.widget_id)).await.text();
    let name = loader.split("/assets/").nth(1).and_then(|rest| rest.split(['"', '`', '\'']).next()).unwrap();
    let answer = server.get(&format!("/assets/{name}")).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(answer.header(header::CACHE_CONTROL).contains("immutable"));
    assert!(answer.header(header::CONTENT_TYPE).starts_with("text/javascript"));
}

#[tokio::test]
async fn a_loader_without_an_id_is_one_that_looks_for_it() {
    let server = TestServer::start().await;
    let answer = server.get("/widget.js").await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(answer.text().contains("PingBackWidgetId"));
    assert!(answer.text().len() < 500, "{}", answer.text());
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
