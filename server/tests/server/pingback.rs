//! Pingback, `/api/v1`: what its clients rely on, refusals included.

use crate::support::{Answer, Listener, START, TestServer, UPLOAD_MAX_BYTES, request};
use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Method, Request, StatusCode, header},
    routing::post,
};
use serde_json::{Value, json};
use server::{
    dialect::pingback::webhook::NativeEvents,
    domain::{ChangeKind, ReceiptState, Scope, Side},
    webhooks::{self, EventWriter},
};
use shared::{ConversationId, ConversationList, Event, Timestamp, limits::TEXT_MAX_BYTES};
use std::collections::BTreeSet;
use tokio::{net::TcpListener, sync::mpsc};

const NOWHERE: &str = "01900000-0000-7000-8000-00000000dead";

/// A client of the API.
struct Api<'s> {
    server: &'s TestServer,
    token: String,
}

impl<'s> Api<'s> {
    fn of(server: &'s TestServer) -> Self {
        Self { server, token: server.demo.api_token.clone() }
    }

    async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let path = format!("/api/v1{path}");
        self.server.call(request(method, &path, Some(&self.token), body)).await
    }

    async fn get(&self, path: &str) -> Value {
        good(&self.call(Method::GET, path, None).await)
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        good(&self.call(Method::POST, path, Some(body)).await)
    }

    async fn put(&self, path: &str) -> Value {
        good(&self.call(Method::PUT, path, None).await)
    }

    async fn patch(&self, path: &str, body: Value) -> Value {
        good(&self.call(Method::PATCH, path, Some(body)).await)
    }

    async fn delete(&self, path: &str) {
        let answer = self.call(Method::DELETE, path, None).await;
        assert_eq!(answer.status, StatusCode::NO_CONTENT, "{path}: {}", answer.text());
        assert_eq!(answer.text(), "");
    }

    /// The id of a new conversation.
    async fn conversation(&self, fields: Value) -> String {
        let mut body = json!({ "business_id": self.server.demo.business_id });
        body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        id(&self.post("/conversations", body).await)
    }

    /// The texts of a conversation.
    async fn texts(&self, conversation: &str) -> Vec<String> {
        let whole = self.get(&format!("/conversations/{conversation}")).await;
        let messages = whole["messages"].as_array().unwrap();
        messages.iter().map(|message| message["content"].as_str().unwrap().to_owned()).collect()
    }

    async fn upload(
        &self,
        conversation: &str,
        key: Option<&str>,
        parts: &[(&str, Option<&str>, &[u8])],
    ) -> Answer {
        let mut body = Vec::new();
        for (name, file_name, bytes) in parts {
            let file_name = file_name.map_or(String::new(), |name| format!("; filename=\"{name}\""));
            let head =
                format!("--frontier\r\nContent-Disposition: form-data; name=\"{name}\"{file_name}\r\n\r\n");
            body.extend_from_slice(head.as_bytes());
            body.extend_from_slice(bytes);
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(b"--frontier--\r\n");
        self.upload_body(conversation, key, body).await
    }

    async fn upload_body(&self, conversation: &str, key: Option<&str>, body: Vec<u8>) -> Answer {
        let mut request = Request::post(format!("/api/v1/conversations/{conversation}/upload"))
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token))
            .header(header::CONTENT_TYPE, "multipart/form-data; boundary=frontier");
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        self.server.call(request.body(Body::from(body)).unwrap()).await
    }

    async fn listen(&self, last_event_id: Option<&str>) -> Listener {
        self.server.stream("/api/v1/stream", &self.token, last_event_id).await
    }
}

#[track_caller]
fn good(answer: &Answer) -> Value {
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    assert_eq!(answer.header("content-type"), "application/json; charset=utf-8");
    answer.json()
}

/// The detail of a refusal, which must have this status and nothing beside the detail.
#[track_caller]
fn detail(answer: &Answer, status: StatusCode) -> Value {
    assert_eq!(answer.status, status, "{}", answer.text());
    assert_eq!(answer.header("content-type"), "application/json; charset=utf-8");
    let body: Value = answer.json();
    assert_eq!(body.as_object().unwrap().len(), 1, "{body}");
    body["detail"].clone()
}

/// The fields that a refusal names.
#[track_caller]
fn fields(answer: &Answer) -> Vec<String> {
    let detail = detail(answer, StatusCode::UNPROCESSABLE_ENTITY);
    let problems = detail.as_array().unwrap();
    problems.iter().map(|problem| problem["loc"][1].as_str().unwrap().to_owned()).collect()
}

fn id(value: &Value) -> String {
    value["id"].as_str().unwrap().to_owned()
}

fn ids(values: &Value) -> Vec<String> {
    values.as_array().unwrap().iter().map(id).collect()
}

fn conversation_id(text: &str) -> ConversationId {
    ConversationId(text.parse().unwrap())
}

#[tokio::test]
async fn a_conversation_is_created_with_an_opening_message_of_the_agent() {
    let server = TestServer::start().await;
    let body = json!({ "business_id": server.demo.business_id, "initial_message": "Hi!" });
    let request = request(Method::POST, "/api/v1/conversations/", Some(&server.demo.api_token), Some(body));
    let answer = server.call(request).await;
    let conversation = good(&answer);
    assert_eq!(conversation["status"], "open");
    assert_eq!(conversation["first_response_at"], conversation["messages"][0]["created_at"]);
    assert_eq!(answer.header("x-ratelimit-total"), "10000");
    assert_eq!(answer.header("x-ratelimit-remaining"), "9999");
}

#[tokio::test]
async fn a_conversation_is_on_the_channel_that_is_named_if_it_is_an_active_one_of_the_company() {
    let server = TestServer::start().await;
    let api = Api::of(&server);
    let (token, _) = server.other_company_with_token().await;
    let other = Api { server: &server, token };
    let slack = id(&api.post("/channels", json!({ "type": "slack" })).await);
    let foreign = ids(&other.get("/channels").await)[0].clone();
    let create = async |channel: &str| {
        let body = json!({ "business_id": server.demo.business_id, "channel_id": channel });
        api.call(Method::POST, "/conversations", Some(body)).await
    };
    assert_eq!(good(&create(&slack).await)["channel_type"], "slack");
    let unknown = detail(&create(NOWHERE).await, StatusCode::BAD_REQUEST);
    assert_eq!(detail(&create(&foreign).await, StatusCode::BAD_REQUEST), unknown);
    api.patch(&format!("/channels/{slack}"), json!({ "is_active": false })).await;
    detail(&create(&slack).await, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn the_same_idempotency_key_creates_once_and_with_another_body_not_at_all() {
    let server = TestServer::start().await;
    let api = Api::of(&server);
    let create = async |text: &str| {
        let body = json!({ "business_id": server.demo.business_id, "initial_message": text });
        let mut request = request(Method::POST, "/api/v1/conversations", Some(&api.token), Some(body));
        request.headers_mut().insert("idempotency-key", "key-1".parse().unwrap());
        server.call(request).await
    };
    let first = good(&create("Hi!").await);
    let again = create("Hi!").await;
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(good(&again), first);
    detail(&create("Ho!").await, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(api.get("/conversations").await.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_list_has_the_last_changed_first_and_can_be_paged_and_filtered() {
    let server = TestServer::start().await;
    let api = Api::of(&server);
    let mut created = Vec::new();
    for _ in 0..5 {
        server.clock.advance_seconds(1);
        created.push(api.conversation(json!({ "initial_message": "Hi!" })).await);
    }
    server.clock.advance_seconds(1);
    api.put(&format!("/conversations/{}/resolve", created[1])).await;
    server.clock.advance_seconds(1);
    api.put(&format!("/conversations/{}/assign/{}", created[2], server.demo.agent_id)).await;
    let expected = [2, 1, 4, 3, 0].map(|index: usize| created[index].clone());
    let list = api.get("/conversations/").await;
    assert_eq!(ids(&list), expected);
    assert_eq!(list[0]["messages"], json!([]));
    assert_eq!(ids(&api.get("/conversations?page=1&limit=2").await), expected[..2]);
    assert_eq!(ids(&api.get("/conversations?page=2&limit=2").await), expected[2..4]);
    assert_eq!(ids(&api.get("/conversations?page=3&limit=2").await), expected[4..]);
    assert_eq!(api.get("/conversations?page=4&limit=2").await, json!([]));
    assert_eq!(ids(&api.get("/conversations?status=resolved&assignee_id=").await), expected[1..2]);
    let assigned = format!("/conversations?status=&assignee_id={}", server.demo.agent_id);
    assert_eq!(ids(&api.get(&assigned).await), expected[..1]);
    let assigned = format!("/conversations?status=resolved&assignee_id={}", server.demo.agent_id);
    assert_eq!(api.get(&assigned).await, json!([]));
    assert_eq!(api.get(&format!("/conversations?assignee_id={NOWHERE}")).await, json!([]));
}

#[tokio::test]
async fn a_conversation_is_read_with_all_its_messages_oldest_first() {
    let server = TestServer::start().await;
    let api = Api::of(&server);
    let conversation = api.conversation(json!({})).await;
    let expected: Vec<String> = (0..1203).map(|n| n.to_string()).collect();
    for text in &expected {
        server.agent_says(conversation_id(&conversation), text).await;
    }
    assert_eq!(api.texts(&conversation).await, expected);
}

#[tokio::test]
async fn the_first_message_of_an_agent_is_the_first_response() {
    let server = TestServer::start().await;
    let api = Api::of(&server);
    let visitor = server.visitor().await;
    let conversation = visitor.start("Hello").await.conversation.id;
    let path = format!("/conversations/{conversation}");
    assert_eq!(api.get(&path).await["first_response_at"], Value::Null);
    server.clock.advance_seconds(60);
    let sent = api.post(&format!("{path}/messages"), json!({ "content": "Hi!" })).await;
    server.clock.advance_seconds(60);
    api.post(&format!("{path}/messages"), json!({ "content": "Still there?" })).await;
    let whole = api.get(&path).await;
    assert_eq!(whole["first_response_at"], sent["created_at"]);
    assert_eq!(whole["messages"][0]["sender_type"], "customer");
    assert_eq!(whole["messages"][0]["sender_id"], Value::Null);
    assert_eq!(whole["messages"][1], sent);
    assert_eq!(sent["sender_id"], json!(server.demo.agent_id));
}

#[tokio::test]
async fn a_message_is_sent_once_for_an_idempotency_key_and_comes_back_byte_for_byte() {
    let server = TestServer::start().await;
    let api = Api::of(&server);
    let conversation = api.conversation(json!({})).await;
    let path = format!("/api/v1/conversations/{conversation}/messages");
    let text = " e\u{301} \u{202e}\u{1f469}\u{200d}\u{1f467}\r\n\t\u{7f} ";
    let mut answers = Vec::new();
    for _ in 0..2 {
        let mut request = request(Method::POST, &path, Some(&api.token), Some(json!({ "content": text })));
        request.headers_mut().insert("idempotency-key", "once".parse().unwrap());
        answers.push(good(&server.call(request).await));
    }
    assert_eq!(answers[0], answers[1]);
    assert_eq!(api.texts(&conversation).await, [text]);
}

#[tokio::test]
async fn the_customers_next_message_opens_what_was_resolved() {
    let server = TestServer::start().await;
    let api = Api::of(&server);
    let visitor = server.visitor().await;
    let conversation = visitor.start("Hello").await.conversation.id;
    let path = format!("/conversations/{conversation}");
    let resolved = api.put(&format!("{path}/resolve")).await;
    assert_eq!(resolved, json!({ "resolved_at": "2026-01-01T00:00:00Z" }));
    assert_eq!(api.put(&format!("{path}/resolve")).await, json!({ "detail": "Already resolved" }));
    assert_eq!(api.get(&path).await["status"], "resolved");
    api.post(&format!("{path}/messages"), json!({ "content": "By the way" })).await;
    assert_eq!(api.get(&path).await["status"], "resolved", "an agent's message does not open it");
    visitor.say(conversation, "One more thing").await;
    assert_eq!(api.get(&path).await["status"], "open");
    assert_eq!(api.put(&format!("{path}/resolve")).await, resolved, "it can be resolved again");
}

#[tokio::test]
async fn what_was_closed_takes_no_message_and_the_customer_starts_a_new_conversation() {
    let server = TestServer::start().await;
    let api = Api::of(&server);
    let visitor = server.visitor().await;
    let conversation = visitor.start("Hello").await.conversation.id;
    let path = format!("/conversations/{conversation}");
    assert_eq!(api.put(&format!("{path}/close")).await, json!({ "closed_at": "2026-01-01T00:00:00Z" }));
    assert_eq!(api.put(&format!("{path}/close")).await, json!({ "detail": "Already closed" }));
    let send = Some(json!({ "content": "x" }));
    detail(&api.call(Method::POST, &format!("{path}/messages"), send).await, StatusCode::CONFLICT);
    detail(&api.call(Method::PUT, &format!("{path}/resolve"), None).await, StatusCode::CONFLICT);
    let refused = visitor.send(conversation, server.client_id(), "Hello?").await;
    assert_eq!(refused.refused(StatusCode::CONFLICT), "conversation_closed");

    let next = visitor.start("Hello again").await.conversation.id;
    assert_ne!(next, conversation);
    let list: ConversationList = visitor.call(Method::GET, "/conversations", None).await.json();
    assert_eq!(list.conversations[0].id, next);
    assert_eq!(api.get("/conversations").await[0]["id"], json!(next));
    assert_eq!(api.texts(&conversation.to_string()).await, ["Hello"]);

    let reopened = api.put(&format!("{path}/reopen")).await;
    assert_eq!((&reopened["status"], &reopened["messages"][0]["content"]), (&json!("open"), &json!("Hello")));
    assert_eq!(api.put(&format!("{path}/reopen")).await["status"], "open");
    visitor.say(conversation, "Here I am").await;
}

#[tokio::test]
async fn a_conversation_is_assigned_to_an_agent_of_the_company_only() {
    let server = TestServer::start().await;
    let api = Api::of(&server);
    let (token, _) = server.other_company_with_token().await;
    let foreign = id(&Api { server: &server, token }.get("/team/members").await[0]);
    let conversation = api.conversation(json!({})).await;
    let agent = server.demo.agent_id;
    let expected = json!({ "assignee_id": agent });
    assert_eq!(api.put(&format!("/conversations/{conversation}/assign/{agent}")).await, expected);
    let other_door = format!("/team/assign/{conversation}?agent_id=");
    assert_eq!(good(&api.call(Method::POST, &format!("{other_door}{agent}"), None).await), expected);
    assert_eq!(api.get(&format!("/conversations/{conversation}")).await["assignee_id"], json!(agent));
    for stranger in [&foreign, NOWHERE] {
        let put =
            api.call(Method::PUT, &format!("/conversations/{conversation}/assign/{stranger}"), None).await;
        let post = api.call(Method::POST, &format!("{other_door}{stranger}"), None).await;
        assert_eq!(detail(&put, StatusCode::NOT_FOUND), detail(&post, StatusCode::NOT_FOUND));
    }
    let elsewhere = api.call(Method::PUT, &format!("/conversations/{NOWHERE}/assign/{agent}"), None).await;
    detail(&elsewhere, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_file_is_uploaded_sent_once_and_fetched() {
    let server = TestServer::start().await;
    let api = Api::of(&server);
    let conversation = api.conversation(json!({})).await;
    let parts: [(&str, Option<&str>, &[u8]); 2] =
        [("note", None, b"not the file"), ("file", Some("../a b.txt"), b"hello")];
    let uploaded = good(&api.upload(&conversation, None, &parts).await);
    assert_eq!(
        (&uploaded["name"], &uploaded["size"], &uploaded["content_type"]),
        (&json!("a b.txt"), &json!(5), &json!("text/plain; charset=utf-8"))
    );
    let messages = format!("/conversations/{conversation}/messages");
    let body = json!({ "attachments": [uploaded["id"]] });
    let sent = api.post(&messages, body.clone()).await;
    assert_eq!((&sent["content"], &sent["attachments"]), (&json!(""), &json!([uploaded])));
    assert_eq!(fields(&api.call(Method::POST, &messages, Some(body)).await), ["attachments"]);
    let url = uploaded["url"].as_str().unwrap();
    assert_eq!(server.get(url.strip_prefix("http://test").unwrap()).await.body, b"hello");
}

#[tokio::test]
async fn an_upload_is_kept_once_for_an_idempotency_key_and_what_is_not_needed_is_removed() {
    let server = TestServer::start().await;
    let api = Api::of(&server);
    let conversation = api.conversation(json!({})).await;
    let upload = async |key: &str, name: &str, bytes: &[u8]| {
        api.upload(&conversation, Some(key), &[("file", Some(name), bytes)]).await
    };
    let first = good(&upload("key-1", "a.txt", b"hello").await);
    assert_eq!(good(&upload("key-1", "a.txt", b"hello").await), first);
    detail(&upload("key-1", "a.txt", b"other").await, StatusCode::UNPROCESSABLE_ENTITY);
    detail(&upload("key-1", "b.txt", b"hello").await, StatusCode::UNPROCESSABLE_ENTITY);
    assert_ne!(id(&good(&upload("key-2", "a.txt", b"hello").await)), id(&first));
    assert_eq!(n_files(&server), 2);
}

/// How many files are kept.
fn n_files(server: &TestServer) -> usize {
    fn count(directory: &std::path::Path) -> usize {
        let entries = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
        entries.map(|path| if path.is_dir() { count(&path) } else { 1 }).sum()
    }
    count(&server.directory.path().join("files"))
}

fn file(bytes: &[u8]) -> [(&str, Option<&str>, &[u8]); 1] {
    [("file", Some("a.bin"), bytes)]
}

#[tokio::test]
async fn an_upload_that_can_not_be_taken_is_refused_by_its_kind_and_leaves_nothing() {
    let server = TestServer::start().await;
    let api = Api::of(&server);
    let conversation = api.conversation(json!({})).await;
    let max = usize::try_from(UPLOAD_MAX_BYTES).unwrap();
    for (n_bytes, status) in
        [(max - 1, StatusCode::OK), (max, StatusCode::OK), (max + 1, StatusCode::PAYLOAD_TOO_LARGE)]
    {
        let answer = api.upload(&conversation, None, &file(&vec![7; n_bytes])).await;
        assert_eq!(answer.status, status, "{n_bytes}: {}", answer.text());
    }
    let large = vec![7; 3 * max];
    detail(&api.upload(&conversation, None, &file(&large)).await, StatusCode::PAYLOAD_TOO_LARGE);
    let beside = [("note", None, &large[..]), ("file", Some("a"), b"x")];
    detail(&api.upload(&conversation, None, &beside).await, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(fields(&api.upload(&conversation, None, &[("note", None, b"x")]).await), ["file"]);
    assert_eq!(fields(&api.upload(&conversation, None, &file(b"")).await), ["file"]);
    let twice = [("file", Some("a"), &b"x"[..]), ("file", Some("b"), b"y")];
    assert_eq!(fields(&api.upload(&conversation, None, &twice).await), ["file"]);
    for broken in [
        "",
        "nonsense",
        "--frontier\r\n",
        "--frontier\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nx",
    ] {
        let answer = api.upload_body(&conversation, None, broken.into()).await;
        detail(&answer, StatusCode::BAD_REQUEST);
    }
    detail(&api.upload(NOWHERE, None, &file(b"x")).await, StatusCode::NOT_FOUND);
    let path = format!("/conversations/{conversation}/upload");
    let json = api.call(Method::POST, &path, Some(json!({ "file": "x" }))).await;
    detail(&json, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    assert_eq!(n_files(&server), 2);
}

#[tokio::test]
async fn customers_are_created_found_changed_and_linked() {
    let server = TestServer::start().await;
    let api = Api::of(&server);
    let alex = api
        .post("/customers", json!({ "name": "Alex", "email": "a@example.com", "external_id": "crm-1" }))
        .await;
    let nameless = api.post("/customers/", json!({ "email": "b@example.com" })).await;
    assert_eq!(nameless["name"], Value::Null);
    assert_eq!(ids(&api.get("/customers").await), [id(&alex), id(&nameless)]);
    assert_eq!(ids(&api.get("/customers?page=2&limit=1").await), [id(&nameless)]);
    assert_eq!(api.get("/customers?external_id=crm-1").await, json!([alex]));
    assert_eq!(api.get("/customers?email=b%40example.com&external_id=").await, json!([nameless]));
    assert_eq!(api.get("/customers?external_id=crm-1&email=b%40example.com").await, json!([]));
    assert_eq!(api.get("/customers?external_id=%25").await, json!([]));

    let taken = json!({ "external_id": "crm-1" });
    detail(&api.call(Method::POST, "/customers", Some(taken.clone())).await, StatusCode::BAD_REQUEST);
    let path = format!("/customers/{}", id(&nameless));
    detail(&api.call(Method::PATCH, &path, Some(taken)).await, StatusCode::BAD_REQUEST);
    let changed = api.patch(&path, json!({ "name": "Bo", "email": null, "phone": "+7 925" })).await;
    assert_eq!(
        (&changed["name"], &changed["email"], &changed["phone"]),
        (&json!("Bo"), &Value::Null, &json!("+7 925"))
    );
    assert_eq!(api.patch(&path, json!({})).await, changed);
    assert_eq!(api.get(&path).await, changed);

    let conversation = api.conversation(json!({ "customer_id": alex["id"] })).await;
    assert_eq!(api.get(&format!("/conversations/{conversation}")).await["customer"], alex);
}

#[tokio::test]
async fn an_erased_customer_leaves_nothing_behind() {
    let server = TestServer::start().await;
    let api = Api::of(&server);
    let visitor = server.visitor().await;
    let conversation = visitor.start("my secret is swordfish").await.conversation.id.to_string();
    let path = format!("/conversations/{conversation}");
    let customer = api.get(&path).await["customer_id"].as_str().unwrap().to_owned();
    let customer = format!("/customers/{customer}");
    api.patch(&customer, json!({ "name": "Swordfish Smith", "email": "swordfish@example.com" })).await;
    let file =
        good(&api.upload(&conversation, Some("key"), &[("file", Some("swordfish.txt"), b"swordfish")]).await);
    api.post(&format!("{path}/messages"), json!({ "content": "swordfish?", "attachments": [file["id"]] }))
        .await;
    let bystander = api.conversation(json!({ "initial_message": "still here" })).await;
    let mut stream = visitor.listen(None).await;
    stream.event().await;

    api.delete(&customer).await;

    assert!(stream.next().await.is_none(), "the visitor's stream ends");
    for gone in [&path, &customer, &format!("{path}/messages")] {
        let method = if gone.ends_with("messages") { Method::POST } else { Method::GET };
        detail(&api.call(method, gone, Some(json!({ "content": "x" }))).await, StatusCode::NOT_FOUND);
    }
    detail(&api.call(Method::DELETE, &customer, None).await, StatusCode::NOT_FOUND);
    assert_eq!(ids(&api.get("/conversations").await), std::slice::from_ref(&bystander));
    assert_eq!(api.get("/customers").await, json!([]));
    assert_eq!(api.texts(&bystander).await, ["still here"]);
    assert_eq!(
        visitor.call(Method::GET, "/conversations", None).await.refused(StatusCode::UNAUTHORIZED),
        "token_invalid"
    );
    let url = file["url"].as_str().unwrap();
    assert_eq!(server.get(url.strip_prefix("http://test").unwrap()).await.status, StatusCode::NOT_FOUND);
    assert_eq!(n_files(&server), 0);
    server.app.store.close().await;
    let database = std::fs::read(server.directory.path().join("porchlight.db")).unwrap();
    for word in [&b"swordfish"[..], b"Swordfish"] {
        assert!(!database.windows(word.len()).any(|bytes| bytes == word), "it is not on the disk either");
    }
}

#[tokio::test]
async fn channels_are_one_of_a_type_and_the_default_one_stays() {
    let server = TestServer::start().await;
    let api = Api::of(&server);
    let channels = api.get("/channels/").await;
    assert_eq!(channels.as_array().unwrap().len(), 1);
    let default = format!("/channels/{}", id(&channels[0]));
    assert_eq!(channels[0]["type"], "widget");
    let config = json!({ "bot": "porch", "n": [1, null] });
    let slack = api.post("/channels", json!({ "type": "slack", "config": config })).await;
    assert_eq!((&slack["config"], &slack["is_active"]), (&config, &json!(true)));
    for taken in ["slack", "SLACK", "widget", "webchat"] {
        let answer = api.call(Method::POST, "/channels", Some(json!({ "type": taken }))).await;
        detail(&answer, StatusCode::BAD_REQUEST);
    }
    let path = format!("/channels/{}", id(&slack));
    let changed = api.patch(&path, json!({ "config": {}, "is_active": false })).await;
    assert_eq!((&changed["config"], &changed["is_active"]), (&json!({}), &json!(false)));
    assert_eq!(api.patch(&path, json!({ "is_active": true })).await["config"], json!({}));
    let conversation = api.conversation(json!({ "channel_id": slack["id"] })).await;
    api.delete(&path).await;
    assert_eq!(api.get(&format!("/conversations/{conversation}")).await["channel_type"], "slack");
    detail(&api.call(Method::DELETE, &path, None).await, StatusCode::NOT_FOUND);
    detail(&api.call(Method::DELETE, &default, None).await, StatusCode::BAD_REQUEST);
    assert_ne!(id(&api.post("/channels", json!({ "type": "slack" })).await), id(&slack));
}

#[tokio::test]
async fn a_widget_is_made_for_one_domain_and_anybody_may_read_it() {
    let server = TestServer::start().await;
    let api = Api::of(&server);
    let body = json!({
        "domain": "Shop.Example.com", "name": "Shop", "welcome_heading": "Hi", "welcome_tagline": "",
        "primary_color": "#7650FF", "show_online_badge": false, "logo_url": "https://example.com/logo.png",
        "config": { "a": 1 },
    });
    let widget = api.post("/widget/create", body.clone()).await;
    for (name, value) in body.as_object().unwrap() {
        let expected = if name == "domain" { &json!("shop.example.com") } else { value };
        assert_eq!(&widget[name], expected, "{name}");
    }
    assert_eq!(good(&server.get(&format!("/api/v1/widget/{}", id(&widget))).await), widget);
    detail(&api.call(Method::POST, "/widget/create", Some(body.clone())).await, StatusCode::BAD_REQUEST);
    detail(&server.get(&format!("/api/v1/widget/{NOWHERE}")).await, StatusCode::NOT_FOUND);
    detail(&server.get("/api/v1/widget/create").await, StatusCode::METHOD_NOT_ALLOWED);

    let visitor = server.visitor_of(widget["id"].as_str().unwrap().parse().unwrap()).await;
    visitor.start("Hello").await;
    assert_eq!(api.get("/conversations").await[0]["channel_type"], "widget");
    let (token, _) = server.other_company_with_token().await;
    Api { server: &server, token }.post("/widget/create", json!({ "domain": "shop.example.com" })).await;
}

#[tokio::test]
async fn the_team_is_listed_and_an_agent_says_whether_they_are_there() {
    let server = TestServer::start().await;
    let api = Api::of(&server);
    for status in ["away", "offline", "live"] {
        assert_eq!(api.patch("/team/status", json!({ "status": status })).await["status"], status);
        let members = api.get("/team/members").await;
        assert_eq!(
            (&members[0]["id"], &members[0]["status"]),
            (&json!(server.demo.agent_id), &json!(status))
        );
        assert_eq!(members.as_array().unwrap().len(), 1);
    }
}

#[tokio::test]
async fn a_webhook_shows_its_secret_once_and_other_formats_are_none_of_its_business() {
    let server = TestServer::start().await;
    let api = Api::of(&server);
    let body = json!({ "url": "https://example.com/hook", "events": ["message.created", "message.created"] });
    let mut webhook = api.post("/webhooks/", body).await;
    let secret = webhook.as_object_mut().unwrap().remove("secret").unwrap();
    assert!(secret.as_str().unwrap().len() >= 32);
    assert_eq!(webhook["events"], json!(["message.created"]));
    assert_eq!(api.get("/webhooks").await, json!([webhook]));
    let pact = server::domain::NewWebhook {
        id: server::clock::new_id(START),
        company: server.demo.business_id,
        format: server::domain::WebhookFormat::Pact,
        url: "https://example.com/pact".into(),
        secret: "s".into(),
        events: Vec::new(),
        at: START,
    };
    let pact = server.app.store.create_webhook(pact).await.unwrap();
    assert_eq!(ids(&api.get("/webhooks").await), [id(&webhook)]);
    let answer = api.call(Method::DELETE, &format!("/webhooks/{}", pact.id), None).await;
    detail(&answer, StatusCode::NOT_FOUND);
    api.delete(&format!("/webhooks/{}", id(&webhook))).await;
    assert_eq!(api.get("/webhooks").await, json!([]));
    for inside in
        ["http://10.0.0.1/", "http://169.254.169.254/latest", "http://[fd00::1]/", "ftp://example.com/", "x"]
    {
        let answer = api.call(Method::POST, "/webhooks", Some(json!({ "url": inside }))).await;
        assert_eq!(fields(&answer), ["url"], "{inside}");
    }
}

#[tokio::test]
async fn native_events_tell_of_everything_that_happens() {
    let server = TestServer::start().await;
    let api = Api::of(&server);
    let company = server.demo.business_id;
    let visitor = server.visitor().await;
    let conversation = visitor.start("one").await.conversation.id;
    visitor.say(conversation, "two").await;
    server.agent_says(conversation, "three").await;
    visitor.say(conversation, "four").await;
    server.clock.advance_seconds(1);
    let mark = server.app.conversations.mark(company, conversation, Side::Agent, ReceiptState::Read, 4);
    mark.await.unwrap();
    api.put(&format!("/conversations/{conversation}/resolve")).await;
    let log = server.app.store.changes(company, None, 0, 100).await.unwrap();
    let mut told = Vec::new();
    for change in &log.changes {
        told.extend(NativeEvents.events(&server.app, change).await.unwrap());
    }
    let summary: Vec<_> =
        told.iter().map(|event| (event.name, event.data["content"].as_str().unwrap_or(""))).collect();
    assert_eq!(
        summary,
        [
            ("customer.created", ""),
            ("conversation.created", ""),
            ("message.created", "one"),
            ("message.created", "two"),
            ("message.created", "three"),
            ("message.created", "four"),
            ("message.updated", "one"),
            ("message.updated", "two"),
            ("message.updated", "four"),
            ("conversation.updated", ""),
        ]
    );
    assert_eq!(told[1].data, {
        let mut whole = api.get(&format!("/conversations/{conversation}")).await;
        whole["messages"] = json!([]);
        whole
    });
    assert_eq!(told[6].data["status"], "read");
    let delivery = server::clock::new_id(START);
    assert_eq!(
        NativeEvents.body(&told[6], delivery, START),
        json!({
            "id": delivery, "event": "message.updated", "created_at": "2026-01-01T00:00:00Z", "data": told[6].data
        })
    );

    server.app.customers.erase(company, visitor.session.customer_id).await.unwrap();
    for change in &log.changes {
        // What was read before the customer was erased speaks of the message itself.
        if !matches!(change.kind, ChangeKind::Message(_)) {
            assert_eq!(NativeEvents.events(&server.app, change).await.unwrap(), []);
        }
    }
}

#[tokio::test]
async fn a_webhook_is_told_what_it_asked_for_signed_with_its_secret() {
    let server = TestServer::start().await;
    let api = Api::of(&server);
    let (received, mut deliveries) = mpsc::unbounded_channel();
    let hook = async move |headers: HeaderMap, body: String| received.send((headers, body)).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/hook", post(hook))).await });
    webhooks::start(server.app.clone());
    let events = json!(["message.created", "customer.created"]);
    let webhook = api.post("/webhooks", json!({ "url": url, "events": events })).await;
    let secret = webhook["secret"].as_str().unwrap();
    let visitor = server.visitor().await;
    visitor.start("Hello").await;
    let mut names = Vec::new();
    let mut ids = BTreeSet::new();
    for _ in 0..2 {
        let (headers, body) = deliveries.recv().await.unwrap();
        assert_eq!(headers["porchlight-signature"], webhooks::sign(secret, START.0 / 1_000_000, &body));
        let told: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(headers["porchlight-delivery"], told["id"].as_str().unwrap());
        assert_eq!(told["created_at"], "2026-01-01T00:00:00Z");
        assert!(ids.insert(id(&told)));
        names.push(told["event"].as_str().unwrap().to_owned());
    }
    names.sort();
    assert_eq!(names, ["customer.created", "message.created"]);
}

#[tokio::test]
async fn a_receipt_that_covers_many_messages_tells_of_each() {
    let server = TestServer::start().await;
    let company = server.demo.business_id;
    let visitor = server.visitor().await;
    let conversation = visitor.start("0").await.conversation.id;
    for n in 1..=250 {
        visitor.say(conversation, &n.to_string()).await;
    }
    let mark =
        |seq| server.app.conversations.mark(company, conversation, Side::Agent, ReceiptState::Read, seq);
    mark(3).await.unwrap();
    mark(240).await.unwrap();
    let rev = server.app.store.head_rev(company).await.unwrap();
    let log = server.app.store.changes(company, None, rev - 1, 1).await.unwrap();
    let told = NativeEvents.events(&server.app, &log.changes[0]).await.unwrap();
    let texts: Vec<_> = told.iter().map(|event| event.data["content"].as_str().unwrap().to_owned()).collect();
    assert_eq!(texts, (3..240).map(|n| n.to_string()).collect::<Vec<_>>());
}

/// The next event of a program's stream: its name, its data, its id.
async fn next(stream: &mut Listener) -> (String, Value, Option<String>) {
    let frame = stream.frame().await.expect("the stream goes on");
    (frame.event, serde_json::from_str(&frame.data).unwrap(), frame.id)
}

#[tokio::test]
async fn a_program_hears_everything_that_happens_in_its_company_and_nothing_else() {
    let server = TestServer::start().await;
    let api = Api::of(&server);
    let (token, _) = server.other_company_with_token().await;
    let other = Api { server: &server, token };
    let mut stream = api.listen(None).await;
    let mut elsewhere = other.listen(None).await;
    assert_eq!(next(&mut stream).await.0, "snapshot");
    assert_eq!(next(&mut elsewhere).await.1, json!({}));

    let visitor = server.visitor().await;
    let (name, customer, _) = next(&mut stream).await;
    assert_eq!((name.as_str(), &customer["business_id"]), ("customer", &json!(server.demo.business_id)));
    let conversation = visitor.start("Hello").await.conversation.id;
    let (name, told, _) = next(&mut stream).await;
    assert_eq!(
        (name.as_str(), &told["id"], &told["customer"]),
        ("conversation", &json!(conversation), &customer)
    );
    let (name, told, _) = next(&mut stream).await;
    assert_eq!(
        (name.as_str(), &told["content"], &told["status"]),
        ("message", &json!("Hello"), &json!("sent"))
    );
    let first = told["id"].clone();
    let typing = json!({ "typing": true });
    visitor.call(Method::POST, &format!("/conversations/{conversation}/typing"), Some(typing)).await;
    let (name, told, position) = next(&mut stream).await;
    assert_eq!(name, "typing");
    assert_eq!(
        told,
        json!({ "conversation_id": conversation, "by": "customer", "name": null, "typing": true })
    );
    assert_eq!(position, None, "what is not stored moves no position");
    let mark = server.app.conversations.mark(
        server.demo.business_id,
        conversation,
        Side::Agent,
        ReceiptState::Read,
        1,
    );
    mark.await.unwrap();
    let (name, told, _) = next(&mut stream).await;
    assert_eq!(name, "receipt");
    assert_eq!(
        told,
        json!({
            "conversation_id": conversation, "by": "agent", "state": "read", "up_to_message_id": first,
            "created_at": "2026-01-01T00:00:00Z",
        })
    );
    api.patch(&format!("/customers/{}", id(&customer)), json!({ "name": "Alex" })).await;
    assert_eq!(next(&mut stream).await.1["name"], "Alex");

    other.post("/customers", json!({})).await;
    assert_eq!(next(&mut elsewhere).await.0, "customer", "this is the first it hears");
}

#[tokio::test]
async fn a_program_that_comes_back_gets_what_it_missed_and_nothing_else() {
    let server = TestServer::start().await;
    let api = Api::of(&server);
    let conversation = conversation_id(&api.conversation(json!({ "initial_message": "1" })).await);
    let mut stream = api.listen(None).await;
    next(&mut stream).await;
    server.agent_says(conversation, "2").await;
    let (_, _, position) = next(&mut stream).await;
    drop(stream);
    for n in 3..=150 {
        server.agent_says(conversation, &n.to_string()).await;
    }
    let mut stream = api.listen(position.as_deref()).await;
    for n in 3..=150 {
        assert_eq!(next(&mut stream).await.1["content"], n.to_string());
    }
    assert_eq!(next(&mut stream).await.0, "heartbeat");
    for unknown in ["1.1", "nonsense", "4294967295.1"] {
        assert_eq!(next(&mut api.listen(Some(unknown)).await).await.0, "snapshot", "{unknown}");
    }
    server.app.live.drain();
    let (name, told, _) = next(&mut stream).await;
    assert_eq!(name, "goodbye");
    assert!(told["reconnect_after_ms"].is_u64());
    assert!(stream.frame().await.is_none());
}

#[tokio::test]
async fn revoking_a_token_ends_its_streams_however_much_they_have_to_say_and_no_other() {
    let server = TestServer::start().await;
    let company = server.demo.business_id;
    let keeps = Api::of(&server);
    let loses = Api { server: &server, token: server.token_of(company, Scope::Read).await };
    let conversation = conversation_id(&keeps.conversation(json!({})).await);
    let mut ending = loses.listen(None).await;
    let mut behind = loses.listen(Some(&format!("{}.0", server.app.store.epoch()))).await;
    let mut staying = keeps.listen(None).await;
    for stream in [&mut ending, &mut behind, &mut staying] {
        next(stream).await;
    }
    // More than a listener's queue holds, so that it has to go back to the log.
    for n in 0..50 {
        server.agent_says(conversation, &n.to_string()).await;
    }
    let token = loses.token.split_once('.').unwrap().0.parse().unwrap();
    server.app.administration.revoke_token(token).await.unwrap();
    server.agent_says(conversation, "not for them").await;
    assert!(ending.frame().await.is_none());
    assert!(behind.frame().await.is_none());
    for n in 0..50 {
        assert_eq!(next(&mut staying).await.1["content"], n.to_string());
    }
    assert_eq!(next(&mut staying).await.1["content"], "not for them");
    let answer = loses.call(Method::GET, "/stream", None).await;
    detail(&answer, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_visitor_hears_what_the_api_does() {
    let server = TestServer::start().await;
    let api = Api::of(&server);
    let visitor = server.visitor().await;
    let conversation = visitor.start("Hello").await.conversation.id;
    let mut stream = visitor.listen(None).await;
    stream.event().await;
    api.post(&format!("/conversations/{conversation}/messages"), json!({ "content": "Hi!" })).await;
    assert_eq!(stream.message().await.content, "Hi!");
    api.put(&format!("/conversations/{conversation}/assign/{}", server.demo.agent_id)).await;
    let Event::Conversation(assigned) = stream.event().await else { panic!("the conversation comes next") };
    assert_eq!(assigned.agent.unwrap().name, "Robin");
}

#[tokio::test]
async fn head_is_get_without_a_body_and_other_methods_are_named() {
    let server = TestServer::start().await;
    let api = Api::of(&server);
    let conversation = api.conversation(json!({})).await;
    for path in [
        "/conversations".to_owned(),
        format!("/conversations/{conversation}"),
        "/customers".into(),
        "/stream".into(),
    ] {
        let answer = api.call(Method::HEAD, &path, None).await;
        assert_eq!((answer.status, answer.text().as_str()), (StatusCode::OK, ""), "{path}");
    }
    for method in [Method::OPTIONS, Method::TRACE, Method::DELETE] {
        let answer = api.call(method, "/conversations", None).await;
        detail(&answer, StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(answer.header(header::ALLOW), "GET,HEAD,POST");
    }
    detail(&api.call(Method::GET, "/nothing", None).await, StatusCode::NOT_FOUND);
}

/// An operation, as the table of bad input goes through it.
struct Operation {
    method: Method,
    path: String,
    /// A body that is accepted; nothing for an operation that takes none.
    body: Option<Value>,
    scope: Scope,
    /// What another company is refused with; nothing where it just gets what is its own.
    foreign: Option<StatusCode>,
}

/// What every operation needs in order to be refused for one reason only.
struct Things {
    conversation: String,
    customer: String,
    channel: String,
    webhook: String,
    widget: String,
}

impl Things {
    async fn of(api: &Api<'_>, business_id: Value) -> Self {
        let conversation = json!({ "business_id": business_id, "initial_message": "Hi!" });
        Self {
            conversation: id(&api.post("/conversations", conversation).await),
            customer: id(&api.post("/customers", json!({})).await),
            channel: id(&api.post("/channels", json!({ "type": "sms" })).await),
            webhook: id(&api.post("/webhooks", json!({ "url": "https://example.com/" })).await),
            widget: id(&api.post("/widget/create", json!({ "domain": "things.example" })).await),
        }
    }

    fn unknown() -> Self {
        let nowhere = || NOWHERE.to_owned();
        Self {
            conversation: nowhere(),
            customer: nowhere(),
            channel: nowhere(),
            webhook: nowhere(),
            widget: nowhere(),
        }
    }

    fn operations(&self, business_id: &Value, agent: &str) -> Vec<Operation> {
        use {Method as M, Scope as S};
        let Self { conversation, customer, channel, webhook, widget } = self;
        let hidden = Some(StatusCode::NOT_FOUND);
        let forbidden = Some(StatusCode::FORBIDDEN);
        [
            (M::GET, "/conversations".to_owned(), None, S::Read, None),
            (
                M::POST,
                "/conversations".into(),
                Some(json!({ "business_id": business_id })),
                S::Write,
                forbidden,
            ),
            (M::GET, format!("/conversations/{conversation}"), None, S::Read, hidden),
            (
                M::POST,
                format!("/conversations/{conversation}/messages"),
                Some(json!({ "content": "x" })),
                S::Write,
                hidden,
            ),
            (M::PUT, format!("/conversations/{conversation}/resolve"), None, S::Write, hidden),
            (M::PUT, format!("/conversations/{conversation}/close"), None, S::Write, hidden),
            (M::PUT, format!("/conversations/{conversation}/reopen"), None, S::Write, hidden),
            (M::PUT, format!("/conversations/{conversation}/assign/{agent}"), None, S::Write, hidden),
            (M::POST, format!("/team/assign/{conversation}?agent_id={agent}"), None, S::Write, hidden),
            (M::GET, "/team/members".into(), None, S::Read, None),
            (M::PATCH, "/team/status".into(), Some(json!({ "status": "live" })), S::Admin, None),
            (M::GET, "/customers".into(), None, S::Read, None),
            (M::POST, "/customers".into(), Some(json!({ "business_id": business_id })), S::Write, forbidden),
            (M::GET, format!("/customers/{customer}"), None, S::Read, hidden),
            (M::PATCH, format!("/customers/{customer}"), Some(json!({ "name": "x" })), S::Write, hidden),
            (M::DELETE, format!("/customers/{customer}"), None, S::Write, hidden),
            (M::GET, "/channels".into(), None, S::Read, None),
            (
                M::POST,
                "/channels".into(),
                Some(json!({ "business_id": business_id, "type": "slack" })),
                S::Admin,
                forbidden,
            ),
            (M::PATCH, format!("/channels/{channel}"), Some(json!({ "config": {} })), S::Admin, hidden),
            (M::DELETE, format!("/channels/{channel}"), None, S::Admin, hidden),
            (
                M::POST,
                "/widget/create".into(),
                Some(json!({ "business_id": business_id, "domain": "example.com" })),
                S::Admin,
                forbidden,
            ),
            (M::PATCH, format!("/widget/{widget}"), Some(json!({ "radius": 8 })), S::Admin, hidden),
            (M::GET, "/webhooks".into(), None, S::Admin, None),
            (M::POST, "/webhooks".into(), Some(json!({ "url": "https://example.com/hook" })), S::Admin, None),
            (M::DELETE, format!("/webhooks/{webhook}"), None, S::Admin, hidden),
            (M::GET, "/stream".into(), None, S::Read, None),
        ]
        .into_iter()
        .map(|(method, path, body, scope, foreign)| Operation { method, path, body, scope, foreign })
        .collect()
    }
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "it is one table")]
async fn every_operation_refuses_bad_input_in_the_one_shape() {
    let server = TestServer::start().await;
    let api = Api::of(&server);
    let business_id = json!(server.demo.business_id);
    let agent = server.demo.agent_id.to_string();
    let (token, _) = server.other_company_with_token().await;
    let foreigner = Api { server: &server, token };
    let things = Things::of(&api, business_id.clone()).await;
    let operations = things.operations(&business_id, &agent);
    let unknown = Things::unknown().operations(&business_id, &agent);

    for (operation, nowhere) in operations.iter().zip(&unknown) {
        let Operation { method, path, body, scope, foreign } = operation;
        let place = format!("{method} {path}");
        let full_path = format!("/api/v1{path}");
        let call =
            |token: Option<&str>| server.call(request(method.clone(), &full_path, token, body.clone()));

        // Nobody, and somebody unknown.
        for token in [None, Some("x"), Some("01900000-0000-7000-8000-00000000dead.secret")] {
            let answer = call(token).await;
            detail(&answer, StatusCode::UNAUTHORIZED);
            assert_eq!(answer.header(header::WWW_AUTHENTICATE), "Bearer", "{place}");
        }
        // Somebody who may do less.
        let less = match scope {
            Scope::Read => None,
            Scope::Write => Some(Scope::Read),
            Scope::Admin => Some(Scope::Write),
        };
        if let Some(less) = less {
            let token = server.token_of(server.demo.business_id, less).await;
            detail(&call(Some(&token)).await, StatusCode::FORBIDDEN);
        }
        // Somebody else, who is told no more than of what does not exist.
        if let Some(status) = foreign {
            let foreign = detail(&call(Some(&foreigner.token)).await, *status);
            if *status == StatusCode::NOT_FOUND {
                let answer = api.call(nowhere.method.clone(), &nowhere.path, nowhere.body.clone()).await;
                assert_eq!(detail(&answer, StatusCode::NOT_FOUND), foreign, "{place}");
                let no_id = path.replace(path.split('/').nth(2).unwrap(), "not-an-id");
                let path =
                    if no_id.starts_with("/team") { no_id.replace("not-an-id", "assign") } else { no_id };
                if path.contains("not-an-id") {
                    let answer = api.call(method.clone(), &path, body.clone()).await;
                    assert_eq!(detail(&answer, StatusCode::NOT_FOUND), foreign, "{path}");
                }
            }
        }
        // Another method.
        let answer = api.call(Method::TRACE, path, None).await;
        detail(&answer, StatusCode::METHOD_NOT_ALLOWED);
        assert!(answer.header(header::ALLOW).contains(method.as_str()), "{place}");
        // A body that can't be understood.
        if body.is_some() {
            for (content_type, bytes, status) in [
                ("application/json", "{", StatusCode::BAD_REQUEST),
                ("application/json", "[1]", StatusCode::BAD_REQUEST),
                ("application/json", "\"text\"", StatusCode::BAD_REQUEST),
                ("application/json", "{\"a\":\"\\ud800\"}", StatusCode::BAD_REQUEST),
                ("application/xml", "<a/>", StatusCode::UNSUPPORTED_MEDIA_TYPE),
                ("multipart/form-data; boundary=x", "--x--", StatusCode::UNSUPPORTED_MEDIA_TYPE),
            ] {
                let request = Request::builder()
                    .method(method.clone())
                    .uri(&full_path)
                    .header(header::AUTHORIZATION, format!("Bearer {}", api.token))
                    .header(header::CONTENT_TYPE, content_type)
                    .body(Body::from(bytes))
                    .unwrap();
                detail(&server.call(request).await, status);
            }
        }
    }

    let messages = format!("/conversations/{}/messages", things.conversation);
    let customer = format!("/customers/{}", things.customer);
    let channel = format!("/channels/{}", things.channel);
    let assign = format!("/team/assign/{}", things.conversation);
    let named = |n_chars: usize| "é".repeat(n_chars);
    let text = |n_bytes: usize| "a".repeat(n_bytes);
    let with_business = |fields: Value| {
        let mut body = json!({ "business_id": business_id });
        body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        body
    };
    let (get, post, patch) = (Method::GET, Method::POST, Method::PATCH);
    let page = |query: &str| format!("/conversations?{query}");
    let customers = |query: &str| format!("/customers?{query}");
    // What is wrong, and the fields that have to be named for it; none: it is right.
    let table: Vec<(&Method, String, Value, &[&str])> = vec![
        (&get, page("page=0"), json!({}), &["page"]),
        (&get, page("page=1"), json!({}), &[]),
        (&get, page("page=1000000&limit=100"), json!({}), &[]),
        (&get, page("page=1000001"), json!({}), &["page"]),
        (
            &get,
            page("page=x&limit=x&status=x&assignee_id=x"),
            json!({}),
            &["status", "assignee_id", "page", "limit"],
        ),
        (&get, page("limit=0"), json!({}), &["limit"]),
        (&get, page("limit=1"), json!({}), &[]),
        (&get, page("limit=100"), json!({}), &[]),
        (&get, page("limit=101"), json!({}), &["limit"]),
        (&get, page("page=-1&limit=99999999999999999999"), json!({}), &["page", "limit"]),
        (&get, customers("page=0&limit=101"), json!({}), &["page", "limit"]),
        (&get, customers(&format!("email={}", "a".repeat(256))), json!({}), &["email"]),
        (&post, "/conversations".into(), json!({}), &["business_id"]),
        (&post, "/conversations".into(), json!({ "business_id": null }), &["business_id"]),
        (
            &post,
            "/conversations".into(),
            json!({ "business_id": 7, "customer_id": "x", "initial_message": 1, "channel_id": {} }),
            &["business_id", "customer_id", "initial_message", "channel_id"],
        ),
        (
            &post,
            "/conversations".into(),
            with_business(json!({ "initial_message": " \n" })),
            &["initial_message"],
        ),
        (
            &post,
            "/conversations".into(),
            with_business(json!({ "initial_message": "a\0b" })),
            &["initial_message"],
        ),
        (
            &post,
            "/conversations".into(),
            with_business(json!({ "initial_message": text(TEXT_MAX_BYTES) })),
            &[],
        ),
        (
            &post,
            "/conversations".into(),
            with_business(json!({ "initial_message": text(TEXT_MAX_BYTES + 1) })),
            &["initial_message"],
        ),
        (&post, messages.clone(), json!({}), &["content"]),
        (&post, messages.clone(), json!({ "content": "" }), &["content"]),
        (&post, messages.clone(), json!({ "content": 7, "attachments": "x" }), &["attachments", "content"]),
        (&post, messages.clone(), json!({ "content": "x", "attachments": [NOWHERE] }), &["attachments"]),
        (&post, messages.clone(), json!({ "content": "x", "attachments": [7] }), &["attachments"]),
        (
            &post,
            messages.clone(),
            json!({ "content": "x", "attachments": vec![NOWHERE; 11] }),
            &["attachments"],
        ),
        (&post, messages.clone(), json!({ "content": "x", "attachments": [] }), &[]),
        (&post, messages.clone(), json!({ "content": text(TEXT_MAX_BYTES) }), &[]),
        (&post, messages, json!({ "content": text(TEXT_MAX_BYTES + 1) }), &["content"]),
        (&post, assign.clone(), json!({}), &["agent_id"]),
        (&post, format!("{assign}?agent_id=7"), json!({}), &["agent_id"]),
        (&post, assign, json!({ "agent_id": agent }), &[]),
        (&patch, "/team/status".into(), json!({}), &["status"]),
        (&patch, "/team/status".into(), json!({ "status": "busy" }), &["status"]),
        (&post, "/customers".into(), json!({ "name": named(255) }), &[]),
        (&post, "/customers".into(), json!({ "name": named(256) }), &["name"]),
        (
            &post,
            "/customers".into(),
            json!({ "business_id": "x", "name": "", "email": 7, "phone": [], "external_id": "\0" }),
            &["business_id", "name", "email", "phone", "external_id"],
        ),
        (
            &patch,
            customer,
            json!({ "name": named(256), "email": "", "phone": true }),
            &["name", "email", "phone"],
        ),
        (&post, "/channels".into(), json!({}), &["type"]),
        (&post, "/channels".into(), json!({ "type": "pigeon", "config": [] }), &["type", "config"]),
        (&patch, channel.clone(), json!({ "is_active": "yes", "config": "x" }), &["config", "is_active"]),
        (&patch, channel, json!({ "config": { "a\0": 1 } }), &["config"]),
        (&post, "/widget/create".into(), json!({}), &["domain"]),
        (&post, "/widget/create".into(), json!({ "domain": "example.com; script-src *" }), &["domain"]),
        (
            &post,
            "/widget/create".into(),
            json!({
                "domain": "*", "name": named(256), "welcome_heading": "", "welcome_tagline": named(256),
                "primary_color": "red", "show_online_badge": 1, "logo_url": "javascript:alert(1)", "config": 7,
            }),
            &[
                "domain",
                "name",
                "welcome_heading",
                "welcome_tagline",
                "primary_color",
                "show_online_badge",
                "logo_url",
                "config",
            ],
        ),
        (&post, "/webhooks".into(), json!({}), &["url"]),
        (&post, "/webhooks".into(), json!({ "url": 7, "events": ["pigeon.sent"] }), &["url", "events"]),
    ];
    for (method, path, body, expected) in table {
        let body = (*method != Method::GET).then_some(body);
        let answer = api.call(method.clone(), &path, body.clone()).await;
        if expected.is_empty() {
            assert_eq!(answer.status, StatusCode::OK, "{method} {path}: {}", answer.text());
        } else {
            assert_eq!(fields(&answer), expected, "{method} {path} {body:?}");
        }
    }
    let place =
        detail(&api.call(Method::GET, "/customers?limit=0", None).await, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(place[0]["loc"], json!(["query", "limit"]));
    assert_eq!(
        api.get("/conversations").await.as_array().unwrap().len(),
        2,
        "nothing was done by what was refused"
    );
}

#[tokio::test]
async fn times_are_told_in_utc() {
    let server = TestServer::start().await;
    let api = Api::of(&server);
    assert_eq!(START, Timestamp(1_767_225_600_000_000));
    server.clock.advance_seconds(1);
    let conversation = api.conversation(json!({})).await;
    let whole = api.get(&format!("/conversations/{conversation}")).await;
    assert_eq!(whole["created_at"], "2026-01-01T00:00:01Z");
}
