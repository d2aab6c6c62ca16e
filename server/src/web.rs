//! What browsers fetch besides the API: the loader, the panel's document, languages and assets, the demo pages, files, the
//! APIs' documentation, health.

pub mod around;
pub mod assets;
pub mod compress;
pub mod demo;
pub mod docs;
pub mod files;
pub mod health;
pub mod languages;
pub mod loader;
pub mod panel;
pub mod preview;

use self::compress::Compressed;
use axum::http::{HeaderMap, header::AsHeaderName};
use serde::Serialize;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

/// Answers that are kept, so that they are compressed once and not for each page view. The panel's document is another one
/// for each widget and language.
const KEPT_MAX: usize = 1000;

/// What the web handlers keep.
pub struct Web {
    /// Whether the demo pages are there.
    pub is_mock: bool,
    loaders: Kept,
    loader_modules: Kept,
    documents: Kept,
    texts: Kept,
}

/// Bodies, each by all that it is made of.
#[derive(Default)]
struct Kept(Mutex<HashMap<String, Arc<Compressed>>>);

impl Web {
    pub fn new(is_mock: bool) -> Self {
        Self {
            is_mock,
            loaders: Kept::default(),
            loader_modules: Kept::default(),
            documents: Kept::default(),
            texts: Kept::default(),
        }
    }
}

impl Kept {
    /// The body that is made of this; made by `make` when it isn't kept. Settings that change are other settings.
    fn get(&self, made_of: &str, make: impl FnOnce() -> String) -> Arc<Compressed> {
        let mut kept = self.0.lock().expect("no panic while it is held");
        if let Some(body) = kept.get(made_of) {
            return Arc::clone(body);
        }
        if kept.len() >= KEPT_MAX {
            kept.clear();
        }
        let body = Arc::new(Compressed::new(make().into_bytes()));
        kept.insert(made_of.to_owned(), Arc::clone(&body));
        body
    }
}

fn settings_json(settings: &impl Serialize) -> String {
    for_script(
        &serde_json::to_string(settings).expect("settings have string keys and no failing serializers"),
    )
}

/// JSON as it may stand inside a script, in HTML or JavaScript: nothing in it ends a script or a line.
fn for_script(json: &str) -> String {
    json.replace('<', "\\u003c").replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029")
}

/// What a header of the `Accept` family lists, each with its weight. What is refused, or weighs nothing that can be read, is
/// left out.
fn accepted(request: &HeaderMap, name: impl AsHeaderName) -> impl Iterator<Item = (&str, f32)> {
    let lists = request.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
    let weighed = lists.flat_map(|list| list.split(',')).filter_map(|item| {
        let (name, parameters) = item.split_once(';').unwrap_or((item, ""));
        let weight = parameters.trim().strip_prefix("q=").unwrap_or("1");
        Some((name.trim(), weight.trim().parse().ok()?))
    });
    weighed.filter(|(_, weight)| *weight > 0.0)
}
