//! The media of a post of X's.

use ::x::wire;

use super::owned;
use crate::Post;
use crate::post::{Media, MediaKind};

/// Adds the post's media, or the original's; returns how many were left out because they have no address.
pub(super) fn add_media(
    post: &mut Post,
    data: &wire::Post<'_>,
    original: Option<&wire::Post<'_>>,
    includes: &wire::Includes<'_>,
) -> u64 {
    let keys = |post: &wire::Post<'_>| -> Vec<String> {
        let keys = post.attachments.iter().flat_map(|attachments| &attachments.media_keys);
        keys.map(|key| key.as_ref().to_owned()).collect()
    };
    let mut wanted = keys(data);
    if wanted.is_empty() {
        wanted = original.map(keys).unwrap_or_default();
    }
    // X leaves out what the author may not show.
    let included: Vec<_> = wanted.iter().filter_map(|key| includes.media(key)).collect();
    post.media = included.iter().filter_map(|media| medium(media)).collect();
    (included.len() - post.media.len()) as u64
}

/// A medium; `None` without an address.
fn medium(media: &wire::Media<'_>) -> Option<Media> {
    let best =
        media.variants.iter().filter(|variant| variant.bit_rate.is_some()).max_by_key(|file| file.bit_rate);
    let file = best.and_then(|variant| variant.url.as_ref());
    Some(Media {
        kind: match media.kind.as_deref() {
            Some("photo") => MediaKind::Photo,
            Some("video") => MediaKind::Video,
            Some("animated_gif") => MediaKind::AnimatedPicture,
            _ => MediaKind::Other,
        },
        url: owned(media.url.as_ref().or(file).or(media.preview_image_url.as_ref()))?,
        preview_url: owned(media.preview_image_url.as_ref()),
        alt_text: owned(media.alt_text.as_ref()),
        width: media.width.and_then(|pixels| pixels.try_into().ok()),
        height: media.height.and_then(|pixels| pixels.try_into().ok()),
        duration_ms: media.duration_ms,
    })
}
