//! Customers and their handles.

use super::{
    SqliteStore,
    change_log::{Entry, log},
    error::unless_unique,
    rows::{self, customer_columns},
    sql::{Sql, first},
    writer::{Command, Tx},
};
use crate::{
    domain::{ChangeKind, Customer, CustomerFilter, Error, Profile, ProfileChange, Result, Said},
    store::{CustomerStore, NewCustomer},
};
use async_trait::async_trait;
use rusqlite::{Connection, params};
use shared::{CompanyId, CustomerId, Timestamp};
use uuid::Uuid;

macro_rules! select_customer {
    ($rest:literal) => {
        concat!("SELECT ", customer_columns!(), " FROM customer k ", $rest)
    };
}

#[async_trait]
impl CustomerStore for SqliteStore {
    async fn create_customer(&self, customer: NewCustomer) -> Result<Customer> {
        self.writer.execute(customer).await
    }

    async fn customer(&self, company: CompanyId, id: CustomerId) -> Result<Option<Customer>> {
        self.read(move |connection| find(connection, company, id)).await
    }

    async fn customers(
        &self,
        company: CompanyId,
        filter: CustomerFilter,
        offset: u32,
        limit: u32,
    ) -> Result<Vec<Customer>> {
        self.read(move |connection| list(connection, company, &filter, offset, limit)).await
    }

    async fn change_customer(
        &self,
        company: CompanyId,
        id: CustomerId,
        change: ProfileChange,
        at: Timestamp,
    ) -> Result<Customer> {
        self.writer.execute(ChangeCustomer { company, id, change, at }).await
    }

    async fn note_said(
        &self,
        company: CompanyId,
        customer: CustomerId,
        said: Said,
        at: Timestamp,
    ) -> Result<()> {
        self.writer.execute(NoteSaid { company, customer, said, at }).await
    }

    async fn erase_customer(
        &self,
        company: CompanyId,
        id: CustomerId,
        at: Timestamp,
    ) -> Result<(Vec<String>, Vec<Uuid>)> {
        self.writer.execute(EraseCustomer { company, id, at }).await
    }

    async fn customer_by_handle(
        &self,
        company: CompanyId,
        channel: Uuid,
        handle: &str,
    ) -> Result<Option<Customer>> {
        let handle = handle.to_owned();
        self.read(move |connection| find_by_handle(connection, company, channel, &handle)).await
    }
}

fn list(
    connection: &Connection,
    company: CompanyId,
    filter: &CustomerFilter,
    offset: u32,
    limit: u32,
) -> Result<Vec<Customer>> {
    let (sql, value) = match filter {
        CustomerFilter::All => (
            select_customer!(
                "WHERE k.company_id = ?1 AND k.erased_at IS NULL ORDER BY k.num LIMIT ?2 OFFSET ?3"
            ),
            None,
        ),
        CustomerFilter::ExternalId(id) => (
            select_customer!(
                "WHERE k.company_id = ?1 AND k.external_id = ?4 ORDER BY k.num LIMIT ?2 OFFSET ?3"
            ),
            Some(id),
        ),
        CustomerFilter::Email(email) => (
            select_customer!("WHERE k.company_id = ?1 AND k.email = ?4 ORDER BY k.num LIMIT ?2 OFFSET ?3"),
            Some(email),
        ),
        CustomerFilter::Room(room) => (
            select_customer!(
                "WHERE k.company_id = ?1 AND k.room = ?4 ORDER BY k.num DESC LIMIT ?2 OFFSET ?3"
            ),
            Some(room),
        ),
    };
    match value {
        None => connection.list(sql, params![company.0, limit, offset], rows::customer),
        Some(value) => connection.list(sql, params![company.0, limit, offset, value], rows::customer),
    }
}

pub(super) fn find(connection: &Connection, company: CompanyId, id: CustomerId) -> Result<Option<Customer>> {
    connection.find(
        select_customer!("WHERE k.company_id = ?1 AND k.id = ?2 AND k.erased_at IS NULL"),
        params![company.0, id.0],
        rows::customer,
    )
}

pub(super) fn find_by_handle(
    connection: &Connection,
    company: CompanyId,
    channel: Uuid,
    handle: &str,
) -> Result<Option<Customer>> {
    connection.find(
        select_customer!(
            "JOIN customer_handle h ON h.customer_id = k.id
         WHERE h.channel_id = ?2 AND h.handle = ?3 AND k.company_id = ?1 AND k.erased_at IS NULL"
        ),
        params![company.0, channel, handle],
        rows::customer,
    )
}

/// Gives a customer a handle on a channel, if they have none there.
pub(super) fn add_handle(
    tx: &mut Tx<'_>,
    company: CompanyId,
    customer: CustomerId,
    channel: Uuid,
    handle: &str,
) -> Result<()> {
    tx.connection.run("INSERT INTO customer_handle (channel_id, handle, company_id, customer_id) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (customer_id, channel_id) DO UPDATE SET handle = excluded.handle", params![channel, handle, company.0, customer.0]).map_err(|error| unless_unique(error, "another customer has this handle"))?;
    Ok(())
}

impl Command for NewCustomer {
    type Output = Customer;

    fn apply(self, tx: &mut Tx<'_>) -> Result<Customer> {
        tx.connection.run(
            "INSERT INTO customer (id, company_id, created_at) VALUES (?1, ?2, ?3)",
            params![self.id.0, self.company.0, self.at.0],
        )?;
        write_profile(tx, self.id, &self.profile)?;
        log_customer(tx, self.company, self.id, true, self.at)?;
        find(tx.connection, self.company, self.id)?.ok_or(Error::NotFound)
    }
}

/// Puts into the log that a customer became known, or that what is known of them changed.
pub(super) fn log_customer(
    tx: &mut Tx<'_>,
    company: CompanyId,
    customer: CustomerId,
    is_new: bool,
    at: Timestamp,
) -> Result<()> {
    let kind = ChangeKind::Customer(customer);
    log(tx, Entry { company, conversation: None, customer: Some(customer), is_new, kind, at })
}

fn write_profile(tx: &mut Tx<'_>, id: CustomerId, profile: &Profile) -> Result<()> {
    tx.connection.run("UPDATE customer SET name = ?2, first_name = ?3, last_name = ?4, email = ?5, phone = ?6, username = ?7,
                external_id = ?8, avatar_url = ?9, language = ?10, room = ?11, attributes = ?12
         WHERE id = ?1", params![id.0, &profile.name, &profile.first_name, &profile.last_name, &profile.email, &profile.phone, &profile.username, &profile.external_id, &profile.avatar_url, &profile.language, &profile.room, serde_json::to_string(&profile.attributes).map_err(Error::internal)?]).map_err(|error| unless_unique(error, "a customer with this external_id"))?;
    Ok(())
}

struct ChangeCustomer {
    company: CompanyId,
    id: CustomerId,
    change: ProfileChange,
    at: Timestamp,
}

impl Command for ChangeCustomer {
    type Output = Customer;

    fn apply(self, tx: &mut Tx<'_>) -> Result<Customer> {
        let customer = find(tx.connection, self.company, self.id)?.ok_or(Error::NotFound)?;
        let profile = customer.profile.clone().changed(self.change);
        update(tx, customer, profile, self.at)
    }
}

/// Writes what is known of a customer now, and tells it, if it is something else than before.
pub(super) fn update(
    tx: &mut Tx<'_>,
    customer: Customer,
    profile: Profile,
    at: Timestamp,
) -> Result<Customer> {
    if profile == customer.profile {
        return Ok(customer);
    }
    write_profile(tx, customer.id, &profile)?;
    log_customer(tx, customer.company, customer.id, false, at)?;
    Ok(Customer { profile, ..customer })
}

struct NoteSaid {
    company: CompanyId,
    customer: CustomerId,
    said: Said,
    at: Timestamp,
}

impl Command for NoteSaid {
    type Output = ();

    fn apply(self, tx: &mut Tx<'_>) -> Result<()> {
        let customer = find(tx.connection, self.company, self.customer)?.ok_or(Error::NotFound)?;
        let profile = self.said.noted_in(customer.profile.clone())?;
        update(tx, customer, profile, self.at).map(drop)
    }
}

struct EraseCustomer {
    company: CompanyId,
    id: CustomerId,
    at: Timestamp,
}

impl Command for EraseCustomer {
    type Output = (Vec<String>, Vec<Uuid>);

    fn apply(self, tx: &mut Tx<'_>) -> Result<Self::Output> {
        find(tx.connection, self.company, self.id)?.ok_or(Error::NotFound)?;
        let keys = tx.connection.list("DELETE FROM attachment WHERE customer_id = ?1 OR message_id IN
                 (SELECT m.id FROM message m JOIN conversation c ON c.id = m.conversation_id WHERE c.customer_id = ?1)
             RETURNING key", params![self.id.0], first)?;
        tx.has_changed_sessions = true;
        let sessions = tx.connection.list(
            "DELETE FROM visitor_session WHERE customer_id = ?1 RETURNING id",
            params![self.id.0],
            first,
        )?;
        // The newest message's row is emptied rather than deleted, so that its number is not given out again. Answers
        // that were kept may tell of the customer in any API's words, so none of the company's is kept: a request that
        // comes again after this is done again, but what has a client id is still stored once.
        tx.connection.run("DELETE FROM guest_session WHERE customer_id = ?1", params![self.id.0])?;
        tx.connection.run("DELETE FROM customer_handle WHERE customer_id = ?1", params![self.id.0])?;
        tx.connection.run("DELETE FROM webhook_delivery WHERE conversation_id IN (SELECT id FROM conversation WHERE customer_id = ?1)
             OR conversation_id IS NULL AND instr(body, ?2) > 0", params![self.id.0, self.id.to_string()])?;
        tx.connection.run("DELETE FROM idempotency_key WHERE company_id = ?1", params![self.company.0])?;
        tx.connection.run("DELETE FROM delivery_job WHERE conversation_id IN (SELECT id FROM conversation WHERE customer_id = ?1)", params![self.id.0])?;
        tx.connection.run(
            "UPDATE message SET content = '', attachments = NULL, sender_id = NULL, client_id = NULL
             WHERE num = (SELECT max(num) FROM message)
             AND conversation_id IN (SELECT id FROM conversation WHERE customer_id = ?1)",
            params![self.id.0],
        )?;
        tx.connection.run(
            "DELETE FROM message WHERE num < (SELECT max(num) FROM message)
             AND conversation_id IN (SELECT id FROM conversation WHERE customer_id = ?1)",
            params![self.id.0],
        )?;
        tx.connection.run("UPDATE conversation SET erased_at = ?2, status = 'closed', subject = NULL, note = NULL, order_code = NULL,
             meta = '{}', start_key = NULL WHERE customer_id = ?1", params![self.id.0, self.at.0])?;
        tx.connection.run("UPDATE customer SET erased_at = ?2, name = NULL, first_name = NULL, last_name = NULL, email = NULL,
             phone = NULL, username = NULL, external_id = NULL, avatar_url = NULL, language = NULL, room = NULL,
             attributes = '{}' WHERE id = ?1", params![self.id.0, self.at.0])?;
        Ok((keys, sessions))
    }
}
