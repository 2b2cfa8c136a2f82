//! X's API v2, by its published description and documentation: requests, answers, limits and prices. No AWS, no tables.

mod client;
mod dialect;
mod lenient;
pub mod limits;
pub mod lines;
pub mod prices;
mod refusal;
pub mod snowflake;
pub mod wire;

pub use client::{BASE_URL, Bucket, Client, NewRule, Refused, Rule, RulesAdded, RulesPage, Search};
pub use dialect::Dialect;
pub use refusal::{Meaning, meaning};
