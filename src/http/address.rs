//! Which addresses a server may send us to.
//!
//! The registry that the user typed may be anywhere. A host that a *server* names (a realm, a
//! redirect) may not lead into this machine or its network unless the registry itself is there,
//! and never to a link-local or metadata address. The check is made on the address that is about
//! to be contacted, so that neither a name nor a second DNS answer gets around it. Pure.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Where a connection may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reach {
    /// Anywhere: the user named the host.
    Anywhere,
    /// To this machine only: the user named it by a name that stands for this machine.
    Loopback,
    /// To public addresses: the user named the host, but not this port of it, and the name may have
    /// addresses inside as well, which whoever owns it could have added.
    OwnPublic,
    /// To public addresses, and to private and loopback ones too.
    ForeignPrivate,
    /// To public addresses only.
    ForeignPublic,
}

impl Reach {
    /// Whether a server named the host.
    pub fn is_foreign(self) -> bool {
        matches!(self, Reach::ForeignPrivate | Reach::ForeignPublic)
    }
}

/// What kind of address this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Public,
    /// Loopback, RFC 1918, carrier-grade NAT, unique or site-local.
    Private,
    /// Link-local, unspecified, multicast, broadcast, or a cloud's metadata service.
    Forbidden,
}

/// Whether an address may be contacted.
pub(crate) fn allowed(address: IpAddr, reach: Reach) -> bool {
    match (reach, kind(address)) {
        (Reach::Anywhere, _) => true,
        (Reach::Loopback, _) => address.to_canonical().is_loopback(),
        (_, Kind::Public) | (Reach::ForeignPrivate, Kind::Private) => true,
        (_, Kind::Private | Kind::Forbidden) => false,
    }
}

/// Whether a name alone tells that a server may not send us there: a metadata service, or a name of
/// a DNS service that answers with the address in the name. A proxy would do the lookup.
pub(crate) fn is_refused_name(host: &str, reach: Reach) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
    let is_metadata = METADATA_NAMES.contains(&host.as_str());
    let leads_inside = || address_in_name(&host).is_some_and(|address| !allowed(address, reach));
    reach.is_foreign() && (is_metadata || leads_inside())
}

const METADATA_NAMES: [&str; 9] = [
    "instance-data",
    "instance-data.ec2.internal",
    "metadata",
    "metadata.azure.internal",
    "metadata.goog",
    "metadata.google.internal",
    "metadata.oraclecloud.com",
    "metadata.packet.net",
    "metadata.tencentyun.com",
];

/// DNS services that resolve `10.0.0.1.nip.io`, `app-10-0-0-1.nip.io` and `app-0a000001.nip.io` to
/// the address in the name; `fe80--1.sslip.io` is one of IPv6.
const ADDRESS_NAMES: [&str; 3] = [".nip.io", ".sslip.io", ".xip.io"];

/// The address that such a service answers with; the worst where a name can be read in two ways.
fn address_in_name(host: &str) -> Option<IpAddr> {
    let name = ADDRESS_NAMES.iter().find_map(|suffix| host.strip_suffix(suffix))?;
    let parts: Vec<&str> = name.split(['.', '-']).collect();
    let quads = parts.windows(4).filter_map(|four| four.join(".").parse().ok().map(IpAddr::V4));
    let hex = parts.iter().filter(|part| part.len() == 8);
    let hex = hex.filter_map(|part| u32::from_str_radix(part, 16).ok());
    let hex = hex.map(|bits| IpAddr::V4(Ipv4Addr::from_bits(bits)));
    let v6 = name.split('.').filter_map(|label| label.replace('-', ":").parse().ok());
    quads.chain(hex).chain(v6.map(IpAddr::V6)).max_by_key(|address| kind(*address))
}

/// Classifies an address by the worst of what it is read as: an IPv4 address may be inside.
pub(crate) fn kind(address: IpAddr) -> Kind {
    match address {
        IpAddr::V4(v4) => kind_v4(v4),
        IpAddr::V6(v6) => {
            embedded_v4(v6).into_iter().map(kind_v4).max().unwrap_or_else(|| kind_v6(v6))
        }
    }
}

fn kind_v4(address: Ipv4Addr) -> Kind {
    match address.octets() {
        [0, ..] | [169, 254, ..] | [224..=255, ..] => Kind::Forbidden,
        // Metadata of Alibaba Cloud, Azure and Oracle Cloud.
        [100, 100, 100, 200] | [168, 63, 129, 16] | [192, 0, 0, 192] => Kind::Forbidden,
        [127 | 10, ..] | [172, 16..=31, ..] | [192, 168, ..] | [100, 64..=127, ..] => Kind::Private,
        _ => Kind::Public,
    }
}

fn kind_v6(address: Ipv6Addr) -> Kind {
    match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 1] => Kind::Private,
        [0, 0, 0, 0, 0, 0, 0, 0] | [0xfe80..=0xfebf | 0xff00.., ..] => Kind::Forbidden,
        // Metadata of AWS (::254, and ::23 for pods) and of Google.
        [0xfd00, 0xec2, 0, 0, ..] | [0xfd20, 0xce, 0, 0, ..] => Kind::Forbidden,
        [0xfc00..=0xfdff | 0xfec0..=0xfeff, ..] => Kind::Private,
        _ => Kind::Public,
    }
}

/// The IPv4 addresses in a mapped, compatible, NAT64 (RFC 6052, 8215) or 6to4 (RFC 3056) address.
///
/// A network of its own prefix under 64:ff9b:1::/48 may be 48 to 96 bits long, each with another
/// place for the address, so all places are looked at that hold anything.
fn embedded_v4(address: Ipv6Addr) -> Vec<Ipv4Addr> {
    let bytes = address.octets();
    let at = |places: [usize; 4]| Ipv4Addr::from(places.map(|place| bytes[place]));
    match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 0..=1] => Vec::new(),
        [0, 0, 0, 0, 0, 0 | 0xffff, ..] | [0x64, 0xff9b, 0, 0, 0, 0, ..] => {
            vec![at([12, 13, 14, 15])]
        }
        [0x64, 0xff9b, 1, ..] => {
            let places = [[6, 7, 9, 10], [7, 9, 10, 11], [9, 10, 11, 12], [12, 13, 14, 15]];
            let found = places.map(at).into_iter();
            let found: Vec<_> = found.filter(|address| address.octets()[0] != 0).collect();
            if found.is_empty() { vec![Ipv4Addr::UNSPECIFIED] } else { found }
        }
        [0x2002, ..] => vec![at([2, 3, 4, 5])],
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds() {
        let cases = [
            ("8.8.8.8", Kind::Public),
            ("172.32.0.1", Kind::Public),
            ("100.128.0.1", Kind::Public),
            ("2001:4860:4860::8888", Kind::Public),
            ("64:ff9b::808:808", Kind::Public),
            ("127.0.0.1", Kind::Private),
            ("127.9.9.9", Kind::Private),
            ("10.0.0.1", Kind::Private),
            ("172.16.0.1", Kind::Private),
            ("192.168.1.1", Kind::Private),
            ("100.64.0.1", Kind::Private),
            ("::1", Kind::Private),
            ("fd12::1", Kind::Private),
            ("fec0::1", Kind::Private),
            ("::ffff:127.0.0.1", Kind::Private),
            ("2002:7f00:1::", Kind::Private),
            ("64:ff9b:1::a00:1", Kind::Private),
            ("0.0.0.0", Kind::Forbidden),
            ("0.1.2.3", Kind::Forbidden),
            ("169.254.169.254", Kind::Forbidden),
            ("100.100.100.200", Kind::Forbidden),
            ("224.0.0.1", Kind::Forbidden),
            ("255.255.255.255", Kind::Forbidden),
            ("::", Kind::Forbidden),
            ("fe80::1", Kind::Forbidden),
            ("ff02::1", Kind::Forbidden),
            ("fd00:ec2::254", Kind::Forbidden),
            ("::ffff:169.254.169.254", Kind::Forbidden),
            ("64:ff9b::a9fe:a9fe", Kind::Forbidden),
            ("64:ff9b:1::a9fe:a9fe", Kind::Forbidden),
            ("2002:a9fe:a9fe::", Kind::Forbidden),
            ("::169.254.169.254", Kind::Forbidden),
            ("168.63.129.16", Kind::Forbidden),
            ("168.63.129.17", Kind::Public),
            ("192.0.0.192", Kind::Forbidden),
            ("192.0.0.9", Kind::Public),
            ("fd00:ec2::23", Kind::Forbidden),
            ("fd20:ce::254", Kind::Forbidden),
            ("fd20:cf::254", Kind::Private),
            ("febf::1", Kind::Forbidden),
            ("feff::1", Kind::Private),
            // The same address under NAT64 prefixes of 48, 56 and 64 bits (RFC 6052 § 2.2).
            ("64:ff9b:1:a9fe:a9:fe00::", Kind::Forbidden),
            ("64:ff9b:1:12a9:fe:a9fe::", Kind::Forbidden),
            ("64:ff9b:1:1234:a9:fea9:fe00:0", Kind::Forbidden),
            ("64:ff9b:1:a00:0:100::", Kind::Private),
            ("64:ff9b:1::808:808", Kind::Public),
            ("64:ff9b:1::", Kind::Forbidden),
        ];
        for (text, expected) in cases {
            assert_eq!(kind(text.parse().unwrap()), expected, "{text}");
        }
    }

    #[test]
    fn reach() {
        let private = "10.0.0.1".parse().unwrap();
        let forbidden = "169.254.169.254".parse().unwrap();
        let public = "1.1.1.1".parse().unwrap();
        for (reach, expected) in [
            (Reach::Anywhere, [true, true, true]),
            (Reach::ForeignPrivate, [true, true, false]),
            (Reach::ForeignPublic, [true, false, false]),
            (Reach::OwnPublic, [true, false, false]),
        ] {
            assert_eq!([public, private, forbidden].map(|a| allowed(a, reach)), expected);
        }
        for (address, expected) in [
            ("127.0.0.1", true),
            ("127.9.9.9", true),
            ("::1", true),
            ("::ffff:127.0.0.1", true),
            ("10.0.0.1", false),
            ("1.1.1.1", false),
            ("0.0.0.0", false),
            ("2002:7f00:1::", false),
        ] {
            assert_eq!(allowed(address.parse().unwrap(), Reach::Loopback), expected, "{address}");
        }
    }

    #[test]
    fn names_that_tell_their_address() {
        // Refused: [where the registry is private, where it is not].
        let cases = [
            ("Metadata.Google.Internal.", [true, true]),
            ("metadata", [true, true]),
            ("metadata.oraclecloud.com", [true, true]),
            ("google.com", [false, false]),
            ("metadata.example.com", [false, false]),
            ("169.254.169.254.nip.io", [true, true]),
            ("169-254-169-254.NIP.io.", [true, true]),
            ("a.b.169.254.169.254.sslip.io", [true, true]),
            ("app-169-254-169-254.nip.io", [true, true]),
            ("app-a9fea9fe.nip.io", [true, true]),
            ("a9fea9fe.nip.io", [true, true]),
            ("fe80--1.sslip.io", [true, true]),
            ("--ffff-a9fe-a9fe.sslip.io", [true, true]),
            ("x.fd00-ec2--254.sslip.io", [true, true]),
            ("8.8.8.8.169.254.169.254.nip.io", [true, true]),
            ("10.0.0.1.nip.io", [false, true]),
            ("app-0a000001.nip.io", [false, true]),
            ("--1.sslip.io", [false, true]),
            ("8.8.8.8.nip.io", [false, false]),
            ("deadbeef.nip.io", [false, false]),
            ("nip.io", [false, false]),
            ("169.254.169.254.nip.io.example", [false, false]),
        ];
        for (host, expected) in cases {
            let found = [Reach::ForeignPrivate, Reach::ForeignPublic];
            assert_eq!(found.map(|reach| is_refused_name(host, reach)), expected, "{host}");
            // What the user typed is for the user to know.
            let typed = [Reach::Anywhere, Reach::Loopback, Reach::OwnPublic];
            assert!(!typed.iter().any(|reach| is_refused_name(host, *reach)), "{host}");
        }
    }
}
