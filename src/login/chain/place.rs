//! Where a login would be looked for first, for lists of profiles: no program runs for that.

use super::Logins;
use crate::config::Profile;
use crate::login::auth_file::AuthFile;
use crate::login::docker_config::{self, key_of};
use crate::login::podman;
use crate::login::{Source, describe_password, from_environment, one_line};
use crate::oci::reference::Registry;

impl Logins {
    /// Where [`Logins::find`] would look first with some hope, in a few words; runs no program.
    pub(crate) fn place(&self, profile: &Profile, is_active: bool) -> String {
        let settings = &profile.settings;
        if let (Some(username), Some(password)) = (&settings.username, settings.password_source()) {
            return format!("{username} ({})", describe_password(&password));
        }
        let environment =
            from_environment(&self.env).filter(|(login, _)| is_active && login.check().is_ok());
        let source = environment.map(|(_, source)| source);
        source.unwrap_or_else(|| self.stored_place(profile.registry())).to_string()
    }

    /// The same for what docker and podman have stored.
    fn stored_place(&self, registry: &Registry) -> Source {
        let key = key_of(registry);
        if let Some(Ok(logins)) = self.variable()
            && logins.get(key).is_some()
        {
            return Source::AuthConfigEnv;
        }
        if let Some(config) = self.docker() {
            if let Some((suffix, _)) = docker_config::helper(config, key) {
                return Source::Helper(one_line(suffix));
            }
            if docker_config::login(config, key).is_some() {
                return Source::File(config.path.clone());
            }
        }
        for (path, file) in &self.podman {
            let file = file.get_or_init(|| AuthFile::load(path).name_problems());
            if let Some(suffix) = podman::helper(file, registry) {
                return Source::Helper(one_line(suffix));
            }
            if podman::has_entry_below(file, registry) {
                return Source::File(file.path.clone());
            }
        }
        Source::None
    }
}
