//! A world's settings.

use serde_json::Value;

/// A world's settings.
#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) seed: u64,
    pub(crate) rate: f64,
    pub(crate) daily_post_budget: Option<u64>,
    pub(crate) backfill: bool,
    /// Whether X charges for users, and the machine knows it.
    pub(crate) charged_for_users: bool,
    /// Whether posts are stored with what their source sent.
    pub(crate) keep_raw: bool,
    /// Posts that are played once, instead of made-up ones.
    pub(crate) recording: Option<Vec<Value>>,
    /// Whether they keep their ids and times.
    pub(crate) keep_ids: bool,
}

impl Settings {
    pub(crate) fn seed(seed: u64) -> Self {
        Self {
            seed,
            rate: 1.0,
            daily_post_budget: None,
            backfill: false,
            charged_for_users: false,
            keep_raw: true,
            recording: None,
            keep_ids: false,
        }
    }
}
