//! The two dialects of X's search.

use std::time::Duration;

use serde_json::{Value, json};
use stream::gaps::GapState;
use utc_time::UtcTime;
use x::snowflake::first_id;

use super::trouble::Trouble;
use crate::history::world_of;
use crate::virtual_time::{folder, virtually};
use crate::world::{Settings, World};

#[test]
fn each_dialect_of_search_heals_a_gap_and_the_next_reader_knows_which() {
    virtually(async {
        let data = folder();
        let mut world = World::start(data.path(), Settings::seed(1)).await;
        for dialect in ["tweets", "posts", "crossed", "both"] {
            world.settled().await;
            let before = world.interruptions().await;
            world.fault(&json!({ "fault": "dialect", "dialect": dialect })).await;
            world.fault(&json!({ "fault": "status", "status": 503, "seconds": 30 })).await;
            world.fault(&json!({ "fault": "close" })).await;
            let both = async |world: &World| world.interruptions().await >= before + 2;
            world.until("both interruptions are recorded", both).await;
            let gaps = world.settled().await;
            assert!(gaps.iter().all(|gap| gap.state == GapState::Closed), "{dialect}: {gaps:#?}");
            world.trouble(&Trouble::Crash).await;
        }
        let learnt = world.status().reading().await.unwrap().learnt;
        assert!(["tweets", "posts"].contains(&learnt["searchDialect"].as_str()), "{learnt:?}");
    });
}

/// Posts with everything that is read of one, written in the last hour.
fn posts() -> Vec<Value> {
    let start = UtcTime::now().before(Duration::from_secs(3600));
    let at = |number: u64| start.after(Duration::from_secs(60 * number));
    let id = |number: u64| first_id(at(number)).to_string();
    let post = |number: u64, more: Value| {
        let mut data = json!({
            "id": id(number), "text": format!("zebra {number}"), "created_at": at(number), "author_id": "7",
            "conversation_id": id(number), "lang": "en", "edit_history_tweet_ids": [id(number)],
        });
        data.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({
            "data": data,
            "includes": {
                "users": [{ "id": "7", "name": "Zoë", "username": "zoe", "location": "Vilnius, Lithuania" }],
                "places": [{ "id": "p1", "full_name": "Kaunas", "country_code": "LT" }],
                "tweets": [{ "id": id(1), "text": "zebra 1", "author_id": "7", "edit_history_tweet_ids": [id(1)] }],
            },
        })
    };
    vec![
        post(1, json!({})),
        post(2, json!({ "note_tweet": { "text": format!("zebra 2 {}", "long ".repeat(80)) } })),
        post(3, json!({ "geo": { "place_id": "p1" } })),
        post(4, json!({ "referenced_tweets": [{ "type": "quoted", "id": id(1) }] })),
        post(
            5,
            json!({ "referenced_tweets": [{ "type": "replied_to", "id": id(1) }], "conversation_id": id(1) }),
        ),
        post(6, json!({ "edit_history_tweet_ids": [id(0), id(6)] })),
    ]
}

#[test]
fn the_same_is_stored_of_a_post_whichever_dialect_search_speaks() {
    let (posts, since) = (posts(), UtcTime::now().before(Duration::from_secs(2 * 3600)));
    let mut stored: Vec<Value> = Vec::new();
    for dialect in ["tweets", "posts", "both", "crossed"] {
        virtually(async {
            let data = folder();
            let mut world = world_of(data.path(), posts.clone(), None).await;
            world.fault(&json!({ "fault": "dialect", "dialect": dialect })).await;
            world.begin_with("zebra", &json!({ "keyword": "zebra", "since": since }), "zebra").await;
            world.fetched().await;
            let mut tweets =
                world.get(&format!("{}/tweets?keyword=zebra", world.api())).await["tweets"].take();
            // When it expires depends on when it was stored.
            for tweet in tweets.as_array_mut().unwrap() {
                tweet.as_object_mut().unwrap().remove("expiresAt");
            }
            stored.push(tweets);
        });
    }
    let first = &stored[0];
    let with = |field: &str| first.as_array().unwrap().iter().filter(|post| !post[field].is_null()).count();
    assert_eq!(
        [with("text"), with("country"), with("references"), with("editOf")],
        [6, 6, 2, 1],
        "{first:#}"
    );
    assert!(first[4]["text"].as_str().unwrap().len() > 400, "{first:#}");
    assert!(stored.iter().all(|tweets| tweets == first), "{stored:#?}");
}
