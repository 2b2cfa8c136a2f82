//! X's API v2, by its published description and documentation: requests, answers, limits and prices. No AWS, no tables.
//!
//! X changes: its limits and prices, its fields and their names, what its search returns. So the programs take X's numbers and words
//! from here alone, and answers are read leniently: what is new is ignored, what is missing is absent. [`facts`] says which description
//! of X's this crate follows, where each number comes from, and when it was last compared with its source; `CONTRIBUTING.md` says what
//! to do when X changes.

mod client;
mod dialect;
pub mod facts;
mod lenient;
pub mod limits;
pub mod lines;
pub mod prices;
mod refusal;
mod rule;
pub mod snowflake;
pub mod wire;

pub use client::{
    BASE_URL, Bucket, Client, ComplianceAction, ComplianceJob, ComplianceLine, CountsPage, JobStatus,
    NewRule, Reach, Refused, Rule, RuleVerdict, RulesAdded, RulesPage, Search, Usage,
};
pub use dialect::Dialect;
pub use refusal::{Meaning, meaning, names_others_than_query, names_query};
pub use rule::rule_value;
