//! Asking for a password on the terminal, unseen.
//!
//! The terminal itself is asked, not standard input, which may be a pipe. While the password
//! is typed the terminal sends us every byte and makes no signal of Ctrl-C; a signal that comes from
//! elsewhere finds in `signals` what to undo. So there is no way out of here that leaves the
//! terminal without its echo.

use std::fmt;
use std::io;
#[cfg(any(unix, test))]
use std::io::Read;

use crate::error::Error;
use crate::system::secret::Secret;

/// The longest password that can be typed, in bytes.
const MAX_TYPED: usize = 4096;
const UNUSABLE: &str = "the typed password is too long or not UTF-8";

fn failed(why: impl fmt::Display) -> Error {
    let hint = "pass it on standard input with --password-stdin";
    Error::usage(format!("no password for --username: {why}"), hint)
}

fn terminal_failed(error: io::Error) -> Error {
    failed(format!("cannot ask on the terminal: {error}"))
}

fn no_terminal() -> Error {
    failed("there is no terminal to ask for a password")
}

/// Shows `label` on the terminal and reads a line without echo.
///
/// # Errors
/// Without a terminal, after Ctrl-C or Ctrl-D, for what no password can be.
pub(crate) fn ask_password(label: &str) -> Result<Secret, Error> {
    #[cfg(unix)]
    return terminal::ask(std::path::Path::new("/dev/tty"), label);
    #[cfg(not(unix))]
    return console::ask(label);
}

/// Reads what is typed up to Enter, with the keys for correcting it.
#[cfg(any(unix, test))]
fn read_typed(keys: &mut impl Read) -> Result<Secret, Error> {
    let mut typed: Vec<u8> = Vec::new();
    loop {
        let mut key = [0];
        match keys.read(&mut key) {
            Ok(0) => return Err(Error::Interrupted),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(terminal_failed(error)),
        }
        match key[0] {
            b'\r' | b'\n' => break,
            // Ctrl-C, Ctrl-D
            0x03 | 0x04 => return Err(Error::Interrupted),
            // Backspace takes a whole character, Ctrl-U everything.
            0x08 | 0x7f => while typed.pop().is_some_and(|byte| byte & 0xc0 == 0x80) {},
            0x15 => typed.clear(),
            byte if byte < b' ' && byte != b'\t' => {}
            _ if typed.len() == MAX_TYPED => return Err(failed(UNUSABLE)),
            byte => typed.push(byte),
        }
    }
    String::from_utf8(typed).map(Secret::new).map_err(|_| failed(UNUSABLE))
}

#[cfg(unix)]
mod terminal {
    use std::fs::{File, OpenOptions};
    use std::io::{self, Write};
    use std::path::Path;

    use rustix::termios::{
        LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr,
    };

    use super::{no_terminal, read_typed, terminal_failed};
    use crate::error::Error;
    use crate::system::secret::Secret;
    use crate::system::signals::{self, Undoing};

    /// Asks on the terminal at `path`.
    pub(super) fn ask(path: &Path, label: &str) -> Result<Secret, Error> {
        let tty = OpenOptions::new().read(true).write(true).open(path);
        let tty = tty.map_err(|_| no_terminal())?;
        let saved = tcgetattr(&tty).map_err(|_| no_terminal())?;
        let quiet = silence(&tty, saved).map_err(terminal_failed)?;
        (&tty).write_all(label.as_bytes()).map_err(terminal_failed)?;
        let answer = read_typed(&mut &tty);
        drop(quiet);
        // The Enter of the user was not shown.
        (&tty).write_all(b"\n").map_err(terminal_failed)?;
        answer
    }

    /// While the value lives, the terminal shows nothing and makes no signals.
    fn silence(tty: &File, saved: Termios) -> io::Result<Undoing> {
        let mut silent = saved.clone();
        silent.local_modes -=
            LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG | LocalModes::IEXTEN;
        silent.special_codes[SpecialCodeIndex::VMIN] = 1;
        silent.special_codes[SpecialCodeIndex::VTIME] = 0;
        let terminal = tty.try_clone()?;
        // Nothing can be done about a terminal that has gone away.
        let undo = signals::before_exit(move || drop(set(&terminal, &saved)));
        set(tty, &silent)?;
        Ok(undo)
    }

    /// Changes the terminal and drops what was typed but not read: it was not meant for the shell.
    fn set(tty: &File, termios: &Termios) -> io::Result<()> {
        rustix::io::retry_on_intr(|| tcsetattr(tty, OptionalActions::Flush, termios))?;
        Ok(())
    }

    #[cfg(test)]
    mod tests {
        use std::fs::File;
        use std::io::{Read, Write};
        use std::path::PathBuf;

        use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
        use rustix::termios::{LocalModes, tcgetattr};

        use super::*;

        /// A terminal of our own: its keyboard and screen, and its path.
        fn pseudo_terminal() -> (File, PathBuf) {
            let keyboard = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
            grantpt(&keyboard).unwrap();
            unlockpt(&keyboard).unwrap();
            let path = ptsname(&keyboard, Vec::new()).unwrap().into_string().unwrap();
            (File::from(keyboard), path.into())
        }

        #[test]
        fn asks_without_echo_and_restores_the_terminal() {
            for (keys, expected) in [("geheim\r", Some("geheim")), ("geh\x03", None)] {
                let (mut keyboard, path) = pseudo_terminal();
                // A second descriptor keeps the terminal alive after the question.
                let look = OpenOptions::new().read(true).write(true).open(&path).unwrap();
                let before = tcgetattr(&look).unwrap().local_modes;
                assert!(before.contains(LocalModes::ECHO | LocalModes::ISIG));
                let asking = std::thread::spawn(move || ask(&path, "Password: "));
                let mut screen = vec![0; 10];
                keyboard.read_exact(&mut screen).unwrap();
                assert_eq!(screen, b"Password: ");
                let during = tcgetattr(&look).unwrap().local_modes;
                assert!(!during.intersects(LocalModes::ECHO | LocalModes::ISIG));
                keyboard.write_all(keys.as_bytes()).unwrap();
                let answer = asking.join().unwrap();
                match expected {
                    Some(text) => assert_eq!(answer.unwrap().expose(), text),
                    None => assert!(matches!(answer, Err(Error::Interrupted))),
                }
                assert_eq!(tcgetattr(&look).unwrap().local_modes, before);
                let mut rest = vec![0; 64];
                let count = keyboard.read(&mut rest).unwrap();
                assert_eq!(&rest[..count], b"\r\n", "only the line end is shown");
            }
        }

        #[test]
        fn without_a_terminal_there_is_no_question() {
            for path in ["/dev/null", "/nowhere/tty"] {
                let answer = ask(Path::new(path), "Password: ");
                assert!(matches!(answer, Err(Error::Usage { .. })), "{path}: {answer:?}");
            }
        }
    }
}

/// The shells of Windows restore the echo that Ctrl-C leaves off.
#[cfg(not(unix))]
mod console {
    use std::fs::OpenOptions;
    use std::io::ErrorKind;

    use super::{MAX_TYPED, UNUSABLE, failed, no_terminal, terminal_failed};
    use crate::error::Error;
    use crate::system::secret::Secret;

    pub(super) fn ask(label: &str) -> Result<Secret, Error> {
        // A process without a console fails here.
        let console = OpenOptions::new().read(true).write(true).open("CONIN$");
        console.map_err(|_| no_terminal())?;
        match rpassword::prompt_password(label) {
            Ok(typed) if typed.len() > MAX_TYPED => Err(failed(UNUSABLE)),
            Ok(typed) => Ok(Secret::new(typed)),
            Err(error) => Err(match error.kind() {
                ErrorKind::Interrupted | ErrorKind::UnexpectedEof => Error::Interrupted,
                _ => terminal_failed(error),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_edit_the_line() {
        let long = format!("{}\n", "x".repeat(MAX_TYPED + 1));
        for (keys, expected) in [
            (&b"abc\n"[..], Some("abc")),
            (b"abc\rdef", Some("abc")),
            (b"a b\tc\n", Some("a b\tc")),
            (b"\n", Some("")),
            (b"abx\x7fc\n", Some("abc")),
            ("aü\u{8}b\n".as_bytes(), Some("ab")),
            (b"\x7f\x7fa\n", Some("a")),
            (b"wrong\x15right\n", Some("right")),
            (b"a\x1a\x1bb\n", Some("ab")),
            (b"abc\x03\n", None),
            (b"abc\x04", None),
            (b"abc", None),
            (b"\xff\n", None),
            (long.as_bytes(), None),
        ] {
            let answer = read_typed(&mut &keys[..]).ok();
            assert_eq!(answer.as_ref().map(Secret::expose), expected, "{keys:?}");
        }
    }
}
