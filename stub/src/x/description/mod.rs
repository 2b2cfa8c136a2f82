//! What X's description allows: the endpoints, their parameters, and the values of these.
//!
//! The table follows version 2.167 of <https://docs.x.com/openapi.json> (August 2026), read independently of the client in
//! `crates/x`: two readings that agree are worth more than one that agrees with itself.

mod account;
mod asked;
mod check;
mod fields;
mod operations;
#[cfg(test)]
mod tests;

pub(crate) use asked::Asked;
pub(crate) use check::{check, not_found};
pub(crate) use operations::{Operation, Price, find};

/// The words that search uses for posts in its parameters and answers. X's description changed from the first to the second in
/// July 2026; what X's servers take on a given day is not known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Dialect {
    /// `tweet.fields`, `referenced_tweets`, `note_tweet`: the description before, version 2.159.
    Tweets,
    /// `post.fields`, `referenced_posts`, `note_post`: the present description.
    #[default]
    Posts,
    /// Takes either, and answers in the one that was used.
    Both,
    /// Takes either, and answers in the other one.
    Crossed,
}

/// The words of one request or answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Spelling {
    Tweets,
    #[default]
    Posts,
}

impl Dialect {
    /// The spellings that a request may have.
    pub(crate) fn taken(self) -> &'static [Spelling] {
        match self {
            Self::Tweets => &[Spelling::Tweets],
            Self::Posts => &[Spelling::Posts],
            Self::Both | Self::Crossed => &[Spelling::Posts, Spelling::Tweets],
        }
    }

    /// The spelling of the answer to a request with this spelling.
    pub(crate) fn answered(self, asked: Spelling) -> Spelling {
        match (self, asked) {
            (Self::Tweets, _) | (Self::Both, Spelling::Tweets) | (Self::Crossed, Spelling::Posts) => {
                Spelling::Tweets
            }
            (Self::Posts, _) | (Self::Both, Spelling::Posts) | (Self::Crossed, Spelling::Tweets) => {
                Spelling::Posts
            }
        }
    }
}

/// A parameter of a request, or a field of its body.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parameter {
    pub(crate) name: &'static str,
    pub(crate) place: Place,
    pub(crate) required: bool,
    pub(crate) kind: Kind,
}

/// Where a parameter stands in a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Path,
    Query,
    Body,
}

/// The values that a parameter takes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    /// A text of at least and at most so many characters.
    Text(usize, usize),
    /// A number within these bounds.
    Integer(i64, i64),
    Boolean,
    /// A time, as in RFC 3339.
    Time,
    /// An id: 1 to 19 digits.
    Id,
    /// One of these words.
    Word(&'static [&'static str]),
    /// Some of these words, each at most once, separated by commas.
    Words(&'static [&'static str]),
    /// At most so many ids, separated by commas.
    Ids(usize),
    /// A list of at least and at most so many values, in a body.
    List(usize, usize, &'static Kind),
    /// An object with these fields, in a body.
    Object(&'static [Parameter]),
}

impl Parameter {
    const fn query(name: &'static str, kind: Kind) -> Self {
        Self { name, place: Place::Query, required: false, kind }
    }

    const fn path(name: &'static str, kind: Kind) -> Self {
        Self { name, place: Place::Path, required: true, kind }
    }

    const fn field(name: &'static str, kind: Kind) -> Self {
        Self { name, place: Place::Body, required: false, kind }
    }

    const fn required(self) -> Self {
        Self { required: true, ..self }
    }
}
