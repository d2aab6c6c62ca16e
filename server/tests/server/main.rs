//! The server through its public door: requests into the router, answers and streams out of it. No network, no sleeps,
//! a clock that the test holds, a directory of its own for each test.

mod admin;
mod architecture;
mod attachments;
mod bad_input;
mod connections;
mod connectors;
mod conversations;
mod docs;
mod embedding;
mod failure_classes;
mod golden;
mod headers;
mod identity;
mod iris;
mod languages;
mod limits;
mod maintenance;
mod mock_agent;
mod origins;
mod pact;
mod pantheon;
mod permissions;
mod pingback;
mod receiver;
mod scenario;
mod sessions;
mod slow_bodies;
mod store;
mod stream;
mod support;
mod web;
mod webhooks;
mod widgets;
