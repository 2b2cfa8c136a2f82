//! The API's answer to `GET /stream`, as far as the page shows it.

use serde::Deserialize;
use utc_time::UtcTime;

/// The stream as it is requested and as it is.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Stream {
    /// Where its posts come from: `x` or `mastodon`.
    pub source: String,
    /// Every source that is read.
    pub sources: Vec<SourceState>,
    /// `starting`, `running`, `reconnecting`, `paused`, `stopped`, `failed` or `stoppedByHand`.
    pub state: String,
    /// Why it is in this state.
    pub reason: Option<String>,
    /// A new version that takes over, or that did not.
    pub rollout: Option<Rollout>,
    /// The requested keywords.
    pub keywords: Vec<Keyword>,
    /// Today's posts and costs.
    pub today: Spending,
    /// This month's.
    pub this_month: Spending,
    /// The streamer's latest report.
    pub report: Option<Report>,
    /// What is being missed now.
    pub ongoing: Vec<Ongoing>,
    /// The latest gaps.
    pub gaps: Vec<Gap>,
    /// From when on the gaps are complete, where there are more than a view reads.
    #[serde(skip)]
    pub gaps_complete_since: Option<UtcTime>,
    /// Checking whether posts were taken back.
    pub compliance: Option<Compliance>,
}

/// A source, and the state of its stream.
#[derive(Clone, Debug, Deserialize)]
pub struct SourceState {
    /// `x` or `mastodon`.
    pub source: String,
    /// As [`Stream::state`].
    pub state: String,
}

/// A new version of the streamer.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Rollout {
    /// `starting` or `refused`.
    pub state: String,
    /// When it began, or was given up.
    pub at: UtcTime,
    /// Why it was given up.
    pub reason: Option<String>,
}

/// A requested keyword.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Keyword {
    /// The keyword.
    pub keyword: String,
    /// Since when it is requested.
    pub started_at: UtcTime,
    /// Whether reposts are collected.
    pub reposts: bool,
    /// How many posts it may bring in a day, if it has a budget of its own.
    pub max_posts_a_day: Option<u64>,
    /// Why the source refuses it.
    pub error: Option<String>,
    /// What it waits for.
    pub waiting: Option<String>,
    /// Until when it is paused because its own budget is used up.
    pub paused_until: Option<UtcTime>,
    /// Posts since then are missing.
    pub missing_from: Option<UtcTime>,
    /// What was queued for it.
    pub traffic: Option<Traffic>,
    /// What it has brought today.
    pub today: KeywordSpending,
}

/// What was queued for a keyword.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Traffic {
    /// Posts a second, since the report before.
    #[serde(default)]
    pub posts_per_second: f64,
    /// When its latest post was written.
    pub last_post_at: Option<UtcTime>,
}

/// What a keyword has brought in a day.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KeywordSpending {
    /// Posts.
    pub posts: u64,
    /// What they cost.
    pub dollars: f64,
}

/// Posts and costs of a day or a month.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Spending {
    /// Posts read.
    pub posts: u64,
    /// What they cost.
    pub dollars: f64,
    /// Posts that may be read.
    pub budget_posts: Option<u64>,
    /// What these would cost.
    pub budget_dollars: Option<f64>,
}

/// The streamer's latest report.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// What it waits for while it is paused.
    pub waiting_for: Option<String>,
    /// Posts read a second.
    #[serde(default)]
    pub posts_per_second: f64,
    /// How long a post takes from being written to being found, in milliseconds.
    pub lag_ms: Option<i64>,
}

/// A keyword of which posts are being missed now.
#[derive(Clone, Debug, Deserialize)]
pub struct Ongoing {
    /// The keyword.
    pub keyword: String,
    /// Posts since then are missing.
    pub from: UtcTime,
    /// Why.
    pub cause: String,
}

/// A time in which posts may have been missed.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Gap {
    /// The keyword.
    pub keyword: String,
    /// Its beginning.
    pub from: UtcTime,
    /// Its end.
    pub to: UtcTime,
    /// Why reading was interrupted.
    pub cause: String,
    /// `open`, `healing`, `closed` or `abandoned`.
    pub state: String,
    /// Missed posts that were fetched.
    #[serde(default)]
    pub posts: u64,
    /// Why it is not healed.
    pub reason: Option<String>,
    /// What it may lack although it is closed.
    pub may_lack: Option<MayLack>,
    /// Set if its posts are from before the keyword was started.
    pub history: Option<serde::de::IgnoredAny>,
}

/// What a closed gap may lack.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MayLack {
    /// Kinds of posts.
    pub kinds: Vec<String>,
    /// About how many reposts.
    pub reposts_about: Option<u64>,
}

/// Checking whether posts were taken back at X.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Compliance {
    /// Posts stored since then may not have been checked.
    pub unchecked_since: Option<UtcTime>,
    /// The last check.
    pub last_check: Option<LastCheck>,
    /// What keeps it from going on.
    pub trouble: Option<Trouble>,
}

/// The last check that went through all posts.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LastCheck {
    /// When it ended.
    pub ended_at: UtcTime,
}

/// What keeps a check from going on.
#[derive(Clone, Debug, Deserialize)]
pub struct Trouble {
    /// Why.
    pub reason: String,
}

/// A source's name for people.
#[must_use]
pub fn source_title(source: &str) -> &str {
    match source {
        "x" => "X",
        "mastodon" => "Mastodon",
        other => other,
    }
}

impl Stream {
    /// The sources beside the one that this is of.
    #[must_use]
    pub fn other_sources(&self) -> Vec<String> {
        let others = self.sources.iter().map(|each| &each.source).filter(|source| **source != self.source);
        others.cloned().collect()
    }

    /// Adds what the stream of another source says of keywords and of what is missing, with the source's name before each cause.
    pub fn add(&mut self, other: Self) {
        let title = source_title(&other.source).to_owned();
        let told = |cause: String| format!("{title}: {cause}");
        for keyword in other.keywords {
            match self.keywords.iter_mut().find(|own| own.keyword == keyword.keyword) {
                Some(own) => own.started_at = own.started_at.min(keyword.started_at),
                None => self.keywords.push(keyword),
            }
        }
        self.gaps.extend(other.gaps.into_iter().map(|gap| Gap { cause: told(gap.cause), ..gap }));
        self.ongoing
            .extend(other.ongoing.into_iter().map(|each| Ongoing { cause: told(each.cause), ..each }));
        self.gaps_complete_since = self.gaps_complete_since.max(other.gaps_complete_since);
    }

    /// Since when posts of a keyword were collected, those from before it was started included; `None` if it is not collected.
    #[must_use]
    pub fn collected_since(&self, keyword: &str) -> Option<UtcTime> {
        let started = self.keywords.iter().find(|requested| requested.keyword == keyword)?.started_at;
        let is_history =
            |gap: &&Gap| gap.keyword == keyword && gap.history.is_some() && gap.state == "closed";
        let history = self.gaps.iter().filter(is_history).map(|gap| gap.from);
        Some(history.fold(started, UtcTime::min))
    }

    /// How many of the latest gaps are in this state, without those from before a keyword was started.
    #[must_use]
    pub fn missing_gaps(&self, state: &str) -> usize {
        self.gaps.iter().filter(|gap| gap.state == state && gap.history.is_none()).count()
    }
}

impl Gap {
    /// What becomes of it, in words.
    #[must_use]
    pub fn state_in_words(&self) -> &str {
        match self.state.as_str() {
            "open" => "missing",
            "healing" => "being fetched",
            "closed" => "fetched",
            "abandoned" => "given up",
            other => other,
        }
    }

    /// What it lacks, as a sentence; empty if it is known to lack nothing.
    #[must_use]
    pub fn lacks(&self) -> String {
        if self.state != "closed" {
            return "All posts of this time may be missing.".to_owned();
        }
        let Some(MayLack { kinds, reposts_about }) = &self.may_lack else { return String::new() };
        let kinds: Vec<String> = kinds
            .iter()
            .map(|kind| match (kind.as_str(), reposts_about) {
                ("reposts", Some(0)) => "reposts (probably none)".to_owned(),
                ("reposts", Some(about)) => format!("reposts (about {})", crate::words::number(*about)),
                ("reposts", None) => "reposts".to_owned(),
                ("quotes", _) => "posts that match only by what they quote".to_owned(),
                ("earlierVersions", _) => "earlier versions of edited posts".to_owned(),
                ("takenBack", _) => "posts that were taken back".to_owned(),
                (other, _) => other.to_owned(),
            })
            .collect();
        format!("May lack {}.", kinds.join(", "))
    }
}
