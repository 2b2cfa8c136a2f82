//! Signing in with a key, and confirming what changes something.

use askama::Template;
use serde::Deserialize;

use crate::address::Address;
use crate::frame::{Frame, Rendered, Tab, framed};
use crate::stream::{Keyword, source_title};
use crate::words;

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignIn<'a> {
    then: &'a str,
    error: Option<&'a str>,
}

/// The page that asks for a key, and leads to the address `then`.
///
/// # Errors
/// None that data could cause.
pub fn sign_in(then: &str, error: Option<&str>) -> Rendered {
    framed(&Frame::default(), "Sign in", Tab::Other, &SignIn { then, error })
}

/// The API's answer to `GET /stream/estimate`, as far as it is shown.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Estimate {
    /// Posts a day that are no reposts.
    pub posts_a_day: f64,
    /// Reposts a day; unknown where too few were delivered.
    pub reposts_a_day: Option<f64>,
    /// What all of them cost in a day, in dollars.
    pub dollars_a_day: f64,
    /// The posts since a time.
    pub since: Option<EstimatedSince>,
    /// What asking for this has cost.
    pub asked: Asked,
    /// What a day may bring at most.
    pub daily_post_budget: Option<u64>,
}

/// What asking X has cost.
#[derive(Clone, Debug, Deserialize)]
pub struct Asked {
    /// In dollars.
    pub dollars: f64,
}

/// The posts since a time.
#[derive(Clone, Debug, Deserialize)]
pub struct EstimatedSince {
    /// How many.
    pub posts: f64,
    /// What they cost.
    pub dollars: f64,
}

/// How a keyword is collected, where that is not as usual.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Without reposts.
    pub without_reposts: bool,
    /// How many posts it may bring in a day.
    pub max_posts_a_day: Option<u64>,
}

impl Options {
    /// The names of the parameters.
    const REPOSTS: &'static str = "reposts";
    const MAX_POSTS_A_DAY: &'static str = "maxPostsADay";

    /// The options that parameters or fields of a form tell.
    pub fn read<'v>(value: impl Fn(&str) -> Option<&'v str>) -> Self {
        Self {
            without_reposts: value(Self::REPOSTS) == Some("false"),
            max_posts_a_day: value(Self::MAX_POSTS_A_DAY).and_then(|posts| posts.parse().ok()),
        }
    }

    /// The parameters that tell them.
    #[must_use]
    pub fn parameters(self) -> Vec<(&'static str, String)> {
        let reposts = self.without_reposts.then(|| (Self::REPOSTS, "false".to_owned()));
        let posts = self.max_posts_a_day.map(|posts| (Self::MAX_POSTS_A_DAY, posts.to_string()));
        reposts.into_iter().chain(posts).collect()
    }
}

/// A keyword that can be started again as it was: the address where that is asked.
#[must_use]
pub fn start_again(keyword: &Keyword, source: Option<&str>) -> Address {
    let options = Options { without_reposts: !keyword.reposts, max_posts_a_day: keyword.max_posts_a_day };
    let address = Address::of("/start").with("keyword", &keyword.keyword).of_source(source);
    options.parameters().into_iter().fold(address, |address, (name, value)| address.with(name, value))
}

/// What is asked before a keyword is started.
#[derive(Debug, Template)]
#[template(path = "start.html")]
pub struct Start<'a> {
    /// The keyword.
    pub keyword: &'a str,
    /// Since when posts are fetched too, as a time.
    pub since: Option<&'a str>,
    /// The sources from which it is collected; those that the API chooses if empty.
    pub sources: &'a [&'a str],
    /// Whether a post is paid for.
    pub is_charged: bool,
    /// How it was collected before, if it is to be so again.
    pub options: Options,
    /// What it would bring, or why that is not known.
    pub estimate: Result<&'a Estimate, &'a str>,
    /// Whether posts are made up by the stub.
    pub made_up: bool,
}

impl Start<'_> {
    /// The page.
    ///
    /// # Errors
    /// None that data could cause.
    pub fn page(&self, frame: &Frame) -> Rendered {
        framed(frame, "Add a keyword", Tab::Other, self)
    }

    /// Where the view is to which this leads back.
    fn back(&self) -> Address {
        Address::of("/").of_source(self.sources.first().copied())
    }

    fn titles(&self) -> String {
        let titles: Vec<&str> = self.sources.iter().map(|source| source_title(source)).collect();
        titles.join(" and ")
    }

    fn posts_a_day(&self, estimate: &Estimate) -> u64 {
        // Far below 2^53, and never negative.
        (estimate.posts_a_day + estimate.reposts_a_day.unwrap_or_default()).round().max(0.0) as u64
    }
}

/// What is asked before a keyword, or all, are stopped.
#[derive(Debug, Template)]
#[template(path = "stop.html")]
pub struct Stop<'a> {
    /// The keyword; all if absent.
    pub keyword: Option<&'a str>,
    /// The source from which they are no longer collected; all if absent.
    pub source: Option<&'a str>,
    /// The keywords that are stopped, as many as can be started again afterwards by a click.
    pub stopped: &'a [&'a Keyword],
    /// How many more are stopped.
    pub more: usize,
}

impl Stop<'_> {
    /// Where the view is to which this leads back.
    fn back(&self) -> Address {
        Address::of("/").of_source(self.source)
    }

    /// The page.
    ///
    /// # Errors
    /// None that data could cause.
    pub fn page(&self, frame: &Frame) -> Rendered {
        framed(frame, "Stop", Tab::Other, self)
    }
}
