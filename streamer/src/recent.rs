//! The posts that were read recently.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use foldhash::fast::RandomState;
use posts::sources::Head;
use posts::{Keyword, PostId};
use utc_time::UtcTime;

/// How many posts are remembered: more than a minute of the fastest stream X delivers (250 posts/s).
const REMEMBERED: usize = 20_000;

/// The posts that were read recently, by keyword. A source repeats posts, and healing overlaps with the stream. Dropping repeats
/// saves work; the consumer's conditional writes catch the repeats that are forgotten here.
#[derive(Clone, Debug, Default)]
pub(crate) struct RecentPosts {
    inner: Arc<Mutex<Inner>>,
}

#[derive(Debug, Default)]
struct Inner {
    known: HashMap<Keyword, HashMap<PostId, Latest, RandomState>, RandomState>,
    order: VecDeque<(Keyword, PostId)>,
}

/// The latest that was read of a post.
#[derive(Clone, Copy, Debug, Default)]
struct Latest {
    /// When it was edited, if it was.
    edited_at: Option<UtcTime>,
    /// Its author has removed it.
    is_removed: bool,
}

impl RecentPosts {
    /// Whether a post was read under a keyword, in this version or a later one, or was removed.
    pub(crate) fn contains(&self, keyword: &Keyword, post: &Head) -> bool {
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let latest = inner.known.get(keyword).and_then(|posts| posts.get(&post.id));
        latest.is_some_and(|latest| latest.is_removed || latest.edited_at >= post.edited_at)
    }

    /// Remembers a post that was read under a keyword.
    pub(crate) fn insert(&self, keyword: &Keyword, id: &PostId, edited_at: Option<UtcTime>) {
        self.update(keyword, id, |latest| latest.edited_at = latest.edited_at.max(edited_at));
    }

    /// Remembers that a post was removed: a version that was fetched before comes too late.
    pub(crate) fn removed(&self, keyword: &Keyword, id: &PostId) {
        self.update(keyword, id, |latest| latest.is_removed = true);
    }

    /// Forgets what was read under a keyword, which was stopped: if it is started again, all of it is new.
    pub(crate) fn forget(&self, keyword: &Keyword) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let Inner { known, order } = &mut *inner;
        if known.remove(keyword).is_some() {
            order.retain(|(other, _)| other != keyword);
        }
    }

    fn update(&self, keyword: &Keyword, id: &PostId, update: impl FnOnce(&mut Latest)) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let Inner { known, order } = &mut *inner;
        match known.entry(keyword.clone()).or_default().entry(id.clone()) {
            Entry::Occupied(mut known) => return update(known.get_mut()),
            Entry::Vacant(new) => update(new.insert(Latest::default())),
        }
        order.push_back((keyword.clone(), id.clone()));
        if order.len() > REMEMBERED
            && let Some((keyword, id)) = order.pop_front()
            && let Some(posts) = known.get_mut(&keyword)
        {
            posts.remove(&id);
            if posts.is_empty() {
                known.remove(&keyword);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn post(id: usize, edited_at: Option<&str>) -> Head {
        let post = serde_json::json!({
            "tweetId": id.to_string(), "createDate": "2026-11-23T10:00:00Z", "text": "", "editedAt": edited_at,
        });
        Head::from(&serde_json::from_value::<posts::Post>(post).unwrap())
    }

    #[test]
    fn the_oldest_is_forgotten_first() {
        let recent = RecentPosts::default();
        let (rust, go): (Keyword, Keyword) = ("rust".parse().unwrap(), "go".parse().unwrap());
        for number in 0..=REMEMBERED {
            recent.insert(&rust, &post(number, None).id, None);
            recent.insert(&rust, &post(number, None).id, None);
        }
        assert!(!recent.contains(&rust, &post(0, None)) && recent.contains(&rust, &post(1, None)));
        assert!(!recent.contains(&go, &post(1, None)));
    }

    #[test]
    fn what_was_read_under_a_stopped_keyword_is_new_again() {
        let recent = RecentPosts::default();
        let (rust, go): (Keyword, Keyword) = ("rust".parse().unwrap(), "go".parse().unwrap());
        recent.insert(&rust, &post(1, None).id, None);
        recent.insert(&go, &post(1, None).id, None);
        recent.forget(&rust);
        assert!(!recent.contains(&rust, &post(1, None)) && recent.contains(&go, &post(1, None)));
        assert_eq!(recent.inner.lock().unwrap().order.len(), 1);
    }

    #[test]
    fn a_changed_post_is_another_and_a_removed_one_is_known_in_every_version() {
        let (recent, rust): (_, Keyword) = (RecentPosts::default(), "rust".parse().unwrap());
        let (made, changed) = (post(1, None), post(1, Some("2026-11-23T11:00:00Z")));
        recent.insert(&rust, &made.id, None);
        assert!(recent.contains(&rust, &made) && !recent.contains(&rust, &changed));
        recent.insert(&rust, &made.id, changed.edited_at);
        assert!(recent.contains(&rust, &made) && recent.contains(&rust, &changed));
        let changed = post(1, Some("2026-11-23T12:00:00Z"));
        assert!(!recent.contains(&rust, &changed));
        recent.removed(&rust, &made.id);
        assert!(recent.contains(&rust, &changed));
    }
}
