//! The contract of a source of posts, and what sources share. The sources themselves are in `sources`.

mod arrival;
mod backoff;
mod bytes;
mod contract;
mod failure;
mod learnt;
mod memory;
mod opted_out;
mod rate_limits;

pub use arrival::{Arrival, Item};
pub use backoff::{Backoff, BackoffRules};
pub use bytes::{Decoder, decoded};
pub use contract::{
    Connection, Extent, FetchedPage, KeywordState, Refusal, RequestedKeywords, Rest, Selection, Source, Usage,
};
pub use failure::{Class, Failure};
pub use learnt::Learnt;
pub use memory::Memory;
pub use opted_out::OptedOut;
pub use rate_limits::{ConnectQuota, RateLimits};
