//! The whole text of a post of X's, and what X recognised in it.

use ::x::wire;

use super::{owned, text};
use crate::Post;
use crate::post::{Link, Mention, Tag};

/// A text that is made of a post's own, and of the original's if it is a repost.
pub(super) struct Text {
    pub(super) whole: String,
    /// Where the post's own entities lie.
    pub(super) own: Span,
    /// Where those of the original lie.
    pub(super) original: Option<Span>,
}

/// A part of a text, in code points.
#[derive(Clone, Copy)]
pub(super) struct Span {
    start: u64,
    end: u64,
    /// Whether entities beyond it are no mistake: the text of a repost is cut, its entities are those of the whole.
    is_cut: bool,
}

/// The whole text, also of reposts, which X shortens.
pub(super) fn whole_text(own: &str, is_repost: bool, original: Option<&wire::Post<'_>>) -> Text {
    let length = |text: &str| text.chars().count() as u64;
    if let Some((frame, _)) = own.split_once(": ")
        && frame.starts_with("RT @")
        && let Some(original) = original.and_then(wire::Post::own_text)
    {
        let start = length(frame) + 2;
        let whole = format!("{frame}: {original}");
        let end = length(&whole);
        return Text {
            whole,
            own: Span { start: 0, end: start, is_cut: true },
            original: Some(Span { start, end, is_cut: false }),
        };
    }
    Text {
        whole: own.to_owned(),
        own: Span { start: 0, end: length(own), is_cut: is_repost },
        original: None,
    }
}

/// Adds what X recognised in a part of the text; returns how much was left out because it cannot be right.
pub(super) fn add_entities(post: &mut Post, entities: &wire::Entities<'_>, span: Span) -> u64 {
    let mut left_out = 0;
    let mut within = |start: Option<u64>, end: Option<u64>, is_named: bool| {
        let place = |at: Option<u64>| u32::try_from(at?.checked_add(span.start)?).ok();
        let (from, to) = (place(start), place(end));
        let fits = matches!((from, to), (Some(from), Some(to)) if from < to && u64::from(to) <= span.end);
        left_out += u64::from(!(span.is_cut || fits && is_named));
        (fits && is_named).then_some((from, to))
    };
    for link in &entities.urls {
        let Some((start, end)) = within(link.start, link.end, link.url.is_some()) else { continue };
        post.links.push(Link {
            url: text(link.url.as_ref()),
            expanded_url: owned(link.unwound_url.as_ref().or(link.expanded_url.as_ref())),
            display_url: owned(link.display_url.as_ref()),
            title: owned(link.title.as_ref()),
            start,
            end,
        });
    }
    for (tags, tagged) in [(&entities.hashtags, &mut post.hashtags), (&entities.cashtags, &mut post.cashtags)]
    {
        for tag in tags {
            let Some((start, end)) = within(tag.start, tag.end, tag.tag.is_some()) else { continue };
            tagged.push(Tag { tag: text(tag.tag.as_ref()), start, end });
        }
    }
    for mention in &entities.mentions {
        let Some((start, end)) = within(mention.start, mention.end, mention.username.is_some()) else {
            continue;
        };
        let (username, id) = (text(mention.username.as_ref()), owned(mention.id.as_ref()));
        post.mentions.push(Mention { username, id, start, end });
    }
    left_out
}
