//! What is sent as `Authorization`, and what is known of it for each resource.

use std::sync::{Arc, Mutex};
use std::time::Instant;

use super::token::Token;
use super::wire::Unauthorized;
use super::{Resource, Session, token};
use crate::login::{Credential, Login};
use crate::system::lock;
use crate::system::secret::Secret;

/// What is sent as `Authorization`.
#[derive(Clone)]
pub(super) enum Authorization {
    Basic(Arc<Login>, Secret),
    /// The login itself is a bearer token of the registry.
    RegistryToken(Arc<Login>, Secret),
    Bearer(Secret, Token),
}

impl Authorization {
    pub(super) fn header(&self) -> &Secret {
        match self {
            Authorization::Basic(_, header)
            | Authorization::RegistryToken(_, header)
            | Authorization::Bearer(header, _) => header,
        }
    }

    /// The bearer token, and its lifetime in seconds where the token service states it.
    pub(super) fn bearer_token(&self) -> Option<(Secret, Option<u64>)> {
        match self {
            Authorization::Basic(..) => None,
            Authorization::RegistryToken(_, header) => {
                header.expose().strip_prefix("Bearer ").map(|token| (Secret::new(token), None))
            }
            Authorization::Bearer(_, token) => Some((token.value.clone(), token.lifetime)),
        }
    }

    /// The login, if it is sent itself, and whether it is a token.
    pub(super) fn login(&self) -> Option<(&Login, bool)> {
        match self {
            Authorization::Basic(login, _) => Some((login, false)),
            Authorization::RegistryToken(login, _) => Some((login, true)),
            Authorization::Bearer(..) => None,
        }
    }

    pub(super) fn is_expired(&self) -> bool {
        matches!(self, Authorization::Bearer(_, token) if token.expires <= Instant::now())
    }

    pub(super) fn basic(login: &Arc<Login>) -> Option<Self> {
        let Credential::Basic { username, password } = &login.credential else { return None };
        Some(Authorization::Basic(login.clone(), token::basic(username, password)))
    }
}

/// What is known of how requests about one resource are answered.
#[derive(Default)]
pub(super) struct Access {
    /// Whether one request has found out.
    pub(super) is_known: bool,
    pub(super) authorization: Option<Authorization>,
    /// How many requests were sent with it.
    pub(super) uses: u32,
    /// Tokens are good for one request: each fetches its own, in answer to this challenge.
    pub(super) single_use: Option<Unauthorized>,
}

impl Access {
    pub(super) fn set(&mut self, authorization: Option<Authorization>) {
        (self.is_known, self.authorization, self.uses) = (true, authorization, 1);
    }

    /// What to send with. A token that has expired is forgotten.
    pub(super) fn share(&mut self) -> Option<Authorization> {
        if self.authorization.as_ref().is_some_and(Authorization::is_expired) {
            (self.is_known, self.authorization) = (self.single_use.is_some(), None);
        }
        self.uses += 1;
        self.authorization.clone()
    }

    pub(super) fn holds(&self, authorization: Option<&Authorization>) -> bool {
        let header = Authorization::header;
        self.authorization.as_ref().map(header) == authorization.map(header)
    }
}

impl Session {
    /// What is known of a resource. Where Basic was accepted for one resource it is sent for the
    /// next without being asked: it is the same protection space (RFC 7617 § 2.2), as long as it
    /// is the same login.
    pub(super) fn access(&self, resource: &Resource) -> Arc<Mutex<Access>> {
        let mut accesses = lock(&self.accesses);
        let access = accesses.entry(resource.clone()).or_insert_with(|| {
            let accepted = lock(&self.basic).clone().filter(|accepted| {
                !accepted.is_refused()
                    && self.login(resource).is_some_and(|login| Arc::ptr_eq(&login, accepted))
            });
            let mut access = Access::default();
            if let Some(basic) = accepted.as_ref().and_then(Authorization::basic) {
                access.set(Some(basic));
            }
            Arc::new(Mutex::new(access))
        });
        access.clone()
    }
}
