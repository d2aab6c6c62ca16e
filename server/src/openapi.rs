//! The OpenAPI document of the four APIs, made from their handlers, and the page that shows it.

use axum::{extract::State, http::header, response::IntoResponse};
use bytes::Bytes;
use utoipa::{
    OpenApi,
    openapi::security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme},
};

/// What the document says besides its operations.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Porchlight",
        description = "Four conversation APIs over one store. A conversation started through one is read and continued \
                       through every other, and in the widget if its channel is a widget. The same API token works in \
                       all four.",
    ),
    tags(
        (name = "pingback", description = "`/api/v1`: JSON, UUIDs. Token: `Authorization: Bearer T`"),
        (name = "pantheon", description = "`/v1.0`: one conversation over many messaging apps. Token: `Authorization: T`"),
        (name = "pact", description = "`/p1`: integer ids, forms, delivery jobs. Token: `X-Private-Api-Token: T`"),
        (name = "iris", description = "`/API/V40`: hotel guest messaging, one envelope. A session token in body or query"),
    )
)]
struct Document;

/// The document, before the operations are added to it.
pub fn base() -> utoipa::openapi::OpenApi {
    let mut document = Document::openapi();
    let components = document.components.get_or_insert_default();
    let header = |name: &str| SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::new(name)));
    components.add_security_scheme("bearer", SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
    components.add_security_scheme("pantheon", header("Authorization"));
    components.add_security_scheme("pact", header("X-Private-Api-Token"));
    components.add_security_scheme(
        "iris",
        SecurityScheme::ApiKey(ApiKey::Query(ApiKeyValue::new("SessionToken"))),
    );
    document
}

/// The finished document, kept as it is sent.
#[derive(Clone)]
pub struct Served {
    json: Bytes,
}

impl Served {
    pub fn new(document: &utoipa::openapi::OpenApi) -> Self {
        let json = document.to_pretty_json().expect("a document has string keys and no failing serializers");
        Self { json: json.into() }
    }
}

/// `GET /openapi.json`
pub async fn document(State(served): State<Served>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json; charset=utf-8")], served.json)
}
