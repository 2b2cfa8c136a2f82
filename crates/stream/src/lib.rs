//! The state of collecting: what is requested of a stream, who reads it, how far reading has come, and how it is going.
//!
//! All of it is in StreamStatusTable, one or a few items for each module, except for [`close_queue`], whose messages say
//! no more than "look at what is requested now".

pub mod asked;
pub mod charged;
pub mod close_queue;
pub mod compliance;
pub mod forgetting;
mod gap_bound;
mod gap_records;
pub mod gaps;
pub mod history;
mod keyword_notes;
pub mod keyword_options;
pub mod keywords;
pub mod launch;
pub mod lease;
pub mod reading;
pub mod report;
pub mod restated;
mod source_name;
pub mod standby;
pub mod storing;
mod table;
pub mod tally;

pub use source_name::{SourceName, UnknownSource};
pub use table::{Added, Fenced, Lease, Saved, StreamStatusTable};
