use std::collections::BTreeSet;

use roxmltree::{Document, Node};

use super::*;

fn country(code: &str) -> Country {
    code.parse().unwrap()
}

fn posts_of(counts: &[(&str, u64)]) -> BTreeMap<Country, Posts> {
    let posts = |code: &str, count| Posts { count, link: format!("/posts?country={code}&sort=new") };
    counts.iter().map(|&(code, count)| (country(code), posts(code, count))).collect()
}

fn example() -> Map<'static> {
    Map {
        title: "Posts by country",
        description: "A map of the world.",
        countries: posts_of(&[("US", 4_000), ("LT", 1_234), ("MT", 3), ("FR", 0)]),
        unknown: 3_100,
    }
}

/// The element of a country: its `a` or its `g`.
fn element<'a>(document: &'a Document<'_>, name: &str) -> Node<'a, 'a> {
    let title =
        |node: &Node<'_, '_>| node.first_element_child().and_then(|title| title.text().map(str::to_owned));
    let begin = format!("{name}: ");
    document
        .root_element()
        .children()
        .find(|node| title(node).is_some_and(|title| title.starts_with(&begin)))
        .unwrap()
}

fn drawn(svg: &str, name: &str) -> String {
    let document = Document::parse(svg).unwrap();
    let range = element(&document, name).range();
    svg[range].to_owned()
}

#[test]
fn a_country_is_a_link_with_its_name_and_posts() {
    let svg = world(&example());
    insta::assert_snapshot!(drawn(&svg, "Malta"), @r#"<a href="/posts?country=MT&amp;sort=new"><title>Malta: 3 posts</title><circle class="c1" cx="508.6" cy="114.7" r="3"/></a>"#);
    insta::assert_snapshot!(drawn(&svg, "Luxembourg"), @r#"<g><title>Luxembourg: no posts</title><path class="c0" d="m488.9 70.4.8.9-.3 1-1.3-.2-.1-1.1z"/><circle class="c0" cx="488.8" cy="71.4" r="3"/></g>"#);
    let lithuania = drawn(&svg, "Lithuania");
    let (opening, _) = lithuania.split_once(" d=").unwrap();
    insta::assert_snapshot!(opening, @r#"<a href="/posts?country=LT&amp;sort=new"><title>Lithuania: 1,234 posts</title><path class="c4""#);
}

#[test]
fn the_picture_is_named_and_described() {
    let svg = world(&example());
    let (head, _) = svg.split_once("<g>").unwrap();
    let (head, _) = head.split_once("<a ").unwrap_or((head, ""));
    insta::assert_snapshot!(head, @r#"<svg xmlns="http://www.w3.org/2000/svg" class="world" viewBox="0 0 1000 490" font-size="14" role="group" aria-labelledby="world-title" aria-describedby="world-description"><title id="world-title">Posts by country</title><desc id="world-description">A map of the world.</desc>"#);
}

#[test]
fn the_legend_tells_the_classes_and_the_share_of_unknown_countries() {
    let svg = world(&example());
    let legend = &svg[svg.find(r#"<g class="legend">"#).unwrap()..];
    insta::assert_snapshot!(legend.replace("<rect", "\n<rect").replace("<text class", "\n<text class"), @r##"
        <g class="legend">
        <rect class="c0" x="12" y="446" width="20" height="13"/><text x="38" y="457">no posts</text>
        <rect class="c1" x="12" y="427" width="20" height="13"/><text x="38" y="438">1–99</text>
        <rect class="c2" x="12" y="408" width="20" height="13"/><text x="38" y="419">100–299</text>
        <rect class="c3" x="12" y="389" width="20" height="13"/><text x="38" y="400">300–999</text>
        <rect class="c4" x="12" y="370" width="20" height="13"/><text x="38" y="381">1,000–2,999</text>
        <rect class="c5" x="12" y="351" width="20" height="13"/><text x="38" y="362">3,000 or more posts</text></g>
        <text class="share" x="12" y="480">Of 8,337 posts, 3,100 (37 %) have no known country.</text></svg>
        "##);
}

#[test]
fn every_country_can_be_followed() {
    let countries =
        Country::all().map(|country| (country, Posts { count: 1, link: format!("/{country}") })).collect();
    let svg = world(&Map { countries, ..Map::default() });
    let document = Document::parse(&svg).unwrap();
    let links: Vec<Node<'_, '_>> = document
        .descendants()
        .filter(|node| node.has_tag_name(("http://www.w3.org/2000/svg", "a")))
        .collect();
    for link in &links {
        assert!(
            link.children().any(|shape| shape.has_attribute("d") || shape.has_attribute("r")),
            "{link:?}"
        );
    }
    let followed: BTreeSet<&str> =
        links.iter().filter_map(|link| link.attribute("href")?.strip_prefix('/')).collect();
    assert_eq!(followed.len(), links.len());
    assert!(Country::all().all(|country| followed.contains(country.as_str())));
}

#[test]
fn countries_without_posts_are_drawn_without_a_link() {
    let svg = world(&example());
    let document = Document::parse(&svg).unwrap();
    for name in ["France", "Brazil", "Luxembourg"] {
        let element = element(&document, name);
        assert_eq!(element.tag_name().name(), "g", "{name}");
        assert!(
            element.children().all(|shape| shape.attribute("class").is_none_or(|class| class == "c0")),
            "{name}"
        );
    }
}

#[test]
fn dots_are_above_outlines() {
    let svg = world(&Map::default());
    let document = Document::parse(&svg).unwrap();
    let has_dot = |node: &Node<'_, '_>| node.children().any(|shape| shape.has_attribute("r"));
    let countries = document
        .root_element()
        .children()
        .filter(|node| node.has_tag_name("g") && !node.has_attribute("class"));
    assert!(countries.map(|country| has_dot(&country)).is_sorted());
}

#[test]
fn texts_and_links_are_escaped() {
    let mut map = example();
    map.title = r#"</title><script>alert("1")</script>"#;
    map.description = "Posts & \u{0}'people'";
    map.countries.get_mut(&country("LT")).unwrap().link = r#"/?q="><script>&'"#.to_owned();
    let svg = world(&map);
    assert!(!svg.contains("<script"));
    let document = Document::parse(&svg).unwrap();
    let texts: Vec<&str> =
        document.root_element().children().take(2).filter_map(|node| node.text()).collect();
    assert_eq!(texts, [map.title, "Posts & \u{fffd}'people'"]);
    assert_eq!(element(&document, "Lithuania").attribute("href"), Some(r#"/?q="><script>&'"#));
    assert_eq!(element(&document, "Bosnia & Herzegovina").tag_name().name(), "g");
}

#[test]
fn a_strict_content_security_policy_allows_all_of_it() {
    let svg = world(&example());
    let document = Document::parse(&svg).unwrap();
    let allowed = BTreeSet::from(["svg", "title", "desc", "a", "g", "path", "circle", "rect", "text"]);
    for node in document.descendants().filter(Node::is_element) {
        assert!(allowed.contains(node.tag_name().name()), "{node:?}");
        assert!(
            node.attributes()
                .all(|attribute| attribute.name() != "style" && !attribute.name().starts_with("on"))
        );
    }
}

#[test]
fn all_posts_are_in_the_total() {
    let share = |counts: &[(&str, u64)], unknown| {
        share(&Map { countries: posts_of(counts), unknown, ..Map::default() })
    };
    assert_eq!(
        share(&[("US", 7_000), ("LT", 778)], 4_567),
        "Of 12,345 posts, 4,567 (37 %) have no known country."
    );
    assert_eq!(share(&[("LT", 3)], 1), "Of 4 posts, 1 (25 %) has no known country.");
    assert_eq!(share(&[("LT", 3)], 0), "All 3 posts have a known country.");
    assert_eq!(share(&[("LT", 1)], 0), "The only post has a known country.");
    assert_eq!(share(&[], 1), "The only post has no known country.");
    assert_eq!(share(&[], 5), "Of 5 posts, 5 (100 %) have no known country.");
    assert_eq!(
        share(&[("LT", u64::MAX)], u64::MAX),
        "Of 36,893,488,147,419,103,230 posts, 18,446,744,073,709,551,615 (50 %) have no known country."
    );
}

#[test]
fn a_map_of_nothing_is_a_map() {
    let svg = world(&Map::default());
    let document = Document::parse(&svg).unwrap();
    assert!(document.descendants().all(|node| !node.has_tag_name("a") && !node.has_attribute("href")));
    assert!(svg.contains("There are no posts."));
    assert!(svg.len() < 120_000, "{} bytes", svg.len());
}
