//! Whether docker finds the plugin. It hides the reason when it does not: `docker tags` is then an
//! unknown command, and only `docker info` knows why.

use std::path::Path;
use std::time::Duration;

use serde::Deserialize;

use crate::error::Error;
use crate::system::env::Env;
use crate::system::process::{find_program, run};

/// docker starts every plugin to ask what it is; none should take long.
const LIMIT: Duration = Duration::from_secs(15);

/// What docker knows of a plugin.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[derive(Default)]
struct Plugin {
    name: String,
    path: String,
    err: Option<serde_json::Value>,
}

/// Asks docker for its plugins. Gives a line for people.
///
/// # Errors
/// docker does not list the plugin, or not as valid.
pub(super) fn plugin(docker_config: &Path, installed: &Path, env: &Env) -> Result<String, Error> {
    let Some(docker) = find_program("docker", env) else {
        return Ok("docker is not on PATH: cannot check whether it finds the plugin\n".into());
    };
    // docker would ask its engine, too, wherever that is: this address answers at once.
    let others = env.iter().filter(|(name, _)| *name != "DOCKER_HOST");
    let env =
        Env::from_pairs(others.chain([("DOCKER_HOST".as_ref(), "tcp://127.0.0.1:1".as_ref())]));
    let directory = docker_config.display().to_string();
    let format = "{{json .ClientInfo.Plugins}}";
    let args = ["--config", &directory, "info", "--format", format];
    let failed = |why: String| {
        refused(
            format!("could not be asked whether it finds the plugin: {why}"),
            "try: docker info",
        )
    };
    let output = run(&docker, &args, "", &env, LIMIT).map_err(|error| failed(error.to_string()))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let plugins: Vec<Plugin> =
        text.lines().next().and_then(|line| serde_json::from_str(line).ok()).ok_or_else(|| {
            failed(crate::system::terminal::server_text(&String::from_utf8_lossy(&output.stderr)))
        })?;
    judge(&plugins, installed)
}

/// What docker says against the plugin, as an error.
fn refused(what: String, hint: &'static str) -> Error {
    Error::Answer { host: "docker".to_owned(), what, hint }
}

fn judge(plugins: &[Plugin], installed: &Path) -> Result<String, Error> {
    let shown = installed.display();
    // A plugin that docker cannot run has the name of its file.
    let ours = plugins.iter().find(|plugin| plugin.name == "tags" || plugin.name == "docker-tags");
    let Some(plugin) = ours else {
        return Err(refused(
            format!("{shown} is not among its plugins"),
            "docker info shows the plugins and the directories that it looks into",
        ));
    };
    if let Some(reason) = plugin.err.as_ref().filter(|reason| !reason.is_null()) {
        let reason = reason.as_str().map_or_else(|| reason.to_string(), str::to_owned);
        return Err(refused(
            format!("it does not accept {}: {reason}", plugin.path),
            "correct or remove that file; docker takes the first one it finds, even a broken one",
        ));
    }
    if Path::new(&plugin.path) != installed {
        return Ok(format!(
            "docker finds the plugin, but another one comes first: {} instead of {shown}\n",
            plugin.path
        ));
    }
    Ok("docker finds the plugin. Try: docker tags ls alpine --limit 3\n".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_docker_knows() {
        let installed = Path::new("/h/.docker/cli-plugins/docker-tags");
        let judge =
            |text: &str| judge(&serde_json::from_str::<Vec<Plugin>>(text).unwrap(), installed);
        let good =
            r#"[{"Name":"buildx"},{"Name":"tags","Path":"/h/.docker/cli-plugins/docker-tags"}]"#;
        assert!(judge(good).unwrap().starts_with("docker finds the plugin."));
        let shadowed = r#"[{"Name":"tags","Path":"/extra/docker-tags","Err":null}]"#;
        assert!(judge(shadowed).unwrap().contains("/extra/docker-tags instead of /h/"));
        let broken =
            r#"[{"Name":"tags","Path":"/x/docker-tags","Err":"failed to fetch metadata"}]"#;
        assert!(judge(broken).unwrap_err().to_string().contains("failed to fetch metadata"));
        assert!(judge("[]").unwrap_err().to_string().contains("not among its plugins"));
    }
}
