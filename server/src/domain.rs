//! What a conversation is and what may happen to it.
//!
//! Here are the entities, the rules ([`message::accept`] and its kin, plain functions that a store calls inside its
//! transaction) and the use cases ([`Conversations`], [`Sessions`]) that every API calls. There is no HTTP, no SQL and
//! no wire type of any API here; of the `shared` crate only its vocabulary is used: ids, times, texts and numbers.

pub mod change;
pub mod conversation;
pub mod conversations;
pub mod directory;
pub mod error;
pub mod message;
pub mod session;
pub mod sessions;

pub use change::{Change, ChangeKind, LogPage, Receipt, ReceiptState, Rev};
pub use conversation::{AssignedAgent, Conversation, Presence, Status, Thread};
pub use conversations::Conversations;
pub use directory::{ApiToken, Company, NewApiToken, NewCompany, Widget};
pub use error::{Error, InvalidField, Result};
pub use message::{Message, MessagePage, Sender, SenderType, Side};
pub use session::{Hash, NewTokens, VisitorSession};
pub use sessions::Sessions;
