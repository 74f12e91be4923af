//! The pages of the manual that `install` writes: all of `man/`. `tests/it/generated.rs` makes them
//! and says which are missing here.

/// A page's file name, which ends with its section, and its text.
pub(crate) type Page = (&'static str, &'static str);

macro_rules! pages {
    ($($file:literal),* $(,)?) => {
        &[$(($file, include_str!(concat!("../../../man/", $file)))),*]
    };
}

/// All pages.
pub const PAGES: &[Page] = pages![
    "docker-tags-aliases.1",
    "docker-tags-auth.7",
    "docker-tags-check.1",
    "docker-tags-completion.1",
    "docker-tags-config.1",
    "docker-tags-diff.1",
    "docker-tags-digest.1",
    "docker-tags-format.7",
    "docker-tags-inspect.1",
    "docker-tags-install.1",
    "docker-tags-ls.1",
    "docker-tags-manifest.1",
    "docker-tags-namespaces.1",
    "docker-tags-newest.1",
    "docker-tags-outdated.1",
    "docker-tags-platforms.1",
    "docker-tags-profile-create.1",
    "docker-tags-profile-inspect.1",
    "docker-tags-profile-ls.1",
    "docker-tags-profile-path.1",
    "docker-tags-profile-rm.1",
    "docker-tags-profile-show.1",
    "docker-tags-profile-update.1",
    "docker-tags-profile-use.1",
    "docker-tags-profile.1",
    "docker-tags-profiles.5",
    "docker-tags-ratelimit.1",
    "docker-tags-referrers.1",
    "docker-tags-registries.7",
    "docker-tags-repos.1",
    "docker-tags-token.1",
    "docker-tags.1",
];
