//! A post as an item of TweetsTable.

use std::collections::HashMap;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::packed::{PackedError, pack, unpack};
use crate::post::Storage;
use crate::{Keyword, Post, PostId};

/// The attribute with the compressed fields.
pub(super) const PACKED: &str = "packed";

/// A post as it is stored under a keyword.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct StoredPost {
    /// The post.
    #[serde(flatten)]
    pub post: Post,
    /// The keyword under which it was collected.
    pub keyword: Keyword,
    /// A newer version that is stored under the keyword, where an edit is a new post (X); absent if this is the newest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub superseded_by: Option<PostId>,
    /// When DynamoDB may delete it, in seconds since 1970.
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub expires_at: i64,
}

/// How much of a post is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// The fields that are attributes of their own.
    Attributes,
    /// All fields.
    Whole,
}

/// Why a post is no item, or an item no post.
#[derive(Debug, thiserror::Error)]
pub(super) enum ItemError {
    #[error(transparent)]
    Packed(#[from] PackedError),
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    #[error(transparent)]
    Attribute(#[from] serde_dynamo::Error),
}

type Item = HashMap<String, AttributeValue>;

/// The item of a post.
pub(super) fn to_item(stored: &StoredPost) -> Result<Item, ItemError> {
    let mut stored = stored.clone();
    let raw = stored.post.raw.take();
    let stored = serde_json::to_value(stored)?;
    let (mut item, mut packed) = (Item::new(), Map::new());
    for (name, value) in stored.as_object().into_iter().flatten() {
        if is_packed(name) {
            packed.insert(name.clone(), value.clone());
        } else {
            item.insert(name.clone(), serde_dynamo::to_attribute_value(value)?);
        }
    }
    if !packed.is_empty() || raw.is_some() {
        item.insert(PACKED.to_owned(), AttributeValue::B(Blob::new(pack(&packed, raw.as_ref())?)));
    }
    Ok(item)
}

/// The post of an item.
pub(super) fn from_item(mut item: Item, detail: Detail) -> Result<StoredPost, ItemError> {
    let packed = item.remove(PACKED);
    let mut fields: Map<String, Value> = serde_dynamo::from_item(item)?;
    let mut sent = None;
    if let (Detail::Whole, Some(AttributeValue::B(frame))) = (detail, packed) {
        let (packed, raw) = unpack(frame.as_ref())?;
        fields.extend(packed);
        sent = raw;
    }
    let mut stored: StoredPost = serde_json::from_value(fields.into())?;
    stored.post.raw = sent;
    Ok(stored)
}

fn is_packed(name: &str) -> bool {
    Post::FIELDS.iter().any(|field| field.name == name && field.storage == Storage::Packed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::post::Raw;
    use crate::tweets::TweetsTable;

    fn post(fields: Value) -> Post {
        let mut post =
            serde_json::json!({ "tweetId": "1", "createDate": "2026-11-23T10:00:00Z", "text": "" });
        post.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        serde_json::from_value(post).unwrap()
    }

    fn stored(post: Post) -> StoredPost {
        StoredPost { post, keyword: "rust".parse().unwrap(), superseded_by: None, expires_at: 9 }
    }

    #[test]
    fn attributes_are_named_as_the_fields_of_a_post() {
        let fields = serde_json::json!({
            "country": "LT", "countrySource": "place", "editedAt": "2026-11-23T10:00:00Z", "firstVersion": "0", "likes": 1,
        });
        let item = to_item(&StoredPost { superseded_by: Some("2".parse().unwrap()), ..stored(post(fields)) })
            .unwrap();
        type Table = TweetsTable;
        for attribute in [
            Table::PARTITION_KEY,
            Table::SORT_KEY,
            Table::INDEX_PARTITION_KEY,
            Table::INDEX_SORT_KEY,
            Table::TEXT,
            Table::COUNTRY,
            Table::COUNTRY_SOURCE,
            Table::EDITED_AT,
            Table::SUPERSEDED_BY,
            Table::TIME_TO_LIVE,
            PACKED,
        ] {
            assert!(item.contains_key(attribute), "{attribute}");
        }
        assert!(!item.contains_key("likes"));
    }

    #[test]
    fn an_item_holds_the_whole_post() {
        let fields = serde_json::json!({
            "authorId": "7", "references": [{ "kind": "quoted", "tweetId": "5" }], "likes": 3, "possiblySensitive": false,
            "hashtags": [{ "tag": "a", "start": 0, "end": 2 }], "readAt": "2026-11-23T10:00:05Z",
        });
        let whole =
            Post { raw: Some(Raw::new(serde_json::from_str("{\"b\":1, \"a\":2}").unwrap())), ..post(fields) };
        for post in [whole.clone(), post(serde_json::json!({}))] {
            let item = || to_item(&stored(post.clone())).unwrap();
            assert_eq!(from_item(item(), Detail::Whole).unwrap().post, post);
            let attributes = from_item(item(), Detail::Attributes).unwrap().post;
            assert_eq!((attributes.likes, &attributes.author_id), (None, &post.author_id));
        }
    }

    #[test]
    fn an_item_from_before_there_were_packed_fields_is_read() {
        let item = serde_json::json!({
            "tweetId": "1", "createDate": "2026-11-23T10:00:00.000Z", "text": "t", "keyword": "rust", "expiresAt": 5,
        });
        let stored = from_item(serde_dynamo::to_item(item).unwrap(), Detail::Whole).unwrap();
        assert_eq!((stored.post.text.as_str(), stored.expires_at), ("t", 5));
    }
}
