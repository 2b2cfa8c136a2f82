//! What every program of this workspace needs of its surroundings, whatever it does.

pub mod aws;
pub mod logs;
pub mod own_metrics;
pub mod parameters;
pub mod tables;
pub mod variables;
