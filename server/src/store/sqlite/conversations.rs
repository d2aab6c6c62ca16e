//! Conversations: starting and opening one, changing what is known of it, reading them, marking how far each side has read.

use super::{
    SqliteStore, attachments,
    change_log::{Entry, log},
    customers, directory, messages,
    rows::{self, Word, select_conversation, select_details},
    writer::{Command, Tx},
};
use crate::{
    domain::{
        Alteration, Altered, ChangeKind, Channel, ChannelChoice, ChannelKind, Contact, Conversation,
        ConversationQuery, ConversationRef, Customer, Details, Error, Message, MessagePage, MessageQuery,
        Receipt, ReceiptState, Result, Sender, Side,
        conversation::next_status,
        message::{NewMessage, Sent},
    },
    store::{
        Alter, ConversationStore, Mark, NewConversation, NewCustomer, NewOpening, Opened, Reply, Started,
    },
};
use async_trait::async_trait;
use shared::{CompanyId, ConversationId, CustomerId, Seq, Timestamp};
use sqlx::{Executor, Row, Sqlite, SqliteConnection};
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

    async fn reply(&self, reply: Reply) -> Result<Sent> {
        self.writer.execute(reply).await
    }

    async fn mark(&self, mark: Mark) -> Result<()> {
        self.writer.execute(mark).await
    }

    async fn conversation(&self, company: CompanyId, id: ConversationRef) -> Result<Option<Conversation>> {
        let mut connection = self.readers.acquire().await?;
        find(&mut connection, company, id).await
    }

    async fn conversation_details(&self, company: CompanyId, id: ConversationRef) -> Result<Option<Details>> {
        let row = match id {
            ConversationRef::Id(id) => {
                sqlx::query(select_details!("WHERE c.company_id = $1 AND c.id = $2 AND c.erased_at IS NULL"))
                    .bind(company.0)
                    .bind(id.0)
            }
            ConversationRef::Num(num) => {
                sqlx::query(select_details!("WHERE c.company_id = $1 AND c.num = $2 AND c.erased_at IS NULL"))
                    .bind(company.0)
                    .bind(num)
            }
        }
        .fetch_optional(&self.readers)
        .await?;
        row.as_ref().map(rows::details).transpose()
    }

    async fn conversations(
        &self,
        company: CompanyId,
        query: ConversationQuery,
        limit: u32,
    ) -> Result<Vec<Details>> {
        list(self, company, query, limit).await
    }

    async fn conversations_of(
        &self,
        company: CompanyId,
        customer: CustomerId,
        limit: u32,
    ) -> Result<Vec<Conversation>> {
        of_customer(&self.readers, company, customer, limit).await
    }

    async fn messages(
        &self,
        company: CompanyId,
        conversation: ConversationId,
        query: MessageQuery,
        limit: u32,
    ) -> Result<MessagePage> {
        messages::page(&self.readers, company, conversation, query, limit).await
    }

    async fn message(&self, company: CompanyId, num: i64) -> Result<Option<Message>> {
        messages::by_num(&self.readers, company, num).await
    }

    async fn messages_of_company(
        &self,
        company: CompanyId,
        customer: Option<CustomerId>,
        is_descending: bool,
        offset: u32,
        limit: u32,
    ) -> Result<Vec<Message>> {
        messages::of_company(&self.readers, company, customer, is_descending, offset, limit).await
    }
}

/// A list by last update. One status is one stretch of an index; all of them are four stretches, merged.
async fn list(
    store: &SqliteStore,
    company: CompanyId,
    query: ConversationQuery,
    limit: u32,
) -> Result<Vec<Details>> {
    macro_rules! newest_of {
        ($assignee:literal, $status:literal) => {
            concat!(
                "SELECT * FROM (SELECT num, updated_at FROM conversation WHERE company_id = $1 AND erased_at IS NULL ",
                $assignee,
                "AND status = ",
                $status,
                " ORDER BY updated_at DESC, num DESC LIMIT $2 + $3)"
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
                ") ORDER BY updated_at DESC, num DESC LIMIT $2 OFFSET $3) ",
                select_details!(
                    "WHERE c.num IN (SELECT num FROM chosen) ORDER BY c.updated_at DESC, c.num DESC"
                )
            )
        };
    }
    const OF_ALL: &str = in_order_of_update!(newest_of!(""));
    const OF_STATUS: &str = in_order_of_update!(newest_of!("", "$4"));
    const OF_ASSIGNEE: &str = in_order_of_update!(newest_of!("AND assignee_id = $5 "));
    const OF_ASSIGNEE_AND_STATUS: &str = in_order_of_update!(newest_of!("AND assignee_id = $5 ", "$4"));
    let query = match query {
        ConversationQuery::ByUpdate { status, assignee, offset } => {
            let sql = match (status, assignee) {
                (None, None) => OF_ALL,
                (Some(_), None) => OF_STATUS,
                (None, Some(_)) => OF_ASSIGNEE,
                (Some(_), Some(_)) => OF_ASSIGNEE_AND_STATUS,
            };
            sqlx::query(sql)
                .bind(company.0)
                .bind(limit)
                .bind(offset)
                .bind(status.map(Word::word))
                .bind(assignee.map(|id| id.0))
        }
        ConversationQuery::ByNum { after, is_descending: false } => sqlx::query(select_details!(
            "WHERE c.company_id = $1 AND c.erased_at IS NULL AND c.num > $3 ORDER BY c.num LIMIT $2"
        ))
        .bind(company.0)
        .bind(limit)
        .bind(after.unwrap_or(0)),
        ConversationQuery::ByNum { after, is_descending: true } => sqlx::query(select_details!(
            "WHERE c.company_id = $1 AND c.erased_at IS NULL AND c.num < $3 ORDER BY c.num DESC LIMIT $2"
        ))
        .bind(company.0)
        .bind(limit)
        .bind(after.unwrap_or(i64::MAX)),
        ConversationQuery::OfCustomer { customer, offset } => sqlx::query(select_details!(
            "WHERE c.company_id = $1 AND c.customer_id = $4 AND c.erased_at IS NULL ORDER BY c.num DESC LIMIT $2 OFFSET $3"
        ))
        .bind(company.0)
        .bind(limit)
        .bind(offset)
        .bind(customer.0),
    };
    let rows = query.fetch_all(&store.readers).await?;
    rows.iter().map(rows::details).collect()
}

#[async_trait]
impl Command for NewConversation {
    type Output = Started;

    async fn apply(self, tx: &mut Tx<'_>) -> Result<Started> {
        if let Some(started) = self.find_started(tx).await? {
            return Ok(started);
        }
        let inserted = sqlx::query(
            "INSERT INTO conversation (id, company_id, channel_id, customer_id, start_key, status, created_at, updated_at)
             SELECT $1, company_id, channel_id, $3, $4, 'open', $5, $5 FROM widget WHERE id = $6 AND company_id = $2",
        )
        .bind(self.id.0)
        .bind(self.company.0)
        .bind(self.customer.0)
        .bind(self.client_id.0)
        .bind(self.at.0)
        .bind(self.widget.0)
        .execute(&mut *tx.connection)
        .await?;
        if inserted.rows_affected() == 0 {
            return Err(Error::NotFound);
        }
        log_conversation(tx, self.company, self.id, true).await?;
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
        .apply(tx)
        .await?;
        Ok(Started { conversation: self.id, is_repeated: false })
    }
}

impl NewConversation {
    /// The conversation that this customer started with this client id before, if the text was the same.
    async fn find_started(&self, tx: &mut Tx<'_>) -> Result<Option<Started>> {
        let row = sqlx::query(
            "SELECT c.id, m.content, m.attachments FROM conversation c
             JOIN message m ON m.conversation_id = c.id AND m.client_id = c.start_key
             WHERE c.customer_id = $1 AND c.start_key = $2 AND c.company_id = $3",
        )
        .bind(self.customer.0)
        .bind(self.client_id.0)
        .bind(self.company.0)
        .fetch_optional(&mut *tx.connection)
        .await?;
        match row {
            None => Ok(None),
            Some(row) if self.is_same(&row)? => {
                Ok(Some(Started { conversation: ConversationId(row.try_get("id")?), is_repeated: true }))
            }
            Some(_) => Err(Error::ClientIdReused),
        }
    }

    fn is_same(&self, row: &sqlx::sqlite::SqliteRow) -> Result<bool> {
        let attachments = attachments::restore_claimed(row.try_get("attachments")?)?;
        Ok(row.try_get::<&str, _>("content")? == self.content.text()
            && attachments.iter().map(|attachment| &attachment.id).eq(self.content.attachments()))
    }
}

#[async_trait]
impl Command for NewOpening {
    type Output = Opened;

    async fn apply(self, tx: &mut Tx<'_>) -> Result<Opened> {
        let channel = self.find_channel(tx).await?;
        let customer = self.find_customer(tx, &channel).await?;
        if let Some(opened) = self.find_repeated(tx, customer.as_ref()).await? {
            return Ok(opened);
        }
        let existing = match &customer {
            Some(customer) if self.is_continued => self.open_one(tx, customer.id, channel.id).await?,
            _ => None,
        };
        let conversation = existing.unwrap_or(self.id);
        if existing.is_none() {
            self.insert(tx, &channel, customer.as_ref()).await?;
            log_conversation(tx, self.company, self.id, true).await?;
        }
        let message = match self.message {
            None => None,
            Some((content, sender)) => {
                let sender = match (sender, &customer) {
                    (Some(sender), _) => sender,
                    (None, Some(customer)) => {
                        attachments::bring(tx, self.company, customer.id, content.attachments()).await?;
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
                Some(message.apply(tx).await?.into_message())
            }
        };
        Ok(Opened { conversation, is_continued: existing.is_some(), message })
    }
}

impl NewOpening {
    async fn find_channel(&self, tx: &mut Tx<'_>) -> Result<Channel> {
        let channel = match self.channel {
            ChannelChoice::Kind(kind) => {
                let (company, id, at) = (self.company, self.channel_id, self.at);
                directory::EnsureChannel { company, kind, id, at }.apply(tx).await?
            }
            ChannelChoice::Default => directory::find_channel(tx.connection, self.company, self.channel)
                .await?
                .ok_or(Error::ChannelUnusable("none is named, and the company has no default one"))?,
            ChannelChoice::Id(_) | ChannelChoice::Num(_) => {
                directory::find_channel(tx.connection, self.company, self.channel)
                    .await?
                    .ok_or(Error::ChannelUnusable("the company has no such channel"))?
            }
        };
        if channel.is_active { Ok(channel) } else { Err(Error::ChannelUnusable("it is switched off")) }
    }

    async fn find_customer(&self, tx: &mut Tx<'_>, channel: &Channel) -> Result<Option<Customer>> {
        match &self.contact {
            Contact::Nobody => Ok(None),
            Contact::Stranger => {
                match customers::find(tx.connection, self.company, self.customer_id).await? {
                    Some(customer) => Ok(Some(customer)),
                    None => self.new_customer(crate::domain::Profile::default()).apply(tx).await.map(Some),
                }
            }
            Contact::Customer(id) => {
                customers::find(tx.connection, self.company, *id).await?.map(Some).ok_or(Error::NotFound)
            }
            Contact::Handle { handle, profile } => {
                let known =
                    customers::find_by_handle(tx.connection, self.company, channel.id, handle).await?;
                if known.is_some() {
                    return Ok(known);
                }
                let customer = self.new_customer((**profile).clone()).apply(tx).await?;
                customers::add_handle(tx, self.company, customer.id, channel.id, handle).await?;
                Ok(Some(customer))
            }
        }
    }

    const fn new_customer(&self, profile: crate::domain::Profile) -> NewCustomer {
        NewCustomer { id: self.customer_id, company: self.company, profile, at: self.at }
    }

    /// What was opened under the same client id before.
    async fn find_repeated(&self, tx: &mut Tx<'_>, customer: Option<&Customer>) -> Result<Option<Opened>> {
        let Some(client_id) = self.client_id else { return Ok(None) };
        let row = sqlx::query(
            "SELECT id FROM conversation WHERE customer_id IS $1 AND start_key = $2 AND company_id = $3
               AND erased_at IS NULL",
        )
        .bind(customer.map(|customer| customer.id.0))
        .bind(client_id.0)
        .bind(self.company.0)
        .fetch_optional(&mut *tx.connection)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let conversation = ConversationId(row.try_get(0)?);
        let message = messages::find_by_client_id(tx, conversation, client_id).await?;
        Ok(Some(Opened { conversation, is_continued: true, message }))
    }

    async fn insert(&self, tx: &mut Tx<'_>, channel: &Channel, customer: Option<&Customer>) -> Result<()> {
        sqlx::query(
            "INSERT INTO conversation (id, company_id, channel_id, customer_id, start_key, status, subject, kind,
                                       order_code, outlet_num, meta, created_at, updated_at)
             VALUES ($1, $2, $3, $4, $5, 'open', $6, $7, $8, $9, $10, $11, $11)",
        )
        .bind(self.id.0)
        .bind(self.company.0)
        .bind(channel.id)
        .bind(customer.map(|customer| customer.id.0))
        .bind(self.client_id.map(|id| id.0))
        .bind(&self.subject)
        .bind(&self.kind)
        .bind(&self.order_code)
        .bind(self.outlet_num)
        .bind(serde_json::to_string(&self.meta).map_err(Error::internal)?)
        .bind(self.at.0)
        .execute(&mut *tx.connection)
        .await?;
        Ok(())
    }

    /// The customer's newest conversation on the channel that is not closed; or one that was moved away from it, which
    /// comes back.
    async fn open_one(
        &self,
        tx: &mut Tx<'_>,
        customer: CustomerId,
        channel: Uuid,
    ) -> Result<Option<ConversationId>> {
        let row = sqlx::query(
            "SELECT c.id, c.channel_id = $2 AS is_there FROM conversation c
             WHERE c.customer_id = $1 AND c.status <> 'closed' AND c.erased_at IS NULL
               AND (c.channel_id = $2 OR EXISTS
                    (SELECT 1 FROM conversation_channel v WHERE v.conversation_id = c.id AND v.channel_id = $2))
             ORDER BY is_there DESC, c.num DESC LIMIT 1",
        )
        .bind(customer.0)
        .bind(channel)
        .fetch_optional(&mut *tx.connection)
        .await?;
        let Some(row) = row else { return Ok(None) };
        let id = ConversationId(row.try_get("id")?);
        if !row.try_get::<bool, _>("is_there")? {
            move_to(tx, id, channel).await?;
            touch(tx, id, self.at).await?;
            log_conversation(tx, self.company, id, false).await?;
        }
        Ok(Some(id))
    }
}

async fn touch(tx: &mut Tx<'_>, conversation: ConversationId, at: Timestamp) -> Result<()> {
    sqlx::query("UPDATE conversation SET updated_at = max(updated_at, $2) WHERE id = $1")
        .bind(conversation.0)
        .bind(at.0)
        .execute(&mut *tx.connection)
        .await?;
    Ok(())
}

/// Puts a conversation on another channel, and keeps in mind where it was.
async fn move_to(tx: &mut Tx<'_>, conversation: ConversationId, channel: Uuid) -> Result<()> {
    sqlx::query(
        "INSERT INTO conversation_channel (conversation_id, channel_id, company_id)
             SELECT id, channel_id, company_id FROM conversation WHERE id = $1 ON CONFLICT DO NOTHING;
         UPDATE conversation SET channel_id = $2 WHERE id = $1",
    )
    .bind(conversation.0)
    .bind(channel)
    .execute(&mut *tx.connection)
    .await?;
    Ok(())
}

#[async_trait]
impl Command for Reply {
    type Output = Sent;

    async fn apply(self, tx: &mut Tx<'_>) -> Result<Sent> {
        let Self { moving, message } = self;
        let is_repeated = match message.client_id {
            Some(id) => messages::find_by_client_id(tx, message.conversation, id).await?.is_some(),
            None => false,
        };
        if !is_repeated && let Some(alter) = moving {
            alter.apply(tx).await?;
        }
        message.apply(tx).await
    }
}

#[async_trait]
impl Command for Alter {
    type Output = Altered;

    async fn apply(self, tx: &mut Tx<'_>) -> Result<Altered> {
        let before = find(tx.connection, self.company, self.conversation).await?.ok_or(Error::NotFound)?;
        if !self.write(tx, &before).await? {
            return Ok(Altered { conversation: before, is_changed: false });
        }
        touch(tx, before.id, self.at).await?;
        let conversation = log_conversation(tx, self.company, before.id, false).await?;
        Ok(Altered { conversation, is_changed: true })
    }
}

impl Alter {
    /// Whether there was anything to change.
    async fn write(&self, tx: &mut Tx<'_>, before: &Conversation) -> Result<bool> {
        let query = match &self.alteration {
            Alteration::Resolve | Alteration::Close | Alteration::Reopen => {
                let Some(status) = next_status(before.status, &self.alteration)? else { return Ok(false) };
                sqlx::query(
                    "UPDATE conversation SET status = $2,
                            resolved_at = CASE $2 WHEN 'resolved' THEN $3 WHEN 'open' THEN NULL ELSE resolved_at END,
                            closed_at = CASE $2 WHEN 'closed' THEN $3 WHEN 'open' THEN NULL ELSE closed_at END
                     WHERE id = $1",
                )
                .bind(before.id.0)
                .bind(status.word())
                .bind(self.at.0)
            }
            Alteration::Assign(agent) => {
                let agent = match agent {
                    Some(agent) => {
                        let agent = directory::find_agent(tx.connection, self.company, *agent).await?;
                        Some(agent.ok_or(Error::NotFound)?.id)
                    }
                    None => None,
                };
                if before.assignee.as_ref().map(|assignee| assignee.id) == agent {
                    return Ok(false);
                }
                sqlx::query("UPDATE conversation SET assignee_id = $2 WHERE id = $1")
                    .bind(before.id.0)
                    .bind(agent.map(|id| id.0))
            }
            Alteration::Note(note) => sqlx::query("UPDATE conversation SET note = $2 WHERE id = $1")
                .bind(before.id.0)
                .bind(note.clone()),
            Alteration::BlockBitrix(is_blocked) => sqlx::query(
                "UPDATE conversation SET is_bitrix_blocked = coalesce($2, NOT is_bitrix_blocked) WHERE id = $1",
            )
            .bind(before.id.0)
            .bind(*is_blocked),
            Alteration::MoveTo { kind, handle } => {
                let channel = self.find_destination(tx, before, *kind, handle.as_deref()).await?;
                if channel.id == before.channel.id {
                    return Ok(false);
                }
                move_to(tx, before.id, channel.id).await?;
                return Ok(true);
            }
        };
        query.execute(&mut *tx.connection).await?;
        Ok(true)
    }

    /// The channel to move to, where the customer can be reached.
    async fn find_destination(
        &self,
        tx: &mut Tx<'_>,
        before: &Conversation,
        kind: ChannelKind,
        handle: Option<&str>,
    ) -> Result<Channel> {
        let (company, id, at) = (self.company, self.channel_id, self.at);
        let channel = directory::EnsureChannel { company, kind, id, at }.apply(tx).await?;
        if !channel.is_active {
            return Err(Error::ChannelUnusable("it is switched off"));
        }
        let customer =
            before.customer.ok_or(Error::ChannelUnusable("the conversation has no customer yet"))?;
        if let Some(handle) = handle {
            customers::add_handle(tx, company, customer, channel.id, handle).await?;
        } else if kind != ChannelKind::Widget && channel.id != before.channel.id {
            let known =
                sqlx::query("SELECT 1 FROM customer_handle WHERE customer_id = $1 AND channel_id = $2")
                    .bind(customer.0)
                    .bind(channel.id)
                    .fetch_optional(&mut *tx.connection)
                    .await?;
            known.ok_or(Error::ChannelUnusable("the customer is not known there; name them in `with`"))?;
        }
        Ok(channel)
    }
}

/// Puts into the change log that a conversation is as it is now.
pub(super) async fn log_conversation(
    tx: &mut Tx<'_>,
    company: CompanyId,
    id: ConversationId,
    is_new: bool,
) -> Result<Conversation> {
    let conversation = find(tx.connection, company, ConversationRef::Id(id)).await?.ok_or(Error::NotFound)?;
    let kind = ChangeKind::Conversation(conversation.clone());
    log(tx, Entry::about(&conversation, is_new, kind, conversation.updated_at)).await?;
    Ok(conversation)
}

#[async_trait]
impl Command for Mark {
    type Output = ();

    async fn apply(self, tx: &mut Tx<'_>) -> Result<()> {
        let Self { company, conversation, receipt } = self;
        let conversation =
            find(tx.connection, company, ConversationRef::Id(conversation)).await?.ok_or(Error::NotFound)?;
        let up_to_seq = receipt.up_to_seq.min(conversation.last_seq);
        let read_seq = conversation.read_seq(receipt.by);
        if up_to_seq <= read_seq {
            return Ok(());
        }
        let receipt = Receipt { up_to_seq, ..receipt };
        let from_seq = mark_messages(tx, &conversation, &receipt).await?;
        match receipt.state {
            ReceiptState::Delivered if from_seq.is_none() => return Ok(()),
            ReceiptState::Delivered => {}
            ReceiptState::Read => store_read_seq(tx, &conversation, &receipt).await?,
        }
        let receipt = Receipt { from_seq: from_seq.unwrap_or(up_to_seq), ..receipt };
        log(tx, Entry::about(&conversation, false, ChangeKind::Receipt(receipt), receipt.at)).await
    }
}

/// Raises the ack of the other side's messages; answers with the first that was raised.
async fn mark_messages(
    tx: &mut Tx<'_>,
    conversation: &Conversation,
    receipt: &Receipt,
) -> Result<Option<Seq>> {
    let rows = sqlx::query(
        "UPDATE message
         SET ack = $4, delivered_at = coalesce(delivered_at, $5), read_at = CASE WHEN $4 = 3 THEN $5 ELSE read_at END
         WHERE conversation_id = $1 AND seq > $2 AND seq <= $3 AND ack < $4
           AND (sender_type = 'customer') = ($6 = 'agent') AND ack >= $7
         RETURNING seq",
    )
    .bind(conversation.id.0)
    .bind(conversation.read_seq(receipt.by))
    .bind(receipt.up_to_seq)
    .bind(match receipt.state {
        ReceiptState::Delivered => i8::from(shared::Ack::Delivered),
        ReceiptState::Read => i8::from(shared::Ack::Read),
    })
    .bind(receipt.at.0)
    .bind(receipt.by.word())
    // What has not left can't have arrived.
    .bind(i8::from(shared::Ack::Sent))
    .fetch_all(&mut *tx.connection)
    .await?;
    let seqs = rows.iter().map(|row| row.try_get::<Seq, _>(0)).collect::<Result<Vec<_>, _>>()?;
    Ok(seqs.into_iter().min())
}

async fn store_read_seq(tx: &mut Tx<'_>, conversation: &Conversation, receipt: &Receipt) -> Result<()> {
    let query = match receipt.by {
        Side::Agent => sqlx::query("UPDATE conversation SET agent_read_seq = $2 WHERE id = $1"),
        Side::Customer => sqlx::query(
            "UPDATE conversation SET customer_read_seq = $2, n_unread =
                 (SELECT count(*) FROM message
                  WHERE conversation_id = $1 AND seq > $2 AND sender_type <> 'customer')
             WHERE id = $1",
        ),
    };
    query.bind(conversation.id.0).bind(receipt.up_to_seq).execute(&mut *tx.connection).await?;
    Ok(())
}

pub(super) async fn find(
    connection: &mut SqliteConnection,
    company: CompanyId,
    id: ConversationRef,
) -> Result<Option<Conversation>> {
    let row = match id {
        ConversationRef::Id(id) => sqlx::query(select_conversation!(;
            "WHERE c.company_id = $1 AND c.id = $2 AND c.erased_at IS NULL"
        ))
        .bind(company.0)
        .bind(id.0),
        ConversationRef::Num(num) => sqlx::query(select_conversation!(;
            "WHERE c.company_id = $1 AND c.num = $2 AND c.erased_at IS NULL"
        ))
        .bind(company.0)
        .bind(num),
    }
    .fetch_optional(connection)
    .await?;
    row.as_ref().map(rows::conversation).transpose()
}

pub(super) async fn of_customer<'e>(
    executor: impl Executor<'e, Database = Sqlite>,
    company: CompanyId,
    customer: CustomerId,
    limit: u32,
) -> Result<Vec<Conversation>> {
    let rows = sqlx::query(select_conversation!(;
        "WHERE c.company_id = $1 AND c.customer_id = $2 AND c.erased_at IS NULL ORDER BY c.num DESC LIMIT $3"
    ))
    .bind(company.0)
    .bind(customer.0)
    .bind(limit)
    .fetch_all(executor)
    .await?;
    rows.iter().map(rows::conversation).collect()
}
