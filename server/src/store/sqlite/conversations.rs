//! Conversations: starting and opening one, changing what is known of it, reading them, marking how far each side has read.

use super::{
    SqliteStore, attachments,
    change_log::{Entry, log},
    customers, directory, messages,
    rows::{self, Word, select_conversation, select_details},
    sql::{Row, Sql, first},
    writer::{Command, Tx},
};
use crate::{
    domain::{
        Alteration, Altered, ChangeKind, Channel, ChannelChoice, ChannelKind, Contact, Conversation,
        ConversationQuery, ConversationRef, Customer, Details, Error, Message, MessagePage, MessageQuery,
        Receipt, ReceiptState, Result, Sender, Side,
        conversation::next_status,
        message::{NewMessage, Sent, Submission, Submitted},
    },
    store::{
        Alter, ConversationStore, Mark, NewConversation, NewCustomer, NewOpening, Opened, Reply, Started,
    },
};
use async_trait::async_trait;
use rusqlite::{Connection, params};
use shared::{Ack, CompanyId, ConversationId, CustomerId, Seq, Timestamp};
use uuid::Uuid;

#[async_trait]
impl ConversationStore for SqliteStore {
    async fn start_conversation(&self, conversation: NewConversation) -> Result<Started> {
        self.writer.execute(conversation).await
    }

    async fn open_conversation(&self, opening: NewOpening) -> Result<Opened> {
        self.writer.execute(opening).await
    }

    async fn alter_conversation(&self, alter: Alter) -> Result<Altered> {
        self.writer.execute(alter).await
    }

    async fn send_message(&self, message: NewMessage) -> Result<Sent> {
        self.writer.execute(message).await
    }

    async fn submit(&self, submission: Submission) -> Result<Submitted> {
        self.writer.execute(submission).await
    }

    async fn reply(&self, reply: Reply) -> Result<Sent> {
        self.writer.execute(reply).await
    }

    async fn mark(&self, mark: Mark) -> Result<()> {
        self.writer.execute(mark).await
    }

    async fn conversation(&self, company: CompanyId, id: ConversationRef) -> Result<Option<Conversation>> {
        self.read(move |connection| find(connection, company, id)).await
    }

    async fn conversation_details(&self, company: CompanyId, id: ConversationRef) -> Result<Option<Details>> {
        self.read(move |connection| find_details(connection, company, id)).await
    }

    async fn conversations(
        &self,
        company: CompanyId,
        query: ConversationQuery,
        limit: u32,
    ) -> Result<Vec<Details>> {
        self.read(move |connection| list(connection, company, query, limit)).await
    }

    async fn conversations_of(
        &self,
        company: CompanyId,
        customer: CustomerId,
        limit: u32,
    ) -> Result<Vec<Conversation>> {
        self.read(move |connection| of_customer(connection, company, customer, limit)).await
    }

    async fn messages(
        &self,
        company: CompanyId,
        conversation: ConversationId,
        query: MessageQuery,
        limit: u32,
    ) -> Result<MessagePage> {
        self.read(move |connection| messages::page(connection, company, conversation, query, limit)).await
    }

    async fn message(&self, company: CompanyId, num: i64) -> Result<Option<Message>> {
        self.read(move |connection| messages::by_num(connection, company, num)).await
    }

    async fn messages_of_company(
        &self,
        company: CompanyId,
        customer: Option<CustomerId>,
        is_descending: bool,
        offset: u32,
        limit: u32,
    ) -> Result<Vec<Message>> {
        self.read(move |connection| {
            messages::of_company(connection, company, customer, is_descending, offset, limit)
        })
        .await
    }
}

/// A list by last update. One status is one stretch of an index; all of them are four stretches, merged.
fn list(
    connection: &Connection,
    company: CompanyId,
    query: ConversationQuery,
    limit: u32,
) -> Result<Vec<Details>> {
    macro_rules! newest_of {
        ($assignee:literal, $status:literal) => {
            concat!(
                "SELECT * FROM (SELECT num, updated_at FROM conversation WHERE company_id = ?1 AND erased_at IS NULL ",
                $assignee,
                "AND status = ",
                $status,
                " ORDER BY updated_at DESC, num DESC LIMIT ?2 + ?3)"
            )
        };
        ($assignee:literal) => {
            concat!(
                newest_of!($assignee, "'open'"),
                " UNION ALL ",
                newest_of!($assignee, "'pending'"),
                " UNION ALL ",
                newest_of!($assignee, "'resolved'"),
                " UNION ALL ",
                newest_of!($assignee, "'closed'")
            )
        };
    }
    macro_rules! in_order_of_update {
        ($nums:expr) => {
            concat!(
                "WITH chosen AS MATERIALIZED (SELECT num, updated_at FROM (",
                $nums,
                ") ORDER BY updated_at DESC, num DESC LIMIT ?2 OFFSET ?3) ",
                select_details!(
                    "WHERE c.num IN (SELECT num FROM chosen) ORDER BY c.updated_at DESC, c.num DESC"
                )
            )
        };
    }
    const OF_ALL: &str = in_order_of_update!(newest_of!(""));
    const OF_STATUS: &str = in_order_of_update!(newest_of!("", "?4"));
    const OF_ASSIGNEE: &str = in_order_of_update!(newest_of!("AND assignee_id = ?4 "));
    const OF_ASSIGNEE_AND_STATUS: &str = in_order_of_update!(newest_of!("AND assignee_id = ?5 ", "?4"));
    const AFTER_NUM: &str = select_details!(
        "WHERE c.company_id = ?1 AND c.erased_at IS NULL AND c.num > ?3 ORDER BY c.num LIMIT ?2"
    );
    const BEFORE_NUM: &str = select_details!(
        "WHERE c.company_id = ?1 AND c.erased_at IS NULL AND c.num < ?3 ORDER BY c.num DESC LIMIT ?2"
    );
    const OF_CUSTOMER: &str = select_details!(
        "WHERE c.company_id = ?1 AND c.customer_id = ?4 AND c.erased_at IS NULL ORDER BY c.num DESC LIMIT ?2 OFFSET ?3"
    );
    let read = rows::details;
    match query {
        ConversationQuery::ByUpdate { status, assignee, offset } => {
            let status = status.map(Word::word);
            let assignee = assignee.map(|id| id.0);
            match (status, assignee) {
                (None, None) => connection.list(OF_ALL, params![company.0, limit, offset], read),
                (Some(_), None) => {
                    connection.list(OF_STATUS, params![company.0, limit, offset, status], read)
                }
                (None, Some(_)) => {
                    connection.list(OF_ASSIGNEE, params![company.0, limit, offset, assignee], read)
                }
                (Some(_), Some(_)) => connection.list(
                    OF_ASSIGNEE_AND_STATUS,
                    params![company.0, limit, offset, status, assignee],
                    read,
                ),
            }
        }
        ConversationQuery::ByNum { after, is_descending: false } => {
            connection.list(AFTER_NUM, params![company.0, limit, after.unwrap_or(0)], read)
        }
        ConversationQuery::ByNum { after, is_descending: true } => {
            connection.list(BEFORE_NUM, params![company.0, limit, after.unwrap_or(i64::MAX)], read)
        }
        ConversationQuery::OfCustomer { customer, offset } => {
            connection.list(OF_CUSTOMER, params![company.0, limit, offset, customer.0], read)
        }
    }
}

impl Command for NewConversation {
    type Output = Started;

    fn apply(self, tx: &mut Tx<'_>) -> Result<Started> {
        if let Some(started) = self.find_started(tx)? {
            return Ok(started);
        }
        let n_inserted = tx.connection.run("INSERT INTO conversation (id, company_id, channel_id, customer_id, start_key, status, created_at, updated_at)
             SELECT ?1, company_id, channel_id, ?3, ?4, 'open', ?5, ?5 FROM widget WHERE id = ?6 AND company_id = ?2", params![self.id.0, self.company.0, self.customer.0, self.client_id.0, self.at.0, self.widget.0])?;
        if n_inserted == 0 {
            return Err(Error::NotFound);
        }
        log_conversation(tx, self.company, self.id, true)?;
        NewMessage {
            id: self.message_id,
            company: self.company,
            conversation: self.id,
            client_id: Some(self.client_id),
            sender: Sender::customer(self.customer),
            content: self.content,
            language: None,
            at: self.at,
        }
        .apply(tx)?;
        Ok(Started { conversation: self.id, is_repeated: false })
    }
}

impl NewConversation {
    /// The conversation that this customer started with this client id before, if the text was the same.
    fn find_started(&self, tx: &mut Tx<'_>) -> Result<Option<Started>> {
        let found = tx.connection.find(
            "SELECT c.id, m.content, m.attachments FROM conversation c
             JOIN message m ON m.conversation_id = c.id AND m.client_id = c.start_key
             WHERE c.customer_id = ?1 AND c.start_key = ?2 AND c.company_id = ?3",
            params![self.customer.0, self.client_id.0, self.company.0],
            |row| Ok((ConversationId(row.get("id")?), self.is_same(row)?)),
        )?;
        match found {
            None => Ok(None),
            Some((conversation, true)) => Ok(Some(Started { conversation, is_repeated: true })),
            Some((_, false)) => Err(Error::ClientIdReused),
        }
    }

    fn is_same(&self, row: &Row<'_>) -> Result<bool> {
        let attachments = attachments::restore_claimed(row.get_ref("attachments")?.as_str_or_null()?)?;
        Ok(row.get_ref("content")?.as_str()? == self.content.text()
            && attachments.iter().map(|attachment| &attachment.id).eq(self.content.attachments()))
    }
}

impl Command for NewOpening {
    type Output = Opened;

    fn apply(self, tx: &mut Tx<'_>) -> Result<Opened> {
        let channel = self.find_channel(tx)?;
        let customer = self.find_customer(tx, &channel)?;
        if let Some(opened) = self.find_repeated(tx, customer.as_ref())? {
            return Ok(opened);
        }
        let existing = match &customer {
            Some(customer) if self.is_continued => self.open_one(tx, customer.id, channel.id)?,
            _ => None,
        };
        let conversation = existing.unwrap_or(self.id);
        if existing.is_none() {
            self.insert(tx, &channel, customer.as_ref())?;
            log_conversation(tx, self.company, self.id, true)?;
        }
        let message = match self.message {
            None => None,
            Some((content, sender)) => {
                let sender = match (sender, &customer) {
                    (Some(sender), _) => sender,
                    (None, Some(customer)) => {
                        attachments::bring(tx, self.company, customer.id, content.attachments())?;
                        Sender::customer(customer.id)
                    }
                    (None, None) => return Err(Error::invalid("customer", "is needed to write as them")),
                };
                let message = NewMessage {
                    id: self.message_id,
                    company: self.company,
                    conversation,
                    client_id: self.client_id,
                    sender,
                    content,
                    language: self.language,
                    at: self.at,
                };
                Some(message.apply(tx)?.into_message())
            }
        };
        opened(tx, self.company, conversation, existing.is_some(), message)
    }
}

impl NewOpening {
    fn find_channel(&self, tx: &mut Tx<'_>) -> Result<Channel> {
        let channel = match self.channel {
            ChannelChoice::Kind(kind) => {
                let (company, id, at) = (self.company, self.channel_id, self.at);
                directory::EnsureChannel { company, kind, id, at }.apply(tx)?
            }
            ChannelChoice::Default => directory::find_channel(tx.connection, self.company, self.channel)?
                .ok_or(Error::ChannelUnusable("none is named, and the company has no default one"))?,
            ChannelChoice::Id(_) | ChannelChoice::Num(_) => {
                directory::find_channel(tx.connection, self.company, self.channel)?
                    .ok_or(Error::ChannelUnusable("the company has no such channel"))?
            }
        };
        if channel.is_active { Ok(channel) } else { Err(Error::ChannelUnusable("it is switched off")) }
    }

    fn find_customer(&self, tx: &mut Tx<'_>, channel: &Channel) -> Result<Option<Customer>> {
        match &self.contact {
            Contact::Nobody => Ok(None),
            Contact::Stranger => match customers::find(tx.connection, self.company, self.customer_id)? {
                Some(customer) => Ok(Some(customer)),
                None => self.new_customer(crate::domain::Profile::default()).apply(tx).map(Some),
            },
            Contact::Customer(id) => {
                customers::find(tx.connection, self.company, *id)?.map(Some).ok_or(Error::NotFound)
            }
            Contact::Handle { handle, profile } => {
                let known = customers::find_by_handle(tx.connection, self.company, channel.id, handle)?;
                if known.is_some() {
                    return Ok(known);
                }
                let customer = self.new_customer((**profile).clone()).apply(tx)?;
                customers::add_handle(tx, self.company, customer.id, channel.id, handle)?;
                Ok(Some(customer))
            }
        }
    }

    const fn new_customer(&self, profile: crate::domain::Profile) -> NewCustomer {
        NewCustomer { id: self.customer_id, company: self.company, profile, at: self.at }
    }

    /// What was opened under the same client id before.
    fn find_repeated(&self, tx: &mut Tx<'_>, customer: Option<&Customer>) -> Result<Option<Opened>> {
        let Some(client_id) = self.client_id else { return Ok(None) };
        let found = tx.connection.find(
            "SELECT id FROM conversation WHERE customer_id IS ?1 AND start_key = ?2 AND company_id = ?3
               AND erased_at IS NULL",
            params![customer.map(|customer| customer.id.0), client_id.0, self.company.0],
            first,
        )?;
        let Some(conversation) = found.map(ConversationId) else { return Ok(None) };
        let message = messages::find_by_client_id(tx, conversation, client_id)?;
        opened(tx, self.company, conversation, true, message).map(Some)
    }

    fn insert(&self, tx: &mut Tx<'_>, channel: &Channel, customer: Option<&Customer>) -> Result<()> {
        tx.connection.run("INSERT INTO conversation (id, company_id, channel_id, customer_id, start_key, status, subject, kind,
                                       order_code, outlet_num, meta, created_at, updated_at)
             VALUES (?1, ?2, ?3, ?4, ?5, 'open', ?6, ?7, ?8, ?9, ?10, ?11, ?11)", params![self.id.0, self.company.0, channel.id, customer.map(|customer| customer.id.0), self.client_id.map(|id| id.0), &self.subject, &self.kind, &self.order_code, self.outlet_num, serde_json::to_string(&self.meta).map_err(Error::internal)?, self.at.0])?;
        Ok(())
    }

    /// The customer's newest conversation on the channel that is not closed; or one that was moved away from it, which
    /// comes back.
    fn open_one(
        &self,
        tx: &mut Tx<'_>,
        customer: CustomerId,
        channel: Uuid,
    ) -> Result<Option<ConversationId>> {
        let found = tx.connection.find("SELECT c.id, c.channel_id = ?2 AS is_there FROM conversation c
             WHERE c.customer_id = ?1 AND c.status <> 'closed' AND c.erased_at IS NULL
               AND (c.channel_id = ?2 OR EXISTS
                    (SELECT 1 FROM conversation_channel v WHERE v.conversation_id = c.id AND v.channel_id = ?2))
             ORDER BY is_there DESC, c.num DESC LIMIT 1", params![customer.0, channel], |row| Ok((ConversationId(row.get("id")?), row.get::<bool>("is_there")?)))?;
        let Some((id, is_there)) = found else { return Ok(None) };
        if !is_there {
            move_to(tx, id, channel)?;
            touch(tx, id, self.at)?;
            log_conversation(tx, self.company, id, false)?;
        }
        Ok(Some(id))
    }
}

fn opened(
    tx: &Tx<'_>,
    company: CompanyId,
    conversation: ConversationId,
    is_continued: bool,
    message: Option<Message>,
) -> Result<Opened> {
    let details = find_details(tx.connection, company, ConversationRef::Id(conversation))?;
    Ok(Opened { details: details.ok_or(Error::NotFound)?, is_continued, message })
}

fn touch(tx: &mut Tx<'_>, conversation: ConversationId, at: Timestamp) -> Result<()> {
    tx.connection.run(
        "UPDATE conversation SET updated_at = max(updated_at, ?2) WHERE id = ?1",
        params![conversation.0, at.0],
    )?;
    Ok(())
}

/// Puts a conversation on another channel, and keeps in mind where it was.
fn move_to(tx: &mut Tx<'_>, conversation: ConversationId, channel: Uuid) -> Result<()> {
    tx.connection.run(
        "INSERT INTO conversation_channel (conversation_id, channel_id, company_id)
             SELECT id, channel_id, company_id FROM conversation WHERE id = ?1 ON CONFLICT DO NOTHING",
        params![conversation.0],
    )?;
    tx.connection
        .run("UPDATE conversation SET channel_id = ?2 WHERE id = ?1", params![conversation.0, channel])?;
    Ok(())
}

impl Command for Reply {
    type Output = Sent;

    fn apply(self, tx: &mut Tx<'_>) -> Result<Sent> {
        let Self { moving, message } = self;
        let is_repeated = match message.client_id {
            Some(id) => messages::find_by_client_id(tx, message.conversation, id)?.is_some(),
            None => false,
        };
        if !is_repeated && let Some(alter) = moving {
            alter.apply(tx)?;
        }
        message.apply(tx)
    }
}

impl Command for Alter {
    type Output = Altered;

    fn apply(self, tx: &mut Tx<'_>) -> Result<Altered> {
        let before = find(tx.connection, self.company, self.conversation)?.ok_or(Error::NotFound)?;
        if !self.write(tx, &before)? {
            return Ok(Altered { conversation: before, is_changed: false });
        }
        touch(tx, before.id, self.at)?;
        let conversation = log_conversation(tx, self.company, before.id, false)?;
        Ok(Altered { conversation, is_changed: true })
    }
}

impl Alter {
    /// Whether there was anything to change.
    fn write(&self, tx: &mut Tx<'_>, before: &Conversation) -> Result<bool> {
        let id = before.id.0;
        match &self.alteration {
            Alteration::Resolve | Alteration::Close | Alteration::Reopen => {
                let Some(status) = next_status(before.status, &self.alteration)? else { return Ok(false) };
                tx.connection.run("UPDATE conversation SET status = ?2,
                            resolved_at = CASE ?2 WHEN 'resolved' THEN ?3 WHEN 'open' THEN NULL ELSE resolved_at END,
                            closed_at = CASE ?2 WHEN 'closed' THEN ?3 WHEN 'open' THEN NULL ELSE closed_at END
                     WHERE id = ?1", params![id, status.word(), self.at.0])?;
            }
            Alteration::Assign(agent) => {
                let agent = match agent {
                    Some(agent) => {
                        let agent = directory::find_agent(tx.connection, self.company, *agent)?;
                        Some(agent.ok_or(Error::NotFound)?.id)
                    }
                    None => None,
                };
                if before.assignee.as_ref().map(|assignee| assignee.id) == agent {
                    return Ok(false);
                }
                let sql = "UPDATE conversation SET assignee_id = ?2 WHERE id = ?1";
                tx.connection.run(sql, params![id, agent.map(|agent| agent.0)])?;
            }
            Alteration::Note(note) => {
                tx.connection.run("UPDATE conversation SET note = ?2 WHERE id = ?1", params![id, note])?;
            }
            Alteration::BlockBitrix(is_blocked) => {
                let sql = "UPDATE conversation SET is_bitrix_blocked = coalesce(?2, NOT is_bitrix_blocked) WHERE id = ?1";
                tx.connection.run(sql, params![id, is_blocked])?;
            }
            Alteration::Describe(said) => {
                let details = find_details(tx.connection, self.company, ConversationRef::Id(before.id))?;
                let known = details.ok_or(Error::NotFound)?.meta;
                let meta = said.noted_in(known.clone())?;
                if meta == known {
                    return Ok(false);
                }
                let meta = serde_json::to_string(&meta).map_err(Error::internal)?;
                tx.connection.run("UPDATE conversation SET meta = ?2 WHERE id = ?1", params![id, meta])?;
            }
            Alteration::MoveTo { kind, handle } => {
                let channel = self.find_destination(tx, before, *kind, handle.as_deref())?;
                if channel.id == before.channel.id {
                    return Ok(false);
                }
                move_to(tx, before.id, channel.id)?;
            }
        }
        Ok(true)
    }

    /// The channel to move to, where the customer can be reached.
    fn find_destination(
        &self,
        tx: &mut Tx<'_>,
        before: &Conversation,
        kind: ChannelKind,
        handle: Option<&str>,
    ) -> Result<Channel> {
        let (company, id, at) = (self.company, self.channel_id, self.at);
        let channel = directory::EnsureChannel { company, kind, id, at }.apply(tx)?;
        if !channel.is_active {
            return Err(Error::ChannelUnusable("it is switched off"));
        }
        let customer =
            before.customer.ok_or(Error::ChannelUnusable("the conversation has no customer yet"))?;
        if let Some(handle) = handle {
            customers::add_handle(tx, company, customer, channel.id, handle)?;
        } else if kind != ChannelKind::Widget && channel.id != before.channel.id {
            let sql = "SELECT 1 FROM customer_handle WHERE customer_id = ?1 AND channel_id = ?2";
            let known = tx.connection.find(sql, params![customer.0, channel.id], |_| Ok(()))?;
            known.ok_or(Error::ChannelUnusable("the customer is not known there; name them in `with`"))?;
        }
        Ok(channel)
    }
}

/// Puts into the change log that a conversation is as it is now.
pub(super) fn log_conversation(
    tx: &mut Tx<'_>,
    company: CompanyId,
    id: ConversationId,
    is_new: bool,
) -> Result<Conversation> {
    let conversation = find(tx.connection, company, ConversationRef::Id(id))?.ok_or(Error::NotFound)?;
    let kind = ChangeKind::Conversation(conversation.clone());
    log(tx, Entry::about(&conversation, is_new, kind, conversation.updated_at))?;
    Ok(conversation)
}

impl Command for Mark {
    type Output = ();

    fn apply(self, tx: &mut Tx<'_>) -> Result<()> {
        let Self { company, conversation, receipt } = self;
        let conversation =
            find(tx.connection, company, ConversationRef::Id(conversation))?.ok_or(Error::NotFound)?;
        let up_to_seq = receipt.up_to_seq.min(conversation.last_seq);
        let read_seq = conversation.read_seq(receipt.by);
        if up_to_seq <= read_seq {
            return Ok(());
        }
        let receipt = Receipt { up_to_seq, ..receipt };
        let from_seq = mark_messages(tx, &conversation, &receipt)?;
        match receipt.state {
            ReceiptState::Delivered if from_seq.is_none() => return Ok(()),
            ReceiptState::Delivered => {}
            ReceiptState::Read => store_read_seq(tx, &conversation, &receipt)?,
        }
        let receipt = Receipt { from_seq: from_seq.unwrap_or(up_to_seq), ..receipt };
        log(tx, Entry::about(&conversation, false, ChangeKind::Receipt(receipt), receipt.at))
    }
}

/// Raises the ack of the other side's messages; answers with the first that was raised.
fn mark_messages(tx: &mut Tx<'_>, conversation: &Conversation, receipt: &Receipt) -> Result<Option<Seq>> {
    let seqs: Vec<Seq> = tx.connection.list(
        "UPDATE message
         SET ack = ?4, delivered_at = coalesce(delivered_at, ?5), read_at = CASE WHEN ?4 = 3 THEN ?5 ELSE read_at END
         WHERE conversation_id = ?1 AND seq > ?2 AND seq <= ?3 AND ack < ?4
           AND (sender_type = 'customer') = (?6 = 'agent') AND ack >= ?7
         RETURNING seq",
        params![
            conversation.id.0,
            conversation.read_seq(receipt.by),
            receipt.up_to_seq,
            match receipt.state {
                ReceiptState::Delivered => i8::from(Ack::Delivered),
                ReceiptState::Read => i8::from(Ack::Read),
            },
            receipt.at.0,
            receipt.by.word(),
            // What has not left can't have arrived.
            i8::from(Ack::Sent)
        ],
        first,
    )?;
    Ok(seqs.into_iter().min())
}

fn store_read_seq(tx: &Tx<'_>, conversation: &Conversation, receipt: &Receipt) -> Result<()> {
    let sql = match receipt.by {
        Side::Agent => "UPDATE conversation SET agent_read_seq = ?2 WHERE id = ?1",
        Side::Customer => {
            "UPDATE conversation SET customer_read_seq = ?2, n_unread =
                 (SELECT count(*) FROM message
                  WHERE conversation_id = ?1 AND seq > ?2 AND sender_type <> 'customer')
             WHERE id = ?1"
        }
    };
    tx.connection.run(sql, params![conversation.id.0, receipt.up_to_seq])?;
    Ok(())
}

fn find_details(connection: &Connection, company: CompanyId, id: ConversationRef) -> Result<Option<Details>> {
    match id {
        ConversationRef::Id(id) => connection.find(
            select_details!("WHERE c.company_id = ?1 AND c.id = ?2 AND c.erased_at IS NULL"),
            params![company.0, id.0],
            rows::details,
        ),
        ConversationRef::Num(num) => connection.find(
            select_details!("WHERE c.company_id = ?1 AND c.num = ?2 AND c.erased_at IS NULL"),
            params![company.0, num],
            rows::details,
        ),
    }
}

pub(super) fn find(
    connection: &Connection,
    company: CompanyId,
    id: ConversationRef,
) -> Result<Option<Conversation>> {
    match id {
        ConversationRef::Id(id) => connection.find(
            select_conversation!(; "WHERE c.company_id = ?1 AND c.id = ?2 AND c.erased_at IS NULL"),
            params![company.0, id.0],
            rows::conversation,
        ),
        ConversationRef::Num(num) => connection.find(
            select_conversation!(; "WHERE c.company_id = ?1 AND c.num = ?2 AND c.erased_at IS NULL"),
            params![company.0, num],
            rows::conversation,
        ),
    }
}

pub(super) fn of_customer(
    connection: &Connection,
    company: CompanyId,
    customer: CustomerId,
    limit: u32,
) -> Result<Vec<Conversation>> {
    connection.list(
        select_conversation!(;
            "WHERE c.company_id = ?1 AND c.customer_id = ?2 AND c.erased_at IS NULL ORDER BY c.num DESC LIMIT ?3"
        ),
        params![company.0, customer.0, limit],
        rows::conversation,
    )
}
