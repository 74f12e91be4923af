//! The profiles: any text is a configuration or an error of one line.

use std::path::Path;

use docker_tags::internals::Config;
use docker_tags::internals::Env;

pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let env = Env::from_pairs([("HOME", "/home/user")]);
    match Config::from_text(text, Path::new("/home/user/config.toml"), &env) {
        Ok(config) => {
            for profile in config.profiles() {
                assert!(profile.name().is_some());
            }
        }
        Err(error) => {
            let line = error.to_string();
            assert!(!line.is_empty() && line.starts_with("/home/user/config.toml"), "{line:?}");
            assert!(!line.contains('\n'), "{line:?}");
        }
    }
}
