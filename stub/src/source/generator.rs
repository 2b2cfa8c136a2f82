//! Made-up posts: the same for the same seed and the same rules.

use jiff::Timestamp;
use serde_json::Value;

use super::draft::Draft;
use super::earlier::{Earlier, refer, repost};
use super::edits::{edit, open_from};
use super::links::Link;
use super::media::media;
use super::people::{Person, everybody, wished};
use super::places::put_in_a_place;
use super::wish::Wish;
use super::words::{CASHTAGS, SENTENCES, TAGS, TOPICS};

/// Makes posts, without ids and times: the stub stamps what it posts.
#[derive(Debug)]
pub struct Generator {
    random: fastrand::Rng,
    people: Vec<Person>,
    /// Posts that later ones may repost, quote, reply to or edit.
    earlier: Earlier,
    /// When the next post is made; `None` where posts have no times.
    now: Option<Timestamp>,
}

/// Of so many posts, about one is deleted later.
const DELETED: u8 = 50;

/// As many photos or videos as a post at X may have.
const MEDIA: usize = 4;

/// A long post has at least so many characters.
const LONG: usize = 400;

impl Generator {
    /// A generator whose posts follow from `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let random = fastrand::Rng::with_seed(seed);
        Self { random, people: everybody(), earlier: Earlier::default(), now: None }
    }

    /// The next post. If the rules want anything ([`crate::Rule::wanted`]), half of the posts that are not reposts are
    /// about one of their wishes, and some about two. More than two in five posts are reposts.
    pub fn next(&mut self, wanted: &[String]) -> Value {
        let made = match self.random.u8(0..100) {
            0..42 => self.repost(),
            42..53 => self.quote(wanted),
            53..64 => self.reply(wanted),
            64..68 => return self.edit().unwrap_or_else(|| self.plain(wanted)),
            68..72 => Some(self.long(wanted)),
            _ => None,
        };
        let mut post = made.unwrap_or_else(|| self.plain(wanted));
        // A repost has no place: its original has.
        if post["data"]["referenced_tweets"][0]["type"] != "retweeted" && self.random.u8(0..100) < 25 {
            put_in_a_place(&mut post, &mut self.random);
        }
        post
    }

    /// The next post, made `now`: it says until when it can be edited, and edits none that can no longer be.
    pub fn next_at(&mut self, now: Timestamp, wanted: &[String]) -> Value {
        self.now = Some(now);
        let mut post = self.next(wanted);
        open_from(now, &mut post);
        post
    }

    /// Remembers one of its posts as it was stamped, so that later posts can refer to it.
    pub fn posted(&mut self, post: &Value) {
        self.earlier.remember(post);
    }

    /// After one post in about fifty, the id of an earlier one that its author deletes now. No later post refers to it.
    pub fn deleted(&mut self) -> Option<u64> {
        let deletes = self.random.u8(0..DELETED) == 0;
        let post = deletes.then(|| self.earlier.forget_any(&mut self.random)).flatten()?;
        post["data"]["id"].as_str()?.parse().ok()
    }

    fn plain(&mut self, wanted: &[String]) -> Value {
        let draft = self.draft(wanted);
        draft.post(&self.people, &mut self.random)
    }

    /// A post of more than 280 characters: `text` is cut, `note_tweet` holds it whole.
    fn long(&mut self, wanted: &[String]) -> Value {
        let mut draft = self.draft(wanted);
        while draft.text.chars().count() < LONG {
            let more = self.draft(wanted);
            draft.text.push(' ');
            draft.text.push_str(&more.text);
            draft.links.extend(more.links);
            draft.media.extend(more.media);
        }
        draft.media.truncate(MEDIA);
        draft.post(&self.people, &mut self.random)
    }

    fn repost(&mut self) -> Option<Value> {
        let original = self.earlier.any(&mut self.random)?;
        let user = self.people[self.random.usize(0..self.people.len())].user.clone();
        Some(repost(original, user))
    }

    fn quote(&mut self, wanted: &[String]) -> Option<Value> {
        let mut draft = self.draft(wanted);
        let original = self.earlier.any(&mut self.random)?;
        let id = original["data"]["id"].as_str().unwrap_or_default();
        let link = Link::to_a_post(author(original), id, &mut self.random);
        draft.text.push(' ');
        draft.text.push_str(&link.url);
        draft.links.push(link);
        let mut post = draft.post(&self.people, &mut self.random);
        refer(&mut post, "quoted", original);
        Some(post)
    }

    fn reply(&mut self, wanted: &[String]) -> Option<Value> {
        let mut draft = self.draft(wanted);
        let original = self.earlier.any(&mut self.random)?;
        let is_own = original["data"]["author_id"] == draft.author.id.as_str();
        if !is_own {
            draft.text.insert_str(0, &format!("@{} ", author(original)));
        }
        let mut post = draft.post(&self.people, &mut self.random);
        refer(&mut post, "replied_to", original);
        let data = &mut post["data"];
        data["in_reply_to_user_id"] = original["data"]["author_id"].clone();
        let root = &original["data"]["conversation_id"];
        data["conversation_id"] = if root.is_null() { &original["data"]["id"] } else { root }.clone();
        if !is_own {
            if let Some(id) = data.pointer_mut("/entities/mentions/0/id") {
                *id = original["data"]["author_id"].clone();
            }
            // X lets people edit only replies to themselves.
            data["edit_controls"]["is_edit_eligible"] = false.into();
        }
        Some(post)
    }

    fn edit(&mut self) -> Option<Value> {
        self.earlier.any_editable(self.now, &mut self.random).map(edit)
    }

    /// A text with what belongs to it, by someone.
    fn draft(&mut self, wanted: &[String]) -> Draft {
        let random = &mut self.random;
        let first = (!wanted.is_empty() && random.bool()).then(|| &wanted[random.usize(0..wanted.len())]);
        let second =
            (!wanted.is_empty() && random.u8(0..10) == 0).then(|| &wanted[random.usize(0..wanted.len())]);
        let wishes = [first, second].map(|wanted| wanted.map(|wanted| Wish::of(wanted)));
        let (language, sentence) = SENTENCES[random.usize(0..SENTENCES.len())];
        let topic = TOPICS[random.usize(0..TOPICS.len())];
        let texts: Vec<&str> = wishes
            .iter()
            .filter_map(|wish| match wish {
                Some(Wish::Text(text)) => Some(*text),
                _ => None,
            })
            .collect();
        let about = if texts.is_empty() { topic.to_owned() } else { texts.join(" + ") };
        let mut draft = Draft {
            author: self.people[random.usize(0..self.people.len())].clone(),
            language,
            text: sentence.replace("{}", &about),
            topic: texts.is_empty().then_some(topic),
            links: Vec::new(),
            media: Vec::new(),
        };
        for wish in wishes.into_iter().flatten() {
            match wish {
                Wish::Text(_) => {}
                Wish::From(user) => {
                    let known = self
                        .people
                        .iter()
                        .find(|person| person.username == user || person.id == user)
                        .cloned();
                    draft.author = known.or_else(|| wished(user)).unwrap_or(draft.author);
                }
                Wish::Link(part) => draft.links.push(Link::to_a_page(Some(part), random)),
            }
        }
        adorn(&mut draft, &self.people, random);
        draft
    }
}

/// Adds what posts have beside their words: tags, names, links, media.
fn adorn(draft: &mut Draft, people: &[Person], random: &mut fastrand::Rng) {
    if random.u8(0..100) < 20 {
        draft.text.push_str(&format!(" #{}", TAGS[random.usize(0..TAGS.len())]));
    }
    if random.u8(0..100) < 4 {
        draft.text.push_str(&format!(" ${}", CASHTAGS[random.usize(0..CASHTAGS.len())]));
    }
    if random.u8(0..100) < 8 {
        draft.text.push_str(&format!(" @{}", people[random.usize(0..people.len())].username));
    }
    if random.u8(0..100) < 15 {
        draft.links.push(Link::to_a_page(None, random));
    }
    if random.u8(0..100) < 18 {
        draft.media.push(media(random));
        draft.links.push(Link::to_media(&draft.media[0], &draft.author.username, random));
    }
    for link in &draft.links {
        draft.text.push(' ');
        draft.text.push_str(&link.url);
    }
}

/// The username of a post's author.
fn author(post: &Value) -> &str {
    post["includes"]["users"][0]["username"].as_str().unwrap_or_default()
}
