//! Numbers and texts as the picture shows them.

use std::fmt::{self, Write};

/// A text within XML, in an element or in a quoted attribute.
#[derive(Clone, Copy, Debug)]
pub(super) struct Escaped<'a>(pub(super) &'a str);

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

/// A number with commas between thousands: `1,234`.
pub(super) fn grouped(number: impl Into<u128>) -> String {
    let digits = number.into().to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number of posts: `1,234 posts`.
pub(super) fn posts(count: u64) -> String {
    match count {
        0 => "no posts".to_owned(),
        1 => "1 post".to_owned(),
        _ => format!("{} posts", grouped(count)),
    }
}

/// A part of a whole that is not zero, rounded to a hundredth. Only nothing is 0 %, and only all is 100 %.
pub(super) fn percent(part: u128, whole: u128) -> String {
    match (part * 200 + whole) / (2 * whole) {
        0 if part > 0 => "less than 1 %".to_owned(),
        100 if part < whole => "more than 99 %".to_owned(),
        rounded => format!("{rounded} %"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_grouped() {
        assert_eq!(
            [0_u64, 12, 999, 1_000, 1_234_567, u64::MAX].map(grouped),
            ["0", "12", "999", "1,000", "1,234,567", "18,446,744,073,709,551,615"],
        );
        assert_eq!([0, 1, 2_000].map(posts), ["no posts", "1 post", "2,000 posts"]);
    }

    #[test]
    fn percentages_are_rounded_but_never_to_nothing_or_to_all() {
        let cases = [(0, 7), (1, 1_000), (3, 8), (1, 2), (995, 1_000), (999, 1_000), (7, 7)];
        assert_eq!(
            cases.map(|(part, whole)| percent(part, whole)),
            ["0 %", "less than 1 %", "38 %", "50 %", "more than 99 %", "more than 99 %", "100 %"],
        );
    }

    #[test]
    fn what_xml_forbids_is_replaced() {
        assert_eq!(Escaped("a\0<b>&\"c'\n").to_string(), "a\u{fffd}&lt;b&gt;&amp;&quot;c&#39;\n");
    }
}
