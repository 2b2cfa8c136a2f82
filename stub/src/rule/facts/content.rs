//! What a post says and shows, as far as rules can ask.

use serde_json::Value;

use super::json::{items, lower};
use super::prose::Prose;
use crate::rule::entities::{Kind, entities};

/// What a post says and shows: its own, or of the post that it reposts or quotes.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Content {
    /// The whole text, also of long posts.
    pub(crate) text: Prose,
    pub(crate) hashtags: Vec<String>,
    pub(crate) cashtags: Vec<String>,
    pub(crate) mentions: Vec<String>,
    pub(crate) links: Vec<Link>,
    pub(crate) media: Media,
    pub(crate) is_reply: bool,
    pub(crate) is_quote: bool,
    pub(crate) subjects: Vec<Subject>,
}

/// A link in a post.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Link {
    /// X's short address, and where it leads.
    pub(crate) addresses: Vec<Prose>,
    pub(crate) title: Prose,
    pub(crate) description: Prose,
}

/// Which kinds of media are attached to a post.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Media {
    pub(crate) any: bool,
    pub(crate) images: bool,
    pub(crate) videos: bool,
}

/// What X says a post is about. The name is in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Subject {
    pub(crate) domain: Option<String>,
    pub(crate) entity: Option<String>,
    pub(crate) name: Option<String>,
}

impl Content {
    /// Of a post's data; `media` are the included ones.
    pub(super) fn of(data: &Value, media: &Value) -> Option<Self> {
        let note = &data["note_tweet"];
        let text = note["text"].as_str().or_else(|| data["text"].as_str())?;
        let mut content = Self { text: Prose::of(text), media: Media::of(data, media), ..Self::default() };
        for list in [&data["entities"], &note["entities"]] {
            content.add_entities(list);
        }
        let whole = if note.is_object() { &note["entities"] } else { &data["entities"] };
        if !whole.is_object() {
            content.find_entities(text);
        }
        for reference in items(&data["referenced_tweets"]) {
            content.is_reply |= reference["type"] == "replied_to";
            content.is_quote |= reference["type"] == "quoted";
        }
        content.subjects.extend(items(&data["context_annotations"]).map(|annotation| Subject {
            domain: lower(&annotation["domain"]["id"]),
            entity: lower(&annotation["entity"]["id"]),
            name: lower(&annotation["entity"]["name"]),
        }));
        content.subjects.extend(items(&data["entities"]["annotations"]).map(|annotation| Subject {
            domain: None,
            entity: None,
            name: lower(&annotation["normalized_text"]),
        }));
        Some(content)
    }

    /// The addresses of its links.
    pub(crate) fn addresses(&self) -> impl Iterator<Item = &Prose> {
        self.links.iter().flat_map(|link| &link.addresses)
    }

    /// Adds what X found in the text.
    fn add_entities(&mut self, list: &Value) {
        let names =
            |kind: &str, name: &str| items(&list[kind]).filter_map(|found| lower(&found[name])).collect();
        add(&mut self.hashtags, names("hashtags", "tag"));
        add(&mut self.cashtags, names("cashtags", "tag"));
        add(&mut self.mentions, names("mentions", "username"));
        self.links.extend(items(&list["urls"]).map(Link::of));
    }

    /// Adds what can be found in the text: for posts that came without entities.
    fn find_entities(&mut self, text: &str) {
        for entity in entities(text) {
            let name = || vec![entity.name.to_lowercase()];
            match entity.kind {
                Kind::Hashtag => add(&mut self.hashtags, name()),
                Kind::Cashtag => add(&mut self.cashtags, name()),
                Kind::Mention => add(&mut self.mentions, name()),
                Kind::Link => self.links.push(Link {
                    addresses: vec![Prose::of(entity.name)],
                    title: Prose::default(),
                    description: Prose::default(),
                }),
            }
        }
    }
}

/// Adds the names that are not there yet: the entities of a long post repeat those of its beginning.
fn add(names: &mut Vec<String>, more: Vec<String>) {
    for name in more {
        if !names.contains(&name) {
            names.push(name);
        }
    }
}

impl Link {
    fn of(url: &Value) -> Self {
        let prose = |field: &str| url[field].as_str().map(Prose::of);
        Self {
            addresses: ["url", "expanded_url", "unwound_url"].into_iter().filter_map(prose).collect(),
            title: prose("title").unwrap_or_default(),
            description: prose("description").unwrap_or_default(),
        }
    }
}

impl Media {
    /// The kinds of the attached media. Where one is not included, its key tells: X's begin with 3 for photos, with 7
    /// or 13 for videos and with 16 for animated pictures (inferred from the examples on X's pages).
    fn of(data: &Value, included: &Value) -> Self {
        let mut media = Self::default();
        for key in items(&data["attachments"]["media_keys"]) {
            let kind =
                items(included).find(|item| &item["media_key"] == key).and_then(|item| item["type"].as_str());
            let number = key.as_str().and_then(|key| key.split_once('_')).map(|(number, _)| number);
            media.any = true;
            media.images |= kind == Some("photo") || (kind.is_none() && number == Some("3"));
            media.videos |= kind == Some("video") || (kind.is_none() && matches!(number, Some("7" | "13")));
        }
        media
    }
}
