//! A made-up post before it is put into X's shape.

use serde_json::{Map, Value, json};

use super::links::Link;
use super::people::Person;
use super::text::{cut, entities, moved};
use super::topics::annotations;
use super::words::APPS;

/// The longest text that X keeps whole in `text`, and what it keeps of a longer one, in code points.
const TEXT: usize = 280;
const BEGINNING: usize = 276;

/// How often a post can be edited. <https://docs.x.com/x-api/fundamentals/edit-posts>
pub(super) const EDITS: u64 = 5;

/// A made-up post before it is put into X's shape.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) author: Person,
    pub(super) language: &'static str,
    pub(super) text: String,
    /// What it is about, unless a rule has chosen that.
    pub(super) topic: Option<&'static str>,
    pub(super) links: Vec<Link>,
    pub(super) media: Vec<Value>,
}

impl Draft {
    /// The post, `{"data": …, "includes": …}`, without id and time. `people` are those whom it may mention.
    pub(super) fn post(self, people: &[Person], random: &mut fastrand::Rng) -> Value {
        let mut lists = entities(&self.text, &self.links, people);
        let mentioned: Vec<&Person> = people
            .iter()
            .filter(|person| person.id != self.author.id && is_mentioned(person, &lists))
            .collect();
        let mut users = vec![self.author.user];
        users.extend(mentioned.into_iter().map(|person| person.user.clone()));
        let app = app(random);
        let mut data = json!({
            "author_id": self.author.id, "lang": self.language, "source": app,
            "possibly_sensitive": random.u8(0..100) == 0, "reply_settings": reply_settings(random),
            "public_metrics": public_metrics(random),
            "edit_controls": { "is_edit_eligible": Some(&app) != APPS.last(), "edits_remaining": EDITS },
        });
        let (beginning, kept) =
            cut(&self.text, if self.text.chars().count() > TEXT { BEGINNING } else { TEXT });
        if beginning == self.text {
            data["text"] = self.text.into();
        } else {
            let whole = std::mem::take(&mut lists);
            lists = moved(&whole, 0, kept);
            data["text"] = beginning.into();
            data["note_tweet"] = json!({ "text": self.text });
            set_unless_empty(&mut data["note_tweet"], of_a_note(whole));
        }
        set_unless_empty(&mut data, lists);
        if let Some(annotations) = self.topic.and_then(annotations) {
            data["context_annotations"] = annotations;
        }
        if random.u16(0..300) == 0 {
            data["withheld"] = json!({ "copyright": random.bool(), "country_codes": ["DE", "FR"] });
        }
        let mut includes = json!({ "users": users });
        if !self.media.is_empty() {
            let keys: Vec<&Value> = self.media.iter().map(|media| &media["media_key"]).collect();
            data["attachments"] = json!({ "media_keys": keys });
            includes["media"] = self.media.into();
        }
        json!({ "data": data, "includes": includes })
    }
}

/// Sets `entities`; X leaves out what is empty.
fn set_unless_empty(data: &mut Value, lists: Map<String, Value>) {
    if !lists.is_empty() {
        data["entities"] = lists.into();
    }
}

/// The entities of a long post's whole text: X says less of its links.
fn of_a_note(mut lists: Map<String, Value>) -> Map<String, Value> {
    for link in lists.get_mut("urls").and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(fields) = link.as_object_mut() {
            fields.retain(|field, _| {
                ["start", "end", "url", "expanded_url", "display_url"].contains(&field.as_str())
            });
        }
    }
    lists
}

fn is_mentioned(person: &Person, lists: &Map<String, Value>) -> bool {
    let mentions = lists.get("mentions").and_then(Value::as_array).into_iter().flatten();
    mentions.into_iter().any(|mention| mention["id"] == person.id.as_str())
}

/// One in two hundred posts is promotion only.
fn app(random: &mut fastrand::Rng) -> &'static str {
    let promotes = random.u8(0..200) == 0;
    APPS[if promotes { APPS.len() - 1 } else { random.usize(0..APPS.len() - 1) }]
}

fn reply_settings(random: &mut fastrand::Rng) -> &'static str {
    match random.u8(0..100) {
        0..4 => "mentionedUsers",
        4..6 => "following",
        _ => "everyone",
    }
}

/// Most posts have just been made, and nobody has seen them.
fn public_metrics(random: &mut fastrand::Rng) -> Value {
    let likes = if random.u8(0..10) < 6 { 0 } else { random.u32(1..400) };
    json!({
        "retweet_count": likes / 5, "reply_count": likes / 9, "like_count": likes, "quote_count": likes / 40,
        "bookmark_count": likes / 25, "impression_count": likes * 37,
    })
}
