//! Charts of a keyword, or of all: over time, by country, and what its newest posts have most.

use std::collections::BTreeMap;

use askama::Template;
use place::{Country, CountryHow};
use serde::Deserialize;
use utc_time::UtcTime;

use crate::address::Address;
use crate::frame::{Frame, Rendered, Tab, framed};
use crate::histogram::Histogram;
use crate::map::{self, Map, Posts};
use crate::post::Post;
use crate::words;

/// The API's counts by country.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CountryCounts {
    /// A row for each country.
    pub statistics: Vec<CountryRow>,
    /// The first hour that is counted.
    pub from: UtcTime,
    /// The first hour behind it.
    pub to: UtcTime,
    /// All posts.
    pub total: u64,
    /// How the countries are known.
    pub country_known: Option<CountryKnown>,
}

/// The posts of a country.
#[derive(Clone, Debug, Deserialize)]
pub struct CountryRow {
    /// Its code, or `unknown`.
    pub country: String,
    /// How many posts are stored.
    #[serde(default)]
    pub tweets: u64,
}

/// How the country of the posts is known.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CountryKnown {
    /// By a place.
    pub by_place: u64,
    /// By the author's profile.
    pub by_profile: BTreeMap<CountryHow, u64>,
    /// In a way that was not recorded.
    pub unrecorded: u64,
    /// Not at all.
    pub unknown: u64,
}

/// A ranked list: what is counted, and how often it is.
#[derive(Clone, Debug)]
pub struct Ranking {
    /// What is counted.
    pub title: &'static str,
    /// The most frequent first: its name, how many posts have it, and where a click leads.
    pub rows: Vec<(String, u64, Option<String>)>,
}

/// What the view shows.
#[derive(Debug)]
pub struct Charts<'a> {
    /// The view's own address.
    pub address: &'a Address,
    /// The keywords that can be chosen.
    pub keywords: &'a [String],
    /// The chosen keyword; `None` for all.
    pub keyword: Option<&'a str>,
    /// Over time.
    pub histogram: &'a Histogram,
    /// How many posts the period before had, which was as long.
    pub before: Option<u64>,
    /// By country.
    pub countries: &'a CountryCounts,
    /// The newest posts.
    pub newest: &'a [Post],
}

/// The parameters of this view.
pub const PARAMETERS: [&str; 3] = ["keyword", "from", "to"];

/// How many rows a ranking has.
const ROWS: usize = 10;

/// How many countries are listed beside the map.
const COUNTRIES: usize = 12;

#[derive(Template)]
#[template(path = "charts.html")]
struct View<'a> {
    charts: &'a Charts<'a>,
    histogram: String,
    map: String,
    change: Option<String>,
    countries: Vec<(String, u64, String)>,
    more_countries: u64,
    known: Vec<(&'static str, u64, u64)>,
    rankings: Vec<Ranking>,
    /// The charts by themselves: what they are, and where.
    posts_files: [(&'static str, String); 3],
    country_files: [(&'static str, String); 3],
    /// The ranges that are offered: the name, the address, and whether it is the one that is shown.
    ranges: Vec<(&'static str, String, bool)>,
}

impl Charts<'_> {
    /// The page. `now` is the time, from which the ranges that are offered go back.
    ///
    /// # Errors
    /// None that data could cause.
    pub fn page(&self, frame: &Frame, now: UtcTime) -> Rendered {
        let address = self.address;
        let browse = address.at("/browse", &PARAMETERS);
        let title =
            format!("{} by {}", words::count(self.histogram.total(), "post"), self.histogram.unit.name());
        let histogram =
            self.histogram.svg(&title, |from, to| address.with("from", from).with("to", to).to_string());
        let known_countries =
            self.countries.statistics.iter().filter(|row| row.country != "unknown" && row.tweets > 0);
        let countries: Vec<(String, u64, String)> = known_countries
            .map(|row| (row.country.clone(), row.tweets, browse.with("country", &row.country).to_string()))
            .collect();
        let range = |(name, hours): (&'static str, u64)| {
            let from = now.before(std::time::Duration::from_secs(hours * 3600));
            // The one that is shown was offered a while ago.
            let shown = self.histogram.to.since(self.histogram.from).as_secs();
            let is_shown = address.get("to").is_none() && (shown / 3600).abs_diff(hours) <= hours / 20;
            (name, address.with("from", from.minute() + ":00Z").without("to").to_string(), is_shown)
        };
        let file =
            |(name, path): (&'static str, &'static str)| (name, address.at(path, &PARAMETERS).to_string());
        let posts_files =
            [("picture", "/charts/posts.svg"), ("CSV", "/charts/posts.csv"), ("JSON", "/charts/posts.json")];
        let country_files = [
            ("picture", "/charts/countries.svg"),
            ("CSV", "/charts/countries.csv"),
            ("JSON", "/charts/countries.json"),
        ];
        let view = View {
            posts_files: posts_files.map(file),
            country_files: country_files.map(file),
            histogram,
            map: map::world(&self.countries.map(Some(&browse))),
            change: self.before.map(|before| change(before, self.histogram.total())),
            more_countries: countries.len().saturating_sub(COUNTRIES) as u64,
            countries: countries.into_iter().take(COUNTRIES).collect(),
            known: known(self.countries),
            rankings: rankings(self.newest, self.keyword.map(|_| &browse)),
            ranges: [("Last hour", 1), ("24 hours", 24), ("7 days", 168), ("30 days", 720)].map(range).into(),
            charts: self,
        };
        framed(frame, self.keyword.unwrap_or("Charts"), Tab::Charts, &view)
    }
}

impl CountryCounts {
    /// The map of the posts by country; a click on one leads to its posts at `browse`.
    fn map(&self, browse: Option<&Address>) -> Map<'static> {
        let (mut countries, mut unknown) = (BTreeMap::new(), 0);
        for row in &self.statistics {
            match row.country.parse::<Country>() {
                Ok(country) => {
                    let link = browse.map(|browse| browse.with("country", country).to_string());
                    countries.insert(country, Posts { count: row.tweets, link: link.unwrap_or_default() });
                }
                Err(_) => unknown += row.tweets,
            }
        }
        Map { title: "Posts by country", description: "A map of the world.", countries, unknown }
    }

    /// The map as a file of its own.
    #[must_use]
    pub fn picture(&self) -> String {
        map::picture(&self.map(None))
    }

    /// The counts as CSV.
    #[must_use]
    pub fn csv(&self) -> String {
        let rows = self.statistics.iter().map(|row| format!("{},{}\n", row.country, row.tweets));
        std::iter::once("country,posts\n".to_owned()).chain(rows).collect()
    }
}

/// How a period compares with the one before.
fn change(before: u64, now: u64) -> String {
    let than = format!("{} in as much time before", words::number(before));
    if before == 0 {
        return than;
    }
    // Counts are far below 2^53.
    let percent = (now as f64 - before as f64) * 100.0 / before as f64;
    format!("{}{:.0} %: {than}", if percent < 0.0 { "−" } else { "+" }, percent.abs())
}

/// How the countries are known: the name, how many posts, and their part in percent.
fn known(counts: &CountryCounts) -> Vec<(&'static str, u64, u64)> {
    let Some(known) = &counts.country_known else { return Vec::new() };
    let how = |how: CountryHow| match how {
        CountryHow::Flag => "a flag in the profile",
        CountryHow::Country => "a country in the profile",
        CountryHow::Region => "a region in the profile",
        CountryHow::CityAndRegion => "a city and its region in the profile",
        CountryHow::City => "a city in the profile",
        CountryHow::Coordinates => "coordinates in the profile",
    };
    let by_profile = known.by_profile.iter().map(|(each, posts)| (how(*each), *posts));
    let rows = [("the post's place", known.by_place)].into_iter().chain(by_profile);
    let rows = rows.chain([("unrecorded", known.unrecorded), ("unknown", known.unknown)]);
    let whole = counts.total.max(1);
    rows.filter(|(_, posts)| *posts > 0).map(|(name, posts)| (name, posts, posts * 100 / whole)).collect()
}

/// What the posts have most. `browse` is where a click on a row leads, with the filter added.
fn rankings(posts: &[Post], browse: Option<&Address>) -> Vec<Ranking> {
    let filtered = |name: &str, value: &str| browse.map(|browse| browse.with(name, value).to_string());
    let rank = |title: &'static str,
                values: &dyn Fn(&Post) -> Vec<String>,
                link: &dyn Fn(&str) -> Option<String>| {
        let mut counts: BTreeMap<String, u64> = BTreeMap::new();
        for post in posts {
            let mut values = values(post);
            values.sort();
            values.dedup();
            for value in values {
                *counts.entry(value).or_default() += 1;
            }
        }
        let mut rows: Vec<(String, u64)> = counts.into_iter().collect();
        rows.sort_by(|(a, more), (b, less)| less.cmp(more).then_with(|| a.cmp(b)));
        let rows = rows.into_iter().take(ROWS).map(|(name, posts)| {
            let link = link(&name);
            (name, posts, link)
        });
        Ranking { title, rows: rows.collect() }
    };
    let hosts = |post: &Post| -> Vec<String> {
        let addresses = post.links.iter().filter_map(|link| link.expanded_url.as_deref());
        let host =
            |address: &str| Some(address.split_once("://")?.1.split(['/', '?', '#']).next()?.to_owned());
        addresses.filter_map(host).filter(|host| !host.is_empty()).collect()
    };
    vec![
        rank("Languages", &|post| post.language.iter().cloned().collect(), &|name| {
            filtered("language", name)
        }),
        rank(
            "Hashtags",
            &|post| post.hashtags.iter().map(|tag| format!("#{}", tag.tag.to_lowercase())).collect(),
            &|name| filtered("text", name),
        ),
        rank("Linked sites", &hosts, &|_| None),
        rank(
            "Authors",
            &|post| post.author_username.iter().map(|name| format!("@{name}")).collect(),
            &|name| filtered("author", name.trim_start_matches('@')),
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_is_compared_with_the_one_before() {
        assert_eq!(change(100, 150), "+50 %: 100 in as much time before");
        assert_eq!(change(200, 100), "−50 %: 200 in as much time before");
        assert_eq!(change(0, 5), "0 in as much time before");
    }

    #[test]
    fn what_posts_have_most_comes_first_and_counts_once_a_post() {
        let post = |tags: &[&str]| -> Post {
            let tags: Vec<_> = tags.iter().map(|tag| serde_json::json!({ "tag": tag })).collect();
            serde_json::from_value(serde_json::json!({
                "tweetId": "1", "createDate": "2026-11-27T10:00:00Z", "text": "", "hashtags": tags, "language": "lt",
                "links": [{ "url": "u", "expandedUrl": "https://example.org/a?b" }],
            }))
            .unwrap()
        };
        let browse = Address::parse("/browse", "keyword=k");
        let rankings = rankings(&[post(&["A", "a"]), post(&["b", "a"]), post(&["c"])], Some(&browse));
        let tags: Vec<_> = rankings[1].rows.iter().map(|(name, posts, _)| (name.as_str(), *posts)).collect();
        assert_eq!(tags, [("#a", 2), ("#b", 1), ("#c", 1)]);
        assert_eq!(rankings[1].rows[0].2.as_deref(), Some("/browse?keyword=k&text=%23a"));
        assert_eq!((rankings[2].rows[0].0.as_str(), rankings[2].rows[0].1), ("example.org", 3));
    }
}
