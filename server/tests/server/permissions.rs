//! Every operation as each of six principals, taken from the OpenAPI document, so that a new one can't be forgotten: nobody,
//! somebody whose token is no good, another company, and the company's own tokens of each scope.

use crate::support::{Answer, TestServer, request};
use axum::{
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Map, Value, json};
use server::domain::Scope;
use std::collections::BTreeMap;
use uuid::Uuid;

/// What came of a request, whichever way its API says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Unauthorized,
    Forbidden,
    NotFound,
    /// The principal may; whether the request was any good is another matter.
    Allowed,
}

struct Operation {
    api: String,
    method: Method,
    path: String,
    scope: Option<Scope>,
    value: Value,
}

impl Operation {
    fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }
}

/// A company with one of everything, and a token of another company.
struct World {
    server: TestServer,
    /// What stands for a parameter of this name; in Pact's addresses ids are numbers.
    names: BTreeMap<&'static str, String>,
    nums: BTreeMap<&'static str, String>,
    codes: BTreeMap<&'static str, String>,
    other: String,
}

fn operations(document: &Value) -> Vec<Operation> {
    let mut operations = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, value) in methods.as_object().unwrap() {
            let security = value["security"]
                .as_array()
                .and_then(|all| all.first()?.as_object()?.values().next().cloned());
            let scope = security.map(|scopes| match scopes[0].as_str() {
                Some("read") => Scope::Read,
                Some("write") => Scope::Write,
                Some("admin") => Scope::Admin,
                other => panic!("{method} {path} names the scope {other:?}"),
            });
            operations.push(Operation {
                api: value["tags"][0].as_str().unwrap().to_owned(),
                method: Method::from_bytes(method.to_uppercase().as_bytes()).unwrap(),
                path: path.clone(),
                scope,
                value: value.clone(),
            });
        }
    }
    operations
}

impl World {
    async fn new() -> Self {
        let server = TestServer::start().await;
        let (other, _) = server.other_company_with_token().await;
        let token = server.demo.api_token.clone();
        let call = async |method, path: &str, body: Value| -> Value {
            let answer = server.call(request(method, path, Some(&token), Some(body))).await;
            assert!(answer.status.is_success(), "{path}: {}", answer.text());
            answer.json()
        };
        let customer =
            call(Method::POST, "/api/v1/customers/", json!({ "name": "Ada", "email": "ada@example.com" }))
                .await;
        let business = server.demo.business_id;
        let body =
            json!({ "business_id": business, "customer_id": customer["id"], "initial_message": "CANARY" });
        let conversation = call(Method::POST, "/api/v1/conversations/", body).await;
        let channel = conversation["channel_id"].clone();
        let webhook = json!({ "url": "http://127.0.0.1:9/hook" });
        let webhook = call(Method::POST, "/api/v1/webhooks/", webhook).await;
        let pact = format!("/p1/companies/{}", server.demo.company_num);
        let pact_call = |path: String, form: &'static str| {
            Request::post(path)
                .header("x-private-api-token", &token)
                .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body(Body::from(form))
                .unwrap()
        };
        let created = server
            .call(pact_call(format!("{pact}/conversations"), "provider=whatsapp&phone=79250000001"))
            .await;
        let created: Value = created.json();
        let whatsapp = created["data"]["conversation"].clone();
        let sent = server
            .call(pact_call(
                format!("{pact}/conversations/{}/messages", whatsapp["external_id"]),
                "message=CANARY",
            ))
            .await;
        let sent: Value = sent.json();
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let id: shared::ConversationId = serde_json::from_value(conversation["id"].clone()).unwrap();
        let stored = server.app.conversations.get(business, id).await.unwrap();
        let names = BTreeMap::from([
            ("conversation", text(&conversation["id"])),
            ("customer", text(&customer["id"])),
            ("channel", text(&channel)),
            ("agent", server.demo.agent_id.to_string()),
            ("widget", server.demo.widget_id.to_string()),
            ("webhook", text(&webhook["id"])),
        ]);
        let nums = BTreeMap::from([
            ("company", server.demo.company_num.to_string()),
            ("conversation", stored.num.to_string()),
            ("channel", text(&whatsapp["channel_id"])),
            ("job", text(&sent["data"]["id"])),
        ]);
        let codes = BTreeMap::from([("conversation", server::domain::code::encode(id.0))]);
        Self { server, names, nums, codes, other }
    }

    /// The address of an operation with ids of the company, or with ids of nobody.
    fn address(&self, operation: &Operation, is_unknown: bool) -> String {
        let names = match operation.api.as_str() {
            "pact" => &self.nums,
            "iris" | "pantheon" => &self.codes,
            _ => &self.names,
        };
        let mut path = operation.path.clone();
        while let Some((before, rest)) = path.split_once('{') {
            let (parameter, after) = rest.split_once('}').unwrap();
            let noun = parameter.trim_end_matches("_id").trim_end_matches("_num").trim_end_matches("_code");
            let noun = if ["id", "code"].contains(&noun) { "conversation" } else { noun };
            let known = names
                .get(noun)
                .unwrap_or_else(|| panic!("{}: say in `World` what {{{parameter}}} is", operation.name()));
            let value = if is_unknown { unknown_like(known) } else { known.clone() };
            path = format!("{before}{value}{after}");
        }
        path
    }

    /// What the operation wants, as far as the principal has to be right for it.
    fn parameters(&self, operation: &Operation, is_unknown: bool) -> Map<String, Value> {
        let pick = |known: &String| if is_unknown { unknown_like(known) } else { known.clone() };
        let mut parameters = Map::new();
        for (field, value) in [
            ("conversationId", &self.codes["conversation"]),
            ("agent_id", &self.names["agent"]),
            ("customer_id", &self.names["customer"]),
            ("business_id", &self.server.demo.business_id.to_string()),
        ] {
            let is_there = operation.value.to_string().contains(&format!("\"{field}\""))
                || operation.path.contains("Conversation");
            if is_there {
                parameters.insert(field.into(), pick(value).into());
            }
        }
        for (field, value) in [
            ("message", "Hi"),
            ("content", "Hi"),
            ("text", "Hi"),
            ("note", "Hi"),
            ("from", "x"),
            ("provider", "whatsapp"),
            ("phone", "79250000001"),
            ("file_url", "http://127.0.0.1:9/nothing"),
        ] {
            parameters.insert(field.into(), value.into());
        }
        parameters
    }

    async fn ask(&self, operation: &Operation, token: Option<&str>, is_unknown: bool) -> Answer {
        let mut path = self.address(operation, is_unknown);
        let mut parameters = self.parameters(operation, is_unknown);
        let mut builder = Request::builder().method(operation.method.clone());
        match (operation.api.as_str(), token) {
            ("pact", Some(token)) => builder = builder.header("x-private-api-token", token),
            ("iris", Some(token)) => drop(parameters.insert("sessionToken".into(), token.into())),
            // The halves of a token, as a user name and a password.
            (_, Some(token)) if operation.value["security"][0]["basic"].is_array() => {
                let halves = STANDARD.encode(token.replacen('.', ":", 1));
                builder = builder.header(header::AUTHORIZATION, format!("Basic {halves}"));
            }
            (_, Some(token)) => builder = builder.header(header::AUTHORIZATION, format!("Bearer {token}")),
            (_, None) => {}
        }
        let body = if operation.method == Method::GET || operation.method == Method::DELETE {
            let pairs = parameters.iter().map(|(name, value)| format!("{name}={}", value.as_str().unwrap()));
            path = format!("{path}?{}", pairs.collect::<Vec<_>>().join("&"));
            Body::empty()
        } else {
            builder = builder.header(header::CONTENT_TYPE, "application/json");
            Body::from(Value::Object(parameters).to_string())
        };
        self.server.call(builder.uri(path).body(body).unwrap()).await
    }

    /// A token of the company with a scope, and its id; for iRiS a session for it.
    async fn token(&self, api: &str, scope: Scope) -> (String, Uuid) {
        let company = self.server.demo.business_id;
        let token =
            self.server.app.administration.create_token(company, None, "test".into(), scope).await.unwrap();
        let place = self.in_its_place(api, &self.server.demo.iris.property_code, token.reveal()).await;
        (place, token.id)
    }

    async fn others_token(&self, api: &str) -> String {
        self.in_its_place(api, "OTHER", self.other.clone()).await
    }

    async fn in_its_place(&self, api: &str, property_code: &str, token: String) -> String {
        if api != "iris" {
            return token;
        }
        let body = json!({ "PropertyCode": property_code, "InterfaceToken": token });
        let answer: Value = self.server.post("/API/V40/System/Session/Initialise", body).await.json();
        answer["sessionToken"].as_str().unwrap().to_owned()
    }
}

/// An id of the same kind that nobody has.
fn unknown_like(known: &str) -> String {
    if known.bytes().all(|byte| byte.is_ascii_digit()) {
        "999999999".into()
    } else if known.len() == 22 {
        server::domain::code::encode(Uuid::from_u128(42))
    } else {
        Uuid::from_u128(42).to_string()
    }
}

fn outcome(operation: &Operation, answer: &Answer) -> Outcome {
    if operation.api == "iris" {
        let body: Value = answer.json();
        return match body["errorCode"].as_str() {
            Some("InvalidSessionToken") => Outcome::Unauthorized,
            Some("Forbidden") => Outcome::Forbidden,
            Some("NotFound") => Outcome::NotFound,
            _ => Outcome::Allowed,
        };
    }
    match answer.status {
        StatusCode::UNAUTHORIZED => Outcome::Unauthorized,
        StatusCode::FORBIDDEN => Outcome::Forbidden,
        StatusCode::NOT_FOUND => Outcome::NotFound,
        _ => Outcome::Allowed,
    }
}

/// The body without what differs from request to request.
fn anonymous(answer: &Answer) -> String {
    let mut body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    if let Some(body) = body.as_object_mut() {
        body.remove("sessionToken");
        body.remove("request_id");
        body.get_mut("error").and_then(Value::as_object_mut).map(|error| error.remove("request_id"));
    }
    format!("{} {body}", answer.status)
}

#[tokio::test]
async fn nobody_and_a_token_that_is_no_good_are_refused_everywhere_alike() {
    let world = World::new().await;
    let document: Value = world.server.get("/openapi.json").await.json();
    for operation in operations(&document).iter().filter(|operation| operation.scope.is_some()) {
        let (revoked, id) = world.token(&operation.api, Scope::Admin).await;
        world.server.app.administration.revoke_token(id).await.unwrap();
        let made_up = "01930000000070008000000000000001.c2VjcmV0";
        let mut answers = Vec::new();
        for token in [None, Some(made_up), Some(revoked.as_str())] {
            let answer = world.ask(operation, token, false).await;
            let place = format!("{} with {token:?}: {}", operation.name(), answer.text());
            assert_eq!(outcome(operation, &answer), Outcome::Unauthorized, "{place}");
            answers.push(anonymous(&answer));
        }
        assert_eq!(
            answers[1],
            answers[2],
            "{}: a revoked token is told from a made up one",
            operation.name()
        );
    }
}

#[tokio::test]
async fn a_token_may_do_what_its_scope_reaches_and_nothing_else() {
    let world = World::new().await;
    let document: Value = world.server.get("/openapi.json").await.json();
    for operation in operations(&document) {
        let Some(needed) = operation.scope else { continue };
        for scope in [Scope::Read, Scope::Write, Scope::Admin] {
            // What an operation does must not get in the way of the next: refusals first, and what is left on ids of nobody.
            let (token, _) = world.token(&operation.api, scope).await;
            let answer = world.ask(&operation, Some(&token), true).await;
            let is_refused =
                [Outcome::Unauthorized, Outcome::Forbidden].contains(&outcome(&operation, &answer));
            let is_other_business =
                operation.path == "/api/v1/conversations" && operation.method == Method::POST;
            if !is_other_business || scope < needed {
                assert_eq!(
                    is_refused,
                    scope < needed,
                    "{} with {scope:?}: {}",
                    operation.name(),
                    answer.text()
                );
            }
        }
    }
}

#[tokio::test]
async fn another_company_finds_nothing_and_is_told_so_as_of_what_never_was() {
    let world = World::new().await;
    let document: Value = world.server.get("/openapi.json").await.json();
    for operation in operations(&document) {
        if operation.scope.is_none() {
            continue;
        }
        let token = world.others_token(&operation.api).await;
        if operation.path.ends_with("/stream") {
            continue;
        }
        let foreign = world.ask(&operation, Some(&token), false).await;
        let place = format!("{}: {}", operation.name(), foreign.text());
        for secret in ["CANARY", "ada@example.com", "Robin"] {
            assert!(!foreign.text().contains(secret), "{place}");
        }
        if operation.path.contains('{') {
            assert_eq!(outcome(&operation, &foreign), Outcome::NotFound, "{place}");
            let unknown = world.ask(&operation, Some(&token), true).await;
            assert_eq!(anonymous(&foreign), anonymous(&unknown), "{place}");
        }
    }
}
