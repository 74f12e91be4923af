//! The binary: hands the process's arguments to the library and exits with its code.

use std::process::ExitCode;

fn main() -> ExitCode {
    docker_tags::run(std::env::args_os())
}
