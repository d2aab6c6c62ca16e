//! Words that must not turn up: secrets, texts, e-mails and phone numbers that went through every API, looked for in what was
//! logged, in what was refused and in addresses.

use super::NOWHERE;
use crate::support::{Answer, TestServer, request};
use axum::{
    body::Body,
    http::{Method, Request, header},
};
use serde_json::{Value, json};
use std::{
    io::{self, Write},
    sync::{Arc, Mutex},
};
use tracing_subscriber::fmt::MakeWriter;

const TEXT: &str = "canary-text-7f3a";
const EMAIL: &str = "canary-7f3a@example.com";
const PHONE: &str = "79257351735";
const SECRET: &str = "canary-token-7f3a";

/// What is logged, in memory.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

/// The calls that every API takes and those it refuses, with canaries wherever a client may put something.
#[expect(clippy::too_many_lines, reason = "it is a list")]
async fn talk(server: &TestServer) -> (Vec<Answer>, Vec<String>) {
    let mut answers = Vec::new();
    let visitor = server.visitor().await;
    let token = server.demo.api_token.clone();
    let secrets =
        vec![visitor.session.access_token.clone(), visitor.session.refresh_token.clone(), token.clone()];
    let conversation = visitor.start(TEXT).await.conversation.id;
    let message = |id: &str| format!("/conversations/{conversation}/messages/{id}");
    let client_id = server.client_id().to_string();
    for (method, path, body) in [
        (Method::PUT, message(&client_id), json!({ "content": TEXT })),
        (Method::PUT, message(&client_id), json!({ "content": format!("{TEXT} other") })),
        (Method::PUT, message(TEXT), json!({ "content": TEXT })),
        (Method::PUT, message(&server.client_id().to_string()), json!({ "content": [TEXT] })),
        (
            Method::PUT,
            message(&server.client_id().to_string()),
            json!({ "content": "x", "attachments": [TEXT] }),
        ),
        (Method::POST, format!("/conversations/{conversation}/typing"), json!({ "typing": TEXT })),
        (Method::POST, "/conversations".into(), json!({ "client_id": TEXT, "content": TEXT })),
        (Method::POST, format!("/attachments?name={TEXT}.txt"), json!(TEXT)),
        (Method::GET, format!("/conversations?access_token={SECRET}&email={EMAIL}"), json!({})),
        (Method::GET, format!("/conversations/{conversation}/messages?limit={TEXT}"), json!({})),
        (Method::GET, format!("/{TEXT}"), json!({})),
        (
            Method::PATCH,
            "/visitor".into(),
            json!({ "name": TEXT, "email": EMAIL, "attributes": { TEXT: TEXT } }),
        ),
        (
            Method::PATCH,
            "/visitor".into(),
            json!({ "phone": [PHONE], TEXT: TEXT, "attributes": { TEXT: [TEXT] } }),
        ),
        (Method::PATCH, format!("/conversations/{conversation}"), json!({ "tags": [TEXT, ""], TEXT: TEXT })),
        (Method::POST, "/events".into(), json!({ "name": TEXT, "data": TEXT })),
        (
            Method::POST,
            "/identity".into(),
            json!({ "widget_id": server.demo.widget_id, "token": format!("{SECRET}.{SECRET}.{SECRET}") }),
        ),
        (Method::POST, "/identity".into(), json!({ "widget_id": SECRET, "token": SECRET })),
    ] {
        answers.push(visitor.call(method, &path, Some(body)).await);
    }
    let log_out = request(Method::DELETE, "/widget/v1/sessions/current", Some(SECRET), None);
    answers.push(server.call(log_out).await);
    answers.push(server.call(request(Method::GET, "/widget/v1/stream", Some(SECRET), None)).await);
    answers.push(server.call(request(Method::POST, "/widget/v1/sessions/refresh", Some(SECRET), None)).await);

    let customer = json!({ "name": TEXT, "email": EMAIL, "phone": PHONE, "external_id": TEXT });
    let pact = format!("/p1/companies/{}/conversations", server.demo.company_num);
    for (method, path, body) in [
        (Method::POST, "/api/v1/customers".to_owned(), customer.clone()),
        (Method::POST, "/api/v1/customers".to_owned(), customer),
        (Method::POST, "/api/v1/customers".to_owned(), json!({ "email": [EMAIL], "name": { "x": TEXT } })),
        (Method::GET, format!("/api/v1/customers?email={EMAIL}&limit={TEXT}"), json!({})),
        (Method::POST, format!("/api/v1/conversations/{conversation}/messages"), json!({ "content": TEXT })),
        (Method::POST, format!("/api/v1/conversations/{NOWHERE}/messages"), json!({ "content": TEXT })),
        (
            Method::POST,
            "/api/v1/conversations".to_owned(),
            json!({ "business_id": TEXT, "initial_message": TEXT }),
        ),
        (
            Method::POST,
            "/v1.0/conversations/startConversation".to_owned(),
            json!({ "on": "SLACK", "with": EMAIL, "message": TEXT }),
        ),
        (
            Method::POST,
            "/v1.0/conversations/startConversation".to_owned(),
            json!({ "on": TEXT, "with": [EMAIL] }),
        ),
        (
            Method::POST,
            "/mock/channels/whatsapp/messages".to_owned(),
            json!({ "phone": PHONE, "text": TEXT }),
        ),
        (Method::POST, pact.clone(), json!({ "provider": "whatsapp", "phone": PHONE })),
        (Method::POST, pact, json!({ "provider": TEXT, "phone": EMAIL })),
        (
            Method::POST,
            "/API/V40/System/Session/Initialise".to_owned(),
            json!({ "propertyCode": TEXT, "interfaceToken": SECRET }),
        ),
        (
            Method::POST,
            "/API/V40/Interactive/Messages/Conversations".to_owned(),
            json!({ "sessionToken": SECRET, "message": TEXT }),
        ),
    ] {
        let mut call = request(method, &path, Some(&token), Some(body));
        call.headers_mut().insert("x-private-api-token", token.parse().unwrap());
        answers.push(server.call(call).await);
        let guessed = request(Method::GET, &path, Some(SECRET), None);
        answers.push(server.call(guessed).await);
    }
    answers.extend(talk_nonsense(server, &visitor.session.access_token).await);
    // When the store is gone every call fails from the inside.
    server.app.store.close().await;
    answers.push(
        visitor
            .call(Method::PUT, &message(&server.client_id().to_string()), Some(json!({ "content": TEXT })))
            .await,
    );
    answers.push(
        server
            .call(request(Method::POST, "/api/v1/customers", Some(&token), Some(json!({ "email": EMAIL }))))
            .await,
    );
    (answers, secrets)
}

/// Bodies that can't be read, for which every API has words of its own.
async fn talk_nonsense(server: &TestServer, access: &str) -> Vec<Answer> {
    let mut answers = Vec::new();
    let token = server.demo.api_token.as_str();
    let pact = format!("/p1/companies/{}/conversations", server.demo.company_num);
    for broken in [format!("{{\"content\":\"{TEXT}"), TEXT.to_owned(), format!("{{\"{TEXT}\":tru}}")] {
        for path in [
            "/widget/v1/conversations",
            "/api/v1/conversations",
            "/v1.0/conversations/startConversation",
            &pact,
        ] {
            let bearer = if path.starts_with("/widget") { access } else { token };
            let call = Request::post(path)
                .header(header::AUTHORIZATION, format!("Bearer {bearer}"))
                .header("x-private-api-token", token)
                .header(header::CONTENT_TYPE, "application/json")
                .header("x-request-id", format!("<{SECRET}>"))
                .body(Body::from(broken.clone()));
            answers.push(server.call(call.unwrap()).await);
        }
    }
    answers
}

#[tokio::test]
async fn no_secret_text_or_address_of_anybody_is_logged_or_repeated_by_a_refusal() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(log.clone())
        .finish();
    // With one subscriber alone, what other threads say would decide what this one hears.
    let _second = tracing::Dispatch::new(tracing_subscriber::fmt().with_writer(io::sink).finish());
    // The test's runtime is this thread, so everything that the server does of its own is heard here.
    let listening = tracing::subscriber::set_default(subscriber);
    let server = TestServer::start().await;
    let (answers, secrets) = talk(&server).await;
    drop(listening);

    let logged = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(logged.matches("answered a request").count() >= answers.len(), "{logged}");
    assert!(logged.contains("http.route"), "{logged}");
    let refusals: Vec<&Answer> = answers.iter().filter(|answer| !answer.status.is_success()).collect();
    assert!(refusals.len() > 25, "{}", refusals.len());
    for canary in [TEXT, EMAIL, PHONE, SECRET].into_iter().chain(secrets.iter().map(String::as_str)) {
        let found = logged.lines().find(|line| line.contains(canary));
        assert_eq!(found, None, "{canary} is in the log");
        for refusal in &refusals {
            assert!(!refusal.text().contains(canary), "{canary}: {} {}", refusal.status, refusal.text());
            let headers = format!("{:?}", refusal.headers);
            assert!(!headers.contains(canary), "{canary}: {headers}");
        }
    }
    // In what was accepted a secret is nowhere either, least of all in an address.
    for answer in &answers {
        for secret in secrets.iter().map(String::as_str).chain([SECRET]) {
            assert!(!answer.text().contains(secret), "{}", answer.text());
        }
    }
    assert!(
        answers.iter().any(|answer| answer.json::<Value>().to_string().contains(TEXT)),
        "texts were sent"
    );
}
