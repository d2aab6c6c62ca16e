//! Pantheon, `/v1.0`.

use crate::support::{Answer, TestServer, request};
use axum::{
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use server::{
    auth::ApiTokenText,
    domain::{Alteration, ConversationRef, Scope, code},
};
use shared::{
    ConversationId,
    limits::{NAME_MAX_CHARS, TEXT_MAX_BYTES},
};

const START: &str = "/v1.0/conversations/startConversation";
const REPLY: &str = "/v1.0/conversations/replyToConversation";
const CONVERSATION: &str = "/v1.0/conversations/getConversation";
const MESSAGES: &str = "/v1.0/conversations/getMessages";
const TOKEN: &str = "/v1.0/auth/getAccessToken";

async fn call(server: &TestServer, method: Method, path: &str, body: Value) -> Answer {
    server.call(request(method, path, Some(&server.demo.api_token), Some(body))).await
}

async fn get(server: &TestServer, path: &str) -> Answer {
    server.call(request(Method::GET, path, Some(&server.demo.api_token), None)).await
}

/// Starts a conversation, and answers its code.
async fn start(server: &TestServer, on: &str, with: &str) -> String {
    let answer = call(server, Method::POST, START, json!({ "on": on, "with": with })).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    answer.json::<Value>()["conversationId"].as_str().unwrap().to_owned()
}

async fn reply(server: &TestServer, body: Value) -> Answer {
    call(server, Method::PUT, REPLY, body).await
}

/// The texts of a conversation, page after page.
async fn history(server: &TestServer, conversation: &str) -> Vec<String> {
    let mut address = format!("{MESSAGES}?conversationId={conversation}");
    let mut texts = Vec::new();
    loop {
        let page: Value = get(server, &address).await.json();
        let items = page["items"].as_array().unwrap();
        texts.extend(items.iter().map(|item| item["message"].as_str().unwrap().to_owned()));
        match page["next_cursor"].as_str() {
            Some(next) => next.strip_prefix("http://test").expect("a whole address").clone_into(&mut address),
            None => return texts,
        }
    }
}

fn id_of(conversation: &str) -> ConversationId {
    ConversationId(code::decode(conversation).unwrap())
}

/// A refusal's status and the fields that are wrong.
#[track_caller]
fn wrong_fields(answer: &Answer) -> (u16, Vec<String>) {
    let body: Value = answer.json();
    assert!(body["message"].as_str().is_some_and(|message| !message.is_empty()), "{body}");
    assert_eq!(answer.header(header::CONTENT_TYPE), "application/json; charset=utf-8");
    let fields = body["errors"].as_array().into_iter().flatten();
    let fields = fields.flat_map(|error| error.as_object().unwrap().keys().cloned()).collect();
    (answer.status.as_u16(), fields)
}

#[tokio::test]
async fn the_same_person_on_the_same_app_goes_on_until_the_conversation_is_closed() {
    let server = TestServer::start().await;
    let first = start(&server, "SLACK", "@ada").await;
    assert_eq!(start(&server, "slack", "@ada").await, first);
    assert_ne!(start(&server, "SLACK", "@grace").await, first);
    assert_ne!(start(&server, "TWITTER", "@ada").await, first);
    let alter = async |alteration| {
        let id = ConversationRef::Id(id_of(&first));
        server.app.conversations.alter(server.demo.business_id, id, alteration).await.unwrap();
    };
    alter(Alteration::Resolve).await;
    assert_eq!(start(&server, "SLACK", "@ada").await, first);
    alter(Alteration::Close).await;
    assert_ne!(start(&server, "SLACK", "@ada").await, first);
}

#[tokio::test]
async fn a_phone_number_is_the_same_person_however_it_is_written() {
    let server = TestServer::start().await;
    let first = start(&server, "WHATSAPP", "+7 925 000-00-01").await;
    assert_eq!(start(&server, "WHATSAPP", "79250000001").await, first);
    let as_number =
        call(&server, Method::POST, START, json!({ "on": "WHATSAPP", "with": 79_250_000_001_u64 }));
    assert_eq!(as_number.await.json::<Value>()["conversationId"], first.as_str());
}

#[tokio::test]
async fn a_conversation_that_moves_over_the_apps_keeps_one_history_and_comes_back() {
    let server = TestServer::start().await;
    let conversation = start(&server, "SLACK", "@ada").await;
    let say = async |message: &str, on: Option<&str>, with: Option<&str>| {
        let body = json!({ "conversationId": conversation, "message": message, "on": on, "with": with });
        let answer = reply(&server, body).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    };
    say("on Slack", None, None).await;
    say("on WhatsApp", Some("WHATSAPP"), Some("+15551234567")).await;
    say("still there", None, None).await;
    say("by SMS", Some("sms"), Some("+15551234567")).await;
    say("on WhatsApp again", Some("WHATSAPP"), None).await;
    let texts = ["on Slack", "on WhatsApp", "still there", "by SMS", "on WhatsApp again"];
    assert_eq!(history(&server, &conversation).await, texts);
    // Whoever starts with the same person where the conversation was before goes on with it, there.
    assert_eq!(start(&server, "SLACK", "@ada").await, conversation);
    let now: Value = get(&server, &format!("{CONVERSATION}?conversationId={conversation}")).await.json();
    assert_eq!((&now["on"], &now["with"]), (&json!("SLACK"), &json!("@ada")));
    assert_eq!(history(&server, &conversation).await, texts);
}

#[tokio::test]
async fn a_reply_that_is_refused_moves_nothing() {
    let server = TestServer::start().await;
    let conversation = start(&server, "SLACK", "@ada").await;
    start(&server, "WHATSAPP", "+15550000000").await;
    let there =
        json!({ "conversationId": conversation, "message": "Hi", "on": "WHATSAPP", "with": "+15550000000" });
    assert_eq!(wrong_fields(&reply(&server, there).await), (400, vec!["with".into()]), "another's number");
    let id = ConversationRef::Id(id_of(&conversation));
    server.app.conversations.alter(server.demo.business_id, id, Alteration::Close).await.unwrap();
    let there =
        json!({ "conversationId": conversation, "message": "Hi", "on": "SMS", "with": "+15551234567" });
    assert_eq!(reply(&server, there).await.status, StatusCode::CONFLICT);
    let now: Value = get(&server, &format!("{CONVERSATION}?conversationId={conversation}")).await.json();
    assert_eq!(now["on"], "SLACK");
    assert_eq!(history(&server, &conversation).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_handle_without_an_app_is_the_new_one_on_the_present_app() {
    let server = TestServer::start().await;
    let conversation = start(&server, "WHATSAPP", "+15551234567").await;
    let body = json!({ "conversationId": conversation, "message": "Hi", "with": "+15557654321" });
    assert_eq!(reply(&server, body).await.status, StatusCode::OK);
    let now: Value = get(&server, &format!("{CONVERSATION}?conversationId={conversation}")).await.json();
    assert_eq!((&now["on"], &now["with"]), (&json!("WHATSAPP"), &json!("15557654321")));
}

#[tokio::test]
async fn a_reply_under_one_key_stores_one_message_and_moves_once_even_if_its_answer_was_not_kept() {
    let server = TestServer::start().await;
    let conversation = start(&server, "SLACK", "@ada").await;
    let keyed = async |server: &TestServer, on: &str| {
        let body =
            json!({ "conversationId": conversation, "message": "Hi", "on": on, "with": "+15551234567" });
        let mut request = request(Method::PUT, REPLY, Some(&server.demo.api_token), Some(body));
        request.headers_mut().insert("idempotency-key", "one".parse().unwrap());
        server.call(request).await.json::<Value>()["messageId"].clone()
    };
    let first = keyed(&server, "WHATSAPP").await;
    assert_eq!(keyed(&server, "WHATSAPP").await, first);
    // A day later the answer is forgotten, and the conversation has moved on.
    server.clock.advance_seconds(25 * 60 * 60);
    let back = json!({ "conversationId": conversation, "message": "Back", "on": "SLACK" });
    assert_eq!(reply(&server, back).await.status, StatusCode::OK);
    assert_eq!(keyed(&server, "WHATSAPP").await, first);
    assert_eq!(history(&server, &conversation).await, ["Hi", "Back"]);
    let now: Value = get(&server, &format!("{CONVERSATION}?conversationId={conversation}")).await.json();
    assert_eq!(now["on"], "SLACK");
}

#[tokio::test]
async fn a_visitor_of_the_widget_is_reached_there_by_their_id_and_hears_it_in_the_panel() {
    let server = TestServer::start().await;
    let visitor = server.visitor().await;
    let thread = visitor.start("Hello").await;
    let conversation = code::encode(thread.conversation.id.0);
    let seen: Value = get(&server, &format!("{CONVERSATION}?conversationId={conversation}")).await.json();
    assert_eq!(seen["on"], "WIDGET");
    assert_eq!(start(&server, "WIDGET", seen["with"].as_str().unwrap()).await, conversation);
    let body = json!({ "conversationId": conversation, "message": "How can we help?" });
    assert_eq!(reply(&server, body).await.status, StatusCode::OK);
    assert_eq!(history(&server, &conversation).await, ["Hello", "How can we help?"]);
    let path = format!("/conversations/{}/messages", thread.conversation.id);
    let page: Value = visitor.call(Method::GET, &path, None).await.json();
    assert_eq!(page["messages"][1]["content"], "How can we help?");
}

#[tokio::test]
async fn a_long_history_comes_in_pages_by_whole_addresses() {
    let server = TestServer::start().await;
    let conversation = start(&server, "SLACK", "@ada").await;
    for n in 1..=61 {
        let body = json!({ "conversationId": conversation, "message": n.to_string() });
        assert_eq!(reply(&server, body).await.status, StatusCode::OK);
    }
    let first: Value = get(&server, &format!("{MESSAGES}?conversationId={conversation}")).await.json();
    assert_eq!(first["items"].as_array().unwrap().len(), 30);
    let all: Vec<String> = (1..=61).map(|n| n.to_string()).collect();
    assert_eq!(history(&server, &conversation).await, all);
}

async fn access_token(server: &TestServer, token: &str, body: Value) -> Answer {
    let halves = STANDARD.encode(token.replacen('.', ":", 1));
    let request = Request::post(TOKEN)
        .header(header::AUTHORIZATION, format!("Basic {halves}"))
        .header(header::CONTENT_TYPE, "application/json")
        .header("idempotency-key", "again");
    server.call(request.body(Body::from(body.to_string())).unwrap()).await
}

#[tokio::test]
async fn an_access_token_lasts_four_hours_and_never_longer_than_its_api_token() {
    let server = TestServer::start().await;
    let company = server.demo.business_id;
    let api_token =
        server.app.administration.create_token(company, None, "test".into(), Scope::Read).await.unwrap();
    let grant = json!({ "grant_type": "client_credentials" });
    let grant = async || access_token(&server, &api_token.reveal(), grant.clone()).await.json::<Value>();
    let granted = grant().await;
    let access = granted["access_token"].as_str().unwrap();
    let apps = async |token: &str| {
        server.call(request(Method::GET, "/v1.0/apps/getApps", Some(token), None)).await.status
    };
    assert_eq!(apps(access).await, StatusCode::OK);
    let forbidden =
        request(Method::POST, START, Some(access), Some(json!({ "on": "SLACK", "with": "@ada" })));
    assert_eq!(
        server.call(forbidden).await.status,
        StatusCode::FORBIDDEN,
        "it may do what its API token may"
    );
    server.clock.advance_seconds(14_399);
    assert_eq!(apps(access).await, StatusCode::OK);
    server.clock.advance_seconds(1);
    assert_eq!(apps(access).await, StatusCode::UNAUTHORIZED);
    assert_eq!(apps(granted["refresh_token"].as_str().unwrap()).await, StatusCode::UNAUTHORIZED);
    let next = grant().await;
    let next = next["access_token"].as_str().unwrap();
    assert_ne!(next, access, "an answer with a secret is not kept under a key");
    assert_eq!(apps(next).await, StatusCode::OK);
    let id = ApiTokenText::parse(&api_token.reveal()).unwrap().id;
    server.app.administration.revoke_token(id).await.unwrap();
    assert_eq!(apps(next).await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_refresh_token_works_once_for_its_own_client_within_thirty_days() {
    let server = TestServer::start().await;
    let (other, _) = server.other_company_with_token().await;
    let own = server.demo.api_token.clone();
    let grant = access_token(&server, &own, json!({ "grant_type": "client_credentials" })).await;
    let granted: Value = grant.json();
    let refresh = async |client: &str, token: &Value| {
        let body = json!({ "grant_type": "refresh_token", "refresh_token": token });
        access_token(&server, client, body).await
    };
    let refused = (400, vec!["refresh_token".to_owned()]);
    assert_eq!(wrong_fields(&refresh(&other, &granted["refresh_token"]).await), refused, "another's");
    assert_eq!(wrong_fields(&refresh(&own, &granted["access_token"]).await), refused, "no refresh token");
    let next: Value = refresh(&own, &granted["refresh_token"]).await.json();
    assert_eq!(wrong_fields(&refresh(&own, &granted["refresh_token"]).await), refused, "spent");
    let old = granted["access_token"].as_str().unwrap();
    let apps = server.call(request(Method::GET, "/v1.0/apps/getApps", Some(old), None)).await;
    assert_eq!(apps.status, StatusCode::OK, "what was given before goes on to its own end");
    server.clock.advance_seconds(30 * 24 * 60 * 60);
    assert_eq!(wrong_fields(&refresh(&own, &next["refresh_token"]).await), refused, "expired");
}

/// A request, and how it is refused if it is.
struct Case {
    method: Method,
    path: String,
    body: Value,
    token: String,
    status: u16,
    fields: &'static [&'static str],
}

/// What the cases speak of.
struct World {
    own: String,
    other: String,
    conversation: String,
    unknown: String,
}

impl World {
    fn get(path: impl Into<String>, token: &str, status: u16, fields: &'static [&'static str]) -> Case {
        let token = token.to_owned();
        Case { method: Method::GET, path: path.into(), body: Value::Null, token, status, fields }
    }

    fn start(&self, body: Value, status: u16, fields: &'static [&'static str]) -> Case {
        Case { method: Method::POST, path: START.into(), body, token: self.own.clone(), status, fields }
    }

    fn reply(&self, body: Value, status: u16, fields: &'static [&'static str]) -> Case {
        Case { method: Method::PUT, path: REPLY.into(), body, token: self.own.clone(), status, fields }
    }

    fn says(&self, message: impl Into<Value>) -> Value {
        json!({ "conversationId": self.conversation, "message": message.into() })
    }

    fn of_starting(&self) -> Vec<Case> {
        let good = json!({ "on": "SLACK", "with": "@ada" });
        let with = |n_chars| json!({ "on": "SLACK", "with": "é".repeat(n_chars) });
        let message = |n_bytes| json!({ "on": "SLACK", "with": "x", "message": "a".repeat(n_bytes) });
        let start = |body, status, fields| self.start(body, status, fields);
        vec![
            Case { token: String::new(), ..start(good.clone(), 401, &[]) },
            Case { token: "nonsense".into(), ..start(good, 401, &[]) },
            start(json!({}), 400, &["on", "with"]),
            start(json!({ "on": null, "with": null }), 400, &["on", "with"]),
            start(json!({ "on": 7, "with": [], "message": {} }), 400, &["on", "with", "message"]),
            start(json!({ "on": "ICQ", "with": " ", "message": "" }), 400, &["on", "with", "message"]),
            start(json!({ "on": "SMS", "with": "a\0b", "message": "a\0b" }), 400, &["with", "message"]),
            start(json!({ "on": "SLACK", "with": -1 }), 400, &["with"]),
            start(json!({ "on": "SLACK", "with": 1.5 }), 400, &["with"]),
            start(with(NAME_MAX_CHARS - 1), 200, &[]),
            start(with(NAME_MAX_CHARS), 200, &[]),
            start(with(NAME_MAX_CHARS + 1), 400, &["with"]),
            start(message(TEXT_MAX_BYTES - 1), 200, &[]),
            start(message(TEXT_MAX_BYTES), 200, &[]),
            start(message(TEXT_MAX_BYTES + 1), 400, &["message"]),
            Self::get(START, &self.own, 405, &[]),
        ]
    }

    fn of_replying(&self) -> Vec<Case> {
        let elsewhere = |code: &str| json!({ "conversationId": code, "message": "Hi", "with": "@x" });
        let here = |on: &str, with: &str| json!({ "conversationId": self.conversation, "message": "Hi", "on": on, "with": with });
        let text = |n_bytes| self.says("a".repeat(n_bytes));
        let reply = |body, status, fields| self.reply(body, status, fields);
        vec![
            Case { token: String::new(), ..reply(self.says("Hi"), 401, &[]) },
            Case { token: self.other.clone(), ..reply(self.says("Hi"), 404, &[]) },
            Case { method: Method::POST, ..reply(self.says("Hi"), 405, &[]) },
            reply(elsewhere(&self.unknown), 404, &[]),
            reply(elsewhere("jhyug498772hka"), 404, &[]),
            reply(elsewhere(""), 404, &[]),
            reply(json!({}), 400, &["conversationId", "message"]),
            reply(self.says(" "), 400, &["message"]),
            reply(self.says(7), 400, &["message"]),
            reply(text(TEXT_MAX_BYTES - 1), 200, &[]),
            reply(text(TEXT_MAX_BYTES), 200, &[]),
            reply(text(TEXT_MAX_BYTES + 1), 400, &["message"]),
            reply(here("ICQ", ""), 400, &["on", "with"]),
            reply(json!({ "conversationId": self.conversation, "message": "Hi", "on": "SMS" }), 400, &["on"]),
            reply(here("SMS", "+15550000001"), 200, &[]),
        ]
    }

    fn of_reading(&self) -> Vec<Case> {
        let (own, other) = (&self.own, &self.other);
        let mut cases = vec![
            Self::get("/v1.0/apps/getApps", "", 401, &[]),
            Self::get("/v1.0/apps/getApps", "nonsense", 401, &[]),
            Self::get("/v1.0/apps/getapps", own, 404, &[]),
            Case { method: Method::POST, ..Self::get("/v1.0/apps/getApps", own, 405, &[]) },
        ];
        for path in [CONVERSATION, MESSAGES] {
            let of = |code: &str| format!("{path}?conversationId={code}");
            cases.extend([
                Self::get(of(&self.conversation), own, 200, &[]),
                Self::get(of(&self.conversation), "", 401, &[]),
                Self::get(of(&self.conversation), other, 404, &[]),
                Self::get(of(&self.unknown), own, 404, &[]),
                Self::get(of("jhyug498772hka"), own, 404, &[]),
                Self::get(path, own, 400, &["conversationId"]),
                Self::get(of("%00"), own, 400, &["conversationId"]),
                Self::get(of("%ff"), own, 400, &[]),
                Case { method: Method::DELETE, ..Self::get(of(&self.conversation), own, 405, &[]) },
            ]);
        }
        for (cursor, status) in
            [("-1", 400), ("x", 400), ("0", 200), ("9223372036854775807", 200), ("9223372036854775808", 400)]
        {
            let path = format!("{MESSAGES}?conversationId={}&cursor={cursor}", self.conversation);
            cases.push(Self::get(path, own, status, if status == 200 { &[] } else { &["cursor"] }));
        }
        cases
    }
}

#[tokio::test]
async fn bad_input_is_refused_in_shape_at_every_address() {
    let server = TestServer::start().await;
    let (other, _) = server.other_company_with_token().await;
    let conversation = start(&server, "SLACK", "@ada").await;
    let unknown = code::encode(uuid::Uuid::from_u128(1));
    let world = World { own: server.demo.api_token.clone(), other, conversation, unknown };
    let cases = world.of_starting().into_iter().chain(world.of_replying()).chain(world.of_reading());
    for Case { method, path, body, token, status, fields } in cases {
        let place = format!("{method} {path} {body}");
        let token = Some(token.as_str()).filter(|token| !token.is_empty());
        let body = Some(body).filter(|body| !body.is_null());
        let answer = server.call(request(method, &path, token, body)).await;
        if status == 200 {
            assert_eq!(answer.status, StatusCode::OK, "{place}: {}", answer.text());
        } else {
            let fields = fields.iter().map(|field| (*field).to_owned()).collect();
            assert_eq!(wrong_fields(&answer), (status, fields), "{place}: {}", answer.text());
        }
    }
}

#[tokio::test]
async fn access_tokens_are_given_to_nobody_else_and_for_nothing_else() {
    let server = TestServer::start().await;
    let (other, _) = server.other_company_with_token().await;
    let own = server.demo.api_token.clone();
    for (body, field) in [
        (json!({}), "grant_type"),
        (json!({ "grant_type": "password" }), "grant_type"),
        (json!({ "grant_type": 7 }), "grant_type"),
        (json!({ "grant_type": "refresh_token" }), "refresh_token"),
        (json!({ "grant_type": "refresh_token", "refresh_token": 7 }), "refresh_token"),
        (json!({ "grant_type": "refresh_token", "refresh_token": "" }), "refresh_token"),
    ] {
        let answer = access_token(&server, &own, body).await;
        assert_eq!(wrong_fields(&answer), (400, vec![field.to_owned()]));
    }
    let good = json!({ "grant_type": "client_credentials" });
    let mixed = format!("{}.{}", other.split_once('.').unwrap().0, own.split_once('.').unwrap().1);
    let answer = access_token(&server, &mixed, good.clone()).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "one token's id with another's secret");
    for token in [None, Some("nonsense"), Some(own.as_str())] {
        let answer = server.call(request(Method::POST, TOKEN, token, Some(good.clone()))).await;
        assert_eq!(wrong_fields(&answer), (401, Vec::new()), "{token:?}");
    }
    let answer = server.call(request(Method::GET, TOKEN, Some(&own), None)).await;
    assert_eq!(wrong_fields(&answer), (405, Vec::new()));
}

#[tokio::test]
async fn bodies_that_can_not_be_read_are_refused_by_their_kind() {
    let server = TestServer::start().await;
    for (path, method) in [(START, Method::POST), (REPLY, Method::PUT)] {
        for (content_type, body, status) in [
            ("application/json", "{".to_owned(), 400),
            ("application/json", "[7]".to_owned(), 400),
            ("application/json", "\"on\"".to_owned(), 400),
            ("application/json", "{\"on\":\"\\ud800\"}".to_owned(), 400),
            ("application/xml", "<on/>".to_owned(), 415),
            ("multipart/form-data; boundary=x", "--x--".to_owned(), 415),
            ("application/json", format!("{{\"on\":\"{}\"}}", "a".repeat(128 * 1024)), 413),
        ] {
            let request = Request::builder()
                .method(&method)
                .uri(path)
                .header(header::AUTHORIZATION, &server.demo.api_token)
                .header(header::CONTENT_TYPE, content_type);
            let answer = server.call(request.body(Body::from(body)).unwrap()).await;
            assert_eq!(wrong_fields(&answer), (status, Vec::new()), "{path} {content_type}");
        }
    }
}

#[tokio::test]
async fn a_token_that_may_only_read_starts_and_says_nothing() {
    let server = TestServer::start().await;
    let conversation = start(&server, "SLACK", "@ada").await;
    let company = server.demo.business_id;
    let reader =
        server.app.administration.create_token(company, None, "test".into(), Scope::Read).await.unwrap();
    for (method, path, body) in [
        (Method::POST, START, json!({ "on": "SLACK", "with": "@ada" })),
        (Method::PUT, REPLY, json!({ "conversationId": conversation, "message": "Hi" })),
    ] {
        let answer = server.call(request(method, path, Some(&reader.reveal()), Some(body))).await;
        assert_eq!(wrong_fields(&answer), (403, Vec::new()), "{path}");
    }
    assert_eq!(history(&server, &conversation).await, Vec::<String>::new());
}
