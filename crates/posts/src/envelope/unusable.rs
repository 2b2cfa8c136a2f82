//! Parts of an envelope that can never be stored.

use std::fmt;

use serde_json::value::RawValue;

use super::encoded_post::PostTooLarge;
use super::escape::escape_for_sqs;
use super::limits::ENVELOPE_VERSION;
use crate::{Keyword, PostId};
use utc_time::UtcTime;

/// A post, or the removal of one, that can never be stored.
#[derive(Clone, PartialEq, Eq)]
pub struct Unusable {
    /// An envelope of the same keyword that holds this and nothing else.
    pub body: String,
    /// Why it can never be stored.
    pub reason: UnusableReason,
}

/// Why a part of an envelope can never be stored. The text names the fault and quotes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnusableReason {
    /// The post is too large.
    #[error(transparent)]
    TooLarge(#[from] PostTooLarge),
    /// The post is another kind of JSON value.
    #[error("the post is not a JSON object")]
    NotAnObject,
    /// The post's `tweetId` is missing or invalid.
    #[error("the post has no valid tweetId")]
    TweetId,
    /// The post's `createDate` is missing or invalid.
    #[error("the post has no valid createDate")]
    CreateDate,
    /// The post's `text` is missing or not a string.
    #[error("the post has no text")]
    Text,
    /// Another field of the post is invalid.
    #[error("a field of the post has an invalid value")]
    Field,
    /// What its source sent is no post.
    #[error("what the source sent is not a post: {0}")]
    Source(&'static str),
    /// A removed post's id is invalid.
    #[error("a removed post has no valid id")]
    RemovedId,
}

impl Unusable {
    /// A post that can never be stored.
    pub(super) fn post(keyword: &Keyword, post: &RawValue, reason: UnusableReason) -> Self {
        Self::new(keyword, format_args!(r#""posts":[{}]"#, post.get()), reason)
    }

    /// The removal of a post whose id is invalid.
    pub(super) fn removal(keyword: &Keyword, id: &RawValue) -> Self {
        let fields = format_args!(r#""posts":[],"removed":[{}]"#, id.get());
        Self::new(keyword, fields, UnusableReason::RemovedId)
    }

    fn new(keyword: &Keyword, fields: fmt::Arguments<'_>, reason: UnusableReason) -> Self {
        let keyword = serde_json::Value::from(keyword.as_str());
        let body = format!(r#"{{"version":{ENVELOPE_VERSION},"keyword":{keyword},{fields}}}"#);
        Self { body: escape_for_sqs(body), reason }
    }
}

impl fmt::Debug for Unusable {
    /// Leaves out the body: it holds what a person wrote.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unusable").field("reason", &self.reason).finish_non_exhaustive()
    }
}

impl UnusableReason {
    /// Why this JSON is not a post's. serde's own error would quote it.
    pub(super) fn of_post(json: &str) -> Self {
        let fields: serde_json::Value = serde_json::from_str(json).unwrap_or_default();
        let is = |field: &str, valid: fn(&str) -> bool| fields[field].as_str().is_some_and(valid);
        if !fields.is_object() {
            Self::NotAnObject
        } else if !is("tweetId", |text| text.parse::<PostId>().is_ok()) {
            Self::TweetId
        } else if !is("createDate", |text| text.parse::<UtcTime>().is_ok()) {
            Self::CreateDate
        } else if !is("text", |_| true) {
            Self::Text
        } else {
            Self::Field
        }
    }
}
