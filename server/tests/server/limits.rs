//! How much a visitor and an address may ask, and that nobody is held to what somebody else did.

use crate::support::{Answer, TestServer, request};
use axum::{
    body::Body,
    http::{HeaderName, Method, Request, StatusCode, header},
};
use serde_json::{Value, json};
use server::rate_limit::Limits;
use shared::{Event, MessagePage};

const HOME: &str = "203.0.113.5";
const NEIGHBOUR: &str = "203.0.113.6";

#[track_caller]
fn assert_refused(answer: &Answer) {
    assert_eq!(answer.refused(StatusCode::TOO_MANY_REQUESTS), "too_many_requests");
    let seconds: u64 = answer.header(header::RETRY_AFTER).parse().unwrap();
    assert!((1..=60).contains(&seconds), "{seconds}");
}

fn new_session(server: &TestServer) -> Request<Body> {
    let body = json!({ "widget_id": server.demo.widget_id });
    request(Method::POST, "/widget/v1/sessions", None, Some(body))
}

fn with_header(mut request: Request<Body>, name: &'static str, value: &str) -> Request<Body> {
    request.headers_mut().insert(HeaderName::from_static(name), value.parse().unwrap());
    request
}

#[tokio::test]
async fn a_visitor_who_sends_too_much_is_told_when_to_come_back_and_another_one_is_not_held_up() {
    let server = TestServer::start_limited(Limits { sends_per_visitor: 3, ..Limits::NONE }, &[]).await;
    let (visitor, other) = (server.visitor().await, server.visitor().await);
    let conversation = visitor.start("one").await.conversation.id;
    visitor.say(conversation, "two").await;
    let upload = Request::post("/widget/v1/attachments?name=a.txt")
        .header(header::AUTHORIZATION, format!("Bearer {}", visitor.session.access_token));
    let uploaded = server.call(upload.body(Body::from("three")).unwrap()).await;
    assert_eq!(uploaded.status, StatusCode::CREATED);

    assert_refused(&visitor.send(conversation, server.client_id(), "four").await);
    let body = json!({ "client_id": server.client_id(), "content": "four" });
    assert_refused(&visitor.call(Method::POST, "/conversations", Some(body)).await);
    assert_refused(&visitor.call(Method::POST, "/attachments?name=a.txt", None).await);

    let path = format!("/conversations/{conversation}/messages");
    let page: MessagePage = visitor.call(Method::GET, &path, None).await.json();
    assert_eq!(page.messages.len(), 2, "what was refused is not stored, and reading goes on");
    other.start("Hello").await;
}

#[tokio::test]
async fn an_address_gets_so_many_sessions_and_its_neighbour_as_many() {
    let server = TestServer::start_limited(Limits { sessions_per_address: 2, ..Limits::NONE }, &[]).await;
    for _ in 0..2 {
        assert_eq!(server.call_from(HOME, new_session(&server)).await.status, StatusCode::CREATED);
    }
    assert_refused(&server.call_from(HOME, new_session(&server)).await);
    assert_eq!(server.call_from(NEIGHBOUR, new_session(&server)).await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn one_who_holds_many_ipv6_addresses_is_one() {
    let server = TestServer::start_limited(Limits { sessions_per_address: 2, ..Limits::NONE }, &[]).await;
    for address in ["2001:db8:1:2::1", "2001:db8:1:2::2"] {
        assert_eq!(server.call_from(address, new_session(&server)).await.status, StatusCode::CREATED);
    }
    assert_refused(&server.call_from("2001:db8:1:2:dead:beef::", new_session(&server)).await);
    assert_eq!(server.call_from("2001:db8:1:3::1", new_session(&server)).await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn an_address_asks_so_much_of_panel_and_api_together_and_health_is_told_all_the_same() {
    let server = TestServer::start_limited(Limits { requests_per_address: 3, ..Limits::NONE }, &[]).await;
    let get = |path: String| Request::get(path).body(Body::empty()).unwrap();
    let settings = format!("/widget/v1/widgets/{}", server.demo.widget_id);
    let loader = format!("/widget.js?id={}", server.demo.widget_id);
    assert_eq!(server.call_from(HOME, get(settings.clone())).await.status, StatusCode::OK);
    assert_eq!(server.call_from(HOME, get(loader.clone())).await.status, StatusCode::OK);
    assert_eq!(server.call_from(HOME, get("/demo".into())).await.status, StatusCode::OK);
    assert_refused(&server.call_from(HOME, get(settings.clone())).await);
    let page = server.call_from(HOME, get(loader.clone())).await;
    assert_eq!(page.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(!page.header(header::RETRY_AFTER).is_empty());
    assert_eq!(server.call_from(HOME, get("/healthz".into())).await.status, StatusCode::OK);
    assert_eq!(server.call_from(NEIGHBOUR, get(settings)).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_companys_servers_have_the_limit_of_their_company_and_guessers_of_tokens_that_of_their_address() {
    let server = TestServer::start_limited(Limits { requests_per_address: 2, ..Limits::NONE }, &[]).await;
    let ask = |token: &str| request(Method::GET, "/api/v1/conversations", Some(token), None);
    for _ in 0..2 {
        assert_eq!(server.call_from(HOME, ask("guessed")).await.status, StatusCode::UNAUTHORIZED);
    }
    let refused = server.call_from(HOME, ask("guessed")).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(!refused.header(header::RETRY_AFTER).is_empty());
    assert!(refused.json::<Value>()["detail"].is_string(), "in the API's own shape");
    for _ in 0..10 {
        assert_eq!(server.call_from(HOME, ask(&server.demo.api_token)).await.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn a_visitor_has_so_many_streams_open_and_one_that_ends_makes_room() {
    let server = TestServer::start_limited(Limits { streams_per_visitor: 2, ..Limits::NONE }, &[]).await;
    let (visitor, other) = (server.visitor().await, server.visitor().await);
    let mut first = visitor.listen(None).await;
    assert!(matches!(first.event().await, Event::Snapshot(_)));
    let _second = visitor.listen(None).await;
    assert_refused(&visitor.call(Method::GET, "/stream", None).await);
    let _others = other.listen(None).await;
    drop(first);
    let _third = visitor.listen(None).await;
    assert_refused(&visitor.call(Method::GET, "/stream", None).await);
}

#[tokio::test]
async fn an_api_token_has_so_many_streams_open_too() {
    let server = TestServer::start_limited(Limits { streams_per_visitor: 1, ..Limits::NONE }, &[]).await;
    let _first = server.stream("/api/v1/stream", &server.demo.api_token, None).await;
    let second = request(Method::GET, "/api/v1/stream", Some(&server.demo.api_token), None);
    let refused = server.call(second).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(!refused.header(header::RETRY_AFTER).is_empty());
}

#[tokio::test]
async fn an_address_has_so_many_streams_open_whoever_opens_them() {
    let server = TestServer::start_limited(Limits { streams_per_address: 1, ..Limits::NONE }, &[]).await;
    let (visitor, other) = (server.visitor().await, server.visitor().await);
    let listen = |token: &str| request(Method::GET, "/widget/v1/stream", Some(token), None);
    // The answer's body, and with it the stream, is dropped by `call`; this one is kept open.
    let kept = server.open_from(HOME, listen(&visitor.session.access_token)).await;
    assert_refused(&server.call_from(HOME, listen(&other.session.access_token)).await);
    let neighbours = server.call_from(NEIGHBOUR, listen(&other.session.access_token)).await;
    assert_eq!(neighbours.status, StatusCode::OK);
    drop(kept);
    let after = server.call_from(HOME, listen(&other.session.access_token)).await;
    assert_eq!(after.status, StatusCode::OK);
}

#[tokio::test]
async fn typing_beyond_the_limit_is_dropped_in_silence_and_messages_come_through() {
    let server = TestServer::start_limited(Limits { typing_per_visitor: 1, ..Limits::NONE }, &[]).await;
    let visitor = server.visitor().await;
    let conversation = visitor.start("Hello").await.conversation.id;
    let mut company = server.stream("/api/v1/stream", &server.demo.api_token, None).await;
    assert_eq!(company.frame().await.unwrap().event, "snapshot");
    for _ in 0..5 {
        let path = format!("/conversations/{conversation}/typing");
        let answer = visitor.call(Method::POST, &path, Some(json!({ "typing": true }))).await;
        assert_eq!(answer.status, StatusCode::NO_CONTENT);
    }
    visitor.say(conversation, "What I was typing").await;
    let mut heard = Vec::new();
    while heard.last().is_none_or(|event| event != "message") {
        heard.push(company.frame().await.unwrap().event);
    }
    assert_eq!(heard.iter().filter(|event| *event == "typing").count(), 1, "{heard:?}");
}

#[tokio::test]
async fn a_header_from_somebody_who_is_no_proxy_of_ours_changes_nothing() {
    let server =
        TestServer::start_limited(Limits { sessions_per_address: 2, ..Limits::NONE }, &["10.0.0.0/8"]).await;
    for n in 0..4 {
        for name in ["x-forwarded-for", "forwarded"] {
            let value =
                if name == "forwarded" { format!("for=198.51.100.{n}") } else { format!("198.51.100.{n}") };
            let forged = with_header(new_session(&server), name, &value);
            let answer = server.call_from(HOME, forged).await;
            if n == 0 {
                assert_eq!(answer.status, StatusCode::CREATED);
            } else {
                assert_refused(&answer);
            }
        }
    }
    // Nor did it use up what belongs to those whom it named.
    assert_eq!(server.call_from("198.51.100.1", new_session(&server)).await.status, StatusCode::CREATED);
}

#[tokio::test]
async fn behind_a_trusted_proxy_each_visitor_counts_for_themselves_whatever_they_wrote_before() {
    let server =
        TestServer::start_limited(Limits { sessions_per_address: 1, ..Limits::NONE }, &["10.0.0.0/8"]).await;
    let proxied = |said: &str| with_header(new_session(&server), "x-forwarded-for", said);
    for address in ["198.51.100.7", "198.51.100.8"] {
        assert_eq!(server.call_from("10.1.2.3", proxied(address)).await.status, StatusCode::CREATED);
        // What the visitor sent stands in front of what the proxy saw.
        let forged = format!("192.0.2.{}, {address}", address.len());
        assert_refused(&server.call_from("10.1.2.3", proxied(&forged)).await);
        let forged = format!("10.0.0.9, 127.0.0.1, {address}");
        assert_refused(&server.call_from("10.1.2.3", proxied(&forged)).await);
    }
}

#[tokio::test]
async fn whoever_sits_at_the_machine_itself_has_no_limit_of_an_address() {
    let limits = Limits { sessions_per_address: 1, requests_per_address: 1, ..Limits::NONE };
    let server = TestServer::start_limited(limits, &["127.0.0.1"]).await;
    for _ in 0..3 {
        for peer in ["127.0.0.1", "::1", "::ffff:127.0.0.1"] {
            assert_eq!(server.call_from(peer, new_session(&server)).await.status, StatusCode::CREATED);
        }
    }
    let proxied = || with_header(new_session(&server), "x-forwarded-for", HOME);
    assert_eq!(server.call_from("127.0.0.1", proxied()).await.status, StatusCode::CREATED);
    assert_refused(&server.call_from("127.0.0.1", proxied()).await);
    // A visitor does not become local by saying so.
    let forged = || with_header(new_session(&server), "x-forwarded-for", "127.0.0.1");
    assert_eq!(server.call_from(NEIGHBOUR, forged()).await.status, StatusCode::CREATED);
    assert_refused(&server.call_from(NEIGHBOUR, forged()).await);
}
