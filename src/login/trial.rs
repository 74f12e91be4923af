//! A login, and what this run has learnt of it.
//!
//! Registries lock accounts after a few wrong passwords, so a wrong one must not be sent twice: not
//! for the next repository, not by another thread. Until a login has been accepted once, whoever
//! sends it holds a [`Trial`], and everybody else waits for how that ends.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use crate::login::Credential;

/// A login and where it came from.
#[derive(Debug)]
pub(crate) struct Login {
    /// The credential.
    pub credential: Credential,
    /// Where it came from, for people.
    pub source: String,
    /// Given for this very call: when it is refused, nothing is tried without it.
    pub explicit: bool,
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

impl Login {
    /// A login that was not sent yet.
    pub(crate) fn new(credential: Credential, source: String, explicit: bool) -> Self {
        let state = Mutex::new(State::Untried);
        Login { credential, source, explicit, state, decided: Condvar::new() }
    }

    /// Who this is, for messages.
    pub(crate) fn user(&self) -> &str {
        self.credential.username().unwrap_or("this token")
    }

    /// Whether a server has refused it.
    pub(crate) fn is_refused(&self) -> bool {
        *self.lock() == State::Refused
    }

    /// Whether a server has accepted it.
    pub(crate) fn is_accepted(&self) -> bool {
        *self.lock() == State::Accepted
    }

    /// Notes that a server refused it.
    pub(crate) fn refuse(&self) {
        self.set(State::Refused);
    }

    /// The right to send it; waits while another thread tries it. `None`: it is refused.
    pub(crate) fn admit(self: &Arc<Self>) -> Option<Trial> {
        let mut state = self.lock();
        loop {
            match *state {
                State::Refused => return None,
                State::Accepted => break,
                State::Untried => {
                    *state = State::Trying;
                    break;
                }
                State::Trying => {
                    state = self.decided.wait(state).unwrap_or_else(PoisonError::into_inner);
                }
            }
        }
        Some(Trial(self.clone()))
    }

    fn set(&self, new: State) {
        *self.lock() = new;
        self.decided.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The right to send a login. Dropped without a decision (the network failed), it leaves the login
/// untried.
#[derive(Debug)]
pub(crate) struct Trial(Arc<Login>);

impl Trial {
    /// Notes that a server accepted the login.
    pub(crate) fn accept(self) {
        if !self.0.is_refused() {
            self.0.set(State::Accepted);
        }
    }
}

impl Drop for Trial {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        if *state == State::Trying {
            *state = State::Untried;
        }
        drop(state);
        self.0.decided.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::system::secret::Secret;

    fn login() -> Arc<Login> {
        let credential = Credential::RegistryToken(Secret::new("t"));
        Arc::new(Login::new(credential, "a test".to_owned(), false))
    }

    #[test]
    fn one_thread_tries_and_the_others_learn() {
        for (accept, expected) in [(false, 1), (true, 8)] {
            let (login, sent) = (login(), AtomicUsize::new(0));
            std::thread::scope(|scope| {
                for _ in 0..8 {
                    scope.spawn(|| {
                        let Some(trial) = login.admit() else { return };
                        sent.fetch_add(1, Ordering::SeqCst);
                        if accept { trial.accept() } else { login.refuse() }
                    });
                }
            });
            assert_eq!(sent.into_inner(), expected);
            assert_eq!((login.is_accepted(), login.is_refused()), (accept, !accept));
        }
    }

    #[test]
    fn a_trial_that_came_to_nothing_leaves_the_login_untried() {
        let login = login();
        drop(login.admit());
        assert!(!login.is_accepted() && !login.is_refused());
        assert!(login.admit().is_some());
        login.refuse();
        assert!(login.admit().is_none());
    }
}
