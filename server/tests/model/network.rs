//! What is between the browser and the server: requests, answers and streams under way. It moves nothing by itself; each step
//! of the model delivers, loses, repeats or cuts one of them.

use crate::machine::Slot;
use axum::{
    body::{Body, BodyDataStream},
    http::{Method, Request, header},
};
use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    rc::Rc,
};

/// What a request came to.
#[derive(Clone, Debug)]
pub struct Reply {
    /// 0 when there was no answer.
    pub status: u16,
    pub body: Vec<u8>,
    pub retry_after_ms: Option<f64>,
}

impl Reply {
    pub const NONE: Self = Self { status: 0, body: Vec::new(), retry_after_ms: None };

    /// Of a proxy that answers for the server.
    pub fn of_proxy(status: u16, retry_after_seconds: Option<u8>) -> Self {
        let body = b"<html><h1>Sorry</h1></html>".to_vec();
        let retry_after_ms = retry_after_seconds.map(|seconds| f64::from(seconds) * 1000.0);
        Self { status, body, retry_after_ms }
    }
}

/// The panel's end of a stream.
#[derive(Default)]
pub struct StreamEnd {
    pub chunks: RefCell<VecDeque<Vec<u8>>>,
    /// It ended, or broke off.
    pub is_over: Cell<bool>,
    /// The panel wants no more of it.
    pub is_aborted: Cell<bool>,
}

/// Where an answer goes.
#[derive(Clone)]
pub enum Asker {
    Request(Slot<Reply>),
    /// The answer may be the beginning of a stream.
    Stream(Slot<Reply>, Rc<StreamEnd>),
}

impl Asker {
    pub fn slot(&self) -> &Slot<Reply> {
        match self {
            Self::Request(slot) | Self::Stream(slot, _) => slot,
        }
    }

    /// Whether nobody waits for an answer any more.
    pub fn is_gone(&self) -> bool {
        let is_aborted = matches!(self, Self::Stream(_, end) if end.is_aborted.get());
        is_aborted || self.slot().is_filled()
    }
}

/// A request under way.
#[derive(Clone)]
pub struct Call {
    pub method: Method,
    pub path: String,
    pub token: Option<String>,
    pub body: Option<String>,
    pub last_event_id: Option<String>,
    pub asker: Asker,
}

impl Call {
    pub fn to_http(&self) -> Request<Body> {
        let mut request = Request::builder().method(&self.method).uri(format!("/widget/v1{}", self.path));
        if let Some(token) = &self.token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        if let Some(position) = &self.last_event_id {
            request = request.header("last-event-id", position);
        }
        let request = match &self.body {
            Some(body) => {
                request.header(header::CONTENT_TYPE, "application/json").body(Body::from(body.clone()))
            }
            None => request.body(Body::empty()),
        };
        request.expect("the panel's requests are well formed")
    }
}

/// An answer under way.
pub struct Answer {
    pub asker: Asker,
    pub reply: Reply,
    /// The stream that begins with it.
    pub stream: Option<BodyDataStream>,
}

/// A stream under way.
pub struct Wire {
    /// What the server still says; absent when that is over.
    pub body: Option<BodyDataStream>,
    /// Said, and not arrived.
    pub pipe: VecDeque<u8>,
    pub end: Rc<StreamEnd>,
    /// What had happened when the server was last listened to.
    pub n_news: Option<u64>,
}

#[derive(Default)]
pub struct Network {
    pub calls: RefCell<Vec<Call>>,
    pub answers: RefCell<Vec<Answer>>,
    pub wires: RefCell<Vec<Wire>>,
}

impl Network {
    /// The browser has lost its network: nothing that is under way to it will arrive, and nobody tells it so.
    pub fn go_offline(&self) {
        self.answers.borrow_mut().clear();
        self.wires.borrow_mut().clear();
    }

    pub fn clear(&self) {
        self.calls.borrow_mut().clear();
        self.go_offline();
    }
}
