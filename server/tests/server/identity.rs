//! Who a visitor is: identified by the business's own token, followed across devices, left behind by log-out; and what a page
//! says of them without proof.

use crate::support::{Answer, TestServer, Visitor, request};
use axum::http::{Method, StatusCode};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use server::{
    demo,
    domain::{ChannelKind, Customer, Profile, Sender},
    rate_limit::Limits,
};
use sha2::Sha256;
use shared::{Event, MessageText, Session, WidgetId};

const HOUR: i64 = 60 * 60;

fn sign(secret: &str, claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", part(&json!({ "alg": "HS256", "typ": "JWT" })), part(claims));
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(signed.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
}

/// The business's side of a widget.
struct Business<'s> {
    server: &'s TestServer,
    widget: WidgetId,
    secret: String,
}

impl<'s> Business<'s> {
    async fn of(server: &'s TestServer, widget: WidgetId) -> Self {
        let company = server.app.store.widget(widget).await.unwrap().unwrap().company;
        let secret = server.app.administration.make_identity_secret(company, widget).await.unwrap();
        Self { server, widget, secret: secret.reveal().to_owned() }
    }

    async fn of_demo(server: &'s TestServer) -> Self {
        Self::of(server, demo::WIDGET_ID).await
    }

    /// A token for an hour, with more claims.
    fn token(&self, external_id: &str, more: &Value) -> String {
        let now = self.server.app.clock.now().unix_ms() / 1000;
        let mut claims = json!({ "sub": external_id, "aud": self.widget, "exp": now + HOUR });
        for (name, value) in more.as_object().unwrap() {
            claims[name] = value.clone();
        }
        sign(&self.secret, &claims)
    }

    async fn send(&self, token: &str, refresh_token: Option<&str>) -> Answer {
        let body = json!({ "widget_id": self.widget, "token": token });
        self.server.call(request(Method::POST, "/widget/v1/identity", refresh_token, Some(body))).await
    }

    /// A visitor who is identified, in the session they have or a new one.
    async fn identify(&self, external_id: &str, before: Option<&Visitor<'_>>) -> Visitor<'s> {
        self.identify_with(&self.token(external_id, &json!({})), before).await
    }

    async fn identify_with(&self, token: &str, before: Option<&Visitor<'_>>) -> Visitor<'s> {
        let answer = self.send(token, before.map(|visitor| visitor.session.refresh_token.as_str())).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        self.server.visitor_with(answer.json())
    }

    async fn customer(&self, visitor: &Visitor<'_>) -> Customer {
        let company = self.server.app.store.widget(self.widget).await.unwrap().unwrap().company;
        self.server.app.customers.get(company, visitor.session.customer_id).await.unwrap()
    }
}

/// The fields that a refusal names.
fn fields(answer: &Answer) -> Vec<String> {
    assert_eq!(answer.refused(StatusCode::UNPROCESSABLE_ENTITY), "invalid_fields");
    let body: Value = answer.json();
    let fields = body["error"]["fields"].as_array().unwrap();
    let mut fields: Vec<String> =
        fields.iter().map(|problem| problem["field"].as_str().unwrap().to_owned()).collect();
    fields.sort_unstable();
    fields
}

/// What a visitor's conversations hold, newest first.
async fn conversations(visitor: &Visitor<'_>) -> Vec<String> {
    let answer = visitor.call(Method::GET, "/conversations", None).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    let list: Value = answer.json();
    let ids = list["conversations"].as_array().unwrap();
    ids.iter().map(|conversation| conversation["id"].as_str().unwrap().to_owned()).collect()
}

async fn status_of(server: &TestServer, session: &Session) -> StatusCode {
    server.visitor_with(session.clone()).call(Method::GET, "/conversations", None).await.status
}

#[tokio::test]
async fn an_identified_visitor_finds_their_conversation_on_another_device() {
    let server = TestServer::start().await;
    let business = Business::of_demo(&server).await;
    let phone = business.identify("ada", None).await;
    let thread = phone.start("Hello").await;
    let laptop = business.identify("ada", None).await;
    assert_eq!(laptop.session.customer_id, phone.session.customer_id);
    assert_eq!(conversations(&laptop).await, [thread.conversation.id.to_string()]);
    laptop.say(thread.conversation.id, "And from here").await;
    assert_eq!(conversations(&phone).await, conversations(&laptop).await);
}

#[tokio::test]
async fn what_a_token_vouches_for_is_known_of_the_customer_and_renewed_by_the_next() {
    let server = TestServer::start().await;
    let business = Business::of_demo(&server).await;
    let claims = json!({ "name": "Ada", "email": "ada@example.com", "avatar": "https://example.com/a.png" });
    let visitor = business.identify_with(&business.token("ada", &claims), None).await;
    let again = business.token("ada", &json!({ "name": "Ada Lovelace", "phone": "+44 20 7946 0000" }));
    let visitor = business.identify_with(&again, Some(&visitor)).await;
    let Profile { name, email, phone, avatar_url, external_id, .. } =
        business.customer(&visitor).await.profile;
    assert_eq!(external_id.as_deref(), Some("ada"));
    assert_eq!(name.as_deref(), Some("Ada Lovelace"));
    assert_eq!(email.as_deref(), Some("ada@example.com"));
    assert_eq!(phone.as_deref(), Some("+44 20 7946 0000"));
    assert_eq!(avatar_url.as_deref(), Some("https://example.com/a.png"));
}

#[tokio::test]
async fn an_anonymous_visitor_becomes_the_one_who_is_named_if_nobody_has_that_name() {
    let server = TestServer::start().await;
    let business = Business::of_demo(&server).await;
    let anonymous = server.visitor().await;
    let thread = anonymous.start("Hello").await;
    let ada = business.identify("ada", Some(&anonymous)).await;
    assert_eq!(ada.session.customer_id, anonymous.session.customer_id);
    assert_eq!(ada.session.continues, None);
    assert_eq!(conversations(&ada).await, [thread.conversation.id.to_string()]);
    assert_eq!(
        status_of(&server, &anonymous.session).await,
        StatusCode::UNAUTHORIZED,
        "its tokens were replaced"
    );
}

#[tokio::test]
async fn an_anonymous_visitors_conversations_go_with_them_to_the_customer_they_turn_out_to_be() {
    let server = TestServer::start().await;
    let business = Business::of_demo(&server).await;
    let phone = business.identify("ada", None).await;
    let first = phone.start("From the phone").await.conversation.id;
    server.clock.advance_seconds(60);
    let mut listening = phone.listen(None).await;
    listening.event().await;

    let anonymous = server.visitor().await;
    let second = anonymous.start("From the laptop").await.conversation.id;
    server.agent_says(second, "An answer").await;
    let mut left = anonymous.listen(None).await;
    left.event().await;
    let laptop = business.identify("ada", Some(&anonymous)).await;

    assert_eq!(laptop.session.customer_id, phone.session.customer_id);
    assert_eq!(laptop.session.continues, Some(anonymous.session.customer_id));
    assert_eq!(conversations(&laptop).await, [second.to_string(), first.to_string()]);
    assert!(left.next().await.is_none(), "the stream of nobody ends");
    let Event::Conversation(moved) = listening.event().await else { panic!("the other device hears of it") };
    assert_eq!((moved.id, moved.last_seq, moved.n_unread), (second, 2, 1));
    let Event::Snapshot(snapshot) = laptop.listen(None).await.event().await else { panic!("a snapshot") };
    assert_eq!(snapshot.thread.unwrap().messages.len(), 2);

    // The conversation goes on as if it had always been theirs, for the API too.
    phone.say(second, "And from the phone").await;
    server.agent_says(second, "Another").await;
    assert_eq!(listening.message().await.content, "And from the phone");
    let all = server.app.conversations.all_messages(server.demo.business_id, second).await.unwrap();
    let senders: Vec<_> = all.iter().filter_map(|message| message.sender.id).collect();
    assert!(!senders.contains(&anonymous.session.customer_id.0));
    let gone = server.app.customers.get(server.demo.business_id, anonymous.session.customer_id).await;
    assert!(gone.is_err(), "nobody is left behind");
}

#[tokio::test]
async fn a_message_whose_answer_was_lost_is_still_stored_once_after_the_visitor_was_named() {
    let server = TestServer::start().await;
    let business = Business::of_demo(&server).await;
    business.identify("ada", None).await;
    let anonymous = server.visitor().await;
    let (start_id, message_id) = (server.client_id(), server.client_id());
    let start = json!({ "client_id": start_id, "content": "Hello" });
    let thread: Value = anonymous.call(Method::POST, "/conversations", Some(start.clone())).await.json();
    let id = serde_json::from_value(thread["conversation"]["id"].clone()).unwrap();
    anonymous.send(id, message_id, "Lost").await;

    let ada = business.identify("ada", Some(&anonymous)).await;
    assert_eq!(ada.send(id, message_id, "Lost").await.status, StatusCode::OK);
    let again = ada.call(Method::POST, "/conversations", Some(start)).await;
    assert_eq!(again.status, StatusCode::OK);
    assert_eq!(again.json::<Value>()["conversation"]["id"], thread["conversation"]["id"]);
}

#[tokio::test]
async fn the_same_client_id_in_both_histories_does_not_keep_them_apart() {
    let server = TestServer::start().await;
    let business = Business::of_demo(&server).await;
    let (ada, anonymous) = (business.identify("ada", None).await, server.visitor().await);
    let body = json!({ "client_id": server.client_id(), "content": "Hello" });
    for visitor in [&ada, &anonymous] {
        let answer = visitor.call(Method::POST, "/conversations", Some(body.clone())).await;
        assert_eq!(answer.status, StatusCode::CREATED);
    }
    let ada = business.identify("ada", Some(&anonymous)).await;
    assert_eq!(conversations(&ada).await.len(), 2);
}

#[tokio::test]
async fn a_file_that_was_uploaded_before_can_be_sent_after_the_visitor_was_named() {
    let server = TestServer::start().await;
    let business = Business::of_demo(&server).await;
    business.identify("ada", None).await;
    let anonymous = server.visitor().await;
    let conversation = anonymous.start("Hello").await.conversation.id;
    let mut upload = request(
        Method::POST,
        "/widget/v1/attachments?name=a.txt",
        Some(&anonymous.session.access_token),
        None,
    );
    *upload.body_mut() = "text".into();
    let uploaded = server.call(upload).await;
    assert_eq!(uploaded.status, StatusCode::CREATED, "{}", uploaded.text());
    let file = uploaded.json::<Value>()["id"].clone();
    let ada = business.identify("ada", Some(&anonymous)).await;
    let path = format!("/conversations/{conversation}/messages/{}", server.client_id());
    let sent = ada.call(Method::PUT, &path, Some(json!({ "content": "", "attachments": [file] }))).await;
    assert_eq!(sent.status, StatusCode::CREATED, "{}", sent.text());
}

#[tokio::test]
async fn whoever_comes_after_somebody_else_sees_nothing_of_theirs() {
    let server = TestServer::start().await;
    let business = Business::of_demo(&server).await;
    let ada = business.identify("ada", None).await;
    let conversation = ada.start("Ada's").await.conversation.id;
    let mut stream = ada.listen(None).await;
    stream.event().await;

    let eve = business.identify("eve", Some(&ada)).await;
    assert_ne!(eve.session.customer_id, ada.session.customer_id);
    assert_eq!(eve.session.continues, None);
    assert_eq!(conversations(&eve).await, Vec::<String>::new());
    let path = format!("/conversations/{conversation}/messages");
    let refused = eve.call(Method::GET, &path, None).await;
    assert_eq!(refused.refused(StatusCode::NOT_FOUND), "not_found");
    assert_eq!(
        status_of(&server, &ada.session).await,
        StatusCode::UNAUTHORIZED,
        "Ada's session on it is over"
    );
    assert!(stream.next().await.is_none());
    let refresh =
        request(Method::POST, "/widget/v1/sessions/refresh", Some(&ada.session.refresh_token), None);
    assert_eq!(server.call(refresh).await.refused(StatusCode::UNAUTHORIZED), "token_invalid");
    assert_eq!(conversations(&business.identify("ada", None).await).await, [conversation.to_string()]);
}

#[tokio::test]
async fn an_email_is_no_identity() {
    let server = TestServer::start().await;
    let business = Business::of_demo(&server).await;
    let email = json!({ "email": "ada@example.com" });
    let ada = business.identify_with(&business.token("ada", &email), None).await;
    ada.start("Ada's").await;
    let eve = server.visitor().await;
    assert_eq!(eve.call(Method::PATCH, "/visitor", Some(email.clone())).await.status, StatusCode::NO_CONTENT);
    assert_eq!(conversations(&eve).await, Vec::<String>::new());
    let other = business.identify_with(&business.token("eve", &email), Some(&eve)).await;
    assert_ne!(other.session.customer_id, ada.session.customer_id);
    assert_eq!(conversations(&other).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_visitor_who_is_known_on_another_app_too_is_not_merged_into_anybody() {
    let server = TestServer::start().await;
    let business = Business::of_demo(&server).await;
    let ada = business.identify("ada", None).await;
    let known = server.visitor().await;
    let conversation = known.start("Hello").await.conversation.id;
    server
        .app
        .conversations
        .reply(
            server.demo.business_id,
            conversation,
            None,
            Sender::agent(server.demo.agent_id),
            MessageText::try_from("Let us go on there".to_owned()).unwrap().into(),
            Some((ChannelKind::Whatsapp, Some("4915112345678".into()))),
        )
        .await
        .unwrap();
    let after = business.identify("ada", Some(&known)).await;
    assert_eq!(after.session.customer_id, ada.session.customer_id);
    assert_eq!(after.session.continues, None);
    assert_eq!(conversations(&after).await, Vec::<String>::new());
    let customer = server.app.customers.get(server.demo.business_id, known.session.customer_id).await;
    assert!(customer.is_ok());
    assert_eq!(status_of(&server, &known.session).await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_client_that_lost_the_answer_may_ask_again_and_a_copied_token_ends_the_session() {
    let server = TestServer::start().await;
    let business = Business::of_demo(&server).await;
    let anonymous = server.visitor().await;
    business.identify("ada", Some(&anonymous)).await;
    let ada = business.identify("ada", Some(&anonymous)).await;
    assert_eq!(status_of(&server, &ada.session).await, StatusCode::OK);
    let token = business.token("ada", &json!({}));
    let copied = business.send(&token, Some(&anonymous.session.refresh_token)).await;
    assert_eq!(copied.refused(StatusCode::UNAUTHORIZED), "token_invalid");
    assert_eq!(status_of(&server, &ada.session).await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn tokens_that_prove_nothing_are_refused_and_change_nothing() {
    let server = TestServer::start().await;
    let business = Business::of_demo(&server).await;
    let other = server.other_company().await;
    let elsewhere = Business::of(&server, other).await;
    let visitor = server.visitor().await;
    let session = Some(&*visitor.session.refresh_token);
    let now = server.app.clock.now().unix_ms() / 1000;
    let claims = |more: Value| business.token("ada", &more);
    let good = claims(json!({}));
    let (signed, _) = good.rsplit_once('.').unwrap();
    for token in [
        "",
        "not.a.jwt",
        &format!("{signed}."),
        &sign("", &json!({ "sub": "ada", "aud": business.widget, "exp": now + HOUR })),
        &elsewhere.token("ada", &json!({})),
        &elsewhere.token("ada", &json!({ "aud": business.widget })),
        &claims(json!({ "aud": other })),
        &claims(json!({ "exp": now + 25 * HOUR })),
        &claims(json!({ "sub": "x".repeat(256) })),
        &claims(json!({ "sub": null })),
    ] {
        assert!(fields(&business.send(token, session).await).iter().all(|field| field == "token"), "{token}");
    }
    let expired = business.send(&claims(json!({ "exp": now - 61 })), session).await;
    assert_eq!(expired.refused(StatusCode::UNAUTHORIZED), "token_expired");
    assert_eq!(status_of(&server, &visitor.session).await, StatusCode::OK, "the session is as it was");
    for refresh_token in [&visitor.session.access_token, "nobody's"] {
        let refused = business.send(&good, Some(refresh_token)).await;
        assert_eq!(refused.refused(StatusCode::UNAUTHORIZED), "token_invalid");
    }
    let abroad = server.visitor_of(other).await;
    let refused = business.send(&good, Some(&abroad.session.refresh_token)).await;
    assert_eq!(refused.refused(StatusCode::UNAUTHORIZED), "token_invalid", "a session of another widget");
    assert_eq!(status_of(&server, &abroad.session).await, StatusCode::OK);
    let body = json!({ "widget_id": "01900000-0000-7000-8000-00000000dead", "token": good });
    assert_eq!(server.post("/widget/v1/identity", body).await.refused(StatusCode::NOT_FOUND), "not_found");
}

#[tokio::test]
async fn a_secret_is_good_until_the_next_one_and_a_widget_without_one_lets_nobody_in() {
    let server = TestServer::start().await;
    let without = Business { server: &server, widget: demo::WIDGET_ID, secret: String::new() };
    assert_eq!(fields(&without.send(&without.token("ada", &json!({})), None).await), ["token"]);
    let first = Business::of_demo(&server).await;
    first.identify("ada", None).await;
    let second = Business::of_demo(&server).await;
    second.identify("ada", None).await;
    assert_eq!(fields(&first.send(&first.token("ada", &json!({})), None).await), ["token"]);
}

#[tokio::test]
async fn the_same_name_at_another_company_is_somebody_else() {
    let server = TestServer::start().await;
    let other = server.other_company().await;
    let (here, there) = (Business::of_demo(&server).await, Business::of(&server, other).await);
    let (ada, namesake) = (here.identify("ada", None).await, there.identify("ada", None).await);
    assert_ne!(ada.session.customer_id, namesake.session.customer_id);
    let conversation = ada.start("Hello").await.conversation.id;
    let path = format!("/conversations/{conversation}");
    let refused = namesake.call(Method::PATCH, &path, Some(json!({ "tags": ["mine"] }))).await;
    assert_eq!(refused.refused(StatusCode::NOT_FOUND), "not_found");
}

#[tokio::test]
async fn log_out_ends_this_session_with_its_streams_and_no_other() {
    let server = TestServer::start().await;
    let business = Business::of_demo(&server).await;
    let (phone, laptop) = (business.identify("ada", None).await, business.identify("ada", None).await);
    let mut stream = phone.listen(None).await;
    stream.event().await;
    let log_out = |token: String| {
        let server = &server;
        async move {
            server.call(request(Method::DELETE, "/widget/v1/sessions/current", Some(&token), None)).await
        }
    };
    assert_eq!(log_out(phone.session.refresh_token.clone()).await.status, StatusCode::NO_CONTENT);
    assert!(stream.next().await.is_none());
    assert_eq!(status_of(&server, &phone.session).await, StatusCode::UNAUTHORIZED);
    assert_eq!(status_of(&server, &laptop.session).await, StatusCode::OK);
    for token in [phone.session.refresh_token, phone.session.access_token, "nobody's".into()] {
        assert_eq!(log_out(token).await.refused(StatusCode::UNAUTHORIZED), "token_invalid");
    }
    // An access token whose time is over still ends its session.
    server.clock.advance_seconds(2 * HOUR);
    assert_eq!(log_out(laptop.session.access_token).await.status, StatusCode::NO_CONTENT);
    let refresh =
        request(Method::POST, "/widget/v1/sessions/refresh", Some(&laptop.session.refresh_token), None);
    assert_eq!(server.call(refresh).await.refused(StatusCode::UNAUTHORIZED), "token_invalid");
}

#[tokio::test]
async fn what_a_page_says_is_noted_and_shown_by_the_api() {
    let server = TestServer::start().await;
    let visitor = server.visitor().await;
    let id = visitor.start("Hello").await.conversation.id;
    let said = json!({ "name": "Ada", "email": "ada@example.com", "language": "fr", "attributes": { "plan": "gold" } });
    let event = json!({ "name": "cart", "data": { "items": 3 } });
    for (method, path, body) in [
        (Method::PATCH, "/visitor".to_owned(), said),
        (Method::POST, "/events".to_owned(), event),
        (
            Method::PATCH,
            format!("/conversations/{id}"),
            json!({ "attributes": { "page": "/x" }, "tags": ["vip"] }),
        ),
    ] {
        let answer = visitor.call(method, &path, Some(body)).await;
        assert_eq!(answer.status, StatusCode::NO_CONTENT, "{}", answer.text());
    }
    let path = format!("/api/v1/conversations/{id}");
    let told: Value =
        server.call(request(Method::GET, &path, Some(&server.demo.api_token), None)).await.json();
    assert_eq!(told["attributes"], json!({ "page": "/x" }));
    assert_eq!(told["tags"], json!(["vip"]));
    assert_eq!(told["customer"]["email"], "ada@example.com");
    assert_eq!(told["customer"]["language"], "fr");
    assert_eq!(told["customer"]["attributes"]["plan"], "gold");
    assert_eq!(told["customer"]["attributes"]["events"][0]["data"], json!({ "items": 3 }));
}

#[tokio::test]
async fn what_a_page_says_is_refused_with_everything_that_is_wrong_and_not_noted() {
    let server = TestServer::start().await;
    let visitor = server.visitor().await;
    let id = visitor.start("Hello").await.conversation.id;
    let conversation = format!("/conversations/{id}");
    let answer = visitor
        .call(Method::PATCH, "/visitor", Some(json!({ "name": 7, "email": "x", "attributes": [] })))
        .await;
    assert_eq!(fields(&answer), ["attributes", "email", "name"]);
    let answer = visitor.call(Method::POST, "/events", Some(json!({ "name": "", "data": [] }))).await;
    assert_eq!(fields(&answer), ["data", "name"]);
    let answer =
        visitor.call(Method::PATCH, &conversation, Some(json!({ "tags": "vip", "status": "closed" }))).await;
    assert_eq!(fields(&answer), ["body", "tags"]);
    let business = Business { server: &server, widget: demo::WIDGET_ID, secret: String::new() };
    assert_eq!(business.customer(&visitor).await.profile, Profile::default());
    for (method, path) in
        [(Method::PATCH, "/visitor"), (Method::POST, "/events"), (Method::PATCH, &*conversation)]
    {
        let path = format!("/widget/v1{path}");
        let refused = server.call(request(method.clone(), &path, None, Some(json!({})))).await;
        assert_eq!(refused.refused(StatusCode::UNAUTHORIZED), "token_missing");
        let other = server.visitor().await;
        let answer = other.call(method, path.strip_prefix("/widget/v1").unwrap(), Some(json!([]))).await;
        assert_eq!(answer.refused(StatusCode::BAD_REQUEST), "malformed_body");
    }
    let refused =
        server.visitor().await.call(Method::PATCH, &conversation, Some(json!({ "tags": [] }))).await;
    assert_eq!(refused.refused(StatusCode::NOT_FOUND), "not_found", "somebody else's conversation");
}

#[tokio::test]
async fn saying_the_same_again_is_no_news() {
    let server = TestServer::start().await;
    let visitor = server.visitor().await;
    let id = visitor.start("Hello").await.conversation.id;
    let mut revs = Vec::new();
    for _ in 0..2 {
        for (path, body) in [
            ("/visitor".to_owned(), json!({ "name": "Ada", "attributes": { "plan": "gold" } })),
            (format!("/conversations/{id}"), json!({ "tags": ["vip"] })),
        ] {
            visitor.call(Method::PATCH, &path, Some(body)).await;
        }
        revs.push(server.app.store.head_rev(server.demo.business_id).await.unwrap());
    }
    assert_eq!(revs[0], revs[1]);
}

#[tokio::test]
async fn a_page_that_tells_too_much_is_told_to_wait_and_its_visitor_still_writes() {
    let limits = Limits { tellings_per_visitor: 2, ..Limits::NONE };
    let server = TestServer::start_limited(limits, &[]).await;
    let visitor = server.visitor().await;
    let event = json!({ "name": "click" });
    for _ in 0..2 {
        assert_eq!(
            visitor.call(Method::POST, "/events", Some(event.clone())).await.status,
            StatusCode::NO_CONTENT
        );
    }
    let refused = visitor.call(Method::POST, "/events", Some(event)).await;
    assert_eq!(refused.refused(StatusCode::TOO_MANY_REQUESTS), "too_many_requests");
    visitor.start("Hello").await;
}
