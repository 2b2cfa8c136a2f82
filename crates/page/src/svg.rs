//! What drawings share: escaped text, the pattern of gaps, and small lines.

use std::fmt::{self, Write};

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

/// A text within XML, in an element or in a quoted attribute.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Escaped<'a>(pub(crate) &'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for letter in self.0.chars() {
            match letter {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                // Not even a reference to these is well-formed (https://www.w3.org/TR/xml/#charsets).
                '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => {
                    f.write_char(char::REPLACEMENT_CHARACTER)?;
                }
                _ => f.write_char(letter)?,
            }
        }
        Ok(())
    }
}

/// Text for XML.
#[must_use]
pub fn escaped(text: &str) -> String {
    Escaped(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_xml_forbids_is_replaced() {
        assert_eq!(Escaped("a\0<b>&\"c'\n").to_string(), "a\u{fffd}&lt;b&gt;&amp;&quot;c&#39;\n");
    }
}
