//! Reading a message as an envelope.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::decode_error::DecodeError;
use super::encoded_post::PostTooLarge;
use super::limits::ENVELOPE_VERSION;
use super::unusable::{Unusable, UnusableReason};
use crate::sources::Source;
use crate::{Keyword, Post, PostId};
use utc_time::UtcTime;

/// The posts of one keyword that travelled in one message.
#[derive(Clone, Debug, PartialEq)]
pub struct Envelope {
    /// The keyword under which they were collected.
    pub keyword: Keyword,
    /// The posts, in the order of arrival.
    pub posts: Vec<Post>,
    /// Posts that their authors removed, after all of `posts`.
    pub removed: Vec<PostId>,
    /// Posts and removals that can never be stored.
    pub unusable: Vec<Unusable>,
}

impl Envelope {
    /// Reads a message's body. An invalid post does not affect the others: it becomes one of [`Envelope::unusable`].
    ///
    /// # Errors
    /// [`DecodeError`]; retrying does not help.
    pub fn decode(body: &str) -> Result<Self, DecodeError> {
        let Fields { keyword, posts, removed } = fields(body)?;
        let keyword = Keyword::try_from(keyword)?;
        let mut unusable = Vec::new();
        let decoded = posts.into_iter().filter_map(|json| match decode_post(json.get()) {
            Ok(post) => Some(post),
            Err(reason) => {
                unusable.push(Unusable::post(&keyword, json, reason));
                None
            }
        });
        let posts = decoded.collect();
        let decoded = removed.into_iter().filter_map(|json| match serde_json::from_str(json.get()) {
            Ok(id) => Some(id),
            Err(_) => {
                unusable.push(Unusable::removal(&keyword, json));
                None
            }
        });
        let removed = decoded.collect();
        Ok(Self { keyword, posts, removed, unusable })
    }
}

/// What an envelope holds, by its labels: its posts are not read. So the API's functions need nothing of what reads them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contents {
    /// The keyword under which the posts were collected.
    pub keyword: Keyword,
    /// The ids of the posts that have one.
    pub posts: Vec<PostId>,
}

impl Contents {
    /// Reads the labels of a message's body.
    ///
    /// # Errors
    /// [`DecodeError`].
    pub fn read(body: &str) -> Result<Self, DecodeError> {
        #[derive(Deserialize)]
        struct Label {
            #[serde(rename = "tweetId")]
            id: PostId,
        }
        let Fields { keyword, posts, .. } = fields(body)?;
        let label = |json: &RawValue| serde_json::from_str::<Label>(json.get()).ok();
        let posts = posts.into_iter().filter_map(label).map(|Label { id }| id).collect();
        Ok(Self { keyword: keyword.try_into()?, posts })
    }
}

/// Reads a post: what its source sent, or the post itself.
fn decode_post(json: &str) -> Result<Post, UnusableReason> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct SourceJson<'a> {
        read_at: Option<UtcTime>,
        #[serde(borrow)]
        x: Option<&'a RawValue>,
        #[serde(borrow)]
        mastodon: Option<&'a RawValue>,
        host: Option<String>,
    }
    PostTooLarge::check(json)?;
    let sent: Option<SourceJson<'_>> = serde_json::from_str(json).ok();
    let from = sent.and_then(|SourceJson { read_at, x, mastodon, host }| {
        let x = x.map(|json| (Source::X, json));
        let mastodon = || Some((Source::Mastodon { host: host? }, mastodon?));
        x.or_else(mastodon).map(|(source, json)| (source, json, read_at))
    });
    match from {
        Some((source, json, read_at)) => source.post(json, read_at).map_err(UnusableReason::Source),
        None => serde_json::from_str(json).map_err(|_| UnusableReason::of_post(json)),
    }
}

/// The fields of an envelope; posts and removed ids are still JSON.
struct Fields<'a> {
    keyword: String,
    posts: Vec<&'a RawValue>,
    removed: Vec<&'a RawValue>,
}

fn fields(body: &str) -> Result<Fields<'_>, DecodeError> {
    #[derive(Deserialize)]
    struct Json<'a> {
        #[serde(borrow)]
        version: Option<&'a RawValue>,
        #[serde(borrow)]
        keyword: Option<&'a RawValue>,
        #[serde(borrow)]
        posts: Option<&'a RawValue>,
        #[serde(borrow)]
        removed: Option<&'a RawValue>,
    }
    let json: &RawValue = serde_json::from_str(body).map_err(|error| {
        let (line, column) = (error.line(), error.column().max(1));
        if error.is_eof() {
            DecodeError::Truncated { line, column }
        } else {
            DecodeError::NotJson { line, column }
        }
    })?;
    // serde would also read an array as the fields, one after the other.
    if !json.get().starts_with('{') {
        return Err(DecodeError::NotAnEnvelope("it must be a JSON object"));
    }
    let json: Json<'_> = serde_json::from_str(json.get())
        .map_err(|_| DecodeError::NotAnEnvelope("a field occurs more than once"))?;
    let version: u32 = required(json.version, "version must be a whole number")?;
    if version > ENVELOPE_VERSION {
        return Err(DecodeError::FutureVersion { found: version });
    }
    Ok(Fields {
        keyword: required(json.keyword, "keyword must be a string")?,
        posts: required(json.posts, "posts must be an array")?,
        removed: match json.removed {
            None => Vec::new(),
            removed => required(removed, "removed must be an array")?,
        },
    })
}

/// A field that must be present; otherwise `expected` is the reason of the error.
fn required<'a, T: Deserialize<'a>>(
    field: Option<&'a RawValue>,
    expected: &'static str,
) -> Result<T, DecodeError> {
    let value = field.and_then(|field| serde_json::from_str(field.get()).ok());
    value.ok_or(DecodeError::NotAnEnvelope(expected))
}

#[cfg(test)]
mod tests {
    use super::super::limits::POST_BYTES;
    use super::*;

    #[test]
    fn what_will_never_parse_says_why_and_quotes_nothing() {
        for (body, expected) in [
            ("", "the message is truncated: its JSON is incomplete at line 1, column 1"),
            (
                r#"{"version":1,"keyword":"secret""#,
                "the message is truncated: its JSON is incomplete at line 1, column 31",
            ),
            ("secret", "the message is not valid JSON: syntax error at line 1, column 1"),
            (
                r#"{"version":1,"keyword":"secret"} secret"#,
                "the message is not valid JSON: syntax error at line 1, column 34",
            ),
            (r#"[1,"secret",[]]"#, "the message is not an envelope: it must be a JSON object"),
            ("7", "the message is not an envelope: it must be a JSON object"),
            ("{}", "the message is not an envelope: version must be a whole number"),
            (r#"{"version":"secret"}"#, "the message is not an envelope: version must be a whole number"),
            (r#"{"version":1,"version":1}"#, "the message is not an envelope: a field occurs more than once"),
            (
                r#"{"version":2,"posts":"secret"}"#,
                "the envelope has version 2, this program reads versions up to 1",
            ),
            (r#"{"version":1,"posts":[]}"#, "the message is not an envelope: keyword must be a string"),
            (
                r#"{"version":1,"keyword":"k","posts":"secret"}"#,
                "the message is not an envelope: posts must be an array",
            ),
            (
                r#"{"version":1,"keyword":"k","posts":[],"removed":"secret"}"#,
                "the message is not an envelope: removed must be an array",
            ),
            (
                &format!(r#"{{"version":1,"keyword":"{}","posts":[]}}"#, "k".repeat(2048)),
                "the envelope's keyword is invalid: a keyword may be at most 512 bytes of UTF-8 long, this one is 2048",
            ),
        ] {
            assert_eq!(Envelope::decode(body).unwrap_err().to_string(), expected);
        }
    }

    #[test]
    fn a_post_that_can_never_be_stored_affects_no_other_and_says_why() {
        let good = r#"{"tweetId":"1","createDate":"2026-11-23T10:00:00Z","text":"t"}"#;
        let large = good.replace(r#":"t""#, &format!(r#":"{}""#, "t".repeat(POST_BYTES)));
        for (bad, reason) in [
            ("7", "the post is not a JSON object"),
            (r#"{"createDate":"2026-11-23T10:00:00Z","text":"secret"}"#, "the post has no valid tweetId"),
            (&good.replace("2026-11-23", "yesterday"), "the post has no valid createDate"),
            (&good.replace(r#""t""#, "null"), "the post has no text"),
            (&good.replace('}', r#","country":"secret"}"#), "a field of the post has an invalid value"),
            (&large, "the post has 262205 bytes of JSON, the limit is 262144"),
        ] {
            let body = format!(r#"{{"version":1,"keyword":"k \"","posts":[{bad},{good}]}}"#);
            let envelope = Envelope::decode(&body).unwrap();
            assert_eq!(envelope.posts.len(), 1);
            assert_eq!(
                envelope.unusable.iter().map(|part| part.reason.to_string()).collect::<Vec<_>>(),
                [reason]
            );
            let again = Envelope::decode(&envelope.unusable[0].body).unwrap();
            assert_eq!(
                (again.keyword, again.posts.len(), &again.unusable),
                (envelope.keyword, 0, &envelope.unusable)
            );
        }
        let body = r#"{"version":1,"keyword":"k","posts":[],"removed":["1","no id"]}"#;
        let envelope = Envelope::decode(body).unwrap();
        assert_eq!((envelope.removed.len(), envelope.unusable.len()), (1, 1));
        assert_eq!(Envelope::decode(&envelope.unusable[0].body).unwrap().unusable, envelope.unusable);
    }

    #[test]
    fn fields_that_a_later_version_adds_are_ignored() {
        let envelope = Envelope::decode(r#"{"version":1,"keyword":"k","posts":[],"new":1}"#).unwrap();
        assert_eq!((envelope.keyword.as_str(), envelope.posts, envelope.removed), ("k", vec![], vec![]));
    }
}
