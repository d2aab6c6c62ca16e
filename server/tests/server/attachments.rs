//! Files: a visitor uploads one, sends it with a message, and everybody who may gets it back as it was.

use crate::support::{Answer, TestServer, UPLOAD_MAX_BYTES, Visitor};
use axum::{
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use serde_json::json;
use shared::{Attachment, Message, Thread};

/// The smallest PNG there is: one pixel.
const PNG: &[u8] = &[
    0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, b'I', b'H', b'D', b'R', 0, 0, 0, 1, 0, 0, 0,
    1, 8, 6, 0, 0, 0, 0x1f, 0x15, 0xc4, 0x89, 0, 0, 0, 13, b'I', b'D', b'A', b'T', 0x78, 0x9c, 0x63, 0, 1, 0,
    0, 5, 0, 1, 0x0d, 0x0a, 0x2d, 0xb4, 0, 0, 0, 0, b'I', b'E', b'N', b'D', 0xae, 0x42, 0x60, 0x82,
];

async fn upload(server: &TestServer, visitor: &Visitor<'_>, name: &str, bytes: impl Into<Body>) -> Answer {
    let request = Request::post(format!("/widget/v1/attachments?name={name}"))
        .header(header::AUTHORIZATION, format!("Bearer {}", visitor.session.access_token))
        .body(bytes.into())
        .unwrap();
    server.call(request).await
}

async fn uploaded(server: &TestServer, visitor: &Visitor<'_>) -> Attachment {
    let answer = upload(server, visitor, "lamp.png", PNG).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
    answer.json()
}

#[tokio::test]
async fn a_file_is_sent_with_a_message_and_comes_back_as_it_was() {
    let server = TestServer::start().await;
    let visitor = server.visitor().await;
    let attachment = uploaded(&server, &visitor).await;
    assert_eq!((attachment.content_type.as_str(), attachment.size), ("image/png", PNG.len() as u64));
    assert_eq!((attachment.width, attachment.height), (Some(1), Some(1)));
    let body = json!({ "client_id": server.client_id(), "content": "", "attachments": [attachment.id] });
    let thread: Thread = visitor.call(Method::POST, "/conversations", Some(body)).await.json();
    assert_eq!(thread.messages[0].attachments, std::slice::from_ref(&attachment));
    assert_eq!(thread.messages[0].content, "");

    let file = server.get(&attachment.url).await;
    assert_eq!((file.status, file.body.as_slice()), (StatusCode::OK, PNG));
    assert_eq!(file.header("content-type"), "image/png");
    assert!(file.header("content-disposition").starts_with("attachment"));
    assert_eq!(file.header("x-content-type-options"), "nosniff");
    assert_eq!(file.header("content-security-policy"), "default-src 'none'; sandbox");
}

#[tokio::test]
async fn sending_the_same_message_with_its_file_again_is_the_same_message() {
    let server = TestServer::start().await;
    let visitor = server.visitor().await;
    let conversation = visitor.start("Hello").await.conversation.id;
    let attachment = uploaded(&server, &visitor).await;
    let path = format!("/conversations/{conversation}/messages/{}", server.client_id());
    let send = async |body| visitor.call(Method::PUT, &path, Some(body)).await;
    let first = send(json!({ "content": "Here", "attachments": [attachment.id] })).await;
    assert_eq!(first.status, StatusCode::CREATED);
    let again = send(json!({ "content": "Here", "attachments": [attachment.id] })).await;
    assert_eq!((again.status, again.json::<Message>()), (StatusCode::OK, first.json::<Message>()));
    let other = send(json!({ "content": "Here", "attachments": [] })).await;
    assert_eq!(other.refused(StatusCode::UNPROCESSABLE_ENTITY), "client_id_reused");
}

#[tokio::test]
async fn a_file_is_sent_once_and_only_by_the_visitor_who_uploaded_it() {
    let server = TestServer::start().await;
    let (owner, other) = (server.visitor().await, server.visitor().await);
    let attachment = uploaded(&server, &owner).await;
    let send = async |visitor: &Visitor<'_>, attachment| {
        let conversation = visitor.start("Hello").await.conversation.id;
        let path = format!("/conversations/{conversation}/messages/{}", server.client_id());
        visitor.call(Method::PUT, &path, Some(json!({ "content": "", "attachments": [attachment] }))).await
    };
    assert_eq!(send(&other, attachment.id).await.refused(StatusCode::UNPROCESSABLE_ENTITY), "invalid_fields");
    assert_eq!(send(&owner, attachment.id).await.status, StatusCode::CREATED);
    assert_eq!(send(&owner, attachment.id).await.refused(StatusCode::UNPROCESSABLE_ENTITY), "invalid_fields");
}

#[tokio::test]
async fn a_file_may_be_as_large_as_the_limit_and_not_a_byte_more_and_must_hold_something() {
    let server = TestServer::start().await;
    let visitor = server.visitor().await;
    let limit = usize::try_from(UPLOAD_MAX_BYTES).unwrap();
    for size in [1, limit - 1, limit] {
        let answer = upload(&server, &visitor, "file", vec![b'a'; size]).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{size}");
    }
    // With its length declared, and without.
    let declared = upload(&server, &visitor, "file", vec![b'a'; limit + 1]).await;
    assert_eq!(declared.refused(StatusCode::PAYLOAD_TOO_LARGE), "body_too_large");
    let pieces = (0..=limit / 1000).map(|_| Ok::<_, std::io::Error>(vec![b'a'; 1000]));
    let streamed = Body::from_stream(futures_util::stream::iter(pieces));
    let streamed = upload(&server, &visitor, "file", streamed).await;
    assert_eq!(streamed.refused(StatusCode::PAYLOAD_TOO_LARGE), "body_too_large");
    let empty = upload(&server, &visitor, "file", Body::empty()).await;
    assert_eq!(empty.refused(StatusCode::UNPROCESSABLE_ENTITY), "invalid_fields");
}

#[tokio::test]
async fn what_could_run_in_a_browser_is_only_ever_text_to_save() {
    let server = TestServer::start().await;
    let visitor = server.visitor().await;
    for (name, bytes) in [
        ("a.svg", "<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"alert(1)\"/>"),
        ("a.html", "<!doctype html><script>alert(1)</script>"),
        ("a.png", "<script>alert(1)</script>"),
    ] {
        let attachment: Attachment = upload(&server, &visitor, name, bytes).await.json();
        let file = server.get(&attachment.url).await;
        assert_eq!(file.header("content-type"), "text/plain; charset=utf-8", "{name}");
        assert!(file.header("content-disposition").starts_with("attachment"), "{name}");
    }
}

#[tokio::test]
async fn a_name_is_kept_without_its_folders_and_without_what_deceives() {
    let server = TestServer::start().await;
    let visitor = server.visitor().await;
    for (sent, kept) in [
        ("..%2F..%2Fetc%2Fpasswd", "passwd"),
        ("C%3A%5Cphotos%5Clamp.png", "lamp.png"),
        ("%E2%80%AEgpj.exe", "gpj.exe"),
        ("Lampe%20%C3%BC%20%F0%9F%AA%94.png", "Lampe ü 🪔.png"),
    ] {
        let attachment: Attachment = upload(&server, &visitor, sent, "text").await.json();
        assert_eq!(attachment.name, kept);
        assert_eq!(server.get(&attachment.url).await.status, StatusCode::OK, "{}", attachment.url);
    }
}

#[tokio::test]
async fn a_file_that_is_never_sent_is_removed_after_a_day() {
    let server = TestServer::start().await;
    let visitor = server.visitor().await;
    let kept = uploaded(&server, &visitor).await;
    let body = json!({ "client_id": server.client_id(), "content": "", "attachments": [kept.id] });
    visitor.call(Method::POST, "/conversations", Some(body)).await;
    let dropped = uploaded(&server, &visitor).await;
    server.clock.advance_seconds(24 * 60 * 60 - 1);
    server.app.attachments.sweep().await.unwrap();
    assert_eq!(server.get(&dropped.url).await.status, StatusCode::OK);
    server.clock.advance_seconds(2);
    server.app.attachments.sweep().await.unwrap();
    assert_eq!(server.get(&dropped.url).await.status, StatusCode::NOT_FOUND);
    assert_eq!(server.get(&kept.url).await.status, StatusCode::OK);
}

#[tokio::test]
async fn an_upload_needs_a_visitor() {
    let server = TestServer::start().await;
    let request = Request::post("/widget/v1/attachments?name=a").body(Body::from("text")).unwrap();
    assert_eq!(server.call(request).await.refused(StatusCode::UNAUTHORIZED), "token_missing");
    for key in ["unknown", "..", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"] {
        assert_eq!(server.get(&format!("/files/{key}/a")).await.status, StatusCode::NOT_FOUND, "{key}");
    }
}
