//! A login, what this run has learnt of it, and what is said about it.
//!
//! Registries lock accounts after a few wrong passwords, so a wrong one must not be sent twice: not
//! for the next repository, not by another thread. Until a login has been accepted once, one thread
//! at a time sends it, and the others wait for how that ends.

use std::sync::{Arc, Condvar, Mutex, PoisonError};

use super::Credential;
use crate::error::{Error, login_command};
use crate::oci::reference::Registry;
use crate::system::lock;

/// A login for a registry, shared by all who use it.
#[derive(Debug)]
pub(crate) struct Login {
    pub credential: Credential,
    /// Where it came from, for people.
    pub source: String,
    /// Given for this very call: when it is refused, nothing is tried without it.
    pub is_explicit: bool,
    state: Mutex<State>,
    decided: Condvar,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Untried,
    /// Somebody has sent it and waits for the answer.
    Trying,
    Accepted,
    Refused,
}

/// What an answer says of the login that was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Accepted,
    Refused,
    /// Nothing: the network failed, or the request was refused for another reason.
    Open,
}

impl Login {
    pub(crate) fn new(credential: Credential, source: String, is_explicit: bool) -> Self {
        let state = Mutex::new(State::Untried);
        Login { credential, source, is_explicit, state, decided: Condvar::new() }
    }

    /// Who this is, for messages.
    pub(crate) fn user(&self) -> &str {
        self.credential.username().unwrap_or("this token")
    }

    /// Whether a server has refused it.
    pub(crate) fn is_refused(&self) -> bool {
        *lock(&self.state) == State::Refused
    }

    /// Whether a server has accepted it.
    pub(crate) fn is_accepted(&self) -> bool {
        *lock(&self.state) == State::Accepted
    }

    /// Sends the login with `send`, which says what the answer means for it; waits while another
    /// thread tries it. `None`: it is refused, and is not sent.
    pub(crate) fn attempt<T>(&self, send: impl FnOnce() -> (Verdict, T)) -> Option<T> {
        let mut state = lock(&self.state);
        while *state == State::Trying {
            state = self.decided.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        match *state {
            State::Refused => return None,
            State::Accepted => {}
            State::Untried | State::Trying => *state = State::Trying,
        }
        drop(state);
        let (verdict, outcome) = send();
        let mut state = lock(&self.state);
        *state = match (*state, verdict) {
            (State::Refused, _) | (_, Verdict::Refused) => State::Refused,
            (State::Accepted, _) | (_, Verdict::Accepted) => State::Accepted,
            (State::Untried | State::Trying, Verdict::Open) => State::Untried,
        };
        drop(state);
        self.decided.notify_all();
        Some(outcome)
    }

    /// The error for a login that `host` refuses; its own words are `detail`.
    pub(crate) fn refused(login: Option<&Self>, host: String, detail: Option<String>) -> Error {
        Error::LoginRefused {
            host,
            user: login.map_or("this user", Login::user).to_owned(),
            source: login.map_or("nowhere", |login| &login.source).to_owned(),
            detail,
        }
    }

    /// The warning for a stored login that `host` refuses; `consequence` is what follows.
    pub(crate) fn refused_warning(&self, host: &str, consequence: &str) -> String {
        let (user, source) = (self.user(), &self.source);
        format!(
            "{host} rejected the credentials of {user} (from {source}); continuing without them, {consequence}"
        )
    }

    /// The warning for a login that a token service on another host does not get.
    pub(crate) fn withheld_warning(&self, host: &str, realm: &str) -> String {
        let user = self.user();
        format!(
            "the credentials of {user} for {host} were not sent to {realm}, which {host} names as its token service"
        )
    }
}

/// What the search for a login came to.
#[derive(Debug, Clone, Default)]
pub(crate) struct Lookup {
    pub login: Option<Arc<Login>>,
    /// What would help beside `docker login`: a login that exists could not be used.
    pub advice: Option<String>,
}

impl Lookup {
    /// How to get a login that helps.
    pub(crate) fn remedy(&self, registry: &Registry) -> String {
        self.advice.clone().unwrap_or_else(|| login_command(registry.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::system::secret::Secret;

    fn login() -> Login {
        let credential = Credential::RegistryToken(Secret::new("t"));
        Login::new(credential, "a test".to_owned(), false)
    }

    #[test]
    fn one_thread_tries_and_the_others_learn() {
        for (verdict, expected) in [(Verdict::Refused, 1), (Verdict::Accepted, 8)] {
            let (login, sent) = (login(), AtomicUsize::new(0));
            std::thread::scope(|scope| {
                for _ in 0..8 {
                    scope.spawn(|| {
                        let send = || (verdict, sent.fetch_add(1, Ordering::SeqCst));
                        login.attempt(send);
                    });
                }
            });
            assert_eq!(sent.into_inner(), expected, "{verdict:?}");
            assert_eq!(login.is_refused(), verdict == Verdict::Refused);
        }
    }

    #[test]
    fn an_open_end_lets_the_next_one_try() {
        let login = login();
        assert_eq!(login.attempt(|| (Verdict::Open, 1)), Some(1));
        assert_eq!(login.attempt(|| (Verdict::Accepted, 2)), Some(2));
        assert_eq!(login.attempt(|| (Verdict::Open, 3)), Some(3));
        assert_eq!(login.attempt(|| (Verdict::Refused, 4)), Some(4));
        assert_eq!(login.attempt(|| (Verdict::Accepted, 5)), None);
        assert!(login.is_refused());
    }
}
