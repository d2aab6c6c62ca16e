//! Porchlight's backend.
//!
//! Dependencies point one way: `widget_api` and `web` use the `domain`'s use cases, the domain uses the [`store::Store`]
//! trait and [`live::Live`], and `store::sqlite` implements the trait. ARCHITECTURE.md has the whole picture.

pub mod app;
pub mod auth;
pub mod clock;
pub mod config;
pub mod demo;
pub mod domain;
pub mod files;
pub mod live;
pub mod outbound;
pub mod responder;
pub mod router;
pub mod serve;
pub mod store;
pub mod web;
pub mod widget_api;
