//! The decoders of bytes from outside, as the fuzz targets in `fuzz/` and a test drive them.
#![expect(clippy::expect_used, reason = "a fuzz target fails by panicking")]

use crate::source::{Decoder, Item, OptedOut};
use crate::sources::{mastodon, x};

/// Reads `input` as X's stream.
///
/// # Panics
/// If the result depends on how the input is cut into chunks; its first byte says how large they are.
pub fn x(input: &[u8]) {
    check_cuts(input, || x::Decode::new(x::RuleKeywords::default()));
}

/// Reads `input` as a stream of Mastodon's.
///
/// # Panics
/// As [`x()`].
pub fn mastodon(input: &[u8]) {
    check_cuts(input, || {
        let followed = mastodon::Followed::default();
        followed.set(&["rust".parse().expect("a keyword")].into());
        let opt_out = mastodon::OptOut { is_honoured: true, left_out: OptedOut::default() };
        mastodon::Decode::new("nowhere".to_owned(), followed, opt_out)
    });
}

fn check_cuts<D: Decoder>(input: &[u8], decoder: impl Fn() -> D) {
    let Some((size, bytes)) = input.split_first() else { return };
    let mut in_pieces = decoder();
    let pieces: Vec<Item> =
        bytes.chunks(usize::from(*size).max(1)).flat_map(|chunk| in_pieces.push(chunk)).collect();
    assert_eq!(pieces, decoder().push(bytes));
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    type Target = fn(&[u8]);

    /// The inputs that the fuzzers begin with, and those that once failed.
    #[test]
    fn the_seeds_of_the_fuzz_targets_are_read_the_same_however_they_are_cut() {
        let targets: [(&str, Target); 2] = [("x", super::x), ("mastodon", super::mastodon)];
        for (target, run) in targets {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/seeds").join(target);
            let seeds: Vec<_> = std::fs::read_dir(folder).unwrap().collect();
            assert!(seeds.len() > 3);
            for seed in seeds {
                let mut input = std::fs::read(seed.unwrap().path()).unwrap();
                for size in [1, 2, 7, 64, 255] {
                    input[0] = size;
                    run(&input);
                }
            }
        }
    }
}
