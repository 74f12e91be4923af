//! Options that several commands share, each with one definition.

use clap::ValueEnum;

use crate::oci::platform::Platform;

/// `--platform`
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct PlatformOption {
    /// Platform os/arch[/variant], or local for this one
    #[arg(long, value_name = "PLATFORM", help_heading = "Selection")]
    pub platform: Option<Platform>,
}

/// `--type`
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct TypeOption {
    /// What the repository holds
    #[arg(
        long,
        value_enum,
        value_name = "TYPE",
        default_value = "image",
        help_heading = "Selection",
        hide_short_help = true
    )]
    r#type: Type,
}

impl TypeOption {
    /// `--type plugin`
    pub(crate) fn is_plugin(&self) -> bool {
        self.r#type == Type::Plugin
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum Type {
    /// Images and other artifacts
    #[default]
    Image,
    /// Docker engine plugins
    Plugin,
}

/// Options of commands that read one image.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct Choice {
    #[command(flatten)]
    of: PlatformOption,
    #[command(flatten)]
    pub kind: TypeOption,
}

impl Choice {
    /// `--platform`
    pub(crate) fn platform(&self) -> Option<&Platform> {
        self.of.platform.as_ref()
    }
}
