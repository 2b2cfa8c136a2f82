//! Which posts have been read of late.

use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use posts::{Keyword, Post, PostId, UtcTime};

/// How many posts are remembered: more than a minute of the fastest stream X delivers (250 posts/s).
const REMEMBERED: usize = 20_000;

/// Which posts have been read of late, by keyword: the source repeats posts, and what heals a gap
/// overlaps with what the stream delivers. It spares money and work; what it has forgotten, the
/// consumer's conditional writes find out.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    inner: Arc<Mutex<Inner>>,
}

#[derive(Debug, Default)]
struct Inner {
    known: HashSet<Entry>,
    order: VecDeque<Entry>,
}

type Entry = (Keyword, PostId, Version);

/// What was read of a post.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Version {
    /// The post as it was made, or as it was changed then.
    Post(Option<UtcTime>),
    /// That it was taken back.
    Removed,
}

impl Seen {
    /// Whether a post has been read under a keyword, in this version or taken back.
    pub(crate) fn contains(&self, keyword: &Keyword, post: &Post) -> bool {
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        [Version::Post(post.edited_at), Version::Removed]
            .into_iter()
            .any(|version| inner.known.contains(&(keyword.clone(), post.tweet_id.clone(), version)))
    }

    /// A post has been read under a keyword, and is on its way.
    pub(crate) fn insert(&self, keyword: &Keyword, id: &PostId, edited_at: Option<UtcTime>) {
        self.remember((keyword.clone(), id.clone(), Version::Post(edited_at)));
    }

    /// A post has been taken back: what was fetched of it before comes too late.
    pub(crate) fn removed(&self, keyword: &Keyword, id: &PostId) {
        self.remember((keyword.clone(), id.clone(), Version::Removed));
    }

    fn remember(&self, entry: Entry) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        if inner.known.insert(entry.clone()) {
            inner.order.push_back(entry);
            if inner.order.len() > REMEMBERED
                && let Some(oldest) = inner.order.pop_front()
            {
                inner.known.remove(&oldest);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn post(id: usize, edited_at: Option<&str>) -> Post {
        let post = serde_json::json!({
            "tweetId": id.to_string(), "createDate": "2026-11-23T10:00:00Z", "text": "", "editedAt": edited_at,
        });
        serde_json::from_value(post).unwrap()
    }

    #[test]
    fn the_oldest_is_forgotten_first() {
        let seen = Seen::default();
        let (rust, go): (Keyword, Keyword) = ("rust".parse().unwrap(), "go".parse().unwrap());
        for number in 0..=REMEMBERED {
            seen.insert(&rust, &post(number, None).tweet_id, None);
            seen.insert(&rust, &post(number, None).tweet_id, None);
        }
        assert!(!seen.contains(&rust, &post(0, None)) && seen.contains(&rust, &post(1, None)));
        assert!(!seen.contains(&go, &post(1, None)));
    }

    #[test]
    fn a_changed_post_is_another_and_a_removed_one_is_known_in_every_version() {
        let (seen, rust): (_, Keyword) = (Seen::default(), "rust".parse().unwrap());
        let (made, changed) = (post(1, None), post(1, Some("2026-11-23T11:00:00Z")));
        seen.insert(&rust, &made.tweet_id, None);
        assert!(seen.contains(&rust, &made) && !seen.contains(&rust, &changed));
        seen.removed(&rust, &made.tweet_id);
        assert!(seen.contains(&rust, &changed));
    }
}
