//! Photos, videos and animated pictures of made-up posts.

use serde_json::{Value, json};

use super::links::code;
use super::words::ALT_TEXTS;

/// A photo, a video or an animated picture, in X's shape.
pub(super) fn media(random: &mut fastrand::Rng) -> Value {
    // X's ids of media are as long as those of posts.
    let number = random.u64(1_500_000_000_000_000_000..1_600_000_000_000_000_000);
    let name = code(10, random);
    let mut media = match random.u8(0..10) {
        0..7 => json!({
            "media_key": format!("3_{number}"), "type": "photo", "width": 1200, "height": 800,
            "url": format!("https://pbs.stub.example/media/{name}.jpg"),
        }),
        7..9 => json!({
            "media_key": format!("7_{number}"), "type": "video", "width": 1280, "height": 720,
            "duration_ms": random.u32(2_000..140_000), "public_metrics": { "view_count": random.u32(0..5_000) },
            "preview_image_url": format!("https://pbs.stub.example/video_thumb/{name}.jpg"),
            "variants": [
                variant(&name, 632_000, "480x270"), variant(&name, 2_176_000, "1280x720"),
                {
                    "content_type": "application/x-mpegURL",
                    "url": format!("https://video.stub.example/{name}/list.m3u8"),
                },
            ],
        }),
        _ => json!({
            "media_key": format!("16_{number}"), "type": "animated_gif", "width": 320, "height": 200,
            "preview_image_url": format!("https://pbs.stub.example/video_thumb/{name}.jpg"),
            "variants": [variant(&name, 0, "320x200")],
        }),
    };
    if random.u8(0..3) == 0 {
        media["alt_text"] = ALT_TEXTS[random.usize(0..ALT_TEXTS.len())].into();
    }
    media
}

fn variant(name: &str, bit_rate: u32, size: &str) -> Value {
    let url = format!("https://video.stub.example/{name}/{size}.mp4");
    json!({ "bit_rate": bit_rate, "content_type": "video/mp4", "url": url })
}
