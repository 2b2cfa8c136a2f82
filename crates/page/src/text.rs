//! A post's text with its links, tags and handles.

use crate::post::Post;

/// A part of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Just text.
    Text(String),
    /// A link: its address, and what is shown.
    Link(String, String),
    /// A word that searching the texts finds: a tag or a handle.
    Word(String),
}

/// A link's address, and what is shown of it.
type Shown<'a> = (&'a str, &'a str);

impl Post {
    /// The text in parts. Entities that overlap another or lie outside the text are shown as text.
    #[must_use]
    pub fn parts(&self) -> Vec<Part> {
        let mut spans: Vec<(usize, usize, Option<Shown<'_>>)> = Vec::new();
        for link in &self.links {
            if let (Some(start), Some(end)) = (link.start, link.end) {
                let address = link.expanded_url.as_deref().unwrap_or(&link.url);
                // Nothing but the web: `javascript:` and its like stay text.
                if address.starts_with("https://") || address.starts_with("http://") {
                    spans.push((start, end, Some((address, link.display_url.as_deref().unwrap_or(address)))));
                }
            }
        }
        let tags = self.hashtags.iter().chain(&self.cashtags).map(|tag| (tag.start, tag.end));
        for (start, end) in tags.chain(self.mentions.iter().map(|mention| (mention.start, mention.end))) {
            if let (Some(start), Some(end)) = (start, end) {
                spans.push((start, end, None));
            }
        }
        spans.sort_unstable();
        // The byte at which each code point begins, and the text's end.
        let starts: Vec<usize> =
            self.text.char_indices().map(|(at, _)| at).chain([self.text.len()]).collect();
        let mut parts = Vec::new();
        let mut at = 0;
        let push_text = |parts: &mut Vec<Part>, from: usize, to: usize| {
            if from < to {
                parts.push(Part::Text(self.text[from..to].to_owned()));
            }
        };
        for (start, end, link) in spans {
            let (Some(from), Some(to)) = (starts.get(start), starts.get(end)) else { continue };
            if *from < at || from >= to {
                continue;
            }
            push_text(&mut parts, at, *from);
            parts.push(match link {
                Some((address, shown)) => Part::Link(address.to_owned(), shown.to_owned()),
                None => Part::Word(self.text[*from..*to].to_owned()),
            });
            at = *to;
        }
        push_text(&mut parts, at, self.text.len());
        parts
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn post(fields: serde_json::Value) -> Post {
        let mut post = json!({ "tweetId": "1", "createDate": "2026-11-27T10:00:00Z", "text": "" });
        post.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        serde_json::from_value(post).unwrap()
    }

    #[test]
    fn links_and_tags_are_found_by_code_points() {
        let post = post(json!({
            "text": "🦓 see https://t.co/a #zebra @ona",
            "links": [{ "url": "https://t.co/a", "expandedUrl": "https://example.org/x?a=1&b=2", "displayUrl": "example.org/x", "start": 6, "end": 20 }],
            "hashtags": [{ "tag": "zebra", "start": 21, "end": 27 }], "mentions": [{ "username": "ona", "start": 28, "end": 32 }],
        }));
        let text = |text: &str| Part::Text(text.to_owned());
        assert_eq!(
            post.parts(),
            [
                text("🦓 see "),
                Part::Link("https://example.org/x?a=1&b=2".to_owned(), "example.org/x".to_owned()),
                text(" "),
                Part::Word("#zebra".to_owned()),
                text(" "),
                Part::Word("@ona".to_owned()),
            ]
        );
    }

    #[test]
    fn what_cannot_be_right_stays_text() {
        let post = post(json!({
            "text": "abcdef",
            "links": [
                { "url": "javascript:alert(1)", "start": 0, "end": 2 }, { "url": "https://a.example", "start": 2, "end": 4 },
                { "url": "https://b.example", "start": 3, "end": 5 }, { "url": "https://c.example", "start": 5, "end": 50 },
                { "url": "https://d.example", "start": 5, "end": 5 }, { "url": "https://e.example" },
            ],
        }));
        assert_eq!(
            post.parts(),
            [
                Part::Text("ab".to_owned()),
                Part::Link("https://a.example".to_owned(), "https://a.example".to_owned()),
                Part::Text("ef".to_owned()),
            ]
        );
    }
}
