//! TweetsTable: one item for each post and keyword.

mod attempts;
mod correct;
mod insert;
mod read;
mod table;
mod taken_back;

pub use correct::Correction;
pub use insert::Inserted;
pub use read::{Filter, Order, Position, PostPage, PostQuery};
pub use table::{StoredPost, TweetsTable};
