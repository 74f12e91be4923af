#![no_main]

#[path = "../targets/sanitiser.rs"]
mod target;

libfuzzer_sys::fuzz_target!(|data: &[u8]| target::run(data));
