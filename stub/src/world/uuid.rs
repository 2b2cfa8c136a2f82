//! Random names.

/// A random UUID of version 4. It is unique, and not hard to guess: nothing here is worth guessing.
pub(crate) fn uuid() -> String {
    let random = fastrand::u128(..);
    // RFC 9562, 5.4: the version in bits 48 to 51, the variant in bits 64 and 65, counted from the highest.
    let bits = (random & !(0xF << 76) & !(0b11 << 62)) | (4 << 76) | (0b10 << 62);
    let hex = format!("{bits:032x}");
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uuid_has_its_version_and_variant_in_their_places() {
        for _ in 0..100 {
            let uuid = uuid();
            assert!(uuid.len() == 36 && uuid.as_bytes()[14] == b'4', "{uuid}");
            assert!(b"89ab".contains(&uuid.as_bytes()[19]), "{uuid}");
        }
        assert_ne!(uuid(), uuid());
    }
}
