//! How many of something each of many has open. What is open counts until it is dropped.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex},
};

/// Holds a key for as long as it has something open.
#[derive(Debug)]
pub struct OpenCounts<K> {
    counts: Mutex<HashMap<K, u32>>,
    /// The most that one may have; 0 is no limit.
    max: u32,
}

/// One that is open.
#[derive(Debug)]
pub struct Open<K: Hash + Eq> {
    key: K,
    counts: Arc<OpenCounts<K>>,
}

impl<K: Hash + Eq + Clone> OpenCounts<K> {
    pub fn new(max: u32) -> Arc<Self> {
        Arc::new(Self { counts: Mutex::default(), max })
    }

    /// Counts one more, unless the key has as many as it may. `Ok(None)` where there is no limit.
    pub fn open(self: &Arc<Self>, key: K) -> Result<Option<Open<K>>, TooMany> {
        if self.max == 0 {
            return Ok(None);
        }
        let mut counts = self.counts.lock().expect("no panic while it is held");
        let count = counts.entry(key.clone()).or_default();
        if *count >= self.max {
            return Err(TooMany);
        }
        *count += 1;
        Ok(Some(Open { key, counts: Arc::clone(self) }))
    }
}

/// The key has as many open as it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooMany;

impl<K: Hash + Eq> Drop for Open<K> {
    fn drop(&mut self) {
        let mut counts = self.counts.counts.lock().expect("no panic while it is held");
        if let Some(count) = counts.get_mut(&self.key) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_closed_makes_room_and_leaves_nothing_behind() {
        let counts = OpenCounts::new(2);
        let first = counts.open('a').unwrap();
        let second = counts.open('a').unwrap();
        assert_eq!(counts.open('a').unwrap_err(), TooMany);
        let others = counts.open('b').unwrap();
        drop(first);
        let third = counts.open('a').unwrap();
        assert_eq!(counts.open('a').unwrap_err(), TooMany);
        drop((second, third, others));
        assert!(counts.counts.lock().unwrap().is_empty());
    }

    #[test]
    fn without_a_limit_nothing_is_counted() {
        let counts = OpenCounts::new(0);
        let open: Vec<_> = (0..100).map(|_| counts.open('a').unwrap()).collect();
        assert!(open.iter().all(Option::is_none));
        assert!(counts.counts.lock().unwrap().is_empty());
    }
}
