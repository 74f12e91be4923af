//! Platforms: operating system and architecture of an image, and which image runs where.
//!
//! Names, normalization and the order of fallbacks are those of
//! [containerd/platforms](https://github.com/containerd/platforms), which docker uses too, so that
//! the image chosen here is the one that a pull gets. This module is pure: what it knows of the
//! machine is what the program was compiled for.

mod parse;
mod select;
mod windows;

pub(crate) use select::{Selection, select};

use std::fmt;

/// A platform as indexes and configs write it. Members may be empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Platform {
    /// The operating system, such as `linux`.
    pub os: String,
    /// The architecture, such as `arm64`.
    pub architecture: String,
    /// The architecture's variant, such as `v8`.
    pub variant: String,
    /// The operating system's version; it counts for Windows only.
    pub os_version: String,
    /// Features of the operating system: those an image needs, or those a host has.
    pub os_features: Vec<String>,
}

impl Platform {
    /// The platform of the containers on this machine.
    ///
    /// On macOS and Windows this is Linux: that is what Docker Desktop runs there.
    pub fn local() -> Self {
        let (architecture, variant) = normalize_architecture(std::env::consts::ARCH, "");
        let architecture = match architecture.as_str() {
            "x86" => "386".to_owned(),
            "loongarch64" => "loong64".to_owned(),
            "powerpc64" if cfg!(target_endian = "little") => "ppc64le".to_owned(),
            "powerpc64" => "ppc64".to_owned(),
            "mips64" if cfg!(target_endian = "little") => "mips64le".to_owned(),
            "mips" if cfg!(target_endian = "little") => "mipsle".to_owned(),
            _ => architecture,
        };
        Platform { os: local_os().to_owned(), architecture, variant, ..Platform::default() }
    }

    /// The same platform in the one spelling that can be compared.
    #[must_use]
    pub fn normalized(&self) -> Self {
        let (architecture, variant) = normalize_architecture(&self.architecture, &self.variant);
        let mut os_features = self.os_features.clone();
        os_features.sort();
        os_features.dedup();
        Platform {
            os: normalize_os(&self.os),
            architecture,
            variant,
            os_version: self.os_version.clone(),
            os_features,
        }
    }

    /// Whether this is `unknown/unknown`, which marks entries that are not images.
    pub fn is_unknown(&self) -> bool {
        self.os == "unknown" && self.architecture == "unknown"
    }

    /// `os/architecture[/variant]`, without version and features.
    pub fn short(&self) -> String {
        join(&self.os, &self.architecture, &self.variant)
    }
}

/// `os[(version+feature…)]/architecture[/variant]`, which can be parsed again; `unknown` without os.
impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.os_version.is_empty() && self.os_features.is_empty() {
            return f.write_str(&self.short());
        }
        let mut features = self.os_features.clone();
        features.retain(|feature| !feature.is_empty());
        features.sort();
        features.dedup();
        let mut options = parse::encode_option(&self.os_version);
        for feature in features {
            options.push('+');
            options.push_str(&parse::encode_option(&feature));
        }
        let os = if self.os.is_empty() || options.is_empty() {
            self.os.clone()
        } else {
            format!("{}({options})", self.os)
        };
        f.write_str(&join(&os, &self.architecture, &self.variant))
    }
}

fn join(os: &str, architecture: &str, variant: &str) -> String {
    if os.is_empty() {
        return "unknown".to_owned();
    }
    let mut parts = vec![os, architecture, variant];
    parts.retain(|part| !part.is_empty());
    parts.join("/")
}

fn local_os() -> &'static str {
    match std::env::consts::OS {
        "macos" | "windows" => "linux",
        os => os,
    }
}

fn normalize_os(os: &str) -> String {
    match os.to_lowercase().as_str() {
        "" => local_os().to_owned(),
        "macos" => "darwin".to_owned(),
        lower => lower.to_owned(),
    }
}

fn normalize_architecture(architecture: &str, variant: &str) -> (String, String) {
    let (architecture, variant) = (architecture.to_lowercase(), variant.to_lowercase());
    let (architecture, variant) = match (architecture.as_str(), variant.as_str()) {
        ("i386", _) => ("386", ""),
        ("x86_64" | "x86-64" | "amd64", "v1") => ("amd64", ""),
        ("x86_64" | "x86-64" | "amd64", other) => ("amd64", other),
        ("aarch64" | "arm64", "8" | "v8" | "v8.0") => ("arm64", ""),
        ("aarch64" | "arm64", "9" | "9.0" | "v9.0") => ("arm64", "v9"),
        ("aarch64" | "arm64", other) => ("arm64", other),
        ("armhf", _) => ("arm", "v7"),
        ("armel", _) => ("arm", "v6"),
        ("arm", "" | "7") => ("arm", "v7"),
        ("arm", "5") => ("arm", "v5"),
        ("arm", "6") => ("arm", "v6"),
        ("arm", "8") => ("arm", "v8"),
        other => other,
    };
    (architecture.to_owned(), variant.to_owned())
}

#[cfg(test)]
mod tests;
