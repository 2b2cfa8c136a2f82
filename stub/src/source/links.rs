//! Links in made-up posts.

use serde_json::{Map, Value, json};

use super::words::PAGES;

/// A link in a text, which X writes as a short address.
#[derive(Clone, Debug)]
pub(super) struct Link {
    /// The short address, as it stands in the text.
    pub(super) url: String,
    /// What else X says of it.
    pub(super) fields: Map<String, Value>,
}

/// X shows so many characters of an address.
const SHOWN: usize = 26;

impl Link {
    /// A link to a page: one that is wished for by a part of its address, or any.
    pub(super) fn to_a_page(wished: Option<&str>, random: &mut fastrand::Rng) -> Self {
        let (path, title, description) = PAGES[random.usize(0..PAGES.len())];
        let path = wished.unwrap_or(path);
        let page = format!("https://www.pages.example/{path}");
        let mut fields = json!({
            "expanded_url": page, "display_url": shown(&format!("pages.example/{path}")), "unwound_url": page,
            "status": 200, "title": title, "description": description,
        });
        if wished.is_none() && random.u8(0..3) == 0 {
            // A shortener that X did not make: only the last address is the page.
            fields["expanded_url"] = "https://sho.example/p".into();
            fields["display_url"] = "sho.example/p".into();
        }
        Self::new(fields, random)
    }

    /// The link to a quoted post that ends a quote's text.
    pub(super) fn to_a_post(username: &str, id: &str, random: &mut fastrand::Rng) -> Self {
        let page = format!("stub.example/{username}/status/{id}");
        Self::new(json!({ "expanded_url": format!("https://{page}"), "display_url": shown(&page) }), random)
    }

    /// The link to its own media that ends a post's text.
    pub(super) fn to_media(media: &Value, username: &str, random: &mut fastrand::Rng) -> Self {
        let kind = if media["type"] == "photo" { "photo" } else { "video" };
        // Its own id is not known yet.
        let page = format!("https://stub.example/{username}/media/{kind}/1");
        let mut link = Self::new(json!({ "expanded_url": page, "media_key": media["media_key"] }), random);
        link.fields
            .insert("display_url".to_owned(), link.url.replace("https://t.co", "pic.stub.example").into());
        link
    }

    fn new(fields: Value, random: &mut fastrand::Rng) -> Self {
        // No short address that X has made begins like this, as far as anybody knows.
        let url = format!("https://t.co/stub{}", code(6, random));
        let fields = match fields {
            Value::Object(fields) => fields,
            _ => Map::new(),
        };
        Self { url, fields }
    }
}

/// Letters and digits, as in addresses.
pub(super) fn code(length: usize, random: &mut fastrand::Rng) -> String {
    (0..length).map(|_| random.alphanumeric()).collect()
}

/// An address as X shows it: its beginning.
fn shown(address: &str) -> String {
    if address.chars().count() <= SHOWN {
        return address.to_owned();
    }
    address.chars().take(SHOWN).chain(['…']).collect()
}
