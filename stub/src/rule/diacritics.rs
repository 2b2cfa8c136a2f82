//! Letters without their accents, for search.

/// Accented letters in lower case, and the same without.
const LETTERS: &[(&str, char)] = &[
    ("àáâãäåāăąǎ", 'a'),
    ("çćĉċč", 'c'),
    ("ďđ", 'd'),
    ("èéêëēĕėęě", 'e'),
    ("ĝğġģ", 'g'),
    ("ĥħ", 'h'),
    ("ìíîïĩīĭįı", 'i'),
    ("ĵ", 'j'),
    ("ķ", 'k'),
    ("ĺļľŀł", 'l'),
    ("ñńņňŋ", 'n'),
    ("òóôõöøōŏőǒ", 'o'),
    ("ŕŗř", 'r'),
    ("śŝşšș", 's'),
    ("ţťŧț", 't'),
    ("ùúûüũūŭůűųǔ", 'u'),
    ("ŵ", 'w'),
    ("ýÿŷ", 'y'),
    ("źżž", 'z'),
];

/// A letter in lower case without its accent.
fn plain(letter: char) -> char {
    match letter {
        'a'..='z' => letter,
        _ => {
            LETTERS.iter().find(|(accented, _)| accented.contains(letter)).map_or(letter, |(_, plain)| *plain)
        }
    }
}

/// Whether a word in lower case is `keyword`, or the same without one or more of the keyword's accents.
/// X's search finds `diacritica` by `diacrítica`, but not the other way round, and the stream neither:
/// <https://docs.x.com/x-api/posts/search/integrate/build-a-query>
pub(crate) fn passes_for(word: &str, keyword: &str) -> bool {
    let mut letters = word.chars();
    let all = keyword
        .chars()
        .all(|wanted| letters.next().is_some_and(|letter| letter == wanted || letter == plain(wanted)));
    all && letters.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_accent_may_be_missing_in_the_word_but_not_in_the_keyword() {
        assert!(passes_for("diacrítica", "diacrítica") && passes_for("diacritica", "diacrítica"));
        assert!(!passes_for("diacrítica", "diacritica"));
        for word in ["diacriticas", "diacritic", "diacrìtica"] {
            assert!(!passes_for(word, "diacrítica"), "{word}");
        }
    }
}
