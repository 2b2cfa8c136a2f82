//! Message bodies in a request to SQS.
//!
//! A body is JSON, and so is the request, so each quotation mark of a body is escaped. The SDK looks at every byte for that and copies the result
//! once more, which was a third of the streamer's work. Here the SDK writes a request with a number in the place of each body, and the bodies are
//! put in before it signs the request.

use aws_sdk_sqs::config::http::HttpRequest;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;

use crate::envelope::Parcel;

/// What stands in the place of a body until [`Bodies::put_into`].
pub(super) fn placeholder(number: usize) -> String {
    number.to_string()
}

/// The parcels whose bodies are a request's messages, in order.
pub(super) struct Bodies(pub(super) Vec<Parcel>);

/// The SDK wrote a request that is not understood, so nothing was sent.
#[derive(Debug, thiserror::Error)]
#[error("the SDK's request has no place for a message's body")]
pub(super) struct NoPlace;

impl Bodies {
    /// The request's body with the messages' bodies in their places. It is made once, and each attempt sends it.
    fn in_request(&self, request: &str) -> Result<Bytes, NoPlace> {
        let size: usize = self.0.iter().map(Parcel::bytes).sum();
        // With room for what is escaped.
        let mut whole = Vec::with_capacity(request.len() + size + size / 4);
        let mut rest = request;
        for (number, parcel) in self.0.iter().enumerate() {
            let place = format!(r#""MessageBody":"{}""#, placeholder(number));
            let (before, after) = rest.split_once(&place).ok_or(NoPlace)?;
            whole.extend_from_slice(before.as_bytes());
            whole.extend_from_slice(br#""MessageBody":""#);
            parcel.parts().for_each(|part| push_escaped(&mut whole, part));
            whole.push(b'"');
            rest = after;
        }
        whole.extend_from_slice(rest.as_bytes());
        Ok(whole.into())
    }

    /// Puts the bodies into the SDK's request.
    ///
    /// # Errors
    /// [`NoPlace`].
    pub(super) fn put_into(&self, mut request: HttpRequest) -> Result<HttpRequest, NoPlace> {
        let text = request.body().bytes().and_then(|bytes| std::str::from_utf8(bytes).ok()).ok_or(NoPlace)?;
        let whole = self.in_request(text)?;
        request.headers_mut().insert("content-length", whole.len().to_string());
        *request.body_mut() = SdkBody::from(whole);
        Ok(request)
    }
}

/// Writes a text as the inside of a JSON string.
fn push_escaped(out: &mut Vec<u8>, text: &str) {
    /// Small enough that room for twice as much costs nothing.
    const PART: usize = 4096;
    // Without an early end, so that many bytes are compared at a time.
    let has_control_characters = text.bytes().fold(false, |has, byte| has | (byte < 0x20));
    if has_control_characters {
        let quoted = serde_json::Value::from(text).to_string();
        out.extend_from_slice(&quoted.as_bytes()[1..quoted.len() - 1]);
        return;
    }
    text.as_bytes().chunks(PART).for_each(|part| push_escaped_part(out, part));
}

/// Writes bytes, each quotation mark and backslash behind a backslash, eight at a time.
fn push_escaped_part(out: &mut Vec<u8>, part: &[u8]) {
    const WORD: usize = 8;
    let start = out.len();
    // A whole word is written wherever one begins.
    out.resize(start + 2 * part.len() + WORD, 0);
    let places = &mut out[start..];
    let mut at = 0;
    let (words, rest) = part.as_chunks::<WORD>();
    for word in words {
        places[at..at + WORD].copy_from_slice(word);
        let word = u64::from_le_bytes(*word);
        let mut escaped = bytes_that_are(b'"', word) | bytes_that_are(b'\\', word);
        let mut written = 0;
        while escaped != 0 {
            let next = escaped.trailing_zeros() / 8;
            at += (next - written) as usize;
            places[at] = b'\\';
            at += 1;
            // The rest of the word moves up by one.
            places[at..at + WORD].copy_from_slice(&(word >> (8 * next)).to_le_bytes());
            written = next;
            escaped &= escaped - 1;
        }
        at += WORD - written as usize;
    }
    for byte in rest {
        if matches!(byte, b'"' | b'\\') {
            places[at] = b'\\';
            at += 1;
        }
        places[at] = *byte;
        at += 1;
    }
    out.truncate(start + at);
}

/// The highest bit of each byte of the word that is this one, an ASCII character.
fn bytes_that_are(byte: u8, word: u64) -> u64 {
    const LOW: u64 = u64::from_ne_bytes([0x7f; 8]);
    // Zero where they are the same. The sum of the lower bits carries into the highest bit unless they are all zero.
    let difference = word ^ u64::from_ne_bytes([byte; 8]);
    !(((difference & LOW) + LOW) | difference | LOW)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use utc_time::UtcTime;

    use super::*;
    use crate::envelope::EncodedPost;
    use crate::sources::{Head, Sent, Source};

    /// A parcel with this in it, whether or not it is JSON.
    fn parcel(sent: String) -> Parcel {
        let created = UtcTime::from_millis(0).unwrap();
        let head =
            Head { id: "1".parse().unwrap(), created, edited_at: None, author_id: None, is_repost: false };
        let mut parcel = Parcel::new("\\ \"quoted\"".parse().unwrap());
        parcel.add(&EncodedPost::encode(Sent::new(head, Source::X, sent), created).unwrap());
        parcel
    }

    proptest! {
        #[test]
        fn escaped_bodies_are_read_back_whatever_is_in_them(bodies in proptest::collection::vec("\\PC*|[\"\\\\\\x00-\\x1f a]*", 1..11)) {
            let entries: Vec<_> = (0..bodies.len())
                .map(|number| serde_json::json!({ "Id": number.to_string(), "MessageBody": placeholder(number) }))
                .collect();
            let request = serde_json::json!({ "QueueUrl": "q", "Entries": entries }).to_string();
            let parcels: Vec<Parcel> = bodies.into_iter().map(parcel).collect();
            let bodies: Vec<String> = parcels.iter().map(Parcel::body).collect();
            let whole = Bodies(parcels).in_request(&request).unwrap();
            let whole: serde_json::Value = serde_json::from_slice(&whole).unwrap();
            let read = whole["Entries"].as_array().unwrap().iter().map(|entry| entry["MessageBody"].as_str().unwrap().to_owned());
            prop_assert_eq!(read.collect::<Vec<_>>(), bodies);
        }
    }

    #[test]
    fn a_request_without_a_place_for_a_body_is_not_sent() {
        let bodies = Bodies(vec![parcel("{}".to_owned()), parcel("{}".to_owned())]);
        assert!(bodies.in_request(r#"{"Entries":[{"MessageBody":"0"}]}"#).is_err());
    }
}
