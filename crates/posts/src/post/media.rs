//! Photos, videos and sounds of a post.

use serde::{Deserialize, Serialize};

/// A photo, a video, an animated picture or a sound.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Media {
    /// The kind.
    pub kind: MediaKind,
    /// The address of the file; of a video or an animated picture that has several, the one with the most bits per second.
    pub url: String,
    /// The address of a still.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preview_url: Option<String>,
    /// What its author says it shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alt_text: Option<String>,
    /// The width, in pixels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    /// The height, in pixels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub height: Option<u32>,
    /// How long it plays, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<u64>,
}

/// The kind of a post's medium.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub enum MediaKind {
    /// A photo.
    Photo,
    /// A video.
    Video,
    /// An animated picture without sound.
    AnimatedPicture,
    /// A sound.
    Audio,
    /// A kind that the source has added, or does not name.
    Other,
}
