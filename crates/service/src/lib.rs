//! What every program of this workspace needs around it.

pub mod aws;
pub mod logs;
pub mod namespace;
pub mod own_metrics;
pub mod parameters;
pub mod tables;
pub mod variables;
