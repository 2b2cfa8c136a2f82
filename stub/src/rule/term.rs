//! What an operator asks of a post.

use super::diacritics::passes_for;
use super::facts::{Author, Content, Facts};
use super::keyword::Keyword;
use super::languages::is_named;
use super::region::Region;
use super::scope::Scope;
use super::words::Words;

/// What an operator asks of a post. Names and texts are in lower case.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Term {
    Keyword(Keyword),
    /// Keywords that stand close together.
    Near(Words, usize),
    Hashtag(String),
    Cashtag(String),
    Mention(String),
    From(String),
    To(String),
    RetweetsOf(String),
    /// A row of the words of a link's address.
    Url(Words),
    UrlContains(String),
    UrlTitle(Keyword),
    UrlDescription(Keyword),
    /// The ids of a domain and of an entity, of which one may be missing.
    Context(Option<String>, Option<String>),
    Entity(String),
    Conversation(String),
    InReplyTo(String),
    RetweetsOfPost(String),
    QuotesOfPost(String),
    Bio(Keyword),
    BioName(Keyword),
    BioLocation(Keyword),
    /// A place's id, or words of its name.
    Place(String, Keyword),
    PlaceCountry(String),
    Within(Region),
    Source(String),
    Lang(String),
    Is(Is),
    Has(Has),
    /// So many percent of all posts.
    Sample(u64),
    /// A count of the author's from so many to so many.
    Author(AuthorCount, u64, u64),
    /// At least so many reactions to the post.
    AtLeast(Reaction, u64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Is {
    Retweet,
    Reply,
    Quote,
    Verified,
    Nullcast,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Has {
    Hashtags,
    Cashtags,
    Links,
    Mentions,
    Media,
    Images,
    Videos,
    Geo,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AuthorCount {
    Followers,
    Following,
    Posts,
    Lists,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reaction {
    Likes,
    Replies,
    Reposts,
}

/// The apps whose posts are promotion only, by older versions of X's page of operators.
const ADVERTISERS: [&str; 2] = ["twitter for advertisers", "twitter for advertisers (legacy)"];

impl Term {
    pub(crate) fn matches(&self, facts: &Facts, scope: Scope) -> bool {
        let any = |is_there: &dyn Fn(&Content) -> bool| facts.contents(scope).any(is_there);
        let own = |is_there: &dyn Fn(&Content) -> bool| facts.own.iter().any(is_there);
        let is_same = |fact: &Option<String>, wanted: &String| fact.as_ref() == Some(wanted);
        match self {
            // Most rules are keywords, so this is not called through a pointer.
            Self::Keyword(keyword) => facts.contents(scope).any(|post| keyword.is_in(&post.text, scope)),
            Self::Near(keywords, within) => any(&|post| post.text.words().contain_near(keywords, *within)),
            Self::Hashtag(tag) => any(&|post| has_tag(&post.hashtags, tag, scope)),
            Self::Cashtag(tag) => any(&|post| post.cashtags.contains(tag)),
            Self::Mention(name) => any(&|post| post.mentions.contains(name)),
            Self::From(user) => facts.author.named.is(user),
            Self::To(user) => facts.in_reply_to.is(user),
            Self::RetweetsOf(user) => facts.reposted.is(user),
            Self::Url(words) => any(&|post| post.addresses().any(|address| address.words().contain(words))),
            Self::UrlContains(part) => {
                any(&|post| post.addresses().any(|address| address.lower().contains(part.as_str())))
            }
            Self::UrlTitle(keyword) => {
                any(&|post| post.links.iter().any(|link| keyword.is_in(&link.title, scope)))
            }
            Self::UrlDescription(keyword) => {
                any(&|post| post.links.iter().any(|link| keyword.is_in(&link.description, scope)))
            }
            Self::Context(domain, entity) => own(&|post| {
                post.subjects.iter().any(|subject| {
                    (domain.is_none() || domain == &subject.domain)
                        && (entity.is_none() || entity == &subject.entity)
                })
            }),
            Self::Entity(name) => {
                own(&|post| post.subjects.iter().any(|subject| is_same(&subject.name, name)))
            }
            Self::Conversation(id) => is_same(&facts.conversation_id, id),
            Self::InReplyTo(id) => is_same(&facts.replied_to_id, id),
            Self::RetweetsOfPost(id) => is_same(&facts.reposted_id, id),
            Self::QuotesOfPost(id) => is_same(&facts.quoted_id, id),
            Self::Bio(keyword) => keyword.is_in(&facts.author.bio, scope),
            Self::BioName(keyword) => keyword.is_in(&facts.author.name, scope),
            Self::BioLocation(keyword) => keyword.is_in(&facts.author.location, scope),
            Self::Place(id, keyword) => {
                let mut names = facts.whereabouts.names.iter();
                facts.whereabouts.has_id(id) || names.any(|name| keyword.is_in(name, scope))
            }
            Self::PlaceCountry(code) => is_same(&facts.whereabouts.country, code),
            Self::Within(region) => facts.whereabouts.is_within(region),
            Self::Source(name) => is_same(&facts.source, name),
            Self::Lang(wanted) => facts.lang.as_deref().is_some_and(|lang| is_named(lang, wanted)),
            Self::Is(is) => is.matches(facts, scope),
            Self::Has(has) => has.matches(facts, scope),
            Self::Sample(percent) => percentile(facts.id) < *percent,
            Self::Author(count, from, to) => {
                count.of(&facts.author).is_some_and(|count| (*from..=*to).contains(&count))
            }
            Self::AtLeast(reaction, least) => reaction.of(facts).is_some_and(|count| count >= *least),
        }
    }

    /// What to write into a post so that it matches, if that is easy: a piece of text, `from:` and a user, or `url:`
    /// and a part of an address.
    pub(crate) fn wanted(&self) -> Option<String> {
        match self {
            Self::Keyword(keyword) => Some(keyword.written()),
            Self::Near(keywords, _) => Some(keywords.iter().collect::<Vec<_>>().join(" ")),
            Self::Hashtag(tag) => Some(format!("#{tag}")),
            Self::Cashtag(tag) => Some(format!("${tag}")),
            Self::Mention(name) => Some(format!("@{name}")),
            // Once somebody posts, others repost and reply.
            Self::From(user) | Self::To(user) | Self::RetweetsOf(user) => Some(format!("from:{user}")),
            Self::UrlContains(part) => Some(format!("url:{part}")),
            Self::Url(words) => Some(format!("url:{}", words.iter().collect::<Vec<_>>().join("/"))),
            _ => None,
        }
    }
}

impl Is {
    /// In the stream, a repost or quote of a reply is one too, and so with quotes.
    fn matches(self, facts: &Facts, scope: Scope) -> bool {
        let is = |is: fn(&Content) -> bool| match scope {
            Scope::Stream => facts.contents(scope).any(is),
            Scope::Search => facts.own.first().is_some_and(is),
        };
        match self {
            Self::Retweet => facts.is_retweet,
            Self::Reply => is(|post| post.is_reply),
            Self::Quote => is(|post| post.is_quote),
            Self::Verified => facts.author.is_verified,
            Self::Nullcast => facts.source.as_deref().is_some_and(|source| ADVERTISERS.contains(&source)),
        }
    }
}

impl Has {
    fn matches(self, facts: &Facts, scope: Scope) -> bool {
        let any = |has: fn(&Content) -> bool| facts.contents(scope).any(has);
        match self {
            Self::Hashtags => any(|post| !post.hashtags.is_empty()),
            Self::Cashtags => any(|post| !post.cashtags.is_empty()),
            Self::Links => any(|post| !post.links.is_empty()),
            Self::Mentions => any(|post| !post.mentions.is_empty()),
            Self::Media => any(|post| post.media.any),
            Self::Images => any(|post| post.media.images),
            Self::Videos => any(|post| post.media.videos),
            Self::Geo => facts.whereabouts.is_known,
        }
    }
}

impl AuthorCount {
    fn of(self, author: &Author) -> Option<u64> {
        match self {
            Self::Followers => author.followers,
            Self::Following => author.following,
            Self::Posts => author.posts,
            Self::Lists => author.lists,
        }
    }
}

impl Reaction {
    fn of(self, facts: &Facts) -> Option<u64> {
        match self {
            Self::Likes => facts.likes,
            Self::Replies => facts.replies,
            Self::Reposts => facts.reposts,
        }
    }
}

fn has_tag(tags: &[String], wanted: &str, scope: Scope) -> bool {
    tags.iter().any(|tag| match scope {
        Scope::Stream => tag == wanted,
        Scope::Search => passes_for(tag, wanted),
    })
}

/// A number below 100 that follows from a post's id alone, as evenly as ids are spread by Fibonacci hashing.
fn percentile(id: u64) -> u64 {
    (id.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32) % 100
}
