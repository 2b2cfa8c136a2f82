//! X's operators: in which scope each is, whether it may stand alone, and how its value is read.
//!
//! <https://docs.x.com/x-api/posts/filtered-stream/integrate/operators> and
//! <https://docs.x.com/x-api/posts/search/integrate/operators>. Where these say nothing about standing alone, an
//! operator of the post's own content or references may, and one of its author's counts or its app may not, since it
//! would match too many posts (inferred). What they leave open beyond that follows older versions of these pages.

use super::region::Region;
use super::scope::Scope;
use super::term::{AuthorCount, Has, Is, Reaction, Term};
use super::values::{context, count, country, id, keyword, language, percent, range, source, user};
use super::words::Words;

/// An operator.
#[derive(Debug)]
pub(crate) struct Operator {
    /// The name before its colon, or a whole flag, as `is:reply`.
    pub(crate) name: &'static str,
    /// The only scope that has it, unless both do.
    pub(crate) only_in: Option<Scope>,
    pub(crate) stands_alone: bool,
    pub(crate) negation: Negation,
    read: Read,
}

/// Whether an operator may follow a `-`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Negation {
    Free,
    Forbidden,
    Required,
}

/// Reads a value, which is not empty.
type Read = fn(&str) -> Result<Term, String>;

impl Operator {
    const fn alone(name: &'static str, read: Read) -> Self {
        Self { name, only_in: None, stands_alone: true, negation: Negation::Free, read }
    }

    const fn beside(name: &'static str, read: Read) -> Self {
        Self { stands_alone: false, ..Self::alone(name, read) }
    }

    const fn only_in(self, scope: Scope) -> Self {
        Self { only_in: Some(scope), ..self }
    }

    const fn negation(self, negation: Negation) -> Self {
        Self { negation, ..self }
    }

    /// As it is written in a rule, without its value.
    pub(crate) fn written(&self) -> String {
        written(self.name)
    }

    /// What it asks for with this value.
    ///
    /// # Errors
    /// What is wrong with the value, or why no post can be judged by it.
    pub(crate) fn read(&self, value: &str) -> Result<Term, String> {
        (self.read)(value)
    }
}

/// An operator's name as it is written in a rule: with a colon, unless it is a flag.
pub(crate) fn written(name: &str) -> String {
    if name.contains(':') { name.to_owned() } else { format!("{name}:") }
}

/// The operator with this name and value.
pub(crate) fn find(name: &str, value: &str) -> Option<&'static Operator> {
    if ["is", "has"].contains(&name) {
        let flags = || OPERATORS.iter().filter(|operator| operator.name.contains(':'));
        return flags().find(|flag| flag.name.split_once(':') == Some((name, value)));
    }
    OPERATORS.iter().find(|operator| operator.name == name)
}

const OPERATORS: &[Operator] = &[
    Operator::alone("from", |value| user(value).map(Term::From)),
    Operator::alone("to", |value| user(value).map(Term::To)),
    Operator::alone("retweets_of", |value| user(value).map(Term::RetweetsOf)),
    Operator::alone("from_affiliate_of", |_| Err(unjudged("from_affiliate_of", "who is affiliated")))
        .only_in(Scope::Stream),
    Operator::alone("to_affiliate_of", |_| Err(unjudged("to_affiliate_of", "who is affiliated")))
        .only_in(Scope::Stream),
    Operator::alone("list", |_| Err(unjudged("list", "who is in a List"))).only_in(Scope::Search),
    Operator::alone("url", |value| {
        let words = Words::of(value);
        if words.is_empty() {
            Err("an address has letters or digits".to_owned())
        } else {
            Ok(Term::Url(words))
        }
    }),
    Operator::alone("url_title", |value| keyword(value).map(Term::UrlTitle)).only_in(Scope::Stream),
    Operator::alone("url_description", |value| keyword(value).map(Term::UrlDescription))
        .only_in(Scope::Stream),
    Operator::alone("url_contains", |value| Ok(Term::UrlContains(value.to_lowercase())))
        .only_in(Scope::Stream),
    Operator::alone("context", |value| context(value).map(|(domain, entity)| Term::Context(domain, entity))),
    Operator::alone("entity", |value| Ok(Term::Entity(value.to_lowercase()))),
    Operator::alone("conversation_id", |value| id(value).map(Term::Conversation)),
    Operator::alone("in_reply_to_tweet_id", |value| id(value).map(Term::InReplyTo)),
    Operator::alone("in_reply_to_status_id", |value| id(value).map(Term::InReplyTo)),
    Operator::alone("retweets_of_tweet_id", |value| id(value).map(Term::RetweetsOfPost)),
    Operator::alone("retweets_of_status_id", |value| id(value).map(Term::RetweetsOfPost)),
    Operator::alone("quotes_of_tweet_id", |value| id(value).map(Term::QuotesOfPost)).only_in(Scope::Search),
    Operator::alone("bio", |value| keyword(value).map(Term::Bio)).only_in(Scope::Stream),
    Operator::alone("bio_name", |value| keyword(value).map(Term::BioName)).only_in(Scope::Stream),
    Operator::alone("bio_location", |value| keyword(value).map(Term::BioLocation)).only_in(Scope::Stream),
    Operator::alone("place", |value| {
        keyword(value).map(|keyword| Term::Place(value.to_lowercase(), keyword))
    }),
    Operator::alone("place_country", |value| country(value).map(Term::PlaceCountry)),
    Operator::alone("point_radius", |value| Region::circle(value).map(Term::Within)),
    Operator::alone("bounding_box", |value| Region::bounds(value).map(Term::Within)),
    Operator::alone("embedding", |_| Err(unavailable("embedding")))
        .only_in(Scope::Stream)
        .negation(Negation::Forbidden),
    Operator::beside("embedding_threshold", |_| Err(unavailable("embedding_threshold")))
        .only_in(Scope::Stream),
    Operator::beside("lang", |value| language(value).map(Term::Lang)),
    Operator::beside("sample", |value| percent(value).map(Term::Sample))
        .only_in(Scope::Stream)
        .negation(Negation::Forbidden),
    Operator::beside("source", |value| source(value).map(Term::Source)).only_in(Scope::Stream),
    Operator::beside("min_followers", |value| {
        Ok(Term::Author(AuthorCount::Followers, count(value)?, u64::MAX))
    })
    .only_in(Scope::Stream),
    Operator::beside("followers_count", |value| author(AuthorCount::Followers, value)).only_in(Scope::Stream),
    Operator::beside("following_count", |value| author(AuthorCount::Following, value)).only_in(Scope::Stream),
    Operator::beside("tweets_count", |value| author(AuthorCount::Posts, value)).only_in(Scope::Stream),
    Operator::beside("listed_count", |value| author(AuthorCount::Lists, value)).only_in(Scope::Stream),
    Operator::alone("min_likes", |value| at_least(Reaction::Likes, value)).only_in(Scope::Search),
    Operator::alone("min_replies", |value| at_least(Reaction::Replies, value)).only_in(Scope::Search),
    Operator::alone("min_reposts", |value| at_least(Reaction::Reposts, value)).only_in(Scope::Search),
    Operator::alone("min_faves", |_| Err(renamed("min_faves", "min_likes"))),
    Operator::alone("min_retweets", |_| Err(renamed("min_retweets", "min_reposts"))),
    Operator::beside("is:retweet", |_| Ok(Term::Is(Is::Retweet))),
    Operator::beside("is:reply", |_| Ok(Term::Is(Is::Reply))),
    Operator::beside("is:quote", |_| Ok(Term::Is(Is::Quote))),
    Operator::beside("is:verified", |_| Ok(Term::Is(Is::Verified))),
    Operator::beside("is:nullcast", |_| Ok(Term::Is(Is::Nullcast))).negation(Negation::Required),
    Operator::beside("has:hashtags", |_| Ok(Term::Has(Has::Hashtags))),
    Operator::beside("has:cashtags", |_| Ok(Term::Has(Has::Cashtags))),
    Operator::beside("has:links", |_| Ok(Term::Has(Has::Links))),
    Operator::beside("has:mentions", |_| Ok(Term::Has(Has::Mentions))),
    Operator::beside("has:media", |_| Ok(Term::Has(Has::Media))),
    Operator::beside("has:images", |_| Ok(Term::Has(Has::Images))),
    Operator::beside("has:video_link", |_| Ok(Term::Has(Has::Videos))),
    Operator::beside("has:videos", |_| Ok(Term::Has(Has::Videos))),
    Operator::beside("has:geo", |_| Ok(Term::Has(Has::Geo))),
];

fn author(count: AuthorCount, value: &str) -> Result<Term, String> {
    range(value).map(|(from, to)| Term::Author(count, from, to))
}

fn at_least(reaction: Reaction, value: &str) -> Result<Term, String> {
    count(value).map(|least| Term::AtLeast(reaction, least))
}

/// Why the stub refuses an operator that needs more than a post.
fn unjudged(name: &str, missing: &str) -> String {
    format!("the stub cannot judge '{name}:': a post does not tell {missing}")
}

/// X's answer without the tier that has embeddings.
fn unavailable(name: &str) -> String {
    format!("'{name}:' is an unavailable operator: it needs Enterprise access with the Embedding tier")
}

/// X's answer to a name from the search on its web site.
fn renamed(name: &str, newer: &str) -> String {
    format!("Reference to invalid operator '{name}': X's search API calls it '{newer}:'")
}
