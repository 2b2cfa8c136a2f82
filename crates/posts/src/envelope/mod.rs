//! The envelope: what one message on TweetsFifoQueue holds.
//!
//! It is readable JSON: `{"version":1,"keyword":"rust","posts":[…],"removed":["1"]}`. The streamer packs one with
//! [`Parcel`], the consumer reads it with [`Envelope::decode`].

mod decode;
mod decode_error;
mod encoded_post;
mod escape;
mod limits;
mod parcel;
mod unusable;

pub use decode::{Contents, Envelope};
pub use decode_error::DecodeError;
pub use encoded_post::{EncodedPost, PostTooLarge};
pub use limits::{ENVELOPE_BYTES, ENVELOPE_VERSION, POST_BYTES};
pub use parcel::Parcel;
pub use unusable::{Unusable, UnusableReason};
