//! Detection and reading of a file of any kind.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    siyu::input::fuzzing::table(bytes);
});
