//! The one shape of a refusal: [`shared::ErrorBody`].

use crate::domain::Error;
use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use shared::{ErrorBody, ErrorCode, ErrorDetail, FieldProblem};
use std::{any::Any, error::Error as _, sync::Arc};
use tracing::error;

/// A refusal on its way out. [`write_error`] gives it its body.
#[derive(Clone, Debug)]
pub struct ApiError {
    code: ErrorCode,
    message: String,
    fields: Vec<FieldProblem>,
    /// When to come back, in seconds.
    retry_after: Option<u64>,
    /// What really happened, for the log.
    cause: Option<Arc<Error>>,
}

pub type Result<T, E = ApiError> = std::result::Result<T, E>;

impl ApiError {
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), fields: Vec::new(), retry_after: None, cause: None }
    }

    const fn status(&self) -> StatusCode {
        match self.code {
            ErrorCode::MalformedBody | ErrorCode::MalformedAddress => StatusCode::BAD_REQUEST,
            ErrorCode::TokenMissing | ErrorCode::TokenInvalid | ErrorCode::TokenExpired => {
                StatusCode::UNAUTHORIZED
            }
            ErrorCode::OriginRefused => StatusCode::FORBIDDEN,
            ErrorCode::NotFound => StatusCode::NOT_FOUND,
            ErrorCode::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            ErrorCode::RequestTimeout => StatusCode::REQUEST_TIMEOUT,
            ErrorCode::ConversationClosed => StatusCode::CONFLICT,
            ErrorCode::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            ErrorCode::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            ErrorCode::InvalidFields | ErrorCode::ClientIdReused => StatusCode::UNPROCESSABLE_ENTITY,
            ErrorCode::TooManyRequests => StatusCode::TOO_MANY_REQUESTS,
            ErrorCode::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            ErrorCode::Internal | ErrorCode::Unknown => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        let code = match &error {
            Error::NotFound => ErrorCode::NotFound,
            Error::ClientIdReused => ErrorCode::ClientIdReused,
            Error::ConversationClosed => ErrorCode::ConversationClosed,
            Error::InvalidFields(fields) => {
                let fields = fields
                    .iter()
                    .map(|field| FieldProblem {
                        field: field.field.to_owned(),
                        problem: field.problem.clone(),
                    })
                    .collect();
                return Self { fields, ..Self::new(ErrorCode::InvalidFields, error.to_string()) };
            }
            Error::TokenInvalid | Error::CredentialsMissing => ErrorCode::TokenInvalid,
            Error::TokenExpired => ErrorCode::TokenExpired,
            Error::Malformed(_) => ErrorCode::MalformedBody,
            Error::TooSlow => ErrorCode::RequestTimeout,
            Error::TooLarge(_) => ErrorCode::BodyTooLarge,
            Error::UnsupportedMediaType(_) => ErrorCode::UnsupportedMediaType,
            Error::MethodNotAllowed => ErrorCode::MethodNotAllowed,
            Error::TooManyRequests(seconds) => {
                let retry_after = Some(*seconds);
                return Self { retry_after, ..Self::new(ErrorCode::TooManyRequests, error.to_string()) };
            }
            Error::Unavailable(_) => {
                let cause = Some(Arc::new(error));
                let refusal = Self::new(ErrorCode::Unavailable, "not available now; try again");
                return Self { cause, retry_after: Some(1), ..refusal };
            }
            // What the panel can't be told: nothing it calls ends so.
            Error::AlreadyExists(_)
            | Error::ChannelUnusable(_)
            | Error::Forbidden(_)
            | Error::KeyReused
            | Error::KeyInUse
            | Error::Internal(_) => {
                let cause = Some(Arc::new(error));
                return Self { cause, ..Self::new(ErrorCode::Internal, "internal error") };
            }
        };
        Self::new(code, error.to_string())
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// Gives every refusal its body, with the request's id, and logs what was our own fault.
pub fn write_error(mut response: Response, request_id: Option<&HeaderValue>) -> Response {
    let Some(refusal) = response.extensions_mut().remove::<ApiError>() else {
        return response;
    };
    let request_id = request_id.and_then(|id| id.to_str().ok()).map(str::to_owned);
    if let Some(cause) = refusal.cause {
        error!(
            request.id = request_id.as_deref().unwrap_or(""),
            error = %cause,
            cause = cause.source().map(ToString::to_string),
            "could not do what a request asked"
        );
    }
    let detail =
        ErrorDetail { code: refusal.code, message: refusal.message, fields: refusal.fields, request_id };
    let (parts, _) = response.into_parts();
    let mut response = (parts.status, parts.headers, Json(ErrorBody { error: detail })).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.remove(header::CONTENT_LENGTH);
    if parts.status == StatusCode::UNAUTHORIZED {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    if let Some(seconds) = refusal.retry_after {
        headers.insert(header::RETRY_AFTER, seconds.into());
    }
    response
}

pub async fn not_found() -> ApiError {
    Error::NotFound.into()
}

pub async fn method_not_allowed() -> ApiError {
    ApiError::new(ErrorCode::MethodNotAllowed, "this address has other methods; see the Allow header")
}

pub fn panicked(_panic: Box<dyn Any + Send>) -> Response {
    ApiError::from(Error::internal("a handler panicked; the panic itself is on standard error"))
        .into_response()
}
