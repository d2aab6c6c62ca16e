//! Webhooks: what happens is told, in order, until it is taken or given up.

use crate::{
    receiver::{Received, Receiver},
    support::TestServer,
};
use axum::{
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use server::{
    clock::new_id,
    domain::{CompanyChange, NewWebhook, Progress, ReceiptState, Side, Webhook, WebhookFormat},
    store::NewDelivery,
    webhooks::{Worker, start},
};
use sha2::Sha256;
use shared::{Ack, CompanyId, ConversationId};

/// How long a delivery waits before it is tried again.
const RETRY_SECONDS: i64 = 60;

impl TestServer {
    fn new_webhook(&self, company: CompanyId, format: WebhookFormat, url: String) -> NewWebhook {
        let at = self.app.clock.now();
        NewWebhook { id: new_id(at), company, format, url, secret: "secret".into(), events: Vec::new(), at }
    }

    /// Has the demo's events told to an address.
    async fn tell(&self, url: String) -> Webhook {
        let company = self.demo.business_id;
        let webhook = Some(Some(self.new_webhook(company, WebhookFormat::Pact, url)));
        let change = CompanyChange { webhook, ..CompanyChange::default() };
        self.app.store.change_company(company, change).await.unwrap();
        self.app.store.webhooks(company).await.unwrap().remove(0)
    }

    async fn pact(&self, path: &str, form: &str) -> Value {
        let request = Request::builder()
            .method(Method::POST)
            .uri(format!("/p1/companies/{}{path}", self.demo.company_num))
            .header("x-private-api-token", &self.demo.api_token)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(form.to_owned()))
            .unwrap();
        let answer = self.call(request).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        answer.json::<Value>()["data"].clone()
    }
}

fn what(received: &[Received]) -> Vec<String> {
    let word = |body: &Value, key: &str| body[key].as_str().unwrap().to_owned();
    received
        .iter()
        .map(Received::json)
        .map(|body| format!("{} {}", word(&body, "type"), word(&body, "event")))
        .collect()
}

fn texts(received: &[Received]) -> Vec<String> {
    received.iter().filter_map(|one| one.json()["data"]["message"].as_str().map(str::to_owned)).collect()
}

#[tokio::test]
async fn a_webhook_is_told_of_conversations_messages_how_far_they_came_and_jobs() {
    let server = TestServer::start().await;
    let mut receiver = Receiver::start().await;
    server.tell(receiver.url("/hook")).await;
    let mut worker = Worker::new(server.app.clone());
    let opened = server.pact("/conversations", "provider=whatsapp&phone=79250000001&text=Hello").await;
    let conversation = opened["conversation"]["external_id"].clone();
    worker.run_due().await;
    let told = receiver.so_far();
    assert_eq!(what(&told), ["conversation new", "message new"]);
    assert_eq!(told[0].header("content-type"), "application/json");
    assert!(uuid::Uuid::try_parse(told[0].header("porchlight-delivery")).is_ok());
    assert_eq!(told[0].header("porchlight-signature"), "");
    assert_eq!(
        told[0].json()["data"],
        json!({
            "external_id": conversation,
            "name": "79250000001",
            "channel_id": opened["conversation"]["channel_id"],
            "channel_type": "whatsapp",
            "created_at": "2026-01-01 00:00:00 UTC",
            "created_at_timestamp": 1_767_225_600,
            "avatar": "/avatars/original/missing.png",
            "avatar_url": "/avatars/original/missing.png",
            "sender_external_id": "79250000001",
            "meta": {},
            "last_message_at": 1_767_225_600,
            "last_income_message_at": 0,
            "bitrix_block_openlines": false,
        })
    );
    let message = told[1].json()["data"].clone();
    let channel = json!({ "id": opened["conversation"]["channel_id"], "type": "whatsapp" });
    assert_eq!(
        message,
        json!({
            "external_id": message["external_id"],
            "channel_id": channel["id"],
            "channel_type": "whatsapp",
            "channel": channel,
            "conversation_id": conversation,
            "message": "Hello",
            "income": false,
            "created_at": "2026-01-01 00:00:00 UTC",
            "created_at_timestamp": 1_767_225_600,
            "attachments": [],
            "ack": -1,
            "job_id": message["job_id"],
        })
    );

    let job = message["job_id"].as_i64().unwrap();
    for ack in [Ack::Delivering, Ack::Sent, Ack::Delivered] {
        server.app.store.advance_job(job, Progress::Ack(ack), server.app.clock.now()).await.unwrap();
    }
    let id = conversation_id(&server, &conversation).await;
    let company = server.demo.business_id;
    server.app.conversations.mark(company, id, Side::Customer, ReceiptState::Read, 1).await.unwrap();
    // All of it is read at once, and still told step by step.
    worker.run_due().await;
    let told = receiver.so_far();
    assert_eq!(what(&told), ["message ack", "message ack", "message ack", "job executed", "message ack"]);
    let acks: Vec<_> = told.iter().filter_map(|one| one.json()["data"]["ack"].as_i64()).collect();
    assert_eq!(acks, [0, 1, 2, 3]);
    assert_eq!(
        told[4].json()["data"],
        json!({ "external_id": message["external_id"], "channel": channel, "conversation_id": conversation, "ack": 3 })
    );
    assert_eq!(
        told[3].json()["data"],
        json!({
            "id": job,
            "company_id": server.demo.company_num,
            "channel": channel,
            "conversation_id": conversation,
            "state": "delivered",
            "result": "DELIVERED",
            "message_id": message["external_id"],
            "details": { "result": "DELIVERED" },
            "created_at": "2026-01-01 00:00:00 UTC",
            "created_at_timestamp": 1_767_225_600,
            "executed_at": "2026-01-01 00:00:00 UTC",
            "date": 1_767_225_600,
        })
    );
}

async fn conversation_id(server: &TestServer, num: &Value) -> ConversationId {
    let num = server::domain::ConversationRef::Num(num.as_i64().unwrap());
    server.app.conversations.details(server.demo.business_id, num).await.unwrap().conversation.id
}

#[tokio::test]
async fn what_a_customer_writes_is_told_as_income_and_what_they_read_of_all_that_they_read() {
    let server = TestServer::start().await;
    let mut receiver = Receiver::start().await;
    server.tell(receiver.url("/hook")).await;
    let mut worker = Worker::new(server.app.clone());
    let visitor = server.visitor().await;
    let id = visitor.start("Hello").await.conversation.id;
    server.agent_says(id, "one").await;
    server.agent_says(id, "two").await;
    visitor.call(Method::PUT, &format!("/conversations/{id}/read"), Some(json!({ "seq": 3 }))).await;
    worker.run_due().await;
    let told = receiver.so_far();
    assert_eq!(
        what(&told),
        ["conversation new", "message new", "message new", "message new", "message ack", "message ack"]
    );
    assert_eq!(told[1].json()["data"]["income"], true);
    assert_eq!(told[2].json()["data"]["job_id"], Value::Null);
    // What the business reads is no news to it.
    server
        .app
        .conversations
        .mark(server.demo.business_id, id, Side::Agent, ReceiptState::Read, 3)
        .await
        .unwrap();
    worker.run_due().await;
    assert_eq!(what(&receiver.so_far()), Vec::<String>::new());
}

#[tokio::test]
async fn a_failed_delivery_is_tried_again_after_a_minute_ten_times_and_then_given_up() {
    let server = TestServer::start().await;
    let mut receiver = Receiver::start().await;
    server.tell(receiver.url("/hook")).await;
    let mut worker = Worker::new(server.app.clone());
    receiver.answer_with(StatusCode::CREATED);
    server.pact("/conversations", "provider=whatsapp&phone=79250000001").await;
    let mut ids = Vec::new();
    for n_tries in 1..=11 {
        worker.run_due().await;
        worker.run_due().await;
        let told = receiver.so_far();
        assert_eq!(told.len(), 1, "try {n_tries}");
        ids.push(told[0].header("porchlight-delivery").to_owned());
        server.clock.advance_seconds(RETRY_SECONDS - 1);
        worker.run_due().await;
        assert_eq!(receiver.so_far().len(), 0, "too early");
        server.clock.advance_seconds(1);
    }
    ids.dedup();
    assert_eq!(ids.len(), 1, "a delivery keeps its name");
    worker.run_due().await;
    assert_eq!(receiver.so_far().len(), 0, "it was given up");
    receiver.answer_with(StatusCode::OK);
    server.pact("/conversations", "provider=whatsapp&phone=79250000001&text=Hello").await;
    worker.run_due().await;
    assert_eq!(what(&receiver.so_far()), ["message new"], "what came after it goes on");
}

#[tokio::test]
async fn a_conversation_keeps_its_order_and_holds_up_no_other() {
    let server = TestServer::start().await;
    let mut receiver = Receiver::start().await;
    server.tell(receiver.url("/hook")).await;
    let mut worker = Worker::new(server.app.clone());
    receiver.answer_with(StatusCode::INTERNAL_SERVER_ERROR);
    server.pact("/conversations", "provider=whatsapp&phone=79250000001&text=first").await;
    worker.run_due().await;
    server.pact("/conversations", "provider=whatsapp&phone=79250000001&text=second").await;
    worker.run_due().await;
    assert_eq!(what(&receiver.so_far()), ["conversation new"]);
    receiver.answer_with(StatusCode::OK);
    server.pact("/conversations", "provider=whatsapp&phone=79250000002&text=elsewhere").await;
    worker.run_due().await;
    assert_eq!(texts(&receiver.so_far()), ["elsewhere"]);
    server.clock.advance_seconds(RETRY_SECONDS);
    worker.run_due().await;
    let told = receiver.so_far();
    assert_eq!(what(&told), ["conversation new", "message new", "message new"]);
    assert_eq!(texts(&told), ["first", "second"]);
}

#[tokio::test]
async fn an_endpoint_that_does_not_answer_delays_no_other() {
    let server = TestServer::start().await;
    let (mut dead, mut alive) = (Receiver::start().await, Receiver::start().await);
    dead.fall_silent();
    server.tell(dead.url("/hook")).await;
    let branch = server.app.store.companies(Some(server.demo.business_id), None, false, 1).await.unwrap();
    assert_eq!(branch.len(), 1);
    let made = {
        let request = Request::post("/p1/companies")
            .header("x-private-api-token", &server.demo.api_token)
            .body(Body::from("name=Branch"))
            .unwrap();
        server.call(request).await.json::<Value>()["data"]["external_id"].clone()
    };
    let num = made.as_i64().unwrap();
    let company = server.app.store.company_by_num(server.demo.business_id, num).await.unwrap().unwrap();
    let webhook = server.new_webhook(company.id, WebhookFormat::Pact, alive.url("/hook"));
    server.app.store.create_webhook(webhook).await.unwrap();

    drop(start(server.app.clone()));
    for n in 0..8 {
        server.pact("/conversations", &format!("provider=whatsapp&phone=7925000000{n}")).await;
    }
    dead.next().await;
    let write = Request::post(format!("/p1/companies/{num}/conversations"))
        .header("x-private-api-token", &server.demo.api_token)
        .body(Body::from("provider=whatsapp&phone=79250000009&text=Hello"))
        .unwrap();
    assert_eq!(server.call(write).await.status, StatusCode::OK);
    assert_eq!(what(&[alive.next().await, alive.next().await]), ["conversation new", "message new"]);
}

#[tokio::test]
async fn the_worker_is_woken_by_what_happens() {
    let server = TestServer::start().await;
    let mut receiver = Receiver::start().await;
    drop(start(server.app.clone()));
    server.tell(receiver.url("/hook")).await;
    server.pact("/conversations", "provider=whatsapp&phone=79250000001").await;
    assert_eq!(what(&[receiver.next().await]), ["conversation new"]);
    server.pact("/conversations", "provider=whatsapp&phone=79250000001&text=Hello").await;
    assert_eq!(texts(&[receiver.next().await]), ["Hello"]);
}

#[tokio::test]
async fn a_restart_loses_neither_what_was_queued_nor_what_was_not_read_yet() {
    let server = TestServer::start().await;
    let mut receiver = Receiver::start().await;
    server.tell(receiver.url("/hook")).await;
    receiver.answer_with(StatusCode::BAD_GATEWAY);
    server.pact("/conversations", "provider=whatsapp&phone=79250000001").await;
    Worker::new(server.app.clone()).run_due().await;
    let first = receiver.so_far();
    // Nobody reads the log before the server stops.
    server.pact("/conversations", "provider=whatsapp&phone=79250000001&text=late").await;

    let server = server.restart().await;
    receiver.answer_with(StatusCode::OK);
    let mut worker = Worker::new(server.app.clone());
    worker.run_due().await;
    assert_eq!(receiver.so_far().len(), 0, "the minute goes on");
    server.clock.advance_seconds(RETRY_SECONDS);
    worker.run_due().await;
    let told = receiver.so_far();
    assert_eq!(what(&told), ["conversation new", "message new"]);
    assert_eq!(told[0].header("porchlight-delivery"), first[0].header("porchlight-delivery"));
    assert_eq!(told[0].body, first[0].body);
    worker.run_due().await;
    assert_eq!(receiver.so_far().len(), 0, "nothing is told twice");
}

#[tokio::test]
async fn a_clock_that_was_set_back_holds_nothing_up() {
    let server = TestServer::start().await;
    let mut receiver = Receiver::start().await;
    server.tell(receiver.url("/hook")).await;
    receiver.answer_with(StatusCode::BAD_GATEWAY);
    server.pact("/conversations", "provider=whatsapp&phone=79250000001").await;
    let mut worker = Worker::new(server.app.clone());
    worker.run_due().await;
    assert_eq!(receiver.so_far().len(), 1);
    server.clock.advance_seconds(-24 * 60 * 60);
    receiver.answer_with(StatusCode::OK);
    worker.run_due().await;
    assert_eq!(receiver.so_far().len(), 1);
}

#[tokio::test]
async fn a_native_delivery_is_signed_with_the_webhooks_secret_and_the_time_of_each_try() {
    let server = TestServer::start().await;
    let mut receiver = Receiver::start().await;
    let company = server.demo.business_id;
    let new = server.new_webhook(company, WebhookFormat::Native, receiver.url("/hook"));
    let webhook = server.app.store.create_webhook(new).await.unwrap();
    let at = server.app.clock.now();
    let delivery = NewDelivery { id: new_id(at), conversation: None, body: r#"{"event":"x"}"#.into() };
    server
        .app
        .store
        .enqueue_deliveries(webhook.num, webhook.read_rev + 1, vec![delivery.clone()], at)
        .await
        .unwrap();
    receiver.answer_with(StatusCode::BAD_GATEWAY);
    let mut worker = Worker::new(server.app.clone());
    for unix_seconds in [1_767_225_600, 1_767_225_660] {
        worker.run_due().await;
        let told = receiver.next().await;
        let mut mac = Hmac::<Sha256>::new_from_slice(b"secret").unwrap();
        mac.update(format!("{unix_seconds}.{}", told.body).as_bytes());
        let hex =
            mac.finalize().into_bytes().iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
        assert_eq!(told.header("porchlight-signature"), format!("t={unix_seconds},v1={hex}"));
        assert_eq!(told.header("porchlight-delivery"), delivery.id.to_string());
        server.clock.advance_seconds(RETRY_SECONDS);
    }
}

#[tokio::test]
async fn an_address_that_only_this_machine_can_reach_is_never_asked() {
    let server = TestServer::start().await;
    let webhook = server.tell("http://10.0.0.1/hook".into()).await;
    server.pact("/conversations", "provider=whatsapp&phone=79250000001").await;
    Worker::new(server.app.clone()).run_due().await;
    let later = server.app.clock.now().plus_seconds(RETRY_SECONDS);
    let waiting = server.app.store.next_deliveries(webhook.num, later, 10).await.unwrap();
    assert_eq!(waiting[0].n_attempts, 1);
}

#[tokio::test]
async fn a_webhook_that_moves_takes_what_is_still_to_be_delivered_with_it() {
    let server = TestServer::start().await;
    let (mut old, mut new) = (Receiver::start().await, Receiver::start().await);
    server.tell(old.url("/hook")).await;
    old.answer_with(StatusCode::GONE);
    server.pact("/conversations", "provider=whatsapp&phone=79250000001").await;
    let mut worker = Worker::new(server.app.clone());
    worker.run_due().await;
    server.tell(new.url("/hook")).await;
    server.clock.advance_seconds(RETRY_SECONDS);
    worker.run_due().await;
    assert_eq!((old.so_far().len(), what(&new.so_far())), (1, vec!["conversation new".to_owned()]));
}

#[tokio::test]
async fn a_delivery_that_was_to_be_lost_is_lost_once() {
    let server = TestServer::start().await;
    let mut receiver = Receiver::start().await;
    server.tell(receiver.url("/hook")).await;
    server.app.mock.drop_webhooks(server.demo.business_id, 1);
    server.pact("/conversations", "provider=whatsapp&phone=79250000001").await;
    let mut worker = Worker::new(server.app.clone());
    worker.run_due().await;
    assert_eq!(receiver.so_far().len(), 0);
    server.clock.advance_seconds(RETRY_SECONDS);
    worker.run_due().await;
    assert_eq!(what(&receiver.so_far()), ["conversation new"]);
}
