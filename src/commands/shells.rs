//! The completion scripts of the shells, for the program on its own.
//!
//! A script only puts the shell's words to `__complete` and its answer before the shell; what
//! completes is decided in one place, by the program that is installed. So a script never grows
//! stale. They lie in `completions/` for packages to install.

use clap::ValueEnum;

/// A shell that has a script.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Shell {
    /// The GNU Bourne-again shell
    Bash,
    /// The Z shell
    Zsh,
    /// The friendly interactive shell
    Fish,
    /// PowerShell
    #[value(name = "powershell", alias = "pwsh")]
    PowerShell,
    /// Elvish
    Elvish,
}

impl Shell {
    /// The script.
    pub fn script(self) -> &'static str {
        match self {
            Shell::Bash => include_str!("../../completions/docker-tags.bash"),
            Shell::Zsh => include_str!("../../completions/_docker-tags"),
            Shell::Fish => include_str!("../../completions/docker-tags.fish"),
            Shell::PowerShell => include_str!("../../completions/docker-tags.ps1"),
            Shell::Elvish => include_str!("../../completions/docker-tags.elv"),
        }
    }
}
