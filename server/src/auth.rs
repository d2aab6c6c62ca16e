//! Tokens: made here, given out once, and known afterwards only by their hash. And the one kind that others make:
//! [`identity`].

pub mod identity;

use crate::{clock::random_bytes, domain::Hash};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};
use std::fmt;
use subtle::ConstantTimeEq;
use uuid::Uuid;

/// An opaque secret. It doesn't print itself, so that no log can hold one by accident.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// 256 random bits, spelled in 43 url-safe characters.
    pub fn generate() -> Self {
        Self(URL_SAFE_NO_PAD.encode(random_bytes::<32>()))
    }

    /// What a client sent as a token. Any text may be asked about; only real ones are found.
    pub fn from_client(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The one way to the secret itself: for the answer that gives it out.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    pub fn hash(&self) -> Hash {
        Sha256::digest(self.0.as_bytes()).into()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// An API token as its holder writes it: `<id>.<secret>`.
#[derive(Clone, Debug)]
pub struct ApiTokenText {
    pub id: Uuid,
    pub secret: Token,
}

impl ApiTokenText {
    pub fn parse(text: &str) -> Option<Self> {
        let (id, secret) = text.split_once('.')?;
        Some(Self { id: Uuid::try_parse(id).ok()?, secret: Token::from_client(secret) })
    }

    pub fn reveal(&self) -> String {
        format!("{}.{}", self.id.simple(), self.secret.reveal())
    }

    /// Compares in constant time.
    pub fn matches(&self, secret_hash: &Hash) -> bool {
        self.secret.hash().ct_eq(secret_hash).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_api_token_is_read_back_and_matches_its_own_hash_only() {
        let token = ApiTokenText { id: Uuid::from_u128(7), secret: Token::generate() };
        let read = ApiTokenText::parse(&token.reveal()).unwrap();
        assert_eq!(read.id, token.id);
        assert!(read.matches(&token.secret.hash()));
        assert!(!read.matches(&Token::generate().hash()));
        assert!(ApiTokenText::parse("no dot").is_none());
        assert!(ApiTokenText::parse("no-uuid.secret").is_none());
    }

    #[test]
    fn a_token_does_not_print_its_secret() {
        let token = Token::generate();
        assert!(!format!("{token:?}").contains(token.reveal()));
    }
}
