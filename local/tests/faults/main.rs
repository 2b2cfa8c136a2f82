//! The whole pipeline in virtual time, while everything that can fail fails.
#![expect(clippy::unwrap_used, clippy::panic, reason = "helper functions of tests may panic")]

mod batches;
mod both_sources;
mod by_hand;
mod compliance;
mod consistency;
mod corrections;
mod cost;
mod crash;
mod failing_calls;
mod forgetting;
mod history;
mod hours;
mod keyword_budget;
mod keyword_check;
mod log;
mod mastodon;
mod misbehaviour;
mod money;
mod new_source;
mod outages;
mod reconcile;
mod recovery;
mod rollout;
mod settings;
mod status;
mod stopped_keywords;
mod streaming;
mod trace;
mod versions;
mod virtual_time;
mod world;
