//! The words of a text, and where they stand.

/// A text's words in lower case: what is between punctuation, symbols and white space.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Words {
    /// The words, one after another, without anything between.
    joined: String,
    /// Where each ends in `joined`.
    ends: Vec<usize>,
    /// A bit for each word, shared by words of the same hash: most rules are told apart from a text by these alone.
    bits: u128,
}

impl Words {
    pub(crate) fn of(text: &str) -> Self {
        let mut words = Self { joined: String::with_capacity(text.len()), ..Self::default() };
        for word in text.split(|c| !is_of_a_word(c)).filter(|word| !word.is_empty()) {
            let start = words.joined.len();
            words.joined.extend(word.chars().flat_map(char::to_lowercase));
            words.ends.push(words.joined.len());
            words.bits |= bit(&words.joined[start..]);
        }
        words
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The words in their order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).map(|index| self.word(index))
    }

    /// Whether the words of `phrase` stand in a row.
    pub(crate) fn contain(&self, phrase: &Self) -> bool {
        let Some(last) = phrase.len().checked_sub(1) else { return false };
        if self.bits & phrase.bits != phrase.bits {
            return false;
        }
        let (text, wanted) = (self.joined.as_bytes(), phrase.joined.as_bytes());
        let mut start = 0;
        for (index, end) in self.ends.iter().enumerate() {
            let row = self.ends.get(index + last).map(|row_end| &text[start..*row_end]);
            if row == Some(wanted) && (0..last).all(|nth| self.ends[index + nth] - start == phrase.ends[nth])
            {
                return true;
            }
            start = *end;
        }
        false
    }

    /// Whether a row of words is that of `phrase`, where `is_same` tells which word passes for which.
    pub(crate) fn contain_as(&self, phrase: &Self, is_same: impl Fn(&str, &str) -> bool) -> bool {
        let Some(last) = self.len().checked_sub(phrase.len()) else { return false };
        (0..=last)
            .any(|start| (0..phrase.len()).all(|index| is_same(self.word(start + index), phrase.word(index))))
    }

    /// Whether all of `keywords` stand so close together that at most `within` steps bring them into a row in their
    /// order: between two keywords may stand `within` other words, or two fewer where they are in the opposite order,
    /// as the pages of X's older APIs say. A repeated keyword counts once.
    pub(crate) fn contain_near(&self, keywords: &Self, within: usize) -> bool {
        let mut wanted: Vec<&str> = Vec::new();
        keywords.iter().for_each(|keyword| {
            if !wanted.contains(&keyword) {
                wanted.push(keyword);
            }
        });
        // Where each keyword's occurrences say that the row begins, and which keyword it is.
        let mut beginnings: Vec<(isize, usize)> = Vec::new();
        for (place, word) in (0_isize..).zip(self.iter()) {
            if let Some(index) = wanted.iter().position(|keyword| *keyword == word) {
                beginnings.push((place - isize::try_from(index).unwrap_or_default(), index));
            }
        }
        beginnings.sort_unstable();
        let mut counts = vec![0_usize; wanted.len()];
        let mut first = 0;
        let within = isize::try_from(within).unwrap_or(isize::MAX);
        beginnings.iter().any(|(beginning, index)| {
            counts[*index] += 1;
            while beginning - beginnings[first].0 > within {
                counts[beginnings[first].1] -= 1;
                first += 1;
            }
            counts.iter().all(|count| *count > 0)
        })
    }

    fn word(&self, index: usize) -> &str {
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.joined[start..self.ends[index]]
    }
}

/// The bit of a word, by its FNV-1a hash.
fn bit(word: &str) -> u128 {
    let hash =
        word.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    1 << (hash % u128::BITS)
}

/// Whether it is part of a word or a tag.
pub(crate) fn is_of_a_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_what_is_between_punctuation_and_symbols_in_lower_case() {
        let words = Words::of("I like Coca-Cola 🦀, ÉTÉ_1!");
        assert_eq!(words.iter().collect::<Vec<_>>(), ["i", "like", "coca", "cola", "été_1"]);
        assert!(Words::of("🦀 !").is_empty());
    }

    #[test]
    fn a_phrase_is_a_row_of_whole_words() {
        let words = Words::of("the old man and the sea");
        for (phrase, is_there) in [
            ("the sea", true),
            ("the old man and the sea", true),
            ("man", true),
            ("old the", false),
            ("the s", false),
            ("hem", false),
            ("the old man and the sea again", false),
        ] {
            assert_eq!(words.contain(&Words::of(phrase)), is_there, "{phrase}");
        }
    }

    #[test]
    fn proximity_counts_the_words_between_and_two_more_for_the_opposite_order() {
        let near = |text: &str, keywords: &str, within: usize| {
            Words::of(text).contain_near(&Words::of(keywords), within)
        };
        assert!(near("social media", "social media", 0));
        assert!(near("social x x media", "social media", 2) && !near("social x x media", "social media", 1));
        assert!(near("media social", "social media", 2) && !near("media social", "social media", 1));
        assert!(near("media x social", "social media", 3) && !near("media x social", "social media", 2));
        assert!(near("a x b x c", "a b c", 2) && !near("a x b x c", "a b c", 1));
        assert!(near("a x x x x a b", "a b", 0), "the nearest occurrences count");
        assert!(!near("social", "social media", 6));
    }
}
