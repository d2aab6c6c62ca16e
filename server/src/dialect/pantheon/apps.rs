//! The messaging apps there are.

use super::{
    convert,
    wire::{App as MessagingApp, AppId, Apps},
};
use crate::dialect::{Reader, Reply};

/// Lists the messaging apps
///
/// All of them are on one page. Their ids are what `on` takes.
#[utoipa::path(
    get,
    path = "/apps/getApps",
    tag = "pantheon",
    operation_id = "pantheon_list_apps",
    responses((status = 200, body = Apps)),
    security(("pantheon" = ["read"]))
)]
pub async fn list_apps(_caller: Reader) -> Reply<Apps> {
    let items = AppId::ALL.into_iter().map(|id| MessagingApp { id, name: convert::app_name(id) }).collect();
    Reply(Apps { items, next_cursor: () })
}
