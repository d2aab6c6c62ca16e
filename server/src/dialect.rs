//! The four conversation APIs, and what they share.
//!
//! A dialect is routes, wire types, conversion, an error shape and a place where the token goes: no SQL, no rule of
//! business, nothing of another dialect. A request passes here through [`enter`], which finds its parameters wherever the
//! client put them, recognises who asks, counts it against the company's limit and answers repeats by their
//! Idempotency-Key; and on the way out through [`refuse`], which gives every refusal its API's own shape.

pub mod fields;
pub mod idempotency;
pub mod iris;
pub mod pact;
pub mod pantheon;
pub mod params;
pub mod paths;
pub mod pingback;
pub mod times;
pub mod upload;
pub mod widget_change;

use self::{
    fields::{Fields, FromFields},
    idempotency::IdempotencyKey,
    params::Params,
};
use crate::{
    app::App,
    client_address::ClientAddress,
    domain::{Error, Principal, Scope},
    rate_limit::Allowance,
    router::REQUEST_ID,
};
use axum::{
    extract::{FromRequestParts, OptionalFromRequestParts, Path, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header, request::Parts},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use serde::{Serialize, de::DeserializeOwned};
use shared::ClientId;
use std::{any::Any, error::Error as _, sync::Arc};
use tower_http::catch_panic::CatchPanicLayer;
use tracing::error;
use utoipa_axum::router::OpenApiRouter;

pub const RATE_TOTAL: HeaderName = HeaderName::from_static("x-ratelimit-total");
pub const RATE_REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
const JSON: HeaderValue = HeaderValue::from_static("application/json; charset=utf-8");

/// What tells one API from another on the way in and on the way out.
pub trait Dialect: 'static {
    /// Whether `Message` and `message` are the same parameter.
    const FOLDS_CASE: bool = false;

    /// Recognises who asks. What is to be known further in is put into the request's extensions.
    fn authenticate(
        app: &App,
        parts: &mut Parts,
        params: &Params,
    ) -> impl Future<Output = Result<Principal, Error>> + Send;

    /// A refusal in this API's shape.
    fn refuse(error: &Error, asked: &Asked) -> (StatusCode, serde_json::Value);
}

/// What a refusal may say of the request it answers.
#[derive(Clone, Debug)]
pub struct Asked {
    pub method: Method,
    pub request_id: String,
    /// The session the request was made in, where the API has sessions.
    pub session: Option<String>,
}

/// The session that an answer repeats. Put into the request's extensions by a dialect that has sessions.
#[derive(Clone, Debug)]
pub struct Session(pub String);

/// An error on its way out. [`refuse`] gives it its shape.
#[derive(Clone, Debug)]
pub struct Refusal(Arc<Error>);

pub type Result<T, E = Refusal> = std::result::Result<T, E>;

impl<E: Into<Error>> From<E> for Refusal {
    fn from(error: E) -> Self {
        Self(Arc::new(error.into()))
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = status(&self.0).into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// An answer: JSON whose header names its charset, as contract testers compare it.
#[derive(Debug)]
pub struct Reply<T>(pub T);

impl<T: Serialize> IntoResponse for Reply<T> {
    fn into_response(self) -> Response {
        match serde_json::to_vec(&self.0) {
            Ok(json) => {
                let mut response = ([(header::CONTENT_TYPE, JSON)], json).into_response();
                // For those that every answer gets on its way out; growing for the last of them costs more.
                response.headers_mut().reserve(10);
                response
            }
            Err(failure) => Refusal::from(Error::internal(failure)).into_response(),
        }
    }
}

/// An answer that holds a secret. It is kept nowhere on its way, nor for a repeat of its request.
#[derive(Debug)]
pub struct SecretReply<T>(pub T);

/// Marks the answer that [`SecretReply`] makes.
#[derive(Clone, Copy, Debug)]
pub struct HoldsSecret;

impl<T: Serialize> IntoResponse for SecretReply<T> {
    fn into_response(self) -> Response {
        let mut response = Reply(self.0).into_response();
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response.extensions_mut().insert(HoldsSecret);
        response
    }
}

/// The status of an error, for APIs whose document names no other.
pub const fn status(error: &Error) -> StatusCode {
    match error {
        Error::NotFound => StatusCode::NOT_FOUND,
        Error::ClientIdReused | Error::KeyReused | Error::InvalidFields(_) => {
            StatusCode::UNPROCESSABLE_ENTITY
        }
        Error::ConversationClosed | Error::KeyInUse => StatusCode::CONFLICT,
        Error::AlreadyExists(_) | Error::ChannelUnusable(_) | Error::Malformed(_) => StatusCode::BAD_REQUEST,
        Error::CredentialsMissing | Error::TokenInvalid | Error::TokenExpired => StatusCode::UNAUTHORIZED,
        Error::Forbidden(_) => StatusCode::FORBIDDEN,
        Error::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
        Error::UnsupportedMediaType(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Error::TooSlow => StatusCode::REQUEST_TIMEOUT,
        Error::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        Error::TooManyRequests(_) => StatusCode::TOO_MANY_REQUESTS,
        Error::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
        Error::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// What an error says of itself to the outside. Of what is our own fault: nothing.
pub fn reason(error: &Error) -> String {
    match error {
        Error::Internal(_) => "internal error".into(),
        Error::Unavailable(_) => "not available now; try again".into(),
        Error::InvalidFields(fields) => fields
            .iter()
            .map(|field| format!("{} {}", field.field, field.problem))
            .collect::<Vec<_>>()
            .join("; "),
        error => error.to_string(),
    }
}

/// An API's routes with everything around them: those that need a token, and those that don't.
pub fn assemble<D: Dialect>(
    app: &App,
    with_token: OpenApiRouter<App>,
    without_token: Option<OpenApiRouter<App>>,
) -> OpenApiRouter<App> {
    let mut all = with_token.route_layer(middleware::from_fn_with_state(app.clone(), enter::<D>));
    if let Some(without_token) = without_token {
        all = all.merge(without_token.route_layer(middleware::from_fn(read_params::<D>)));
    }
    let (routes, document) = all.split_for_parts();
    let routes = routes
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(CatchPanicLayer::custom(panicked))
        .layer(middleware::from_fn_with_state(app.clone(), refuse::<D>));
    let mut documented = OpenApiRouter::from(routes);
    *documented.get_openapi_mut() = document;
    documented
}

/// Reads the parameters of a request that needs no token.
pub async fn read_params<D: Dialect>(request: Request, next: Next) -> Response {
    match Params::read(request, D::FOLDS_CASE).await {
        Ok((request, params)) => {
            let (mut parts, body) = request.into_parts();
            parts.extensions.insert(Arc::new(params));
            next.run(Request::from_parts(parts, body)).await
        }
        Err(error) => Refusal::from(error).into_response(),
    }
}

/// Reads the parameters, recognises who asks, and counts the request; then it is handled, or answered as it was before.
pub async fn enter<D: Dialect>(State(app): State<App>, request: Request, next: Next) -> Response {
    let (request, params) = match Params::read(request, D::FOLDS_CASE).await {
        Ok(read) => read,
        Err(error) => return Refusal::from(error).into_response(),
    };
    let (mut parts, body) = request.into_parts();
    let principal = match D::authenticate(&app, &mut parts, &params).await {
        Ok(principal) => principal,
        Err(error) => {
            // There is no company to count it for.
            let address = parts.extensions.get::<ClientAddress>().copied();
            return Refusal::from(app.rate_limits.check_request(address).err().unwrap_or(error))
                .into_response();
        }
    };
    let session = parts.extensions.get::<Session>().cloned();
    let (mut response, allowance) = match app.rate_limits.check(&principal) {
        Err(error) => {
            let total = principal.plan.requests_per_minute();
            (Refusal::from(error).into_response(), Allowance { total, remaining: 0 })
        }
        Ok(allowance) => {
            let company = principal.company;
            let key = idempotency::key_of(&parts, &params, company);
            parts.extensions.insert(principal);
            let is_upload = params.is_multipart();
            parts.extensions.insert(Arc::new(params));
            let response = match key {
                Err(error) => Refusal::from(error).into_response(),
                Ok(None) => next.run(Request::from_parts(parts, body)).await,
                Ok(Some(key)) => {
                    parts.extensions.insert(key.clone());
                    let handled = next.run(Request::from_parts(parts, body));
                    // What an upload holds is known when it has arrived, so its handler looks after the key itself.
                    if is_upload { handled.await } else { app.idempotency.run(company, key, handled).await }
                }
            };
            (response, allowance)
        }
    };
    if let Some(session) = session {
        response.extensions_mut().insert(session);
    }
    let headers = response.headers_mut();
    headers.insert(RATE_TOTAL, allowance.total.into());
    headers.insert(RATE_REMAINING, allowance.remaining.into());
    response
}

/// Refuses a request whose body doesn't come; gives every refusal its shape, and logs what was our own fault.
pub async fn refuse<D: Dialect>(State(app): State<App>, request: Request, next: Next) -> Response {
    let method = request.method().clone();
    let request_id = request.headers().get(REQUEST_ID).cloned();
    let (request, given_up) = app.body_pace.watch(request);
    let mut response = given_up.or(next.run(request).await, || Refusal::from(Error::TooSlow).into_response());
    let Some(Refusal(refused)) = response.extensions_mut().remove::<Refusal>() else {
        return response;
    };
    let request_id = request_id.as_ref().and_then(|id| id.to_str().ok()).unwrap_or_default().to_owned();
    if matches!(*refused, Error::Internal(_) | Error::Unavailable(_)) {
        error!(
            request.id = request_id,
            error = %refused,
            cause = refused.source().map(ToString::to_string),
            "could not do what a request asked"
        );
    }
    let session = response.extensions_mut().remove::<Session>().map(|Session(token)| token);
    let (status, body) = D::refuse(&refused, &Asked { method, request_id, session });
    let (parts, _) = response.into_parts();
    let mut answer = (status, Reply(body)).into_response();
    for name in [RATE_TOTAL, RATE_REMAINING, header::ALLOW, header::CONNECTION] {
        if let Some(value) = parts.headers.get(&name) {
            answer.headers_mut().insert(name, value.clone());
        }
    }
    match &*refused {
        Error::CredentialsMissing | Error::TokenInvalid | Error::TokenExpired
            if status == StatusCode::UNAUTHORIZED =>
        {
            answer.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        Error::TooManyRequests(seconds) => {
            answer.headers_mut().insert(header::RETRY_AFTER, (*seconds).into());
        }
        Error::Unavailable(_) => {
            answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        _ => {}
    }
    answer
}

pub async fn not_found() -> Refusal {
    Error::NotFound.into()
}

pub async fn method_not_allowed() -> Refusal {
    Error::MethodNotAllowed.into()
}

pub fn panicked(_panic: Box<dyn Any + Send>) -> Response {
    Refusal::from(Error::internal("a handler panicked; the panic itself is on standard error"))
        .into_response()
}

macro_rules! callers {
    ($($(#[$doc:meta])* $name:ident needs $scope:ident;)*) => {$(
        $(#[$doc])*
        pub struct $name(pub Principal);

        impl FromRequestParts<App> for $name {
            type Rejection = Refusal;

            async fn from_request_parts(parts: &mut Parts, _app: &App) -> Result<Self> {
                let principal = parts.extensions.get::<Principal>().ok_or(Error::CredentialsMissing)?;
                principal.require(Scope::$scope)?;
                Ok(Self(principal.clone()))
            }
        }
    )*};
}

callers! {
    /// Whoever asks may look.
    Reader needs Read;
    /// Whoever asks may write to customers.
    Writer needs Write;
    /// Whoever asks may change what the company owns.
    Admin needs Admin;
}

/// The parameters of a request, read as `T`.
pub struct Input<T>(pub T);

impl<T: FromFields> FromRequestParts<App> for Input<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _app: &App) -> Result<Self> {
        let params = parts
            .extensions
            .get::<Arc<Params>>()
            .ok_or_else(|| Error::internal("a route without its parameters' layer"))?;
        if params.is_multipart() {
            return Err(Error::UnsupportedMediaType("JSON or a form").into());
        }
        let mut fields = Fields::of(params);
        let read = T::read(&mut fields);
        Ok(Self(fields.finish(read)?))
    }
}

/// What stands in the path. An id that can't be one is an id of nothing.
pub struct InPath<T>(pub T);

impl<T: DeserializeOwned + Send> FromRequestParts<App> for InPath<T> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self> {
        match <Path<T> as FromRequestParts<App>>::from_request_parts(parts, app).await {
            Ok(Path(value)) => Ok(Self(value)),
            Err(_) => Err(Error::NotFound.into()),
        }
    }
}

/// The name under which storing twice stores once, if the client gave an Idempotency-Key.
pub struct OnceKey(pub Option<ClientId>);

impl FromRequestParts<App> for OnceKey {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _app: &App) -> Result<Self> {
        Ok(Self(parts.extensions.get::<IdempotencyKey>().map(IdempotencyKey::client_id)))
    }
}

impl OptionalFromRequestParts<App> for IdempotencyKey {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _app: &App) -> Result<Option<Self>> {
        Ok(parts.extensions.get::<Self>().cloned())
    }
}

/// The token of an `Authorization: Bearer …` header.
pub fn bearer_token(headers: &HeaderMap) -> Result<&str, Error> {
    authorization(headers)?
        .split_once(' ')
        .filter(|(scheme, token)| scheme.eq_ignore_ascii_case("bearer") && !token.trim().is_empty())
        .map(|(_, token)| token.trim())
        .ok_or(Error::CredentialsMissing)
}

/// The `Authorization` header.
pub fn authorization(headers: &HeaderMap) -> Result<&str, Error> {
    headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .map(str::trim)
        .filter(|value| !value.is_empty())
        .ok_or(Error::CredentialsMissing)
}
