//! The names of places in a text.

use crate::data::{Meaning, Role, empty_name, look_up};
use crate::text::{Gap, Text, Word};

/// The most words of a name.
const LONGEST_NAME: usize = 7;
/// The most letters of a name in a script that is written without spaces.
const LONGEST_DENSE_NAME: usize = 16;
/// The most names that a location may have.
pub(crate) const MOST_MENTIONS: usize = 24;

/// The ends of the names of Korean districts, towns, counties and quarters (`구`, `시`, `군`, `동`), folded.
const KOREAN_DISTRICTS: [&str; 4] =
    ["\u{1100}\u{116e}", "\u{1109}\u{1175}", "\u{1100}\u{116e}\u{11ab}", "\u{1103}\u{1169}\u{11bc}"];

/// The names in a text, in order, and what else is in it.
#[derive(Default)]
pub(crate) struct Mentions {
    mentions: [Option<Mention>; MOST_MENTIONS],
    count: usize,
    /// The words that were not understood.
    pub unknown: usize,
    /// A country is named as a cause: `Free Palestine`.
    pub cause: bool,
}

/// A name in a text.
#[derive(Clone, Copy)]
pub(crate) struct Mention {
    pub meaning: Meaning,
    /// The words of its part that were not understood.
    pub unknown: u8,
    /// The words right before it, since the name before it, that were not understood, in any part.
    pub unknown_before: u8,
    /// What stands before it.
    pub gap: Gap,
    /// It is the first name, and the first word.
    pub first: bool,
    /// It is written in capitals, and the text is not.
    pub capitals: bool,
    /// `in` or its like stands before it.
    pub after_in: bool,
    /// `University of` or its like stands before it.
    pub after_institution: bool,
    /// `free` or its like stands before it.
    pub after_slogan: bool,
    /// The letters of its words.
    pub letters: u8,
}

impl Mentions {
    /// The names in the text; nothing if there are too many.
    pub(crate) fn find(text: &Text) -> Option<Self> {
        let words = text.words();
        let shouting = words.iter().filter(|word| word.capitals && word.letters() > 3).count() > 0
            && words.iter().all(|word| word.capitals || word.digits || word.dense || word.address);
        let mut finder = Finder {
            found: Self::default(),
            part_start: 0,
            unknown: 0,
            before: 0,
            role: Role::None,
            shouting,
        };
        let mut at = 0;
        while let Some(word) = words.get(at) {
            if !word.gap.is_soft() {
                finder.next_part(word.gap);
            }
            at += if word.dense {
                finder.dense(text, word)?;
                1
            } else {
                finder.spaced(text, &words[at..], at == 0)?
            };
        }
        finder.next_part(Gap::None);
        Some(finder.found)
    }

    /// The names, in order.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &Mention> + Clone {
        self.mentions[..self.count].iter().flatten()
    }
}

struct Finder {
    found: Mentions,
    /// The first mention of this part.
    part_start: usize,
    /// The unknown words of this part, and those since the last mention.
    unknown: u8,
    before: u8,
    /// The role of the words right before.
    role: Role,
    shouting: bool,
}

impl Finder {
    /// Begins the next part.
    fn next_part(&mut self, gap: Gap) {
        for mention in self.found.mentions[self.part_start..self.found.count].iter_mut().flatten() {
            mention.unknown = self.unknown;
        }
        self.part_start = self.found.count;
        self.unknown = 0;
        if gap != Gap::None {
            self.role = Role::None;
        }
    }

    fn unknown(&mut self) {
        self.unknown = self.unknown.saturating_add(1);
        self.before = self.before.saturating_add(1);
        self.found.unknown += 1;
        self.role = Role::None;
    }

    /// Takes in the longest name with which the words begin, or the first word; says how many words it was.
    fn spaced(&mut self, text: &Text, words: &[Word], first: bool) -> Option<usize> {
        let mut name = empty_name();
        let mut longest = None;
        for (nth, word) in words.iter().take(LONGEST_NAME).enumerate() {
            if word.address || word.dense || nth > 0 && !word.gap.is_soft() {
                break;
            }
            if nth > 0 {
                name = name.push(b' ');
            }
            name = name.extend(text.letters(word).as_bytes());
            if let Some(meaning) = look_up(name) {
                longest = Some((nth + 1, meaning));
            }
        }
        let Some((length, meaning)) = longest else {
            // A postcode, the number of a house and a Korean district say nothing.
            let first = words.first()?;
            if !first.digits && !KOREAN_DISTRICTS.iter().any(|end| text.letters(first).ends_with(end)) {
                self.unknown();
            }
            return Some(1);
        };
        let words = &words[..length];
        let letters = words.iter().map(|word| word.letters()).sum();
        self.take(meaning, words.first()?.gap, words.iter().all(|word| word.capitals), letters, first)?;
        Some(length)
    }

    /// Takes in the names in a run of letters of a script that is written without spaces.
    fn dense(&mut self, text: &Text, word: &Word) -> Option<()> {
        let mut rest = text.letters(word);
        let mut gap = word.gap;
        let mut lost = false;
        while !rest.is_empty() {
            let mut name = empty_name();
            let mut longest = None;
            let mut buffer = [0; 4];
            let mut length = 0;
            for (nth, c) in rest.chars().take(LONGEST_DENSE_NAME).enumerate() {
                name = name.extend(c.encode_utf8(&mut buffer).as_bytes());
                length += c.len_utf8();
                if let Some(meaning) = look_up(name) {
                    longest = Some((length, meaning, nth + 1));
                }
            }
            if let Some((length, meaning, letters)) = longest {
                self.take(meaning, gap, false, u8::try_from(letters).unwrap_or(u8::MAX), false)?;
                rest = &rest[length..];
                lost = false;
            } else {
                if !lost {
                    self.unknown();
                }
                lost = true;
                rest = &rest[rest.chars().next()?.len_utf8()..];
            }
            gap = Gap::Space;
        }
        Some(())
    }

    fn take(&mut self, meaning: Meaning, gap: Gap, capitals: bool, letters: u8, first: bool) -> Option<()> {
        if meaning.candidates().next().is_none() {
            match meaning.role() {
                Role::None => self.unknown(),
                // `in the`: what was said stays said.
                Role::Filler if self.role != Role::None => {}
                Role::In if self.role == Role::Institution => {}
                role => self.role = role,
            }
            return Some(());
        }
        let mention = Mention {
            meaning,
            unknown: 0,
            unknown_before: self.before,
            gap,
            first,
            capitals: capitals && !self.shouting,
            after_in: self.role == Role::In,
            after_institution: self.role == Role::Institution,
            after_slogan: self.role == Role::Slogan,
            letters,
        };
        self.found.cause |= mention.after_slogan;
        *self.found.mentions.get_mut(self.found.count)? = Some(mention);
        self.found.count += 1;
        self.before = 0;
        self.role = if meaning.role() == Role::None { Role::None } else { meaning.role() };
        Some(())
    }
}
