//! Posts that are edited or removed: the table and its counts stay consistent.

use posts::tweets::{Correction, Detail, Inserted, Order, PostQuery};
use posts::{Keyword, Post};
use utc_time::UtcTime;

use crate::virtual_time::{folder, virtually};
use crate::world::idle_machine;

fn post(id: &str, text: &str, edited_at: Option<&str>) -> Post {
    let post = serde_json::json!({
        "tweetId": id, "createDate": "2026-11-23T10:00:00Z", "text": text, "country": "LT", "editedAt": edited_at,
    });
    serde_json::from_value(post).unwrap()
}

#[test]
fn a_post_is_edited_once_removed_once_and_never_stored_again() {
    virtually(async {
        let data = folder();
        let machine = idle_machine(data.path()).await;
        let (statistics, tweets) = (machine.aws.statistics_table(), machine.aws.tweets_table());
        let (rust, now): (Keyword, _) = ("rust".parse().unwrap(), UtcTime::now());
        let soon = tokio::time::Instant::now() + std::time::Duration::from_secs(10);
        let texts = async || -> Vec<String> {
            let page = tweets
                .page(&PostQuery::all(rust.clone(), Order::OldestFirst), 10, None, Detail::Whole)
                .await
                .unwrap();
            page.posts.into_iter().map(|stored| stored.post.text).collect()
        };
        let counts = async || {
            let counts = statistics.between(&rust, UtcTime::from_millis(0).unwrap(), now).await.unwrap();
            (counts[0].collected, counts[0].removed)
        };
        let first = [post("1", "first", None), post("2", "second", None)];
        assert_eq!(
            tweets.insert(&rust, &first, now, soon).await.unwrap(),
            Inserted { new: 2, repeated: 0, retried: 0 }
        );

        let later = post("1", "changed", Some("2026-11-23T11:00:00Z"));
        assert_eq!(tweets.edit(&rust, &later).await.unwrap(), Correction::Made);
        assert_eq!(tweets.edit(&rust, &later).await.unwrap(), Correction::NotNeeded);
        let earlier = post("1", "changed before that", Some("2026-11-23T10:30:00Z"));
        assert_eq!(tweets.edit(&rust, &earlier).await.unwrap(), Correction::NotNeeded);
        assert_eq!(
            tweets.edit(&rust, &post("3", "unknown", Some("2026-11-23T11:00:00Z"))).await.unwrap(),
            Correction::NotNeeded
        );
        assert_eq!(texts().await, ["changed", "second"]);
        assert_eq!(counts().await, (2, 0));

        let (one, three) = ("1".parse().unwrap(), "3".parse().unwrap());
        assert_eq!(tweets.remove(&rust, &one, now, soon).await.unwrap(), Correction::Made);
        assert_eq!(tweets.remove(&rust, &one, now, soon).await.unwrap(), Correction::NotNeeded);
        assert_eq!(tweets.remove(&rust, &three, now, soon).await.unwrap(), Correction::NotNeeded);
        // It comes behind its removal.
        assert_eq!(
            tweets.insert(&rust, &[post("3", "third", None)], now, soon).await.unwrap(),
            Inserted { new: 0, repeated: 1, retried: 0 }
        );
        assert_eq!(
            tweets.insert(&rust, &first, now, soon).await.unwrap(),
            Inserted { new: 0, repeated: 2, retried: 0 }
        );
        assert_eq!(tweets.edit(&rust, &later).await.unwrap(), Correction::NotNeeded);
        assert_eq!(texts().await, ["second"]);
        assert_eq!(counts().await, (2, 1));
    });
}

#[test]
fn a_removed_post_is_not_stored_again_under_any_keyword() {
    virtually(async {
        let data = folder();
        let machine = idle_machine(data.path()).await;
        let (statistics, tweets) = (machine.aws.statistics_table(), machine.aws.tweets_table());
        let keyword = |name: &str| name.parse::<Keyword>().unwrap();
        let now = UtcTime::now();
        let soon = tokio::time::Instant::now() + std::time::Duration::from_secs(100);
        let insert = async |name: &str, ids: &[&str]| {
            let posts: Vec<Post> = ids.iter().map(|id| post(id, "text", None)).collect();
            tweets.insert(&keyword(name), &posts, now, soon).await.unwrap().new
        };
        let keywords_of = async |id: &str| {
            let stored = tweets.under_all_keywords(&id.parse().unwrap(), Detail::Whole).await.unwrap();
            stored.into_iter().map(|stored| stored.keyword.to_string()).collect::<Vec<_>>()
        };
        let counted = async |name: &str| {
            let counts =
                statistics.between(&keyword(name), UtcTime::from_millis(0).unwrap(), now).await.unwrap();
            counts.iter().map(|count| count.collected - count.removed).sum::<u64>()
        };
        assert_eq!(insert("rust", &["1", "2"]).await, 2);
        insert("go", &["1"]).await;
        let one = "1".parse().unwrap();
        assert_eq!(tweets.remove_everywhere(&one, now, soon).await.unwrap(), Correction::Made);
        assert_eq!(keywords_of("1").await, [""; 0]);
        assert_eq!(insert("later", &["1", "3"]).await, 1, "the removed post is skipped, the other is stored");
        assert_eq!(insert("rust", &["1"]).await, 0);
        assert_eq!((keywords_of("1").await.len(), keywords_of("3").await.len()), (0, 1));
        assert_eq!((counted("rust").await, counted("go").await, counted("later").await), (1, 0, 1));
        assert_eq!(tweets.remove_everywhere(&one, now, soon).await.unwrap(), Correction::NotNeeded);

        // A removal that a source reports for one keyword holds for all.
        let two = "2".parse().unwrap();
        assert_eq!(tweets.remove(&keyword("rust"), &two, now, soon).await.unwrap(), Correction::Made);
        assert_eq!(insert("later", &["2"]).await, 0);

        // Whichever of two concurrent operations is first, the post stays removed.
        for number in 10..60_u32 {
            let id = number.to_string();
            insert("rust", &[&id]).await;
            let (post_id, ids) = (id.parse().unwrap(), [id.as_str()]);
            let (removed, _) =
                tokio::join!(tweets.remove_everywhere(&post_id, now, soon), insert("later", &ids));
            assert_eq!(removed.unwrap(), Correction::Made);
            assert_eq!(keywords_of(&id).await, [""; 0], "{id}");
        }
        assert_eq!((counted("rust").await, counted("later").await), (0, 1));
    });
}
