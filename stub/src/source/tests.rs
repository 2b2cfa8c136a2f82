//! What made-up posts are like.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::Generator;
use crate::rule::{Facts, Rule, Scope};
use crate::world::posted::stamp;

/// Posts as they are stamped, one a second.
fn generate(seed: u64, wanted: &[String], posts: u64) -> Vec<Value> {
    generate_and_delete(seed, wanted, posts, false).0
}

/// The same, and the ids of those that were deleted, each with the number of posts before.
fn generate_and_delete(
    seed: u64,
    wanted: &[String],
    posts: u64,
    deletes: bool,
) -> (Vec<Value>, Vec<(usize, u64)>) {
    let mut generator = Generator::new(seed);
    let (mut made, mut deleted) = (Vec::new(), Vec::new());
    for id in 1..=posts {
        let now = jiff::Timestamp::from_second(1_795_000_000 + id.cast_signed()).unwrap();
        let mut post = generator.next_at(now, wanted);
        stamp(&mut post, id, now);
        generator.posted(&post);
        made.push(post);
        if deletes {
            deleted.extend(generator.deleted().map(|id| (made.len(), id)));
        }
    }
    (made, deleted)
}

fn kind(post: &Value) -> &str {
    post["data"]["referenced_tweets"][0]["type"].as_str().unwrap_or("plain")
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

#[test]
fn the_same_seed_makes_the_same_posts() {
    assert_eq!(generate(1, &[], 500), generate(1, &[], 500));
    assert_ne!(generate(1, &[], 500), generate(2, &[], 500));
}

#[test]
fn posts_come_in_all_shapes_and_about_what_is_wanted() {
    let posts = generate(1, &["zebra".to_owned(), "okapi".to_owned()], 3_000);
    let count = |condition: &dyn Fn(&Value) -> bool| posts.iter().filter(|post| condition(post)).count();
    let text = |post: &Value, word: &str| post["data"]["text"].as_str().unwrap().contains(word);
    let media =
        |post: &Value, kind: &str| list(&post["includes"]["media"]).any(|media| media["type"] == kind);
    let entity = |post: &Value, kind: &str| post["data"]["entities"][kind].is_array();
    for (shape, count, least, most) in [
        ("repost", count(&|post| kind(post) == "retweeted"), 1_000, 1_500),
        ("quote", count(&|post| kind(post) == "quoted"), 200, 450),
        ("reply", count(&|post| kind(post) == "replied_to"), 200, 450),
        ("edit", count(&|post| post["data"]["edit_history_tweet_ids"][1].is_string()), 30, 200),
        ("zebra", count(&|post| text(post, "zebra")), 500, 2_000),
        ("both", count(&|post| text(post, "zebra") && text(post, "okapi")), 10, 500),
        ("long", count(&|post| post["data"]["note_tweet"]["text"].is_string()), 50, 300),
        ("placed", count(&|post| post["includes"]["places"][0]["country_code"].is_string()), 200, 600),
        ("at a point", count(&|post| post["data"]["geo"]["coordinates"].is_object()), 30, 200),
        ("arabic", count(&|post| post["data"]["lang"] == "ar"), 30, 300),
        ("photo", count(&|post| media(post, "photo")), 100, 1_000),
        ("video", count(&|post| media(post, "video")), 20, 500),
        ("animated", count(&|post| media(post, "animated_gif")), 10, 300),
        ("hashtags", count(&|post| entity(post, "hashtags")), 200, 1_500),
        ("cashtags", count(&|post| entity(post, "cashtags")), 20, 500),
        ("mentions", count(&|post| entity(post, "mentions")), 1_000, 2_900),
        ("links", count(&|post| entity(post, "urls")), 500, 2_000),
        ("subjects", count(&|post| post["data"]["context_annotations"].is_array()), 300, 2_000),
        ("withheld", count(&|post| post["data"]["withheld"].is_object()), 1, 60),
        ("promoted", count(&|post| post["data"]["source"] == "Twitter for Advertisers"), 1, 100),
        ("sensitive", count(&|post| post["data"]["possibly_sensitive"] == true), 5, 150),
        ("by the verified", count(&|post| post["includes"]["users"][0]["verified"] == true), 500, 1_500),
    ] {
        assert!((least..=most).contains(&count), "{shape}: {count}");
    }
}

#[test]
fn every_entity_stands_where_it_says() {
    let wanted = ["#Zebra", "$OKAPI", "@gnu", "lion 👨‍👩‍👧‍👦"].map(str::to_owned);
    let mut checked = 0;
    let mut check = |text: &Value, entities: &Value| {
        let points: Vec<char> = text.as_str().unwrap().chars().collect();
        for (kind, sign, name) in [
            ("hashtags", "#", "tag"),
            ("cashtags", "$", "tag"),
            ("mentions", "@", "username"),
            ("urls", "", "url"),
        ] {
            for entity in list(&entities[kind]) {
                let place = |place: &str| usize::try_from(entity[place].as_u64().unwrap()).unwrap();
                let there: String = points[place("start")..place("end")].iter().collect();
                assert_eq!(there, format!("{sign}{}", entity[name].as_str().unwrap()), "{text}");
                checked += 1;
            }
        }
    };
    for post in generate(2, &wanted, 2_000) {
        for data in [&post["data"]].into_iter().chain(list(&post["includes"]["tweets"])) {
            check(&data["text"], &data["entities"]);
            if data["note_tweet"].is_object() {
                check(&data["note_tweet"]["text"], &data["note_tweet"]["entities"]);
                assert!(data["text"].as_str().unwrap().chars().count() <= 280);
            }
        }
    }
    assert!(checked > 4_000, "{checked}");
}

#[test]
fn a_repost_is_the_beginning_of_its_original_which_is_included_with_its_author() {
    let posts = generate(3, &[], 1_000);
    let reposts: Vec<&Value> = posts.iter().filter(|post| kind(post) == "retweeted").collect();
    for post in &reposts {
        let original = &post["includes"]["tweets"][0];
        assert_eq!(original["id"], post["data"]["referenced_tweets"][0]["id"]);
        assert!(original["referenced_tweets"][0]["type"] != "retweeted", "nobody reposts a repost");
        let mut users = list(&post["includes"]["users"]);
        let author = users.find(|user| user["id"] == original["author_id"]).unwrap();
        let whole =
            format!("RT @{}: {}", author["username"].as_str().unwrap(), original["text"].as_str().unwrap());
        let text = post["data"]["text"].as_str().unwrap();
        assert!(text.chars().count() <= 140);
        match text == whole {
            true => assert!(whole.chars().count() <= 140),
            false => assert!(whole.starts_with(text.strip_suffix('…').unwrap()), "{text}"),
        }
        assert!(post["data"]["geo"].is_null());
    }
    let shortened = |post: &&&Value| post["data"]["text"].as_str().unwrap().ends_with('…');
    assert!(reposts.iter().filter(shortened).count() > 20);
}

#[test]
fn what_a_post_names_is_included() {
    for post in generate(4, &["from:somebody".to_owned()], 1_000) {
        let (data, includes) = (&post["data"], &post["includes"]);
        let user = |id: &Value| list(&includes["users"]).find(|user| &user["id"] == id);
        for id in [&data["author_id"], &data["in_reply_to_user_id"]].into_iter().filter(|id| !id.is_null()) {
            let user = user(id).unwrap();
            for field in
                ["username", "name", "description", "created_at", "profile_image_url", "verified_type"]
            {
                assert!(user[field].is_string(), "{field}: {user}");
            }
            assert_eq!((&user["protected"], user["verified"].is_boolean()), (&json!(false), true));
        }
        for reference in list(&data["referenced_tweets"]) {
            let referenced = list(&includes["tweets"]).find(|other| other["id"] == reference["id"]).unwrap();
            assert!(user(&referenced["author_id"]).is_some());
            assert!(
                reference["type"] == "replied_to"
                    || data["conversation_id"] == data["edit_history_tweet_ids"][0]
            );
        }
        for data in [data].into_iter().chain(list(&includes["tweets"])) {
            for key in list(&data["attachments"]["media_keys"]) {
                assert!(list(&includes["media"]).any(|media| &media["media_key"] == key), "{post}");
            }
        }
        if data["geo"].is_object() {
            let place = &includes["places"][0];
            assert_eq!(place["id"], data["geo"]["place_id"]);
            assert_eq!(list(&place["geo"]["bbox"]).count(), 4);
        }
    }
}

#[test]
fn an_edit_names_all_versions_and_no_later_post_refers_to_an_earlier_one() {
    let mut superseded = BTreeSet::new();
    let mut longest = 0;
    for post in generate(5, &[], 5_000) {
        for reference in list(&post["data"]["referenced_tweets"]) {
            // An edit keeps what it refers to.
            let is_first = post["data"]["edit_history_tweet_ids"][1].is_null();
            assert!(!is_first || !superseded.contains(reference["id"].as_str().unwrap()));
        }
        let versions: Vec<&str> =
            list(&post["data"]["edit_history_tweet_ids"]).map(|id| id.as_str().unwrap()).collect();
        let (own, earlier) = versions.split_last().unwrap();
        assert_eq!(post["data"]["id"], *own);
        assert!(earlier.iter().all(|id| list(&post["includes"]["tweets"]).any(|other| other["id"] == *id)));
        assert!(earlier.split_last().is_none_or(|(last, rest)| {
            rest.iter().all(|id| superseded.contains(*id)) && !superseded.contains(*last)
        }));
        superseded.extend(earlier.iter().map(|id| (*id).to_owned()));
        longest = longest.max(versions.len());
        if let [first, .., _] = versions.as_slice() {
            let seconds = own.parse::<u64>().unwrap() - first.parse::<u64>().unwrap();
            assert!(seconds <= 30 * 60, "{versions:?}");
        }
    }
    assert!((3..=6).contains(&longest), "{longest}");
}

#[test]
fn about_one_post_in_fifty_is_deleted_and_no_later_post_refers_to_it() {
    let (posts, deleted) = generate_and_delete(6, &[], 2_500, true);
    assert!((30..70).contains(&deleted.len()), "{}", deleted.len());
    let unique: BTreeSet<u64> = deleted.iter().map(|(_, id)| *id).collect();
    assert_eq!(unique.len(), deleted.len());
    for (after, id) in deleted {
        let id = json!(id.to_string());
        assert!(posts[..after].iter().any(|post| post["data"]["id"] == id), "only what was posted");
        for post in &posts[after..] {
            let is_first = post["data"]["edit_history_tweet_ids"][1].is_null();
            let mut references = list(&post["data"]["referenced_tweets"]);
            assert!(!is_first || references.all(|reference| reference["id"] != id));
            assert!(list(&post["data"]["edit_history_tweet_ids"]).all(|version| *version != id));
        }
    }
}

fn facts(seed: u64, wanted: &[String], posts: u64) -> Vec<Facts> {
    generate(seed, wanted, posts).iter().map(Facts::of).collect()
}

fn matched(rule: &Rule, facts: &[Facts]) -> usize {
    facts.iter().filter(|facts| rule.matches(facts, Scope::Stream)).count()
}

#[test]
fn posts_match_the_rules_that_want_them() {
    for text in [
        "zebra",
        "\"two words\"",
        "#tag",
        "$CASH",
        "@somebody",
        "🦓",
        "動物園",
        "\"near far\"~2",
        "from:somebody",
        "from:stub_ada",
        "from:123456",
        "to:somebody",
        "to:123456",
        "retweets_of:somebody",
        "url_contains:\"zoo.example/animals\"",
        "url:\"https://zoo.example\"",
        "zebra lang:en",
        "zebra is:retweet has:media",
    ] {
        let rule = Rule::parse(text, Scope::Stream).unwrap();
        let matched = matched(&rule, &facts(7, &rule.wanted(), 300));
        assert!(matched > 2, "{text}: {matched}");
    }
}

#[test]
fn posts_match_rules_that_ask_for_no_word_of_theirs() {
    let facts = facts(7, &[], 3_000);
    for text in [
        "place_country:LT",
        "place:tokyo",
        "point_radius:[25.28 54.69 25mi]",
        "bounding_box:[25.1 54.6 25.45 54.8]",
        "context:11.*",
        "entity:coffee",
        "bio:engineer",
        "bio_location:london",
        "url_title:lake",
        "coffee is:verified -is:nullcast",
        "coffee source:\"x web app\"",
        "coffee followers_count:10000..50000",
    ] {
        let matched = matched(&Rule::parse(text, Scope::Stream).unwrap(), &facts);
        assert!(matched > 2, "{text}: {matched}");
    }
}

#[test]
fn a_post_takes_less_than_three_kilobytes_on_average() {
    let posts = generate(8, &["zebra".to_owned()], 3_000);
    let bytes: usize = posts.iter().map(|post| post.to_string().len()).sum();
    assert!(bytes / posts.len() < 3_000, "{}", bytes / posts.len());
}
