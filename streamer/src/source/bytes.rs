//! Decoding the bytes of an HTTP answer into items.

use futures::StreamExt;
use futures::stream::BoxStream;

use super::arrival::Item;
use super::failure::{Class, Failure};

/// Decodes bytes into items, however they are cut into chunks.
pub trait Decoder: Send + 'static {
    /// The items that this chunk completes.
    fn push(&mut self, chunk: &[u8]) -> Vec<Item>;
}

/// The items of an answer; the items that one chunk completes come together.
pub fn decoded(
    answer: reqwest::Response,
    mut decoder: impl Decoder,
) -> BoxStream<'static, Result<Vec<Item>, Failure>> {
    let items = answer.bytes_stream().map(move |chunk| match chunk {
        Ok(chunk) => Ok(decoder.push(&chunk)),
        // The connection was open, so as far as is known the source broke it.
        Err(error) => Err(Failure::passing(Class::Dropped, json_api::broken(&error).to_string())),
    });
    items.boxed()
}
