//! Cutting posts into transactions.

use std::collections::{BTreeSet, HashSet};

use crate::Post;
use crate::statistics::sort_key;

/// Most writes in one transaction.
/// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html>
pub(super) const TRANSACTION_WRITES: usize = 100;

/// Most bytes of posts in one transaction. DynamoDB accepts 4 MB of items; the counts and the names of attributes need
/// room beside the posts.
const TRANSACTION_BYTES: usize = 3_000_000;

/// Cuts posts into transactions, every id once: a transaction may name an item only once, and the first arrival of a
/// post is the one that counts.
pub(super) fn transactions<'a>(posts: &[&'a Post]) -> Vec<Vec<&'a Post>> {
    let mut transactions = Vec::new();
    let mut seen = HashSet::new();
    let mut current: Vec<&Post> = Vec::new();
    let mut counters = BTreeSet::new();
    let mut bytes = 0;
    for post in posts.iter().copied() {
        if !seen.insert(&post.tweet_id) {
            continue;
        }
        let counter = sort_key(post);
        let more_counters = usize::from(!counters.contains(&counter));
        let writes = current.len() + counters.len() + 1 + more_counters;
        let size = size(post);
        if writes > TRANSACTION_WRITES || bytes + size > TRANSACTION_BYTES {
            transactions.push(std::mem::take(&mut current));
            counters.clear();
            bytes = 0;
        }
        counters.insert(counter);
        current.push(post);
        bytes += size;
    }
    if !current.is_empty() {
        transactions.push(current);
    }
    transactions
}

/// About how many bytes a post's item has.
fn size(post: &Post) -> usize {
    /// For the names of the attributes, and for those that are short.
    const SHORT_ATTRIBUTES: usize = 1024;
    // The packed fields are read from what the source sent, so they are no larger.
    let raw = post.raw.as_ref().map_or(0, |raw| raw.as_str().len());
    post.text.len() + 2 * raw + SHORT_ATTRIBUTES
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use utc_time::UtcTime;

    proptest! {
        #[test]
        fn every_post_is_in_one_transaction_and_each_transaction_fits(
            posts in proptest::collection::vec((0..400_u32, 0..300_i64, 0..60_000_usize), 0..300)
        ) {
            let posts: Vec<Post> = posts
                .into_iter()
                .map(|(id, hours, length)| Post {
                    text: "x".repeat(length),
                    create_date: UtcTime::from_millis(hours * 3_600_000).unwrap(),
                    ..post(&id.to_string())
                })
                .collect();
            let cut = transactions(&posts.iter().collect::<Vec<_>>());
            let mut ids: Vec<_> = cut.iter().flatten().map(|post| &post.tweet_id).collect();
            let count = ids.len();
            ids.sort();
            ids.dedup();
            prop_assert_eq!(ids.len(), count, "an id occurs twice");
            let given: HashSet<_> = posts.iter().map(|post| &post.tweet_id).collect();
            prop_assert_eq!(count, given.len(), "an id is missing");
            for transaction in &cut {
                let counters: HashSet<_> = transaction.iter().map(|post| sort_key(post)).collect();
                prop_assert!(transaction.len() + counters.len() <= TRANSACTION_WRITES);
                prop_assert!(transaction.iter().map(|post| post.text.len()).sum::<usize>() <= TRANSACTION_BYTES);
            }
        }
    }

    fn post(id: &str) -> Post {
        serde_json::from_value(serde_json::json!({
            "tweetId": id, "createDate": "2026-11-23T10:00:00Z", "text": "",
        }))
        .unwrap()
    }
}
