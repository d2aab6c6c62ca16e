//! Where everything is kept: the trait that the domain uses, and SQLite behind it.
//!
//! To add another store, implement [`Store`] and run [`conformance`] against it. Rules of what may happen are not the
//! store's: it calls the domain's plain functions (`accept`, `renew`) inside the transaction that they decide about.

pub mod conformance;
pub mod sqlite;

use crate::domain::{
    ApiToken, Change, Company, Conversation, Hash, LogPage, MessagePage, NewApiToken, NewCompany, NewTokens,
    Receipt, Result, Rev, Thread, VisitorSession, Widget,
    message::{NewMessage, Sent},
    session::Renewal,
};
use async_trait::async_trait;
use shared::{
    ClientId, CompanyId, ConversationId, CustomerId, MessageId, MessageText, Seq, Timestamp, WidgetId,
};
use uuid::Uuid;

/// A visitor's new conversation with its first message.
#[derive(Clone, Debug)]
pub struct NewConversation {
    pub id: ConversationId,
    pub company: CompanyId,
    pub widget: WidgetId,
    pub customer: CustomerId,
    pub client_id: ClientId,
    pub message_id: MessageId,
    pub text: MessageText,
    pub at: Timestamp,
}

/// What came of starting a conversation: its id, and whether it was started before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Started {
    pub conversation: ConversationId,
    pub is_repeated: bool,
}

#[derive(Clone, Copy, Debug)]
pub struct Mark {
    pub company: CompanyId,
    pub conversation: ConversationId,
    pub receipt: Receipt,
}

#[derive(Clone, Debug)]
pub struct NewSession {
    pub id: Uuid,
    pub company: CompanyId,
    pub widget: WidgetId,
    /// Stored with the session, as a customer about whom nothing is known.
    pub customer: CustomerId,
    pub tokens: NewTokens,
    pub at: Timestamp,
}

/// Everything durable, in one place. When a call that changes something returns, the change is on the disk.
///
/// Every call about something that belongs to a company takes the company; what belongs to another is not there.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// Which life of the data this is. It changes when a backup is restored.
    fn epoch(&self) -> u32;

    /// Answers when the store can read and write.
    async fn check_ready(&self) -> Result<()>;

    /// Ends the store: what was taken is written, the log is folded into the database file.
    async fn close(&self);

    /// Creates a company with its first agent, channel and widget. One whose id is there already is left as it is.
    async fn create_company(&self, company: NewCompany) -> Result<()>;
    async fn company(&self, id: CompanyId) -> Result<Option<Company>>;
    async fn widget(&self, id: WidgetId) -> Result<Option<Widget>>;
    async fn create_api_token(&self, token: NewApiToken) -> Result<()>;
    async fn api_token(&self, id: Uuid) -> Result<Option<ApiToken>>;

    async fn create_session(&self, session: NewSession) -> Result<()>;
    async fn session_by_access(&self, access_hash: Hash) -> Result<Option<VisitorSession>>;
    async fn note_session_used(&self, session: Uuid) -> Result<()>;
    /// Finds the session of a refresh token and does with it what [`crate::domain::session::renew`] says. `None` for a
    /// token nobody was given.
    async fn renew_session(
        &self,
        refresh_hash: Hash,
        tokens: NewTokens,
        now: Timestamp,
    ) -> Result<Option<(VisitorSession, Renewal)>>;

    async fn start_conversation(&self, conversation: NewConversation) -> Result<Started>;
    /// Stores a message as [`crate::domain::message::accept`] decides.
    async fn send_message(&self, message: NewMessage) -> Result<Sent>;
    async fn mark(&self, mark: Mark) -> Result<()>;

    async fn conversation(&self, company: CompanyId, id: ConversationId) -> Result<Option<Conversation>>;
    /// The most recently started conversations of a customer.
    async fn conversations_of(
        &self,
        company: CompanyId,
        customer: CustomerId,
        limit: u32,
    ) -> Result<Vec<Conversation>>;
    /// The `limit` messages before `before`, or the newest ones; oldest first. Of an unknown conversation: none.
    async fn messages(
        &self,
        company: CompanyId,
        conversation: ConversationId,
        before: Option<Seq>,
        limit: u32,
    ) -> Result<MessagePage>;

    /// A customer's newest conversation with its newest messages, and the rev this is the state of.
    async fn snapshot(&self, company: CompanyId, customer: CustomerId) -> Result<(Option<Thread>, Rev)>;
    /// What happened to a customer after `after`, at most `limit` entries.
    async fn changes_of(
        &self,
        company: CompanyId,
        customer: CustomerId,
        after: Rev,
        limit: u32,
    ) -> Result<LogPage>;
}

/// Told of every change, in the order of the log, after it is on the disk.
pub trait ChangeSink: Send + Sync + 'static {
    fn publish(&self, changes: Vec<Change>);
}
