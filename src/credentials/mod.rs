//! (placeholder: being written)
use crate::secret::Secret;
/// A login.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credential {
    /// x
    Basic {
        /// x
        username: String,
        /// x
        password: Secret,
    },
    /// x
    IdentityToken {
        /// x
        username: Option<String>,
        /// x
        token: Secret,
    },
    /// x
    RegistryToken(Secret),
}
impl Credential {
    /// x
    pub fn username(&self) -> Option<&str> {
        match self {
            Credential::Basic { username, .. } => Some(username),
            Credential::IdentityToken { username, .. } => username.as_deref(),
            Credential::RegistryToken(_) => None,
        }
    }
}
