//! Cursors: where the next page of posts begins.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use posts::tweets::{PostPosition, PostQuery};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::error::ApiError;

/// Where the next page of a query begins.
///
/// A cursor names no keyword: the posts are always those of the request's own, so a forged cursor gives access to nothing
/// else. It carries a fingerprint of the query, so that one used with another query by mistake is refused, instead of
/// skipping posts silently.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PageCursor {
    at: PostPosition,
    of: String,
}

impl PageCursor {
    /// The cursor of `position` in the posts of `query`.
    pub(crate) fn encode(position: PostPosition, query: &PostQuery) -> Result<String, serde_json::Error> {
        let cursor = Self { at: position, of: fingerprint(query)? };
        Ok(URL_SAFE_NO_PAD.encode(serde_json::to_vec(&cursor)?))
    }

    /// The position of the cursor `text` in the posts of `query`.
    ///
    /// # Errors
    /// The API did not issue this cursor, or issued it for another query.
    pub(crate) fn decode(text: &str, query: &PostQuery) -> Result<PostPosition, ApiError> {
        let unusable = |reason: &str| ApiError::Unusable { field: "cursor", reason: reason.to_owned() };
        let json = URL_SAFE_NO_PAD.decode(text).ok();
        let cursor = json.and_then(|json| serde_json::from_slice(&json).ok());
        let Self { at, of } = cursor.ok_or_else(|| unusable("was not issued by this API"))?;
        if of != fingerprint(query)? || !query.includes(&at) {
            return Err(unusable(
                "belongs to a request with other parameters; only `limit` and `format` may change",
            ));
        }
        Ok(at)
    }
}

fn fingerprint(query: &PostQuery) -> Result<String, serde_json::Error> {
    let hash = Sha256::digest(serde_json::to_vec(query)?);
    Ok(URL_SAFE_NO_PAD.encode(&hash[..9]))
}

#[cfg(test)]
mod tests {
    use posts::tweets::{Order, PostFilter, Without};

    use super::*;

    #[test]
    fn a_cursor_is_valid_for_its_own_query_only() {
        let at = |date: &str| PostPosition {
            tweet_id: "1440716895355764743".parse().unwrap(),
            create_date: date.parse().unwrap(),
        };
        let here = at("2026-11-23T10:00:00.000Z");
        let query = PostQuery {
            keyword: "rust".parse().unwrap(),
            from: Some("2026-11-23T00:00:00.000Z".parse().unwrap()),
            before: None,
            filter: PostFilter::default(),
            order: Order::NewestFirst,
        };
        let cursor = PageCursor::encode(here.clone(), &query).unwrap();
        assert_eq!(PageCursor::decode(&cursor, &query).unwrap(), here);
        for other in [
            PostQuery { keyword: "go".parse().unwrap(), ..query.clone() },
            PostQuery { from: None, ..query.clone() },
            PostQuery { before: query.from, ..query.clone() },
            PostQuery { order: Order::OldestFirst, ..query.clone() },
            PostQuery {
                filter: PostFilter { text: Some("a".to_owned()), ..PostFilter::default() },
                ..query.clone()
            },
            PostQuery {
                filter: PostFilter {
                    without: Without { languages: vec!["en".to_owned()], ..Without::default() },
                    ..PostFilter::default()
                },
                ..query.clone()
            },
        ] {
            assert!(PageCursor::decode(&cursor, &other).is_err(), "{other:?}");
        }
        // A forged cursor does not lead out of the range.
        let outside = PageCursor::encode(at("2026-11-22T10:00:00.000Z"), &query).unwrap();
        assert!(PageCursor::decode(&outside, &query).is_err());
        for wrong in ["", "x", "e30", "äö"] {
            assert!(PageCursor::decode(wrong, &query).is_err(), "{wrong}");
        }
    }
}
