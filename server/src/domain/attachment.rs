//! Files that are sent with messages.

use crate::domain::Hash;
use serde::{Deserialize, Serialize};
use shared::{AttachmentId, CompanyId, CustomerId, Timestamp};

/// A stored file. With its message it is kept as JSON, field by field as here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    pub id: AttachmentId,
    pub num: i64,
    pub name: String,
    pub content_type: String,
    /// In bytes.
    pub size: u64,
    /// What its address is made of. Nobody can guess it.
    pub key: String,
    pub width: Option<u32>,
    pub height: Option<u32>,
}

impl Attachment {
    /// The path the server serves it under.
    pub fn path(&self) -> String {
        format!("/files/{}/{}", self.key, encode_segment(&self.name))
    }
}

/// A segment of a path, everything but letters, digits and `-._~` percent-encoded.
fn encode_segment(text: &str) -> String {
    use std::fmt::Write as _;
    text.bytes().fold(String::with_capacity(text.len()), |mut path, byte| {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => path.push(byte.into()),
            _ => drop(write!(path, "%{byte:02X}")),
        }
        path
    })
}

#[derive(Clone, Debug)]
pub struct NewAttachment {
    pub id: AttachmentId,
    pub company: CompanyId,
    /// The visitor who uploads it; nobody when the business does.
    pub customer: Option<CustomerId>,
    pub name: String,
    pub content_type: String,
    pub size: u64,
    pub sha256: Hash,
    pub key: String,
    pub width: Option<u32>,
    pub height: Option<u32>,
    pub at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_can_not_leave_its_place_in_the_address() {
        assert_eq!(encode_segment("a b/ü?.png"), "a%20b%2F%C3%BC%3F.png");
    }
}
