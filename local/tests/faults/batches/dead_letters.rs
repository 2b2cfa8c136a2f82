//! Dead letters: messages and posts that can never be stored, and those that are stored when redriven.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::world::{PATIENCE, World, envelope, post};
use crate::virtual_time::virtually;

#[test]
fn what_can_never_be_stored_becomes_a_dead_letter_with_its_reason_and_the_rest_is_stored() {
    virtually(async {
        let world = World::start().await;
        let with = |field: &str, value: Value| {
            let mut post = post("9");
            post[field] = value;
            post
        };
        let invalid = [
            with("tweetId", json!(null)),
            with("createDate", json!("yesterday")),
            with("text", json!("x".repeat(400 * 1024))),
        ];
        let posts = [&[post("1")], &invalid[..], &[post("2")]].concat();
        world.send("good", &envelope("good", &posts)).await;
        world.send("future", r#"{"version":2,"anything":"else"}"#).await;
        world.send("truncated", &envelope("truncated", &[post("3")])[..60]).await;
        world.send("long", &envelope(&"k".repeat(2048), &[post("4")])).await;
        let letters = world.dead_letters(6).await;
        let mut reasons: Vec<&str> =
            letters.iter().map(|letter| letter["reason"].as_str().unwrap()).collect();
        reasons.sort_unstable();
        assert_eq!(
            reasons,
            [
                "the envelope has version 2, this program reads versions up to 1",
                "the envelope's keyword is invalid: a keyword may be at most 512 bytes of UTF-8 long, this one is 2048",
                "the message is truncated: its JSON is incomplete at line 1, column 60",
                "the post has 409665 bytes of JSON, the limit is 262144",
                "the post has no valid createDate",
                "the post has no valid tweetId",
            ]
        );
        assert_eq!(world.stored("good").await, (vec!["1".to_owned(), "2".to_owned()], 2));
        let of_good: Vec<&Value> = letters.iter().filter(|letter| letter["keyword"] == "good").collect();
        assert_eq!(of_good.len(), 3);

        // Redriven unchanged, it fails again.
        let future =
            letters.iter().find(|letter| letter["reason"].as_str().unwrap().contains("version 2")).unwrap();
        let path = format!("/deadLetters/{}/redrive", future["id"].as_str().unwrap());
        assert_eq!(world.request(reqwest::Method::POST, &path).await.0, 204);
        let again = world.dead_letters(6).await;
        assert!(
            !again.iter().any(|letter| letter["id"] == future["id"]),
            "a redriven message that fails becomes a new letter"
        );

        for letter in &again {
            let path = format!("/deadLetters/{}", letter["id"].as_str().unwrap());
            assert_eq!(world.request(reqwest::Method::DELETE, &path).await.0, 204);
            let (status, problem) = world.request(reqwest::Method::DELETE, &path).await;
            assert_eq!((status, problem["status"].as_u64()), (404, Some(404)), "{problem}");
        }
        world.dead_letters(0).await;
    });
}

#[test]
fn what_failed_for_a_temporary_reason_is_stored_when_redriven() {
    virtually(async {
        let world = World::start().await;
        // Put on the dead-letter queue directly, since reaching the limit of receives would take hours.
        let letter = world.machine.aws.dead_letter_queue();
        letter
            .put("a", None, "rust", &envelope("rust", &[post("1")]), "the tables were unavailable")
            .await
            .unwrap();
        letter
            .put("b", None, "rust", &envelope("rust", &[post("1"), post("2")]), "the tables were unavailable")
            .await
            .unwrap();
        let letters = world.dead_letters(2).await;
        assert_eq!(letters[1]["posts"], json!(["1", "2"]));
        let (status, answer) = world.request(reqwest::Method::POST, "/deadLetters/redrive").await;
        assert_eq!((status, answer), (202, json!({ "redriven": "beingMoved" })));
        let end = Instant::now() + PATIENCE;
        while world.stored("rust").await != (vec!["1".to_owned(), "2".to_owned()], 2) {
            assert!(Instant::now() < end);
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        world.dead_letters(0).await;
    });
}
