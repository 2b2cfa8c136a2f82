//! `template.yaml` matches what the code expects, and allows exactly what the code does.
#![expect(clippy::panic, clippy::unwrap_used, reason = "helper functions of tests may panic")]

mod calls;
mod deployer;
mod facts;
mod roles;
mod template;
#[path = "../faults/virtual_time.rs"]
mod virtual_time;
