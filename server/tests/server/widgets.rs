//! A widget's settings: changed through the API, seen by the loader and the panel at once.

use crate::support::{Answer, TestServer, request};
use axum::http::{Method, StatusCode, header};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use server::domain::Scope;
use shared::WidgetId;

async fn change(server: &TestServer, body: Value) -> Answer {
    let path = format!("/api/v1/widget/{}", server.demo.widget_id);
    server.call(request(Method::PATCH, &path, Some(&server.demo.api_token), Some(body))).await
}

async fn changed(server: &TestServer, body: Value) -> Value {
    let answer = change(server, body).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    answer.json()
}

/// The fields that a refusal names.
fn fields(answer: &Answer) -> Vec<String> {
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", answer.text());
    let body: Value = answer.json();
    let fields = body["detail"].as_array().unwrap().iter();
    fields.map(|field| field["loc"][1].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn what_is_left_out_stays_and_what_is_unknown_is_passed_over() {
    let server = TestServer::start().await;
    let before = changed(&server, json!({})).await;
    assert_eq!(changed(&server, json!({ "pigeon": 7, "id": "x", "domain": "other.example" })).await, before);
    let mut expected = before.clone();
    expected["radius"] = json!(0);
    expected["open_on_load"] = json!(true);
    assert_eq!(changed(&server, json!({ "radius": 0, "open_on_load": true })).await, expected);
    let read = server.get(&format!("/api/v1/widget/{}", server.demo.widget_id)).await;
    assert_eq!(read.json::<Value>(), expected);
    assert_eq!(changed(&server, json!({ "radius": null, "open_on_load": null })).await, before);
}

#[tokio::test]
async fn bounds_include_themselves_and_nothing_beyond() {
    let server = TestServer::start().await;
    for (name, bounds) in [
        ("radius", [0_i64, 32]),
        ("offset_x", [0, 400]),
        ("offset_y", [0, 400]),
        ("z_index", [1, 2_147_483_647]),
    ] {
        for bound in bounds {
            assert_eq!(changed(&server, json!({ name: bound })).await[name], json!(bound));
        }
        for beyond in [bounds[0] - 1, bounds[1] + 1, i64::MIN, i64::MAX] {
            assert_eq!(fields(&change(&server, json!({ name: beyond })).await), [name], "{beyond}");
        }
    }
}

#[tokio::test]
async fn everything_that_is_wrong_is_named_at_once_and_nothing_is_changed() {
    let server = TestServer::start().await;
    let before = changed(&server, json!({})).await;
    let wrong = json!({
        "name": " ", "allowed_domains": "*", "welcome_heading": "", "welcome_tagline": 7, "primary_color": "red",
        "show_online_badge": 1, "logo_url": "javascript:alert(1)", "color_scheme": "sepia", "radius": 1.5,
        "position": "left", "offset_x": -1, "offset_y": 401, "z_index": 0, "launcher": "", "launcher_label": "a\nb",
        "locale": "de_DE", "consent": "some", "open_on_load": "x", "sound": 0, "config": [],
    });
    let named = fields(&change(&server, wrong.clone()).await);
    assert_eq!(named.len(), wrong.as_object().unwrap().len(), "{named:?}");
    for name in &named {
        assert!(wrong.get(name).is_some(), "{name}");
    }
    for domain in
        ["*", "'none'", "https://a.example; script-src *", "https://a.example/path", "ftp://a.example"]
    {
        let answer = change(&server, json!({ "allowed_domains": ["a.example", domain] })).await;
        assert_eq!(fields(&answer), ["allowed_domains"], "{domain}");
    }
    let many: Vec<_> = (0..31).map(|n| format!("https://a{n}.example")).collect();
    assert_eq!(fields(&change(&server, json!({ "allowed_domains": many })).await), ["allowed_domains"]);
    assert_eq!(changed(&server, json!({})).await, before);
}

#[tokio::test]
async fn a_widget_is_changed_by_an_admin_of_its_own_company_alone() {
    let server = TestServer::start().await;
    let body = || Some(json!({ "radius": 0 }));
    let path = format!("/api/v1/widget/{}", server.demo.widget_id);
    let nowhere = format!("/api/v1/widget/{}", WidgetId(uuid::Uuid::from_u128(42)));
    let before = changed(&server, json!({})).await;
    let call = async |path: &str, token: Option<&str>| {
        server.call(request(Method::PATCH, path, token, body())).await
    };
    assert_eq!(call(&path, None).await.status, StatusCode::UNAUTHORIZED);
    let writer = server.token_of(server.demo.business_id, Scope::Write).await;
    assert_eq!(call(&path, Some(&writer)).await.status, StatusCode::FORBIDDEN);
    let (stranger, _) = server.other_company_with_token().await;
    let (foreign, unknown) = (call(&path, Some(&stranger)).await, call(&nowhere, Some(&stranger)).await);
    assert_eq!(foreign.status, StatusCode::NOT_FOUND);
    assert_eq!(foreign.body, unknown.body, "a foreign widget is told from one that never was");
    assert_eq!(changed(&server, json!({})).await, before);
}

#[tokio::test]
async fn the_loader_follows_at_once_and_what_browsers_keep_does_within_five_minutes() {
    let server = TestServer::start().await;
    let path = format!("/widget.js?id={}", server.demo.widget_id);
    let load = async |etag: Option<&str>| {
        let mut ask = request(Method::GET, &path, None, None);
        if let Some(etag) = etag {
            ask.headers_mut().insert(header::IF_NONE_MATCH, etag.parse().unwrap());
        }
        server.call(ask).await
    };
    let before = load(None).await;
    assert!(before.header(header::CACHE_CONTROL).split(", ").any(|part| part == "max-age=300"));
    assert_eq!(load(Some(before.header(header::ETAG))).await.status, StatusCode::NOT_MODIFIED);

    changed(&server, json!({ "position": "start", "launcher_label": "</script>\u{2028}", "offset_x": 0 }))
        .await;
    let after = load(Some(before.header(header::ETAG))).await;
    assert_eq!(after.status, StatusCode::OK, "a changed loader is another one");
    assert_ne!(after.header(header::ETAG), before.header(header::ETAG));
    assert!(!after.text().contains("</script>"), "a text never ends a script");

    changed(&server, json!({ "position": null, "launcher_label": null, "offset_x": null })).await;
    assert_eq!(load(None).await.header(header::ETAG), before.header(header::ETAG));
}

#[tokio::test]
async fn the_panel_follows_at_once_in_its_settings_and_in_who_may_frame_it() {
    let server = TestServer::start().await;
    let settings = format!("/widget/v1/widgets/{}", server.demo.widget_id);
    changed(
        &server,
        json!({ "consent": "none", "welcome_heading": "Hi", "allowed_domains": ["https://a.example"] }),
    )
    .await;
    let panel: Value = server.get(&settings).await.json();
    assert_eq!((&panel["consent"], &panel["heading"]), (&json!("none"), &json!("Hi")));
    assert_eq!(panel.get("sound"), None, "what is as it is by default is not written");
    let document = server.get(&format!("/panel/{}", server.demo.widget_id)).await;
    // Natively built tests may run before the panel was.
    if document.status == StatusCode::OK {
        let policy = document.header(header::CONTENT_SECURITY_POLICY);
        assert!(policy.ends_with("frame-ancestors 'self' https://a.example"), "{policy}");
        assert!(document.text().contains(r#""consent":"none""#));
    }
    changed(&server, json!({ "allowed_domains": [] })).await;
    let document = server.get(&format!("/panel/{}", server.demo.widget_id)).await;
    if document.status == StatusCode::OK {
        assert!(document.header(header::CONTENT_SECURITY_POLICY).ends_with("frame-ancestors 'self'"));
    }
}

#[tokio::test]
async fn an_identity_secret_is_made_on_request_and_replaced() {
    let server = TestServer::start().await;
    let (company, widget) = (server.demo.business_id, server.demo.widget_id);
    let administration = &server.app.administration;
    assert_eq!(administration.identity_secret(widget).await.unwrap(), None);
    let first = administration.make_identity_secret(company, widget).await.unwrap();
    assert_eq!(administration.identity_secret(widget).await.unwrap(), Some(first.clone()));
    let second = administration.make_identity_secret(company, widget).await.unwrap();
    assert_ne!(first, second);
    assert_eq!(administration.identity_secret(widget).await.unwrap(), Some(second.clone()));
    for path in
        [format!("/widget.js?id={widget}"), format!("/api/v1/widget/{widget}"), format!("/panel/{widget}")]
    {
        assert!(!server.get(&path).await.text().contains(second.reveal()), "{path}");
    }
    let (_, other) = server.other_company_with_token().await;
    assert!(administration.make_identity_secret(company, other).await.is_err(), "another company's widget");
}

/// What the playground calls a widget that is to look different.
fn preview(server: &TestServer, settings: &str) -> String {
    format!("{}~{}", server.demo.widget_id, URL_SAFE_NO_PAD.encode(settings))
}

#[tokio::test]
async fn a_preview_shows_other_settings_and_changes_none() {
    let server = TestServer::start().await;
    let before = changed(&server, json!({})).await;
    let name =
        preview(&server, "primary_color=%23101010&welcome_heading=Hi+there&allowed_domains=evil.example");
    let loader = server.get(&format!("/widget.js?id={name}")).await;
    assert!(loader.text().contains("#101010") && loader.text().contains("Hi there"), "{}", loader.text());
    assert!(loader.text().contains(&format!("\"id\":\"{name}\"")), "the panel is to show the same");
    let panel = server.get(&format!("/panel/{name}")).await;
    if panel.status == StatusCode::OK {
        assert!(
            panel.text().contains(&format!("\"id\":\"{}\",\"heading\":\"Hi there\"", server.demo.widget_id))
        );
        assert!(!panel.header(header::CONTENT_SECURITY_POLICY).contains("evil.example"));
    }
    assert_eq!(changed(&server, json!({})).await, before);
    for nonsense in ["radius=33", "primary_color=red", "%ff=1"] {
        let answer = server.get(&format!("/widget.js?id={}", preview(&server, nonsense))).await;
        assert!(answer.text().starts_with("console.warn("), "{nonsense}");
    }
    let answer = server.get(&format!("/widget.js?id={}~***", server.demo.widget_id)).await;
    assert!(answer.text().starts_with("console.warn("));
}
