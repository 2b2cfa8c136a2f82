//! What drawings share: escaped text, the pattern of gaps, and small lines.

use std::fmt::Write as _;

/// The pattern of what may be missing.
pub(crate) const HATCH: &str = "<defs><pattern id=\"hatch\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\" patternTransform=\"rotate(45)\"><path class=\"hatch\" d=\"M0 0V6\"/></pattern></defs>";

/// A spark line: the posts of each minute of the last hour, oldest first.
#[must_use]
pub fn spark(minutes: &[u64], title: &str) -> String {
    let most = minutes.iter().copied().max().unwrap_or_default().max(1) as f64;
    let step = 120.0 / minutes.len().max(1) as f64;
    let mut line = String::new();
    for (number, posts) in minutes.iter().enumerate() {
        let command = if number == 0 { 'M' } else { 'L' };
        let _ =
            write!(line, "{command}{:.1} {:.1}", number as f64 * step, 22.0 - 20.0 * *posts as f64 / most);
    }
    format!(
        "<svg class=\"spark\" viewBox=\"0 0 120 24\" role=\"img\" aria-label=\"{}\"><path d=\"{line}\"/></svg>",
        escaped(title)
    )
}

/// Text for XML.
#[must_use]
pub fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            // XML 1.0 has no place for them.
            '\u{0}'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => {
                escaped.push('\u{fffd}');
            }
            other => escaped.push(other),
        }
    }
    escaped
}
