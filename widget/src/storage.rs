//! What the browser keeps for the panel: in its storage as far as there is consent, or in memory where it is denied or full.
//! Nothing is written before the visitor acts.

use crate::browser::{get, window};
use shared::Consent;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::Storage;

#[derive(Debug, Default)]
pub struct Store {
    /// Absent where there is no consent, and where the browser denies it: private windows, blocked third-party storage,
    /// sandboxed frames.
    storage: Option<Storage>,
    /// What the storage did not take.
    memory: Vec<(String, String)>,
    /// Something could only be kept in memory, though there is consent to more.
    is_forgetful: bool,
}

impl Store {
    /// What this browser has. Only looks; writes nothing.
    pub fn open(consent: Consent) -> Self {
        let name = match consent {
            Consent::Full => "localStorage",
            Consent::Session => "sessionStorage",
            Consent::None => return Self::default(),
        };
        // Where it is denied even the look may fail.
        Self::over(Some(get(&window(), name)).filter(JsValue::is_object).map(JsCast::unchecked_into))
    }

    /// Over this storage, or memory alone.
    pub fn over(storage: Option<Storage>) -> Self {
        // Some browsers hand the object out and deny every use of it.
        let storage = storage.filter(|storage| storage.length().is_ok());
        Self { is_forgetful: storage.is_none(), storage, memory: Vec::new() }
    }

    /// Goes over to another storage: what is kept under `prefix` moves there, and stays nowhere else.
    pub fn move_to(&mut self, mut other: Self, prefix: &str) {
        for key in self.keys_under(prefix) {
            if let Some(value) = self.get(&key) {
                self.remove(&key);
                other.set(&key, &value);
            }
        }
        *self = other;
    }

    /// Whether what is written here ends with the page.
    pub fn is_forgetful(&self) -> bool {
        self.is_forgetful
    }

    pub fn get(&self, key: &str) -> Option<String> {
        let in_memory = self.memory.iter().find(|(known, _)| known == key);
        match in_memory {
            Some((_, value)) => Some(value.clone()),
            None => self.storage.as_ref()?.get_item(key).ok()?,
        }
    }

    pub fn set(&mut self, key: &str, value: &str) {
        self.memory.retain(|(known, _)| known != key);
        let is_kept = self.storage.as_ref().is_some_and(|storage| storage.set_item(key, value).is_ok());
        if !is_kept {
            // Without consent there is no storage, and nothing amiss.
            self.is_forgetful |= self.storage.is_some();
            self.memory.push((key.to_owned(), value.to_owned()));
        }
    }

    pub fn remove(&mut self, key: &str) {
        self.memory.retain(|(known, _)| known != key);
        if let Some(storage) = &self.storage {
            // Removing needs no room; where it is denied there is nothing to remove.
            let _ = storage.remove_item(key);
        }
    }

    /// Removes all keys that begin so.
    pub fn clear(&mut self, prefix: &str) {
        for key in self.keys_under(prefix) {
            self.remove(&key);
        }
    }

    /// The values of all keys that begin so.
    pub fn values_under(&self, prefix: &str) -> Vec<String> {
        self.keys_under(prefix).iter().filter_map(|key| self.get(key)).collect()
    }

    fn keys_under(&self, prefix: &str) -> Vec<String> {
        let mut keys: Vec<String> = self.memory.iter().map(|(key, _)| key.clone()).collect();
        if let Some(storage) = &self.storage {
            let n_keys = storage.length().unwrap_or(0);
            let stored = (0..n_keys).filter_map(|index| storage.key(index).ok().flatten());
            let stored: Vec<String> = stored.filter(|key| !keys.contains(key)).collect();
            keys.extend(stored);
        }
        keys.retain(|key| key.starts_with(prefix));
        keys
    }
}
