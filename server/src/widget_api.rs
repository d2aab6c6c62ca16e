//! `/widget/v1`: what the panel calls. Wire types are the `shared` crate's; here they are read, checked and converted,
//! and nothing is decided.

pub mod attachments;
pub mod conversations;
pub mod convert;
pub mod error;
pub(crate) mod extract;
pub mod guard;
pub mod messages;
mod palette;
pub mod sessions;
pub mod stream;
pub mod visitor;
pub mod widgets;
