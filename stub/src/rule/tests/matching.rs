//! Each operator matches what it names, and not its neighbour.

use serde_json::{Value, json};

use super::super::{Facts, Rule, Scope};
use super::{matches, post, repost};

/// Rules that match the post, each followed by neighbours that do not.
const OF_BOTH: &[(&str, &[&str])] = &[
    ("rust", &["rus", "rusty"]),
    ("RUST", &["go"]),
    ("coca-cola", &["coca-colas", "cola-coca"]),
    ("\"coca cola\"", &["\"cola coca\"", "\"coca like\""]),
    ("\"like coca\"", &["\"like cola\""]),
    ("🦀", &["🐍"]),
    ("#rust", &["#rus", "#ferris", "#brk"]),
    ("@ferris", &["@ferr", "@rust"]),
    ("$brk.b", &["$brk", "$rust"]),
    ("from:jonas", &["from:petras", "from:ferris"]),
    ("from:@Jonas", &["from:9"]),
    ("from:7", &["from:70"]),
    ("to:ferris", &["to:jonas"]),
    ("to:9", &["to:7"]),
    ("url:\"https://t.co\"", &["url:\"http://t.co\""]),
    ("url:short.example", &["url:short.examples", "url:hort.example"]),
    ("url:\"lakes.example/photos\"", &["url:\"photos/lakes\""]),
    ("context:65.10001", &["context:65.10002", "context:66.10001"]),
    ("context:65.*", &["context:66.*"]),
    ("context:*.10001", &["context:*.65"]),
    ("entity:\"soft drinks\"", &["entity:soft", "entity:drinks"]),
    ("entity:coca-cola", &["entity:cola"]),
    ("conversation_id:1000", &["conversation_id:1001"]),
    ("in_reply_to_tweet_id:3", &["in_reply_to_tweet_id:2", "retweets_of_tweet_id:3"]),
    ("in_reply_to_status_id:3", &["in_reply_to_status_id:1000"]),
    ("place:vilnius", &["place:kaunas", "place:vil"]),
    ("place:p1", &["place:p2"]),
    ("place:\"vilnius lithuania\"", &["place:\"lithuania vilnius\""]),
    ("place_country:LT", &["place_country:US"]),
    ("point_radius:[25.3 54.7 5km]", &["point_radius:[25.3 54.7 1km]", "point_radius:[54.7 25.3 5km]"]),
    ("bounding_box:[25.2 54.6 25.3 54.7]", &["bounding_box:[25.3 54.6 25.4 54.7]"]),
    ("rust lang:lt", &["rust lang:en", "rust lang:lv"]),
    ("rust is:quote", &["rust -is:quote"]),
    ("rust is:reply", &["rust -is:reply"]),
    ("rust is:verified", &["rust -is:verified"]),
    ("rust -is:retweet", &["rust is:retweet"]),
    ("rust -is:nullcast", &[]),
    ("rust has:hashtags", &["rust -has:hashtags"]),
    ("rust has:cashtags", &["rust -has:cashtags"]),
    ("rust has:links", &["rust -has:links"]),
    ("rust has:mentions", &["rust -has:mentions"]),
    ("rust has:media", &["rust -has:media"]),
    ("rust has:images", &["rust -has:images"]),
    ("rust has:geo", &["rust -has:geo"]),
    ("go OR rust", &["go OR python"]),
    ("(go OR rust) sveikas", &["(go OR python) rust"]),
    ("go OR rust sveikas", &["go OR rust python"]),
    ("rust -go", &["rust -sveikas"]),
    ("rust -(go OR python)", &["rust -(go OR sveikas)"]),
    ("\"and\" OR rust", &["rust go"]),
];

const OF_THE_STREAM: &[(&str, &[&str])] = &[
    ("\"sveikas like\"~2", &["\"sveikas like\"~1"]),
    ("\"like rust\"~3", &["\"like rust\"~2"]),
    ("url_title:lakes", &["url_title:lake", "url_title:deep"]),
    ("url_title:\"the north\"", &["url_title:\"north the\""]),
    ("url_description:cold", &["url_description:lakes"]),
    ("url_contains:photos", &["url_contains:photographs"]),
    ("url_contains:\"lakes.example/ph\"", &["url_contains:\"lakes/ph\""]),
    ("bio:engineer", &["bio:jonas", "bio:engine"]),
    ("bio:\"data engineer\"", &["bio:\"engineer data\""]),
    ("bio_name:phd", &["bio_name:engineer"]),
    ("bio_location:\"big apple\"", &["bio_location:\"apple big\"", "bio_location:vilnius"]),
    ("rust sample:100", &[]),
    ("rust source:\"x web app\"", &["rust source:web"]),
    ("rust min_followers:1000", &["rust min_followers:1001"]),
    ("rust followers_count:1000", &["rust followers_count:1001"]),
    ("rust followers_count:1000..1000", &["rust followers_count:0..999", "rust followers_count:1001..2000"]),
    ("rust following_count:50..60", &["rust following_count:51..60"]),
    ("rust tweets_count:2000", &["rust tweets_count:2001"]),
    ("rust listed_count:1..3", &["rust listed_count:1..2"]),
    ("quoted", &["quote"]),
    ("#quotedtag", &["#quoted"]),
    ("rust has:video_link", &["rust -has:videos"]),
];

const OF_SEARCH: &[(&str, &[&str])] = &[
    ("quotes_of_tweet_id:2", &["quotes_of_tweet_id:3"]),
    ("min_likes:10", &["min_likes:11"]),
    ("min_replies:2", &["min_replies:3"]),
    ("min_reposts:5", &["min_reposts:6"]),
    ("rust -quoted", &["quoted", "#quotedtag", "rust has:video_link"]),
];

fn check(rules: &[(&str, &[&str])], scope: Scope) {
    for (rule, neighbours) in rules {
        assert!(matches(rule, scope, &post()), "{scope}: {rule}");
        for neighbour in *neighbours {
            assert!(!matches(neighbour, scope, &post()), "{scope}: {neighbour}");
        }
    }
}

#[test]
fn each_operator_matches_what_it_names_and_not_its_neighbour() {
    check(OF_BOTH, Scope::Stream);
    check(OF_BOTH, Scope::Search);
    check(OF_THE_STREAM, Scope::Stream);
    check(OF_SEARCH, Scope::Search);
}

#[test]
fn a_repost_matches_by_the_whole_text_of_its_original_but_not_by_its_place() {
    for scope in [Scope::Stream, Scope::Search] {
        for (rule, expected) in [
            ("story", true),
            ("#whole", true),
            ("\"long story\"", true),
            ("retweets_of:ferris", true),
            ("retweets_of:9", true),
            ("retweets_of:jonas", false),
            ("retweets_of_tweet_id:4", true),
            ("retweets_of_status_id:4", true),
            ("retweets_of_tweet_id:3", false),
            ("story is:retweet", true),
            ("story has:geo", false),
            ("place:p1", false),
            ("from:jonas", true),
            ("from:ferris", false),
        ] {
            assert_eq!(matches(rule, scope, &repost()), expected, "{scope}: {rule}");
        }
    }
    assert!(matches("story is:reply", Scope::Stream, &repost()), "replies in reposts count in the stream");
    assert!(!matches("story is:reply", Scope::Search, &repost()));
}

#[test]
fn entities_count_where_there_are_some_and_the_text_where_there_are_none() {
    let mut post = json!({ "data": { "id": "1", "text": "#one @two $three https://four.example/five" } });
    let rules = ["#one", "@two", "$three", "url:\"four.example\""];
    for rule in rules {
        assert!(matches(rule, Scope::Stream, &post), "{rule}");
    }
    for rule in ["$one", "#three", "#two", "@one"] {
        assert!(!matches(rule, Scope::Stream, &post), "{rule}");
    }
    post["data"]["entities"] = json!({});
    for rule in rules {
        assert!(!matches(rule, Scope::Stream, &post), "{rule}: X found none");
    }
}

#[test]
fn search_finds_words_without_the_accents_of_a_keyword_and_the_stream_does_not() {
    let post = |text: &str| json!({ "data": { "id": "1", "text": text } });
    for rule in ["diacrítica", "#diacrítica"] {
        for (text, stream, search) in
            [("#diacrítica", true, true), ("#Diacritica", false, true), ("#diacriticas", false, false)]
        {
            assert_eq!(matches(rule, Scope::Stream, &post(text)), stream, "{rule} {text}");
            assert_eq!(matches(rule, Scope::Search, &post(text)), search, "{rule} {text}");
        }
    }
    assert!(!matches("diacritica", Scope::Search, &post("diacrítica")));
}

#[test]
fn a_place_counts_where_it_lies_within_the_region_as_a_whole() {
    let mut post = post();
    post["data"]["geo"] = json!({ "place_id": "P1" });
    for (rule, expected) in [
        ("bounding_box:[25.0 54.5 25.5 54.85]", true),
        ("bounding_box:[25.2 54.5 25.5 54.85]", false),
        ("point_radius:[25.25 54.7 20km]", true),
        ("point_radius:[25.25 54.7 10km]", false),
    ] {
        assert_eq!(matches(rule, Scope::Stream, &post), expected, "{rule}");
    }
}

#[test]
fn promoted_posts_are_excluded_by_their_app() {
    let mut post = post();
    post["data"]["source"] = "Twitter for Advertisers".into();
    assert!(!matches("rust -is:nullcast", Scope::Stream, &post));
}

#[test]
fn a_chinese_post_is_in_either_script() {
    let post = |lang: &str| json!({ "data": { "id": "1", "text": "rust", "lang": lang } });
    assert!(matches("rust lang:zh-CN", Scope::Stream, &post("zh")));
    assert!(matches("rust lang:zh-TW", Scope::Stream, &post("zh-TW")));
    assert!(!matches("rust lang:zh-TW", Scope::Stream, &post("zh-CN")));
}

#[test]
fn a_sample_is_its_share_of_posts_and_part_of_every_larger_one() {
    let sampled = |percent: u64| -> Vec<u64> {
        let rule = Rule::parse(&format!("rust sample:{percent}"), Scope::Stream).unwrap();
        // Ids of one post a second, as X makes them.
        let ids = (0..10_000_u64).map(|second| (1_800_000_000_000 + second * 1_000) << 22);
        let post = |id: u64| json!({ "data": { "id": id.to_string(), "text": "rust" } });
        ids.filter(|id| rule.matches(&Facts::of(&post(*id)), Scope::Stream)).collect()
    };
    let (tenth, third) = (sampled(10), sampled(33));
    assert!((900..1_100).contains(&tenth.len()) && (3_100..3_500).contains(&third.len()), "{}", tenth.len());
    assert!(tenth.iter().all(|id| third.contains(id)));
    assert_eq!(sampled(10), tenth, "the same posts each time");
}

#[test]
fn a_quotation_mark_within_a_phrase_is_escaped() {
    let post = json!({ "data": { "id": "1", "text": "東京 \"R\" us" } });
    assert!(
        matches(r#""東京 \"R\"""#, Scope::Stream, &post) && !matches(r#""東京 R""#, Scope::Stream, &post)
    );
}

#[test]
fn what_a_rule_wants_is_what_a_post_can_be_made_of() {
    let wanted = |rule: &str| Rule::parse(rule, Scope::Stream).unwrap().wanted();
    assert_eq!(
        wanted("rust \"coca cola\" (#tag OR @name OR $CASH) -not lang:en"),
        ["rust", "coca cola", "#tag", "@name", "$cash"]
    );
    assert_eq!(wanted("from:Jonas OR to:9 OR retweets_of:x"), ["from:jonas", "from:9", "from:x"]);
    assert_eq!(wanted("url_contains:lakes.example OR url:\"a/b\""), ["url:lakes.example", "url:a/b"]);
    assert_eq!(wanted("\"social media\"~3 OR bio:x"), ["social media"]);
}

#[test]
fn a_post_of_nothing_but_a_text_can_be_asked_for_anything() {
    let bare: Value = json!({ "data": { "text": "rust" } });
    for (rule, _) in OF_BOTH.iter().chain(OF_THE_STREAM) {
        let _ = matches(rule, Scope::Stream, &bare);
    }
    for rule in
        ["rust has:geo", "rust is:verified", "rust followers_count:0", "place:p1", "conversation_id:1"]
    {
        assert!(!matches(rule, Scope::Stream, &bare), "{rule}");
    }
}
