//! Porchlight's backend.
//!
//! Dependencies point one way: each `dialect`, `widget_api` and `web` use the `domain`'s use cases, the domain uses the [`store::Store`]
//! trait and [`live::Live`], and `store::sqlite` implements the trait. ARCHITECTURE.md has the whole picture.

pub mod admin;
pub mod app;
pub mod attachments;
pub mod auth;
pub mod client_address;
pub mod clock;
pub mod config;
pub mod connections;
pub mod connectors;
pub mod demo;
pub mod dialect;
pub mod domain;
pub mod files;
#[cfg(any(test, fuzzing))]
pub mod fuzz;
pub mod live;
pub mod mock_api;
pub mod openapi;
pub mod origin;
pub mod outbound;
pub mod rate_limit;
pub mod request_body;
pub mod responder;
pub mod router;
pub mod serve;
pub mod sse;
pub mod store;
pub mod web;
pub mod webhooks;
pub mod widget_api;
