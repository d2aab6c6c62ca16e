//! Stands in for the crate of this name. Leptos brings it for server functions, which the panel has none of; but it exports
//! functions to JavaScript, and what is exported is downloaded by every visitor, whether anything calls it or not.
//!
//! What is here is what Leptos names of it, so that everything compiles. None of it is ever called.

use futures_util::stream::{Pending, pending};
use wasm_bindgen::JsValue;

/// Streams of server functions.
#[derive(Debug)]
pub struct ReadableStream(web_sys::ReadableStream);

impl ReadableStream {
    pub fn from_raw(raw: web_sys::ReadableStream) -> Self {
        Self(raw)
    }

    pub fn from_stream<S>(_stream: S) -> Self {
        unreachable!("the panel calls no server function")
    }

    pub fn into_raw(self) -> web_sys::ReadableStream {
        self.0
    }

    pub fn into_stream(self) -> Pending<Result<JsValue, JsValue>> {
        pending()
    }
}
