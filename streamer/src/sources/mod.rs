//! The sources of posts, each in a folder of its own.

pub mod mastodon;
pub mod x;
