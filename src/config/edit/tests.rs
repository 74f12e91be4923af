//! Edits as a person would see them: the file before, the file after, byte for byte.

use std::fs;

use super::super::testing::Place;
use super::*;

const FILE: &str = r#"# My registries.
# Ask Ann about the lab.

# the day job
profile = "work"   # since May

# Work
[profiles.work]
registry     = 'ghcr.io'   # GitHub
namespace    = "acme"
# the token expires in June
username     = "octocat"
password-env = "GHCR_TOKEN"


# The lab, old hardware.

# self-signed
[profiles.lab]
registry = "registry.lab:5000"
insecure = true
# insecure = false
# the end
"#;

/// Settings as the file writes them.
fn settings(text: &str) -> Settings {
    toml_edit::de::from_str(text).unwrap_or_else(|e| panic!("{e}"))
}

fn none() -> Settings {
    Settings::default()
}

/// Runs an edit and checks that the file is the one before with these texts replaced.
fn changes(
    before: &str,
    edit: impl FnOnce(&Env) -> Result<(), ConfigError>,
    replaced: &[(&str, &str)],
) {
    let place = Place::with(before);
    edit(&place.env).unwrap_or_else(|e| panic!("{e}\n{before}"));
    let mut expected = before.to_owned();
    for (from, to) in replaced {
        assert_eq!(expected.matches(from).count(), 1, "{from:?} in {expected}");
        expected = expected.replace(from, to);
    }
    assert_eq!(place.text(), expected);
    Config::load(&place.env).unwrap();
}

fn refused(before: &str, edit: impl FnOnce(&Env) -> Result<(), ConfigError>) -> ConfigError {
    let place = Place::with(before);
    let error = edit(&place.env).expect_err(before);
    assert_eq!(place.text(), before);
    assert_eq!(place.names(), ["config.toml"]);
    error
}

#[test]
fn update_changes_what_it_names() {
    changes(
        FILE,
        |env| update(env, "work", &settings("registry = 'quay.io'\nnamespace = 'a/b'"), &[]),
        &[("'ghcr.io'   # GitHub", "\"quay.io\"   # GitHub"), ("\"acme\"", "\"a/b\"")],
    );
    let more = settings(
        "jobs = 4\ntimeout = '2500ms'\nrepositories = ['a/*', 'b/*']\nplain-http = true\n\
         username = 'it is \"me\"'",
    );
    changes(
        FILE,
        |env| update(env, "work", &more, &[]),
        &[
            (
                "password-env = \"GHCR_TOKEN\"\n",
                "password-env = \"GHCR_TOKEN\"\n\
                 repositories = [\"a/*\", \"b/*\"]\nplain-http = true\njobs = 4\ntimeout = 2.5\n",
            ),
            ("\"octocat\"", "'it is \"me\"'"),
        ],
    );
}

#[test]
fn unset_keeps_the_comments() {
    let both = "username     = \"octocat\"\npassword-env = \"GHCR_TOKEN\"\n";
    for (profile, keys, lines) in [
        ("work", "namespace", "namespace    = \"acme\"\n"),
        ("work", "username password-env", both),
        ("lab", "insecure", "insecure = true\n"),
    ] {
        let unset: Vec<_> = keys.split(' ').map(str::to_owned).collect();
        changes(FILE, |env| update(env, profile, &none(), &unset), &[(lines, "")]);
    }
    changes(FILE, |env| update(env, "lab", &none(), &["jobs".to_owned()]), &[]);
    let last = "[profiles.a]\nregistry = \"a.b\"\n# why\ninsecure = true\n# end\n";
    changes(
        last,
        |env| update(env, "a", &none(), &["insecure".to_owned()]),
        &[("insecure = true\n", "")],
    );
}

#[test]
fn a_password_replaces_the_other_ways_to_it() {
    changes(
        FILE,
        |env| update(env, "work", &settings("password = 'canary'"), &[]),
        &[("password-env = \"GHCR_TOKEN\"", "password = \"canary\"")],
    );
    let both = settings("password-env = 'A'\npassword-file = 'b'");
    let error = refused(FILE, |env| update(env, "work", &both, &[]));
    let message = "conflicts with password-env: set only one (profiles.work.password-file)";
    assert_eq!(error.to_string(), message);
}

#[test]
fn create_adds_at_the_end() {
    let added = "\n[profiles.hub]\nregistry = \"docker.io\"\nnamespace = \"me\"\n";
    let settings = settings("registry = 'docker.io'\nnamespace = 'me'");
    changes(
        FILE,
        |env| create(env, "hub", &settings),
        &[("# the end\n", &format!("# the end\n{added}"))],
    );
    for (before, after) in [
        ("", added.trim_start().to_owned()),
        ("# mine\n", format!("# mine\n{added}")),
        ("# mine\n\n", format!("# mine\n{added}")),
        ("[profiles.a]\nregistry = \"a.b\"", format!("[profiles.a]\nregistry = \"a.b\"\n{added}")),
        ("profiles.a.registry = \"a.b\"\n", format!("profiles.a.registry = \"a.b\"\n{added}")),
        (
            "profiles = { a = { registry = \"a.b\" } } # x\n",
            "profiles = { a = { registry = \"a.b\" } , hub = { registry = \"docker.io\", \
             namespace = \"me\" } } # x\n"
                .to_owned(),
        ),
    ] {
        let place = Place::with(before);
        create(&place.env, "hub", &settings).unwrap();
        assert_eq!(place.text(), after);
    }
    let place = Place::new();
    create(&place.env, "hub", &settings).unwrap();
    assert_eq!(place.text(), added.trim_start());
}

#[test]
fn remove_takes_the_profile_and_its_comment() {
    let lab = &FILE[FILE.find("# self-signed").unwrap()..FILE.find("# the end").unwrap()];
    // What the file ends with belongs to no profile.
    let lab = lab.replace("# insecure = false\n", "");
    changes(FILE, |env| remove(env, "lab", false), &[(&format!("\n{lab}"), "")]);

    // The active one, with its line; the comment above that line stays.
    let work = &FILE[FILE.find("profile = ").unwrap()..FILE.find("\n\n# The lab").unwrap()];
    changes(FILE, |env| remove(env, "work", true), &[(work, "")]);

    let inline = "profiles = { a = { registry = \"a.b\" }, b = { registry = \"b.b\" }}\n";
    changes(inline, |env| remove(env, "b", false), &[(", b = { registry = \"b.b\" }", "")]);
}

#[test]
fn use_writes_the_active_profile() {
    let run = |name: &'static str| move |env: &Env| use_profile(env, name).map(|_| ());
    let active = "profile = \"work\"   # since May\n";
    changes(FILE, run("work"), &[]);
    changes(
        FILE,
        run("lab"),
        &[(active, "profile = \"lab\"   # since May\nprevious-profile = \"work\"\n")],
    );
    for (before, after) in [
        ("[profiles.a]\n", "profile = \"a\"\nprevious-profile = \"default\"\n\n[profiles.a]\n"),
        (
            "# mine\n\n# a\n[profiles.a]\n",
            "# mine\n\nprofile = \"a\"\nprevious-profile = \"default\"\n\n# a\n[profiles.a]\n",
        ),
        (
            "# a\n[profiles.a]\n",
            "profile = \"a\"\nprevious-profile = \"default\"\n\n# a\n[profiles.a]\n",
        ),
    ] {
        let rest = "registry = \"a.b\" # é\n# end\n";
        let place = Place::with(&format!("{before}{rest}"));
        assert_eq!(use_profile(&place.env, "a").unwrap(), "a");
        assert_eq!(place.text(), format!("{after}{rest}"));
    }
}

#[test]
fn use_dash_goes_back_and_forth() {
    let place = Place::with(FILE);
    let message = use_profile(&place.env, "-").unwrap_err().to_string();
    assert_eq!(message, "there is no previous profile");
    for (name, expected) in [
        ("lab", "lab"),
        ("-", "work"),
        ("-", "lab"),
        ("lab", "lab"),
        ("-", "work"),
        ("default", "default"),
        ("-", "work"),
        ("-", "default"),
    ] {
        assert_eq!(use_profile(&place.env, name).unwrap(), expected);
        let config = Config::load(&place.env).unwrap();
        let active = config.active(None, &Env::default()).unwrap();
        assert_eq!(active.profile.name(), Some(expected));
    }
    remove(&place.env, "work", false).unwrap();
    let message = use_profile(&place.env, "-").unwrap_err().to_string();
    assert_eq!(message, "there is no previous profile", "it is gone");
}

#[test]
fn line_ends_and_byte_order_mark_stay() {
    let windows = |text: &str| format!("\u{feff}{}", text.replace('\n', "\r\n"));
    let place = Place::with(&windows(FILE));
    update(&place.env, "work", &settings("namespace = 'x'"), &[]).unwrap();
    assert_eq!(place.text(), windows(&FILE.replace("acme", "x")));
}

#[test]
fn files_that_the_library_would_rearrange_are_refused() {
    for before in [
        "profiles.a.registry = \"a.b\"\nprofiles.b.registry = \"b.b\"\nprofiles.a.jobs = 1\n",
        "[profiles.a]\r\nregistry = \"a.b\"\n",
    ] {
        let error = refused(before, |env| use_profile(env, "a").map(|_| ()));
        assert!(
            error.to_string().ends_with(": this file cannot be edited without rearranging it"),
            "{error}"
        );
        assert!(error.hint().is_some_and(|hint| hint.starts_with("edit it by hand")));
    }
}

#[test]
fn refusals() {
    let both = settings("insecure = true\nca-file = 'x'");
    let registry = ["registry".to_owned()];
    type Edit<'a> = Box<dyn Fn(&Env) -> Result<(), ConfigError> + 'a>;
    let cases: Vec<(Edit<'_>, &str)> = vec![
        (Box::new(|e| create(e, "work", &none())), "profile \"work\" already exists"),
        (
            Box::new(|e| create(e, "default", &none())),
            "\"default\" is the built-in Docker Hub profile",
        ),
        (Box::new(|e| create(e, "a b", &none())), "\"a b\" is not a profile name"),
        (
            Box::new(|e| create(e, "x", &none())),
            "the profile has no registry (profiles.x.registry)",
        ),
        (
            Box::new(|e| create(e, "x", &settings("registry = 'ghcr.io'"))),
            "profile \"work\" is for ghcr.io too (profiles.x.registry)",
        ),
        (Box::new(|e| update(e, "wrok", &none(), &[])), "no profile named \"wrok\""),
        (
            Box::new(|e| update(e, "default", &none(), &[])),
            "\"default\" is built in and cannot be changed",
        ),
        (
            Box::new(|e| update(e, "work", &both, &[])),
            "conflicts with ca-file: insecure accepts any certificate (profiles.work.insecure)",
        ),
        (
            Box::new(|e| update(e, "work", &none(), &registry)),
            "the profile has no registry (profiles.work.registry)",
        ),
        (Box::new(|e| remove(e, "work", false)), "profile \"work\" is the active one"),
        (Box::new(|e| remove(e, "default", true)), "\"default\" is built in and cannot be changed"),
        (Box::new(|e| remove(e, "x", true)), "no profile named \"x\""),
        (Box::new(|e| use_profile(e, "x").map(|_| ())), "no profile named \"x\""),
    ];
    for (edit, message) in cases {
        let error = refused(FILE, edit);
        assert_eq!(error.to_string(), message);
        assert!(error.is_usage(), "{message}");
    }
    let error = refused("x = 1\n", |env| use_profile(env, "default").map(|_| ()));
    assert!(error.to_string().ends_with("config.toml:1:1: unknown key (x)"), "{error}");
    // Where there is nothing, a refusal makes nothing.
    let place = Place::new();
    remove(&place.env, "x", true).unwrap_err();
    assert_eq!(place.names(), Vec::<String>::new());
}

#[test]
fn writers_at_once_lose_nothing() {
    let place = Place::with("# kept\n");
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let env = &place.env;
            scope.spawn(move || {
                for number in 0..8 {
                    let name = format!("p{thread}-{number}");
                    let registry = format!("r{thread}-{number}.example");
                    create(env, &name, &settings(&format!("registry = '{registry}'"))).unwrap();
                    update(env, &name, &settings("namespace = 'n'"), &[]).unwrap();
                    use_profile(env, &name).unwrap();
                }
            });
        }
    });
    let config = Config::load(&place.env).unwrap();
    assert_eq!(config.profiles().count(), 32);
    assert!(config.profiles().all(|profile| profile.settings.namespace.is_some()));
    assert!(place.text().contains("# kept\n"));
}

#[cfg(unix)]
#[test]
fn an_edit_goes_through_a_link_and_is_private() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    let real = place.directory.join("real.toml");
    fs::write(&real, FILE).unwrap();
    std::os::unix::fs::symlink("real.toml", place.file()).unwrap();
    use_profile(&place.env, "lab").unwrap();
    assert!(fs::symlink_metadata(place.file()).unwrap().is_symlink());
    assert!(fs::read_to_string(&real).unwrap().contains("profile = \"lab\""));
    assert_eq!(fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o600);
}

/// Files put together from all mixtures of comments and blank lines: whatever stands around a
/// key, setting it and taking it away touches its own line alone.
#[test]
fn a_key_comes_and_goes_alone() {
    let gaps = ["", "# c\n", "\n", "\n# c\n", "# c\n\n", "# c\n\n\n# d\n"];
    let mut files = 0;
    for number in 0..gaps.len().pow(4) {
        let gap = |place: u32| gaps[number / gaps.len().pow(place) % gaps.len()];
        let build = |key: &str| {
            let (a, b, c, d) = (gap(0), gap(1), gap(2), gap(3));
            format!(
                "{a}[profiles.a]\nregistry = \"a.b\"\n{b}{key}{c}\
                 [profiles.b]\nregistry = \"b.b\"\n{d}"
            )
        };
        // Only what stands right under the last key has a new key above it.
        let (with, without) = (build("jobs = 4 # j\n"), build(""));
        let unset = |document: &mut DocumentMut| layout::unset(document, "a", "jobs");
        let path = std::path::Path::new("x");
        assert_eq!(layout::edit_text(&with, path, unset).unwrap().1, without, "{with}");
        let set = |document: &mut DocumentMut| layout::set(document, "a", "jobs", 5.into());
        let changed = with.replace("jobs = 4", "jobs = 5");
        assert_eq!(layout::edit_text(&with, path, set).unwrap().1, changed);
        let (_, added) = layout::edit_text(&without, path, set).unwrap();
        assert_eq!(added.replacen("jobs = 5\n", "", 1), without);
        let remove = |document: &mut DocumentMut| layout::remove_profile(document, "a");
        let (_, left) = layout::edit_text(&with, path, remove).unwrap();
        assert!(left.ends_with(&format!("[profiles.b]\nregistry = \"b.b\"\n{}", gap(3))));
        assert!(left.contains(gap(2).trim_end()), "{with}\n{left}");
        let top = |document: &mut DocumentMut| {
            layout::set_top(document, "profile", "b");
            Ok(())
        };
        let (_, topped) = layout::edit_text(&with, path, top).unwrap();
        let line = "profile = \"b\"\n";
        let back = [topped.replacen(&format!("{line}\n"), "", 1), topped.replacen(line, "", 1)];
        assert!(back.contains(&with), "{with}\n{topped}");
        files += 1;
    }
    assert_eq!(files, 1296);
}
