//! Keywords written in the few characters that AWS allows in names.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

/// Writes `text` in printable ASCII without spaces, in at most `max` bytes. Different texts get different labels.
///
/// Other characters (and `%`) become `%XX`; a label that is still too long ends in `~` and the text's hash.
/// `max` must leave room for that hash: 65 bytes.
pub(crate) fn label(text: &str, max: usize) -> String {
    let mut label = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_graphic() && byte != b'%' {
            label.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(label, "%{byte:02X}");
        }
    }
    if label.len() > max {
        let hash = hex_sha256([text.as_bytes()]);
        label.truncate(max.saturating_sub(hash.len() + 1));
        label.push('~');
        label.push_str(&hash);
    }
    label
}

/// The SHA-256 of the concatenated `parts`, as 64 hexadecimal digits.
pub(crate) fn hex_sha256<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part);
    }
    hash.finalize().iter().fold(String::with_capacity(64), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn plain_words_stay_readable() {
        assert_eq!(label("rust", 128), "rust");
        assert_eq!(label("#жук 100%", 128), "#%D0%B6%D1%83%D0%BA%20100%25");
    }

    proptest! {
        #[test]
        fn labels_are_ascii_bounded_and_tell_texts_apart(a in ".{1,200}", b in ".{1,200}") {
            for text in [&a, &b] {
                let label = label(text, 128);
                prop_assert!(label.len() <= 128 && label.bytes().all(|b| b.is_ascii_graphic()));
            }
            prop_assert_eq!(label(&a, 128) == label(&b, 128), a == b);
        }
    }
}
