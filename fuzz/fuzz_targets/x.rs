//! `cargo +nightly fuzz run x`
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| streamer::fuzzing::x(input));
