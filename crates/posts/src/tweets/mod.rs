//! TweetsTable: one item for each post and keyword.

mod attempts;
mod batch;
mod cancellation;
mod correct;
mod filter;
mod forget;
mod id_sum;
mod insert;
mod item;
mod notes;
mod packed;
mod query;
mod read;
mod scrub;
mod table;
mod transactions;
mod versions;
mod walk;

pub use correct::Correction;
pub use filter::{CountryFilter, PostFilter, Versions, Without};
pub use forget::{Doomed, DoomedPage, DoomedPosition, Forgotten};
pub use id_sum::{IdSum, InvalidIdSum};
pub use insert::Inserted;
pub use item::{Detail, StoredPost};
pub use query::{Found, FoundPage, Order, PostPage, PostPosition, PostQuery, RemovedPost};
pub use table::TweetsTable;
pub use walk::{ItemPosition, Walked};
