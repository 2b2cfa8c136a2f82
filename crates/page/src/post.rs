//! A post as X wants it shown: its author, the whole text with its links, the time that leads to the post, and whether it is a repost or an edit.
//! <https://docs.x.com/developer-terms/display-requirements>

use serde::Deserialize;
use utc_time::UtcTime;

/// A post of the API's answer to `GET /tweets`, as far as it is shown.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Post {
    /// Its id.
    pub tweet_id: String,
    /// When it was posted.
    pub create_date: UtcTime,
    /// The text.
    pub text: String,
    /// Its page at the source.
    pub url: Option<String>,
    /// The author's name.
    pub author_name: Option<String>,
    /// The author's handle.
    pub author_username: Option<String>,
    /// The address of the author's picture.
    pub author_picture: Option<String>,
    /// `blue`, `business`, `government` or `none`.
    pub author_verified: Option<String>,
    /// The country.
    pub country: Option<String>,
    /// `place` or `profile`.
    pub country_source: Option<String>,
    /// What in the profile told it.
    pub country_how: Option<String>,
    /// The language.
    pub language: Option<String>,
    /// The posts that it reposts, quotes or replies to.
    #[serde(default)]
    pub references: Vec<Reference>,
    /// The version before it.
    pub edit_of: Option<String>,
    /// When its text was last edited.
    pub edited_at: Option<UtcTime>,
    /// The links in the text.
    #[serde(default)]
    pub links: Vec<Link>,
    /// The hashtags.
    #[serde(default)]
    pub hashtags: Vec<Tag>,
    /// The cashtags.
    #[serde(default)]
    pub cashtags: Vec<Tag>,
    /// The users who are mentioned.
    #[serde(default)]
    pub mentions: Vec<Mention>,
    /// Photos, videos and sounds.
    #[serde(default)]
    pub media: Vec<Media>,
    /// Likes.
    pub likes: Option<u64>,
    /// Reposts.
    pub reposts: Option<u64>,
    /// Replies.
    pub replies: Option<u64>,
    /// Whether its media may be sensitive.
    pub possibly_sensitive: Option<bool>,
    /// Where it is withheld.
    #[serde(default)]
    pub withheld_in: Vec<String>,
}

/// The fields that [`Post`] needs, for the parameter `fields`.
pub const FIELDS: &str = "tweetId,createDate,text,url,authorName,authorUsername,authorPicture,authorVerified,country,countrySource,countryHow,\
                          language,references,editOf,editedAt,links,hashtags,cashtags,mentions,media,likes,reposts,replies,possiblySensitive,withheldIn";

/// What in a profile told the country, in words.
pub(crate) fn how(how: &str) -> &str {
    match how {
        "cityAndRegion" => "city and region",
        other => other,
    }
}

/// Where X serves pictures of authors.
const PICTURES: &str = "https://pbs.twimg.com/";

/// A post that another refers to.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Reference {
    /// `retweeted`, `quoted` or `repliedTo`.
    pub kind: String,
    /// Its id.
    pub tweet_id: String,
}

/// A link in a text.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Link {
    /// The address in the text.
    pub url: String,
    /// The address that the author gave.
    pub expanded_url: Option<String>,
    /// The address as it is shown.
    pub display_url: Option<String>,
    /// Where it begins, in code points.
    pub start: Option<usize>,
    /// Where it ends.
    pub end: Option<usize>,
}

/// A hashtag or a cashtag.
#[derive(Clone, Debug, Deserialize)]
pub struct Tag {
    /// The tag without its sign.
    pub tag: String,
    /// Where it begins.
    pub start: Option<usize>,
    /// Where it ends.
    pub end: Option<usize>,
}

/// A user who is mentioned.
#[derive(Clone, Debug, Deserialize)]
pub struct Mention {
    /// Their handle.
    pub username: String,
    /// Where it begins.
    pub start: Option<usize>,
    /// Where it ends.
    pub end: Option<usize>,
}

/// A photo, a video or a sound.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Media {
    /// `photo`, `video`, `animatedPicture`, `audio` or `other`.
    pub kind: String,
    /// The address of the file.
    pub url: String,
    /// What it shows.
    pub alt_text: Option<String>,
}

impl Media {
    /// What it is, in words.
    #[must_use]
    pub fn name(&self) -> &str {
        match self.kind.as_str() {
            "animatedPicture" => "animated picture",
            "audio" => "sound",
            "other" => "attachment",
            kind => kind,
        }
    }

    /// Where the file is, if that is on the web.
    #[must_use]
    pub fn page(&self) -> Option<&str> {
        Some(self.url.as_str()).filter(|url| url.starts_with("https://"))
    }
}

impl Post {
    /// What kind of post it is: `repost`, `quote`, `reply`; empty for any other.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        let refers = |kind: &str| self.references.iter().any(|reference| reference.kind == kind);
        match () {
            () if refers("retweeted") => "repost",
            () if refers("quoted") => "quote",
            () if refers("repliedTo") => "reply",
            () => "",
        }
    }

    /// The letters that stand for the author's picture.
    #[must_use]
    pub fn initials(&self) -> String {
        let name = self.author_name.as_deref().or(self.author_username.as_deref()).unwrap_or("?");
        let initials =
            name.split_whitespace().filter_map(|word| word.chars().find(|letter| letter.is_alphanumeric()));
        let initials: String = initials.take(2).flat_map(char::to_uppercase).collect();
        if initials.is_empty() { "?".to_owned() } else { initials }
    }

    /// Where "View on X" leads, if that is on the web.
    #[must_use]
    pub fn page(&self) -> Option<&str> {
        self.url.as_deref().filter(|url| url.starts_with("https://"))
    }

    /// The author's picture, if X serves it: a page loads none from other hosts.
    #[must_use]
    pub fn picture(&self) -> Option<&str> {
        self.author_picture.as_deref().filter(|url| url.starts_with(PICTURES))
    }

    /// Where the author's profile is, if it is on X.
    #[must_use]
    pub fn profile(&self) -> Option<String> {
        let name = self.author_username.as_deref()?;
        let is_handle =
            !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        let on_x = self.page().is_some_and(|page| page.starts_with("https://x.com/"));
        (is_handle && on_x).then(|| format!("https://x.com/{name}"))
    }

    /// The name of the source's site.
    #[must_use]
    pub fn site(&self) -> &'static str {
        if self.page().is_some_and(|page| page.starts_with("https://x.com/")) { "X" } else { "its server" }
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
    fn an_author_has_initials_and_a_profile_on_x() {
        let known = post(
            json!({ "authorName": "élan vital x", "authorUsername": "elan", "url": "https://x.com/i/status/1" }),
        );
        assert_eq!(
            (known.initials().as_str(), known.profile().as_deref()),
            ("ÉV", Some("https://x.com/elan"))
        );
        let other = post(json!({ "authorName": "🦓", "authorUsername": "a@b", "url": "javascript:x" }));
        assert_eq!((other.initials().as_str(), other.profile(), other.page()), ("?", None, None));
    }
}
