//! A user, as far as rules can ask.

use serde_json::Value;

use super::json::lower;
use super::prose::Prose;

/// Whom a rule can name: by id or by username.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Named {
    pub(crate) id: Option<String>,
    pub(crate) username: Option<String>,
}

impl Named {
    /// Whether it has this name or id, which is in lower case.
    pub(crate) fn is(&self, name: &str) -> bool {
        self.username.as_deref() == Some(name) || self.id.as_deref() == Some(name)
    }
}

/// The author of a post.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Author {
    pub(crate) named: Named,
    pub(crate) name: Prose,
    pub(crate) bio: Prose,
    pub(crate) location: Prose,
    pub(crate) is_verified: bool,
    pub(crate) followers: Option<u64>,
    pub(crate) following: Option<u64>,
    pub(crate) posts: Option<u64>,
    pub(crate) lists: Option<u64>,
}

impl Author {
    /// The author with this id, with what is included of them.
    pub(super) fn of(id: &Value, user: Option<&Value>) -> Self {
        let user = user.unwrap_or(&Value::Null);
        let prose = |field: &str| user[field].as_str().map(Prose::of).unwrap_or_default();
        let count = |field: &str| user["public_metrics"][field].as_u64();
        Self {
            named: Named { id: lower(id), username: lower(&user["username"]) },
            name: prose("name"),
            bio: prose("description"),
            location: prose("location"),
            is_verified: user["verified"] == true,
            followers: count("followers_count"),
            following: count("following_count"),
            posts: count("tweet_count"),
            lists: count("listed_count"),
        }
    }
}
