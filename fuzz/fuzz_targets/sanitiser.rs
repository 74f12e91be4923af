#![no_main]

#[path = "../targets/danger.rs"]
mod danger;
#[path = "../targets/sanitiser.rs"]
mod target;

libfuzzer_sys::fuzz_target!(|data: &[u8]| target::run(data));
