//! Counts as CloudWatch metrics.

mod client;
mod hour_values;

pub(crate) use client::OLDEST;
pub use client::{HourValue, Metrics, Published};
