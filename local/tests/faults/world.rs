//! A stub, and a machine that reads it, in virtual time.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use local::{Machine, Options, Stream};
use serde_json::{Value, json};
use stream::StreamStatusTable;
use stream::gaps::{Gap, GapState, Unfetchable};
use utc_time::UtcTime;

pub(crate) use crate::settings::Settings;

/// How long the machine may take to recover once the faults have ended (virtual).
pub(crate) const PATIENCE: Duration = Duration::from_secs(25 * 60);

/// A stub, and a machine that reads it.
pub(crate) struct World {
    pub(crate) stub: String,
    pub(crate) http: reqwest::Client,
    data: PathBuf,
    pub(crate) settings: Settings,
    pub(crate) machine: Option<Machine>,
    /// The requested keywords, and since when they are collected.
    pub(crate) requested: BTreeMap<&'static str, UtcTime>,
    /// What a post of each keyword must match.
    expressions: BTreeMap<&'static str, String>,
    token: String,
    _stub: stub::Spawned,
}

/// A keyword that tests start and stop. The stub writes posts about every keyword in its rules.
pub(crate) const THIRD: &str = "lion";

impl World {
    /// A world in which two keywords are being read.
    pub(crate) async fn start(data: &Path, settings: Settings) -> Self {
        let mut world = Self::empty(data, settings).await;
        for keyword in ["zebra", "giraffe"] {
            world.begin(keyword).await;
        }
        world.until("reading has begun", async |world| world.delivered().await > 0).await;
        world
    }

    /// A world without requested keywords.
    pub(crate) async fn empty(data: &Path, settings: Settings) -> Self {
        service::aws::install_tls();
        let source = match settings.recording.clone() {
            Some(posts) => stub::Source::Recording { posts, keep: settings.keep_ids },
            None => stub::Source::Generator { seed: settings.seed },
        };
        let account = if settings.backfill { stub::Account::Enterprise } else { stub::Account::PayPerUse };
        let (rate, users_charged) = (settings.rate, settings.charged_for_users);
        let stub = stub::Options { rate, account, users_charged, ..stub::Options::new(source) };
        let token = stub.token.clone();
        let stub = stub::spawn(stub).await.unwrap();
        let http = reqwest::Client::builder().no_proxy().pool_max_idle_per_host(0).build().unwrap();
        let mut world = Self {
            stub: stub.url.clone(),
            http,
            data: data.to_owned(),
            settings,
            machine: None,
            requested: BTreeMap::new(),
            expressions: BTreeMap::new(),
            token,
            _stub: stub,
        };
        world.boot().await;
        world
    }

    /// Waits until `is_so` returns true, for at most [`PATIENCE`].
    pub(crate) async fn until(&self, what: &str, is_so: impl AsyncFn(&Self) -> bool) {
        let end = tokio::time::Instant::now() + PATIENCE;
        while !is_so(self).await {
            assert!(tokio::time::Instant::now() < end, "still waiting until {what}");
            tokio::time::sleep(Duration::from_secs(2)).await;
        }
    }

    /// How many posts the stub has delivered.
    pub(crate) async fn delivered(&self) -> usize {
        let posted = self.get(&format!("{}/control/posts", self.stub)).await;
        posted["posts"].as_array().unwrap().iter().filter(|post| post["delivered"] != 0).count()
    }

    pub(crate) async fn gaps(&self) -> Vec<Gap> {
        all_gaps(&self.status()).await
    }

    /// How many gaps were caused by interruptions of the stream; each interruption makes one for each keyword.
    pub(crate) async fn interruptions(&self) -> usize {
        let gaps = self.gaps().await;
        gaps.iter().filter(|gap| gap.to.since(gap.from) > Duration::ZERO && is_interruption(gap)).count()
    }

    pub(crate) async fn boot(&mut self) {
        let stream = Stream::Elsewhere {
            url: self.stub.clone(),
            token: self.token.clone(),
            backfill_minutes: if self.settings.backfill { 5 } else { 0 },
        };
        let Settings { daily_post_budget, charged_for_users, keep_raw, .. } = self.settings;
        let options =
            Options { daily_post_budget, charged_for_users, keep_raw, ..Options::new(&self.data, stream) };
        self.machine = Some(Machine::start(options).await.unwrap());
    }

    /// Sets the daily budget of posts from the next start on.
    pub(crate) fn set_daily_post_budget(&mut self, posts: u64) {
        self.settings.daily_post_budget = Some(posts);
    }

    pub(crate) async fn begin(&mut self, keyword: &'static str) {
        self.begin_with(keyword, &json!({ "keyword": keyword }), keyword).await;
    }

    /// Starts a keyword, of which the posts are to be collected that match `expression`.
    pub(crate) async fn begin_with(&mut self, keyword: &'static str, body: &Value, expression: &str) {
        self.control("watch", &json!({ "expression": expression })).await;
        self.expressions.insert(keyword, expression.to_owned());
        let url = format!("{}/stream", self.api());
        let answer = self.http.post(url).json(body).send().await.unwrap();
        let answer: Value = answer.json().await.unwrap();
        self.note_request(keyword, &answer);
    }

    /// Records that the API has accepted a keyword, with the start time in its answer.
    pub(crate) fn note_request(&mut self, keyword: &'static str, answer: &Value) {
        let mut keywords = answer["keywords"].as_array().unwrap().iter();
        let started = &keywords.find(|status| status["keyword"] == keyword).unwrap()["startedAt"];
        self.requested.insert(keyword, started.as_str().unwrap().parse().unwrap());
    }

    pub(crate) fn api(&self) -> String {
        format!("http://{}", self.machine.as_ref().unwrap().api)
    }

    pub(crate) async fn get(&self, url: &str) -> Value {
        self.http.get(url).send().await.unwrap().json().await.unwrap()
    }

    pub(crate) async fn control(&self, what: &str, body: &Value) {
        let request = self.http.post(format!("{}/control/{what}", self.stub)).json(body);
        assert_eq!(request.send().await.unwrap().status(), 202, "{body}");
    }

    pub(crate) async fn fault(&self, fault: &Value) {
        self.control("faults", fault).await;
    }

    pub(crate) fn status(&self) -> StreamStatusTable {
        self.machine.as_ref().unwrap().aws.status_table("x")
    }

    /// The ids of a keyword's stored posts, in every version; `None` if the counts, by country or by minute, differ from their number, or from that of
    /// the newest.
    pub(crate) async fn stored(&self, keyword: &str) -> Option<BTreeSet<String>> {
        let api = self.api();
        let mut ids = BTreeSet::new();
        let mut newest = 0;
        let mut known: BTreeMap<String, u64> = BTreeMap::new();
        // Of each minute, how many in all, and how many of them are the newest.
        let mut by_minute: BTreeMap<String, (u64, u64)> = BTreeMap::new();
        let mut cursor = String::new();
        loop {
            let page =
                self.get(&format!("{api}/tweets?keyword={keyword}&versions=all&limit=100{cursor}")).await;
            for tweet in page["tweets"].as_array().unwrap() {
                assert!(ids.insert(tweet["tweetId"].as_str().unwrap().to_owned()), "stored twice: {tweet}");
                let created: UtcTime = tweet["createDate"].as_str().unwrap().parse().unwrap();
                let minute = by_minute.entry(created.minute()).or_default();
                minute.0 += 1;
                if tweet["supersededBy"].is_null() {
                    newest += 1;
                    minute.1 += 1;
                    let by = tweet["countryHow"].as_str().or(tweet["countrySource"].as_str());
                    *known.entry(by.unwrap_or("unknown").to_owned()).or_default() += 1;
                }
            }
            match page["nextCursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        let counted = async |versions: &str| {
            let url = format!("{api}/tweetsStatistics?keyword={keyword}&versions={versions}");
            self.get(&url).await
        };
        let (all, of_newest) = (counted("all").await, counted("newest").await);
        let by = &of_newest["countryKnown"];
        let mut counted_as: BTreeMap<String, u64> = serde_json::from_value(by["byProfile"].clone()).unwrap();
        counted_as.insert("place".to_owned(), by["byPlace"].as_u64().unwrap());
        counted_as.insert("unknown".to_owned(), by["unknown"].as_u64().unwrap());
        counted_as.retain(|_, posts| *posts > 0);
        let statistics = self.machine.as_ref().unwrap().aws.statistics_table();
        let (first, last) =
            (UtcTime::from_millis(0).unwrap(), UtcTime::now().after(Duration::from_secs(7200)));
        let minutes = statistics.minutes(&keyword.parse().unwrap(), first, last).await.unwrap();
        let minutes = minutes.iter().map(|count| (count.minute.minute(), (count.stored(), count.newest())));
        let minutes: BTreeMap<String, (u64, u64)> = minutes.filter(|(_, (stored, _))| *stored > 0).collect();
        let agree = all["total"] == ids.len() as u64
            && of_newest["total"] == newest
            && counted_as == known
            && minutes == by_minute;
        agree.then_some(ids)
    }

    /// The gaps, and the errors: counts that differ, and posts written up to `until` that are neither stored nor in a
    /// gap that may lack them.
    pub(crate) async fn missing(&self, until: UtcTime) -> (Vec<Gap>, Vec<String>) {
        let gaps = self.gaps().await;
        let mut wrong: Vec<String> = Vec::new();
        let posted = self.get(&format!("{}/control/posts", self.stub)).await;
        if posted["refusals"] != 0 {
            panic!("the stub refused {} requests as invalid", posted["refusals"]);
        }
        for (keyword, started) in &self.requested {
            let Some(stored) = self.stored(keyword).await else {
                wrong.push(format!("{keyword}: counts differ from posts"));
                continue;
            };
            let expression = self.expressions.get(keyword).map_or(*keyword, String::as_str);
            let has = |list: &Value| list.as_array().unwrap().iter().any(|value| value == expression);
            for post in posted["posts"].as_array().unwrap().iter().filter(|post| has(&post["watched"])) {
                let (id, at) = (post["id"].as_str().unwrap(), post["at"].as_str().unwrap());
                let at: UtcTime = at.parse().unwrap();
                if at < *started {
                    continue;
                }
                if at > until || stored.contains(id) {
                    continue;
                }
                let is_reported = gaps.iter().any(|gap| {
                    let here = gap.keyword.as_str() == *keyword && gap.from <= at && at <= gap.to;
                    here && match gap.state {
                        GapState::Open | GapState::Abandoned => true,
                        // A closed gap lacks a post only if it says that it may lack posts of its kind; what is taken back, nothing
                        // delivers again.
                        GapState::Closed => {
                            let kind = kind_of(post);
                            let may_lack = gap.may_lack.as_ref().map(|lack| &lack.kinds);
                            !has(&post["findable"])
                                && may_lack
                                    .map_or(kind == Unfetchable::TakenBack, |kinds| kinds.contains(&kind))
                        }
                        GapState::Healing => false,
                    }
                });
                if !is_reported {
                    let kind = kind_of(post);
                    wrong.push(format!("{keyword} {id} of {at} ({kind:?}), delivered {}", post["delivered"]));
                }
            }
        }
        (gaps, wrong)
    }

    /// Waits until every post written up to now is stored or in a gap, no gap is being healed, and no keyword misses
    /// posts without a gap.
    pub(crate) async fn settled(&self) -> Vec<Gap> {
        let until = UtcTime::now();
        let end = tokio::time::Instant::now() + PATIENCE;
        loop {
            let (gaps, wrong) = self.missing(until).await;
            let healing = gaps.iter().filter(|gap| gap.state == GapState::Healing).count();
            let keywords = self.status().keywords().await.unwrap();
            let unrecorded = keywords.iter().filter(|status| status.missing_from.is_some()).count();
            if wrong.is_empty() && healing == 0 && unrecorded == 0 {
                return gaps;
            }
            assert!(
                tokio::time::Instant::now() < end,
                "{} posts missing: {:#?}\n{healing} gaps healing, {unrecorded} keywords miss posts without a gap; gaps: {gaps:#?}",
                wrong.len(),
                wrong.iter().take(5).collect::<Vec<_>>()
            );
            tokio::time::sleep(Duration::from_secs(10)).await;
        }
    }
}

/// The kind of a post that search cannot find.
fn kind_of(post: &Value) -> Unfetchable {
    if post["repost"] == true {
        Unfetchable::Reposts
    } else if post["superseded"] == true {
        Unfetchable::EarlierVersions
    } else if post["redaction"].is_null() {
        Unfetchable::Quotes
    } else {
        Unfetchable::TakenBack
    }
}

/// All gaps of a stream, in every state.
pub(crate) async fn all_gaps(status: &StreamStatusTable) -> Vec<Gap> {
    let mut gaps = Vec::new();
    for state in GapState::ALL {
        let mut after = None;
        loop {
            let page = status.gaps(state, 100, after).await.unwrap();
            gaps.extend(page.gaps);
            after = page.next;
            if after.is_none() {
                break;
            }
        }
    }
    gaps
}

/// A machine that reads no stream.
pub(crate) async fn idle_machine(data: &Path) -> Machine {
    Machine::start(Options::new(data, Stream::nowhere())).await.unwrap()
}

/// Whether a gap was caused by an interruption rather than by a new keyword or a streamer that was not running.
fn is_interruption(gap: &Gap) -> bool {
    !["the keyword was new", "the streamer was not running"].contains(&gap.cause.as_str())
}
