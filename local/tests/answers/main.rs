//! The api's answers, good and bad, over a machine whose tables the tests fill.
#![expect(clippy::unwrap_used, reason = "the helpers of tests are tests")]

mod cloudwatch;
mod examples;
mod exports;
mod keys;
mod program;
mod snapshots;
mod walk;
mod world;
