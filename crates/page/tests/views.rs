//! Each view's HTML, from small answers of the API, and what people wrote in it: never markup.
#![expect(clippy::unwrap_used, reason = "helper functions of tests may panic")]

use std::collections::BTreeMap;
use std::time::Duration;

use page::address::Address;
use page::browse::{Browse, PostPage, Shown};
use page::charts::{Charts, CountryCounts};
use page::frame::{Frame, problem};
use page::histogram::{Bar, Histogram, Lack, Missing};
use page::now::Now;
use page::operate::{DeadLetters, Forgotten, KeyName, KeyNames, Operate};
use page::session::{Estimate, Options, Start, Stop, sign_in};
use page::stream::Stream;
use page::unit::Unit;
use serde_json::{Value, json};
use utc_time::UtcTime;

const OWNER: Frame = Frame { signed_in: true, may_control: true, look_every: Duration::from_secs(2) };
const READER: Frame = Frame { signed_in: true, may_control: false, look_every: Duration::from_secs(15) };

/// What an attacker may write: a post's text, an author's name, a keyword.
const TEXT: &str = "<img src=x onerror=alert(1)>";
const NAME: &str = "\"><script>";
const KEYWORD: &str = "<b>";

fn at(text: &str) -> UtcTime {
    text.parse().unwrap()
}

fn now() -> UtcTime {
    at("2026-11-27T13:05:00Z")
}

/// The content of a page, without the frame, whose addresses of files change with the files.
fn content(html: &str) -> &str {
    html.split_once("<main").unwrap().1.split_once("</main>").unwrap().0
}

fn stream(keyword: &str, cause: &str) -> Stream {
    let gap = |state: &str, from: &str, to: &str, more: Value| {
        let mut gap = json!({ "keyword": keyword, "from": from, "to": to, "cause": cause, "state": state });
        gap.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        gap
    };
    serde_json::from_value(json!({
        "source": "x", "sources": [{ "source": "x", "state": "running" }], "state": "running", "reason": cause,
        "rollout": { "state": "refused", "revision": "a", "at": "2026-11-27T12:30:00Z", "reason": cause },
        "keywords": [
            { "keyword": keyword, "startedAt": "2026-11-27T10:00:00Z", "reposts": true, "traffic": { "postsPerSecond": 12.34 }, "today": { "posts": 1234, "dollars": 6.17 } },
            { "keyword": "refused", "startedAt": "2026-11-27T10:00:00Z", "reposts": true, "error": cause, "today": { "posts": 0, "dollars": 0.0 } },
        ],
        "today": { "posts": 1234, "dollars": 6.17, "budgetPosts": 2000, "budgetDollars": 10.0 },
        "thisMonth": { "posts": 40_000, "dollars": 200.0 },
        "report": { "postsPerSecond": 12.34, "lagMs": 6200 },
        "ongoing": [{ "keyword": "refused", "from": "2026-11-27T12:00:00Z", "cause": cause }],
        "gapCounts": { "open": 1, "healing": 0, "closed": 1, "abandoned": 0 },
        "gaps": [
            gap("open", "2026-11-27T11:00:00Z", "2026-11-27T11:05:00Z", json!({ "reason": cause })),
            gap("closed", "2026-11-27T10:00:00Z", "2026-11-27T10:30:00Z", json!({ "posts": 7, "mayLack": { "kinds": ["reposts", cause], "repostsAbout": 1200 } })),
        ],
        "compliance": { "uncheckedSince": "2026-11-27T03:00:00Z", "lastCheck": { "endedAt": "2026-11-27T04:00:00Z" }, "trouble": { "reason": cause } },
    }))
    .unwrap()
}

fn histogram(says: &str) -> Histogram {
    Histogram {
        from: at("2026-11-27T10:00:00Z"),
        to: at("2026-11-27T13:00:00Z"),
        unit: Unit::Minute,
        bars: vec![Bar { start: at("2026-11-27T11:07:00Z"), posts: 3 }],
        missing: vec![Missing {
            from: at("2026-11-27T12:00:00Z"),
            to: at("2026-11-27T12:10:00Z"),
            lack: Lack::All,
            says: says.to_owned(),
        }],
    }
}

fn posts(text: &str, name: &str) -> PostPage {
    serde_json::from_value(json!({
        "tweets": [
            { "tweetId": "1", "createDate": "2026-11-27T11:07:05Z", "text": text, "url": "https://x.com/i/status/1", "authorName": name,
              "authorUsername": name, "authorPicture": "https://pbs.twimg.com/a.jpg", "country": "LT", "countryHow": "city", "language": "en",
              "references": [{ "kind": "quoted", "tweetId": "9" }], "links": [{ "url": format!("https://e.example/{name}"), "displayUrl": name, "start": 0, "end": 2 }],
              "hashtags": [{ "tag": text, "start": 3, "end": 6 }], "media": [{ "kind": "photo", "url": "https://m.example/1", "altText": text }, { "kind": "video", "url": "javascript:alert(1)" }],
              "likes": 1, "withheldIn": [name] },
            { "tweetId": "2", "createDate": "2026-11-27T11:07:04Z", "text": "plain", "editOf": "1", "countrySource": "place", "country": "LV" },
        ],
        "nextCursor": "abc", "read": 2,
    }))
    .unwrap()
}

fn now_page(frame: &Frame, keyword: &str, cause: &str) -> String {
    let minutes = BTreeMap::from([(keyword.to_owned(), vec![0, 3, 1])]);
    Now { stream: &stream(keyword, cause), minutes: &minutes, now: now(), made_up: true, stopped: &[] }
        .page(frame)
        .unwrap()
}

fn browse_page(keyword: &str, text: &str, name: &str, pictures: bool) -> String {
    let address = Address::of("/browse").with("keyword", keyword).with("text", text).with("cursor", "old");
    let (histogram, page) = (histogram(name), posts(text, name));
    let shown = Shown { keyword, histogram: &histogram, page: &page };
    Browse {
        address: &address,
        keywords: &[keyword.to_owned()],
        shown: Some(shown),
        pictures,
        api: "http://localhost:8080",
    }
    .page(&READER)
    .unwrap()
}

fn charts_page(keyword: &str, text: &str, name: &str) -> String {
    let address = Address::of("/charts").with("keyword", keyword);
    let countries: CountryCounts = serde_json::from_value(json!({
        "statistics": [{ "country": "LT", "tweets": 2 }, { "country": "unknown", "tweets": 1 }, { "country": name, "tweets": 1 }], "from": "2026-11-27T10:00:00Z", "to": "2026-11-27T13:00:00Z", "total": 4,
        "countryKnown": { "byPlace": 1, "byProfile": { "city": 1 }, "unrecorded": 0, "unknown": 1 },
    }))
    .unwrap();
    Charts {
        address: &address,
        keywords: &[keyword.to_owned()],
        keyword: Some(keyword),
        histogram: &histogram(name),
        before: Some(2),
        countries: &countries,
        newest: &posts(text, name).tweets,
    }
    .page(&READER, now())
    .unwrap()
}

fn operate_page(frame: &Frame, keyword: &str, cause: &str) -> String {
    let letters: DeadLetters = serde_json::from_value(json!({
        "count": 1, "letters": [{ "id": cause, "keyword": keyword, "posts": ["1", cause], "reason": cause, "since": "2026-11-27T12:00:00Z", "bytes": 1200 }],
    }))
    .unwrap();
    let receipt = json!({ "id": "1", "keyword": keyword, "state": "done", "begunAt": "2026-11-27T12:00:00Z", "deleted": { "posts": 3 } });
    let forgotten: Forgotten = serde_json::from_value(json!({ "receipts": [receipt] })).unwrap();
    let keys = KeyNames::Shown(vec![KeyName {
        name: cause.to_owned(),
        scope: "read",
        created: at("2026-11-01T00:00:00Z"),
    }]);
    let stream = stream(keyword, cause);
    let compliance = stream.compliance.as_ref();
    Operate {
        dead_letters: &letters,
        forgotten: &forgotten,
        compliance,
        keys: &keys,
        version: "0.1.0",
        now: now(),
    }
    .page(frame)
    .unwrap()
}

fn start_page(keyword: &str, since: Option<&str>) -> String {
    let estimate: Estimate = serde_json::from_value(json!({
        "asked": { "requests": 1, "dollars": 0.005 }, "postsADay": 100.4, "repostsADay": null, "dollarsADay": 0.5, "dailyPostBudget": 2000,
        "since": { "since": "2026-11-01T00:00:00Z", "posts": 2600, "isExtrapolated": true, "dollars": 13.0 },
    }))
    .unwrap();
    Start {
        keyword,
        since,
        sources: &[],
        is_charged: true,
        options: Options::default(),
        estimate: Ok(&estimate),
        made_up: false,
    }
    .page(&OWNER)
    .unwrap()
}

#[test]
fn each_view_looks_as_it_did() {
    let cause = "the connection was lost";
    insta::assert_snapshot!("now", content(&now_page(&OWNER, "zebra", cause)));
    insta::assert_snapshot!("browse", content(&browse_page("zebra", "ab #cd", "Ona", true)));
    insta::assert_snapshot!("charts", content(&charts_page("zebra", "ab #cd", "Ona")));
    insta::assert_snapshot!("operate", content(&operate_page(&OWNER, "zebra", cause)));
    insta::assert_snapshot!("start", content(&start_page("zebra", Some("2026-11-01T00:00:00Z"))));
    let mut stopped = stream("zebra", "").keywords.remove(0);
    (stopped.reposts, stopped.max_posts_a_day) = (false, Some(100));
    insta::assert_snapshot!(
        "stop",
        content(
            &Stop { keyword: Some("zebra"), source: None, stopped: &[&stopped], more: 0 }
                .page(&OWNER)
                .unwrap()
        )
    );
    insta::assert_snapshot!(
        "sign_in",
        content(&sign_in("/browse?keyword=zebra", Some("this key is not valid")).unwrap())
    );
    insta::assert_snapshot!(
        "problem",
        content(&problem(&READER, "Not Found", "there is nothing here", "/").unwrap())
    );
}

/// The stream of Mastodon beside X's.
fn second_stream(cause: &str) -> Stream {
    let mut stream = stream("zebra", cause);
    stream.source = "mastodon".to_owned();
    stream.sources = serde_json::from_value(json!([
        { "source": "x", "state": "running" },
        { "source": "mastodon", "state": "failed" },
    ]))
    .unwrap();
    stream
}

#[test]
fn where_there_are_several_sources_a_view_says_whose_it_is() {
    let now = Now {
        stream: &second_stream(""),
        minutes: &BTreeMap::new(),
        now: now(),
        made_up: false,
        stopped: &[],
    };
    let html = now.page(&OWNER).unwrap();
    for part in [
        r#"href="/?source=x">X: running</a>"#,
        r#"href="/?source=mastodon" aria-current="page">Mastodon: failed</a>"#,
        r#"<option value="x">X</option><option value="mastodon" selected>Mastodon</option><option value="x,mastodon">all of them</option>"#,
        "Mastodon: Running</h1>",
        r#"href="/stop?keyword=zebra&amp;source=mastodon""#,
        r#"href="/stop?source=mastodon""#,
    ] {
        assert!(html.contains(part), "{part} in {html}");
    }
    let start = Start {
        keyword: "zebra",
        since: Some("2026-11-01T00:00:00Z"),
        sources: &["mastodon"],
        is_charged: false,
        options: Options::default(),
        estimate: Err("unknown"),
        made_up: false,
    };
    let html = start.page(&OWNER).unwrap();
    assert!(
        html.contains("</span> from Mastodon?") && html.contains(r#"name="source" value="mastodon""#),
        "{html}"
    );
    assert!(!html.contains("$0.005"), "{html}");
    let stopped = second_stream("").keywords.remove(0);
    let stop = Stop { keyword: Some("zebra"), source: Some("mastodon"), stopped: &[&stopped], more: 0 };
    let html = stop.page(&OWNER).unwrap();
    assert!(
        html.contains("</span> from Mastodon?") && html.contains("keyword=zebra&#38;source=mastodon"),
        "{html}"
    );
}

#[test]
fn what_is_missing_from_one_of_several_sources_says_which() {
    let mut both = stream("zebra", "lost");
    let alone = both.gaps.len();
    both.add(second_stream("down"));
    assert_eq!((both.keywords.len(), both.gaps.len()), (2, 2 * alone));
    assert_eq!((both.gaps[0].cause.as_str(), both.gaps[alone].cause.as_str()), ("lost", "Mastodon: down"));
    assert_eq!(both.ongoing[1].cause, "Mastodon: down");
}

#[test]
fn what_people_wrote_is_never_markup() {
    for html in [
        now_page(&OWNER, KEYWORD, TEXT),
        now_page(&OWNER, NAME, NAME),
        browse_page(KEYWORD, TEXT, NAME, true),
        browse_page(NAME, NAME, TEXT, false),
        charts_page(KEYWORD, TEXT, NAME),
        charts_page(NAME, NAME, TEXT),
        operate_page(&OWNER, KEYWORD, TEXT),
        operate_page(&OWNER, NAME, NAME),
        start_page(KEYWORD, Some(NAME)),
        start_page(NAME, Some(TEXT)),
        Start {
            keyword: TEXT,
            since: None,
            sources: &[NAME],
            is_charged: true,
            options: Options::default(),
            estimate: Err(NAME),
            made_up: true,
        }
        .page(&OWNER)
        .unwrap(),
        Stop { keyword: Some(NAME), source: Some(TEXT), stopped: &[], more: 3 }.page(&OWNER).unwrap(),
        sign_in(NAME, Some(TEXT)).unwrap(),
        problem(&OWNER, KEYWORD, TEXT, NAME).unwrap(),
    ] {
        for markup in [TEXT, NAME, KEYWORD, "<img src=x", "<script>", "href=\"javascript:"] {
            assert!(!html.contains(markup), "{markup} in {html}");
        }
    }
}

#[test]
fn a_page_without_the_right_to_change_offers_no_form_that_does() {
    for html in [now_page(&READER, "zebra", ""), operate_page(&READER, "zebra", "")] {
        let forms: Vec<&str> = html.split("method=\"post\"").skip(1).collect();
        assert_eq!(forms.len(), 1, "other than signing out: {html}");
        assert!(!html.contains("href=\"/stop") && !html.contains("action=\"/start"));
    }
}

#[test]
fn pictures_are_loaded_only_if_they_are_wanted_and_from_x_alone() {
    let picture = "<img class=\"face\" src=\"https://pbs.twimg.com/a.jpg\"";
    assert!(browse_page("zebra", "", "Ona", true).contains(picture));
    assert!(!browse_page("zebra", "", "Ona", false).contains("<img"));
    for elsewhere in
        ["https://e.example/a.jpg", "https://pbs.twimg.com.e.example/a.jpg", "javascript:alert(1)"]
    {
        let post = json!({ "tweetId": "1", "createDate": now(), "text": "", "authorPicture": elsewhere });
        let post: page::post::Post = serde_json::from_value(post).unwrap();
        assert_eq!(post.picture(), None);
    }
}
