//! Customers and their handles.

use crate::domain::{Customer, CustomerFilter, Profile, ProfileChange, Result, Said};
use async_trait::async_trait;
use shared::{CompanyId, CustomerId, Timestamp};
use uuid::Uuid;

#[derive(Clone, Debug)]
pub struct NewCustomer {
    pub id: CustomerId,
    pub company: CompanyId,
    pub profile: Profile,
    pub at: Timestamp,
}

#[async_trait]
pub trait CustomerStore: Send + Sync + 'static {
    /// Fails with [`crate::domain::Error::AlreadyExists`] when the external id is another customer's.
    async fn create_customer(&self, customer: NewCustomer) -> Result<Customer>;
    async fn customer(&self, company: CompanyId, id: CustomerId) -> Result<Option<Customer>>;
    /// Oldest first; the guests of a room newest first.
    async fn customers(
        &self,
        company: CompanyId,
        filter: CustomerFilter,
        offset: u32,
        limit: u32,
    ) -> Result<Vec<Customer>>;
    async fn change_customer(
        &self,
        company: CompanyId,
        id: CustomerId,
        change: ProfileChange,
        at: Timestamp,
    ) -> Result<Customer>;
    /// Notes what a page says of its visitor, by [`Said::noted_in`].
    async fn note_said(
        &self,
        company: CompanyId,
        customer: CustomerId,
        said: Said,
        at: Timestamp,
    ) -> Result<()>;
    /// Removes everything about a customer: profile, handles, sessions, conversations, messages. Answers with the keys of
    /// their files, which are the caller's to remove, and the sessions that ended.
    async fn erase_customer(
        &self,
        company: CompanyId,
        id: CustomerId,
        at: Timestamp,
    ) -> Result<(Vec<String>, Vec<Uuid>)>;
    /// Whoever has this handle on a channel.
    async fn customer_by_handle(
        &self,
        company: CompanyId,
        channel: Uuid,
        handle: &str,
    ) -> Result<Option<Customer>>;
}
