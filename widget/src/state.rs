//! What the panel knows and decides, without a browser: no web types, no clock, no randomness of its own. Times come in
//! as milliseconds since 1970, random numbers as fractions of one.
//!
//! Its tests run natively only: they need nothing of a browser, and proptest none of it either.

pub mod attachments;
pub mod backoff;
pub mod color;
pub mod connection;
pub mod formatting;
pub mod links;
pub mod outbox;
pub mod rows;
pub mod tabs;
pub mod timeline;
pub mod tray;
pub mod typing;
pub mod unread;
pub mod window;
