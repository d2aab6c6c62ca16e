//! iRiS, `/API/V40`: sessions, and what can be done in them.

use crate::support::{Answer, TestServer, request};
use axum::{
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use serde_json::{Value, json};
use server::{
    auth::Token,
    domain::{Customer, Plan, Profile, Scope},
};
use shared::{
    CompanyId,
    limits::{BODY_MAX_BYTES, NAME_MAX_CHARS, TEXT_MAX_BYTES},
};

const INITIALISE: &str = "/API/V40/System/Session/Initialise";
const BY_ROOM: &str = "/API/V40/System/Session/InitialiseByRoom";
const MESSAGES: &str = "/API/V40/Interactive/Messages";
const CONVERSATIONS: &str = "/API/V40/Interactive/Messages/Conversations";
const NON_VERIFIED: &str = "/API/V40/Interactive/Messages/NonVerifiedGuestConversations";

/// Of nothing.
const UNKNOWN: &str = "AAAAAAAAAAAAAAAAAAAAAA";

/// A client with a session.
struct Client<'s> {
    server: &'s TestServer,
    session: String,
}

impl Client<'_> {
    async fn post(&self, path: &str, mut body: Value) -> Answer {
        body["sessionToken"] = json!(self.session);
        self.server.post(path, body).await
    }

    /// `query` begins with `?` or is empty.
    async fn get(&self, path: &str, query: &str) -> Answer {
        let joint = if query.is_empty() { '?' } else { '&' };
        self.server.get(&format!("{path}{query}{joint}SessionToken={}", self.session)).await
    }

    async fn create(&self, body: Value) -> Value {
        self.post(CONVERSATIONS, body).await.content("createConversationResponse")["conversation"].take()
    }

    async fn say(&self, conversation: &Value, body: Value) -> Value {
        let path = format!("{CONVERSATIONS}/{}/Messages", code(conversation));
        self.post(&path, body).await.content("createMessageResponse")["message"].take()
    }

    async fn mark_read(&self, conversation: &Value) {
        let answer = self.post(&format!("{CONVERSATIONS}/{}/MarkRead", code(conversation)), json!({})).await;
        let envelope = answer.success();
        assert_eq!(envelope["responses"], json!([{ "responseStatus": { "succeeded": true } }]));
    }

    async fn messages(&self, query: &str) -> Vec<Value> {
        let mut content = self.get(MESSAGES, query).await.content("getMessagesResponse");
        serde_json::from_value(content["messages"].take()).unwrap()
    }

    async fn conversation(&self, conversation: &Value, query: &str) -> Value {
        let path = format!("{CONVERSATIONS}/{}", code(conversation));
        self.get(&path, query).await.content("getConversationResponse")["conversation"].take()
    }

    async fn conversations(&self) -> Vec<Value> {
        let mut content = self.get(CONVERSATIONS, "").await.content("getConversationsResponse");
        serde_json::from_value(content["conversations"].take()).unwrap()
    }
}

fn code(conversation: &Value) -> &str {
    conversation["code"].as_str().unwrap()
}

fn texts(messages: &[Value]) -> Vec<&str> {
    messages.iter().map(|message| message["content"].as_str().unwrap()).collect()
}

impl Answer {
    /// The envelope of a success.
    #[track_caller]
    fn success(&self) -> Value {
        assert_eq!(self.status, StatusCode::OK, "{}", self.text());
        assert_eq!(self.header(header::CONTENT_TYPE), "application/json; charset=utf-8");
        let envelope: Value = self.json();
        assert_eq!(envelope["status"], "Success", "{envelope}");
        assert_eq!(envelope["responses"].as_array().unwrap().len(), 1);
        envelope
    }

    /// The content of the one response, which has this name.
    #[track_caller]
    fn content(&self, name: &str) -> Value {
        let mut envelope = self.success();
        assert_eq!(envelope["responsesIncluded"], name);
        assert_eq!(envelope["responses"][0][name]["succeeded"], true);
        envelope["responses"][0][name]["content"].take()
    }

    /// The code and the message of a failure, which must have this HTTP status.
    #[track_caller]
    fn failure(&self, status: StatusCode) -> (String, String) {
        assert_eq!(self.status, status, "{}", self.text());
        assert_eq!(self.header(header::CONTENT_TYPE), "application/json; charset=utf-8");
        let envelope: Value = self.json();
        assert_eq!(envelope["status"], "Failure", "{envelope}");
        assert_eq!(envelope["responsesIncluded"], "responseStatus");
        assert!(envelope.as_object().unwrap().contains_key("sessionToken"));
        let response = &envelope["responses"][0]["responseStatus"];
        assert_eq!(response["succeeded"], false);
        let message = response["message"].as_str().unwrap();
        assert!(!message.is_empty());
        (envelope["errorCode"].as_str().unwrap().to_owned(), message.to_owned())
    }

    #[track_caller]
    fn failed(&self, error_code: &str) -> String {
        let (found, message) = self.failure(StatusCode::OK);
        assert_eq!(found, error_code, "{message}");
        message
    }

    fn session(&self) -> String {
        self.success()["sessionToken"].as_str().unwrap().to_owned()
    }
}

impl TestServer {
    fn credentials(&self) -> Value {
        json!({
            "PropertyCode": self.demo.iris.property_code,
            "InterfaceToken": self.demo.iris.interface_token,
        })
    }

    /// A client of the demo's staff.
    async fn staff(&self) -> Client<'_> {
        let session = self.post(INITIALISE, self.credentials()).await.session();
        Client { server: self, session }
    }

    async fn guest(&self, name: &str, room: &str) -> Customer {
        let profile = Profile {
            name: Some(name.into()),
            room: Some(room.into()),
            language: Some("en".into()),
            ..Profile::default()
        };
        self.app.customers.create(self.demo.business_id, profile).await.unwrap()
    }

    async fn in_room(&self, last_name: &str, room: &str) -> Answer {
        let mut body = self.credentials();
        body["LastName"] = json!(last_name);
        body["RoomNumber"] = json!(room);
        self.post(BY_ROOM, body).await
    }

    /// A client of a guest who was not there before.
    async fn guest_client(&self, name: &str, room: &str) -> Client<'_> {
        self.guest(name, room).await;
        let last_name = name.split(' ').next_back().unwrap();
        Client { server: self, session: self.in_room(last_name, room).await.session() }
    }

    /// A client of another company's staff.
    async fn foreigner(&self, plan: Plan, scope: Scope) -> Client<'_> {
        let operator = &self.app.operator;
        let company = operator.create_company("Other".into(), None, None, plan).await.unwrap();
        let token = self.token(company.id, scope).await;
        let body = json!({ "propertyCode": company.property_code, "interfaceToken": token });
        Client { server: self, session: self.post(INITIALISE, body).await.session() }
    }

    async fn token(&self, company: CompanyId, scope: Scope) -> String {
        self.app.operator.create_token(company, None, "test".into(), scope).await.unwrap().reveal()
    }
}

#[tokio::test]
async fn a_session_is_opened_with_a_token_of_the_property_and_no_other() {
    let server = TestServer::start().await;
    let other = server.app.operator.create_company("Other".into(), None, None, Plan::Basic).await.unwrap();
    let foreign = server.token(other.id, Scope::Admin).await;
    let (property, token) = (&server.demo.iris.property_code, &server.demo.iris.interface_token);
    let mut refusals = Vec::new();
    for (property_code, interface_token) in [
        (property.as_str(), foreign.as_str()),
        (&other.property_code, token),
        ("UNKNOWN", token),
        ("demo", token),
        (property, "nonsense"),
        (property, "0193.c2VjcmV0"),
        (property, &token.replace('.', ".x")),
    ] {
        let body = json!({ "PropertyCode": property_code, "InterfaceToken": interface_token });
        refusals.push(server.post(INITIALISE, body).await.failed("ValidationError"));
    }
    assert_eq!(refusals[1], refusals[2], "another's property is as good as none");
    let message = server.post(BY_ROOM, json!({})).await.failed("ValidationError");
    for field in ["propertyCode", "interfaceToken", "lastName", "roomNumber"] {
        assert!(message.contains(&format!("{field} is required")), "all at once: {message}");
    }
    let answer = server.post(INITIALISE, server.credentials()).await;
    assert_eq!(answer.header("x-ratelimit-total"), "10000");
    assert_eq!(answer.content("initialiseResponse"), json!({ "brandCode": property, "groupCode": property }));
}

#[tokio::test]
async fn a_session_is_over_at_once_when_its_token_is_revoked() {
    let server = TestServer::start().await;
    let created = server
        .app
        .operator
        .create_token(server.demo.business_id, None, "iris".into(), Scope::Write)
        .await
        .unwrap();
    let mut body = server.credentials();
    body["InterfaceToken"] = json!(created.reveal());
    let client = Client { server: &server, session: server.post(INITIALISE, body).await.session() };
    client.get(MESSAGES, "").await.success();
    server.app.operator.revoke_token(created.id).await.unwrap();
    client.get(MESSAGES, "").await.failed("InvalidSessionToken");
}

#[tokio::test]
async fn a_session_lives_as_long_as_it_is_used_and_a_day_longer() {
    let server = TestServer::start().await;
    let client = server.staff().await;
    let idle = server.staff().await;
    for _ in 0..4 {
        server.clock.advance_seconds(8 * 60 * 60);
        client.get(MESSAGES, "").await.success();
    }
    idle.get(MESSAGES, "").await.failed("InvalidSessionToken");
    server.clock.advance_seconds(24 * 60 * 60 - 1);
    client.get(MESSAGES, "").await.success();
    server.clock.advance_seconds(24 * 60 * 60);
    client.get(MESSAGES, "").await.failed("InvalidSessionToken");
}

#[tokio::test]
async fn a_session_is_extended_once_an_hour_and_not_at_each_request() {
    let server = TestServer::start().await;
    let client = server.staff().await;
    let hash = Token::from_client(&client.session).hash();
    let expiry = async || server.app.store.guest_session(hash).await.unwrap().unwrap().0.expires_at;
    let first = expiry().await;
    server.clock.advance_seconds(60 * 60 - 1);
    client.get(MESSAGES, "").await.success();
    assert_eq!(expiry().await, first);
    server.clock.advance_seconds(1);
    client.get(MESSAGES, "").await.success();
    assert_eq!(expiry().await, first.plus_seconds(60 * 60));
}

#[tokio::test]
async fn a_session_token_is_stored_nowhere_not_even_in_an_answer_that_is_kept() {
    let server = TestServer::start().await;
    let client = server.staff().await;
    let create = async || {
        let body = json!({ "message": "once", "sessionToken": client.session });
        let mut request = request(Method::POST, CONVERSATIONS, None, Some(body));
        request.headers_mut().insert("idempotency-key", "a".parse().unwrap());
        server.call(request).await
    };
    let (first, again) = (create().await, create().await);
    assert_eq!(first.success(), again.success());
    assert_eq!(first.success()["sessionToken"], client.session);
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(client.conversations().await.len(), 1);
    for entry in std::fs::read_dir(server.directory.path()).unwrap() {
        let path = entry.unwrap().path();
        let Ok(bytes) = std::fs::read(&path) else { continue };
        let is_there = bytes.windows(client.session.len()).any(|window| window == client.session.as_bytes());
        assert!(!is_there, "{} holds a session token", path.display());
    }
}

#[tokio::test]
async fn opening_a_session_twice_under_one_idempotency_key_opens_two() {
    let server = TestServer::start().await;
    let open = async || {
        let mut request = request(Method::POST, INITIALISE, None, Some(server.credentials()));
        request.headers_mut().insert("idempotency-key", "a".parse().unwrap());
        server.call(request).await.session()
    };
    assert_ne!(open().await, open().await);
}

#[tokio::test]
async fn an_idempotency_key_with_another_request_is_refused() {
    let server = TestServer::start().await;
    let client = server.staff().await;
    let create = async |message: &str| {
        let body = json!({ "message": message, "conversationType": "guest", "sessionToken": client.session });
        let mut request = request(Method::POST, NON_VERIFIED, None, Some(body));
        request.headers_mut().insert("idempotency-key", "a".parse().unwrap());
        server.call(request).await
    };
    create("one").await.success();
    create("one").await.success();
    create("other").await.failed("IdempotencyKeyReused");
    let customers =
        server.app.customers.list(server.demo.business_id, server::domain::CustomerFilter::All, 0, 10);
    assert_eq!(customers.await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_guest_is_found_by_room_and_last_name_in_any_letter_case() {
    let server = TestServer::start().await;
    server.guest("Jürgen Öztürk", "101").await;
    let before = server.guest("Ada Lovelace", "102").await;
    let now = server.guest("Mary Ann LOVELACE", "102").await;
    for (last_name, room) in [("Öztürk", "101"), ("ÖZTÜRK", "101"), (" lovelace ", "102")] {
        server.in_room(last_name, room).await.content("initialiseByRoomResponse");
    }
    for (last_name, room) in [("Öztürk", "102"), ("Jürgen", "101"), ("Lovelace", "10"), ("%", "101")] {
        server.in_room(last_name, room).await.failed("NotFound");
    }
    let session = server.in_room("Lovelace", "102").await.session();
    let stored = server.app.store.guest_session(Token::from_client(&session).hash()).await.unwrap();
    assert_eq!(stored.unwrap().0.customer, Some(now.id), "the newest of several");
    server.app.customers.erase(server.demo.business_id, now.id).await.unwrap();
    Client { server: &server, session }.get(MESSAGES, "").await.failed("InvalidSessionToken");
    let session = server.in_room("Lovelace", "102").await.session();
    let stored = server.app.store.guest_session(Token::from_client(&session).hash()).await.unwrap();
    assert_eq!(stored.unwrap().0.customer, Some(before.id));
}

#[tokio::test]
async fn a_guest_has_a_room_as_long_as_the_business_says_so() {
    let server = TestServer::start().await;
    let token = &server.demo.api_token;
    let call = async |method, path: &str, body: Value| {
        let answer = server.call(request(method, path, Some(token), Some(body))).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        answer.json::<Value>()
    };
    let body = json!({ "name": "Ada Lovelace", "room": "101", "language": "en-GB" });
    let customer = call(Method::POST, "/api/v1/customers", body).await;
    let ada = Client { server: &server, session: server.in_room("Lovelace", "101").await.session() };
    let conversation = ada.create(json!({ "message": "hi", "conversationType": "guest" })).await;
    assert_eq!(conversation["guestLanguageCode"], "en-GB");
    let path = format!("/api/v1/customers/{}", customer["id"].as_str().unwrap());
    call(Method::PATCH, &path, json!({ "room": null })).await;
    server.in_room("Lovelace", "101").await.failed("NotFound");
}

#[tokio::test]
async fn a_guest_writes_and_the_staff_answers_and_each_knows_what_the_other_has_read() {
    let server = TestServer::start().await;
    let (guest, staff) = (server.guest_client("Ada King Lovelace", "101").await, server.staff().await);
    let conversation =
        guest.create(json!({ "message": "Two towels, please", "conversationType": "Guest" })).await;
    assert_eq!(conversation["conversationType"], "guest");
    assert_eq!(conversation["roomNumber"], "101");
    assert_eq!(conversation["guestFirstName"], "Ada King");
    assert_eq!(conversation["guestLastName"], "Lovelace");
    assert_eq!(conversation["guestLanguageCode"], "en");
    let written = &conversation["messages"][0];
    assert_eq!((&written["firstName"], &written["lastName"]), (&json!("Ada King"), &json!("Lovelace")));
    assert_eq!((&written["messageType"], &written["serviceCenterName"]), (&json!("guest"), &Value::Null));

    let is_read = async |client: &Client<'_>| {
        let messages = client.messages("").await;
        messages.iter().map(|message| message["isRead"].as_bool().unwrap()).collect::<Vec<_>>()
    };
    guest.mark_read(&conversation).await;
    assert_eq!(is_read(&guest).await, [false], "a guest's own reading says nothing of their messages");
    staff.mark_read(&conversation).await;
    assert_eq!(is_read(&guest).await, [true]);
    let answer = staff.say(&conversation, json!({ "message": "On their way" })).await;
    assert_eq!((&answer["messageType"], &answer["firstName"]), (&json!("staff"), &json!("Robin")));
    assert_eq!(answer["serviceCenterName"], "Porchlight Demo");
    assert_eq!(answer["conversationId"], written["conversationId"]);
    assert_eq!(is_read(&staff).await, [true, false]);
    guest.mark_read(&conversation).await;
    assert_eq!(is_read(&staff).await, [true, true]);

    let thanks = guest.say(&conversation, json!({ "message": "Thanks" })).await;
    assert_eq!(thanks["messageType"], "guest", "who writes is who the session is");
    let note = guest.say(&conversation, json!({ "message": "Noted", "messageType": "staff" })).await;
    assert_eq!(note["messageType"], "staff", "unless it is said");
    let seen = staff.conversation(&conversation, "").await;
    assert_eq!(
        texts(seen["messages"].as_array().unwrap()),
        ["Two towels, please", "On their way", "Thanks", "Noted"]
    );
}

#[tokio::test]
async fn a_guest_sees_nothing_of_another_guest_and_a_company_nothing_of_another() {
    let server = TestServer::start().await;
    let (ada, mary) =
        (server.guest_client("Ada Lovelace", "101").await, server.guest_client("Mary Shelley", "102").await);
    let foreigner = server.foreigner(Plan::Basic, Scope::Admin).await;
    let conversation = ada.create(json!({ "message": "mine", "conversationType": "guest" })).await;
    for stranger in [&mary, &foreigner] {
        assert!(stranger.messages("").await.is_empty());
        assert!(stranger.conversations().await.is_empty());
        for path in ["", "/Messages", "/MarkRead"] {
            let call = async |code: &str| {
                let path = format!("{CONVERSATIONS}/{code}{path}");
                let answer = if path.ends_with(code) {
                    stranger.get(&path, "").await
                } else {
                    stranger.post(&path, json!({ "message": "theirs" })).await
                };
                answer.failed("NotFound");
                answer.body
            };
            assert_eq!(call(code(&conversation)).await, call(UNKNOWN).await, "byte for byte: {path}");
        }
    }
    assert_eq!(texts(&ada.messages("").await), ["mine"]);
    assert_eq!(ada.conversations().await.len(), 1);
    assert_eq!(server.staff().await.conversations().await.len(), 1);
}

#[tokio::test]
async fn a_guest_type_needs_a_guest() {
    let server = TestServer::start().await;
    let staff = server.staff().await;
    let body = json!({ "message": "hi", "conversationType": "guest" });
    assert!(staff.post(CONVERSATIONS, body).await.failed("ValidationError").starts_with("conversationType"));
    let conversation = staff.create(json!({})).await;
    assert_eq!(conversation["messages"], json!([]), "an empty message is none");
    let path = format!("{CONVERSATIONS}/{}/Messages", code(&conversation));
    let body = json!({ "message": "hi", "messageType": "guest" });
    assert!(staff.post(&path, body).await.failed("ValidationError").starts_with("messageType"));
    assert_eq!(staff.conversations().await.len(), 1);
}

#[tokio::test]
async fn the_staff_may_write_for_a_guest_whom_nobody_has_verified() {
    let server = TestServer::start().await;
    let staff = server.staff().await;
    let form = json!({ "LastName": "Lovelace", "RoomNumber": "101", "Guests": 2 });
    let body = json!({ "conversationType": "guest", "OrderFormDetailsDictionary": form });
    let answer = staff.post(NON_VERIFIED, body).await;
    let conversation = answer.content("createConversationResponse")["conversation"].take();
    assert_eq!(conversation["roomNumber"], Value::Null, "what a form says is not believed");
    server.in_room("Lovelace", "101").await.failed("NotFound");
    let message = staff.say(&conversation, json!({ "message": "hi", "messageType": "guest" })).await;
    assert_eq!(message["messageType"], "guest");
    let id = server::domain::code::decode(code(&conversation)).unwrap();
    let id = server::domain::ConversationRef::Id(shared::ConversationId(id));
    let details = server.app.conversations.details(server.demo.business_id, id).await.unwrap();
    assert_eq!(details.meta["orderFormDetailsDictionary"], form);
}

#[tokio::test]
async fn what_a_visitor_wrote_in_the_widget_is_read_and_answered_here() {
    let server = TestServer::start().await;
    let visitor = server.visitor().await;
    let thread = visitor.start("Hello from the widget").await;
    let staff = server.staff().await;
    let conversation = staff.conversations().await.remove(0);
    assert_eq!(conversation["outletCode"], Value::Null);
    assert_eq!(conversation["messages"], json!([]));
    let answer = staff.say(&conversation, json!({ "message": "Hello from the hotel" })).await;
    assert_eq!(answer["serviceCenterName"], Value::Null, "it belongs to no outlet");
    let mut stream = visitor.listen(None).await;
    let shared::Event::Snapshot(snapshot) = stream.event().await else { panic!("a snapshot comes first") };
    let seen = snapshot.thread.unwrap();
    assert_eq!(seen.conversation.id, thread.conversation.id);
    assert_eq!(seen.messages[1].content, "Hello from the hotel");
}

#[tokio::test]
async fn messages_come_in_pages_in_the_order_they_were_written_or_the_other_way_round() {
    let server = TestServer::start().await;
    let staff = server.staff().await;
    let (first, second) = (staff.create(json!({})).await, staff.create(json!({})).await);
    for n in 1..=35 {
        let conversation = if n % 2 == 0 { &first } else { &second };
        staff.say(conversation, json!({ "message": n.to_string() })).await;
    }
    assert_eq!(staff.messages("").await.len(), 30, "as many as a page has when nobody says how many");
    assert_eq!(texts(&staff.messages("?PageNumber=2").await), ["31", "32", "33", "34", "35"]);
    assert_eq!(texts(&staff.messages("?pagenumber=2&PAGELENGTH=2").await), ["3", "4"]);
    let query = "?PageNumber=1&PageLength=2&DescendingOrder=true";
    assert_eq!(texts(&staff.messages(query).await), ["35", "34"]);
    assert_eq!(staff.messages("?PageNumber=1000000&PageLength=100").await, Vec::<Value>::new());
    assert_eq!(staff.messages("?PageNumber=&PageLength=&DescendingOrder=").await.len(), 30);
    for query in [
        "?PageNumber=0",
        "?PageNumber=1000001",
        "?PageNumber=x",
        "?PageLength=0",
        "?PageLength=101",
        "?DescendingOrder=maybe",
    ] {
        staff.get(MESSAGES, query).await.failed("ValidationError");
    }
    let page = staff.conversation(&second, "?PageLength=3").await;
    assert_eq!(texts(page["messages"].as_array().unwrap()), ["31", "33", "35"]);
    let page = staff.conversation(&second, "?PageLength=3&PageNumber=2").await;
    assert_eq!(texts(page["messages"].as_array().unwrap()), ["25", "27", "29"]);
    let page = staff.conversation(&second, "?PageLength=17&PageNumber=2").await;
    assert_eq!(texts(page["messages"].as_array().unwrap()), ["1"]);
    let page = staff.conversation(&second, "?PageLength=18&PageNumber=2").await;
    assert_eq!(page["messages"], json!([]));
}

#[tokio::test]
async fn the_messages_of_an_erased_guest_are_gone() {
    let server = TestServer::start().await;
    let guest = server.guest_client("Ada Lovelace", "101").await;
    let staff = server.staff().await;
    guest.create(json!({ "message": "mine", "conversationType": "guest" })).await;
    assert_eq!(staff.messages("").await.len(), 1);
    let ada = server.app.customers.guest_of_room(server.demo.business_id, "Lovelace", "101".into()).await;
    server.app.customers.erase(server.demo.business_id, ada.unwrap().id).await.unwrap();
    assert!(staff.messages("").await.is_empty());
    assert!(staff.conversations().await.is_empty());
    guest.get(MESSAGES, "").await.failed("InvalidSessionToken");
}

#[tokio::test]
async fn names_of_paths_and_fields_match_in_any_letter_case() {
    let server = TestServer::start().await;
    let body = json!({
        "PROPERTYCODE": server.demo.iris.property_code,
        "interfacetoken": server.demo.iris.interface_token,
        "languageCODE": "de",
    });
    let session = server.post("/api/v40//system/session/INITIALISE/", body).await.session();
    let client = Client { server: &server, session };
    let body = json!({ "MESSAGE": "Grüß Gott", "OrderCode": "O-1", "outletcode": "MAIN" });
    let answer = client.post("/API/v40/interactive/messages/CONVERSATIONS", body).await;
    let conversation = &answer.content("createConversationResponse")["conversation"];
    assert_eq!((&conversation["orderCode"], &conversation["outletCode"]), (&json!("O-1"), &json!("MAIN")));
    assert_eq!(conversation["messages"][0]["languageCode"], "de");
}

#[tokio::test]
async fn a_session_may_do_what_its_token_may() {
    let server = TestServer::start().await;
    let reader = server.foreigner(Plan::Basic, Scope::Read).await;
    reader.get(MESSAGES, "").await.success();
    let message = reader.post(CONVERSATIONS, json!({ "message": "hi" })).await.failed("Forbidden");
    assert!(message.contains("write"), "{message}");
}

#[tokio::test]
async fn a_closed_conversation_takes_no_message() {
    let server = TestServer::start().await;
    let staff = server.staff().await;
    let conversation = staff.create(json!({ "message": "hi" })).await;
    let id = server::domain::code::decode(code(&conversation)).unwrap();
    let id = server::domain::ConversationRef::Id(shared::ConversationId(id));
    let close = server::domain::Alteration::Close;
    server.app.conversations.alter(server.demo.business_id, id, close).await.unwrap();
    let path = format!("{CONVERSATIONS}/{}/Messages", code(&conversation));
    staff.post(&path, json!({ "message": "too late" })).await.failed("ConversationClosed");
    assert_eq!(staff.conversation(&conversation, "").await["conversationStatus"], "closed");
}

#[tokio::test]
async fn whoever_asks_too_much_is_told_when_to_come_back() {
    let server = TestServer::start().await;
    let client = server.foreigner(Plan::Test, Scope::Read).await;
    // The bucket holds 200, and is filled up a little meanwhile.
    let mut refused = client.get(MESSAGES, "").await;
    for _ in 0..2000 {
        if refused.status == StatusCode::TOO_MANY_REQUESTS {
            break;
        }
        refused = client.get(MESSAGES, "").await;
    }
    assert_eq!(refused.failure(StatusCode::TOO_MANY_REQUESTS).0, "TooManyRequests");
    assert_eq!(refused.json::<Value>()["sessionToken"], client.session);
    assert_eq!(refused.header("x-ratelimit-remaining"), "0");
    assert!(refused.header("retry-after").parse::<u64>().unwrap() > 0);
}

/// Every address of the API, with its method.
fn operations() -> Vec<(Method, String)> {
    let one = format!("{CONVERSATIONS}/{UNKNOWN}");
    vec![
        (Method::POST, INITIALISE.into()),
        (Method::POST, BY_ROOM.into()),
        (Method::POST, CONVERSATIONS.into()),
        (Method::POST, NON_VERIFIED.into()),
        (Method::GET, MESSAGES.into()),
        (Method::GET, CONVERSATIONS.into()),
        (Method::GET, one.clone()),
        (Method::POST, format!("{one}/Messages")),
        (Method::POST, format!("{one}/MarkRead")),
    ]
}

#[tokio::test]
async fn every_operation_refuses_bad_credentials_methods_and_bodies_in_the_envelope() {
    let server = TestServer::start().await;
    let staff = server.staff().await;
    for (method, path) in operations() {
        let opens_session = path.contains("/System/");
        let refused = if opens_session { "ValidationError" } else { "InvalidSessionToken" };
        for token in ["", "nonsense", &server.demo.api_token, &"x".repeat(TEXT_MAX_BYTES + 1)] {
            let path = format!("{path}?SessionToken={token}");
            server.call(request(method.clone(), &path, None, Some(json!({})))).await.failed(refused);
        }
        let call = async |method: Method, content_type: &str, body: Vec<u8>| {
            let path = format!("{path}?SessionToken={}", staff.session);
            let request = Request::builder().method(method).uri(path);
            server
                .call(request.header(header::CONTENT_TYPE, content_type).body(Body::from(body)).unwrap())
                .await
        };
        let wrong = call(Method::PATCH, "application/json", Vec::new()).await;
        assert_eq!(wrong.failure(StatusCode::METHOD_NOT_ALLOWED).0, "MethodNotAllowed");
        assert!(wrong.header(header::ALLOW).contains(method.as_str()), "{path}");
        if method == Method::GET {
            continue;
        }
        for body in ["{", "[1]", "\"text\"", "null", "7", "hello", r#"{"message":"\ud800"}"#] {
            let answer = call(Method::POST, "application/json", body.into()).await;
            assert_eq!(answer.failure(StatusCode::BAD_REQUEST).0, "MalformedRequest", "{path} {body}");
        }
        let answer = call(Method::POST, "application/xml", b"<message/>".to_vec()).await;
        assert_eq!(answer.failure(StatusCode::UNSUPPORTED_MEDIA_TYPE).0, "UnsupportedMediaType");
        for (n_bytes, is_refused) in
            [(BODY_MAX_BYTES - 1, false), (BODY_MAX_BYTES, false), (BODY_MAX_BYTES + 1, true)]
        {
            let body = [b"{}".to_vec(), vec![b' '; n_bytes - 2]].concat();
            let answer = call(Method::POST, "application/json", body).await;
            let status = if is_refused { StatusCode::PAYLOAD_TOO_LARGE } else { StatusCode::OK };
            assert_eq!(answer.status, status, "{path} {n_bytes}");
        }
    }
    server.get("/API/V40/Interactive/Nothing").await.failed("NotFound");
    let by_form = format!("multipart/form-data; boundary=x; {}", staff.session);
    let path = format!("{CONVERSATIONS}?SessionToken={}", staff.session);
    let request =
        Request::post(path).header(header::CONTENT_TYPE, by_form).body(Body::from("--x--")).unwrap();
    let answer = server.call(request).await;
    assert_eq!(answer.failure(StatusCode::UNSUPPORTED_MEDIA_TYPE).0, "UnsupportedMediaType");
}

#[tokio::test]
async fn every_field_that_can_not_be_accepted_is_named() {
    let server = TestServer::start().await;
    let staff = server.staff().await;
    let conversation = staff.create(json!({})).await;
    let messages = format!("{CONVERSATIONS}/{}/Messages", code(&conversation));
    let long_name = "ü".repeat(NAME_MAX_CHARS + 1);
    let long_text = "a".repeat(TEXT_MAX_BYTES + 1);
    for (path, body, fields) in [
        (
            CONVERSATIONS,
            json!({ "message": 7, "conversationType": [], "orderCode": {} }),
            &["message", "conversationType", "orderCode"][..],
        ),
        (
            CONVERSATIONS,
            json!({ "message": long_text, "outletCode": long_name, "orderCode": "a\0" }),
            &["message", "outletCode", "orderCode"],
        ),
        (CONVERSATIONS, json!({ "conversationType": "staff" }), &["conversationType"]),
        (CONVERSATIONS, json!({ "message": " \n" }), &["message"]),
        (CONVERSATIONS, json!({ "outletCode": "UNKNOWN" }), &["outletCode"]),
        (
            NON_VERIFIED,
            json!({ "orderFormDetailsDictionary": "text", "message": false }),
            &["orderFormDetailsDictionary", "message"],
        ),
        (
            NON_VERIFIED,
            json!({ "orderFormDetailsDictionary": { "a": "\0" } }),
            &["orderFormDetailsDictionary"],
        ),
        (&messages, json!({ "messageType": "bot" }), &["message", "messageType"]),
        (&messages, json!({ "message": "" }), &["message"]),
        (&messages, json!({ "message": null }), &["message"]),
        (&messages, json!({ "message": long_text }), &["message"]),
    ] {
        let message = staff.post(path, body).await.failed("ValidationError");
        for field in fields {
            assert!(message.split("; ").any(|problem| problem.starts_with(field)), "{field}: {message}");
        }
    }
    assert_eq!(staff.conversations().await.len(), 1, "and nothing of it is stored");
    let kept = "a".repeat(TEXT_MAX_BYTES);
    let message = staff.say(&conversation, json!({ "message": kept })).await;
    assert_eq!(message["content"], kept);
    let odd = "  \u{202e}مرحبا\u{200f} 👩‍👩‍👧 e\u{301}\r\n ";
    assert_eq!(staff.say(&conversation, json!({ "message": odd })).await["content"], odd);
    for code in ["", "x", &"A".repeat(23), "AAAAAAAAAAAAAAAAAAAAA!", "%00", "AAAAAAAAAAAAAAAAAAAAAB"] {
        if !code.is_empty() {
            staff.get(&format!("{CONVERSATIONS}/{code}"), "").await.failed("NotFound");
        }
    }
}
