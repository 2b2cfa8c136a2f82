//! Counts as CloudWatch metrics.

mod client;
mod values;

pub(crate) use client::OLDEST;
pub use client::{MetricValue, Metrics, Published};
