//! Customers and their handles.

use super::{
    SqliteStore,
    change_log::{Entry, log},
    rows::{self, customer_columns},
    writer::{Command, Tx},
};
use crate::{
    domain::{ChangeKind, Customer, CustomerFilter, Error, Profile, ProfileChange, Result},
    store::{CustomerStore, NewCustomer},
};
use async_trait::async_trait;
use shared::{CompanyId, CustomerId, Timestamp};
use sqlx::{Row, SqliteConnection};
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
        let mut connection = self.readers.acquire().await?;
        find(&mut connection, company, id).await
    }

    async fn customers(
        &self,
        company: CompanyId,
        filter: CustomerFilter,
        offset: u32,
        limit: u32,
    ) -> Result<Vec<Customer>> {
        let query = match filter {
            CustomerFilter::All => sqlx::query(select_customer!(
                "WHERE k.company_id = $1 AND k.erased_at IS NULL ORDER BY k.num LIMIT $2 OFFSET $3"
            ))
            .bind(company.0)
            .bind(limit)
            .bind(offset),
            CustomerFilter::ExternalId(id) => sqlx::query(select_customer!(
                "WHERE k.company_id = $1 AND k.external_id = $4 ORDER BY k.num LIMIT $2 OFFSET $3"
            ))
            .bind(company.0)
            .bind(limit)
            .bind(offset)
            .bind(id),
            CustomerFilter::Email(email) => sqlx::query(select_customer!(
                "WHERE k.company_id = $1 AND k.email = $4 ORDER BY k.num LIMIT $2 OFFSET $3"
            ))
            .bind(company.0)
            .bind(limit)
            .bind(offset)
            .bind(email),
            CustomerFilter::Room(room) => sqlx::query(select_customer!(
                "WHERE k.company_id = $1 AND k.room = $4 ORDER BY k.num DESC LIMIT $2 OFFSET $3"
            ))
            .bind(company.0)
            .bind(limit)
            .bind(offset)
            .bind(room),
        };
        let rows = query.fetch_all(&self.readers).await?;
        rows.iter().map(rows::customer).collect()
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
        let mut connection = self.readers.acquire().await?;
        find_by_handle(&mut connection, company, channel, handle).await
    }
}

pub(super) async fn find(
    connection: &mut SqliteConnection,
    company: CompanyId,
    id: CustomerId,
) -> Result<Option<Customer>> {
    let row = sqlx::query(select_customer!("WHERE k.company_id = $1 AND k.id = $2 AND k.erased_at IS NULL"))
        .bind(company.0)
        .bind(id.0)
        .fetch_optional(connection)
        .await?;
    row.as_ref().map(rows::customer).transpose()
}

pub(super) async fn find_by_handle(
    connection: &mut SqliteConnection,
    company: CompanyId,
    channel: Uuid,
    handle: &str,
) -> Result<Option<Customer>> {
    let row = sqlx::query(select_customer!(
        "JOIN customer_handle h ON h.customer_id = k.id
         WHERE h.channel_id = $2 AND h.handle = $3 AND k.company_id = $1 AND k.erased_at IS NULL"
    ))
    .bind(company.0)
    .bind(channel)
    .bind(handle)
    .fetch_optional(connection)
    .await?;
    row.as_ref().map(rows::customer).transpose()
}

/// Gives a customer a handle on a channel, if they have none there.
pub(super) async fn add_handle(
    tx: &mut Tx<'_>,
    company: CompanyId,
    customer: CustomerId,
    channel: Uuid,
    handle: &str,
) -> Result<()> {
    sqlx::query(
        "INSERT INTO customer_handle (channel_id, handle, company_id, customer_id) VALUES ($1, $2, $3, $4)
         ON CONFLICT (customer_id, channel_id) DO UPDATE SET handle = excluded.handle",
    )
    .bind(channel)
    .bind(handle)
    .bind(company.0)
    .bind(customer.0)
    .execute(&mut *tx.connection)
    .await
    .map_err(|error| match &error {
        sqlx::Error::Database(database) if database.is_unique_violation() => {
            Error::AlreadyExists("another customer has this handle")
        }
        _ => error.into(),
    })?;
    Ok(())
}

#[async_trait]
impl Command for NewCustomer {
    type Output = Customer;

    async fn apply(self, tx: &mut Tx<'_>) -> Result<Customer> {
        sqlx::query("INSERT INTO customer (id, company_id, created_at) VALUES ($1, $2, $3)")
            .bind(self.id.0)
            .bind(self.company.0)
            .bind(self.at.0)
            .execute(&mut *tx.connection)
            .await?;
        write_profile(tx, self.id, &self.profile).await?;
        log_customer(tx, self.company, self.id, true, self.at).await?;
        find(tx.connection, self.company, self.id).await?.ok_or(Error::NotFound)
    }
}

/// Puts into the log that a customer became known, or that what is known of them changed.
pub(super) async fn log_customer(
    tx: &mut Tx<'_>,
    company: CompanyId,
    customer: CustomerId,
    is_new: bool,
    at: Timestamp,
) -> Result<()> {
    let kind = ChangeKind::Customer(customer);
    log(tx, Entry { company, conversation: None, customer: Some(customer), is_new, kind, at }).await
}

async fn write_profile(tx: &mut Tx<'_>, id: CustomerId, profile: &Profile) -> Result<()> {
    sqlx::query(
        "UPDATE customer SET name = $2, first_name = $3, last_name = $4, email = $5, phone = $6, username = $7,
                external_id = $8, avatar_url = $9, language = $10, room = $11, attributes = $12
         WHERE id = $1",
    )
    .bind(id.0)
    .bind(&profile.name)
    .bind(&profile.first_name)
    .bind(&profile.last_name)
    .bind(&profile.email)
    .bind(&profile.phone)
    .bind(&profile.username)
    .bind(&profile.external_id)
    .bind(&profile.avatar_url)
    .bind(&profile.language)
    .bind(&profile.room)
    .bind(serde_json::to_string(&profile.attributes).map_err(Error::internal)?)
    .execute(&mut *tx.connection)
    .await
    .map_err(|error| match &error {
        sqlx::Error::Database(database) if database.is_unique_violation() => {
            Error::AlreadyExists("a customer with this external_id")
        }
        _ => error.into(),
    })?;
    Ok(())
}

struct ChangeCustomer {
    company: CompanyId,
    id: CustomerId,
    change: ProfileChange,
    at: Timestamp,
}

#[async_trait]
impl Command for ChangeCustomer {
    type Output = Customer;

    async fn apply(self, tx: &mut Tx<'_>) -> Result<Customer> {
        let customer = find(tx.connection, self.company, self.id).await?.ok_or(Error::NotFound)?;
        let profile = customer.profile.clone().changed(self.change);
        if profile == customer.profile {
            return Ok(customer);
        }
        write_profile(tx, self.id, &profile).await?;
        log_customer(tx, self.company, self.id, false, self.at).await?;
        Ok(Customer { profile, ..customer })
    }
}

struct EraseCustomer {
    company: CompanyId,
    id: CustomerId,
    at: Timestamp,
}

#[async_trait]
impl Command for EraseCustomer {
    type Output = (Vec<String>, Vec<Uuid>);

    async fn apply(self, tx: &mut Tx<'_>) -> Result<Self::Output> {
        find(tx.connection, self.company, self.id).await?.ok_or(Error::NotFound)?;
        let keys = sqlx::query(
            "DELETE FROM attachment WHERE customer_id = $1 OR message_id IN
                 (SELECT m.id FROM message m JOIN conversation c ON c.id = m.conversation_id WHERE c.customer_id = $1)
             RETURNING key",
        )
        .bind(self.id.0)
        .fetch_all(&mut *tx.connection)
        .await?;
        let sessions = sqlx::query("DELETE FROM visitor_session WHERE customer_id = $1 RETURNING id")
            .bind(self.id.0)
            .fetch_all(&mut *tx.connection)
            .await?;
        // The newest message's row is emptied rather than deleted, so that its number is not given out again. Answers
        // that were kept may tell of the customer in any API's words, so none of the company's is kept: a request that
        // comes again after this is done again, but what has a client id is still stored once.
        sqlx::query(
            "DELETE FROM guest_session WHERE customer_id = $1;
             DELETE FROM customer_handle WHERE customer_id = $1;
             DELETE FROM webhook_delivery WHERE conversation_id IN (SELECT id FROM conversation WHERE customer_id = $1)
                    OR conversation_id IS NULL AND instr(body, $3) > 0;
             DELETE FROM idempotency_key WHERE company_id = $4;
             DELETE FROM delivery_job WHERE conversation_id IN (SELECT id FROM conversation WHERE customer_id = $1);
             UPDATE message SET content = '', attachments = NULL, sender_id = NULL, client_id = NULL
                 WHERE num = (SELECT max(num) FROM message)
                   AND conversation_id IN (SELECT id FROM conversation WHERE customer_id = $1);
             DELETE FROM message WHERE num < (SELECT max(num) FROM message)
                   AND conversation_id IN (SELECT id FROM conversation WHERE customer_id = $1);
             UPDATE conversation SET erased_at = $2, status = 'closed', subject = NULL, note = NULL, order_code = NULL,
                    meta = '{}', start_key = NULL WHERE customer_id = $1;
             UPDATE customer SET erased_at = $2, name = NULL, first_name = NULL, last_name = NULL, email = NULL,
                    phone = NULL, username = NULL, external_id = NULL, avatar_url = NULL, language = NULL, room = NULL,
                    attributes = '{}' WHERE id = $1",
        )
        .bind(self.id.0)
        .bind(self.at.0)
        .bind(self.id.to_string())
        .bind(self.company.0)
        .execute(&mut *tx.connection)
        .await?;
        Ok((
            keys.iter().map(|row| Ok(row.try_get(0)?)).collect::<Result<_>>()?,
            sessions.iter().map(|row| Ok(row.try_get(0)?)).collect::<Result<_>>()?,
        ))
    }
}
