//! What can be done with customers: the use cases that every API calls.

use crate::{
    clock::{Clock, new_id},
    domain::{Customer, CustomerFilter, Error, Profile, ProfileChange, Result, Said},
    live::Live,
    store::{NewCustomer, Store},
};
use shared::{CompanyId, CustomerId};
use std::sync::Arc;

/// Guests of one room who are looked through for a name. Rooms have had more, but not at once.
const GUESTS_OF_A_ROOM: u32 = 100;

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
        self.store.create_customer(NewCustomer { id: CustomerId(new_id(at)), company, profile, at }).await
    }

    pub async fn get(&self, company: CompanyId, id: CustomerId) -> Result<Customer> {
        self.store.customer(company, id).await?.ok_or(Error::NotFound)
    }

    /// The guest of a room who has this last name, in any letter case; of several the newest.
    pub async fn guest_of_room(&self, company: CompanyId, last_name: &str, room: String) -> Result<Customer> {
        let last_name = last_name.trim().to_lowercase();
        let guests = self.store.customers(company, CustomerFilter::Room(room), 0, GUESTS_OF_A_ROOM).await?;
        let has_name = |guest: &Customer| {
            let (_, last) = guest.first_and_last_name();
            last.is_some_and(|last| last.trim().to_lowercase() == last_name)
        };
        guests.into_iter().find(has_name).ok_or(Error::NotFound)
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

    /// Notes what a page says of its visitor, which is not proven.
    pub async fn note_said(&self, company: CompanyId, id: CustomerId, said: Said) -> Result<()> {
        self.store.note_said(company, id, said, self.clock.now()).await
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
