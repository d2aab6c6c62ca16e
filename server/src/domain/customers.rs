//! What can be done with customers: the use cases that every API calls.

use crate::{
    clock::{Clock, new_id},
    domain::{Customer, CustomerFilter, Error, Profile, ProfileChange, Result},
    live::Live,
    store::{NewCustomer, Store},
};
use shared::{CompanyId, CustomerId};
use std::sync::Arc;

/// Customers of all companies. Each call names the company, and sees nothing of any other.
#[derive(Clone)]
pub struct Customers {
    store: Arc<dyn Store>,
    live: Arc<Live>,
    clock: Arc<dyn Clock>,
}

impl Customers {
    pub fn new(store: Arc<dyn Store>, live: Arc<Live>, clock: Arc<dyn Clock>) -> Self {
        Self { store, live, clock }
    }

    pub async fn create(&self, company: CompanyId, profile: Profile) -> Result<Customer> {
        let at = self.clock.now();
        self.store
            .create_customer(NewCustomer { id: CustomerId(new_id(at)), company, profile, at })
            .await
    }

    pub async fn get(&self, company: CompanyId, id: CustomerId) -> Result<Customer> {
        self.store.customer(company, id).await?.ok_or(Error::NotFound)
    }

    /// Oldest first.
    pub async fn list(
        &self,
        company: CompanyId,
        filter: CustomerFilter,
        offset: u32,
        limit: u32,
    ) -> Result<Vec<Customer>> {
        self.store.customers(company, filter, offset, limit).await
    }

    pub async fn change(
        &self,
        company: CompanyId,
        id: CustomerId,
        change: ProfileChange,
    ) -> Result<Customer> {
        self.store.change_customer(company, id, change, self.clock.now()).await
    }

    /// Removes everything about a customer for good, and closes their streams. Answers with the keys of their files.
    pub async fn erase(&self, company: CompanyId, id: CustomerId) -> Result<Vec<String>> {
        let (files, sessions) = self.store.erase_customer(company, id, self.clock.now()).await?;
        for session in sessions {
            self.live.end_session(id, session);
        }
        Ok(files)
    }
}
