//! Real posts of X, where a recording of them exists beside the project: every field is found again through the API.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use posts::Post;
use posts::envelope::{EncodedPost, Envelope, Parcel};
use posts::sources::x;
use serde_json::{Value, json};
use utc_time::UtcTime;

use crate::world::{World, at};

/// The recording's lines; none where there is no recording.
fn recording() -> Vec<String> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/x-api/recorded.jsonl");
    std::fs::read_to_string(file).map(|text| text.lines().map(str::to_owned).collect()).unwrap_or_default()
}

/// What the consumer reads of a line that the streamer sent.
fn post(line: &str, read_at: UtcTime) -> Post {
    let head: ::x::wire::StreamHead<'_> = serde_json::from_str(line).unwrap();
    let mut parcel = Parcel::new("k".parse().unwrap());
    parcel.add(&EncodedPost::encode(x::sent(&head, line).unwrap(), read_at).unwrap());
    let mut envelope = Envelope::decode(&parcel.body()).unwrap();
    assert!(envelope.unusable.is_empty());
    envelope.posts.pop().unwrap()
}

fn list(value: &Value) -> Vec<&Value> {
    value.as_array().into_iter().flatten().collect()
}

/// The object of a list whose `key` is `id`.
fn find<'a>(objects: &'a Value, key: &str, id: &Value) -> &'a Value {
    list(objects).into_iter().find(|object| object[key] == *id).unwrap_or(&Value::Null)
}

/// What the API must say of a line, by the field's name: read from the line by other code than the product's.
fn expected(line: &Value) -> BTreeMap<&'static str, Value> {
    let (data, includes) = (&line["data"], &line["includes"]);
    let author = find(&includes["users"], "id", &data["author_id"]);
    let place = find(&includes["places"], "id", &data["geo"]["place_id"]);
    let reposted = list(&data["referenced_tweets"]).into_iter().find(|other| other["type"] == "retweeted");
    let original = reposted.map_or(&Value::Null, |other| find(&includes["tweets"], "id", &other["id"]));
    // What stands in a repost is the original's; its own mention of the original's author comes before it.
    let whole = if original.is_null() { data } else { original };
    let frame: Vec<&Value> = match original.is_null() {
        true => Vec::new(),
        false => {
            let end = data["text"].as_str().unwrap().find(": ").unwrap() as u64;
            let mentions = list(&data["entities"]["mentions"]).into_iter();
            mentions.filter(|mention| mention["end"].as_u64().unwrap() <= end).collect()
        }
    };
    let names = |objects: Vec<&Value>, name: &str| {
        json!(objects.iter().map(|object| &object[name]).collect::<Vec<_>>())
    };
    let entities = &whole["entities"];
    let links = list(&entities["urls"]).into_iter().map(|link| {
        let expanded =
            if link["unwound_url"].is_null() { &link["expanded_url"] } else { &link["unwound_url"] };
        json!([link["url"], expanded, link["display_url"], link["title"]])
    });
    let keys = [data, original].into_iter().map(|post| list(&post["attachments"]["media_keys"]));
    let keys = keys.into_iter().find(|keys| !keys.is_empty()).unwrap_or_default();
    let media = keys.into_iter().map(|key| find(&includes["media"], "media_key", key));
    let media = media.filter(|media| !media["url"].is_null() || !media["preview_image_url"].is_null());
    let media: Vec<_> =
        media.map(|media| json!([media["alt_text"], media["width"], media["height"]])).collect();
    let metrics = &data["public_metrics"];
    BTreeMap::from([
        ("authorName", author["name"].clone()),
        ("authorUsername", author["username"].clone()),
        ("authorPicture", author["profile_image_url"].clone()),
        ("authorVerified", author["verified_type"].clone()),
        ("authorFollowers", author["public_metrics"]["followers_count"].clone()),
        ("authorLocation", author["location"].clone()),
        ("placeName", place["full_name"].clone()),
        ("links", links.collect()),
        ("hashtags", names(list(&entities["hashtags"]), "tag")),
        ("cashtags", names(list(&entities["cashtags"]), "tag")),
        ("mentions", names([frame, list(&entities["mentions"])].concat(), "username")),
        ("media", json!(media)),
        ("likes", metrics["like_count"].clone()),
        ("reposts", metrics["retweet_count"].clone()),
        ("replies", metrics["reply_count"].clone()),
        ("quotes", metrics["quote_count"].clone()),
        ("bookmarks", metrics["bookmark_count"].clone()),
        ("impressions", metrics["impression_count"].clone()),
        ("possiblySensitive", data["possibly_sensitive"].clone()),
        ("withheldIn", data["withheld"]["country_codes"].clone()),
        ("replySettings", data["reply_settings"].clone()),
        ("conversationId", data["conversation_id"].clone()),
        ("language", data["lang"].clone()),
        ("raw", kept(line)),
    ])
}

/// What is kept of a line: not the posts that this one quotes or replies to, nor their photos and videos.
fn kept(line: &Value) -> Value {
    let mut kept = line.clone();
    let references = list(&line["data"]["referenced_tweets"]);
    if references.iter().all(|reference| reference["type"] == "retweeted") {
        return kept;
    }
    let is_original = |post: &Value| {
        references.iter().any(|reference| reference["type"] == "retweeted" && reference["id"] == post["id"])
    };
    let posts =
        list(&line["includes"]["tweets"]).into_iter().filter(|post| is_original(post)).chain([&line["data"]]);
    let keys: Vec<&Value> = posts.flat_map(|post| list(&post["attachments"]["media_keys"])).collect();
    for (name, is_kept) in [
        ("tweets", &is_original as &dyn Fn(&Value) -> bool),
        ("media", &|media| keys.contains(&&media["media_key"])),
    ] {
        if let Some(objects) = kept["includes"].get_mut(name).and_then(Value::as_array_mut) {
            objects.retain(is_kept);
        }
    }
    kept
}

/// What the API said of a field, in the form of [`expected`].
fn found(post: &Value, name: &str) -> Value {
    let names = |field: &str| json!(list(&post[name]).iter().map(|part| &part[field]).collect::<Vec<_>>());
    match name {
        "links" => list(&post["links"])
            .iter()
            .map(|link| json!([link["url"], link["expandedUrl"], link["displayUrl"], link["title"]]))
            .collect(),
        "hashtags" | "cashtags" => names("tag"),
        "mentions" => names("username"),
        "media" => list(&post["media"])
            .iter()
            .map(|media| json!([media["altText"], media["width"], media["height"]]))
            .collect(),
        _ => post[name].clone(),
    }
}

/// Whether what is recognised in a text stands where the API says.
fn stands_there(post: &Value, field: &str, name: &str) -> bool {
    let text: Vec<char> = post["text"].as_str().unwrap().chars().collect();
    list(&post[field]).into_iter().all(|part| {
        let (start, end) = (part["start"].as_u64().unwrap() as usize, part["end"].as_u64().unwrap() as usize);
        let there: String = text[start..end].iter().collect();
        there.to_lowercase().ends_with(&part[name].as_str().unwrap().to_lowercase())
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn every_field_of_a_real_post_is_found_again() {
    let lines = recording();
    if lines.is_empty() {
        eprintln!("skipped: there is no recording of X's posts beside the project");
        return;
    }
    let world = World::start().await;
    let posts: Vec<Post> = lines.iter().map(|line| post(line, at(7200))).collect();
    world.store("k", &posts).await;
    let export = world.ask("GET /tweets?keyword=k&format=jsonl&fields=all").await;
    let exported: BTreeMap<String, (Value, &str)> = export
        .text
        .lines()
        .map(|line| (serde_json::from_str::<Value>(line).unwrap(), line))
        .map(|(post, line)| (post["tweetId"].as_str().unwrap().to_owned(), (post, line)))
        .collect();
    let table = world.ask("GET /tweets?keyword=k&format=csv&columns=all&formulas=keep").await;
    let mut table = csv::Reader::from_reader(table.text.as_bytes());
    let rows: BTreeMap<String, BTreeMap<String, String>> = table
        .deserialize()
        .map(Result::unwrap)
        .map(|row: BTreeMap<String, String>| (row["tweetId"].clone(), row))
        .collect();
    assert!(exported.len() > 600 && rows.len() == exported.len());

    let (mut seen, mut told, mut without_others) = (BTreeMap::<&str, usize>::new(), BTreeSet::new(), 0);
    for line in &lines {
        let recorded: Value = serde_json::from_str(line).unwrap();
        let id = recorded["data"]["id"].as_str().unwrap();
        let (post, written) = &exported[id];
        let row = &rows[id];
        // A post that was recorded twice is stored once, as it came first.
        if !told.insert(id.to_owned()) {
            continue;
        }
        let kept = kept(&recorded);
        if kept == recorded {
            assert!(written.contains(&format!(r#""raw":{line}"#)), "{id}: not byte for byte");
            assert_eq!(row["raw"], *line);
        } else {
            assert_eq!(serde_json::from_str::<Value>(&row["raw"]).unwrap(), kept);
            without_others += 1;
        }
        assert_eq!(post["readAt"], json!(at(7200)));
        assert_eq!(post["leftOut"], Value::Null, "{id}");
        for (field, name) in
            [("links", "url"), ("hashtags", "tag"), ("cashtags", "tag"), ("mentions", "username")]
        {
            assert!(stands_there(post, field, name), "{id}: {field}");
        }
        for (name, value) in expected(&recorded) {
            let is_absent = value.is_null() || value.as_array().is_some_and(Vec::is_empty);
            if is_absent {
                assert!(post.get(name).is_none() && row[name].is_empty(), "{id}: {name}");
                continue;
            }
            *seen.entry(name).or_default() += 1;
            assert_eq!(found(post, name), value, "{id}: {name}");
            match &value {
                Value::String(text) => assert_eq!(row[name], *text, "{id}: {name}"),
                Value::Array(parts) => assert_eq!(row[name].split(' ').count(), parts.len(), "{id}: {name}"),
                Value::Object(_) => {}
                number => assert_eq!(row[name], number.to_string(), "{id}: {name}"),
            }
        }
    }
    // The recording is from before bookmarks; nothing in it is withheld.
    for name in expected(&Value::Null).keys().filter(|name| !["bookmarks", "withheldIn"].contains(name)) {
        assert!(seen.contains_key(name), "no post of the recording has {name}");
    }
    println!("found again: {seen:?}");
    assert!(without_others > 50, "{without_others}");
}
