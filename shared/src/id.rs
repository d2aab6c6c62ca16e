//! Names of things. Each kind of id is a type of its own, so that one can't be passed where another is meant.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use uuid::Uuid;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        /// On the wire: a lower-case hyphenated UUID (version 7).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text).map(Self)
            }
        }
    )*};
}

ids! {
    /// A business that has a widget. Everything stored belongs to exactly one.
    CompanyId;
    /// What a page names in its script tag. Public, and grants nothing.
    WidgetId;
    /// A person who wrote, or was written to.
    CustomerId;
    /// A person who answers.
    AgentId;
    /// One conversation.
    ConversationId;
    /// One stored message.
    MessageId;
    /// A file that was uploaded, to be sent with a message.
    AttachmentId;
    /// What a client calls a message before the server has stored it. Made once for each message and never again;
    /// sending the same one twice stores one message. It means nothing outside its conversation.
    ClientId;
}

/// Makes a UUIDv7 of a time and ten random bytes, both the caller's: the browser and the server have different
/// sources for them.
pub fn uuid_v7(unix_ms: u64, random: &[u8; 10]) -> Uuid {
    uuid::Builder::from_unix_timestamp_millis(unix_ms, random).into_uuid()
}
