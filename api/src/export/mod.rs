//! Exports: all posts of a query as lines of JSON or as CSV.

mod answer;
mod columns;
pub(crate) mod error;
mod format;
mod link;
mod payload;
mod writer;

pub(crate) use answer::answer;
pub(crate) use columns::Formulas;
pub(crate) use format::{Format, Shape};
