//! A map of the world that shows how many posts each country has, as an SVG within an HTML page.
//!
//! The picture holds no colours and no `style`. The page's style sheet gives them to these classes:
//!
//! | class | what |
//! |---|---|
//! | `world` | the picture |
//! | `c0` | countries without posts |
//! | `c1` to `c5` | countries with posts, from the fewest to the most |
//! | `legend`, `share` | texts |
//!
//! Classes begin at round numbers of posts: 1, 3, 10, 30, 100 and so on, or powers of ten if a country has 10,000 posts. `c5` begins at the
//! greatest of these that a country reaches, `c4` to `c2` at those before it, and `c1` at 1. The legend in the picture tells them.
//!
//! Where the outlines come from is in `data/make`, and their licence in `NOTICE`.

mod scale;
mod shapes;
mod text;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt::{self, Write};

use place::Country;

use scale::Scale;
use shapes::Shape;
use text::{percent, posts};

use crate::svg::Escaped;
use crate::words::grouped;

/// What a map shows.
#[derive(Clone, Debug, Default)]
pub struct Map<'a> {
    /// The picture's name, which screen readers say.
    pub title: &'a str,
    /// What it shows, in a sentence or two, for those who do not see it.
    pub description: &'a str,
    /// The countries with posts. All others are drawn too.
    pub countries: BTreeMap<Country, Posts>,
    /// The number of posts without a known country.
    pub unknown: u64,
}

/// The posts of a country.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Posts {
    /// How many there are.
    pub count: u64,
    /// Where the country leads to when it is followed, as in `href`; nowhere, if that is empty. The scheme is not checked.
    pub link: String,
}

/// The picture is this wide and high, in units of its `viewBox`.
const WIDTH: u32 = 1000;
const HEIGHT: u32 = 490;
/// What a map looks like by itself; in a page, the page's own style says so.
const STYLE: &str = "text{font-family:system-ui,sans-serif;fill:#17211f}path,circle{stroke:#fff;stroke-width:.5}\
    .c0{fill:#e6eae8}.c1{fill:#a9d8d2}.c2{fill:#7cc2bb}.c3{fill:#4aa59e}.c4{fill:#1f827c}.c5{fill:#0a5752}";
/// The radius of a dot, which stands for a country too small to be hit. `data/make` keeps their centres 4.5 apart.
const RADIUS: u32 = 3;

/// The map as an `svg` element, which is well-formed XML. A page can hold one: its ids begin with `world-`.
///
/// A country with posts is a link (`a`), another is a group (`g`). Each holds a `title` (`Lithuania: 1,234 posts`), which browsers show
/// under the pointer, and its outline, its dot or both. The picture's role is `group`, since `img` would hide the links from screen readers.
#[must_use]
pub fn world(map: &Map<'_>) -> String {
    let mut svg = String::with_capacity(128 * 1024);
    // Writing to a `String` cannot fail.
    let _ = write_world(&mut svg, map);
    svg
}

/// The map as a file of its own, with its style in it.
#[must_use]
pub fn picture(map: &Map<'_>) -> String {
    let own = format!("<svg width=\"{WIDTH}\" height=\"{HEIGHT}\" ");
    let svg = world(map).replacen("<svg ", &own, 1);
    svg.replacen("</desc>", &format!("</desc><style>{STYLE}</style>"), 1)
}

fn write_world(out: &mut String, map: &Map<'_>) -> fmt::Result {
    write!(
        out,
        r#"<svg xmlns="http://www.w3.org/2000/svg" class="world" viewBox="0 0 {WIDTH} {HEIGHT}" font-size="14" role="group" aria-labelledby="world-title" aria-describedby="world-description">"#,
    )?;
    write!(out, r#"<title id="world-title">{}</title>"#, Escaped(map.title))?;
    write!(out, r#"<desc id="world-description">{}</desc>"#, Escaped(map.description))?;
    let scale = Scale::of(map.countries.values().map(|posts| posts.count));
    // Dots are above all outlines.
    let (dots, outlines): (Vec<_>, Vec<_>) = shapes::all().partition(|shape| shape.dot.is_some());
    for shape in outlines.iter().chain(&dots) {
        write_country(out, shape, map.countries.get(&shape.country), &scale)?;
    }
    write_legend(out, &scale)?;
    write!(out, r#"<text class="share" x="12" y="480">{}</text>"#, share(map))?;
    out.write_str("</svg>")
}

fn write_country(out: &mut String, shape: &Shape, posts_here: Option<&Posts>, scale: &Scale) -> fmt::Result {
    let count = posts_here.map_or(0, |posts| posts.count);
    let link = posts_here.filter(|posts| posts.count > 0 && !posts.link.is_empty());
    let link = link.map(|posts| posts.link.as_str());
    match link {
        Some(link) => write!(out, r#"<a href="{}">"#, Escaped(link))?,
        None => out.write_str("<g>")?,
    }
    write!(out, "<title>{}: {}</title>", Escaped(shape.name), posts(count))?;
    let class = scale.class(count);
    if let Some(outline) = shape.outline {
        write!(out, r#"<path class="c{class}" d="{outline}"/>"#)?;
    }
    if let Some((x, y)) = shape.dot {
        write!(out, r#"<circle class="c{class}" cx="{x}" cy="{y}" r="{RADIUS}"/>"#)?;
    }
    out.write_str(if link.is_some() { "</a>" } else { "</g>" })
}

/// The classes from the most posts to none, in the South Pacific.
fn write_legend(out: &mut String, scale: &Scale) -> fmt::Result {
    let mut rows: Vec<(usize, String)> =
        scale.classes().map(|(class, range)| (class, range.to_string())).collect();
    rows.reverse();
    if let Some((_, most)) = rows.first_mut() {
        most.push_str(" posts");
    }
    rows.push((0, "no posts".to_owned()));
    out.write_str(r#"<g class="legend">"#)?;
    for (row, (class, text)) in (0..).zip(rows.iter().rev()) {
        // From the lowest row up.
        let y = 446 - 19 * row;
        write!(
            out,
            r#"<rect class="c{class}" x="12" y="{y}" width="20" height="13"/><text x="38" y="{}">{text}</text>"#,
            y + 11,
        )?;
    }
    out.write_str("</g>")
}

/// How many posts have no known country.
fn share(map: &Map<'_>) -> String {
    let unknown = u128::from(map.unknown);
    let total = unknown + map.countries.values().map(|posts| u128::from(posts.count)).sum::<u128>();
    match (total, unknown) {
        (0, _) => "There are no posts.".to_owned(),
        (1, 0) => "The only post has a known country.".to_owned(),
        (1, _) => "The only post has no known country.".to_owned(),
        (_, 0) => format!("All {} posts have a known country.", grouped(total)),
        (_, 1) => format!("Of {} posts, 1 ({}) has no known country.", grouped(total), percent(1, total)),
        _ => format!(
            "Of {} posts, {} ({}) have no known country.",
            grouped(total),
            grouped(unknown),
            percent(unknown, total),
        ),
    }
}
