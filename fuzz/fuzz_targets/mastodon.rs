//! `cargo +nightly fuzz run mastodon`
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| streamer::fuzzing::mastodon(input));
