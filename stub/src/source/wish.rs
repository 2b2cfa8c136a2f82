//! What a rule wishes of a made-up post.

/// What a rule wishes of a made-up post; see [`crate::rule::Rule::wanted`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wish<'a> {
    /// A piece of text.
    Text(&'a str),
    /// The author: a username or an id.
    From(&'a str),
    /// A link whose address has this part.
    Link(&'a str),
}

impl<'a> Wish<'a> {
    pub(super) fn of(wanted: &'a str) -> Self {
        let is_plain = |part: &&str| {
            !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"')
        };
        if let Some(user) = wanted.strip_prefix("from:").filter(is_plain) {
            return Self::From(user);
        }
        wanted.strip_prefix("url:").filter(is_plain).map_or(Self::Text(wanted), Self::Link)
    }
}
