//! Which Windows containers run on which Windows: the only system whose version counts.

/// Windows Server 2022: the first that runs containers of other builds than its own.
const LTSC_2022: u16 = 20348;
/// Windows Server 2025.
const LTSC_2025: u16 = 26100;

/// A version as far as it counts; all zero when it cannot be read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Version {
    major: u8,
    minor: u8,
    build: u16,
}

/// Whether a host of one version runs containers of the other; a version that is not given fits.
pub(super) fn compatible(host: &str, container: &str) -> bool {
    let host = parse(host);
    if host == Version::default() || container.is_empty() {
        return true;
    }
    let container = parse(container);
    if (host.major, host.minor) != (container.major, container.minor) {
        return false;
    }
    if host.build < LTSC_2022 {
        return host.build == container.build;
    }
    let oldest = if host.build > LTSC_2025 { LTSC_2025 } else { LTSC_2022 };
    (oldest..=host.build).contains(&container.build)
}

/// `major.minor.build` and perhaps more.
fn parse(text: &str) -> Version {
    let mut parts = text.split('.');
    let mut version = || {
        Some(Version {
            major: number(parts.next()?)?.try_into().ok()?,
            minor: number(parts.next()?)?.try_into().ok()?,
            build: number(parts.next()?)?,
        })
    };
    version().unwrap_or_default()
}

/// A number without a sign, which Rust would take.
fn number(text: &str) -> Option<u16> {
    if text.starts_with('+') { None } else { text.parse().ok() }
}
