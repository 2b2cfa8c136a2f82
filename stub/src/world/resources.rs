//! What an answer holds that X counts.

use serde_json::{Map, Value};

/// The posts and users of one answer, or of one line of the stream.
///
/// X's documents charge "per resource returned in the response" and do not say whether included posts and users are
/// such resources. Here the posts in `data` are counted; posts in `includes` are not, since the project's own records
/// cannot know of them. The users in `includes` are counted apart, and charged only on request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Resources {
    pub(crate) posts: Vec<u64>,
    pub(crate) users: Vec<u64>,
}

impl Resources {
    /// The post with this id, and the users in what is included with it.
    pub(crate) fn of(post: u64, includes: &Map<String, Value>) -> Self {
        let users = includes.get("users").and_then(Value::as_array).into_iter().flatten();
        let users = users.filter_map(|user| user["id"].as_str()?.parse().ok());
        Self { posts: vec![post], users: users.collect() }
    }

    pub(crate) fn extend(&mut self, other: Self) {
        self.posts.extend(other.posts);
        self.users.extend(other.users);
    }
}
