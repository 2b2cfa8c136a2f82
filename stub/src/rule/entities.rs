//! Tags, names and links in a text: what X's entities say, for texts that have none.

use super::words::is_of_a_word;

/// What is found in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Hashtag,
    Cashtag,
    Mention,
    Link,
}

/// Something found in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entity<'a> {
    pub(crate) kind: Kind,
    /// A tag or name without its sign, or a whole link.
    pub(crate) name: &'a str,
    /// Where it begins and ends, in Unicode code points, its sign included.
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// The entities of a text, in their order. A tag or name begins where no word goes on: `a#b` has none.
pub(crate) fn entities(text: &str) -> Vec<Entity<'_>> {
    let mut found = Vec::new();
    // Code points before the byte `counted`.
    let (mut points, mut counted) = (0, 0);
    let mut at = 0;
    while let Some(next) = text[at..].find(['#', '$', '@', 'h']).map(|next| at + next) {
        let inside =
            text[..next].chars().next_back().is_some_and(|before| is_of_a_word(before) || before == '&');
        let Some((kind, name)) = (!inside).then(|| entity_at(&text[next..])).flatten() else {
            at = next + 1;
            continue;
        };
        let sign = usize::from(kind != Kind::Link);
        let end = next + sign + name.len();
        points += text[counted..next].chars().count();
        counted = end;
        let start = points;
        points += sign + name.chars().count();
        found.push(Entity { kind, name, start, end: points });
        at = end;
    }
    found
}

/// The entity with which a text begins: its kind, and its name or link.
fn entity_at(text: &str) -> Option<(Kind, &str)> {
    if text.starts_with("https://") || text.starts_with("http://") {
        let end = text.find(|c: char| c.is_whitespace() || c == '"' || c == '…').unwrap_or(text.len());
        return Some((Kind::Link, text[..end].trim_end_matches(['.', ',', '!', '?', ':', ';', ')'])));
    }
    let (kind, rest) = match text.split_at_checked(1)? {
        ("#", rest) => (Kind::Hashtag, rest),
        ("$", rest) => (Kind::Cashtag, rest),
        ("@", rest) => (Kind::Mention, rest),
        _ => return None,
    };
    let goes_on = |c: char| match kind {
        Kind::Hashtag | Kind::Link => is_of_a_word(c),
        Kind::Mention => c.is_ascii_alphanumeric() || c == '_',
        Kind::Cashtag => c.is_ascii_alphanumeric() || c == '_' || c == '.',
    };
    let end = rest.find(|c| !goes_on(c)).unwrap_or(rest.len());
    let name = rest[..end].trim_end_matches('.');
    let is_one = match kind {
        // Not a number: `#1` is a rank.
        Kind::Hashtag => name.contains(|c: char| !c.is_numeric()),
        // Not an amount: `$5k`.
        Kind::Cashtag => name.starts_with(|c: char| c.is_ascii_alphabetic()),
        Kind::Mention | Kind::Link => !name.is_empty(),
    };
    is_one.then_some((kind, name))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn entities_stand_where_code_points_are_counted() {
        let text = "🦀é #Rust, $BRK.B. @ferris: see https://t.co/a1.";
        let found: Vec<_> =
            entities(text).iter().map(|found| (found.kind, found.name, found.start, found.end)).collect();
        assert_eq!(
            found,
            [
                (Kind::Hashtag, "Rust", 3, 8),
                (Kind::Cashtag, "BRK.B", 10, 16),
                (Kind::Mention, "ferris", 18, 25),
                (Kind::Link, "https://t.co/a1", 31, 46),
            ]
        );
        let points: Vec<char> = text.chars().collect();
        assert_eq!(points[3..8].iter().collect::<String>(), "#Rust");
        assert_eq!(points[31..46].iter().collect::<String>(), "https://t.co/a1");
    }

    #[test]
    fn what_only_looks_like_an_entity_is_none() {
        for text in ["a#b", "#1", "# x", "$5k", "me@example", "@", "#", "xhttps://t.co", "$", "&#39;"] {
            assert_eq!(entities(text), [], "{text}");
        }
    }

    proptest! {
        #[test]
        fn in_any_text_every_entity_stands_where_it_says(
            text in r"([ a-zé東🦀0-9#@$&._…]|https://|\u{200d}|\u{fe0f}){0,40}",
        ) {
            let points: Vec<char> = text.chars().collect();
            let mut before = 0;
            for Entity { kind, name, start, end } in entities(&text) {
                let sign = match kind {
                    Kind::Hashtag => "#",
                    Kind::Cashtag => "$",
                    Kind::Mention => "@",
                    Kind::Link => "",
                };
                prop_assert_eq!(points[start..end].iter().collect::<String>(), format!("{}{}", sign, name));
                prop_assert!(before <= start && start < end);
                before = end;
            }
        }
    }
}
