//! Taking back and changing what was posted: deletions, suspensions, edits, withholding.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::World;
use super::posted::Posted;
use super::redaction::{Reason, Redacted, Redaction};
use super::snowflake::time_of;
use crate::clock::now;

impl World {
    /// Takes back the post with this id, in every version; or all kept posts of its author, if that is who `reason`
    /// befalls. What such an author posts later is public, as after the account is restored. Returns the ids of the
    /// posts of which more is gone than before; none if there is no such post.
    pub(crate) fn take_back(&mut self, id: u64, reason: Reason) -> Vec<u64> {
        // A job that is complete knows nothing of what follows.
        self.settle_jobs();
        let redaction = Redaction { reason, at: now() };
        let chosen: HashSet<u64> = match self.author_of(id).filter(|_| reason.is_of_author()) {
            Some(author) => {
                if let Ok(user) = author.parse() {
                    let created_at = time_of(user);
                    self.redactions.add_user(user, Redacted { created_at, redaction });
                }
                self.ids_with(&author, |post| post["data"]["author_id"] == author.as_str())
            }
            None => self.versions(id),
        }
        .into_iter()
        .collect();
        let mut taken = Vec::new();
        let is_new = |post: &Posted| {
            chosen.contains(&post.id) && post.is_public() && (reason.hides() || post.redaction.is_none())
        };
        for post in self.posts.iter_mut().filter(|post| is_new(post)) {
            post.redaction = Some(redaction);
            self.redactions.add_post(post.id, Redacted { created_at: post.at, redaction });
            taken.push(post.id);
        }
        taken
    }

    /// Posts a new version of the post with this id, with another text. Returns its id; none if there is no such
    /// post, or it is gone.
    pub(crate) fn edit(&mut self, id: u64, text: &str) -> Option<u64> {
        let latest = self.versions(id).into_iter().max()?;
        let mut post = self.with_id(latest).filter(|post| post.is_public())?.now(&self.redactions);
        let data = post["data"].as_object_mut()?;
        // They belong to the old text.
        for field in ["note_tweet", "entities", "display_text_range"] {
            data.remove(field);
        }
        data.insert("text".to_owned(), text.into());
        data.entry("edit_history_tweet_ids").or_insert_with(|| json!([latest.to_string()]));
        self.post(post, false)["data"]["id"].as_str()?.parse().ok()
    }

    /// Withholds the post with this id in these countries, in every version. Returns the ids of the versions.
    pub(crate) fn withhold(&mut self, id: u64, countries: &[String]) -> Vec<u64> {
        let versions = self.versions(id);
        for post in self.posts.iter_mut().filter(|post| versions.contains(&post.id)) {
            let mut json = post.post();
            json["data"]["withheld"] = json!({ "copyright": false, "country_codes": countries });
            self.bytes -= post.bytes();
            post.json = json.to_string().into();
            self.bytes += post.bytes();
        }
        versions
    }

    /// The kept post with this id.
    pub(crate) fn with_id(&self, id: u64) -> Option<&Posted> {
        self.posts.iter().rev().find(|post| post.id == id)
    }

    fn author_of(&self, id: u64) -> Option<String> {
        self.with_id(id)?.post()["data"]["author_id"].as_str().map(str::to_owned)
    }

    /// The ids of the kept versions of the post with this id, itself among them.
    fn versions(&self, id: u64) -> Vec<u64> {
        let Some(post) = self.with_id(id).map(Posted::post) else { return Vec::new() };
        let first = first_version(&post).to_owned();
        self.ids_with(&first, |post| first_version(post) == first)
    }

    /// The ids of the kept posts that are chosen. All of them hold `text`, which spares reading the others.
    fn ids_with(&self, text: &str, is_chosen: impl Fn(&Value) -> bool) -> Vec<u64> {
        let quoted = format!("\"{text}\"");
        let candidates = self.posts.iter().filter(|post| post.json.contains(&quoted));
        candidates.filter(|post| is_chosen(&post.post())).map(|post| post.id).collect()
    }
}

/// The id of a post's first version.
fn first_version(post: &Value) -> &str {
    let data = &post["data"];
    data["edit_history_tweet_ids"][0].as_str().or(data["id"].as_str()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A world in which somebody has posted twice, somebody else once, and the first post has been edited; and the ids.
    fn world() -> (World, [u64; 4]) {
        let mut world = World::default();
        let mut post = |author: &str, text: &str| {
            let post = json!({
                "data": { "text": text, "author_id": author, "geo": { "place_id": "p" } },
                "includes": { "places": [{ "id": "p", "country_code": "LT" }] },
            });
            world.post(post, false)["data"]["id"].as_str().unwrap().parse().unwrap()
        };
        let (first, second, other) = (post("7", "one"), post("7", "two"), post("8", "three"));
        let edited = world.edit(first, "one, corrected").unwrap();
        (world, [first, second, other, edited])
    }

    #[test]
    fn an_edit_is_a_version_with_an_id_of_its_own() {
        let (mut world, [first, .., edited]) = world();
        let post = world.with_id(edited).unwrap().post();
        assert_eq!(post["data"]["text"], "one, corrected");
        let history = json!([first.to_string(), edited.to_string()]);
        assert_eq!(post["data"]["edit_history_tweet_ids"], history);
        assert!(
            !world.with_id(first).unwrap().is_searchable() && world.with_id(edited).unwrap().is_searchable()
        );
        // Of whichever version an edit is requested, it follows the latest.
        let again = world.edit(first, "again").unwrap();
        assert_eq!(
            world.with_id(again).unwrap().post()["data"]["edit_history_tweet_ids"][1],
            edited.to_string()
        );
    }

    #[test]
    fn deleting_a_version_deletes_all_and_an_author_loses_all_posts() {
        let (mut world, [first, second, other, edited]) = world();
        assert_eq!(world.take_back(edited, Reason::Deleted), [first, edited]);
        assert!(world.take_back(first, Reason::Deleted).is_empty(), "they are gone already");
        assert_eq!(world.edit(first, "too late"), None);
        assert_eq!(world.take_back(first, Reason::Protected), [second], "the rest of its author's");
        assert!(world.with_id(other).unwrap().is_public());
        let reason = |id| world.redactions.post(id).map(|redacted| redacted.redaction.reason);
        assert_eq!(reason(edited), Some(Reason::Deleted));
        assert_eq!(reason(second), Some(Reason::Protected));
        assert!(world.redactions.user(7).is_some() && world.redactions.user(8).is_none());
        assert!(world.take_back(1, Reason::Deleted).is_empty(), "there is no such post");
    }

    #[test]
    fn a_post_without_its_place_stays_and_may_still_be_deleted() {
        let (mut world, [_, _, other, _]) = world();
        assert_eq!(world.take_back(other, Reason::ScrubGeo), [other]);
        assert!(world.take_back(other, Reason::ScrubGeo).is_empty());
        let post = world.with_id(other).unwrap();
        let now = post.now(&world.redactions);
        assert!(post.is_searchable() && now["data"]["geo"].is_null() && now["includes"]["places"].is_null());
        assert_eq!(world.take_back(other, Reason::Bounced), [other]);
        assert_eq!(world.withhold(other, &["DE".to_owned()]), [other]);
        let sum: usize = world.posts.iter().map(Posted::bytes).sum();
        assert_eq!(world.bytes, sum);
    }

    #[test]
    fn what_is_gone_is_not_included_with_others_either() {
        let (mut world, [_, _, other, _]) = world();
        let quote = json!({
            "data": { "text": "look", "referenced_tweets": [{ "type": "quoted", "id": other.to_string() }] },
            "includes": { "tweets": [{ "id": other.to_string(), "text": "three" }] },
        });
        world.post(quote, false);
        world.take_back(other, Reason::Deleted);
        let quote = world.posts.back().unwrap();
        assert!(quote.is_public());
        assert_eq!(quote.now(&world.redactions)["includes"]["tweets"], json!([]));
    }
}
