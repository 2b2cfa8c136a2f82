//! Walking through posts page by page.

use std::collections::BTreeSet;

use posts::Post;

use crate::world::{World, post};

/// The ids of all pages, in the order in which they come; `between` is done after each page.
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
async fn ten_thousand_posts_are_walked_while_others_arrive_and_each_comes_once() {
    let world = World::start().await;
    world.store("rust", &posts(10_000..20_000)).await;
    let there: BTreeSet<u64> = (10_000..20_000).collect();
    for order in ["newest", "oldest"] {
        let query = format!("keyword=rust&limit=100&order={order}");
        let came = walk(&world, &query, async |page| {
            // Some are newer than all, some older, and some lie between what was and what will be shown.
            let page = page as u64 + if order == "oldest" { 1000 } else { 0 };
            world.store("rust", &posts(20_000 + page * 3..20_003 + page * 3)).await;
            world.store("rust", &posts(page * 2..page * 2 + 2)).await;
            let id = 1_000_000 + page;
            world.store("rust", &[post(id, 2000, "between", None, None)]).await;
        })
        .await;
        let distinct: BTreeSet<u64> = came.iter().copied().collect();
        assert_eq!(distinct.len(), came.len(), "{order}: some came twice");
        assert_eq!(there.difference(&distinct).count(), 0, "{order}: some never came");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_filter_lets_pass_is_found_whatever_is_read_for_it() {
    let world = World::start().await;
    world.store("rust", &posts(0..12_000)).await;
    let needles: Vec<u64> = (0..12_000).filter(|id| id % 50 == 0).collect();
    for limit in [1, 7, 100] {
        let came =
            walk(&world, &format!("keyword=rust&text=needle&limit={limit}&order=oldest"), async |_| {}).await;
        assert_eq!(came, needles, "{limit} at once");
    }
    // Nothing passes: the pages are empty, and say how much was read for them.
    let page = world.json("GET /tweets?keyword=rust&text=elephant").await;
    assert_eq!((&page["tweets"], &page["read"]), (&serde_json::json!([]), &5000.into()));
    assert!(walk(&world, "keyword=rust&text=elephant", async |_| {}).await.is_empty());
    // A page without a filter costs what it shows.
    assert_eq!(world.json("GET /tweets?keyword=rust&limit=100").await["read"], 100);
}
