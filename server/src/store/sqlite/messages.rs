//! Messages: storing one, reading pages of them.

use super::{
    attachments::{claim, restore_claimed},
    change_log::{Entry, log},
    conversations::log_conversation,
    customers,
    rows::{self, Word, select_conversation, select_message},
    sql::{Row, Sql},
    writer::{Command, Tx},
};
use crate::domain::{
    Attachment, Change, ChangeKind, ChannelKind, Conversation, ConversationRef, Error, Message, MessagePage,
    MessageQuery, Result, Rev, Sender, Side, Status,
    message::{Acceptance, Existing, NewMessage, Sent, Submission, Submitted, accept},
};
use rusqlite::{Connection, params};
use shared::{Ack, ClientId, CompanyId, ConversationId, CustomerId, Seq, Timestamp};
use uuid::Uuid;

impl Command for NewMessage {
    type Output = Sent;

    fn may_refuse_late(&self) -> bool {
        !self.content.attachments().is_empty()
    }

    fn apply(self, tx: &mut Tx<'_>) -> Result<Sent> {
        let reference = ConversationRef::Id(self.conversation);
        let found = find_destination(tx, self.company, reference, self.client_id, self.sender.id)?
            .ok_or(Error::NotFound)?;
        self.store(tx, found)
    }
}

impl NewMessage {
    fn store(self, tx: &mut Tx<'_>, found: Destination) -> Result<Sent> {
        let conversation = found.conversation;
        let (seq, status) =
            match accept(&conversation, found.existing.as_ref().map(|(_, existing)| existing), &self)? {
                Acceptance::Store { seq, status } => (seq, status),
                Acceptance::Repeat => {
                    let (seq, _) = found
                        .existing
                        .ok_or_else(|| Error::internal("a repeat of a message that is not there"))?;
                    return Ok(Sent::Repeated(get(tx, conversation.id, seq)?));
                }
            };
        let attachments = claim(tx, &self)?;
        let is_for_outside =
            conversation.channel.kind != ChannelKind::Widget && self.sender.kind.side() == Side::Agent;
        let mut message = Message {
            id: self.id,
            num: 0,
            conversation: conversation.id,
            seq,
            client_id: self.client_id,
            sender: self.sender,
            sender_name: found.sender_name,
            sender_avatar_url: found.sender_avatar_url,
            content: self.content.into_text(),
            attachments,
            language: self.language,
            ack: if is_for_outside { Ack::Preparing } else { Ack::Sent },
            created_at: self.at,
        };
        let rev = found.head_rev + 1;
        write(tx, &conversation, &mut message, status, rev)?;
        tx.changes.push(Change {
            company: self.company,
            rev,
            previous_rev: found.customer_rev,
            conversation: Some(conversation.id),
            customer: conversation.customer,
            is_new: true,
            kind: ChangeKind::Message(message.clone()),
        });
        if is_for_outside {
            create_job(tx, &conversation, &message)?;
        }
        if status != conversation.status {
            log_conversation(tx, self.company, conversation.id, false)?;
        }
        Ok(Sent::Stored(message))
    }
}

impl Command for Submission {
    type Output = Submitted;

    fn may_refuse_late(&self) -> bool {
        !self.content.attachments().is_empty()
    }

    fn apply(self, tx: &mut Tx<'_>) -> Result<Submitted> {
        let Self { id, company, conversation, seen_by, author, client_id, content, language, at } = self;
        let found = find_destination(tx, company, conversation, client_id, author.id())?
            .filter(|found| seen_by.is_none() || seen_by == found.conversation.customer)
            .ok_or(Error::NotFound)?;
        let conversation = found.conversation.clone();
        let outlet_name = found.outlet_name.clone();
        let sender = author.sender(&conversation)?;
        let customer = match (sender.kind.side(), conversation.customer) {
            (Side::Customer, Some(customer)) => customers::find(tx.connection, company, customer)?,
            _ => None,
        };
        let message = NewMessage {
            id,
            company,
            conversation: conversation.id,
            client_id,
            sender,
            content,
            language,
            at,
        };
        Ok(Submitted { sent: message.store(tx, found)?, conversation, customer, outlet_name })
    }
}

/// Where a message goes, and what has to be known to store it.
struct Destination {
    conversation: Conversation,
    outlet_name: Option<String>,
    /// What was sent there under the same client id.
    existing: Option<(Seq, Existing)>,
    sender_name: Option<String>,
    sender_avatar_url: Option<String>,
    /// The company's newest rev.
    head_rev: Rev,
    /// The customer's newest rev.
    customer_rev: Rev,
}

// One statement, for this is the path that everything else waits for.
fn find_destination(
    tx: &Tx<'_>,
    company: CompanyId,
    conversation: ConversationRef,
    client_id: Option<ClientId>,
    sender: Option<Uuid>,
) -> Result<Option<Destination>> {
    macro_rules! select {
        ($condition:literal) => {
            select_conversation!(
                "(SELECT coalesce(max(rev), 0) FROM change WHERE company_id = ?1) AS head_rev",
                "(SELECT coalesce(max(rev), 0) FROM change WHERE company_id = ?1 AND customer_id = c.customer_id)
                     AS customer_rev",
                "s.name AS sender_name",
                "s.avatar_url AS sender_avatar_url",
                "o.name AS outlet_name",
                "e.seq AS existing_seq",
                "e.content AS existing_content",
                "e.attachments AS existing_attachments",
                "e.sender_type AS existing_sender_type",
                "e.sender_id AS existing_sender_id",
                ;
                concat!(
                    "LEFT JOIN agent s ON s.company_id = ?1 AND s.id = ?4
                     LEFT JOIN outlet o ON o.num = c.outlet_num
                     LEFT JOIN message e ON e.conversation_id = c.id AND e.client_id = ?3
                     WHERE c.company_id = ?1 AND c.erased_at IS NULL AND ",
                    $condition
                )
            )
        };
    }
    let client_id = client_id.map(|id| id.0);
    match conversation {
        ConversationRef::Id(id) => {
            tx.connection.find(select!("c.id = ?2"), params![company.0, id.0, client_id, sender], destination)
        }
        ConversationRef::Num(num) => {
            tx.connection.find(select!("c.num = ?2"), params![company.0, num, client_id, sender], destination)
        }
    }
}

fn destination(row: &Row<'_>) -> Result<Destination> {
    Ok(Destination {
        conversation: rows::conversation(row)?,
        outlet_name: row.get("outlet_name")?,
        existing: existing(row)?,
        sender_name: row.get("sender_name")?,
        sender_avatar_url: row.get("sender_avatar_url")?,
        head_rev: row.get("head_rev")?,
        customer_rev: row.get("customer_rev")?,
    })
}

/// The message that was stored under the same client id, if a row of the query above found one.
fn existing(row: &Row<'_>) -> Result<Option<(Seq, Existing)>> {
    let Some(seq) = row.get("existing_seq")? else { return Ok(None) };
    let attachments = restore_claimed(row.get_ref("existing_attachments")?.as_str_or_null()?)?;
    let existing = Existing {
        text: row.get("existing_content")?,
        attachments: attachments.into_iter().map(|attachment| attachment.id).collect(),
        sender: Sender { kind: rows::word(row, "existing_sender_type")?, id: row.get("existing_sender_id")? },
    };
    Ok(Some((seq, existing)))
}

/// Stores a message and gives it its number, brings its conversation up to date, and puts it into the log under `rev`.
fn write(
    tx: &Tx<'_>,
    conversation: &Conversation,
    message: &mut Message,
    status: Status,
    rev: Rev,
) -> Result<()> {
    tx.connection.run(
        "INSERT INTO message (id, company_id, conversation_id, seq, client_id, sender_type, sender_id, content, ack,
                              created_at, attachments, language)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        params![
            message.id.0,
            conversation.company.0,
            conversation.id.0,
            message.seq,
            message.client_id.map(|id| id.0),
            message.sender.kind.word(),
            message.sender.id,
            message.content,
            i8::from(message.ack),
            message.created_at.0,
            stored_attachments(&message.attachments)?,
            message.language
        ],
    )?;
    message.num = tx.connection.last_insert_rowid();
    tx.connection.run(
        "UPDATE conversation SET last_seq = ?2, status = ?3, updated_at = ?4, last_message_at = ?4,
                last_income_at = CASE WHEN ?5 = 'customer' THEN ?4 ELSE last_income_at END,
                first_response_at = coalesce(first_response_at, CASE WHEN ?5 = 'agent' THEN ?4 END),
                resolved_at = CASE WHEN ?3 = 'resolved' THEN resolved_at END,
                n_unread = n_unread + (?5 <> 'customer')
         WHERE id = ?1",
        params![
            conversation.id.0,
            message.seq,
            status.word(),
            message.created_at.0,
            message.sender.kind.word()
        ],
    )?;
    tx.connection.run(
        "INSERT INTO change (company_id, rev, conversation_id, customer_id, kind, is_new, seq, ack, at)
         VALUES (?1, ?2, ?3, ?4, 'message', 1, ?5, ?6, ?7)",
        params![
            conversation.company.0,
            rev,
            conversation.id.0,
            conversation.customer.map(|id| id.0),
            message.seq,
            i8::from(message.ack),
            message.created_at.0
        ],
    )?;
    Ok(())
}

fn create_job(tx: &mut Tx<'_>, conversation: &Conversation, message: &Message) -> Result<()> {
    tx.connection.run("INSERT INTO delivery_job (company_id, conversation_id, channel_id, message_id, seq, state, created_at)
         VALUES (?1, ?2, ?3, ?4, ?5, 'trying_deliver', ?6)", params![conversation.company.0, conversation.id.0, conversation.channel.id, message.id.0, message.seq, message.created_at.0])?;
    Ok(())
}

fn stored_attachments(attachments: &[Attachment]) -> Result<Option<String>> {
    if attachments.is_empty() {
        return Ok(None);
    }
    serde_json::to_string(attachments).map(Some).map_err(Error::internal)
}

/// Puts into the log that a message is as it is now.
pub(super) fn log_message(
    tx: &mut Tx<'_>,
    conversation: &Conversation,
    seq: Seq,
    at: Timestamp,
) -> Result<()> {
    let message = get(tx, conversation.id, seq)?;
    log(tx, Entry::about(conversation, false, ChangeKind::Message(message), at))
}

fn get(tx: &mut Tx<'_>, conversation: ConversationId, seq: Seq) -> Result<Message> {
    tx.connection
        .find(
            select_message!("WHERE m.conversation_id = ?1 AND m.seq = ?2"),
            params![conversation.0, seq],
            rows::message,
        )?
        .ok_or(Error::NotFound)
}

/// A conversation's message that was sent under this client id.
pub(super) fn find_by_client_id(
    tx: &mut Tx<'_>,
    conversation: ConversationId,
    client_id: ClientId,
) -> Result<Option<Message>> {
    tx.connection.find(
        select_message!("WHERE m.conversation_id = ?1 AND m.client_id = ?2"),
        params![conversation.0, client_id.0],
        rows::message,
    )
}

pub(super) fn by_num(connection: &Connection, company: CompanyId, num: i64) -> Result<Option<Message>> {
    connection.find(
        select_message!("WHERE m.company_id = ?1 AND m.num = ?2"),
        params![company.0, num],
        rows::message,
    )
}

pub(super) fn page(
    connection: &Connection,
    company: CompanyId,
    conversation: ConversationId,
    query: MessageQuery,
    limit: u32,
) -> Result<MessagePage> {
    // A row that says nothing is what erasing a customer has left; see `EraseCustomer`.
    let (sql, seq) = match query {
        MessageQuery::Before(seq) => (
            select_message!(
                "WHERE m.company_id = ?1 AND m.conversation_id = ?2 AND m.seq < ?3
                   AND (m.content <> '' OR m.attachments IS NOT NULL) ORDER BY m.seq DESC LIMIT ?4"
            ),
            seq.unwrap_or(Seq::MAX),
        ),
        MessageQuery::After(seq) => (
            select_message!(
                "WHERE m.company_id = ?1 AND m.conversation_id = ?2 AND m.seq > ?3
                   AND (m.content <> '' OR m.attachments IS NOT NULL) ORDER BY m.seq LIMIT ?4"
            ),
            seq,
        ),
    };
    let at_most = i64::from(limit) + 1;
    let mut messages =
        connection.list(sql, params![company.0, conversation.0, seq, at_most], rows::message)?;
    let has_more = messages.len() > limit as usize;
    messages.truncate(limit as usize);
    if matches!(query, MessageQuery::Before(_)) {
        messages.reverse();
    }
    Ok(MessagePage { messages, has_more })
}

/// The messages of a company or of a customer, found through the log, which has them in the order they were stored.
pub(super) fn of_company(
    connection: &Connection,
    company: CompanyId,
    customer: Option<CustomerId>,
    is_descending: bool,
    offset: u32,
    limit: u32,
) -> Result<Vec<Message>> {
    macro_rules! select {
        ($condition:literal, $order:literal) => {
            concat!(
                "SELECT m.id, m.num, m.conversation_id, m.seq, m.client_id, m.sender_type, m.sender_id, m.content, ",
                "m.attachments, m.language, m.ack, m.created_at, s.name AS sender_name, s.avatar_url AS sender_avatar_url ",
                "FROM change h JOIN message m ON m.conversation_id = h.conversation_id AND m.seq = h.seq ",
                "JOIN conversation c ON c.id = m.conversation_id AND c.erased_at IS NULL ",
                "LEFT JOIN agent s ON s.company_id = m.company_id AND s.id = m.sender_id ",
                "WHERE h.company_id = ?1 AND h.kind = 'message' AND h.is_new = 1 ",
                $condition,
                " ORDER BY h.rev ",
                $order,
                " LIMIT ?2 OFFSET ?3"
            )
        };
    }
    match customer {
        None => {
            let sql = if is_descending { select!("", "DESC") } else { select!("", "") };
            connection.list(sql, params![company.0, limit, offset], rows::message)
        }
        Some(customer) => {
            let sql = if is_descending {
                select!("AND h.customer_id = ?4", "DESC")
            } else {
                select!("AND h.customer_id = ?4", "")
            };
            connection.list(sql, params![company.0, limit, offset, customer.0], rows::message)
        }
    }
}
