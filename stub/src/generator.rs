//! Made-up posts: the same for the same seed and the same rules.

use serde_json::{Value, json};

use crate::words::{AUTHORS, PLACES, SENTENCES, TOPICS};

/// Makes posts, without ids and times: the stub stamps what it posts.
#[derive(Debug)]
pub struct Generator {
    random: fastrand::Rng,
    /// Posts that later ones may repost, quote, reply to or edit; the oldest is dropped first.
    recent: Vec<Value>,
}

/// How many earlier posts a new one may refer to.
const RECENT: usize = 50;

impl Generator {
    /// A generator whose posts follow from `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { random: fastrand::Rng::with_seed(seed), recent: Vec::new() }
    }

    /// The next post. Half of the time it is about one of `wanted` (what the rules ask for), if there are any, and sometimes about two
    /// of them.
    pub fn next(&mut self, wanted: &[String]) -> Value {
        let mut post = match self.random.u8(0..100) {
            0..12 if !self.recent.is_empty() => self.repost(),
            12..18 if !self.recent.is_empty() => self.reply_or_quote(wanted),
            18..21 if !self.recent.is_empty() => self.edit(),
            21..26 => self.long(wanted),
            _ => self.plain(wanted),
        };
        if self.random.u8(0..100) < 15 {
            self.put_in_a_place(&mut post);
        }
        post
    }

    /// Remembers one of its posts as it was stamped, so that later posts can refer to it.
    pub fn posted(&mut self, post: &Value) {
        if self.recent.len() == RECENT {
            self.recent.remove(0);
        }
        self.recent.push(post.clone());
    }

    fn plain(&mut self, wanted: &[String]) -> Value {
        let (language, text) = self.sentence(wanted);
        self.by_someone(json!({ "text": text, "lang": language }))
    }

    /// A post of more than 280 characters: `text` is cut, `note_tweet` holds it whole.
    fn long(&mut self, wanted: &[String]) -> Value {
        let (language, first) = self.sentence(wanted);
        let mut text = first;
        while text.chars().count() < 600 {
            let (_, more) = self.sentence(wanted);
            text.push(' ');
            text.push_str(&more);
        }
        let cut: String = text.chars().take(275).chain(['…']).collect();
        self.by_someone(json!({ "text": cut, "note_tweet": { "text": text }, "lang": language }))
    }

    fn repost(&mut self) -> Value {
        let original = self.any_recent();
        let author = original["includes"]["users"][0]["username"].as_str().unwrap_or_default();
        let whole = original["data"]["text"].as_str().unwrap_or_default();
        let cut: String = whole.chars().take(100).chain(['…']).collect();
        let text = format!("RT @{author}: {cut}");
        let lang = original["data"]["lang"].clone();
        let mut post = self.by_someone(json!({ "text": text, "lang": lang }));
        refer(&mut post, "retweeted", &original);
        post
    }

    fn reply_or_quote(&mut self, wanted: &[String]) -> Value {
        let original = self.any_recent();
        let mut post = self.plain(wanted);
        if self.random.bool() {
            refer(&mut post, "quoted", &original);
        } else {
            refer(&mut post, "replied_to", &original);
            post["data"]["in_reply_to_user_id"] = original["data"]["author_id"].clone();
            post["data"]["conversation_id"] = original["data"]["id"].clone();
        }
        post
    }

    /// An edit is a post with an id of its own, which names all earlier versions.
    fn edit(&mut self) -> Value {
        let original = self.any_recent();
        let mut post = original.clone();
        let text = format!("{} (edited)", original["data"]["text"].as_str().unwrap_or_default());
        let data = &mut post["data"];
        data["text"] = text.into();
        if let Some(fields) = data.as_object_mut() {
            fields.remove("note_tweet");
            fields.remove("geo");
            if !fields.contains_key("edit_history_tweet_ids") {
                fields.insert("edit_history_tweet_ids".to_owned(), json!([original["data"]["id"]]));
            }
        }
        post
    }

    fn by_someone(&mut self, mut data: Value) -> Value {
        let index = self.random.usize(0..AUTHORS.len());
        let (username, name, location) = AUTHORS[index];
        let id = (1_000_000_000_000_000_000 + index as u64).to_string();
        data["author_id"] = id.clone().into();
        data["possibly_sensitive"] = false.into();
        let mut user = json!({ "id": id, "username": username, "name": name });
        if !location.is_empty() {
            user["location"] = location.into();
        }
        json!({ "data": data, "includes": { "users": [user] } })
    }

    fn put_in_a_place(&mut self, post: &mut Value) {
        let (name, country, code) = PLACES[self.random.usize(0..PLACES.len())];
        let id =
            format!("{:016x}", name.bytes().fold(7_u64, |id, byte| id.wrapping_mul(31) + u64::from(byte)));
        post["data"]["geo"] = json!({ "place_id": id });
        post["includes"]["places"] = json!([{
            "id": id, "name": name, "full_name": format!("{name}, {country}"), "country": country,
            "country_code": code, "place_type": "city",
        }]);
    }

    fn sentence(&mut self, wanted: &[String]) -> (&'static str, String) {
        let (language, sentence) = SENTENCES[self.random.usize(0..SENTENCES.len())];
        let mut topic = if !wanted.is_empty() && self.random.bool() {
            wanted[self.random.usize(0..wanted.len())].clone()
        } else {
            TOPICS[self.random.usize(0..TOPICS.len())].to_owned()
        };
        if !wanted.is_empty() && self.random.u8(0..10) == 0 {
            topic = format!("{topic} & {}", wanted[self.random.usize(0..wanted.len())]);
        }
        (language, sentence.replace("{}", &topic))
    }

    fn any_recent(&mut self) -> Value {
        self.recent[self.random.usize(0..self.recent.len())].clone()
    }
}

/// Makes `post` refer to `original` and include it.
fn refer(post: &mut Value, kind: &str, original: &Value) {
    post["data"]["referenced_tweets"] = json!([{ "type": kind, "id": original["data"]["id"] }]);
    post["includes"]["tweets"] = json!([original["data"]]);
    if let (Some(users), Some(author)) =
        (post["includes"]["users"].as_array_mut(), original["includes"]["users"].get(0))
        && users.iter().all(|user| user["id"] != author["id"])
    {
        users.push(author.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn generate(seed: u64, wanted: &[String]) -> Vec<Value> {
        let mut generator = Generator::new(seed);
        (0..500)
            .map(|id| {
                let mut post = generator.next(wanted);
                post["data"]["id"] = id.to_string().into();
                generator.posted(&post);
                post
            })
            .collect()
    }

    #[test]
    fn the_same_seed_makes_the_same_posts() {
        assert_eq!(generate(1, &[]), generate(1, &[]));
        assert_ne!(generate(1, &[]), generate(2, &[]));
    }

    #[test]
    fn posts_come_in_all_shapes_and_about_what_is_wanted() {
        let posts = generate(1, &["zebra".to_owned(), "okapi".to_owned()]);
        let count = |condition: fn(&Value) -> bool| posts.iter().filter(|post| condition(post)).count();
        for (shape, count) in [
            ("zebra", count(|post| post["data"]["text"].as_str().unwrap().contains("zebra"))),
            (
                "both",
                count(|post| {
                    let text = post["data"]["text"].as_str().unwrap();
                    text.contains("zebra") && text.contains("okapi")
                }),
            ),
            (
                "long",
                count(|post| {
                    post["data"]["note_tweet"]["text"].as_str().is_some_and(|text| text.chars().count() > 280)
                }),
            ),
            ("placed", count(|post| post["includes"]["places"][0]["country_code"].is_string())),
            ("reposts", count(|post| post["data"]["referenced_tweets"][0]["type"] == "retweeted")),
            ("edits", count(|post| post["data"]["edit_history_tweet_ids"].is_array())),
            ("arabic", count(|post| post["data"]["lang"] == "ar")),
        ] {
            assert!(count > 2, "{shape}: {count}");
        }
    }
}
