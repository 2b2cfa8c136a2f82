//! Mastodon's side of the wire: <https://docs.joinmastodon.org/methods/streaming/>.

mod client;
mod events;
mod status;

pub(crate) use client::Mastodon;
