//! docker's config.json: any text, and nothing of it in a `Debug`.

use docker_tags::internals::Registry;
use docker_tags::internals::docker_config_login;

pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    for name in ["docker.io", "r.io", "127.0.0.1:5000"] {
        let registry: Registry = name.parse().expect("it is one");
        // Whoever is not named has no login: no look-alike gets one.
        let is_named =
            text.contains(['\\', '\u{fffd}']) || text.to_ascii_lowercase().contains(name);
        let login = docker_config_login(text, &registry);
        assert!(is_named || login.is_none(), "{text:?} has a login for {name}");
        if let Some(login) = login {
            assert!(format!("{login:?}").contains("***"));
            let _ = login.check();
        }
    }
}
