//! What browsers fetch besides the API: the loader, the panel's document and assets, the demo pages, files, the APIs'
//! documentation, health.

pub mod around;
pub mod assets;
pub mod compress;
pub mod demo;
pub mod docs;
pub mod files;
pub mod health;
pub mod loader;
pub mod panel;
pub mod preview;

use self::compress::Compressed;
use shared::WidgetSettings;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

/// Answers made of settings that are kept, so that they are compressed once and not for each page view.
const KEPT_MAX: usize = 1000;

/// What the web handlers keep.
pub struct Web {
    /// Whether the demo pages are there.
    pub is_mock: bool,
    loaders: Kept,
    documents: Kept,
}

/// Bodies made of a widget's settings, by those settings.
#[derive(Default)]
struct Kept(Mutex<HashMap<String, Arc<Compressed>>>);

impl Web {
    pub fn new(is_mock: bool) -> Self {
        Self { is_mock, loaders: Kept::default(), documents: Kept::default() }
    }
}

impl Kept {
    /// The body for these settings; made by `make` when it isn't kept. Settings that change are other settings.
    fn get(&self, settings: &str, make: impl FnOnce() -> String) -> Arc<Compressed> {
        let mut kept = self.0.lock().expect("no panic while it is held");
        if let Some(body) = kept.get(settings) {
            return Arc::clone(body);
        }
        if kept.len() >= KEPT_MAX {
            kept.clear();
        }
        let body = Arc::new(Compressed::new(make().into_bytes()));
        kept.insert(settings.to_owned(), Arc::clone(&body));
        body
    }
}

/// Settings as JSON that may stand inside a script, in HTML or JavaScript: nothing in it ends a script or a line.
fn settings_json(settings: &WidgetSettings) -> String {
    serde_json::to_string(settings)
        .expect("settings have string keys and no failing serializers")
        .replace('<', "\\u003c")
        .replace('\u{2028}', "\\u2028")
        .replace('\u{2029}', "\\u2029")
}
