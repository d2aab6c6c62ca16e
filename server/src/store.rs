//! Where everything is kept: the traits that the domain uses, and SQLite behind them.
//!
//! To add another store, implement the traits of [`Store`] and run [`conformance`] against it. Rules of what may happen
//! are not the store's: it calls the domain's plain functions (`accept`, `renew`) inside the transaction that they
//! decide about.

pub mod conformance;
pub mod conversations;
pub mod customers;
pub mod deliveries;
pub mod directory;
pub mod log;
pub mod sessions;
pub mod sqlite;

pub use conversations::{
    Alter, AttachmentStore, ConversationStore, Mark, NewConversation, NewOpening, Opened, Reply, Started,
};
pub use customers::{CustomerStore, NewCustomer};
pub use deliveries::{DeliveryStore, KeptAnswer, NewDelivery, WebhookDelivery};
pub use directory::DirectoryStore;
pub use log::{ChangeSink, LogStore};
pub use sessions::{Identification, Identified, NewSession, SessionStore};

use crate::domain::Result;
use async_trait::async_trait;

/// Everything durable, in one place. When a call that changes something returns, the change is on the disk.
///
/// Every call about something that belongs to a company takes the company; what belongs to another is not there.
#[async_trait]
pub trait Store:
    DirectoryStore + CustomerStore + SessionStore + ConversationStore + AttachmentStore + LogStore + DeliveryStore
{
    /// Which life of the data this is. It changes when a backup is restored.
    fn epoch(&self) -> u32;

    /// Answers when the store can read and write.
    async fn check_ready(&self) -> Result<()>;

    /// Ends the store: what was taken is written, the log is folded into the database file.
    async fn close(&self);
}
