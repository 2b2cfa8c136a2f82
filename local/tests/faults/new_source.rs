//! A source that the streamer does not know: what `docs/ADDING-A-SOURCE.md` describes is all that a new source needs.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ::stream::gaps::{GapState, HealedBy, Period, Unfetchable};
use ::stream::keyword_options::KeywordOptions;
use futures::{StreamExt, stream};
use local::programs;
use posts::sources::Sent;
use posts::{Keyword, Post};
use serde_json::json;
use service::own_metrics::EmbeddedMetrics;
use streamer::source::{
    Arrival, BackoffRules, Class, ConnectQuota, Connection, Extent, Failure, FetchedPage, Item,
    RequestedKeywords, Rest, Selection, Source,
};
use streamer::{Config, Ended, SourceConfig, run_source};
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;
use utc_time::UtcTime;

use crate::virtual_time::{folder, virtually};
use crate::world::{all_gaps, idle_machine};

/// A service that pushes each post to its listeners, and stores all posts.
#[derive(Debug)]
struct Feed {
    posts: Mutex<Vec<Post>>,
    /// `None` while the service is unavailable.
    listeners: Mutex<Option<broadcast::Sender<Post>>>,
}

impl Feed {
    fn new() -> Arc<Self> {
        Arc::new(Self { posts: Mutex::default(), listeners: Mutex::new(Some(broadcast::channel(1000).0)) })
    }

    /// Writes a post about foxes.
    fn post(&self) {
        let mut posts = self.posts.lock().unwrap();
        let id = format!("feed:{}", posts.len());
        let post = json!({ "tweetId": id, "createDate": UtcTime::now(), "text": "a fox" });
        let post: Post = serde_json::from_value(post).unwrap();
        if let Some(listeners) = self.listeners.lock().unwrap().as_ref() {
            // There may be no listener.
            let _ = listeners.send(post.clone());
        }
        posts.push(post);
    }
}

/// The feed, as a source.
#[derive(Clone, Debug)]
struct FeedSource {
    feed: Arc<Feed>,
    keywords: Arc<Mutex<BTreeSet<Keyword>>>,
}

fn matches(keyword: &Keyword, post: &Post) -> bool {
    post.text.contains(keyword.as_str())
}

impl Source for FeedSource {
    const LATENESS: Duration = Duration::from_secs(1);
    const SILENCE: Duration = Duration::from_secs(3600);
    const FETCHABLE_AFTER: Duration = Duration::from_secs(1);
    const UNFETCHABLE: &[Unfetchable] = &[];
    const HEALED_BY: HealedBy = HealedBy::Timeline;
    const PAGE: (u64, u64) = (1, 5);
    const CONNECTS: ConnectQuota = ConnectQuota { most: 100, window: Duration::from_secs(60), reserve: 0 };
    const BACKOFF: BackoffRules = BackoffRules {
        network: (Duration::from_secs(1), Duration::from_secs(10)),
        hung_up: Duration::from_secs(1),
        server: (Duration::from_secs(1), Duration::from_secs(10)),
        rate_limited: (Duration::from_secs(1), Duration::from_secs(10)),
    };

    fn connections(requested: &RequestedKeywords) -> BTreeMap<String, RequestedKeywords> {
        BTreeMap::from([("feed".to_owned(), requested.clone())])
    }

    fn on(&self, _: &str) -> Self {
        self.clone()
    }

    async fn select(&self, requested: &RequestedKeywords, _: Extent) -> Result<Selection, Failure> {
        let keywords: BTreeSet<Keyword> = requested.keys().cloned().collect();
        self.keywords.lock().unwrap().clone_from(&keywords);
        Ok(Selection { delivered: keywords, ..Selection::default() })
    }

    async fn connect(&self, _: Option<UtcTime>) -> Result<Connection, Failure> {
        let listener = self.feed.listeners.lock().unwrap().as_ref().map(broadcast::Sender::subscribe);
        let listener = listener.ok_or_else(|| Failure::passing(Class::Network, "the feed is unavailable"))?;
        let source = self.clone();
        let items = stream::unfold(listener, move |mut listener| {
            let source = source.clone();
            async move {
                let post = listener.recv().await.ok()?;
                let keywords = source.keywords.lock().unwrap();
                let matching = keywords.iter().filter(|keyword| matches(keyword, &post)).cloned().collect();
                Some((
                    Ok(vec![Item::Arrived(Arrival::Post(Box::new(Sent::from(&post))), matching)]),
                    listener,
                ))
            }
        });
        Ok(Connection { items: items.boxed(), backfilled_from: None })
    }

    async fn fetch(
        &self,
        keyword: &Keyword,
        period: Period,
        page: Option<&str>,
        most: u64,
    ) -> Result<FetchedPage, Failure> {
        let Period { from, to } = period;
        let first = page.map_or(0, |page| page.parse().unwrap());
        let (posts, most) = (self.feed.posts.lock().unwrap(), usize::try_from(most).unwrap());
        let is_requested =
            |post: &&Post| post.create_date >= from && post.create_date <= to && matches(keyword, post);
        let fetched: Vec<Sent> =
            posts.iter().skip(first).take(most).filter(is_requested).map(Sent::from).collect();
        let next = first + most;
        let period = Period { from: fetched.last().map_or(from, |last| last.head.created), to };
        let rest = (next < posts.len()).then(|| Rest { page: next.to_string(), period });
        Ok(FetchedPage { posts: fetched, rest })
    }
}

#[test]
fn a_new_source_is_read_and_healed() {
    virtually(async {
        let data = folder();
        let machine = idle_machine(data.path()).await;
        let status = machine.aws.status_table("feed");
        status.add_keyword(&"fox".parse().unwrap(), KeywordOptions::default(), UtcTime::now()).await.unwrap();
        // A source without a price per post, like this one.
        let free = SourceConfig::Mastodon { url: String::new(), token_parameter: None, honour_opt_out: true };
        let config = Config {
            stream_id: "feed".to_owned(),
            owner: "test".to_owned(),
            ..programs::streamer(&machine.aws, free, None, None, false)
        };
        let (feed, shutdown) = (Feed::new(), CancellationToken::new());
        let source = FeedSource { feed: Arc::clone(&feed), keywords: Arc::default() };
        let streamer = tokio::spawn({
            let (aws, shutdown) = (machine.aws.sdk().clone(), shutdown.clone());
            async move {
                run_source(config, &aws, EmbeddedMetrics::nowhere(), shutdown, async |_| Ok(source)).await
            }
        });
        let post_for = async |seconds: u64| {
            for _ in 0..seconds {
                feed.post();
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        };
        tokio::time::sleep(Duration::from_secs(2)).await;
        post_for(10).await;
        let listeners = feed.listeners.lock().unwrap().take();
        drop(listeners);
        post_for(20).await;
        *feed.listeners.lock().unwrap() = Some(broadcast::channel(1000).0);
        post_for(30).await;
        tokio::time::sleep(Duration::from_secs(60)).await;
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let url = format!("http://{}/tweets?keyword=fox&limit=100", machine.api);
        let stored: serde_json::Value = client.get(url).send().await.unwrap().json().await.unwrap();
        assert_eq!(stored["tweets"].as_array().map(Vec::len), Some(60), "{stored}");
        let gaps = all_gaps(&status).await;
        let healed = gaps.iter().filter(|gap| gap.state == GapState::Closed && gap.posts >= 15);
        assert_eq!(
            (healed.count(), gaps.iter().all(|gap| gap.state == GapState::Closed)),
            (1, true),
            "{gaps:#?}"
        );
        shutdown.cancel();
        assert_eq!(streamer.await.unwrap().unwrap(), Ended::Shutdown);
    });
}
