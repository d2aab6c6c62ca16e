//! Conversations, messages, attachments.

use crate::domain::{
    Alteration, Altered, Attachment, ChannelChoice, Contact, Content, Conversation, ConversationQuery,
    ConversationRef, Details, Message, MessagePage, MessageQuery, NewAttachment, Receipt, Result, Sender,
    message::{NewMessage, Sent, Submission, Submitted},
};
use async_trait::async_trait;
use serde_json::{Map, Value};
use shared::{AttachmentId, ClientId, CompanyId, ConversationId, CustomerId, MessageId, Timestamp, WidgetId};
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
    pub content: Content,
    pub at: Timestamp,
}

/// What came of starting a conversation: its id, and whether it was started before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Started {
    pub conversation: ConversationId,
    pub is_repeated: bool,
}

/// A conversation that the business opens, or a customer through an outside app. The ids are taken as far as they are
/// needed.
#[derive(Clone, Debug)]
pub struct NewOpening {
    pub id: ConversationId,
    pub company: CompanyId,
    pub channel: ChannelChoice,
    pub contact: Contact,
    /// Whether the contact's conversation on that channel goes on, if one is there that is not closed. One that was moved
    /// away from the channel comes back to it.
    pub is_continued: bool,
    pub subject: Option<String>,
    pub kind: Option<String>,
    pub order_code: Option<String>,
    pub outlet_num: Option<i64>,
    pub meta: Map<String, Value>,
    /// The first message, and who writes it; `None` as its sender is the contact.
    pub message: Option<(Content, Option<Sender>)>,
    pub client_id: Option<ClientId>,
    pub language: Option<String>,
    pub message_id: MessageId,
    pub customer_id: CustomerId,
    pub channel_id: Uuid,
    pub at: Timestamp,
}

/// What came of opening a conversation: the conversation as it is now, with everything around it.
#[derive(Clone, Debug)]
pub struct Opened {
    pub details: Details,
    /// Whether it was there before.
    pub is_continued: bool,
    pub message: Option<Message>,
}

#[derive(Clone, Copy, Debug)]
pub struct Mark {
    pub company: CompanyId,
    pub conversation: ConversationId,
    pub receipt: Receipt,
}

#[derive(Clone, Debug)]
pub struct Alter {
    pub company: CompanyId,
    pub conversation: ConversationRef,
    pub alteration: Alteration,
    /// The id of a channel that has to be made.
    pub channel_id: Uuid,
    pub at: Timestamp,
}

/// A message of the business that may take its conversation to another channel.
#[derive(Clone, Debug)]
pub struct Reply {
    pub moving: Option<Alter>,
    pub message: NewMessage,
}

#[async_trait]
pub trait ConversationStore: Send + Sync + 'static {
    async fn start_conversation(&self, conversation: NewConversation) -> Result<Started>;
    async fn open_conversation(&self, opening: NewOpening) -> Result<Opened>;
    async fn alter_conversation(&self, alter: Alter) -> Result<Altered>;
    /// Stores a message as [`crate::domain::message::accept`] decides. On a channel of an outside app it gets a delivery
    /// job, when the business writes.
    async fn send_message(&self, message: NewMessage) -> Result<Sent>;
    /// The same for a conversation that is yet to be found.
    async fn submit(&self, submission: Submission) -> Result<Submitted>;
    /// Moves the conversation and stores the message, or does neither. A message that was stored before moves nothing.
    async fn reply(&self, reply: Reply) -> Result<Sent>;
    async fn mark(&self, mark: Mark) -> Result<()>;

    async fn conversation(&self, company: CompanyId, id: ConversationRef) -> Result<Option<Conversation>>;
    async fn conversation_details(&self, company: CompanyId, id: ConversationRef) -> Result<Option<Details>>;
    async fn conversations(
        &self,
        company: CompanyId,
        query: ConversationQuery,
        limit: u32,
    ) -> Result<Vec<Details>>;
    /// The most recently started conversations of a customer.
    async fn conversations_of(
        &self,
        company: CompanyId,
        customer: CustomerId,
        limit: u32,
    ) -> Result<Vec<Conversation>>;
    /// Oldest first, whatever is asked for. Of an unknown conversation: none.
    async fn messages(
        &self,
        company: CompanyId,
        conversation: ConversationId,
        query: MessageQuery,
        limit: u32,
    ) -> Result<MessagePage>;
    /// By its integer name.
    async fn message(&self, company: CompanyId, num: i64) -> Result<Option<Message>>;
    /// The messages of a company, or of one of its customers, in the order they were stored or the other way round.
    async fn messages_of_company(
        &self,
        company: CompanyId,
        customer: Option<CustomerId>,
        is_descending: bool,
        offset: u32,
        limit: u32,
    ) -> Result<Vec<Message>>;
}

#[async_trait]
pub trait AttachmentStore: Send + Sync + 'static {
    async fn create_attachment(&self, attachment: NewAttachment) -> Result<Attachment>;
    async fn attachment_by_key(&self, key: &str) -> Result<Option<Attachment>>;
    /// The ids of those with these integer names that the company has, in the same order; [`None`] if one is missing.
    async fn attachment_ids(&self, company: CompanyId, nums: &[i64]) -> Result<Option<Vec<AttachmentId>>>;
    /// Forgets attachments that were uploaded before `before` and never sent; answers with the keys of their files.
    async fn drop_unsent_attachments(&self, before: Timestamp) -> Result<Vec<String>>;
}
