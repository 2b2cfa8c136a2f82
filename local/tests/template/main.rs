//! `template.yaml` says what the code expects, and allows what the code does, and no more.
#![expect(clippy::panic, clippy::unwrap_used, reason = "the helpers of tests are tests")]

mod calls;
mod facts;
mod roles;
mod template;
#[path = "../faults/virtual_time.rs"]
mod virtual_time;
