//! The state of collecting: what is requested of a stream, who reads it, how far it came and how it fares.
//!
//! All of it is in StreamStatusTable, an item or a few for each module, but for [`close_queue`], which says no more
//! than "look at what is requested now".

pub mod close_queue;
mod gap_bound;
mod gap_records;
pub mod gaps;
mod keyword_notes;
pub mod keywords;
pub mod launch;
pub mod lease;
pub mod reading;
pub mod report;
mod restated;
pub mod storing;
mod table;

pub use table::{Added, Fenced, Lease, StreamStatusTable};
