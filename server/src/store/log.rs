//! The change log.

use crate::domain::{Change, LogPage, Result, Rev, Thread};
use async_trait::async_trait;
use shared::{CompanyId, CustomerId};

#[async_trait]
pub trait LogStore: Send + Sync + 'static {
    /// The newest rev of a company.
    async fn head_rev(&self, company: CompanyId) -> Result<Rev>;
    /// A customer's newest conversation with its newest messages, and the rev this is the state of.
    async fn snapshot(&self, company: CompanyId, customer: CustomerId) -> Result<(Option<Thread>, Rev)>;
    /// What happened in a company, or to one customer of it, after `after`: at most `limit` entries.
    async fn changes(
        &self,
        company: CompanyId,
        customer: Option<CustomerId>,
        after: Rev,
        limit: u32,
    ) -> Result<LogPage>;
}

/// Told of every change, in the order of the log, after it is on the disk.
pub trait ChangeSink: Send + Sync + 'static {
    fn publish(&self, changes: Vec<Change>);
}
