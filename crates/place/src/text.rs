//! A location's text as words, without allocation and within bounds.

use crate::address::address;
use crate::fold::{fold, is_silent, is_word};

/// The longest location that is looked at, in bytes. Of 304 real ones, the longest had 124 characters; Mastodon allows 255 in a
/// profile's field.
pub(crate) const LONGEST_LOCATION: usize = 512;
/// The most words of a location.
pub(crate) const MOST_WORDS: usize = 64;
/// The room for folded letters.
const MOST_LETTERS: usize = 1024;

/// The words of a location.
pub(crate) struct Text {
    letters: [u8; MOST_LETTERS],
    used: usize,
    words: [Word; MOST_WORDS],
    count: usize,
}

/// A word, or a run of letters of a script that is written without spaces.
#[derive(Clone, Copy, Default)]
pub(crate) struct Word {
    start: u16,
    end: u16,
    /// What stands before it.
    pub gap: Gap,
    /// All of its letters are capitals.
    pub capitals: bool,
    /// It is of a script that is written without spaces.
    pub dense: bool,
    /// It contains a digit.
    pub digits: bool,
    /// It is an address, of the web or of a person.
    pub address: bool,
}

/// What stands between two words, the strongest last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Gap {
    /// The text begins, or a script changes.
    #[default]
    None,
    /// A space, or a full stop after an abbreviation.
    Space,
    /// A hyphen within a word.
    Hyphen,
    /// A comma, the end of a sentence: what follows may contain what precedes.
    Comma,
    /// A bracket, which does not end a part of a place less than a comma.
    Bracket,
    /// A dash between words.
    Dash,
    /// A slash, a bar, an emoji: what follows stands beside what precedes.
    Beside,
}

impl Word {
    /// The bytes of its folded letters.
    pub(crate) fn letters(&self) -> u8 {
        u8::try_from(self.end - self.start).unwrap_or(u8::MAX)
    }
}

impl Gap {
    /// Whether a name may go on after it.
    pub(crate) fn is_soft(self) -> bool {
        self <= Self::Hyphen
    }
}

impl Text {
    /// The words of the location; nothing if it is too long.
    pub(crate) fn read(location: &str) -> Option<Self> {
        if location.len() > LONGEST_LOCATION {
            return None;
        }
        let mut text =
            Self { letters: [0; MOST_LETTERS], used: 0, words: [Word::default(); MOST_WORDS], count: 0 };
        let mut reader = Reader {
            text: &mut text,
            open: false,
            gap: Gap::None,
            dotted: false,
            hashtag: false,
            before: ' ',
        };
        let mut rest = location;
        while let Some(c) = rest.chars().next() {
            if reader.before.is_whitespace()
                && let Some(length) = address(rest)
            {
                reader.address()?;
                rest = &rest[length..];
                reader.before = 'a';
                continue;
            }
            reader.read(c)?;
            reader.before = c;
            rest = &rest[c.len_utf8()..];
        }
        Some(text)
    }

    /// The words, in order.
    pub(crate) fn words(&self) -> &[Word] {
        &self.words[..self.count]
    }

    /// The folded letters of a word.
    pub(crate) fn letters(&self, word: &Word) -> &str {
        std::str::from_utf8(&self.letters[usize::from(word.start)..usize::from(word.end)]).unwrap_or_default()
    }
}

/// Reads characters into words.
struct Reader<'a> {
    text: &'a mut Text,
    /// A word is being read.
    open: bool,
    /// What stands before the next word.
    gap: Gap,
    /// A full stop was read right after a word: an abbreviation, or the end of a sentence.
    dotted: bool,
    /// The word began with `#`, so that a capital begins the next word.
    hashtag: bool,
    before: char,
}

impl Reader<'_> {
    /// Takes in one character; nothing when there is no more room.
    fn read(&mut self, c: char) -> Option<()> {
        let mut room = Some(());
        if self.hashtag && c.is_uppercase() && self.before.is_lowercase() {
            self.end(Gap::Space);
        }
        fold(c, |part| {
            if is_word(part) {
                room = room.and_then(|()| self.letter(part, c));
            } else if !is_silent(part) {
                self.separator(part);
            }
        });
        if c == '&' {
            "and".chars().for_each(|letter| room = room.and_then(|()| self.letter(letter, letter)));
            self.end(Gap::Space);
        }
        room
    }

    fn letter(&mut self, part: char, c: char) -> Option<()> {
        let dense = is_dense(part);
        if self.dotted {
            self.dotted = false;
            // `D.C.` is one word, `Bs.As.` two, and after a long word a sentence ends.
            match self.text.words().last().map(|word| word.end - word.start) {
                Some(1) => self.open = true,
                Some(2 | 3) if self.gap < Gap::Space => self.gap = Gap::Space,
                Some(0..=3) => {}
                _ => self.gap = self.gap.max(Gap::Comma),
            }
        }
        if self.open && self.text.words().last().is_some_and(|word| word.dense != dense) {
            self.end(Gap::None);
        }
        if !self.open {
            let start = u16::try_from(self.text.used).ok()?;
            *self.text.words.get_mut(self.text.count)? =
                Word { start, end: start, gap: self.gap, capitals: true, dense, ..Word::default() };
            self.text.count += 1;
            self.open = true;
            self.gap = Gap::None;
        }
        let mut encoded = [0; 4];
        let encoded = part.encode_utf8(&mut encoded).as_bytes();
        self.text.letters.get_mut(self.text.used..self.text.used + encoded.len())?.copy_from_slice(encoded);
        self.text.used += encoded.len();
        let word = self.text.words.get_mut(self.text.count.checked_sub(1)?)?;
        word.end = u16::try_from(self.text.used).ok()?;
        word.capitals &= !c.is_lowercase() && !part.is_ascii_digit();
        word.digits |= matches!(part, '0'..='9' | '٠'..='٩' | '۰'..='۹');
        Some(())
    }

    fn separator(&mut self, part: char) {
        let gap = match part {
            _ if part.is_whitespace() && part != '\n' => {
                if self.dotted {
                    self.dotted = false;
                    let short = self.text.words().last().is_some_and(|word| word.end - word.start <= 3);
                    return self.end(if short { Gap::Space } else { Gap::Comma });
                }
                if self.gap == Gap::Hyphen { Gap::Dash } else { Gap::Space }
            }
            '_' | '・' | '&' => Gap::Space,
            '-' | '‐' | '‑' | '־' => {
                if self.open {
                    Gap::Hyphen
                } else {
                    Gap::Dash
                }
            }
            '–' | '—' | '―' | '−' => Gap::Dash,
            '.' if self.open => {
                self.dotted = true;
                self.open = false;
                return;
            }
            '(' | ')' | '[' | ']' | '{' | '}' => Gap::Bracket,
            '.' | ',' | ';' | ':' | '\n' | '،' | '؛' | '、' | '。' | '!' | '?' | '"' | '“' | '”' | '«'
            | '»' => Gap::Comma,
            '#' => {
                self.hashtag = true;
                Gap::Space
            }
            _ => Gap::Beside,
        };
        self.end(gap);
    }

    /// Ends the word, if one is open.
    fn end(&mut self, gap: Gap) {
        if self.dotted {
            self.dotted = false;
            self.gap = self.gap.max(Gap::Comma);
        }
        self.open = false;
        self.gap = self.gap.max(gap);
        if gap != Gap::Space {
            self.hashtag = false;
        }
    }

    /// Takes in an address.
    fn address(&mut self) -> Option<()> {
        self.end(Gap::Space);
        let at = u16::try_from(self.text.used).ok()?;
        *self.text.words.get_mut(self.text.count)? =
            Word { start: at, end: at, gap: self.gap, address: true, ..Word::default() };
        self.text.count += 1;
        self.gap = Gap::Comma;
        Some(())
    }
}

/// Whether the letter is of a script that is written without spaces.
fn is_dense(c: char) -> bool {
    matches!(c, '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' | '\u{3005}' | '\u{3040}'..='\u{30ff}'
        | '\u{3400}'..='\u{9fff}' | '\u{20000}'..='\u{2ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(location: &str) -> Vec<(String, Gap)> {
        let text = Text::read(location).unwrap();
        text.words().iter().map(|word| (text.letters(word).to_owned(), word.gap)).collect()
    }

    #[test]
    fn a_location_is_taken_apart_into_words_and_what_stands_between_them() {
        let all = |expected: &[(&str, Gap)]| {
            expected.iter().map(|(word, gap)| ((*word).to_owned(), *gap)).collect::<Vec<_>>()
        };
        assert_eq!(
            words("São Paulo, Brasil"),
            all(&[("sao", Gap::None), ("paulo", Gap::Space), ("brasil", Gap::Comma)])
        );
        assert_eq!(words("Washington D.C."), all(&[("washington", Gap::None), ("dc", Gap::Space)]));
        assert_eq!(
            words("St. Louis. Missouri"),
            all(&[("st", Gap::None), ("louis", Gap::Space), ("missouri", Gap::Comma)])
        );
        assert_eq!(
            words("Baden-Baden - Paris"),
            all(&[("baden", Gap::None), ("baden", Gap::Hyphen), ("paris", Gap::Dash)])
        );
        assert_eq!(words("📍L'Aquila"), all(&[("laquila", Gap::Beside)]));
        assert_eq!(words("#BuenosAires"), all(&[("buenos", Gap::Space), ("aires", Gap::Space)]));
        assert_eq!(words("東京Tokyo"), all(&[("東京", Gap::None), ("tokyo", Gap::None)]));
        assert_eq!(words("me@example.com Rome"), all(&[("", Gap::Space), ("rome", Gap::Comma)]));
        assert_eq!(
            words("Trinidad & Tobago"),
            all(&[("trinidad", Gap::None), ("and", Gap::Space), ("tobago", Gap::Space)])
        );
    }

    #[test]
    fn what_is_too_long_is_not_read() {
        assert!(Text::read(&"a".repeat(LONGEST_LOCATION + 1)).is_none());
        assert!(Text::read(&"a ".repeat(MOST_WORDS + 1)).is_none());
        assert!(Text::read(&"\u{fdfa}".repeat(100)).is_none());
        assert!(Text::read(&"a".repeat(LONGEST_LOCATION)).is_some());
    }
}
