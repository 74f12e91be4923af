//! docker's config.json: any text, and nothing of it in a `Debug`.

use docker_tags::credentials::docker_config_login;
use docker_tags::reference::Registry;

pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    for name in ["docker.io", "r.io", "127.0.0.1:5000"] {
        let registry: Registry = name.parse().expect("it is one");
        if let Some(login) = docker_config_login(text, &registry) {
            assert!(format!("{login:?}").contains("***"));
            let _ = login.check();
        }
    }
}
