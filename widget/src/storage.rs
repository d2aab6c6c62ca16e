//! The browser's `localStorage`, or memory where it is denied or full. Nothing is written before the visitor acts.

use crate::browser::window;
use wasm_bindgen::JsValue;
use web_sys::Storage;

#[derive(Debug, Default)]
pub struct Store {
    /// Absent where the browser denies it: private windows, blocked third-party storage, sandboxed frames.
    local: Option<Storage>,
    /// What `local` did not take.
    memory: Vec<(String, String)>,
    /// Something could only be kept in memory.
    is_forgetful: bool,
}

impl Store {
    /// What this browser has. Only looks; writes nothing.
    pub fn open() -> Self {
        Self::over(window().local_storage().ok().flatten())
    }

    /// Over this storage, or memory alone.
    pub fn over(local: Option<Storage>) -> Self {
        // Some browsers hand the object out and deny every use of it.
        let local = local.filter(|local| local.length().is_ok());
        Self { is_forgetful: local.is_none(), local, memory: Vec::new() }
    }

    /// Whether what is written here ends with the page.
    pub fn is_forgetful(&self) -> bool {
        self.is_forgetful
    }

    /// The browser's own, for a part that is not of Rust; `undefined` where it is denied.
    pub fn local(&self) -> JsValue {
        self.local.clone().into()
    }

    pub fn get(&self, key: &str) -> Option<String> {
        let in_memory = self.memory.iter().find(|(known, _)| known == key);
        match in_memory {
            Some((_, value)) => Some(value.clone()),
            None => self.local.as_ref()?.get_item(key).ok()?,
        }
    }

    pub fn set(&mut self, key: &str, value: &str) {
        self.memory.retain(|(known, _)| known != key);
        let is_kept = self.local.as_ref().is_some_and(|local| local.set_item(key, value).is_ok());
        if !is_kept {
            self.is_forgetful = true;
            self.memory.push((key.to_owned(), value.to_owned()));
        }
    }

    pub fn remove(&mut self, key: &str) {
        self.memory.retain(|(known, _)| known != key);
        if let Some(local) = &self.local {
            // Removing needs no room; where it is denied there is nothing to remove.
            let _ = local.remove_item(key);
        }
    }

    /// The values of all keys that begin so.
    pub fn values_under(&self, prefix: &str) -> Vec<String> {
        let Some(local) = &self.local else {
            return Vec::new();
        };
        let n_keys = local.length().unwrap_or(0);
        let keys = (0..n_keys).filter_map(|index| local.key(index).ok().flatten());
        keys.filter(|key| key.starts_with(prefix)).filter_map(|key| self.get(&key)).collect()
    }
}
