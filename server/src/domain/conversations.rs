//! What can be done with conversations: the use cases that every API calls.

use crate::{
    clock::{Clock, new_id, new_id_after},
    domain::{
        Alteration, Altered, Author, ChannelChoice, ChannelKind, Contact, Content, Conversation,
        ConversationQuery, ConversationRef, Details, Job, Message, MessagePage, MessageQuery, Profile,
        Receipt, ReceiptState, Result, Sender, SenderType, Side, Thread,
        error::Error,
        message::{NewMessage, Sent, Submission, Submitted},
    },
    live::{Live, TypingNotice},
    store::{Alter, Mark, NewConversation, NewOpening, Opened, Reply, Started, Store},
};
use serde_json::{Map, Value};
use shared::{ClientId, CompanyId, ConversationId, CustomerId, MessageId, Seq, Timestamp, WidgetId, limits};
use std::sync::Arc;

/// Messages read at once when all of a conversation are wanted.
const ALL_STEP: u32 = 500;

/// What is to be written, and by whom.
#[derive(Clone, Debug)]
pub struct Draft {
    pub author: Author,
    pub client_id: Option<ClientId>,
    pub content: Content,
    /// The language it is written in, where that is known.
    pub language: Option<String>,
}

/// Conversations of all companies. Each call names the company, and sees nothing of any other.
#[derive(Clone)]
pub struct Conversations {
    store: Arc<dyn Store>,
    live: Arc<Live>,
    clock: Arc<dyn Clock>,
}

/// A conversation that the business opens, or a customer through an outside app.
#[derive(Clone, Debug)]
pub struct Opening {
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
    /// What makes opening twice open once.
    pub client_id: Option<ClientId>,
    pub language: Option<String>,
}

/// What a customer writes through an outside app.
#[derive(Clone, Debug)]
pub struct Incoming {
    pub channel: ChannelChoice,
    /// Who they are there.
    pub handle: String,
    /// What the app calls them, for a customer who is not known yet.
    pub name: Option<String>,
    /// Its attachments are those that were uploaded for the business.
    pub content: Content,
    pub client_id: Option<ClientId>,
}

impl Opening {
    pub fn new(channel: ChannelChoice, contact: Contact) -> Self {
        Self {
            channel,
            contact,
            is_continued: false,
            subject: None,
            kind: None,
            order_code: None,
            outlet_num: None,
            meta: Map::new(),
            message: None,
            client_id: None,
            language: None,
        }
    }
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
        content: Content,
    ) -> Result<Started> {
        let at = self.clock.now();
        let id = self.next_conversation_id(company, customer, at).await?;
        self.store
            .start_conversation(NewConversation {
                id,
                company,
                widget,
                customer,
                client_id,
                message_id: MessageId(new_id(at)),
                content,
                at,
            })
            .await
    }

    /// An id for a customer's next conversation. Panels take the greatest for the newest, so it is greater than those the
    /// customer has, whatever the clock says.
    async fn next_conversation_id(
        &self,
        company: CompanyId,
        customer: CustomerId,
        at: Timestamp,
    ) -> Result<ConversationId> {
        let newest = self.store.conversations_of(company, customer, 1).await?.pop();
        Ok(ConversationId(match newest {
            Some(newest) => new_id_after(at, newest.id.0),
            None => new_id(at),
        }))
    }

    /// Stores a message and tells everybody who listens.
    pub async fn send(
        &self,
        company: CompanyId,
        conversation: ConversationId,
        client_id: Option<ClientId>,
        sender: Sender,
        content: Content,
    ) -> Result<Sent> {
        let at = self.clock.now();
        let id = MessageId(new_id(at));
        let language = None;
        self.store
            .send_message(NewMessage { id, company, conversation, client_id, sender, content, language, at })
            .await
    }

    /// The same into a conversation that is known by any of its names, by the business or, where the conversation is
    /// `seen_by` a customer, in that customer's own only.
    pub async fn submit(
        &self,
        company: CompanyId,
        conversation: ConversationRef,
        seen_by: Option<CustomerId>,
        draft: Draft,
    ) -> Result<Submitted> {
        let at = self.clock.now();
        let Draft { author, client_id, content, language } = draft;
        let id = MessageId(new_id(at));
        self.store
            .submit(Submission {
                id,
                company,
                conversation,
                seen_by,
                author,
                client_id,
                content,
                language,
                at,
            })
            .await
    }

    /// Opens a conversation, or goes on with the contact's.
    pub async fn open(&self, company: CompanyId, opening: Opening) -> Result<Opened> {
        let at = self.clock.now();
        let customer_id = CustomerId(match (&opening.contact, opening.client_id) {
            // Who comes again with the same client id is the same stranger.
            (Contact::Stranger, Some(client_id)) => client_id.0,
            _ => new_id(at),
        });
        let id = match &opening.contact {
            Contact::Customer(customer) => self.next_conversation_id(company, *customer, at).await?,
            _ => ConversationId(new_id(at)),
        };
        self.store
            .open_conversation(NewOpening {
                id,
                company,
                channel: opening.channel,
                contact: opening.contact,
                is_continued: opening.is_continued,
                subject: opening.subject,
                kind: opening.kind,
                order_code: opening.order_code,
                outlet_num: opening.outlet_num,
                meta: opening.meta,
                message: opening.message,
                client_id: opening.client_id,
                language: opening.language,
                message_id: MessageId(new_id(at)),
                customer_id,
                channel_id: new_id(at),
                at,
            })
            .await
    }

    /// A customer writes through an outside app. Their conversation there goes on unless it was closed; whoever is not
    /// known yet becomes a customer.
    pub async fn receive(&self, company: CompanyId, incoming: Incoming) -> Result<Opened> {
        let Incoming { channel, handle, name, content, client_id } = incoming;
        let kind = match channel {
            ChannelChoice::Kind(kind) => kind,
            channel => self.store.channel(company, channel).await?.ok_or(Error::NotFound)?.kind,
        };
        if kind == ChannelKind::Widget {
            return Err(Error::ChannelUnusable(
                "it is no outside app; visitors write through the widget itself",
            ));
        }
        let mut opening = Opening::new(channel, Contact::on(kind, &handle, name));
        opening.is_continued = true;
        opening.message = Some((content, None));
        opening.client_id = client_id;
        self.open(company, opening).await
    }

    /// The business answers, and takes the conversation to the channel of another kind if one is named: where the customer
    /// has a handle, or gets this one.
    pub async fn reply(
        &self,
        company: CompanyId,
        conversation: ConversationId,
        client_id: Option<ClientId>,
        sender: Sender,
        content: Content,
        to: Option<(ChannelKind, Option<String>)>,
    ) -> Result<Sent> {
        let at = self.clock.now();
        let moving = to.map(|(kind, handle)| Alter {
            company,
            conversation: ConversationRef::Id(conversation),
            alteration: Alteration::MoveTo { kind, handle: handle.map(|handle| kind.handle(&handle)) },
            channel_id: new_id(at),
            at,
        });
        let id = MessageId(new_id(at));
        let message =
            NewMessage { id, company, conversation, client_id, sender, content, language: None, at };
        self.store.reply(Reply { moving, message }).await
    }

    /// How a message reaches an outside app; nothing for one that needs none.
    pub async fn job_of_message(&self, company: CompanyId, message: MessageId) -> Result<Option<Job>> {
        self.store.job_of_message(company, message).await
    }

    /// Changes something about a conversation.
    pub async fn alter(
        &self,
        company: CompanyId,
        conversation: ConversationRef,
        alteration: Alteration,
    ) -> Result<Altered> {
        let at = self.clock.now();
        self.store
            .alter_conversation(Alter { company, conversation, alteration, channel_id: new_id(at), at })
            .await
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
        let receipt = Receipt { by, state, from_seq: up_to_seq, up_to_seq, at: self.clock.now() };
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
        self.store.conversation(company, ConversationRef::Id(id)).await?.ok_or(Error::NotFound)
    }

    /// One conversation with everything around it.
    pub async fn details(&self, company: CompanyId, id: ConversationRef) -> Result<Details> {
        self.store.conversation_details(company, id).await?.ok_or(Error::NotFound)
    }

    /// One conversation with everything around it, if whoever asks may see it: a customer sees their own, the business,
    /// which is no customer, all of them.
    pub async fn details_as_seen_by(
        &self,
        company: CompanyId,
        customer: Option<CustomerId>,
        id: ConversationId,
    ) -> Result<Details> {
        let details = self.details(company, ConversationRef::Id(id)).await?;
        match customer {
            Some(customer) if details.conversation.customer != Some(customer) => Err(Error::NotFound),
            _ => Ok(details),
        }
    }

    /// A company's conversations.
    pub async fn list(
        &self,
        company: CompanyId,
        query: ConversationQuery,
        limit: u32,
    ) -> Result<Vec<Details>> {
        self.store.conversations(company, query, limit).await
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
            self.messages(company, id, MessageQuery::Before(None), limits::PAGE_DEFAULT).await?;
        Ok(Thread { conversation, messages, has_more })
    }

    /// All messages of a conversation, oldest first.
    pub async fn all_messages(&self, company: CompanyId, id: ConversationId) -> Result<Vec<Message>> {
        let mut messages: Vec<Message> = Vec::new();
        loop {
            let last_seq = messages.last().map_or(0, |message| message.seq);
            let page = self.messages(company, id, MessageQuery::After(last_seq), ALL_STEP).await?;
            messages.extend(page.messages);
            if !page.has_more {
                return Ok(messages);
            }
        }
    }

    /// The messages of a company, or of one of its customers, in the order they were stored or the other way round.
    pub async fn messages_of_company(
        &self,
        company: CompanyId,
        customer: Option<CustomerId>,
        is_descending: bool,
        offset: u32,
        limit: u32,
    ) -> Result<Vec<Message>> {
        self.store.messages_of_company(company, customer, is_descending, offset, limit).await
    }

    /// A page of a conversation's messages, oldest first.
    pub async fn messages(
        &self,
        company: CompanyId,
        id: ConversationId,
        query: MessageQuery,
        limit: u32,
    ) -> Result<MessagePage> {
        self.store.messages(company, id, query, limit).await
    }
}

impl Contact {
    /// Whoever is known on an app under this handle.
    pub fn on(kind: ChannelKind, handle: &str, name: Option<String>) -> Self {
        let profile = Box::new(Profile::met_on(kind, handle, name));
        Self::Handle { handle: kind.handle(handle), profile }
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
