//! The facts about a post that rules can ask for.

mod content;
mod json;
mod place;
mod prose;
mod user;

use serde_json::Value;

use super::scope::Scope;
pub(super) use content::Content;
use json::{items, lower};
use place::Whereabouts;
pub(super) use prose::Prose;
pub(super) use user::Author;
use user::Named;

/// The facts about a post that rules can ask for, in lower case, since X ignores case.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts {
    pub(crate) id: u64,
    /// What the post says, and what the post says that it reposts.
    pub(crate) own: Vec<Content>,
    pub(crate) quoted: Vec<Content>,
    pub(crate) author: Author,
    /// Whom it replies to.
    pub(crate) in_reply_to: Named,
    /// Whose post it reposts.
    pub(crate) reposted: Named,
    pub(crate) replied_to_id: Option<String>,
    pub(crate) reposted_id: Option<String>,
    pub(crate) quoted_id: Option<String>,
    pub(crate) conversation_id: Option<String>,
    pub(crate) lang: Option<String>,
    pub(crate) source: Option<String>,
    pub(crate) whereabouts: Whereabouts,
    pub(crate) likes: Option<u64>,
    pub(crate) replies: Option<u64>,
    pub(crate) reposts: Option<u64>,
    pub(crate) is_retweet: bool,
}

impl Facts {
    /// Reads a post shaped as X delivers it: `{"data": …, "includes": …}`.
    #[must_use]
    pub fn of(post: &Value) -> Self {
        let (data, includes) = (&post["data"], &post["includes"]);
        let reference = |kind: &str| {
            items(&data["referenced_tweets"])
                .find(|reference| reference["type"] == kind)
                .map(|found| &found["id"])
        };
        let included =
            |list: &str, id: &Value| items(&includes[list]).find(|item| id.is_string() && &item["id"] == id);
        let user = |id: &Value| included("users", id);
        let (reposted_id, quoted_id) = (reference("retweeted"), reference("quoted"));
        let reposted = reposted_id.and_then(|id| included("tweets", id));
        let quoted = quoted_id.and_then(|id| included("tweets", id));
        let content = |post| Content::of(post, &includes["media"]);
        let reposted_author = reposted.map_or(&Value::Null, |post| &post["author_id"]);
        let count = |field: &str| data["public_metrics"][field].as_u64();
        Self {
            id: data["id"].as_str().and_then(|id| id.parse().ok()).unwrap_or_default(),
            own: [Some(data), reposted].into_iter().flatten().filter_map(content).collect(),
            quoted: quoted.into_iter().filter_map(content).collect(),
            author: Author::of(&data["author_id"], user(&data["author_id"])),
            in_reply_to: named(&data["in_reply_to_user_id"], user(&data["in_reply_to_user_id"]), data),
            reposted: named(reposted_author, user(reposted_author), data),
            replied_to_id: reference("replied_to").and_then(lower),
            reposted_id: reposted_id.and_then(lower),
            quoted_id: quoted_id.and_then(lower),
            conversation_id: lower(&data["conversation_id"]),
            lang: lower(&data["lang"]),
            source: lower(&data["source"]),
            whereabouts: Whereabouts::of(&data["geo"], included("places", &data["geo"]["place_id"])),
            likes: count("like_count"),
            replies: count("reply_count"),
            reposts: count("retweet_count"),
            is_retweet: reposted_id.is_some(),
        }
    }

    /// What counts as the post's content: in the stream, also what it quotes.
    pub(crate) fn contents(&self, scope: Scope) -> impl Iterator<Item = &Content> {
        let quoted = if scope == Scope::Stream { self.quoted.as_slice() } else { &[] };
        self.own.iter().chain(quoted)
    }
}

/// The user with this id: their name from what is included of them, or else from where the post mentions them.
fn named(id: &Value, user: Option<&Value>, data: &Value) -> Named {
    let mentions =
        || items(&data["entities"]["mentions"]).find(|mention| &mention["id"] == id && id.is_string());
    Named { id: lower(id), username: user.or_else(mentions).and_then(|user| lower(&user["username"])) }
}
