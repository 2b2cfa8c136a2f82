//! Items out of the bytes of an HTTP answer.

use futures::StreamExt;
use futures::stream::BoxStream;

use super::arrival::Item;
use super::failure::{Class, Failure};

/// Makes items of bytes, wherever their chunks begin and end.
pub trait Decoder: Send + 'static {
    /// The items that this chunk completes.
    fn push(&mut self, chunk: &[u8]) -> Vec<Item>;
}

/// The items of an answer, those that a chunk completes together.
pub fn decoded(
    answer: reqwest::Response,
    mut decoder: impl Decoder,
) -> BoxStream<'static, Result<Vec<Item>, Failure>> {
    let items = answer.bytes_stream().map(move |chunk| match chunk {
        Ok(chunk) => Ok(decoder.push(&chunk)),
        // For all we know it is the source that broke a connection which was open.
        Err(error) => Err(Failure::passing(Class::Dropped, json_api::broken(&error).to_string())),
    });
    items.boxed()
}
