//! Decoding the stream's bytes into items.

use ::x::lines::{Line, Lines};
use ::x::wire::StreamHead;
use posts::sources::x;

use super::rules::RuleKeywords;
use crate::source::{Arrival, Decoder, Item};

/// Decodes one connection's bytes. What is not a post is skipped, and logged by its size and its position in the stream, never
/// by its text.
#[derive(Debug)]
pub(crate) struct Decode {
    lines: Lines,
    rules: RuleKeywords,
    /// The bytes of all chunks before the current one.
    position: u64,
}

impl Decode {
    pub(crate) fn new(rules: RuleKeywords) -> Self {
        Self { lines: Lines::default(), rules, position: 0 }
    }
}

impl Decoder for Decode {
    fn push(&mut self, chunk: &[u8]) -> Vec<Item> {
        let mut items = Vec::new();
        self.lines.push(chunk, |line| items.extend(item(&self.rules, &line, self.position)));
        self.position += chunk.len() as u64;
        items
    }
}

fn item(rules: &RuleKeywords, line: &Line<'_>, position: u64) -> Option<Item> {
    let line = match line {
        Line::KeepAlive => return Some(Item::Alive),
        Line::TooLong(bytes) => {
            tracing::warn!(bytes, position, "skipped a line that is too long");
            return None;
        }
        Line::Whole(line) => line,
    };
    let skipped = |reason: &str| {
        tracing::warn!(reason, bytes = line.len(), position, "skipped a line that is not a post");
        None
    };
    // serde_json does not look into the texts that it skips.
    let Ok(text) = std::str::from_utf8(line) else { return skipped("not UTF-8") };
    let Ok(message) = serde_json::from_str::<StreamHead<'_>>(text) else { return skipped("not JSON") };
    match (&message.data, message.errors.first()) {
        (Some(_), _) => match x::sent(&message, text) {
            Ok(post) => Some(Item::Arrived(Arrival::Post(Box::new(post)), rules.of(&message.matching_rules))),
            Err(reason) => skipped(reason),
        },
        (None, Some(error)) => {
            Some(Item::Ended(error.title.as_deref().unwrap_or("an error without a title").to_owned()))
        }
        (None, None) => {
            tracing::info!(bytes = line.len(), position, "skipped a message of an unknown kind");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn items(message: &Value) -> Vec<Item> {
        Decode::new(RuleKeywords::default()).push(format!("{message}\r\n").as_bytes())
    }

    #[test]
    fn nulls_and_other_types_harm_only_their_own_field() {
        let items = items(&json!({
            "data": {"id": "5", "text": "t", "created_at": null, "author_id": null, "lang": 3, "geo": null,
                     "referenced_tweets": null, "edit_history_tweet_ids": "x"},
            "includes": [],
            "matching_rules": [{"id": 9, "tag": "aviary:a"}, {"id": "8", "tag": ""}, {"tag": "aviary:no id"}, null],
        }));
        let [Item::Arrived(Arrival::Post(post), keywords)] = items.as_slice() else { panic!("{items:?}") };
        assert_eq!((post.head.id.as_str(), &post.head.author_id), ("5", &None));
        assert_eq!(*keywords, ["a".parse().unwrap()].into());
    }

    #[test]
    fn what_is_not_a_post_is_skipped_unless_it_ends_the_stream() {
        let disconnect = json!({"errors": [{"title": "operational-disconnect"}]});
        assert_eq!(items(&disconnect), [Item::Ended("operational-disconnect".to_owned())]);
        for skipped in [
            json!({"notice": {}}),
            json!({"data": {"text": "t"}}),
            json!({"data": {"id": "5"}}),
            json!("<html>"),
        ] {
            assert_eq!(items(&skipped), []);
        }
        assert_eq!(Decode::new(RuleKeywords::default()).push(b"<html>\n\r\n"), [Item::Alive]);
        assert_eq!(
            Decode::new(RuleKeywords::default()).push(b"{\"data\":{\"id\":\"5\",\"text\":\"\xff\"}}\n"),
            []
        );
    }
}
