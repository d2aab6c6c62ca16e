//! Access tokens: OAuth's client credentials, where the client is an API token, its id the first half and its secret the
//! second.

use super::wire::{GetAccessToken, Tokens};
use crate::{
    app::App,
    auth::Token,
    dialect::{Input, Reader, Refusal, Result, SecretReply, authorization},
    domain::{Error, administration::ACCESS_SECONDS},
};
use axum::{
    extract::{FromRequestParts, State},
    http::{HeaderMap, request::Parts},
};
use base64::{Engine, engine::general_purpose::STANDARD};

/// What the `Authorization` header holds.
pub enum Credentials {
    /// `T` or `Bearer T`: an API token, or an access token.
    Token(String),
    /// `Basic …`: the two halves of an API token.
    Halves(Client),
}

/// Who sent the halves of an API token, and so has it: who may have access tokens. The holder of an access token does not,
/// and so can't make it last longer than it was meant to.
#[derive(Clone)]
pub struct Client {
    pub token: String,
}

impl FromRequestParts<App> for Client {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _app: &App) -> Result<Self> {
        Ok(parts.extensions.get::<Self>().cloned().ok_or(Error::CredentialsMissing)?)
    }
}

pub fn credentials(headers: &HeaderMap) -> Result<Credentials, Error> {
    let value = authorization(headers)?;
    let Some((scheme, rest)) = value.split_once(' ') else {
        return Ok(Credentials::Token(value.to_owned()));
    };
    if scheme.eq_ignore_ascii_case("bearer") {
        return Ok(Credentials::Token(rest.trim().to_owned()));
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return Err(Error::CredentialsMissing);
    }
    let halves = STANDARD.decode(rest.trim()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let (id, secret) = halves.as_deref().and_then(|text| text.split_once(':')).ok_or(Error::TokenInvalid)?;
    Ok(Credentials::Halves(Client { token: format!("{id}.{secret}") }))
}

/// Gets an access token
///
/// The client is an API token `id.secret`: its id and its secret are the user name and the password. The access token works
/// wherever the API token does, in every API, for four hours, and is revoked with it. The refresh token gets the next pair,
/// once, within 30 days; also with it the client names itself. Access tokens that were given before go on to their own end.
/// An answer with tokens is never kept, so an Idempotency-Key changes nothing here.
#[utoipa::path(
    post,
    path = "/auth/getAccessToken",
    tag = "pantheon",
    operation_id = "pantheon_create_access_token",
    request_body(content = GetAccessToken, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, body = Tokens)),
    security(("basic" = ["read"]))
)]
pub async fn create_access_token(
    State(app): State<App>,
    _client: Client,
    Reader(caller): Reader,
    Input(body): Input<GetAccessToken>,
) -> Result<SecretReply<Tokens>> {
    let spent = match body {
        GetAccessToken::ClientCredentials => None,
        GetAccessToken::RefreshToken(token) => Some(Token::from_client(&token)),
    };
    let granted = app.administration.grant_access(caller.token, spent.as_ref()).await;
    // The client is known; what is no good is the token in the field.
    let granted = granted.map_err(|error| match error {
        Error::TokenInvalid => {
            Error::invalid("refresh_token", "is not valid, was used before or has expired")
        }
        error => error,
    })?;
    Ok(SecretReply(Tokens {
        access_token: granted.access.reveal().to_owned(),
        refresh_token: granted.refresh.reveal().to_owned(),
        token_type: "bearer",
        expires_in: ACCESS_SECONDS,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::{HeaderValue, header};

    fn read(value: &str) -> Result<Credentials, Error> {
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, HeaderValue::from_str(value).unwrap());
        credentials(&headers)
    }

    #[test]
    fn a_token_stands_alone_or_after_bearer() {
        for value in ["a.b", " a.b ", "Bearer a.b", "bearer  a.b"] {
            assert!(matches!(read(value), Ok(Credentials::Token(token)) if token == "a.b"), "{value}");
        }
        for value in ["", "Bearer", "Digest a.b"] {
            let is_token = matches!(read(value), Ok(Credentials::Token(token)) if token.contains('.'));
            assert!(!is_token, "{value}");
        }
    }

    #[test]
    fn basic_holds_the_two_halves_of_a_token() {
        let halves = STANDARD.encode("id:secret");
        assert!(
            matches!(read(&format!("Basic {halves}")), Ok(Credentials::Halves(client)) if client.token == "id.secret")
        );
        for value in ["Basic !", "Basic aWQ=", "Basic /w=="] {
            assert!(matches!(read(value), Err(Error::TokenInvalid)), "{value}");
        }
    }
}
