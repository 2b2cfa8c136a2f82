//! How far each keyword's collection came.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use posts::{Keyword, PostId};

/// The cursors of all keywords.
///
/// A keyword's cursor never passes a post that was received and that the queue has not accepted,
/// whatever order posts arrive and are accepted in; and it never goes back.
#[derive(Debug, Default)]
pub(crate) struct Cursors {
    keywords: BTreeMap<Keyword, Cursor>,
}

#[derive(Debug, Default)]
struct Cursor {
    /// Received, not accepted yet; how often each.
    pending: HashMap<PostId, usize>,
    /// The same, in order.
    pending_order: BTreeSet<PostId>,
    /// Accepted, above the lowest that is pending.
    accepted: BTreeSet<PostId>,
    at: Option<PostId>,
    saved: Option<PostId>,
}

impl Cursors {
    /// A post has arrived.
    pub(crate) fn received(&mut self, keyword: &Keyword, id: &PostId) {
        let cursor = self.keywords.entry(keyword.clone()).or_default();
        *cursor.pending.entry(id.clone()).or_default() += 1;
        cursor.pending_order.insert(id.clone());
    }

    /// The queue has these posts.
    pub(crate) fn accepted<'a>(&mut self, keyword: &Keyword, ids: impl IntoIterator<Item = &'a PostId>) {
        let Some(cursor) = self.keywords.get_mut(keyword) else { return };
        for id in ids {
            let Some(count) = cursor.pending.get_mut(id) else { continue };
            *count -= 1;
            if *count == 0 {
                cursor.pending.remove(id);
                cursor.pending_order.remove(id);
                cursor.accepted.insert(id.clone());
            }
        }
        let lowest_pending = cursor.pending_order.first();
        let passed: Vec<PostId> = cursor
            .accepted
            .iter()
            .take_while(|id| lowest_pending.is_none_or(|pending| *id < pending))
            .cloned()
            .collect();
        for id in &passed {
            cursor.accepted.remove(id);
        }
        cursor.at = passed.into_iter().next_back().max(cursor.at.take());
    }

    /// The cursors that have moved since they were last saved.
    pub(crate) fn unsaved(&self) -> Vec<(Keyword, PostId)> {
        self.keywords
            .iter()
            .filter(|(_, cursor)| cursor.at != cursor.saved)
            .filter_map(|(keyword, cursor)| Some((keyword.clone(), cursor.at.clone()?)))
            .collect()
    }

    /// This cursor has been saved.
    pub(crate) fn saved(&mut self, keyword: &Keyword, at: PostId) {
        if let Some(cursor) = self.keywords.get_mut(keyword) {
            cursor.saved = Some(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn id(number: u32) -> PostId {
        number.to_string().parse().unwrap()
    }

    proptest! {
        #[test]
        fn a_cursor_never_passes_a_pending_post_nor_goes_back(
            events in proptest::collection::vec((any::<bool>(), 1..30_u32), 0..200)
        ) {
            let keyword: Keyword = "k".parse().unwrap();
            let mut cursors = Cursors::default();
            let mut pending: Vec<u32> = Vec::new();
            let mut last = None;
            for (arrives, number) in events {
                if arrives {
                    cursors.received(&keyword, &id(number));
                    pending.push(number);
                } else if let Some(index) = pending.iter().position(|n| *n == number) {
                    pending.remove(index);
                    let before = cursors.keywords[&keyword].at.clone();
                    cursors.accepted(&keyword, [&id(number)]);
                    let at = cursors.keywords[&keyword].at.clone();
                    prop_assert!(at >= before);
                    // A post that arrives late, below the cursor, does not pull it back; but the
                    // cursor does not move past it either.
                    if at != before {
                        prop_assert!(pending.iter().all(|n| Some(id(*n)) > at));
                    }
                    last = at;
                }
            }
            let rest: Vec<PostId> = pending.iter().map(|n| id(*n)).collect();
            cursors.accepted(&keyword, &rest);
            if let Some(cursor) = cursors.keywords.get(&keyword) {
                prop_assert!(cursor.pending.is_empty() && cursor.accepted.is_empty());
                prop_assert!(cursor.at >= last);
            }
        }
    }

    #[test]
    fn a_moved_cursor_is_unsaved_until_it_is_saved() {
        let keyword: Keyword = "k".parse().unwrap();
        let mut cursors = Cursors::default();
        cursors.received(&keyword, &id(1));
        assert!(cursors.unsaved().is_empty());
        cursors.accepted(&keyword, [&id(1)]);
        assert_eq!(cursors.unsaved(), [(keyword.clone(), id(1))]);
        cursors.saved(&keyword, id(1));
        assert!(cursors.unsaved().is_empty());
    }
}
