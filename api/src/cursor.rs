//! Cursors: where a walk of posts goes on.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use posts::tweets::{PageCursor, PostQuery};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::Problem;

/// Where a walk goes on, and which walk it is.
///
/// It names no keyword: whatever a cursor says, the posts are those of the request's own, so one can
/// not be forged into another keyword. That it says which request it belongs to keeps one from being used
/// with another by mistake, which would leave posts out and tell nobody.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Cursor {
    at: PageCursor,
    of: String,
}

impl Cursor {
    /// The cursor of `at` in a walk of `wanted`.
    pub(crate) fn write(at: PageCursor, wanted: &PostQuery) -> Result<String, serde_json::Error> {
        let cursor = Self { at, of: fingerprint(wanted)? };
        Ok(URL_SAFE_NO_PAD.encode(serde_json::to_vec(&cursor)?))
    }

    /// The place that a cursor names.
    pub(crate) fn read(text: &str, wanted: &PostQuery) -> Result<PageCursor, Problem> {
        let json = URL_SAFE_NO_PAD.decode(text).ok();
        let Some(Self { at, of }) = json.and_then(|json| serde_json::from_slice(&json).ok()) else {
            return Err(Problem::unusable("cursor", "cursor is not one that this api gave"));
        };
        if of != fingerprint(wanted)? || !wanted.includes(&at) {
            let detail =
                "cursor belongs to a request with other parameters; only limit and format may differ";
            return Err(Problem::unusable("cursor", detail));
        }
        Ok(at)
    }
}

fn fingerprint(wanted: &PostQuery) -> Result<String, serde_json::Error> {
    let hash = Sha256::digest(serde_json::to_vec(wanted)?);
    Ok(URL_SAFE_NO_PAD.encode(&hash[..9]))
}

#[cfg(test)]
mod tests {
    use posts::tweets::{Order, PostFilter};

    use super::*;

    #[test]
    fn a_cursor_comes_back_the_same_and_only_to_its_own_request() {
        let at = |date: &str| PageCursor {
            tweet_id: "1440716895355764743".parse().unwrap(),
            create_date: date.parse().unwrap(),
        };
        let here = at("2026-11-23T10:00:00.000Z");
        let wanted = PostQuery {
            keyword: "rust".parse().unwrap(),
            from: Some("2026-11-23T00:00:00.000Z".parse().unwrap()),
            before: None,
            filter: PostFilter::default(),
            order: Order::NewestFirst,
        };
        let cursor = Cursor::write(here.clone(), &wanted).unwrap();
        assert_eq!(Cursor::read(&cursor, &wanted).unwrap(), here);
        for other in [
            PostQuery { keyword: "go".parse().unwrap(), ..wanted.clone() },
            PostQuery { from: None, ..wanted.clone() },
            PostQuery { before: wanted.from, ..wanted.clone() },
            PostQuery { order: Order::OldestFirst, ..wanted.clone() },
            PostQuery {
                filter: PostFilter { text: Some("a".to_owned()), ..PostFilter::default() },
                ..wanted.clone()
            },
        ] {
            assert!(Cursor::read(&cursor, &other).is_err(), "{other:?}");
        }
        // One that was made by hand does not lead out of the range.
        let outside = Cursor::write(at("2026-11-22T10:00:00.000Z"), &wanted).unwrap();
        assert!(Cursor::read(&outside, &wanted).is_err());
        for wrong in ["", "x", "e30", "äö"] {
            assert!(Cursor::read(wrong, &wanted).is_err(), "{wrong}");
        }
    }
}
