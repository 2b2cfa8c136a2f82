//! Reading all posts page by page.

use std::collections::BTreeSet;

use posts::Post;

use crate::world::{World, post};

/// The ids on all pages, in order. `between` runs after each page.
async fn walk(world: &World, query: &str, mut between: impl AsyncFnMut(usize)) -> Vec<u64> {
    let mut ids = Vec::new();
    let mut cursor = String::new();
    for page_number in 0.. {
        let page = world.json(&format!("GET /tweets?{query}{cursor}")).await;
        let tweets = page["tweets"].as_array().unwrap();
        assert!(tweets.len() <= 100);
        ids.extend(tweets.iter().map(|tweet| tweet["tweetId"].as_str().unwrap().parse::<u64>().unwrap()));
        let Some(next) = page["nextCursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
        between(page_number).await;
    }
    ids
}

/// Many posts share a second, so that pages end among them.
fn posts(ids: std::ops::Range<u64>) -> Vec<Post> {
    ids.map(|id| post(id, id / 7, if id % 50 == 0 { "a Needle" } else { "hay" }, None, None)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_posts_are_each_returned_once_while_others_arrive() {
    let world = World::start().await;
    world.store("rust", &posts(10_000..20_000)).await;
    let stored: BTreeSet<u64> = (10_000..20_000).collect();
    for order in ["newest", "oldest"] {
        let query = format!("keyword=rust&limit=100&order={order}");
        let returned = walk(&world, &query, async |page| {
            // Some are newer than all others, some older, and some lie between the pages read so far and the rest.
            let page = page as u64 + if order == "oldest" { 1000 } else { 0 };
            world.store("rust", &posts(20_000 + page * 3..20_003 + page * 3)).await;
            world.store("rust", &posts(page * 2..page * 2 + 2)).await;
            let id = 1_000_000 + page;
            world.store("rust", &[post(id, 2000, "between", None, None)]).await;
        })
        .await;
        let distinct: BTreeSet<u64> = returned.iter().copied().collect();
        assert_eq!(distinct.len(), returned.len(), "{order}: some posts were returned twice");
        assert_eq!(stored.difference(&distinct).count(), 0, "{order}: some posts were never returned");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_match_of_a_filter_is_returned_however_many_posts_are_read_for_it() {
    let world = World::start().await;
    world.store("rust", &posts(0..12_000)).await;
    let needles: Vec<u64> = (0..12_000).filter(|id| id % 50 == 0).collect();
    for limit in [1, 7, 100] {
        let returned =
            walk(&world, &format!("keyword=rust&text=needle&limit={limit}&order=oldest"), async |_| {}).await;
        assert_eq!(returned, needles, "{limit} per page");
    }
    // Without a match, the pages are empty and report how many posts were read for them.
    let page = world.json("GET /tweets?keyword=rust&text=elephant").await;
    assert_eq!((&page["tweets"], &page["read"]), (&serde_json::json!([]), &5000.into()));
    assert!(walk(&world, "keyword=rust&text=elephant", async |_| {}).await.is_empty());
    // Without a filter, a page reads only the posts that it returns.
    assert_eq!(world.json("GET /tweets?keyword=rust&limit=100").await["read"], 100);
}
