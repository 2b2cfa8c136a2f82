//! Bars over time, as SVG: how many posts there are, where posts may be missing, and never a zero where nothing is known.

mod missing;

use std::fmt::Write as _;

use serde::Deserialize;
use utc_time::UtcTime;

pub use self::missing::{Lack, Missing};
use crate::svg::{HATCH, escaped};
use crate::unit::Unit;
use crate::words;

/// The posts of a unit of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bar {
    /// When it begins.
    pub start: UtcTime,
    /// How many posts were written in it.
    pub posts: u64,
}

/// A row of the API's counts by time.
#[derive(Clone, Debug, Deserialize)]
pub struct Row {
    /// The minute.
    pub minute: Option<String>,
    /// Or the hour.
    pub hour: Option<String>,
    /// Or the day.
    pub day: Option<String>,
    /// How many posts are stored.
    #[serde(default)]
    pub tweets: u64,
}

/// Bars over a range of time.
#[derive(Clone, Debug)]
pub struct Histogram {
    /// The first moment.
    pub from: UtcTime,
    /// The first moment behind it.
    pub to: UtcTime,
    /// The unit of a bar.
    pub unit: Unit,
    /// The bars with posts, in order of time.
    pub bars: Vec<Bar>,
    /// The times in which posts may be missing.
    pub missing: Vec<Missing>,
}

/// The drawing's size, in its own units.
const WIDTH: f64 = 960.0;
const HEIGHT: f64 = 180.0;
/// What a drawing looks like by itself; in a page, the page's own style says so.
const STYLE: &str = "text{font:12px system-ui,sans-serif;fill:#55625f}.grid{stroke:#dde3e0}.bar{fill:#0b6e69}\
    .hatch{stroke:#8a5300;stroke-width:3}.gap{fill:url(#hatch);stroke:#8a5300}.gap.some{fill:#8a5300;fill-opacity:.22;stroke:none}.gap.off{fill:#55625f;fill-opacity:.12;stroke:none}";

/// The room for the numbers at the left, and for the times below.
const LEFT: f64 = 44.0;
const BELOW: f64 = 22.0;
const ABOVE: f64 = 8.0;

impl Histogram {
    /// The bars of the API's rows.
    #[must_use]
    pub fn bars_of(unit: Unit, rows: &[Row]) -> Vec<Bar> {
        let bar = |row: &Row| {
            let name = row.minute.as_ref().or(row.hour.as_ref()).or(row.day.as_ref())?;
            Some(Bar { start: unit.parse(name)?, posts: row.tweets })
        };
        rows.iter().filter_map(bar).collect()
    }

    /// How many posts there are in all.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.bars.iter().map(|bar| bar.posts).sum()
    }

    /// How many posts the highest bar has.
    #[must_use]
    pub fn most(&self) -> u64 {
        self.bars.iter().map(|bar| bar.posts).max().unwrap_or_default()
    }

    /// Where a time is, from left to right.
    fn x(&self, at: UtcTime) -> f64 {
        let whole = self.to.since(self.from).as_secs_f64().max(1.0);
        let at = at.max(self.from).min(self.to);
        LEFT + (WIDTH - LEFT) * at.since(self.from).as_secs_f64() / whole
    }

    /// The drawing as a file of its own, with its style in it and without links.
    #[must_use]
    pub fn picture(&self, title: &str) -> String {
        let svg = self.svg(title, |_, _| String::new());
        let own = format!("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{HEIGHT}\" ");
        let svg = svg.replacen("<svg ", &own, 1);
        svg.replacen("<defs>", &format!("<title>{}</title><style>{STYLE}</style><defs>", escaped(title)), 1)
    }

    /// The drawing. `link` says where a click on a bar leads; nowhere, if that is empty.
    #[must_use]
    pub fn svg(&self, title: &str, link: impl Fn(UtcTime, UtcTime) -> String) -> String {
        let most = nice(self.most());
        let floor = HEIGHT - BELOW;
        let mut svg = format!(
            "<svg class=\"chart histogram\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"group\" aria-label=\"{}\" \
             data-from=\"{}\" data-to=\"{}\" data-left=\"{LEFT}\" data-width=\"{WIDTH}\">",
            escaped(title),
            self.from,
            self.to
        );
        svg.push_str(HATCH);
        for (line, posts) in [(floor, 0), (ABOVE + (floor - ABOVE) / 2.0, most / 2), (ABOVE, most)] {
            let _ = write!(
                svg,
                "<path class=\"grid\" d=\"M{LEFT} {line:.1}H{WIDTH}\"/><text class=\"tick\" x=\"{:.0}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
                LEFT - 6.0,
                line + 4.0,
                words::number(posts)
            );
        }
        for Missing { from, to, lack, says } in &self.missing {
            if *to < self.from || *from > self.to {
                continue;
            }
            let (left, right) = (self.x(*from), self.x(*to));
            let class = lack.class();
            let _ = write!(
                svg,
                "<rect class=\"{class}\" x=\"{left:.1}\" y=\"{ABOVE}\" width=\"{:.1}\" height=\"{:.1}\"><title>{}</title></rect>",
                (right - left).max(3.0),
                floor - ABOVE,
                escaped(says)
            );
        }
        for Bar { start, posts } in &self.bars {
            let end = start.after(self.unit.length());
            if end <= self.from || *start >= self.to || *posts == 0 {
                continue;
            }
            let (left, right) = (self.x(*start), self.x(end));
            let height = ((floor - ABOVE) * *posts as f64 / most.max(1) as f64).max(1.0);
            let width = (right - left - 1.0).max(0.6);
            let says = format!("{}: {}", words::time(*start), words::count(*posts, "post"));
            let bar = format!(
                "<rect class=\"bar\" x=\"{left:.1}\" y=\"{:.1}\" width=\"{width:.1}\" height=\"{height:.1}\"><title>{}</title></rect>",
                floor - height,
                escaped(&says)
            );
            let link = link(*start, end);
            let _ = match link.as_str() {
                "" => write!(svg, "{bar}"),
                // Hundreds of stops on the way of the Tab key would help nobody; the table and the filters do the same.
                link => write!(svg, "<a href=\"{}\" tabindex=\"-1\">{bar}</a>", escaped(link)),
            };
        }
        for at in self.ticks() {
            let x = self.x(at);
            let anchor = if x > WIDTH - 40.0 { "end" } else { "middle" };
            let _ = write!(
                svg,
                "<text class=\"tick\" x=\"{x:.1}\" y=\"{:.0}\" text-anchor=\"{anchor}\">{}</text>",
                HEIGHT - 6.0,
                self.tick(at)
            );
        }
        svg.push_str("</svg>");
        svg
    }

    /// The times that are written below: whole ones, at most eight.
    fn ticks(&self) -> Vec<UtcTime> {
        const STEPS: [u64; 13] =
            [60, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 604_800, 2_592_000];
        let whole = self.to.since(self.from).as_secs();
        let step = STEPS.into_iter().find(|step| whole / step <= 8).unwrap_or(31_536_000);
        let step = i64::try_from(step * 1000).unwrap_or(i64::MAX);
        let first = (self.from.as_millis() + step - 1) / step * step;
        let ticks = std::iter::successors(Some(first), |at| Some(at + step));
        ticks
            .take(10)
            .filter_map(|at| UtcTime::from_millis(at).ok())
            .filter(|at| *at <= self.to && self.x(*at) > LEFT + 16.0)
            .collect()
    }

    /// A time as it is written below.
    fn tick(&self, at: UtcTime) -> String {
        let text = at.minute();
        let (day, time) = text.split_once('T').unwrap_or((&text, ""));
        match self.unit {
            Unit::Minute => time.to_owned(),
            Unit::Hour if time != "00:00" => time.to_owned(),
            _ => day.get("2026-".len()..).unwrap_or(day).to_owned(),
        }
    }
}

/// A number at least as large, with one or two digits that are not zero, so that it reads well at an axis.
fn nice(most: u64) -> u64 {
    let mut step = 1;
    while most > step * 10 {
        step *= 10;
    }
    let tenths = most.div_ceil(step);
    // An even one, so that its half is whole too.
    (tenths + tenths % 2).max(2) * step
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn at(text: &str) -> UtcTime {
        text.parse().unwrap()
    }

    pub(super) fn histogram() -> Histogram {
        let rows: Vec<Row> = serde_json::from_value(serde_json::json!([
            { "hour": "2026-11-27T10", "tweets": 3 }, { "hour": "2026-11-27T12", "tweets": 90 }, { "hour": "later", "tweets": 1 },
        ]))
        .unwrap();
        Histogram {
            from: at("2026-11-27T08:00:00Z"),
            to: at("2026-11-27T20:00:00Z"),
            unit: Unit::Hour,
            bars: Histogram::bars_of(Unit::Hour, &rows),
            missing: vec![
                Missing {
                    from: at("2026-11-27T13:00:00Z"),
                    to: at("2026-11-27T14:00:00Z"),
                    lack: Lack::All,
                    says: "a \"cut\" & <more>".to_owned(),
                },
                Missing {
                    from: at("2026-11-20T13:00:00Z"),
                    to: at("2026-11-20T14:00:00Z"),
                    lack: Lack::All,
                    says: "before".to_owned(),
                },
            ],
        }
    }

    #[test]
    fn bars_link_to_their_time_and_gaps_are_hatched() {
        let svg = histogram().svg("Posts", |from, to| format!("/browse?from={from}&to={to}"));
        assert_eq!((svg.matches("class=\"bar\"").count(), svg.matches("class=\"gap\"").count()), (2, 1));
        assert!(
            svg.contains("/browse?from=2026-11-27T12:00:00.000Z&amp;to=2026-11-27T13:00:00.000Z"),
            "{svg}"
        );
        assert!(svg.contains("a &quot;cut&quot; &amp; &lt;more&gt;") && !svg.contains("before"));
        assert_eq!(histogram().total(), 93);
    }

    #[test]
    fn a_picture_needs_nothing_else() {
        let picture = histogram().picture("Posts of <b>");
        assert!(
            picture.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\"") && picture.contains("<style>")
        );
        assert!(picture.contains("Posts of &lt;b&gt;") && !picture.contains("href"));
    }

    #[test]
    fn an_axis_ends_with_a_number_that_reads_well() {
        let ends = [0, 1, 3, 9, 10, 11, 93, 1001].map(nice);
        assert_eq!(ends, [2, 2, 4, 10, 10, 20, 100, 2000]);
    }
}
