//! Parsing and evaluating formulas of presets.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| siyu::input::fuzzing::formula(text));
