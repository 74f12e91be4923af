//! What is sent as `Authorization`, and what is known of it for each resource.

use std::sync::{Arc, Mutex};
use std::time::Instant;

use super::{Call, History, Resource, Session, lock, respond};
use crate::system::secret::Secret;

/// What is sent as `Authorization`.
#[derive(Debug, Clone)]
pub(super) enum Authorization {
    Basic(Secret),
    /// The login itself is a token of the registry.
    RegistryToken(Secret),
    Bearer {
        header: Secret,
        expires: Instant,
    },
}

impl Authorization {
    pub(super) fn header(&self) -> &Secret {
        match self {
            Authorization::Basic(header)
            | Authorization::RegistryToken(header)
            | Authorization::Bearer { header, .. } => header,
        }
    }

    /// Whether the login itself is in it.
    pub(super) fn is_login(&self) -> bool {
        matches!(self, Authorization::Basic(_) | Authorization::RegistryToken(_))
    }

    pub(super) fn is_fresh(&self) -> bool {
        match self {
            Authorization::Basic(_) | Authorization::RegistryToken(_) => true,
            Authorization::Bearer { expires, .. } => Instant::now() < *expires,
        }
    }
}

/// What is known of how requests about one resource are answered.
#[derive(Debug, Default)]
pub(super) struct Slot {
    /// Whether one request has found out.
    pub(super) known: bool,
    pub(super) authorization: Option<Authorization>,
}

impl Session {
    /// Whether this `Authorization` may be sent: a login that is refused meanwhile may not.
    pub(super) fn admit(
        &self,
        call: &Call,
        used: Option<&Authorization>,
        history: &mut History,
    ) -> bool {
        if history.trial.is_none() && used.is_some_and(Authorization::is_login) {
            history.trial = self.login(call.resource).and_then(|login| login.admit());
            return history.trial.is_some();
        }
        true
    }

    /// The bearer token with which requests about a resource are sent, if they are.
    pub(crate) fn token_for(&self, resource: &Resource) -> Option<Secret> {
        let slot = self.slot(resource);
        let slot = lock(&slot);
        match slot.authorization.as_ref()? {
            Authorization::RegistryToken(header) | Authorization::Bearer { header, .. } => {
                header.expose().strip_prefix("Bearer ").map(Secret::new)
            }
            Authorization::Basic(_) => None,
        }
    }

    pub(super) fn slot(&self, resource: &Resource) -> Arc<Mutex<Slot>> {
        let mut slots = lock(&self.slots);
        if let Some(slot) = slots.get(resource) {
            return slot.clone();
        }
        // Where Basic was accepted for one resource it is sent for the next without being asked:
        // it is the same protection space (RFC 7617 § 2.2), as long as it is the same login.
        let is_used = slots.values().any(|slot| {
            let slot = slot.try_lock();
            slot.is_ok_and(|slot| matches!(slot.authorization, Some(Authorization::Basic(_))))
        });
        let login = is_used.then(|| self.login(resource)).flatten();
        let basic = login
            .filter(|login| login.is_accepted())
            .and_then(|login| respond::basic_of(&login.credential).map(Authorization::Basic));
        let slot = Slot { known: basic.is_some(), authorization: basic };
        let slot = Arc::new(Mutex::new(slot));
        slots.insert(resource.clone(), slot.clone());
        slot
    }
}

/// Whether two requests carry the same.
pub(super) fn same(one: Option<&Authorization>, other: Option<&Authorization>) -> bool {
    one.map(Authorization::header) == other.map(Authorization::header)
}
