//! Outside apps that are played: messages reach them in order, fail, wait and are read as a test asks, and survive a restart.

use crate::support::{Answer, PATIENCE, TestServer, request};
use axum::http::{Method, Request, StatusCode, header};
use serde_json::{Value, json};
use server::{
    app::Settings,
    connectors,
    domain::{ChangeKind, JobState, MessageQuery, code},
    live::Signal,
    router::router,
};
use shared::{Ack, ConversationId, Seq};
use std::{collections::HashMap, sync::Arc};
use tokio::sync::broadcast::error::RecvError;
use tower::ServiceExt;

async fn call(server: &TestServer, method: Method, path: &str, body: Value) -> Value {
    let answer = server.call(request(method, path, Some(&server.demo.api_token), Some(body))).await;
    assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text());
    answer.json()
}

async fn start(server: &TestServer, on: &str, with: &str, message: Option<&str>) -> String {
    let body = json!({ "on": on, "with": with, "message": message });
    let started = call(server, Method::POST, "/v1.0/conversations/startConversation", body).await;
    started["conversationId"].as_str().unwrap().to_owned()
}

async fn reply(server: &TestServer, conversation: &str, message: &str, rest: Value) {
    let mut body = json!({ "conversationId": conversation, "message": message });
    body.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
    call(server, Method::PUT, "/v1.0/conversations/replyToConversation", body).await;
}

/// A customer writes, and Pantheon's name of the conversation is answered.
async fn write(server: &TestServer, channel: &str, from: &str, text: &str) -> String {
    let path = format!("/mock/channels/{channel}/messages");
    let written = call(server, Method::POST, &path, json!({ "from": from, "text": text })).await;
    written["conversation"]["code"].as_str().unwrap().to_owned()
}

async fn behave(server: &TestServer, channel: &str, behaviour: Value) {
    call(server, Method::POST, &format!("/mock/channels/{channel}/deliveries"), behaviour).await;
}

fn id_of(conversation: &str) -> ConversationId {
    ConversationId(code::decode(conversation).unwrap())
}

/// Each message's text and status, as Pantheon tells them.
async fn history(server: &TestServer, conversation: &str) -> Vec<(String, String)> {
    let path = format!("/v1.0/conversations/getMessages?conversationId={conversation}");
    let page: Value =
        server.call(request(Method::GET, &path, Some(&server.demo.api_token), None)).await.json();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let items = page["items"].as_array().unwrap().iter();
    items.map(|item| (text(&item["message"]), text(&item["status"]))).collect()
}

async fn statuses(server: &TestServer, conversation: &str) -> Vec<String> {
    history(server, conversation).await.into_iter().map(|(_, status)| status).collect()
}

/// Waits until the messages of a conversation are as far as this.
async fn arrive_as(server: &TestServer, conversation: &str, expected: &[&str]) {
    let mut feed = server.app.live.subscribe_to_all();
    let wait = async {
        while statuses(server, conversation).await != expected {
            assert_ne!(feed.recv().await.err(), Some(RecvError::Closed));
        }
    };
    let waited = tokio::time::timeout(PATIENCE, wait).await;
    assert!(waited.is_ok(), "{:?} did not become {expected:?}", statuses(server, conversation).await);
}

#[tokio::test]
async fn one_conversation_goes_over_two_apps_through_a_failure_and_loses_nothing() {
    let server = TestServer::start().await;
    connectors::start(server.app.clone());
    behave(&server, "slack", json!({ "fail_next": 1, "reason": "Slack is down" })).await;
    let conversation = start(&server, "SLACK", "@shalvah", Some("Hello Shalvah")).await;
    arrive_as(&server, &conversation, &["failed"]).await;
    assert_eq!(write(&server, "slack", "@shalvah", "Anybody there?").await, conversation);
    reply(&server, &conversation, "We are", json!({})).await;
    arrive_as(&server, &conversation, &["failed", "sent", "delivered"]).await;
    reply(&server, &conversation, "Let us go on here", json!({ "on": "WHATSAPP", "with": "+15551234567" }))
        .await;
    arrive_as(&server, &conversation, &["failed", "sent", "delivered", "delivered"]).await;
    assert_eq!(write(&server, "whatsapp", "15551234567", "Here I am").await, conversation);
    behave(&server, "whatsapp", json!({ "read": true })).await;
    reply(&server, &conversation, "Good", json!({})).await;
    // What they have read, and what came before it; what never arrived was not.
    let expected = ["failed", "sent", "read", "read", "sent", "read"];
    arrive_as(&server, &conversation, &expected).await;
    // Back where it began: it is the same conversation still.
    assert_eq!(write(&server, "slack", "@shalvah", "And here").await, conversation);
    let texts: Vec<_> = history(&server, &conversation).await.into_iter().map(|(text, _)| text).collect();
    let all =
        ["Hello Shalvah", "Anybody there?", "We are", "Let us go on here", "Here I am", "Good", "And here"];
    assert_eq!(texts, all);

    let (company, id) = (server.demo.business_id, id_of(&conversation));
    let messages = server.app.store.messages(company, id, MessageQuery::After(0), 10).await.unwrap().messages;
    let mut jobs = Vec::new();
    for message in &messages {
        if let Some(job) = server.app.store.job_of_message(company, message.id).await.unwrap() {
            jobs.push((job.seq, job.state, job.reason, message.ack));
        }
    }
    let delivered = |seq| (seq, JobState::Delivered, None, Ack::Read);
    let failed = (1, JobState::Failed, Some("Slack is down".into()), Ack::Delivering);
    assert_eq!(jobs, [failed, delivered(3), delivered(4), delivered(6)]);
}

#[tokio::test]
async fn fifty_messages_at_once_arrive_in_their_order_step_by_step() {
    let server = TestServer::start().await;
    connectors::start(server.app.clone());
    let first = start(&server, "SLACK", "@first", None).await;
    let second = start(&server, "SLACK", "@second", None).await;
    behave(&server, "slack", json!({ "hold": true })).await;
    let mut feed = server.app.live.subscribe_to_all();
    let sends = (0..100).map(|n| {
        let conversation = if n % 2 == 0 { &first } else { &second };
        let server = &server;
        async move { reply(server, conversation, &n.to_string(), json!({})).await }
    });
    futures_util::future::join_all(sends).await;
    call(&server, Method::POST, "/mock/channels/slack/release", json!({})).await;

    let mut acks: HashMap<(ConversationId, Seq), Vec<Ack>> = HashMap::new();
    let mut arrived: HashMap<ConversationId, Vec<Seq>> = HashMap::new();
    while arrived.values().map(Vec::len).sum::<usize>() < 100 {
        let signal = tokio::time::timeout(PATIENCE, feed.recv()).await.expect("they arrive").unwrap();
        let Signal::Change(live) = signal else { continue };
        match &live.change.kind {
            ChangeKind::Message(message) => {
                acks.entry((message.conversation, message.seq)).or_default().push(message.ack);
            }
            ChangeKind::Job(job) => arrived.entry(job.conversation).or_default().push(job.seq),
            _ => {}
        }
    }
    for conversation in [&first, &second] {
        assert_eq!(arrived[&id_of(conversation)], (1..=50).collect::<Vec<_>>());
        for seq in 1..=50 {
            let steps = [Ack::Preparing, Ack::Delivering, Ack::Sent, Ack::Delivered];
            assert_eq!(acks[&(id_of(conversation), seq)], steps, "{seq}");
        }
    }
}

#[tokio::test]
async fn what_waits_for_one_app_does_not_hold_up_another() {
    let server = TestServer::start().await;
    connectors::start(server.app.clone());
    behave(&server, "slack", json!({ "hold": true })).await;
    let held = start(&server, "SLACK", "@ada", Some("one")).await;
    reply(&server, &held, "two", json!({})).await;
    arrive_as(&server, &held, &["delivering", "preparing"]).await;
    let other = start(&server, "TWITTER", "@ada", Some("one")).await;
    arrive_as(&server, &other, &["delivered"]).await;
    assert_eq!(statuses(&server, &held).await, ["delivering", "preparing"]);
    call(&server, Method::POST, "/mock/reset", json!({})).await;
    arrive_as(&server, &held, &["delivered", "delivered"]).await;
}

#[tokio::test]
async fn a_restart_loses_no_delivery() {
    let server = TestServer::start().await;
    let deliveries = connectors::start(server.app.clone());
    behave(&server, "sms", json!({ "hold": true })).await;
    let conversation = start(&server, "SMS", "+15551234567", Some("one")).await;
    reply(&server, &conversation, "two", json!({})).await;
    arrive_as(&server, &conversation, &["delivering", "preparing"]).await;
    server.app.live.drain();
    deliveries.await.unwrap();
    let server = server.restart().await;
    reply(&server, &conversation, "three", json!({})).await;
    assert_eq!(statuses(&server, &conversation).await, ["delivering", "preparing", "preparing"]);
    connectors::start(server.app.clone());
    arrive_as(&server, &conversation, &["delivered", "delivered", "delivered"]).await;
}

#[tokio::test]
async fn a_failure_takes_one_message_and_not_the_next() {
    let server = TestServer::start().await;
    connectors::start(server.app.clone());
    behave(&server, "messenger", json!({ "fail_next": 2 })).await;
    let conversation = start(&server, "MESSENGER", "ada", Some("one")).await;
    reply(&server, &conversation, "two", json!({})).await;
    reply(&server, &conversation, "three", json!({})).await;
    arrive_as(&server, &conversation, &["failed", "failed", "delivered"]).await;
    let path = format!("/v1.0/conversations/getMessages?conversationId={conversation}");
    let page: Value =
        server.call(request(Method::GET, &path, Some(&server.demo.api_token), None)).await.json();
    assert_eq!(page["items"][0]["reason"], "the app refused the message");
    assert_eq!(page["items"][2]["reason"], Value::Null);
}

#[tokio::test]
async fn a_delay_is_waited_for() {
    let server = TestServer::start().await;
    connectors::start(server.app.clone());
    behave(&server, "slack", json!({ "delay_ms": 5 })).await;
    let conversation = start(&server, "SLACK", "@ada", Some("one")).await;
    arrive_as(&server, &conversation, &["delivered"]).await;
}

#[tokio::test]
async fn a_customer_who_is_erased_takes_their_deliveries_with_them() {
    let server = TestServer::start().await;
    connectors::start(server.app.clone());
    behave(&server, "slack", json!({ "hold": true })).await;
    let conversation = start(&server, "SLACK", "@ada", Some("one")).await;
    arrive_as(&server, &conversation, &["delivering"]).await;
    let company = server.demo.business_id;
    let stored = server.app.conversations.get(company, id_of(&conversation)).await.unwrap();
    server.app.customers.erase(company, stored.customer.unwrap()).await.unwrap();
    call(&server, Method::POST, "/mock/channels/slack/release", json!({})).await;
    let next = start(&server, "SLACK", "@ada", Some("one")).await;
    assert_ne!(next, conversation);
    arrive_as(&server, &next, &["delivered"]).await;
}

#[tokio::test]
async fn without_a_connector_messages_fail_and_say_why_and_there_is_no_mock() {
    let server = TestServer::start().await;
    let settings = Settings { is_mock: false, ..(*server.app.settings).clone() };
    let mut app = server.app.clone();
    app.settings = Arc::new(settings);
    connectors::start(app.clone());
    let conversation = start(&server, "SLACK", "@ada", Some("one")).await;
    arrive_as(&server, &conversation, &["failed"]).await;
    let path = format!("/v1.0/conversations/getMessages?conversationId={conversation}");
    let page: Value =
        server.call(request(Method::GET, &path, Some(&server.demo.api_token), None)).await.json();
    assert_eq!(page["items"][0]["reason"], "there is no connector for this channel");
    let reset = request(Method::POST, "/mock/reset", Some(&server.demo.api_token), None);
    assert_eq!(router(app.clone()).oneshot(reset).await.unwrap().status(), StatusCode::NOT_FOUND);
    let document = |app| async {
        let request = Request::get("/openapi.json").body(axum::body::Body::empty()).unwrap();
        let body = router(app).oneshot(request).await.unwrap().into_body();
        String::from_utf8(http_body_util::BodyExt::collect(body).await.unwrap().to_bytes().to_vec()).unwrap()
    };
    assert!(!document(app).await.contains("/mock/"));
    assert!(document(server.app.clone()).await.contains("/mock/reset"));
}

#[tokio::test]
async fn a_customer_who_writes_after_the_end_begins_anew_and_brings_files() {
    let server = TestServer::start().await;
    let company = server.demo.business_id;
    let first = write(&server, "telegram_personal", "@ada", "Hello").await;
    assert_eq!(write(&server, "telegram_personal", "@ada", "Hello?").await, first);
    let reference = server::domain::ConversationRef::Id(id_of(&first));
    server.app.conversations.alter(company, reference, server::domain::Alteration::Close).await.unwrap();
    let second = write(&server, "telegram_personal", "@ada", "Once more").await;
    assert_ne!(second, first);
    let bytes = futures_util::stream::iter([Ok::<_, std::io::Error>(bytes::Bytes::from_static(b"a note"))]);
    let file = server.app.attachments.upload(company, None, "note.txt", bytes).await.unwrap();
    let body = json!({ "from": "@ada", "attachments": [file.id] });
    let path = "/mock/channels/telegram_personal/messages";
    let written = call(&server, Method::POST, path, body.clone()).await;
    assert_eq!(written["conversation"]["code"], second.as_str());
    let page = server.app.store.messages(company, id_of(&second), MessageQuery::After(1), 1).await.unwrap();
    assert_eq!(page.messages[0].attachments[0].name, "note.txt");
    let again = server.call(request(Method::POST, path, Some(&server.demo.api_token), Some(body))).await;
    assert_eq!(refused(&again), (422, "invalid_fields".into()), "a file is sent once");
}

#[tokio::test]
async fn a_customer_writes_once_under_one_key() {
    let server = TestServer::start().await;
    let write = async || {
        let body = json!({ "from": "@ada", "text": "Hello" });
        let mut request =
            request(Method::POST, "/mock/channels/slack/messages", Some(&server.demo.api_token), Some(body));
        request.headers_mut().insert("idempotency-key", "one".parse().unwrap());
        server.call(request).await.json::<Value>()
    };
    let first = write().await;
    assert_eq!(write().await, first);
    server.clock.advance_seconds(25 * 60 * 60);
    assert_eq!(write().await["message"], first["message"]);
}

fn refused(answer: &Answer) -> (u16, String) {
    assert_eq!(answer.header(header::CONTENT_TYPE), "application/json; charset=utf-8");
    let body: Value = answer.json();
    (answer.status.as_u16(), body["error"]["code"].as_str().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn bad_input_is_refused_in_shape_at_every_address_of_the_mock() {
    let server = TestServer::start().await;
    let (other, _) = server.other_company_with_token().await;
    let own = server.demo.api_token.clone();
    let conversation = write(&server, "slack", "@ada", "Hello").await;
    let company = server.demo.business_id;
    let channel = server.app.conversations.get(company, id_of(&conversation)).await.unwrap().channel.id;
    let of = |rest: &str| format!("/mock/channels/{channel}/{rest}");
    let hello = json!({ "from": "@ada", "text": "Hello" });
    let name = |n_chars: usize| "é".repeat(n_chars);
    let cases: Vec<(String, Value, &str, u16, &str)> = vec![
        (of("messages"), hello.clone(), "", 401, "token_missing"),
        (of("messages"), hello.clone(), "nonsense", 401, "token_invalid"),
        (of("messages"), hello.clone(), &other, 404, "not_found"),
        ("/mock/channels/999999/messages".into(), hello.clone(), &own, 404, "not_found"),
        ("/mock/channels/icq/messages".into(), hello.clone(), &own, 404, "not_found"),
        ("/mock/channels/widget/messages".into(), hello.clone(), &own, 400, "channel_unusable"),
        (of("messages"), json!({}), &own, 422, "invalid_fields"),
        (of("messages"), json!({ "from": 1.5, "text": 7, "name": "" }), &own, 422, "invalid_fields"),
        (of("messages"), json!({ "from": name(255), "text": "x", "name": name(255) }), &own, 200, ""),
        (of("messages"), json!({ "from": name(256), "text": "x" }), &own, 422, "invalid_fields"),
        (
            of("messages"),
            json!({ "from": "x", "text": "a".repeat(16 * 1024 + 1) }),
            &own,
            422,
            "invalid_fields",
        ),
        (of("messages"), json!({ "from": "x", "attachments": ["x"] }), &own, 422, "invalid_fields"),
        (of("messages"), json!({ "from": "x", "attachments": [channel] }), &own, 422, "invalid_fields"),
        (
            of("messages"),
            json!({ "from": "x", "attachments": vec![channel; 11] }),
            &own,
            422,
            "invalid_fields",
        ),
        (of("messages"), json!({ "from": "x", "text": "x", "company": 999_999 }), &own, 404, "not_found"),
        (of("messages"), json!([7]), &own, 400, "malformed_body"),
        (of("deliveries"), json!({}), "", 401, "token_missing"),
        (of("deliveries"), json!({}), &other, 404, "not_found"),
        (of("deliveries"), json!({ "fail_next": 1_000_001 }), &own, 422, "invalid_fields"),
        (of("deliveries"), json!({ "fail_next": 1_000_000 }), &own, 200, ""),
        (of("deliveries"), json!({ "reason": " " }), &own, 422, "invalid_fields"),
        ("/mock/channels/widget/deliveries".into(), json!({}), &own, 400, "channel_unusable"),
        (of("release"), json!({}), "", 401, "token_missing"),
        (of("release"), json!({}), &other, 404, "not_found"),
        ("/mock/channels/x/release".into(), json!({}), &own, 404, "not_found"),
        ("/mock/webhooks/drop".into(), json!({ "n": 1 }), "", 401, "token_missing"),
        ("/mock/webhooks/drop".into(), json!({}), &own, 422, "invalid_fields"),
        ("/mock/webhooks/drop".into(), json!({ "n": "many" }), &own, 422, "invalid_fields"),
        ("/mock/webhooks/drop".into(), json!({ "n": -1 }), &own, 422, "invalid_fields"),
        ("/mock/webhooks/drop".into(), json!({ "n": 0 }), &own, 200, ""),
        ("/mock/reset".into(), json!({}), "", 401, "token_missing"),
        ("/mock/reset".into(), json!({ "company": "x" }), &own, 422, "invalid_fields"),
        (format!("/mock/conversations/{conversation}/read"), json!({}), "", 401, "token_missing"),
        (format!("/mock/conversations/{conversation}/read"), json!({}), &other, 404, "not_found"),
        (format!("/mock/conversations/{conversation}/read"), json!({}), &own, 200, ""),
        ("/mock/conversations/x/read".into(), json!({}), &own, 404, "not_found"),
        ("/mock/nothing".into(), json!({}), &own, 404, "not_found"),
    ];
    for (path, body, token, status, code) in cases {
        let place = format!("{path} {body}");
        let token = Some(token).filter(|token| !token.is_empty());
        let answer = server.call(request(Method::POST, &path, token, Some(body))).await;
        assert_eq!(refused(&answer), (status, code.to_owned()), "{place}: {}", answer.text());
    }
    let get = server.call(request(Method::GET, "/mock/reset", Some(&own), None)).await;
    assert_eq!(refused(&get), (405, "method_not_allowed".into()));
}
