//! `install`: the plugin where docker finds it, completion and manual where the shells do.
//!
//! docker hides why it does not see a plugin, so after installing it is asked. Nothing that is
//! not ours is ever touched: a file counts as ours by what is in it, a link by where it leads.

mod check;
pub(crate) mod pages;
mod place;

use std::io::Write;
use std::path::{Path, PathBuf};

use crate::commands::shells::Shell;
use crate::error::Error;
use crate::system::env::Env;
use crate::system::process::find_program;
use place::{Content, Outcome, Place};

const EXAMPLES: &str = "\
Examples:
  docker-tags install --dry-run          show what would be done
  docker-tags install                    for this user
  docker-tags install --uninstall        remove everything again";

const HOOKS: &str = r#"After a failed pull, run or create, docker can suggest the command that lists the tags:

    $ docker pull alpine:3.99
    What's next:
        To list the available tags: docker tags ls alpine:3.99

Docker asks only the plugins that its configuration names. Add to "#;

/// Lines for config.json.
const HOOKS_JSON: &str = r#"
    {
      "features": {"hooks": "true"},
      "plugins": {"tags": {"hooks": "pull,run,create,image pull,container run,container create"}}
    }

To turn the hints off, remove these lines.
"#;

/// Install the plugin, completion scripts and man pages.
///
/// Links this program into docker's plugin directory, so that `docker tags` works. Writes completion
/// scripts for the shells on this machine, and the man pages. Then asks docker whether it finds the
/// plugin. Files of other programs are kept.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Copy the program instead of linking it
    #[arg(long)]
    copy: bool,

    /// Install for all users, below /usr/local
    #[arg(long)]
    system: bool,

    /// Remove what was installed
    #[arg(long, conflicts_with_all = ["copy", "hooks", "force"])]
    uninstall: bool,

    /// Replace files of other programs
    #[arg(long)]
    force: bool,

    /// Show what would be done
    #[arg(long)]
    dry_run: bool,

    /// Show how to get a hint after a failed docker pull
    #[arg(long)]
    hooks: bool,
}

/// Runs the command. `config_dir` is the directory of docker's configuration, where the command
/// line names one.
///
/// # Errors
/// Something is in the way or cannot be written; docker does not accept the plugin.
pub(crate) fn run(
    args: &Args,
    env: &Env,
    config_dir: Option<PathBuf>,
    out: &mut dyn Write,
) -> Result<(), Error> {
    let directories = Directories::new(args.system, env, config_dir)?;
    if args.hooks {
        let file = directories.docker_config.join("config.json");
        return write(out, &format!("{HOOKS}{}:\n{HOOKS_JSON}", file.display()));
    }
    let program = std::env::current_exe()
        .and_then(std::fs::canonicalize)
        .map_err(|source| Error::Io { what: "this program's own file".to_owned(), source })?;
    let places = directories.places(&program, args.copy || args.system, env);
    let mut not_ours = 0;
    for place in &places {
        let outcome = match args.uninstall {
            true => place.remove(args.dry_run),
            false => place.install(args.dry_run, args.force),
        };
        match outcome {
            Ok(Outcome::Nothing) => {}
            Ok(outcome) => {
                not_ours += usize::from(outcome == Outcome::NotOurs);
                write(out, &format!("{}\n", outcome.describe(place, args.dry_run)))?;
            }
            Err(source) => {
                let what = place.path.display().to_string();
                return Err(Error::Io { what, source });
            }
        }
    }
    if args.uninstall || args.dry_run {
        return left_alone(not_ours);
    }
    let undo = if args.system { "install --system --uninstall" } else { "install --uninstall" };
    write(out, &format!("\nUndo with: {} {undo}\n", program.display()))?;
    write(out, &directories.advice(env))?;
    write(out, &check::plugin(&directories.docker_config, &places[0].path, env)?)?;
    left_alone(not_ours)
}

/// The error for files that were in the way; each was named already.
fn left_alone(count: usize) -> Result<(), Error> {
    let what = match count {
        0 => return Ok(()),
        1 => "skipped a file that another program installed".to_owned(),
        _ => format!("skipped {count} files that other programs installed"),
    };
    let hint = "to replace them: docker-tags install --force";
    Err(Error::Answer { host: "install".to_owned(), what, hint })
}

fn write(out: &mut dyn Write, text: &str) -> Result<(), Error> {
    out.write_all(crate::system::terminal::sanitize_lines(text).as_bytes()).map_err(Error::stdout)
}

/// The section of a page of the manual: its file's last character.
fn section(file: &str) -> &str {
    file.rsplit('.').next().unwrap_or_default()
}

/// Where things go.
struct Directories {
    docker_config: PathBuf,
    plugins: PathBuf,
    bash: PathBuf,
    zsh: PathBuf,
    fish: PathBuf,
    man: PathBuf,
    system: bool,
}

impl Directories {
    fn new(system: bool, env: &Env, config_dir: Option<PathBuf>) -> Result<Self, Error> {
        let home = env.home().ok_or_else(|| {
            Error::usage("there is no home directory to install into", "set HOME, or use --system")
        });
        let docker_config = match config_dir.or_else(|| env.path("DOCKER_CONFIG")) {
            Some(directory) => directory,
            None => home.as_ref().map(|home| home.join(".docker")).unwrap_or_default(),
        };
        if system {
            let base = Path::new("/usr/local");
            return Ok(Directories {
                docker_config,
                plugins: base.join("lib/docker/cli-plugins"),
                bash: base.join("share/bash-completion/completions"),
                zsh: base.join("share/zsh/site-functions"),
                fish: base.join("share/fish/vendor_completions.d"),
                man: base.join("share/man"),
                system,
            });
        }
        let home = home?;
        let absolute = |name| env.path(name).filter(|path| path.is_absolute());
        let data = absolute("XDG_DATA_HOME").unwrap_or_else(|| home.join(".local/share"));
        let config = absolute("XDG_CONFIG_HOME").unwrap_or_else(|| home.join(".config"));
        Ok(Directories {
            plugins: docker_config.join("cli-plugins"),
            docker_config,
            bash: data.join("bash-completion/completions"),
            zsh: data.join("zsh/site-functions"),
            fish: config.join("fish/completions"),
            man: data.join("man"),
            system,
        })
    }

    /// What is installed, the plugin first. Shells that are not here get nothing.
    fn places(&self, program: &Path, copy: bool, env: &Env) -> Vec<Place> {
        let plugin = format!("docker-tags{}", std::env::consts::EXE_SUFFIX);
        let content = match copy || cfg!(not(unix)) {
            true => Content::Copy(program.to_owned()),
            false => Content::Link(program.to_owned()),
        };
        let mut places = vec![Place { path: self.plugins.join(plugin), content }];
        let scripts = [
            ("bash", self.bash.join("docker-tags"), Shell::Bash),
            ("zsh", self.zsh.join("_docker-tags"), Shell::Zsh),
            ("fish", self.fish.join("docker-tags.fish"), Shell::Fish),
        ];
        for (shell, path, script) in scripts {
            if find_program(shell, env).is_some() {
                let content = Content::Text(script.script().to_owned());
                places.push(Place { path, content });
            }
        }
        if cfg!(unix) {
            places.extend(pages::PAGES.iter().map(|(file, text)| Place {
                path: self.man.join(format!("man{}", section(file))).join(file),
                content: Content::Text((*text).to_owned()),
            }));
        }
        places
    }

    /// What the user still has to do, as far as that can be known.
    fn advice(&self, env: &Env) -> String {
        let mut advice = String::new();
        let shell = env.text("SHELL").unwrap_or_default();
        let has = |list: &str, directory: &Path| {
            let list = env.os(list).unwrap_or_default();
            std::env::split_paths(&list).any(|known| known == directory)
        };
        if !self.system && find_program("zsh", env).is_some() && !has("FPATH", &self.zsh) {
            advice += &format!(
                "zsh: add these lines to ~/.zshrc:\n  fpath=({} $fpath)\n  autoload -U compinit && \
                 compinit\n",
                self.zsh.display()
            );
        }
        // man looks beside the directories of PATH: ~/.local/bin stands for ~/.local/share/man.
        let bin = self.man.ancestors().nth(2).map(|base| base.join("bin")).unwrap_or_default();
        if cfg!(unix) && !self.system && !has("PATH", &bin) && !has("MANPATH", &self.man) {
            let man = self.man.display();
            advice += &format!(
                "man: add this line to your shell's profile:\n  export MANPATH=\"{man}:\"\n"
            );
        }
        let shell = ["bash", "zsh", "fish"].into_iter().find(|name| shell.ends_with(name));
        if let Some(shell) = shell {
            advice += &format!(
                "`docker tags` is completed by docker's own script: docker completion {shell} --help\n"
            );
        }
        advice
    }
}
