//! The attribute `packed`: all fields of a post that no condition or filter uses, compressed together.
//!
//! It is a Zstandard frame with a dictionary; two lines of text: the fields as a JSON object, and what the source sent, if it is kept. What
//! the source sent repeats the fields, so that it adds little ([decision 22](../../../../docs/decisions/0022-what-is-packed.md)).

use std::cell::RefCell;
use std::sync::LazyLock;

use serde_json::value::RawValue;
use serde_json::{Map, Value};
use zstd::bulk::{Compressor, Decompressor};
use zstd::dict::{DecoderDictionary, EncoderDictionary};

use crate::post::Raw;

/// What the frames of this version begin from: pieces of made-up posts. A frame names its dictionary, so this one is never changed while
/// posts that need it are stored. `cargo run -p local --example dictionary` makes another.
const DICTIONARY: &[u8] = include_bytes!("packed.dict");

/// The level of compression: higher ones take longer and save less than a hundredth of an item (`docs/BENCHMARKS.md`).
const LEVEL: i32 = 6;

/// The most that a frame may hold. A post has at most [`crate::envelope::POST_BYTES`] of JSON, from which all fields are read.
const MOST_BYTES: usize = 4 * crate::envelope::POST_BYTES;

static ENCODER: LazyLock<EncoderDictionary<'static>> =
    LazyLock::new(|| EncoderDictionary::copy(DICTIONARY, LEVEL));
static DECODER: LazyLock<DecoderDictionary<'static>> = LazyLock::new(|| DecoderDictionary::copy(DICTIONARY));

thread_local! {
    static COMPRESSOR: RefCell<Option<Compressor<'static>>> = const { RefCell::new(None) };
    static DECOMPRESSOR: RefCell<Option<Decompressor<'static>>> = const { RefCell::new(None) };
}

/// Why fields cannot be packed or unpacked.
#[derive(Debug, thiserror::Error)]
pub(super) enum PackedError {
    #[error("Zstandard: {0}")]
    Zstandard(#[from] std::io::Error),
    #[error("the packed fields would have {0} bytes")]
    TooLarge(u64),
    #[error("the packed fields are not JSON")]
    NotJson,
}

/// Packs fields and what the source sent.
pub(super) fn pack(fields: &Map<String, Value>, raw: Option<&Raw>) -> Result<Vec<u8>, PackedError> {
    let mut text = serde_json::to_string(fields).map_err(|_| PackedError::NotJson)?;
    if let Some(raw) = raw {
        text.push('\n');
        text.push_str(raw.as_str());
    }
    COMPRESSOR.with_borrow_mut(|compressor| {
        let compressor = match compressor {
            Some(compressor) => compressor,
            None => compressor.insert(Compressor::with_prepared_dictionary(&ENCODER)?),
        };
        Ok(compressor.compress(text.as_bytes())?)
    })
}

/// The packed fields, and what the source sent.
pub(super) fn unpack(frame: &[u8]) -> Result<(Map<String, Value>, Option<Raw>), PackedError> {
    let size = zstd::zstd_safe::get_frame_content_size(frame).ok().flatten();
    let size = size.ok_or(PackedError::NotJson)?;
    let size =
        usize::try_from(size).ok().filter(|size| *size <= MOST_BYTES).ok_or(PackedError::TooLarge(size))?;
    let text = DECOMPRESSOR.with_borrow_mut(|decompressor| {
        let decompressor = match decompressor {
            Some(decompressor) => decompressor,
            None => decompressor.insert(Decompressor::with_prepared_dictionary(&DECODER)?),
        };
        decompressor.decompress(frame, size)
    })?;
    let text = std::str::from_utf8(&text).map_err(|_| PackedError::NotJson)?;
    // serde_json writes no line break inside an object.
    let (fields, raw) = text.split_once('\n').map_or((text, None), |(fields, raw)| (fields, Some(raw)));
    let raw = raw.map(serde_json::from_str::<&RawValue>).transpose().map_err(|_| PackedError::NotJson)?;
    Ok((serde_json::from_str(fields).map_err(|_| PackedError::NotJson)?, raw.map(Raw::new)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_is_unpacked_byte_for_byte() {
        let fields = serde_json::json!({ "likes": 3, "url": "line\nbreak \u{2028} 🦀" });
        let fields = fields.as_object().unwrap();
        let raw = Raw::new(serde_json::from_str("{ \"z\":1.50,\n\t\"a\":[] }").unwrap());
        for raw in [Some(&raw), None] {
            let (unpacked, sent) = unpack(&pack(fields, raw).unwrap()).unwrap();
            assert_eq!((&unpacked, sent.as_ref()), (fields, raw));
        }
    }

    #[test]
    fn what_is_no_frame_of_this_version_is_an_error() {
        let frame = pack(&Map::new(), None).unwrap();
        for broken in [&[][..], b"no frame", &frame[..frame.len() - 1]] {
            assert!(unpack(broken).is_err());
        }
        let large = zstd::bulk::compress(&vec![0; MOST_BYTES + 1], 1).unwrap();
        assert_eq!(unpack(&large).unwrap_err().to_string(), "the packed fields would have 1048577 bytes");
    }
}
