//! Pages of other origins, in the browsers of people who use ours.

use crate::support::{Answer, TestServer, request};
use axum::{
    body::Body,
    http::{HeaderName, HeaderValue, Method, Request, StatusCode, header},
};
use serde_json::{Value, json};
use shared::ConversationList;

/// What browsers say of a page that is not ours.
const FOREIGN: [(&str, &str); 4] = [
    ("origin", "https://evil.example"),
    ("origin", "null"),
    ("sec-fetch-site", "cross-site"),
    ("sec-fetch-site", "same-site"),
];

async fn call_from(server: &TestServer, page: (&str, &str), mut request: Request<Body>) -> Answer {
    let name = HeaderName::try_from(page.0).unwrap();
    request.headers_mut().insert(name, HeaderValue::from_str(page.1).unwrap());
    request.headers_mut().insert(header::HOST, HeaderValue::from_static("test"));
    server.call(request).await
}

#[tokio::test]
async fn whatever_a_foreign_page_asks_of_the_panels_api_is_refused_before_anything_is_done() {
    let server = TestServer::start().await;
    let visitor = server.visitor().await;
    let conversation = visitor.start("Hello").await.conversation.id;
    let token = visitor.session.access_token.as_str();
    let refresh = visitor.session.refresh_token.as_str();
    let message = format!("/conversations/{conversation}/messages/{}", server.client_id());
    let calls: [(Method, String, &str, Option<Value>); 10] = [
        (Method::POST, "/sessions".into(), "", Some(json!({ "widget_id": server.demo.widget_id }))),
        (Method::POST, "/sessions/refresh".into(), refresh, None),
        (
            Method::POST,
            "/conversations".into(),
            token,
            Some(json!({ "client_id": server.client_id(), "content": "forged" })),
        ),
        (Method::PUT, message, token, Some(json!({ "content": "forged" }))),
        (Method::PUT, format!("/conversations/{conversation}/read"), token, Some(json!({ "seq": 1 }))),
        (
            Method::POST,
            format!("/conversations/{conversation}/typing"),
            token,
            Some(json!({ "typing": true })),
        ),
        (Method::POST, "/attachments?name=a.txt".into(), token, Some(json!("forged"))),
        (Method::GET, "/stream".into(), token, None),
        (Method::GET, "/conversations".into(), token, None),
        (Method::GET, "/nothing".into(), token, None),
    ];
    for page in FOREIGN {
        for (method, path, token, body) in &calls {
            let path = format!("/widget/v1{path}");
            let call = request(method.clone(), &path, Some(token), body.clone());
            let refused = call_from(&server, page, call).await;
            assert_eq!(refused.refused(StatusCode::FORBIDDEN), "origin_refused", "{page:?} {path}");
        }
    }
    // Nothing was stored, nothing was spent, and nobody else was harmed.
    let list: ConversationList = visitor.call(Method::GET, "/conversations", None).await.json();
    assert_eq!(list.conversations.len(), 1);
    assert_eq!(list.conversations[0].last_seq, 1);
    assert_eq!(list.conversations[0].customer_read_seq, 0);
    let own_page = ("origin", "http://test");
    let renewed = request(Method::POST, "/widget/v1/sessions/refresh", Some(refresh), None);
    assert_eq!(call_from(&server, own_page, renewed).await.status, StatusCode::OK);
}

#[tokio::test]
async fn our_own_page_may_send_and_listen() {
    let server = TestServer::start().await;
    let visitor = server.visitor().await;
    for page in [("origin", "http://test"), ("sec-fetch-site", "same-origin"), ("sec-fetch-site", "none")] {
        let body = json!({ "client_id": server.client_id(), "content": "Hello" });
        let token = Some(visitor.session.access_token.as_str());
        let start = request(Method::POST, "/widget/v1/conversations", token, Some(body));
        assert_eq!(call_from(&server, page, start).await.status, StatusCode::CREATED, "{page:?}");
        let stream = request(Method::GET, "/widget/v1/stream", token, None);
        assert_eq!(call_from(&server, page, stream).await.status, StatusCode::OK, "{page:?}");
    }
}

#[tokio::test]
async fn a_foreign_page_makes_nothing_happen_in_mock_mode() {
    let server = TestServer::start().await;
    let token = server.demo.api_token.as_str();
    let body = json!({ "channel": "whatsapp", "phone": "79250000001", "text": "Hello" });
    for page in FOREIGN {
        let call = request(Method::POST, "/mock/reset", Some(token), Some(body.clone()));
        let refused = call_from(&server, page, call).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{page:?}: {}", refused.text());
        assert_eq!(refused.json::<Value>()["error"]["code"], "forbidden");
    }
    let call = request(Method::POST, "/mock/reset", Some(token), None);
    let allowed = call_from(&server, ("origin", "http://test"), call).await;
    assert_ne!(allowed.status, StatusCode::FORBIDDEN, "{}", allowed.text());
}

#[tokio::test]
async fn a_conversation_api_asks_for_a_token_and_not_where_a_request_comes_from() {
    let server = TestServer::start().await;
    let page = ("origin", "https://console.example");
    let call = request(Method::GET, "/api/v1/conversations", Some(&server.demo.api_token), None);
    let answer = call_from(&server, page, call).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.header(header::ACCESS_CONTROL_ALLOW_ORIGIN), "", "a page there can't read it");
    let call = request(Method::GET, "/api/v1/conversations", None, None);
    assert_eq!(call_from(&server, page, call).await.status, StatusCode::UNAUTHORIZED);
}
