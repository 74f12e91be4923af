//! `completion`: the script that makes a shell complete the program on its own.

use std::io::Write;

use crate::commands::shells::Shell;
use crate::error::Error;

const EXAMPLES: &str = "\
Examples:
  docker-tags completion bash > ~/.local/share/bash-completion/completions/docker-tags
  docker-tags completion zsh > ~/.zfunc/_docker-tags
  docker-tags completion fish > ~/.config/fish/completions/docker-tags.fish";

/// Print a shell completion script.
///
/// The script completes `docker-tags`. `docker-tags install` writes it where your shell looks for
/// it. `docker tags` is completed by docker's own script, see `docker completion --help`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Your shell
    #[arg(value_enum, value_name = "SHELL")]
    shell: Shell,
}

/// Runs the command.
///
/// # Errors
/// Standard output cannot be written to.
pub(crate) fn run(args: &Args, out: &mut dyn Write) -> Result<(), Error> {
    out.write_all(args.shell.script().as_bytes()).map_err(Error::stdout)
}
