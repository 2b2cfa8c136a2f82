//! The facts about a post that rules can ask for.

use serde_json::Value;

use crate::scope::Scope;

/// The facts about a post that rules can ask for, in lower case, since X ignores case.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts {
    pub(crate) own: Vec<Text>,
    pub(crate) quoted: Vec<Text>,
    pub(crate) author_id: Option<String>,
    pub(crate) author_username: Option<String>,
    pub(crate) in_reply_to: Option<String>,
    pub(crate) lang: Option<String>,
    pub(crate) place_country: Option<String>,
    pub(crate) has_geo: bool,
    pub(crate) is_retweet: bool,
    pub(crate) is_reply: bool,
    pub(crate) is_quote: bool,
}

/// A text, taken apart.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Text {
    pub(crate) lower: String,
    pub(crate) tokens: Vec<String>,
    pub(crate) hashtags: Vec<String>,
    pub(crate) mentions: Vec<String>,
}

impl Facts {
    /// Reads a post shaped as X delivers it: `{"data": …, "includes": …}`.
    #[must_use]
    pub fn of(post: &Value) -> Self {
        let data = &post["data"];
        let reference = |kind: &str| {
            data["referenced_tweets"]
                .as_array()
                .into_iter()
                .flatten()
                .find(|reference| reference["type"] == kind)
                .map(|reference| &reference["id"])
        };
        let included = |list: &str, key: &str, id: &Value| {
            post["includes"][list].as_array().into_iter().flatten().find(|item| &item[key] == id)
        };
        let text_of = |post: &Value| whole_text(post).map(Text::of);
        let retweeted = reference("retweeted").and_then(|id| included("tweets", "id", id));
        let quoted = reference("quoted").and_then(|id| included("tweets", "id", id));
        let user = |id: &Value| included("users", "id", id).and_then(|user| lower(&user["username"]));
        let place = included("places", "id", &data["geo"]["place_id"]);
        Self {
            own: [Some(data), retweeted].into_iter().flatten().filter_map(text_of).collect(),
            quoted: quoted.into_iter().filter_map(text_of).collect(),
            author_id: lower(&data["author_id"]),
            author_username: user(&data["author_id"]),
            in_reply_to: user(&data["in_reply_to_user_id"]),
            lang: lower(&data["lang"]),
            place_country: place.and_then(|place| lower(&place["country_code"])),
            has_geo: data["geo"].is_object(),
            is_retweet: reference("retweeted").is_some(),
            is_reply: reference("replied_to").is_some(),
            is_quote: reference("quoted").is_some(),
        }
    }

    pub(crate) fn texts(&self, scope: Scope) -> impl Iterator<Item = &Text> {
        let quoted = if scope == Scope::Stream { self.quoted.as_slice() } else { &[] };
        self.own.iter().chain(quoted)
    }
}

impl Text {
    fn of(text: &str) -> Self {
        Self {
            lower: text.to_lowercase(),
            tokens: tokens(text),
            hashtags: names_after(text, &['#', '$']),
            mentions: names_after(text, &['@']),
        }
    }
}

/// The whole text of a post, also where `text` is cut short.
fn whole_text(post: &Value) -> Option<&str> {
    post["note_tweet"]["text"].as_str().or_else(|| post["text"].as_str())
}

/// A text's words in lower case: what is between punctuation, symbols and white space.
pub(crate) fn tokens(text: &str) -> Vec<String> {
    text.split(|c: char| !(c.is_alphanumeric() || c == '_'))
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect()
}

fn names_after(text: &str, marks: &[char]) -> Vec<String> {
    text.match_indices(marks)
        .map(|(at, mark)| {
            let rest = &text[at + mark.len()..];
            let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
            rest[..end].to_lowercase()
        })
        .filter(|name| !name.is_empty())
        .collect()
}

fn lower(value: &Value) -> Option<String> {
    value.as_str().map(str::to_lowercase)
}
