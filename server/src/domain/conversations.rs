//! What can be done with conversations: the use cases that every API calls.

use crate::{
    clock::{Clock, new_id},
    domain::{
        Conversation, InvalidField, MessagePage, Receipt, ReceiptState, Result, Sender, SenderType, Side,
        Thread,
        error::Error,
        message::{NewMessage, Sent},
    },
    live::{Live, TypingNotice},
    store::{Mark, NewConversation, Started, Store},
};
use shared::{
    ClientId, CompanyId, ConversationId, CustomerId, MessageId, MessageText, Seq, WidgetId, limits,
};
use std::sync::Arc;

/// Conversations of all companies. Each call names the company, and sees nothing of any other.
#[derive(Clone)]
pub struct Conversations {
    store: Arc<dyn Store>,
    live: Arc<Live>,
    clock: Arc<dyn Clock>,
}

/// Reads a message's text; what is wrong with it is said under the field's name.
pub fn parse_text(field: &'static str, text: String) -> Result<MessageText, InvalidField> {
    MessageText::try_from(text).map_err(|problem| InvalidField { field, problem: problem.to_string() })
}

impl Conversations {
    pub fn new(store: Arc<dyn Store>, live: Arc<Live>, clock: Arc<dyn Clock>) -> Self {
        Self { store, live, clock }
    }

    /// A visitor starts a conversation with its first message. Starting again with the same client id and text gives the
    /// conversation that was started; with another text it is refused.
    pub async fn start(
        &self,
        company: CompanyId,
        widget: WidgetId,
        customer: CustomerId,
        client_id: ClientId,
        text: MessageText,
    ) -> Result<Started> {
        let at = self.clock.now();
        self.store
            .start_conversation(NewConversation {
                id: ConversationId(new_id(at)),
                company,
                widget,
                customer,
                client_id,
                message_id: MessageId(new_id(at)),
                text,
                at,
            })
            .await
    }

    /// Stores a message and tells everybody who listens.
    pub async fn send(
        &self,
        company: CompanyId,
        conversation: ConversationId,
        client_id: Option<ClientId>,
        sender: Sender,
        text: MessageText,
    ) -> Result<Sent> {
        let at = self.clock.now();
        let id = MessageId(new_id(at));
        self.store.send_message(NewMessage { id, company, conversation, client_id, sender, text, at }).await
    }

    /// One side has got, or read, everything the other wrote up to a message. Going backwards changes nothing; a number
    /// over the conversation's last is the same as its last.
    pub async fn mark(
        &self,
        company: CompanyId,
        conversation: ConversationId,
        by: Side,
        state: ReceiptState,
        up_to_seq: Seq,
    ) -> Result<()> {
        let receipt = Receipt { by, state, up_to_seq, at: self.clock.now() };
        self.store.mark(Mark { company, conversation, receipt }).await
    }

    /// Tells the other side that somebody is typing, or has stopped. Nothing is stored, and nobody need hear it.
    pub fn announce_typing(
        &self,
        company: CompanyId,
        conversation: &Conversation,
        by: Side,
        name: Option<String>,
        typing: bool,
    ) {
        if let Some(customer) = conversation.customer {
            let notice = TypingNotice { company, customer, conversation: conversation.id, by, name, typing };
            self.live.announce_typing(notice);
        }
    }

    /// One conversation.
    pub async fn get(&self, company: CompanyId, id: ConversationId) -> Result<Conversation> {
        self.store.conversation(company, id).await?.ok_or(Error::NotFound)
    }

    /// One conversation, if it is this customer's.
    pub async fn get_for_customer(
        &self,
        company: CompanyId,
        customer: CustomerId,
        id: ConversationId,
    ) -> Result<Conversation> {
        let conversation = self.get(company, id).await?;
        if conversation.customer == Some(customer) { Ok(conversation) } else { Err(Error::NotFound) }
    }

    /// A customer's conversations, most recently started first, at most 20.
    pub async fn list_for_customer(
        &self,
        company: CompanyId,
        customer: CustomerId,
    ) -> Result<Vec<Conversation>> {
        self.store.conversations_of(company, customer, 20).await
    }

    /// A conversation with its newest messages.
    pub async fn thread(&self, company: CompanyId, id: ConversationId) -> Result<Thread> {
        let conversation = self.get(company, id).await?;
        let MessagePage { messages, has_more } =
            self.store.messages(company, id, None, limits::PAGE_DEFAULT).await?;
        Ok(Thread { conversation, messages, has_more })
    }

    /// The `limit` messages before `before`, or the newest ones.
    pub async fn messages(
        &self,
        company: CompanyId,
        id: ConversationId,
        before: Option<Seq>,
        limit: u32,
    ) -> Result<MessagePage> {
        self.store.messages(company, id, before, limit).await
    }
}

impl Sender {
    pub const fn customer(id: CustomerId) -> Self {
        Self { kind: SenderType::Customer, id: Some(id.0) }
    }

    pub const fn agent(id: shared::AgentId) -> Self {
        Self { kind: SenderType::Agent, id: Some(id.0) }
    }

    pub const fn system() -> Self {
        Self { kind: SenderType::System, id: None }
    }
}
