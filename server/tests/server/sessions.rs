//! Visitor sessions: what a token opens, when it stops, and what happens to one that was copied.

use crate::support::{Answer, TestServer, request};
use axum::http::{Method, StatusCode, header};
use serde_json::{Value, json};
use shared::Session;

const HOUR: i64 = 60 * 60;

async fn refresh(server: &TestServer, refresh_token: &str) -> Answer {
    server.call(request(Method::POST, "/widget/v1/sessions/refresh", Some(refresh_token), None)).await
}

async fn status_with(server: &TestServer, access_token: &str) -> Answer {
    server.call(request(Method::GET, "/widget/v1/conversations", Some(access_token), None)).await
}

#[tokio::test]
async fn an_access_token_expires_and_the_refresh_token_renews_it() {
    let server = TestServer::start().await;
    let visitor = server.visitor().await;
    server.clock.advance_seconds(HOUR - 1);
    assert_eq!(status_with(&server, &visitor.session.access_token).await.status, StatusCode::OK);
    server.clock.advance_seconds(1);
    let expired = status_with(&server, &visitor.session.access_token).await;
    assert_eq!(expired.refused(StatusCode::UNAUTHORIZED), "token_expired");
    assert_eq!(expired.header(header::WWW_AUTHENTICATE), "Bearer");

    let renewed: Session = refresh(&server, &visitor.session.refresh_token).await.json();
    assert_eq!(renewed.customer_id, visitor.session.customer_id);
    assert_eq!(status_with(&server, &renewed.access_token).await.status, StatusCode::OK);
}

#[tokio::test]
async fn renewing_replaces_both_tokens() {
    let server = TestServer::start().await;
    let visitor = server.visitor().await;
    let renewed: Session = refresh(&server, &visitor.session.refresh_token).await.json();
    assert_ne!(renewed.access_token, visitor.session.access_token);
    assert_ne!(renewed.refresh_token, visitor.session.refresh_token);
    let old = status_with(&server, &visitor.session.access_token).await;
    assert_eq!(old.refused(StatusCode::UNAUTHORIZED), "token_invalid");
}

#[tokio::test]
async fn a_client_that_lost_the_answer_may_renew_with_the_same_token_again() {
    let server = TestServer::start().await;
    let visitor = server.visitor().await;
    let lost: Session = refresh(&server, &visitor.session.refresh_token).await.json();
    let got: Session = refresh(&server, &visitor.session.refresh_token).await.json();
    assert_ne!(lost.access_token, got.access_token);
    assert_eq!(status_with(&server, &got.access_token).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_spent_refresh_token_that_comes_back_ends_the_session() {
    let server = TestServer::start().await;
    let visitor = server.visitor().await;
    let renewed: Session = refresh(&server, &visitor.session.refresh_token).await.json();
    assert_eq!(status_with(&server, &renewed.access_token).await.status, StatusCode::OK);

    let mut stream = server.visitor_with(renewed.clone()).listen(None).await;
    stream.event().await;
    let stolen = refresh(&server, &visitor.session.refresh_token).await;
    assert_eq!(stolen.refused(StatusCode::UNAUTHORIZED), "token_invalid");
    let ended = status_with(&server, &renewed.access_token).await;
    assert_eq!(ended.refused(StatusCode::UNAUTHORIZED), "token_invalid");
    let ended = refresh(&server, &renewed.refresh_token).await;
    assert_eq!(ended.refused(StatusCode::UNAUTHORIZED), "token_invalid");
    assert!(stream.next().await.is_none(), "the open stream is closed too");
}

#[tokio::test]
async fn a_stream_outlives_its_access_token_no_longer_than_until_something_happens() {
    let server = TestServer::start().await;
    let (visitor, other) = (server.visitor().await, server.visitor().await);
    let conversation = visitor.start("Hello").await.conversation.id;
    let mut stream = visitor.listen(None).await;
    let (_, position) = stream.next().await.unwrap();
    server.clock.advance_seconds(HOUR - 1);
    server.agent_says(conversation, "in time").await;
    assert_eq!(stream.message().await.content, "in time");
    let renewed: Session = refresh(&server, &visitor.session.refresh_token).await.json();
    let mut others =
        server.visitor_with(refresh(&server, &other.session.refresh_token).await.json()).listen(None).await;
    others.event().await;

    server.clock.advance_seconds(1);
    server.agent_says(conversation, "too late").await;
    assert!(stream.next().await.is_none(), "what it showed opens nothing any more");
    let mut resumed = server.visitor_with(renewed).listen(position.as_deref()).await;
    assert_eq!(resumed.message().await.content, "in time");
    assert_eq!(resumed.message().await.content, "too late");
    server.app.live.drain();
    assert!(
        matches!(others.event().await, shared::Event::Goodbye(_)),
        "a stream with a token that is good goes on"
    );
}

#[tokio::test]
async fn a_customer_who_is_erased_hears_nothing_more_and_others_do() {
    let server = TestServer::start().await;
    let (visitor, other) = (server.visitor().await, server.visitor().await);
    visitor.start("Hello").await;
    let conversation = other.start("Hello").await.conversation.id;
    let (mut stream, mut others) = (visitor.listen(None).await, other.listen(None).await);
    stream.event().await;
    others.event().await;
    let path = format!("/api/v1/customers/{}", visitor.session.customer_id);
    let erased = server.call(request(Method::DELETE, &path, Some(&server.demo.api_token), None)).await;
    assert!(erased.status.is_success(), "{}", erased.text());
    while let Some((event, _)) = stream.next().await {
        assert!(!matches!(event, shared::Event::Message(_)), "{event:?}");
    }
    let refused = status_with(&server, &visitor.session.access_token).await;
    assert_eq!(refused.refused(StatusCode::UNAUTHORIZED), "token_invalid");
    server.agent_says(conversation, "Still there?").await;
    assert_eq!(others.message().await.content, "Still there?");
}

#[tokio::test]
async fn a_refresh_token_expires_too() {
    let server = TestServer::start().await;
    let visitor = server.visitor().await;
    server.clock.advance_seconds(365 * 24 * HOUR);
    let refused = refresh(&server, &visitor.session.refresh_token).await;
    assert_eq!(refused.refused(StatusCode::UNAUTHORIZED), "token_invalid");
}

#[tokio::test]
async fn tokens_of_the_wrong_kind_and_tokens_nobody_was_given_are_refused() {
    let server = TestServer::start().await;
    let visitor = server.visitor().await;
    for token in [&visitor.session.refresh_token, &server.demo.api_token, "x", "é", "' OR 1=1 --"] {
        let refused = status_with(&server, token).await;
        assert!(["token_invalid", "token_missing"].contains(&&*refused.refused(StatusCode::UNAUTHORIZED)));
    }
    let refused = refresh(&server, &visitor.session.access_token).await;
    assert_eq!(refused.refused(StatusCode::UNAUTHORIZED), "token_invalid");
}

#[tokio::test]
async fn a_request_without_a_bearer_token_is_told_so() {
    let server = TestServer::start().await;
    let visitor = server.visitor().await;
    let token = &visitor.session.access_token;
    for value in ["", "Bearer", "Bearer ", "Basic abc", token] {
        let mut request = request(Method::GET, "/widget/v1/conversations", None, None);
        request.headers_mut().insert(header::AUTHORIZATION, value.parse().unwrap());
        assert_eq!(server.call(request).await.refused(StatusCode::UNAUTHORIZED), "token_missing");
    }
    let in_query = server.get(&format!("/widget/v1/conversations?access_token={token}")).await;
    assert_eq!(in_query.refused(StatusCode::UNAUTHORIZED), "token_missing");
}

#[tokio::test]
async fn a_session_of_an_unknown_widget_is_refused() {
    let server = TestServer::start().await;
    let body = json!({ "widget_id": "01900000-0000-7000-8000-00000000dead" });
    let refused = server.post("/widget/v1/sessions", body).await;
    assert_eq!(refused.refused(StatusCode::NOT_FOUND), "not_found");
}

#[tokio::test]
async fn tokens_are_stored_as_hashes_only() {
    let server = TestServer::start().await;
    let visitor = server.visitor().await;
    let session = visitor.session.clone();
    let api_secret = server.demo.api_token.split_once('.').unwrap().1.to_owned();
    let server = server.restart().await; // folds everything into the file
    let file = std::fs::read(server.directory.path().join("porchlight.db")).unwrap();
    for secret in [&session.access_token, &session.refresh_token, &api_secret] {
        assert!(!file.windows(secret.len()).any(|window| window == secret.as_bytes()));
    }
}

#[tokio::test]
async fn widget_settings_are_public_and_hold_nothing_else() {
    let server = TestServer::start().await;
    let answer = server.get(&format!("/widget/v1/widgets/{}", server.demo.widget_id)).await;
    assert_eq!(answer.status, StatusCode::OK);
    insta::assert_json_snapshot!(answer.json::<Value>());
}
