//! What rules match, and what they are refused for.

mod matching;
mod refusals;

use serde_json::{Value, json};

use super::{Facts, Rule, Scope};

/// A quote by one of a verified account, from a place, with everything that operators can ask for.
fn post() -> Value {
    json!({
        "data": {
            "id": "1000", "author_id": "7", "lang": "lt", "source": "X Web App", "conversation_id": "1000",
            "text": "Sveikas #Rust! I like coca-cola 🦀 @Ferris $BRK.B https://t.co/abc",
            "geo": { "place_id": "P1", "coordinates": { "type": "Point", "coordinates": [25.28, 54.69] } },
            "attachments": { "media_keys": ["3_1"] },
            "public_metrics": { "like_count": 10, "reply_count": 2, "retweet_count": 5 },
            "referenced_tweets": [{ "type": "quoted", "id": "2" }, { "type": "replied_to", "id": "3" }],
            "in_reply_to_user_id": "9",
            "context_annotations": [
                { "domain": { "id": "65" }, "entity": { "id": "10001", "name": "Soft Drinks" } },
            ],
            "entities": {
                "hashtags": [{ "start": 8, "end": 13, "tag": "Rust" }],
                "cashtags": [{ "start": 43, "end": 49, "tag": "BRK.B" }],
                "mentions": [{ "start": 35, "end": 42, "username": "Ferris", "id": "9" }],
                "annotations": [{ "start": 21, "end": 30, "normalized_text": "Coca-Cola" }],
                "urls": [{
                    "start": 50, "end": 66, "url": "https://t.co/abc", "expanded_url": "https://short.example/x",
                    "unwound_url": "https://www.lakes.example/Photos/lake-1", "title": "Lakes of the north",
                    "description": "Deep and cold",
                }],
            },
        },
        "includes": {
            "users": [{
                "id": "7", "username": "Jonas", "name": "Jonas Ežeras, PhD",
                "description": "Data engineer. Café owner.", "location": "Big Apple, NYC", "verified": true,
                "public_metrics": {
                    "followers_count": 1000, "following_count": 50, "tweet_count": 2000, "listed_count": 3,
                },
            }],
            "places": [{
                "id": "P1", "name": "Vilnius", "full_name": "Vilnius, Lithuania", "country_code": "LT",
                "geo": { "type": "Feature", "bbox": [25.1, 54.6, 25.4, 54.8], "properties": {} },
            }],
            "media": [{ "media_key": "3_1", "type": "photo" }],
            "tweets": [{
                "id": "2", "author_id": "8", "text": "quoted words #quotedtag",
                "attachments": { "media_keys": ["7_2"] },
            }],
        },
    })
}

/// A repost, as X sends it: its text is cut short, and its original is included.
fn repost() -> Value {
    json!({
        "data": {
            "id": "1001", "author_id": "7", "lang": "en", "text": "RT @Ferris: the beginning of a long…",
            "entities": { "mentions": [{ "start": 3, "end": 10, "username": "Ferris", "id": "9" }] },
            "referenced_tweets": [{ "type": "retweeted", "id": "4" }],
        },
        "includes": {
            "users": [{ "id": "7", "username": "Jonas" }, { "id": "9", "username": "Ferris" }],
            "tweets": [{
                "id": "4", "author_id": "9", "text": "the beginning of a long…", "conversation_id": "3",
                "note_tweet": {
                    "text": "the beginning of a long story #whole",
                    "entities": { "hashtags": [{ "start": 30, "end": 36, "tag": "whole" }] },
                },
                "referenced_tweets": [{ "type": "replied_to", "id": "3" }],
                "geo": { "place_id": "P1" },
            }],
        },
    })
}

fn matches(rule: &str, scope: Scope, post: &Value) -> bool {
    let parsed = Rule::parse(rule, scope).unwrap_or_else(|error| panic!("{rule}: {error}"));
    parsed.matches(&Facts::of(post), scope)
}

/// Why it is refused.
fn refused(rule: &str, scope: Scope) -> String {
    match Rule::parse(rule, scope) {
        Ok(rule) => panic!("not refused: {rule:?}"),
        Err(error) => error.to_string(),
    }
}
