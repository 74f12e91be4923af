//! Choosing an image for a platform: exactly that one, else the best that runs there.

use super::{Platform, windows};

/// Which of several images fits a platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selection {
    /// One does.
    Found {
        /// Its position among the candidates.
        index: usize,
        /// Whether it is for the wanted platform itself. Otherwise it is for one that can stand in
        /// (arm/v6 for arm/v7), or does not say which.
        exact: bool,
    },
    /// None is for a fitting platform, and several do not say what they are for; their positions.
    /// Their configs would tell.
    Ambiguous(Vec<usize>),
    /// None does.
    None,
}

/// Chooses the candidate for a platform. A candidate that states no platform is `None`.
///
/// The wanted platform itself comes first, then those that containerd lets stand in, in its order.
/// Of several for the same platform the one with most features is taken, then the first. Then comes a
/// candidate without platform. One that is `unknown/unknown` is taken only when it is alone.
pub(crate) fn select(candidates: &[Option<&Platform>], wanted: &Platform) -> Selection {
    if let [Some(only)] = candidates
        && only.is_unknown()
    {
        return Selection::Found { index: 0, exact: false };
    }
    let wanted = wanted.normalized();
    if let Some(index) = best(candidates, &wanted) {
        return Selection::Found { index, exact: true };
    }
    let stand_ins = stand_ins(&wanted);
    if let Some(index) = stand_ins.iter().find_map(|platform| best(candidates, platform)) {
        return Selection::Found { index, exact: false };
    }
    let unstated: Vec<usize> =
        (0..candidates.len()).filter(|&index| candidates[index].is_none()).collect();
    match unstated[..] {
        [] => Selection::None,
        [index] => Selection::Found { index, exact: false },
        _ => Selection::Ambiguous(unstated),
    }
}

/// The candidate for just this platform.
fn best(candidates: &[Option<&Platform>], wanted: &Platform) -> Option<usize> {
    let mut best: Option<(usize, usize)> = None;
    for (index, candidate) in candidates.iter().enumerate() {
        let Some(candidate) = candidate.filter(|candidate| fits(candidate, wanted)) else {
            continue;
        };
        let features = candidate.os_features.len();
        if best.is_none_or(|(_, most)| features > most) {
            best = Some((index, features));
        }
    }
    best.map(|(index, _)| index)
}

/// Whether a candidate is for the wanted platform, which is normalized.
fn fits(candidate: &Platform, wanted: &Platform) -> bool {
    let windows = wanted.os == "windows";
    let candidate = candidate.normalized();
    candidate.os == wanted.os
        && candidate.architecture == wanted.architecture
        && candidate.variant == wanted.variant
        && (!windows || windows::compatible(&wanted.os_version, &candidate.os_version))
        && candidate.os_features.iter().all(|feature| {
            // Every Windows has it, and older tools do not ask for it.
            (windows && feature == "win32k") || wanted.os_features.contains(feature)
        })
}

/// The platforms that can stand in for a normalized one, best first, in normal form.
fn stand_ins(wanted: &Platform) -> Vec<Platform> {
    let variants: Vec<(&str, String)> = match wanted.architecture.as_str() {
        "amd64" => {
            let mut chain = lower(&wanted.variant, 1).map(|v| ("amd64", v)).collect::<Vec<_>>();
            chain.push(("386", String::new()));
            chain
        }
        "arm" => lower(&wanted.variant, 5).map(|variant| ("arm", variant)).collect(),
        "arm64" => arm64(&wanted.variant),
        _ => Vec::new(),
    };
    let with = |(architecture, variant): (&str, String)| {
        let platform =
            Platform { architecture: architecture.to_owned(), variant, ..wanted.clone() };
        platform.normalized()
    };
    variants.into_iter().map(with).collect()
}

/// The variants below `vN`, down to the lowest.
fn lower(variant: &str, lowest: u8) -> impl Iterator<Item = String> + use<> {
    let number = variant.strip_prefix('v').unwrap_or(variant);
    let number: u8 = number.parse().unwrap_or_default();
    (lowest..number).rev().map(|number| format!("v{number}"))
}

/// What stands in for a 64-bit ARM: lower minors, for v9 the v8 that it includes, then 32 bits.
fn arm64(variant: &str) -> Vec<(&'static str, String)> {
    let Some((major, minor)) = arm64_version(variant) else { return Vec::new() };
    let mut chain: Vec<(&str, String)> = Vec::new();
    for lower in (0..minor).rev() {
        chain.push(("arm64", format!("v{major}.{lower}")));
    }
    if major == 9 {
        for lower in (0..=(minor + 5).min(9)).rev() {
            chain.push(("arm64", format!("v8.{lower}")));
        }
    }
    for number in (5..=8).rev() {
        chain.push(("arm", format!("v{number}")));
    }
    chain
}

/// The versions that are known: v8 to v8.9, v9 to v9.7. No variant means v8.
fn arm64_version(variant: &str) -> Option<(u8, u8)> {
    let (major, minor) = match variant {
        "" => ("v8", "0"),
        other => other.split_once('.').unwrap_or((other, "0")),
    };
    let minor = match minor.as_bytes() {
        [digit @ b'0'..=b'9'] => digit - b'0',
        _ => return None,
    };
    match (major, minor) {
        ("v8", 0..=9) => Some((8, minor)),
        ("v9", 0..=7) => Some((9, minor)),
        _ => None,
    }
}
