//! Bodies that are too large, or slow, or not as long as they say: refused, and nobody else is harmed.

use crate::support::{Answer, TestServer, UPLOAD_MAX_BYTES, Visitor, request};
use axum::{
    body::{Body, Bytes},
    http::{Method, Request, StatusCode, header},
};
use futures_util::{StreamExt, stream};
use serde_json::{Value, json};
use server::request_body::BodyPace;
use std::{convert::Infallible, time::Duration};

/// No body is as fast as this that doesn't come at all.
const AT_ONCE: BodyPace =
    BodyPace { idle: Duration::from_millis(1), grace: Duration::from_millis(1), bytes_per_second: u32::MAX };

/// The beginning of a body, and nothing more ever.
fn stuck(beginning: &'static str) -> Body {
    let beginning = stream::iter([Ok::<_, Infallible>(Bytes::from_static(beginning.as_bytes()))]);
    Body::from_stream(beginning.chain(stream::pending()))
}

async fn impatient_server() -> TestServer {
    TestServer::start_changed(|app| app.body_pace = AT_ONCE).await
}

#[tokio::test]
async fn a_body_that_stands_still_is_refused_in_each_apis_own_shape() {
    let server = impatient_server().await;
    let visitor = server.visitor().await;
    let token = server.demo.api_token.clone();
    let json_from = |path: &str, token: &str| {
        Request::post(path)
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .header("x-private-api-token", token)
            .header(header::CONTENT_TYPE, "application/json")
            .body(stuck("{\"content\":\"Hel"))
            .unwrap()
    };
    let panels = server.call(json_from("/widget/v1/conversations", &visitor.session.access_token)).await;
    assert_eq!(panels.refused(StatusCode::REQUEST_TIMEOUT), "request_timeout");
    assert_eq!(panels.header(header::CONNECTION), "close");
    for (path, pointer) in [
        ("/api/v1/conversations/".to_owned(), "/detail"),
        (format!("/p1/companies/{}/conversations", server.demo.company_num), "/error"),
        ("/API/V40/System/Session/Initialise".to_owned(), "/errorCode"),
        ("/mock/reset".to_owned(), "/error/code"),
    ] {
        let refused = server.call(json_from(&path, &token)).await;
        assert_eq!(refused.status, StatusCode::REQUEST_TIMEOUT, "{path}: {}", refused.text());
        assert_eq!(refused.header(header::CONNECTION), "close", "{path}");
        let body: Value = refused.json();
        assert!(body.pointer(pointer).is_some(), "{path}: {body}");
    }
    // A body that comes is taken, however impatient the server is.
    visitor.start("Hello").await;
}

#[tokio::test]
async fn a_file_that_stands_still_is_refused_and_leaves_nothing_behind() {
    let server = impatient_server().await;
    let visitor = server.visitor().await;
    let conversation = visitor.start("Hello").await.conversation.id;
    let upload = Request::post("/widget/v1/attachments?name=a.txt")
        .header(header::AUTHORIZATION, format!("Bearer {}", visitor.session.access_token))
        .body(stuck("some text"));
    let refused = server.call(upload.unwrap()).await;
    assert_eq!(refused.refused(StatusCode::REQUEST_TIMEOUT), "request_timeout");
    let upload = Request::post(format!("/api/v1/conversations/{conversation}/upload"))
        .header(header::AUTHORIZATION, format!("Bearer {}", server.demo.api_token))
        .header(header::CONTENT_TYPE, "multipart/form-data; boundary=b")
        .body(stuck(
            "--b\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\r\nsome text",
        ));
    assert_eq!(server.call(upload.unwrap()).await.status, StatusCode::REQUEST_TIMEOUT);
    let files = std::fs::read_dir(server.directory.path().join("files/incoming")).unwrap();
    assert_eq!(files.count(), 0);
}

async fn upload(server: &TestServer, visitor: &Visitor<'_>, body: Body, length: Option<u64>) -> Answer {
    let mut request = Request::post("/widget/v1/attachments?name=a.txt")
        .header(header::AUTHORIZATION, format!("Bearer {}", visitor.session.access_token));
    if let Some(length) = length {
        request = request.header(header::CONTENT_LENGTH, length);
    }
    server.call(request.body(body).unwrap()).await
}

#[tokio::test]
async fn a_file_may_be_as_large_as_the_limit_and_not_a_byte_more_whether_it_says_so_or_not() {
    let server = TestServer::start().await;
    let visitor = server.visitor().await;
    for (n_bytes, status) in [
        (UPLOAD_MAX_BYTES - 1, StatusCode::CREATED),
        (UPLOAD_MAX_BYTES, StatusCode::CREATED),
        (UPLOAD_MAX_BYTES + 1, StatusCode::PAYLOAD_TOO_LARGE),
    ] {
        let bytes = vec![b'a'; usize::try_from(n_bytes).unwrap()];
        let told = upload(&server, &visitor, Body::from(bytes.clone()), Some(n_bytes)).await;
        assert_eq!(told.status, status, "{n_bytes}");
        let pieces: Vec<_> =
            bytes.chunks(1000).map(Bytes::copy_from_slice).map(Ok::<_, Infallible>).collect();
        let untold = upload(&server, &visitor, Body::from_stream(stream::iter(pieces)), None).await;
        assert_eq!(untold.status, status, "{n_bytes}");
    }
}

#[tokio::test]
async fn a_body_that_says_it_is_too_large_is_refused_before_any_of_it_is_read() {
    let server = TestServer::start().await;
    let visitor = server.visitor().await;
    let never_read =
        Body::from_stream(stream::poll_fn(|_| -> std::task::Poll<Option<Result<Bytes, Infallible>>> {
            panic!("somebody reads it")
        }));
    let refused = upload(&server, &visitor, never_read, Some(UPLOAD_MAX_BYTES + 1)).await;
    assert_eq!(refused.refused(StatusCode::PAYLOAD_TOO_LARGE), "body_too_large");
}

#[tokio::test]
async fn an_endless_body_is_read_to_its_limit_and_no_further() {
    let server = TestServer::start().await;
    let visitor = server.visitor().await;
    let conversation = visitor.start("Hello").await.conversation.id;
    let path = format!("/widget/v1/conversations/{conversation}/messages/{}", server.client_id());
    let endless =
        || Body::from_stream(stream::repeat_with(|| Ok::<_, Infallible>(Bytes::from_static(&[b' '; 4096]))));
    let mut send = request(Method::PUT, &path, Some(&visitor.session.access_token), Some(json!({})));
    *send.body_mut() = endless();
    assert_eq!(server.call(send).await.refused(StatusCode::PAYLOAD_TOO_LARGE), "body_too_large");
    let mut create =
        request(Method::POST, "/api/v1/conversations/", Some(&server.demo.api_token), Some(json!({})));
    *create.body_mut() = endless();
    assert_eq!(server.call(create).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    let refused = upload(&server, &visitor, endless(), None).await;
    assert_eq!(refused.refused(StatusCode::PAYLOAD_TOO_LARGE), "body_too_large");
}
