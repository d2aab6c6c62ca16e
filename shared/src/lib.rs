//! What the widget and the server say to each other.
//!
//! Every type that crosses the wire of Porchlight's own API (`/widget/v1`) is here, with its units and limits.
//! There is no I/O, no HTTP library and no user interface in this crate: it compiles for the server and for the
//! browser alike, and each byte of it is downloaded by visitors.

pub mod attachment;
pub mod conversation;
pub mod error;
pub mod event;
pub mod id;
pub mod limits;
pub mod message;
pub mod session;
pub mod sse;
pub mod text;
pub mod time;
pub mod widget;

pub use attachment::Attachment;
pub use conversation::{
    Agent, Conversation, ConversationList, ConversationStatus, Presence, SetTyping, StartConversation, Thread,
};
pub use error::{ErrorBody, ErrorCode, ErrorDetail, FieldProblem};
pub use event::{Event, Goodbye, Heartbeat, Position, Receipt, ReceiptState, Snapshot, Typing};
pub use id::{AgentId, AttachmentId, ClientId, CompanyId, ConversationId, CustomerId, MessageId, WidgetId};
pub use message::{Ack, MarkRead, Message, MessagePage, Reader, SendMessage, Sender, SenderType, Seq};
pub use session::{CreateSession, Identify, Session};
pub use text::{MessageText, TextProblem};
pub use time::Timestamp;
pub use widget::{
    ColorScheme, Consent, Corner, Launcher, Offset, OutOfBounds, Palette, Radius, Sound, WidgetOptions,
    WidgetSettings, ZIndex,
};
