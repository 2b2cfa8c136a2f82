//! The first view: what runs, what it brings and costs, and what is missing.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use askama::Template;
use utc_time::UtcTime;

use crate::address::Address;
use crate::frame::{Frame, Rendered, Tab, framed};
use crate::stream::{Gap, Keyword, SourceState, Spending, Stream, source_title};
use crate::svg::{HATCH, escaped, spark};
use crate::words;

/// What the view shows.
#[derive(Debug)]
pub struct Now<'a> {
    /// The stream.
    pub stream: &'a Stream,
    /// The posts of each of the last sixty minutes, oldest first, of keywords for which they were read.
    pub minutes: &'a BTreeMap<String, Vec<u64>>,
    /// The time.
    pub now: UtcTime,
    /// Whether posts are made up by the stub.
    pub made_up: bool,
    /// Where the keywords that have just been stopped can be started again.
    pub stopped: &'a [Address],
}

/// The state of a stream, for people.
#[derive(Clone, Debug)]
pub struct State {
    /// How it looks: `good`, `busy`, `bad` or `calm`.
    pub look: &'static str,
    /// It in a word or a few, as in `Paused at the budget`.
    pub word: &'static str,
    /// What it means, in a sentence.
    pub says: String,
}

struct Row<'a> {
    keyword: &'a Keyword,
    look: &'static str,
    says: String,
    rate: String,
    spark: String,
    last_hour: String,
}

struct Meter {
    name: &'static str,
    posts: String,
    dollars: String,
    /// Of a budget: how much of it is used, in percent, and its size.
    used: Option<(u64, String)>,
}

/// A source, beside others.
struct Source<'a> {
    source: &'a str,
    title: &'a str,
    look: &'static str,
    word: &'static str,
}

struct Lane<'a> {
    keyword: &'a str,
    svg: String,
}

#[derive(Template)]
#[template(path = "now.html")]
struct View<'a> {
    frame: &'a Frame,
    stream: &'a Stream,
    now: UtcTime,
    made_up: bool,
    state: State,
    sources: Vec<Source<'a>>,
    /// The source, where there are several.
    source: Option<&'a str>,
    rows: Vec<Row<'a>>,
    meters: [Meter; 2],
    lanes: Vec<Lane<'a>>,
    gaps: Vec<&'a Gap>,
    stopped: &'a [Address],
}

/// How far back the time line of gaps goes.
pub const TIME_LINE: Duration = Duration::from_secs(24 * 60 * 60);

/// How many gaps are listed.
const GAPS: usize = 12;

impl Now<'_> {
    /// The page.
    ///
    /// # Errors
    /// None that data could cause.
    pub fn page(&self, frame: &Frame) -> Rendered {
        let Self { stream, now, made_up, .. } = self;
        let gaps: Vec<&Gap> = stream.gaps.iter().filter(|gap| gap.history.is_none()).collect();
        let view = View {
            frame,
            stream,
            now: *now,
            made_up: *made_up,
            state: state(stream),
            sources: stream.sources.iter().map(source).collect(),
            source: (stream.sources.len() > 1).then_some(stream.source.as_str()),
            rows: stream.keywords.iter().map(|keyword| self.row(keyword)).collect(),
            meters: [meter("Today", &stream.today), meter("This month", &stream.this_month)],
            lanes: lanes(stream, &gaps, *now),
            gaps: gaps.into_iter().take(GAPS).collect(),
            stopped: self.stopped,
        };
        framed(frame, "Now", Tab::Now, &view)
    }

    fn row<'b>(&self, keyword: &'b Keyword) -> Row<'b> {
        let (look, says) = keyword_state(keyword, source_title(&self.stream.source));
        let title = format!("Posts of each minute of the last hour for {}", keyword.keyword);
        let rate = keyword.traffic.as_ref().map(|traffic| words::rate(traffic.posts_per_second));
        let minutes = self.minutes.get(&keyword.keyword);
        Row {
            look,
            says,
            rate: rate.unwrap_or_else(|| "–".to_owned()),
            spark: minutes.map(|minutes| spark(minutes, &title)).unwrap_or_default(),
            last_hour: minutes
                .map(|minutes| words::count(minutes.iter().sum::<u64>(), "post"))
                .unwrap_or_default(),
            keyword,
        }
    }
}

/// The state of the stream, in a word and in a sentence.
#[must_use]
pub fn state(stream: &Stream) -> State {
    let waiting_for = stream.report.as_ref().and_then(|report| report.waiting_for.as_deref());
    let (look, word, says) = match (stream.state.as_str(), waiting_for) {
        _ if stream.keywords.is_empty() => {
            ("calm", "Nothing is collected", "Add a keyword, and its posts arrive here as they are written.")
        }
        ("running", _) if stream.missing_gaps("healing") > 0 => {
            ("good", "Running", "Posts arrive as they are written, and missed ones are being fetched.")
        }
        ("running", _) => ("good", "Running", "Posts arrive as they are written."),
        ("starting", _) => ("busy", "Starting", "The streamer is on its way; it takes up to a minute."),
        ("reconnecting", _) => (
            "busy",
            "Reconnecting",
            "The connection was lost. What is missed meanwhile is fetched afterwards.",
        ),
        ("paused", Some("budget")) => (
            "busy",
            "Paused at the budget",
            "As many posts were read as the budget allows. It goes on by itself.",
        ),
        ("paused", Some("credits")) => {
            ("bad", "Out of credits", "X asks to be paid. Once it is, reading goes on by itself.")
        }
        ("paused", Some("monthlyCap")) => (
            "bad",
            "Paused at X's monthly cap",
            "X allows no more posts this month. It goes on by itself with X's next cycle.",
        ),
        ("paused", Some("queue")) => {
            ("bad", "Paused", "The queue takes posts too slowly. Nothing that was read is lost.")
        }
        ("paused", Some("keywords")) => ("bad", "Paused", "Every keyword is refused."),
        ("paused", _) => ("busy", "Paused", "Reading waits."),
        ("failed", _) => {
            ("bad", "Failed", "The streamer ended with an error; it is started again by itself.")
        }
        ("stoppedByHand", _) => (
            "busy",
            "Stopped by hand",
            "A person has stopped the streamer. Nothing is read until it is started again; then what was missed is fetched.",
        ),
        _ => ("calm", "Stopped", "Nothing is being read."),
    };
    State { look, word, says: says.to_owned() }
}

/// How a source is doing, in a word.
fn source(SourceState { source, state }: &SourceState) -> Source<'_> {
    let (look, word) = match state.as_str() {
        "running" => ("good", "running"),
        "starting" => ("busy", "starting"),
        "reconnecting" => ("busy", "reconnecting"),
        "paused" => ("busy", "paused"),
        "failed" => ("bad", "failed"),
        "stoppedByHand" => ("busy", "stopped by hand"),
        _ => ("calm", "stopped"),
    };
    Source { source, title: source_title(source), look, word }
}

/// How a keyword is doing, and how that looks.
fn keyword_state(keyword: &Keyword, source: &str) -> (&'static str, String) {
    if let Some(error) = &keyword.error {
        ("bad", format!("{source} refuses it: {error}"))
    } else if let Some(until) = keyword.paused_until {
        ("busy", format!("at its budget until {}", words::time(until)))
    } else if let Some(waiting) = &keyword.waiting {
        ("busy", waiting.clone())
    } else if let Some(from) = keyword.missing_from {
        ("busy", format!("missing since {}", words::time(from)))
    } else {
        ("good", "collecting".to_owned())
    }
}

fn meter(name: &'static str, spending: &Spending) -> Meter {
    let used = spending.budget_posts.map(|budget| {
        let percent = (spending.posts * 100).checked_div(budget).unwrap_or(100).min(100);
        let dollars =
            spending.budget_dollars.map(|sum| format!(", {}", words::dollars(sum))).unwrap_or_default();
        (percent, format!("{}{dollars}", words::count(budget, "post")))
    });
    Meter {
        name,
        posts: words::count(spending.posts, "post"),
        dollars: words::dollars(spending.dollars),
        used,
    }
}

/// The last day of each keyword that has gaps, or misses posts now.
fn lanes<'a>(stream: &'a Stream, gaps: &[&'a Gap], now: UtcTime) -> Vec<Lane<'a>> {
    let begin = now.before(TIME_LINE);
    let mut spans: BTreeMap<&str, Vec<(UtcTime, UtcTime, &str, String)>> = BTreeMap::new();
    for gap in gaps.iter().filter(|gap| gap.to > begin) {
        let says =
            format!("{} to {}: {}. {}", words::time(gap.from), words::time(gap.to), gap.cause, gap.lacks());
        let class = if gap.state == "closed" { "gap some" } else { "gap" };
        spans.entry(&gap.keyword).or_default().push((gap.from, gap.to, class, says));
    }
    for ongoing in &stream.ongoing {
        let says = format!("missing since {}: {}", words::time(ongoing.from), ongoing.cause);
        spans.entry(&ongoing.keyword).or_default().push((ongoing.from, now, "gap", says));
    }
    let x = |at: UtcTime| 960.0 * at.max(begin).since(begin).as_secs_f64() / TIME_LINE.as_secs_f64();
    let lane = |(keyword, spans): (&'a str, Vec<(UtcTime, UtcTime, &str, String)>)| {
        let mut svg = format!(
            "<svg class=\"lane\" viewBox=\"0 0 960 24\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"What the last day of {} may lack\">{HATCH}\
             <rect class=\"whole\" width=\"960\" height=\"24\"/>",
            escaped(keyword)
        );
        for (from, to, class, says) in spans {
            let (left, right) = (x(from), x(to));
            let _ = write!(
                svg,
                "<rect class=\"{class}\" x=\"{left:.1}\" width=\"{:.1}\" height=\"24\"><title>{}</title></rect>",
                (right - left).max(3.0),
                escaped(&says)
            );
        }
        svg.push_str("</svg>");
        Lane { keyword, svg }
    };
    spans.into_iter().map(lane).collect()
}
