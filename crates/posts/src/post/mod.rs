//! A post.

mod cell;
mod entities;
mod fields;
mod id;
mod kind;
mod media;
mod raw;
mod reference;

pub use cell::Cell;
pub use entities::{Link, Mention, Tag};
pub use fields::{Post, PostField, Storage};
pub use id::{InvalidPostId, PostId};
pub use kind::PostKind;
pub use media::{Media, MediaKind};
pub use raw::Raw;
pub use reference::{Reference, ReferenceKind};
