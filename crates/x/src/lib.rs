//! X's API v2, as its published description and its documentation have it: what it is asked, what it answers, what it
//! allows and what it charges. No AWS, no tables.

mod client;
mod lenient;
pub mod limits;
pub mod lines;
pub mod prices;
pub mod snowflake;
pub mod wire;

pub use client::{Bucket, Client, NewRule, Refused, Rule, RulesAdded, RulesPage, Search};
