//! Letters as names are compared by: in lower case, without accents, without ornament.

use unicode_normalization::char::decompose_compatible;

/// Calls `emit` with what `c` is folded to: nothing for an accent, several letters for a ligature.
///
/// Compatible forms are one (`Ｐ`, `𝓟` and `P`), and so are letters that people type for one another: `ø` and `o`, the
/// Arabic and the Persian `k`. The names in the data are folded by the same function.
pub(crate) fn fold(c: char, mut emit: impl FnMut(char)) {
    if c.is_ascii() {
        return emit(c.to_ascii_lowercase());
    }
    decompose_compatible(c, |part| {
        if !is_mark(part) {
            part.to_lowercase().filter(|lower| !is_mark(*lower)).for_each(|lower| letter(lower, &mut emit));
        }
    });
}

/// Whether a folded character is part of a word: a letter, a digit, a vowel sign. By blocks, since asking Unicode's tables for each
/// character takes most of the time that a location of another script than Latin takes.
pub(crate) fn is_word(c: char) -> bool {
    match c {
        '\0'..='\u{7f}' => c.is_ascii_alphanumeric(),
        '\u{80}'..='\u{bf}' => matches!(c, 'ª' | 'µ' | 'º'),
        '×'
        | '÷'
        | '\u{37e}'
        | '\u{387}'
        | '\u{55a}'..='\u{55f}'
        | '\u{589}'..='\u{58f}'
        | '\u{5be}'
        | '\u{5f3}'..='\u{5f4}' => false,
        // Arabic, Indian, Thai, Georgian and Ethiopian punctuation.
        '\u{600}'..='\u{60f}'
        | '\u{61b}'..='\u{61f}'
        | '\u{66a}'..='\u{66d}'
        | '\u{6d4}'
        | '\u{964}'
        | '\u{965}' => false,
        '\u{e3f}'
        | '\u{e4f}'
        | '\u{e5a}'
        | '\u{e5b}'
        | '\u{10fb}'
        | '\u{1361}'..='\u{1368}'
        | '\u{17d4}'..='\u{17db}' => false,
        // Punctuation, currencies, arrows, signs, shapes; Chinese and Japanese punctuation; forms that have no letters.
        '\u{2000}'..='\u{206f}'
        | '\u{20a0}'..='\u{20cf}'
        | '\u{2100}'..='\u{2bff}'
        | '\u{2e00}'..='\u{2e7f}' => false,
        '\u{3000}'..='\u{3004}'
        | '\u{3007}'..='\u{3030}'
        | '\u{3036}'..='\u{303f}'
        | '\u{30a0}'
        | '\u{30fb}' => false,
        '\u{e000}'..='\u{f8ff}' | '\u{fe10}'..='\u{fe6f}' | '\u{fff0}'..='\u{ffff}' => false,
        '\u{1f000}'..='\u{1faff}' | '\u{e0000}'.. => false,
        _ => true,
    }
}

/// Whether the character is left out of words rather than separating them: `L'Aquila` is `laquila`.
pub(crate) fn is_silent(c: char) -> bool {
    matches!(c, '\'' | '’' | '‘' | '`' | '´' | 'ʼ' | '′' | '״' | '׳')
}

/// Whether the character is written on another one and told apart by nobody who is in a hurry: accents, the points of
/// Hebrew and Arabic, the lengthening of Arabic letters, joiners, variation selectors. Vowel signs of Indian scripts are
/// not such marks.
fn is_mark(c: char) -> bool {
    matches!(c,
        '\u{300}'..='\u{36f}' | '\u{483}'..='\u{489}' | '\u{591}'..='\u{5c7}' | '\u{610}'..='\u{61a}'
        | '\u{640}' | '\u{64b}'..='\u{65f}' | '\u{670}' | '\u{6d6}'..='\u{6ed}' | '\u{93c}' | '\u{9bc}'
        | '\u{ad}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{20d0}'..='\u{20ff}' | '\u{fe00}'..='\u{fe0f}'
        | '\u{fe20}'..='\u{fe2f}' | '\u{feff}' | '\u{e0000}'..='\u{e0fff}')
}

/// The letter of which `c` is an ornamented form that Unicode gives no decomposition for: `🅿`, `ᴘ`.
fn ornament(c: char) -> Option<char> {
    const SMALL_CAPITALS: &str = "ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘꞯʀꜱᴛᴜᴠᴡxʏᴢ";
    let nth = match c {
        '🅐'..='🅩' => u32::from(c) - u32::from('🅐'),
        '🅰'..='🆉' => u32::from(c) - u32::from('🅰'),
        'ɢ'..='ʟ' | 'ᴀ'..='ᴢ' | 'ꜰ' | 'ꜱ' | 'ꞯ' => {
            u32::try_from(SMALL_CAPITALS.chars().position(|capital| capital == c)?).ok()?
        }
        _ => return None,
    };
    char::from_u32(u32::from('a') + nth)
}

/// Letters that stand for one another.
fn letter(c: char, emit: &mut impl FnMut(char)) {
    let one = match c {
        'ß' => return "ss".chars().for_each(emit),
        'æ' => return "ae".chars().for_each(emit),
        'œ' => return "oe".chars().for_each(emit),
        'þ' => return "th".chars().for_each(emit),
        'ø' => 'o',
        'ð' | 'đ' | 'ɖ' => 'd',
        'ł' => 'l',
        'ħ' => 'h',
        'ı' => 'i',
        'ŋ' => 'n',
        'ə' => 'a',
        'ɓ' => 'b',
        'ɗ' => 'd',
        'ƙ' => 'k',
        'ς' => 'σ',
        'ґ' => 'г',
        // Persian, Urdu and Kurdish letters, and the forms of alef, ya, ta marbuta and hamza.
        'ی' | 'ى' | 'ے' | 'ې' | 'ێ' => 'ي',
        'ک' => 'ك',
        'ہ' | 'ۀ' | 'ە' | 'ھ' | 'ة' | 'ۃ' => 'ه',
        'ٱ' => 'ا',
        'ۆ' => 'و',
        'ء' | 'ʿ' | 'ʾ' | 'ʼ' | 'ʻ' | 'ʹ' | 'ʺ' => return,
        // The variants of one another that Japanese, Chinese and Taiwanese writers type.
        '臺' => '台',
        'ヶ' | 'ケ' => 'ケ',
        other => ornament(other).unwrap_or(other),
    };
    emit(one);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(text: &str) -> String {
        let mut folded = String::new();
        text.chars().for_each(|c| fold(c, |part| folded.push(part)));
        folded
    }

    #[test]
    fn forms_of_one_letter_are_one() {
        for (text, expected) in [
            ("PARIS", "paris"),
            ("𝓟𝓪𝓻𝓲𝓼", "paris"),
            ("Ｐａｒｉｓ", "paris"),
            ("ᴘᴀʀɪs", "paris"),
            ("🅿🅰🆁🅸🆂", "paris"),
            ("Zürich", "zurich"),
            ("İSTANBUL", "istanbul"),
            ("Łódź", "lodz"),
            ("Tromsø", "tromso"),
            ("Đà Nẵng", "da nang"),
            ("Αθήνα", "αθηνα"),
            ("الأُرْدُنّ", "الاردن"),
            ("تهران", "تهران"),
            ("ﾄｳｷｮｳ", "トウキョウ"),
            ("नई दिल्ली", "नई दिल्ली"),
        ] {
            assert_eq!(folded(text), expected, "{text}");
        }
    }

    #[test]
    fn letters_are_of_words_and_signs_are_not() {
        let scripts = [
            'a'..='z',
            'à'..='ö',
            'ø'..='ľ',
            'ŋ'..='ȳ',
            'α'..='ώ',
            'а'..='ӿ',
            'ա'..='և',
            'א'..='ת',
            'ؠ'..='ي',
            'ก'..='ฮ',
            'ა'..='ჺ',
            'ぁ'..='ゖ',
            'ァ'..='ヺ',
            '一'..='鿿',
            '가'..='힣',
        ];
        for c in scripts
            .into_iter()
            .flatten()
            .chain("नई दिल्ली ঢাকা தமிழ் తెలుగు ဗမာ ខ្មែរ ລາວ አዲስ ー々".chars().filter(|c| *c != ' '))
        {
            assert!(folded(&c.to_string()).chars().all(is_word), "{c:?}");
        }
        for c in " ,.;:،؛؟、。「」–—•·→✈❤🌍♡|/()!?।・€%&\u{e000}".chars() {
            assert!(!is_word(c), "{c:?}");
        }
    }

    #[test]
    fn what_is_folded_is_folded() {
        for c in '\0'..=char::MAX {
            let once = folded(&c.to_string());
            assert_eq!(folded(&once), once, "{c:?}");
        }
    }
}
