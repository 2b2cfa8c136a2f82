//! The API's answers, on a machine whose tables are filled by the tests.
#![expect(clippy::unwrap_used, reason = "helper functions of tests may panic")]

mod cloudwatch;
mod docs_page;
mod examples;
mod exports;
mod keys;
mod life;
mod limits;
mod page;
mod program;
mod recording;
mod snapshots;
mod walk;
mod world;
