//! The binary: hands the process's arguments to the library and exits with its code.

use std::process::ExitCode;

fn main() -> ExitCode {
    docker_tags::run(std::env::args_os(), early::stdout())
}

/// A look at stdout before Rust's runtime begins: that opens `/dev/null` in the place of a closed
/// one, after which a list that nobody gets would look printed.
#[cfg(target_os = "linux")]
mod early {
    use std::sync::atomic::{AtomicBool, Ordering};

    use docker_tags::Stdout;

    static CLOSED: AtomicBool = AtomicBool::new(false);

    // Called by the C runtime before `main`. It makes one system call and touches nothing else.
    #[used]
    #[allow(unsafe_code, reason = "to be called at all; the function itself is safe code")]
    #[unsafe(link_section = ".init_array")]
    static LOOK: extern "C" fn() = look;

    extern "C" fn look() {
        let is_closed = rustix::io::fcntl_getfd(rustix::stdio::stdout()).is_err();
        CLOSED.store(is_closed, Ordering::Relaxed);
    }

    pub(crate) fn stdout() -> Stdout {
        if CLOSED.load(Ordering::Relaxed) { Stdout::Closed } else { Stdout::Open }
    }
}

#[cfg(not(target_os = "linux"))]
mod early {
    pub(crate) fn stdout() -> docker_tags::Stdout {
        docker_tags::Stdout::Open
    }
}
