//! What X sends, as far as it is read. <https://docs.x.com/x-api/fundamentals/data-dictionary>
//!
//! Any field may be absent, and is read in either dialect (see [`crate::Dialect`]): where a field has two names, a method of the
//! newer name returns it. Texts without JSON escapes are borrowed from the input.

mod entities;
mod head;
mod media;
mod message;
mod page;
mod place;
mod post;
mod user;

pub use entities::{Entities, Link, Mention, Tag};
pub use head::{PostHead, StreamHead};
pub use media::{Media, Variant};
pub use message::{Includes, MatchedRule, Message, Problem};
pub use page::{Meta, SearchPage};
pub use place::Place;
pub use post::{Attachments, Geo, NotePost, Post, PublicMetrics, ReferencedPost, Withheld};
pub use user::{User, UserMetrics};
