//! Whatever a client sends: a clear refusal of its own kind, nothing lost, never a 5xx.

use crate::support::{TestServer, Visitor, request};
use axum::{
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use serde_json::{Value, json};
use shared::limits::{BODY_MAX_BYTES, TEXT_MAX_BYTES};

/// A `PUT` of a message with these bytes as its body.
async fn put_bytes(
    server: &TestServer,
    visitor: &Visitor<'_>,
    content_type: &str,
    body: Vec<u8>,
) -> crate::support::Answer {
    let conversation = visitor.start("Hello").await.conversation.id;
    let path = format!("/widget/v1/conversations/{conversation}/messages/{}", server.client_id());
    let mut request =
        Request::put(path).header(header::AUTHORIZATION, format!("Bearer {}", visitor.session.access_token));
    if !content_type.is_empty() {
        request = request.header(header::CONTENT_TYPE, content_type);
    }
    server.call(request.body(Body::from(body)).unwrap()).await
}

#[tokio::test]
async fn a_body_that_is_not_the_documented_json_is_named_malformed() {
    let server = TestServer::start().await;
    let visitor = server.visitor().await;
    for body in [
        "",
        "{",
        "null",
        "[]",
        "\"text\"",
        "{}",
        r#"{"content":null}"#,
        r#"{"content":7}"#,
        r#"{"content":["x"]}"#,
        r#"{"content":"\ud800"}"#,
        "{\"content\":\"\u{1}\"}",
        "content=hello",
    ] {
        let answer = put_bytes(&server, &visitor, "application/json", body.into()).await;
        assert_eq!(answer.refused(StatusCode::BAD_REQUEST), "malformed_body", "{body}");
    }
    let not_utf8 = put_bytes(&server, &visitor, "application/json", b"{\"content\":\"\xff\"}".to_vec()).await;
    assert_eq!(not_utf8.refused(StatusCode::BAD_REQUEST), "malformed_body");
    let deep = put_bytes(&server, &visitor, "application/json", "[".repeat(60_000).into()).await;
    assert_eq!(deep.refused(StatusCode::BAD_REQUEST), "malformed_body");
}

#[tokio::test]
async fn unknown_fields_are_ignored_and_a_charset_is_no_other_type() {
    let server = TestServer::start().await;
    let visitor = server.visitor().await;
    let body = br#"{"content":"Hi","sender_type":"agent","seq":99}"#.to_vec();
    let answer = put_bytes(&server, &visitor, "Application/JSON; charset=utf-8", body).await;
    assert_eq!(answer.status, StatusCode::CREATED);
    assert_eq!(answer.json::<Value>()["sender"], json!({ "type": "customer" }));
}

#[tokio::test]
async fn a_body_of_another_type_is_refused_as_such() {
    let server = TestServer::start().await;
    let visitor = server.visitor().await;
    for content_type in ["", "text/plain", "application/x-www-form-urlencoded", "application/jsonx"] {
        let answer = put_bytes(&server, &visitor, content_type, br#"{"content":"Hi"}"#.to_vec()).await;
        assert_eq!(
            answer.refused(StatusCode::UNSUPPORTED_MEDIA_TYPE),
            "unsupported_media_type",
            "{content_type}"
        );
    }
}

#[tokio::test]
async fn a_body_may_be_as_large_as_the_limit_and_not_a_byte_more() {
    let server = TestServer::start().await;
    let visitor = server.visitor().await;
    let padded = |n_bytes: usize| {
        let body = r#"{"content":"Hi"}"#;
        [body.as_bytes(), &vec![b' '; n_bytes - body.len()]].concat()
    };
    for (n_bytes, status) in [
        (BODY_MAX_BYTES - 1, StatusCode::CREATED),
        (BODY_MAX_BYTES, StatusCode::CREATED),
        (BODY_MAX_BYTES + 1, StatusCode::PAYLOAD_TOO_LARGE),
    ] {
        let answer = put_bytes(&server, &visitor, "application/json", padded(n_bytes)).await;
        assert_eq!(answer.status, status, "{n_bytes}");
    }
    let answer = put_bytes(&server, &visitor, "application/json", padded(BODY_MAX_BYTES + 1)).await;
    assert_eq!(answer.refused(StatusCode::PAYLOAD_TOO_LARGE), "body_too_large");
}

#[tokio::test]
async fn text_may_be_as_long_as_the_limit_and_not_a_byte_more() {
    let server = TestServer::start().await;
    let visitor = server.visitor().await;
    let conversation = visitor.start("Hello").await.conversation.id;
    for (n_bytes, is_accepted) in
        [(TEXT_MAX_BYTES - 1, true), (TEXT_MAX_BYTES, true), (TEXT_MAX_BYTES + 1, false)]
    {
        let answer = visitor.send(conversation, server.client_id(), &"a".repeat(n_bytes)).await;
        if is_accepted {
            assert_eq!(answer.status, StatusCode::CREATED);
        } else {
            assert_eq!(answer.refused(StatusCode::UNPROCESSABLE_ENTITY), "invalid_fields");
            assert_eq!(answer.json::<Value>()["error"]["fields"][0]["field"], "content");
        }
    }
    // A text of the limit whose every character is escaped still fits into a body.
    let escaped = "\u{1}".repeat(TEXT_MAX_BYTES);
    assert_eq!(visitor.send(conversation, server.client_id(), &escaped).await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn blank_text_and_nul_are_refused_by_name_when_sending_and_when_starting() {
    let server = TestServer::start().await;
    let visitor = server.visitor().await;
    let conversation = visitor.start("Hello").await.conversation.id;
    for (text, problem) in [
        ("", "must not be blank"),
        (" \n\t", "must not be blank"),
        ("a\0b", "must not contain the NUL character"),
    ] {
        let start = json!({ "client_id": server.client_id(), "content": text });
        for answer in [
            visitor.send(conversation, server.client_id(), text).await,
            visitor.call(Method::POST, "/conversations", Some(start)).await,
        ] {
            assert_eq!(answer.refused(StatusCode::UNPROCESSABLE_ENTITY), "invalid_fields");
            assert_eq!(
                answer.json::<Value>()["error"]["fields"],
                json!([{ "field": "content", "problem": problem }])
            );
        }
    }
    assert_eq!(visitor.say(conversation, "still whole").await.seq, 2);
}

#[tokio::test]
async fn an_address_with_something_else_for_an_id_is_named_malformed() {
    let server = TestServer::start().await;
    let visitor = server.visitor().await;
    for path in [
        "/conversations/1/messages",
        "/conversations/not-a-uuid/messages",
        "/conversations/%00/messages",
        "/conversations/01900000-0000-7000-8000-00000000dead/messages?before=x",
        "/conversations/01900000-0000-7000-8000-00000000dead/messages?limit=-1",
        "/conversations/01900000-0000-7000-8000-00000000dead/messages?limit=99999999999",
    ] {
        let answer = visitor.call(Method::GET, path, None).await;
        assert_eq!(answer.refused(StatusCode::BAD_REQUEST), "malformed_address", "{path}");
    }
}

#[tokio::test]
async fn a_page_of_no_or_too_many_messages_is_refused() {
    let server = TestServer::start().await;
    let visitor = server.visitor().await;
    let conversation = visitor.start("Hello").await.conversation.id;
    for (limit, is_accepted) in [(0, false), (1, true), (100, true), (101, false)] {
        let path = format!("/conversations/{conversation}/messages?limit={limit}");
        let answer = visitor.call(Method::GET, &path, None).await;
        if is_accepted {
            assert_eq!(answer.status, StatusCode::OK);
        } else {
            assert_eq!(answer.refused(StatusCode::UNPROCESSABLE_ENTITY), "invalid_fields");
        }
    }
}

#[tokio::test]
async fn unknown_addresses_and_methods_are_refused_in_the_same_shape() {
    let server = TestServer::start().await;
    assert_eq!(server.get("/widget/v1/nothing").await.refused(StatusCode::NOT_FOUND), "not_found");
    let answer = server.call(request(Method::DELETE, "/widget/v1/conversations", None, None)).await;
    assert_eq!(answer.refused(StatusCode::METHOD_NOT_ALLOWED), "method_not_allowed");
    assert_eq!(answer.header(header::ALLOW), "GET,HEAD,POST");
}

#[tokio::test]
async fn a_request_id_is_kept_if_it_is_sane_and_made_if_not() {
    let server = TestServer::start().await;
    let with_id = |id: &str| Request::get("/healthz").header("x-request-id", id).body(Body::empty()).unwrap();
    assert_eq!(server.call(with_id("my-request.7")).await.header("x-request-id"), "my-request.7");
    for insane in ["a b", "<script>", &"x".repeat(129), ""] {
        let answer = server.call(with_id(insane)).await;
        assert_ne!(answer.header("x-request-id"), insane);
        assert_eq!(answer.header("x-request-id").len(), 32);
    }
}
