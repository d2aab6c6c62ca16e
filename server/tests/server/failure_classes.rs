//! How other chat systems failed, one test for each class: that ours refuses it, and that whoever stands beside it is unharmed.
//!
//! Most classes are tested in more depth where their feature is. Here they stand once, together, to be read and not to be lost.
//! Two can only fail in a browser: a visitor's text that runs in somebody's console (`e2e/specs/bad-input.spec.ts`; that text is
//! only ever a text node is also a rule of `architecture.rs`), and storage that is denied in an iframe
//! (`e2e/specs/storage-denied.spec.ts`).

mod canaries;

use crate::support::{Answer, TestServer, request};
use axum::{
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use serde_json::{Value, json};
use server::{app::Settings, domain::Scope, outbound::Outbound};
use shared::{Attachment, ConversationId, Event, MessagePage, Thread};
use std::sync::Arc;
use uuid::Uuid;

/// Of nothing.
const NOWHERE: &str = "01900000-0000-7000-8000-00000000dead";

/// A call of Pingback's with this token.
async fn api(server: &TestServer, token: &str, method: Method, path: &str, body: Option<Value>) -> Answer {
    server.call(request(method, &format!("/api/v1{path}"), Some(token), body)).await
}

async fn created(server: &TestServer, token: &str, path: &str, body: Value) -> Value {
    let answer = api(server, token, Method::POST, path, Some(body)).await;
    assert!(answer.status.is_success(), "{path}: {}", answer.text());
    answer.json()
}

/// What two refusals must not differ in; the request's own id is another each time.
fn said(answer: &Answer) -> (StatusCode, Value) {
    let mut body: Value = answer.json();
    if let Some(error) = body.get_mut("error").and_then(Value::as_object_mut) {
        error.remove("request_id");
    }
    (answer.status, body)
}

#[tokio::test]
async fn a_foreign_key_of_another_tenant_is_as_good_as_none() {
    let server = TestServer::start().await;
    let home = server.demo.api_token.clone();
    let (abroad, _) = server.other_company_with_token().await;
    let theirs = created(&server, &abroad, "/customers", json!({ "name": "Theirs" })).await;
    let their_channel =
        api(&server, &abroad, Method::GET, "/channels", None).await.json::<Value>()[0]["id"].clone();
    let their_agent =
        api(&server, &abroad, Method::GET, "/team/members", None).await.json::<Value>()[0]["id"].clone();
    let ours =
        created(&server, &home, "/conversations", json!({ "business_id": server.demo.business_id })).await;

    let business = server.demo.business_id;
    for (field, foreign) in [("customer_id", &theirs["id"]), ("channel_id", &their_channel)] {
        let with = |id: Value| json!({ "business_id": business, field: id });
        let refused = api(&server, &home, Method::POST, "/conversations", Some(with(foreign.clone()))).await;
        let missing = api(&server, &home, Method::POST, "/conversations", Some(with(json!(NOWHERE)))).await;
        assert!(refused.status.is_client_error(), "{field}: {}", refused.text());
        assert_eq!(said(&refused), said(&missing), "{field}");
    }
    let assign = |agent: &str| format!("/conversations/{}/assign/{agent}", ours["id"].as_str().unwrap());
    let refused = api(&server, &home, Method::PUT, &assign(their_agent.as_str().unwrap()), None).await;
    let missing = api(&server, &home, Method::PUT, &assign(NOWHERE), None).await;
    assert_eq!(said(&refused), said(&missing));
    assert_eq!(refused.status, StatusCode::NOT_FOUND);

    let count = async |token: &str| {
        let list: Value = api(&server, token, Method::GET, "/conversations", None).await.json();
        list.as_array().unwrap().len()
    };
    assert_eq!((count(&home).await, count(&abroad).await), (1, 0), "nothing came to be on either side");
}

#[tokio::test]
async fn what_looks_like_sql_or_like_an_operator_is_a_value_and_finds_nothing() {
    let server = TestServer::start().await;
    let token = server.demo.api_token.clone();
    let external = "crm-1' OR '1'='1";
    let known = created(&server, &token, "/customers", json!({ "name": "A", "external_id": external })).await;
    created(&server, &token, "/customers", json!({ "name": "B", "external_id": "crm-2" })).await;
    for filter in [
        "external_id=%27%20OR%20%271%27%3D%271",
        "external_id=%25",
        "external_id=crm_2",
        "external_id=crm-2%27--",
        "external_id=%27%3B%20DROP%20TABLE%20customer%3B--",
        "email=%27%20OR%201%3D1%20--",
        "external_id[%24ne]=",
        "external_id[]=crm&external_id[]=crm-",
    ] {
        let answer = api(&server, &token, Method::GET, &format!("/customers?{filter}"), None).await;
        let is_unfiltered = filter.starts_with("external_id[%24ne]");
        // A parameter of another name is none that we know. It filters nothing, and opens nothing either.
        if !is_unfiltered {
            let found: Value = answer.json();
            assert!(answer.status.is_client_error() || found == json!([]), "{filter}: {found}");
        }
    }
    for filter in
        ["status=open%27%20OR%201%3D1", "assignee_id=%27%20OR%201%3D1", "page=1%3B%20DROP", "limit=-1"]
    {
        let answer = api(&server, &token, Method::GET, &format!("/conversations?{filter}"), None).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{filter}: {}", answer.text());
    }
    let operator = json!({ "name": "C", "external_id": { "$ne": null } });
    let refused = api(&server, &token, Method::POST, "/customers", Some(operator)).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);

    let exactly = "/customers?external_id=crm-1%27%20OR%20%271%27%3D%271";
    assert_eq!(api(&server, &token, Method::GET, exactly, None).await.json::<Value>(), json!([known]));
    let all: Value = api(&server, &token, Method::GET, "/customers", None).await.json();
    assert_eq!(all.as_array().unwrap().len(), 2, "the tables are whole");
}

#[tokio::test]
async fn nothing_outlives_the_revocation_of_a_token_and_other_tokens_do() {
    let server = TestServer::start().await;
    let revoked = server.token_of(server.demo.business_id, Scope::Admin).await;
    let other = server.demo.api_token.clone();
    let code = server.demo.iris.property_code.clone();
    let open = |token: &str| json!({ "propertyCode": code, "interfaceToken": token });
    let session = async |token: &str| -> String {
        let envelope: Value = server.post("/API/V40/System/Session/Initialise", open(token)).await.json();
        envelope["sessionToken"].as_str().unwrap().to_owned()
    };
    let (dead_session, live_session) = (session(&revoked).await, session(&other).await);
    let mut dead_stream = server.stream("/api/v1/stream", &revoked, None).await;
    let mut live_stream = server.stream("/api/v1/stream", &other, None).await;
    dead_stream.frame().await.unwrap();
    live_stream.frame().await.unwrap();

    let id = server::auth::ApiTokenText::parse(&revoked).unwrap().id;
    server.app.administration.revoke_token(id).await.unwrap();

    assert!(dead_stream.frame().await.is_none(), "at once, and not within some seconds");
    let in_pingback = |token: &str| request(Method::GET, "/api/v1/conversations", Some(token), None);
    assert_eq!(server.call(in_pingback(&revoked)).await.status, StatusCode::UNAUTHORIZED);
    let pact = format!("/p1/companies/{}/conversations", server.demo.company_num);
    let in_pact = Request::get(pact).header("x-private-api-token", &revoked).body(Body::empty()).unwrap();
    assert_eq!(server.call(in_pact).await.status, StatusCode::UNAUTHORIZED);
    let messages = "/API/V40/Interactive/Messages?SessionToken=";
    let dead: Value = server.get(&format!("{messages}{dead_session}")).await.json();
    assert_eq!(dead["errorCode"], "InvalidSessionToken");
    let stream = request(Method::GET, "/api/v1/stream", Some(&revoked), None);
    assert_eq!(server.call(stream).await.status, StatusCode::UNAUTHORIZED);

    assert_eq!(server.call(in_pingback(&other)).await.status, StatusCode::OK);
    let live: Value = server.get(&format!("{messages}{live_session}")).await.json();
    assert_eq!(live["errorCode"], Value::Null, "{live}");
    server.visitor().await.start("Hello").await;
    assert!(live_stream.frame().await.is_some());
}

#[tokio::test]
async fn a_visitors_session_that_was_copied_ends_with_its_stream_and_another_visitors_goes_on() {
    let server = TestServer::start().await;
    let (visitor, other) = (server.visitor().await, server.visitor().await);
    let refresh = |token: &str| request(Method::POST, "/widget/v1/sessions/refresh", Some(token), None);
    let renewed: shared::Session = server.call(refresh(&visitor.session.refresh_token)).await.json();
    let (mut stream, mut others) =
        (server.visitor_with(renewed).listen(None).await, other.listen(None).await);
    stream.event().await;
    others.event().await;
    let stolen = server.call(refresh(&visitor.session.refresh_token)).await;
    assert_eq!(stolen.refused(StatusCode::UNAUTHORIZED), "token_invalid");
    assert!(stream.next().await.is_none());
    let conversation = other.start("Hello").await.conversation.id;
    server.agent_says(conversation, "Hi").await;
    assert_eq!(others.message().await.content, "Hello");
    assert_eq!(others.message().await.content, "Hi");
}

#[tokio::test]
async fn a_file_that_could_run_is_only_ever_saved_whatever_it_claims_and_a_picture_is_shown() {
    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89";
    let server = TestServer::start().await;
    let visitor = server.visitor().await;
    let upload = async |name: &str, claimed: &str, bytes: &[u8]| {
        let request = Request::post(format!("/widget/v1/attachments?name={name}"))
            .header(header::AUTHORIZATION, format!("Bearer {}", visitor.session.access_token))
            .header(header::CONTENT_TYPE, claimed)
            .body(Body::from(bytes.to_vec()));
        let attachment: Attachment = server.call(request.unwrap()).await.json();
        server.get(&attachment.url).await
    };
    for (name, claimed, bytes) in [
        ("a.svg", "image/svg+xml", &b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"[..]),
        ("a.png", "image/png", b"<!doctype html><script>alert(1)</script>"),
        (
            "a.pdf",
            "application/pdf",
            b"%PDF-1.7\n1 0 obj<</OpenAction<</S/JavaScript/JS(app.alert(1))>>>>endobj",
        ),
        ("a.html", "text/html", b"<script>alert(1)</script>"),
        ("a.xhtml", "application/xhtml+xml", b"<html xmlns='http://www.w3.org/1999/xhtml'><script/></html>"),
        ("a.js", "text/javascript", b"alert(1)"),
    ] {
        let file = upload(name, claimed, bytes).await;
        assert_eq!(file.status, StatusCode::OK);
        let kind = file.header(header::CONTENT_TYPE);
        for runs in ["html", "svg", "xml", "script"] {
            assert!(!kind.contains(runs), "{name}: {kind}");
        }
        assert!(file.header(header::CONTENT_DISPOSITION).starts_with("attachment"), "{name}");
        assert_eq!(file.header(header::CONTENT_SECURITY_POLICY), "default-src 'none'; sandbox", "{name}");
        assert_eq!(file.header(header::X_CONTENT_TYPE_OPTIONS), "nosniff", "{name}");
    }
    assert_eq!(upload("b.png", "text/html", PNG).await.header(header::CONTENT_TYPE), "image/png");
}

#[tokio::test]
async fn a_token_in_an_address_opens_nothing_and_no_answer_repeats_one() {
    let server = TestServer::start().await;
    let visitor = server.visitor().await;
    let (access, refresh) = (visitor.session.access_token.clone(), visitor.session.refresh_token.clone());
    let conversation = visitor.start("Hello").await.conversation.id;
    for name in ["token", "access_token", "authorization", "bearer"] {
        for path in ["/conversations", "/stream"] {
            let answer = server.get(&format!("/widget/v1{path}?{name}={access}")).await;
            assert_eq!(answer.refused(StatusCode::UNAUTHORIZED), "token_missing", "{name}");
        }
        let token = &server.demo.api_token;
        let answer = server.get(&format!("/api/v1/conversations?{name}={token}")).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{name}");
        assert!(!answer.text().contains(token.as_str()), "{name}");
    }
    for path in ["/conversations".to_owned(), format!("/conversations/{conversation}/messages")] {
        let answer = visitor.call(Method::GET, &path, None).await;
        assert_eq!(answer.status, StatusCode::OK, "in its header it opens what it should");
        assert!(!answer.text().contains(&access) && !answer.text().contains(&refresh), "{path}");
    }
}

#[tokio::test]
async fn what_a_client_says_of_itself_is_not_believed() {
    let server = TestServer::start().await;
    let victim = server.visitor().await;
    let token = server.demo.api_token.clone();
    let secret = victim.start("My secret").await.conversation.id;
    let path = format!("/customers/{}", victim.session.customer_id);
    let email = json!({ "email": "ada@example.com" });
    assert_eq!(api(&server, &token, Method::PATCH, &path, Some(email)).await.status, StatusCode::OK);

    // Whoever names somebody's e-mail, id or an empty proof of identity is a stranger like any other.
    let claims = json!({
        "widget_id": server.demo.widget_id, "customer_id": victim.session.customer_id, "email": "ada@example.com",
        "identity": "", "identity_hash": "", "identity_token": "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZGEifQ.", "verified": true,
    });
    let answer = server.post("/widget/v1/sessions", claims).await;
    if answer.status == StatusCode::CREATED {
        let stranger = server.visitor_with(answer.json());
        assert_ne!(stranger.session.customer_id, victim.session.customer_id);
        let read = stranger.call(Method::GET, &format!("/conversations/{secret}/messages"), None).await;
        assert_eq!(read.refused(StatusCode::NOT_FOUND), "not_found");
    } else {
        assert!(answer.status.is_client_error(), "{}", answer.text());
    }

    let claims = json!({
        "client_id": server.client_id(), "content": "Hello", "sender": { "type": "agent" }, "sender_type": "agent",
        "is_verified": true, "ack": 3, "seq": 99, "created_at": "2001-01-01T00:00:00Z",
    });
    let answer = victim.call(Method::POST, "/conversations", Some(claims)).await;
    let thread: Thread = answer.json();
    let message = &thread.messages[0];
    assert_eq!(message.sender.kind, shared::SenderType::Customer);
    assert_eq!((message.seq, message.ack), (1, shared::Ack::Sent));
    let page: MessagePage =
        victim.call(Method::GET, &format!("/conversations/{secret}/messages"), None).await.json();
    assert_eq!(page.messages.len(), 1, "the victim's own is where it was");
}

#[tokio::test]
async fn a_clock_that_jumps_hides_nothing_from_a_listener_that_comes_back() {
    let server = TestServer::start().await;
    let visitor = server.visitor().await;
    let conversation = visitor.start("Hello").await.conversation.id;
    let mut stream = visitor.listen(None).await;
    let (_, position) = stream.next().await.unwrap();
    drop(stream);
    server.agent_says(conversation, "before").await;
    server.clock.advance_seconds(-24 * 60 * 60);
    server.agent_says(conversation, "a day earlier").await;
    server.clock.advance_seconds(24 * 60 * 60 + 1);
    server.agent_says(conversation, "after").await;
    let mut resumed = visitor.listen(position.as_deref()).await;
    for text in ["before", "a day earlier", "after"] {
        assert_eq!(resumed.message().await.content, text);
    }
}

#[tokio::test]
async fn a_message_that_a_weak_network_sends_again_and_again_is_one_and_its_neighbours_are_there() {
    let server = TestServer::start().await;
    let visitor = server.visitor().await;
    let conversation = visitor.start("Hello").await.conversation.id;
    let client_id = server.client_id();
    for _ in 0..5 {
        assert!(visitor.send(conversation, client_id, "once").await.status.is_success());
    }
    let (one, two) = tokio::join!(
        visitor.send(conversation, client_id, "once"),
        visitor.send(conversation, client_id, "once")
    );
    assert_eq!((one.status, two.status), (StatusCode::OK, StatusCode::OK));
    visitor.say(conversation, "next").await;
    let path = format!("/conversations/{conversation}/messages");
    let page: MessagePage = visitor.call(Method::GET, &path, None).await.json();
    let texts: Vec<_> = page.messages.iter().map(|message| message.content.as_str()).collect();
    assert_eq!(texts, ["Hello", "once", "next"]);
}

#[tokio::test]
async fn the_live_path_checks_what_a_request_checks_and_tells_nobody_of_others() {
    let server = TestServer::start().await;
    let (visitor, other) = (server.visitor().await, server.visitor().await);
    let (foreign, _) = server.other_company_with_token().await;
    let read_only = server.token_of(server.demo.business_id, Scope::Read).await;
    for (path, token) in [
        ("/widget/v1/stream", ""),
        ("/widget/v1/stream", "guessed"),
        ("/widget/v1/stream", &*server.demo.api_token),
        ("/widget/v1/stream", &*visitor.session.refresh_token),
        ("/api/v1/stream", "guessed"),
        ("/api/v1/stream", &*visitor.session.access_token),
    ] {
        let answer = server.call(request(Method::GET, path, Some(token), None)).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{path} {token}");
    }
    let mut mine = visitor.listen(None).await;
    let mut strangers = server.stream("/api/v1/stream", &foreign, None).await;
    let mut readers = server.stream("/api/v1/stream", &read_only, None).await;
    mine.event().await;
    strangers.frame().await.unwrap();
    readers.frame().await.unwrap();
    let conversation = other.start("Not for everybody").await.conversation.id;
    server.agent_says(conversation, "Nor this").await;
    assert!(readers.frame().await.is_some(), "whoever may read hears it");
    server.app.live.drain();
    assert!(matches!(mine.event().await, Event::Goodbye(_)), "another visitor hears nothing of it");
    assert_eq!(strangers.frame().await.unwrap().event, "goodbye", "nor does another company");
}

#[tokio::test]
async fn a_refusal_says_nothing_of_others_sessions_or_of_the_inside() {
    let server = TestServer::start().await;
    let (visitor, other) = (server.visitor().await, server.visitor().await);
    let theirs = other.start("CANARY of another visitor").await.conversation.id;
    let path = |id: &dyn std::fmt::Display| format!("/conversations/{id}/messages");
    let foreign = visitor.call(Method::GET, &path(&theirs), None).await;
    let missing = visitor.call(Method::GET, &path(&NOWHERE), None).await;
    assert_eq!(said(&foreign), said(&missing));
    assert_eq!(foreign.refused(StatusCode::NOT_FOUND), "not_found");

    server.app.store.close().await;
    for answer in [
        visitor.call(Method::GET, "/conversations", None).await,
        server.get(&format!("/api/v1/conversations?status=open&x={theirs}")).await,
        api(&server, &server.demo.api_token, Method::GET, "/conversations", None).await,
    ] {
        let text = answer.text().to_lowercase();
        for inside in ["canary", "sql", "pool", "panick", ".rs", "thread", "/tmp", "porchlight.db"] {
            assert!(!text.contains(inside), "{inside}: {text}");
        }
    }
}

#[tokio::test]
async fn a_fetch_by_address_reaches_nothing_inside() {
    let server = TestServer::start_changed(|app| {
        // As in earnest: in mock mode a test's own servers on the loopback may be reached.
        app.settings = Arc::new(Settings { is_mock: false, ..(*app.settings).clone() });
        app.outbound = Outbound::new(false);
    })
    .await;
    let token = server.demo.api_token.clone();
    for url in [
        "http://127.0.0.1/hook",
        "http://localhost/hook",
        "http://[::1]/hook",
        "http://[::ffff:127.0.0.1]/hook",
        "http://[64:ff9b::7f00:1]/hook",
        "http://10.0.0.1/hook",
        "http://169.254.169.254/latest/meta-data",
        "http://2130706433/hook",
        "http://0x7f.1/hook",
        "file:///etc/passwd",
        "gopher://127.0.0.1/",
    ] {
        let answer = api(&server, &token, Method::POST, "/webhooks", Some(json!({ "url": url }))).await;
        assert!(answer.status.is_client_error(), "{url}: {}", answer.text());
        assert!(server.app.outbound.get(url, 1024).await.is_err(), "{url}");
    }
    let webhooks: Value = api(&server, &token, Method::GET, "/webhooks", None).await.json();
    assert_eq!(webhooks, json!([]));
    created(&server, &token, "/webhooks", json!({ "url": "https://hooks.example.com/in" })).await;
}

#[tokio::test]
async fn a_value_of_another_type_is_refused_and_never_read_as_somebody_elses() {
    let server = TestServer::start().await;
    let (visitor, other) = (server.visitor().await, server.visitor().await);
    let theirs = other.start("Not yours").await.conversation.id;
    let mine = visitor.start("Mine").await.conversation.id;
    for content in [json!(["x"]), json!({ "a": 1 }), json!(1), json!(true), json!(null)] {
        let path = format!("/conversations/{mine}/messages/{}", server.client_id());
        let answer = visitor.call(Method::PUT, &path, Some(json!({ "content": content }))).await;
        assert_eq!(answer.refused(StatusCode::BAD_REQUEST), "malformed_body", "{content}");
    }
    let token = server.demo.api_token.clone();
    for id in [json!([theirs]), json!({ "id": theirs }), json!(1), json!(true), json!(0)] {
        let body = json!({ "business_id": server.demo.business_id, "customer_id": id });
        let answer = api(&server, &token, Method::POST, "/conversations", Some(body)).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{id}: {}", answer.text());
    }
    for id in ["0", "1", "true", "null", "undefined", "[object%20Object]", "%00", "../conversations"] {
        let answer = visitor.call(Method::GET, &format!("/conversations/{id}/messages"), None).await;
        assert!(answer.status.is_client_error(), "{id}");
        assert!(!answer.text().contains("Not yours"), "{id}");
    }
    let page: MessagePage =
        other.call(Method::GET, &format!("/conversations/{theirs}/messages"), None).await.json();
    assert_eq!(page.messages.len(), 1);
}

#[tokio::test]
async fn nobody_finds_out_who_is_known_and_an_id_alone_opens_nothing() {
    let server = TestServer::start().await;
    let visitor = server.visitor().await;
    let conversation = visitor.start("Hello").await.conversation.id;
    let token = server.demo.api_token.clone();
    created(&server, &token, "/customers", json!({ "email": "known@example.com" })).await;
    let (foreign, _) = server.other_company_with_token().await;

    let ask = async |token: &str, email: &str| {
        said(&api(&server, token, Method::GET, &format!("/customers?email={email}"), None).await)
    };
    for token in ["guessed", &*foreign] {
        assert_eq!(ask(token, "known%40example.com").await, ask(token, "nobody%40example.com").await);
    }
    let session = json!({ "widget_id": server.demo.widget_id, "email": "known@example.com" });
    let other = json!({ "widget_id": server.demo.widget_id, "email": "nobody@example.com" });
    let statuses = [
        server.post("/widget/v1/sessions", session).await.status,
        server.post("/widget/v1/sessions", other).await.status,
    ];
    assert_eq!(statuses[0], statuses[1]);

    // The conversation's id, its number and its code are names, and none is a key.
    let stored = server.app.conversations.get(server.demo.business_id, conversation).await.unwrap();
    let path = format!("/widget/v1/conversations/{conversation}/messages");
    assert_eq!(server.get(&path).await.refused(StatusCode::UNAUTHORIZED), "token_missing");
    let stranger = server.visitor().await;
    let answer = stranger.call(Method::GET, &format!("/conversations/{conversation}/messages"), None).await;
    assert_eq!(answer.refused(StatusCode::NOT_FOUND), "not_found");
    for (path, header) in [
        (
            format!("/p1/companies/{}/conversations/{}", server.demo.company_num, stored.num),
            "x-private-api-token",
        ),
        (format!("/p1/companies/{}/conversations/999999", server.demo.company_num), "x-private-api-token"),
    ] {
        let request = Request::get(path).header(header, &foreign).body(Body::empty()).unwrap();
        assert_eq!(server.call(request).await.status, StatusCode::NOT_FOUND);
    }
    let mine: ConversationId = conversation;
    assert_eq!(visitor.say(mine, "Whose it is may").await.seq, 2);
    assert_eq!(Uuid::get_version_num(&conversation.0), 7);
}

#[tokio::test]
async fn a_foreign_page_gets_no_live_connection_and_our_own_panel_does() {
    let server = TestServer::start().await;
    let visitor = server.visitor().await;
    let listen = |origin: &str| {
        let mut listen = request(Method::GET, "/widget/v1/stream", Some(&visitor.session.access_token), None);
        listen.headers_mut().insert(header::ORIGIN, origin.parse().unwrap());
        listen
    };
    for foreign in ["https://evil.example", "null", "http://test.evil.example"] {
        let refused = server.call(listen(foreign)).await;
        assert_eq!(refused.refused(StatusCode::FORBIDDEN), "origin_refused", "{foreign}");
        assert_eq!(refused.header(header::ACCESS_CONTROL_ALLOW_ORIGIN), "");
    }
    let ours = server.call(listen("http://test")).await;
    assert_eq!(ours.header(header::CONTENT_TYPE), "text/event-stream");
}

#[tokio::test]
async fn a_listener_that_falls_behind_is_told_everything_and_holds_nobody_up() {
    let server = TestServer::start().await;
    let visitor = server.visitor().await;
    let conversation = visitor.start("Hello").await.conversation.id;
    let (mut slow, mut quick) = (visitor.listen(None).await, visitor.listen(None).await);
    slow.event().await;
    quick.event().await;
    for n in 0..200 {
        server.agent_says(conversation, &n.to_string()).await;
        assert_eq!(quick.message().await.content, n.to_string());
    }
    for n in 0..200 {
        assert_eq!(slow.message().await.content, n.to_string());
    }
}
