//! Reading presets, and files by them.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| siyu::input::fuzzing::preset(text));
