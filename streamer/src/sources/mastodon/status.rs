//! Reading a status: <https://docs.joinmastodon.org/entities/Status/>.

use html5gum::{EndTag, StartTag, Token, Tokenizer};
use place::CountrySource;
use posts::post::{Reference, ReferenceKind};
use posts::{Post, PostId};
use serde_json::Value;
use utc_time::UtcTime;

/// A post, and the hashtags that its server found in it, in lower case.
#[derive(Debug, PartialEq)]
pub(crate) struct Status {
    pub(crate) post: Post,
    pub(crate) tags: Vec<String>,
}

/// The id of a post of `host`, unique among all sources.
pub(crate) fn post_id(host: &str, id: &str) -> Option<PostId> {
    format!("{host}:{id}").parse().ok()
}

/// When the post with this id was written: servers count milliseconds in the upper bits of their ids.
/// <https://github.com/mastodon/mastodon/blob/main/lib/mastodon/snowflake.rb>
pub(crate) fn first_id(at: UtcTime) -> u64 {
    u64::try_from(at.as_millis()).map_or(0, |millis| millis << 16)
}

/// Reads a status; `None` if it is not its author's own post (a boost), or lacks what a post needs.
pub(crate) fn read_status(status: &Value, host: &str) -> Option<Status> {
    if status["reblog"].is_object() {
        return None;
    }
    let text = |value: &Value| value.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    let time = |value: &Value| value.as_str().and_then(|text| text.parse::<UtcTime>().ok());
    let account = &status["account"];
    let content = plain_text(status["content"].as_str()?);
    let warning = text(&status["spoiler_text"]);
    let country = location(account).and_then(|place| place::country_in(&place));
    let references = status["in_reply_to_id"].as_str().and_then(|id| post_id(host, id));
    let post = Post {
        tweet_id: post_id(host, status["id"].as_str()?)?,
        create_date: time(&status["created_at"])?,
        text: warning.map_or_else(|| content.clone(), |warning| format!("{warning}\n\n{content}")),
        author_id: text(&account["id"]),
        author_name: text(&account["display_name"]),
        author_username: text(&account["acct"]),
        country,
        country_source: country.map(|_| CountrySource::Profile),
        language: text(&status["language"]),
        conversation_id: None,
        references: references
            .map(|tweet_id| Reference { kind: ReferenceKind::RepliedTo, tweet_id })
            .into_iter()
            .collect(),
        edit_of: None,
        edited_at: time(&status["edited_at"]),
    };
    let tags = status["tags"].as_array().into_iter().flatten();
    let tags = tags.filter_map(|tag| Some(tag["name"].as_str()?.to_lowercase())).collect();
    Some(Status { post, tags })
}

/// Where authors say they are: a field of the profile with such a name.
fn location(account: &Value) -> Option<String> {
    let fields = account["fields"].as_array()?;
    let field = fields.iter().find(|field| {
        field["name"].as_str().is_some_and(|name| {
            ["location", "country", "where"].contains(&name.trim().to_lowercase().as_str())
        })
    })?;
    Some(plain_text(field["value"].as_str()?))
}

/// The text of HTML, with a blank line between paragraphs and a line for each line break. No tree is built of the tags, so
/// HTML that is nested to slow its reader down does not.
fn plain_text(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    // Reading from memory cannot fail.
    for Ok(token) in Tokenizer::new(html) {
        let (Token::StartTag(StartTag { name, .. }) | Token::EndTag(EndTag { name, .. })) = &token else {
            if let Token::String(piece) = token {
                text.push_str(&String::from_utf8_lossy(&piece));
            }
            continue;
        };
        let ends = match name.as_slice() {
            b"br" => {
                text.push('\n');
                continue;
            }
            b"li" | b"tr" => "\n",
            b"p" | b"blockquote" | b"pre" | b"ul" | b"ol" | b"table" => "\n\n",
            _ => continue,
        };
        while !text.is_empty() && !text.ends_with(ends) {
            text.push('\n');
        }
    }
    text.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn html_becomes_text() {
        for (html, text) in [
            ("<p>one<br>two</p><p>three &amp; <em>four</em></p>", "one\ntwo\n\nthree & four"),
            (
                r#"<p><a href="https://m.example/tags/rust" class="mention hashtag" rel="tag">#<span>rust</span></a> 🦀</p>"#,
                "#rust 🦀",
            ),
            ("", ""),
            ("<p>a</p><ul><li>b</li><li>c &lt;br&gt;</li></ul>d<br/><br>e", "a\n\nb\nc <br>\n\nd\n\ne"),
            ("<p>never ended <a href=\"x", "never ended"),
        ] {
            assert_eq!(plain_text(html), text);
        }
        let long = "word ".repeat(2000);
        assert_eq!(plain_text(&format!("<p>{long}</p>")), long.trim());
        let deep = "<b>".repeat(100_000);
        assert_eq!(plain_text(&format!("{deep}x")), "x");
        let deep = "<div>".repeat(100_000);
        assert_eq!(plain_text(&format!("{deep}x")), "x");
    }

    #[test]
    fn everything_a_post_needs_is_read() {
        let status = json!({
            "id": "116000000000000001", "created_at": "2026-11-24T10:00:00.123Z", "edited_at": "2026-11-24T10:05:00.000Z",
            "content": "<p>hello</p>", "spoiler_text": "mild", "language": "lt", "in_reply_to_id": "115",
            "account": {
                "id": "7", "acct": "jonas@other.example", "display_name": "Jonas",
                "fields": [{ "name": "Location", "value": "<b>Vilnius, Lithuania</b>" }],
            },
            "tags": [{ "name": "Rust" }], "reblog": null, "new field": {},
        });
        let Status { post, tags } = read_status(&status, "m.example").unwrap();
        assert_eq!(post.tweet_id.as_str(), "m.example:116000000000000001");
        assert_eq!((post.text.as_str(), tags.as_slice()), ("mild\n\nhello", &["rust".to_owned()][..]));
        assert_eq!(post.country.map(|country| country.as_str()), Some("LT"));
        assert_eq!(post.edited_at.unwrap().to_string(), "2026-11-24T10:05:00.000Z");
        assert_eq!(post.references[0].tweet_id.as_str(), "m.example:115");
    }

    #[test]
    fn what_is_no_post_is_none() {
        for status in
            [json!({}), json!({ "id": "1", "content": "x", "created_at": "soon" }), json!({ "reblog": {} })]
        {
            assert_eq!(read_status(&status, "m.example"), None);
        }
    }
}
