//! The expression of a rule, and which posts it matches.

use crate::facts::Facts;
use crate::scope::Scope;

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Expression {
    All(Vec<Expression>),
    Any(Vec<Expression>),
    Not(Box<Expression>),
    Term(Term),
}

/// One operator.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Term {
    /// A word or a quoted phrase: its words in a row.
    Words(Vec<String>),
    /// Something without words (an emoji), or in a script without spaces: anywhere in the text.
    Anywhere(String),
    Hashtag(String),
    Mention(String),
    From(String),
    To(String),
    Lang(String),
    PlaceCountry(String),
    HasGeo,
    IsRetweet,
    IsReply,
    IsQuote,
}

impl Expression {
    pub(crate) fn matches(&self, facts: &Facts, scope: Scope) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.matches(facts, scope)),
            Self::Any(parts) => parts.iter().any(|part| part.matches(facts, scope)),
            Self::Not(part) => !part.matches(facts, scope),
            Self::Term(term) => term.matches(facts, scope),
        }
    }

    /// Whether every way to match it goes through an operator that X allows to stand alone.
    pub(crate) fn stands_alone(&self) -> bool {
        match self {
            Self::All(parts) => parts.iter().any(Self::stands_alone),
            Self::Any(parts) => parts.iter().all(Self::stands_alone),
            Self::Not(_) => false,
            Self::Term(term) => !matches!(
                term,
                Term::Lang(_)
                    | Term::PlaceCountry(_)
                    | Term::HasGeo
                    | Term::IsRetweet
                    | Term::IsReply
                    | Term::IsQuote
            ),
        }
    }

    pub(crate) fn collect_wanted(&self, wanted: &mut Vec<String>) {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().for_each(|part| part.collect_wanted(wanted)),
            Self::Term(Term::Words(words)) => wanted.push(words.join(" ")),
            Self::Term(Term::Anywhere(text)) => wanted.push(text.clone()),
            Self::Term(Term::Hashtag(tag)) => wanted.push(format!("#{tag}")),
            Self::Term(Term::Mention(name)) => wanted.push(format!("@{name}")),
            Self::Not(_) | Self::Term(_) => {}
        }
    }
}

impl Term {
    pub(crate) fn matches(&self, facts: &Facts, scope: Scope) -> bool {
        match self {
            Self::Words(words) => facts
                .texts(scope)
                .any(|text| text.tokens.windows(words.len()).any(|window| window == words.as_slice())),
            Self::Anywhere(part) => facts.texts(scope).any(|text| text.lower.contains(part.as_str())),
            Self::Hashtag(tag) => facts.texts(scope).any(|text| text.hashtags.contains(tag)),
            Self::Mention(name) => facts.texts(scope).any(|text| text.mentions.contains(name)),
            Self::From(author) => {
                facts.author_username.as_ref() == Some(author) || facts.author_id.as_ref() == Some(author)
            }
            Self::To(user) => facts.in_reply_to.as_ref() == Some(user),
            Self::Lang(lang) => facts.lang.as_ref() == Some(lang),
            Self::PlaceCountry(code) => facts.place_country.as_ref() == Some(code),
            Self::HasGeo => facts.has_geo,
            Self::IsRetweet => facts.is_retweet,
            Self::IsReply => facts.is_reply,
            Self::IsQuote => facts.is_quote,
        }
    }
}
