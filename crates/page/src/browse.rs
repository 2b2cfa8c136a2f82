//! The posts of a keyword: a histogram above, filters, and the posts as posts.

use askama::Template;
use serde::Deserialize;

use crate::address::Address;
use crate::filter::{self, Chip, FILTERS};
use crate::frame::{Frame, Rendered, Tab, framed};
use crate::histogram::Histogram;
use crate::post::{self, Post};
use crate::text::Part;
use crate::words;

/// The API's answer to `GET /tweets`.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PostPage {
    /// The posts.
    pub tweets: Vec<Post>,
    /// The next page's cursor.
    pub next_cursor: Option<String>,
    /// How many posts were read to find these.
    pub read: u64,
}

/// What the view shows.
#[derive(Debug)]
pub struct Browse<'a> {
    /// The view's own address.
    pub address: &'a Address,
    /// The keywords that can be chosen.
    pub keywords: &'a [String],
    /// The chosen keyword, its histogram and its posts; `None` if none is chosen yet.
    pub shown: Option<Shown<'a>>,
    /// Whether pictures are shown.
    pub pictures: bool,
    /// Where the API is, as in `http://localhost:8080`.
    pub api: &'a str,
}

/// The posts of the chosen keyword.
#[derive(Debug)]
pub struct Shown<'a> {
    /// The keyword.
    pub keyword: &'a str,
    /// The histogram.
    pub histogram: &'a Histogram,
    /// The posts.
    pub page: &'a PostPage,
}

/// The filters that have a field of their own in the form.
const FIELDS: [&str; 3] = ["country", "language", "text"];

#[derive(Template)]
#[template(path = "browse.html")]
struct View<'a> {
    address: &'a Address,
    keywords: &'a [String],
    shown: Option<&'a Shown<'a>>,
    pictures: bool,
    /// Where pictures are shown, or hidden again; `None` where there are none.
    pictures_switch: Option<String>,
    chips: Vec<Chip>,
    /// What the form keeps besides its own fields.
    kept: Vec<(&'static str, &'a str)>,
    histogram: String,
    exports: Vec<(&'static str, String)>,
    curl: String,
    signed_in: bool,
    is_filtered: bool,
    next: Option<String>,
    first: Option<String>,
}

impl Browse<'_> {
    /// The page.
    ///
    /// # Errors
    /// None that data could cause.
    pub fn page(&self, frame: &Frame) -> Rendered {
        let Self { address, keywords, shown, pictures, api: base } = self;
        let histogram = shown.as_ref().map(|shown| {
            let posts = words::count(shown.histogram.total(), "post");
            let title = format!("{posts} of {} by {}", shown.keyword, shown.histogram.unit.name());
            shown.histogram.svg(&title, |from, to| {
                address.with("from", from).with("to", to).without("cursor").to_string()
            })
        });
        let has_pictures =
            shown.as_ref().is_some_and(|shown| shown.page.tweets.iter().any(|post| post.picture().is_some()));
        let parameters = filter::parameters();
        let export = address.at("/export", &parameters);
        let kept = FILTERS.iter().map(|filter| filter.name).filter(|name| !FIELDS.contains(name));
        let view = View {
            address,
            keywords,
            shown: shown.as_ref(),
            pictures: *pictures,
            pictures_switch: (*pictures || has_pictures)
                .then(|| address.with("pictures", if *pictures { "off" } else { "on" }).to_string()),
            chips: filter::chips(address),
            kept: kept.chain(["versions"]).filter_map(|name| Some((name, address.get(name)?))).collect(),
            histogram: histogram.unwrap_or_default(),
            exports: [("JSON", ""), ("JSON lines", "jsonl"), ("CSV", "csv"), ("ids", "ids")]
                .map(|(name, format)| {
                    let export =
                        if format.is_empty() { export.clone() } else { export.with("format", format) };
                    (name, export.to_string())
                })
                .into(),
            signed_in: frame.signed_in,
            is_filtered: filter::looks_at_posts(address),
            curl: format!("{base}{}", address.at("/tweets", &parameters).with("format", "jsonl")),
            next: shown
                .as_ref()
                .and_then(|shown| shown.page.next_cursor.as_ref())
                .map(|cursor| address.with("cursor", cursor).to_string()),
            first: address.get("cursor").map(|_| address.without("cursor").to_string()),
        };
        let title = shown.as_ref().map_or("Browse", |shown| shown.keyword);
        framed(frame, title, Tab::Browse, &view)
    }
}

impl View<'_> {
    /// This view with another value of a filter, from its first page on.
    fn filtered(&self, name: &str, value: &str) -> String {
        self.address.with(name, value).without("cursor").to_string()
    }

    fn value(&self, name: &str) -> &str {
        self.address.get(name).unwrap_or_default()
    }
}
