//! What the command line's definition does not know: written by hand, for every page.

/// A section's title and its rows.
type Table = (&'static str, &'static [(&'static str, &'static str)]);

const ENVIRONMENT: Table = (
    "ENVIRONMENT",
    &[
        ("DOCKER_TAGS_PROFILE", "The active profile, when there is no `--profile`."),
        (
            "DOCKER_CONFIG",
            "The directory of docker's `config.json`, in place of `~/.docker`. `docker --config` wins.",
        ),
        (
            "DOCKER_USERNAME, DOCKER_PASSWORD",
            "A login for the active registry, and for no other. Profiles come first.",
        ),
        ("HTTPS_PROXY, HTTP_PROXY, NO_PROXY", "Proxies, as docker reads them."),
    ],
);

const MORE_ENVIRONMENT: Table = (
    "ENVIRONMENT",
    &[
        ("DOCKER_TAGS_PROFILE", "The active profile, when there is no `--profile`."),
        ("DOCKER_TAGS_CONFIG", "The configuration file, in place of its usual path."),
        (
            "DOCKER_CONFIG",
            "The directory of docker's `config.json`, in place of `~/.docker`. `docker --config` wins.",
        ),
        ("DOCKER_AUTH_CONFIG", "Logins in the form of `config.json`; they win over the file's."),
        (
            "DOCKER_USERNAME, DOCKER_PASSWORD",
            "A login for the active registry, and for no other. Profiles come first. `DOCKER_USER` \
         stands for `DOCKER_USERNAME`, too.",
        ),
        ("HTTPS_PROXY, HTTP_PROXY, NO_PROXY", "Proxies, as docker reads them."),
        ("NO_COLOR", "When it is set, messages have no colours."),
        ("DOCKER_TAGS_ACTIVE_HELP", "When it is 0, completion shows no messages."),
        ("DOCKER_TAGS_COMPLETION_DESCRIPTIONS", "When it is 0, completion shows names only."),
    ],
);

const FILES: Table = (
    "FILES",
    &[
        ("~/.config/docker-tags/config.toml", "The profiles."),
        ("~/.docker/config.json", "docker's own configuration, with the logins of `docker login`."),
    ],
);

const MORE_FILES: Table = (
    "FILES",
    &[
        (
            "~/.config/docker-tags/config.toml",
            "The profiles. Where `XDG_CONFIG_HOME` is set, it is there.",
        ),
        ("~/.docker/config.json", "docker's own configuration, with the logins of `docker login`."),
        (
            "/etc/docker/certs.d, ~/.config/containers/certs.d",
            "A directory for each registry with authorities (`*.crt`) and client certificates \
         (`*.cert`, `*.key`).",
        ),
        (
            "~/.cache/docker-tags",
            "Names of tags and repositories for completion, kept for five minutes. Safe to delete.",
        ),
        ("~/.docker/cli-plugins/docker-tags", "The link by which docker finds the program."),
    ],
);

const EXIT_STATUS: Table = (
    "EXIT STATUS",
    &[
        ("0", "All went well."),
        ("1", "It failed, for a reason that has no number of its own."),
        ("2", "The command line or the configuration is wrong."),
        ("3", "A repository, tag or image was not found."),
        ("4", "A login is missing, was refused, or may not do this."),
        ("5", "Network, TLS, timeout, or a rate limit."),
        ("10", "`outdated` found something newer, `diff` found a difference."),
    ],
);

/// The sections of a page, the program's own page or a command's.
pub(super) fn tables(is_root: bool) -> [Table; 3] {
    if is_root {
        [EXIT_STATUS, MORE_ENVIRONMENT, MORE_FILES]
    } else {
        [EXIT_STATUS, ENVIRONMENT, FILES]
    }
}

/// Pages that a command's readers may look for next, beside those above and below it.
pub(super) fn see_also(command: &str) -> &'static [&'static str] {
    match command {
        "" => &["docker", "docker-login", "skopeo"],
        "ls" => &["docker-tags-check", "docker-pull", "skopeo-list-tags"],
        "check" | "token" => &["docker-login", "curl"],
        "digest" | "manifest" | "platforms" => &["docker-manifest-inspect", "skopeo-inspect"],
        "config" | "inspect" => &["docker-image-inspect", "skopeo-inspect"],
        "repos" | "namespaces" => &["docker-search", "docker-login"],
        "outdated" | "newest" | "aliases" | "diff" => &["docker-tags-ls"],
        "profile" => &["docker-context", "docker-login"],
        "completion" | "install" => &["bash", "zsh", "fish", "docker-completion"],
        _ => &["docker"],
    }
}
