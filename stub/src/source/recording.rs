//! A recording: posts of the past, a JSON object a line, as the stream delivered them.

use std::path::Path;

use anyhow::{Context, bail};
use serde_json::Value;

/// Reads a recording whole, so that a broken one is refused before anything begins. Empty lines are
/// skipped.
///
/// # Errors
/// The file and the line that is not an object with a `data.id` and a `data.text`.
pub fn read(path: &Path) -> anyhow::Result<Vec<Value>> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("failed to read the recording {}", path.display()))?;
    let mut posts = Vec::new();
    for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let at = || format!("{}, line {}", path.display(), index + 1);
        let mut post: Value = serde_json::from_str(line).with_context(|| format!("not JSON: {}", at()))?;
        for field in ["id", "text"] {
            if !post["data"][field].is_string() {
                bail!("not a recorded post: data.{field} is not a text: {}", at());
            }
        }
        // The rules that it matched when it was recorded; the stub's own are added when it is sent.
        if let Some(post) = post.as_object_mut() {
            post.remove("matching_rules");
        }
        posts.push(post);
    }
    if posts.is_empty() {
        bail!("the recording {} holds no posts", path.display());
    }
    Ok(posts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_as_the_stream_delivered_it_loses_the_rules_of_then() {
        let file = std::env::temp_dir().join(format!("aviary-recording-{}", std::process::id()));
        let line =
            r#"{"data":{"id":"1","text":"t"},"includes":{},"matching_rules":[{"id":"1","tag":"old"}]}"#;
        std::fs::write(&file, line).unwrap();
        let posts = read(&file).unwrap();
        std::fs::remove_file(&file).unwrap();
        assert_eq!(posts, [serde_json::json!({ "data": { "id": "1", "text": "t" }, "includes": {} })]);
    }
}
