//! Addresses in a location: of a page, of a mailbox, of an account.

/// How long the address is with which the text begins, if it does: `https://example.com`, `someone@example.com`, `@someone`.
pub(crate) fn address(text: &str) -> Option<usize> {
    const ENDINGS: [&str; 12] =
        [".com", ".net", ".org", ".ee", ".tv", ".gg", ".io", ".me", ".co", ".app", ".dev", ".social"];
    let length = text.find(char::is_whitespace).unwrap_or(text.len());
    let chunk = &text.as_bytes()[..length];
    if !chunk.iter().any(|byte| matches!(byte, b'.' | b'@' | b':')) {
        return None;
    }
    let holds =
        |part: &str| chunk.windows(part.len()).any(|window| window.eq_ignore_ascii_case(part.as_bytes()));
    let ends = || {
        ENDINGS.iter().any(|ending| {
            chunk.windows(ending.len()).enumerate().any(|(at, window)| {
                window.eq_ignore_ascii_case(ending.as_bytes())
                    && chunk.get(at + ending.len()).is_none_or(|after| !after.is_ascii_alphanumeric())
            })
        })
    };
    (holds("://") || holds("www.") || chunk.len() > 1 && chunk.contains(&b'@') || ends()).then_some(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_told_from_a_place() {
        for (text, expected) in [
            ("https://example.com/a b", Some(21)),
            ("linktr.ee/someone", Some(17)),
            ("@someone in Rome", Some(8)),
            ("someone@example.com", Some(19)),
            ("@ Rome", None),
            ("D.C.", None),
            ("St.Louis", None),
            ("Bogotá.Colombia", None),
            ("London", None),
        ] {
            assert_eq!(address(text), expected, "{text}");
        }
    }
}
