//! The OpenAPI document of the APIs, made from their handlers, at `/openapi.json`; [`crate::web::docs`] shows it.
//!
//! Each API documents its own operations and types. Here they become one document: addresses get their base, types the
//! API's name in front (four APIs have four kinds of `Conversation`), and every operation the refusals that any of its API's may
//! meet.

use axum::{
    extract::State,
    http::{HeaderName, header},
    response::IntoResponse,
};
use bytes::Bytes;
use serde_json::{Map, Value, json};
use std::sync::{Arc, OnceLock};

/// One API's part of the document.
pub struct Part {
    /// Its tag, and in front of its types' names.
    pub name: &'static str,
    /// What its addresses begin with.
    pub base: &'static str,
    pub document: utoipa::openapi::OpenApi,
    /// Statuses with which any of its operations may refuse.
    pub refusals: Vec<(u16, &'static str)>,
    /// The type that every refusal has.
    pub refusal_schema: &'static str,
}

/// The document, made when somebody first asks for it and kept as it is sent.
#[derive(Clone)]
pub struct Document(Arc<Lazy>);

struct Lazy {
    /// The parts are described anew when they are asked for: kept, they would be most of what an idle server holds.
    parts: Box<dyn Fn() -> Vec<Part> + Send + Sync>,
    value: OnceLock<Value>,
    json: OnceLock<Bytes>,
}

impl Document {
    pub fn new(parts: impl Fn() -> Vec<Part> + Send + Sync + 'static) -> Self {
        Self(Arc::new(Lazy { parts: Box::new(parts), value: OnceLock::new(), json: OnceLock::new() }))
    }

    pub fn value(&self) -> &Value {
        self.0.value.get_or_init(|| assemble(&(self.0.parts)()))
    }

    fn json(&self) -> Bytes {
        self.0.json.get_or_init(|| format!("{:#}", self.value()).into()).clone()
    }
}

/// `GET /openapi.json`
pub async fn document(State(document): State<Document>) -> impl IntoResponse {
    let headers: [(HeaderName, &str); 2] = [
        (header::CONTENT_TYPE, "application/json; charset=utf-8"),
        // Contract tools and documentation sites read it from other origins; there is nothing secret in it.
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
    ];
    (headers, document.json())
}

const DESCRIPTION: &str = "Four conversation APIs over one store. A conversation started through one is read and \
    continued through every other, and in the widget if its channel is a widget. The same API token works in all four; each \
    takes it in its own place. A trailing or doubled slash never matters; parameters may come in the query, in a form or \
    as JSON; unknown ones are ignored. Send an Idempotency-Key with whatever creates something.";

fn assemble(parts: &[Part]) -> Value {
    let mut paths = Map::new();
    let mut schemas = Map::new();
    for part in parts {
        let mut document = json!(part.document);
        rename(&mut document, part.name);
        if let Some(Value::Object(found)) = document.pointer_mut("/components/schemas").map(Value::take) {
            schemas.extend(found.into_iter().map(|(name, schema)| (qualified(part.name, &name), schema)));
        }
        if let Some(Value::Object(found)) = document.get_mut("paths").map(Value::take) {
            for (path, mut operations) in found {
                add_refusals(&mut operations, part);
                paths.insert(format!("{}{path}", part.base), operations);
            }
        }
    }
    let api_key = |place: &str, name: &str| json!({ "type": "apiKey", "in": place, "name": name });
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Porchlight",
            "version": env!("CARGO_PKG_VERSION"),
            "description": DESCRIPTION,
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "servers": [{ "url": "/" }],
        "tags": tags(parts),
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "bearer": { "type": "http", "scheme": "bearer" },
                "pantheon": api_key("header", "Authorization"),
                "pact": api_key("header", "X-Private-Api-Token"),
                "iris": api_key("query", "SessionToken"),
                "basic": { "type": "http", "scheme": "basic" },
            },
        },
    })
}

fn tags(parts: &[Part]) -> Vec<Value> {
    let describe = |name| match name {
        "pingback" => {
            ("Pingback", "`/api/v1`: JSON, UUIDs, ISO 8601 times. Token: `Authorization: Bearer T`")
        }
        "pantheon" => (
            "Pantheon",
            "`/v1.0`: one conversation over many messaging apps. Token: `Authorization: T`, `Bearer` or not",
        ),
        "pact" => {
            ("Pact", "`/p1`: companies, integer ids, forms, delivery jobs. Token: `X-Private-Api-Token: T`")
        }
        "iris" => (
            "iRiS V40",
            "`/API/V40`: hotel guest messaging; one envelope for every answer. A session token in body or query",
        ),
        _ => (
            "The mock",
            "`/mock`: makes things happen that a client can meet in production. In mock mode only",
        ),
    };
    let tag = |part: &Part| {
        let (title, description) = describe(part.name);
        json!({ "name": part.name, "x-displayName": title, "description": description })
    };
    parts.iter().map(tag).collect()
}

fn qualified(part: &str, schema: &str) -> String {
    format!("{part}.{schema}")
}

/// Gives every reference to a type the part's name.
fn rename(value: &mut Value, part: &str) {
    const PREFIX: &str = "#/components/schemas/";
    match value {
        Value::Object(object) => {
            if let Some(Value::String(reference)) = object.get_mut("$ref")
                && let Some(schema) = reference.strip_prefix(PREFIX)
            {
                *reference = format!("{PREFIX}{}", qualified(part, schema));
            }
            object.values_mut().for_each(|value| rename(value, part));
        }
        Value::Array(values) => values.iter_mut().for_each(|value| rename(value, part)),
        _ => {}
    }
}

/// Adds the refusals of the part to each operation of an address that does not document them itself.
fn add_refusals(operations: &mut Value, part: &Part) {
    let Some(operations) = operations.as_object_mut() else { return };
    for operation in operations.values_mut() {
        let is_public = operation.get("security").is_none();
        let Some(responses) = operation.get_mut("responses").and_then(Value::as_object_mut) else { continue };
        for (status, description) in &part.refusals {
            if is_public && [401, 403].contains(status) {
                continue;
            }
            let reference = format!("#/components/schemas/{}", qualified(part.name, part.refusal_schema));
            responses.entry(status.to_string()).or_insert_with(|| {
                json!({
                    "description": description,
                    "content": { "application/json": { "schema": { "$ref": reference } } },
                })
            });
        }
    }
}
