//! What a conversation is and what may happen to it.
//!
//! Here are the entities, the rules ([`message::accept`] and its kin, plain functions that a store calls inside its
//! transaction) and the use cases ([`Conversations`], [`Sessions`]) that every API calls. There is no HTTP, no SQL and
//! no wire type of any API here; of the `shared` crate only its vocabulary is used: ids, times, texts and numbers.

pub mod administration;
pub mod attachment;
pub mod change;
pub mod code;
pub mod conversation;
pub mod conversations;
pub mod customer;
pub mod customers;
pub mod delivery;
pub mod directory;
pub mod error;
pub mod guest_sessions;
pub mod message;
pub mod operator;
pub mod session;
pub mod sessions;
pub mod visitor;
pub mod widget;

pub use administration::{Administration, Principal};
pub use attachment::{Attachment, NewAttachment};
pub use change::{Change, ChangeKind, LogPage, Receipt, ReceiptState, Rev};
pub use conversation::{
    AgentRef, Alteration, Altered, AssignedAgent, ChannelChoice, ChannelRef, Contact, Conversation,
    ConversationQuery, ConversationRef, Details, Presence, Status, Thread,
};
pub use conversations::Conversations;
pub use customer::{Customer, CustomerFilter, Profile, ProfileChange};
pub use customers::Customers;
pub use delivery::{Job, JobState, Progress};
pub use directory::{
    Agent, AgentChange, ApiToken, Channel, ChannelChange, ChannelKind, Company, CompanyChange, CompanyRef,
    GuestSession, NewAccessToken, NewAgent, NewApiToken, NewChannel, NewCompany, NewWebhook, Outlet, Plan,
    Scope, Webhook, WebhookFormat,
};
pub use error::{Error, InvalidField, Problem, Result};
pub use guest_sessions::GuestSessions;
pub use message::{Author, Content, Message, MessagePage, MessageQuery, Sender, SenderType, Side};
pub use operator::Operator;
pub use session::{Hash, NewTokens, VisitorSession};
pub use sessions::Sessions;
pub use visitor::{Said, SaidEvent, SaidOfConversation, SaidProfile};
pub use widget::{NewWidget, Widget, WidgetChange};
