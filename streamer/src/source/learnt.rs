//! What a source has found out and the next reader should know.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What a source has found out, by name: for example, in which words its search is to be asked. It outlives the process, so
/// keep it short. Copies share it.
#[derive(Clone, Debug, Default)]
pub struct Learnt(Arc<Mutex<BTreeMap<String, String>>>);

impl Learnt {
    /// Goes on from what the last reader has learnt.
    #[must_use]
    pub fn new(learnt: BTreeMap<String, String>) -> Self {
        Self(Arc::new(Mutex::new(learnt)))
    }

    fn facts(&self) -> MutexGuard<'_, BTreeMap<String, String>> {
        // Nothing panics while it holds the lock.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The fact with this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<String> {
        self.facts().get(name).cloned()
    }

    /// Notes a fact in place of the one with this name.
    pub fn note(&self, name: &str, fact: &str) {
        self.facts().insert(name.to_owned(), fact.to_owned());
    }

    /// All of it.
    pub(crate) fn all(&self) -> BTreeMap<String, String> {
        self.facts().clone()
    }
}
