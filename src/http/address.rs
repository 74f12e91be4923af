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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A unicast address of the internet.
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

/// Names of metadata services, which need no look-up to be refused.
pub(crate) fn is_metadata_name(host: &str) -> bool {
    let host = host.trim_end_matches('.');
    ["metadata.google.internal", "metadata.goog", "instance-data"]
        .iter()
        .any(|name| host.eq_ignore_ascii_case(name))
}

/// Classifies an address; an IPv4 address inside an IPv6 one is unpacked first.
pub(crate) fn kind(address: IpAddr) -> Kind {
    match address {
        IpAddr::V4(v4) => kind_v4(v4),
        IpAddr::V6(v6) => match embedded_v4(v6) {
            Some(v4) => kind_v4(v4),
            None => kind_v6(v6),
        },
    }
}

fn kind_v4(address: Ipv4Addr) -> Kind {
    match address.octets() {
        [0, ..] | [169, 254, ..] | [100, 100, 100, 200] | [224..=255, ..] => Kind::Forbidden,
        [127 | 10, ..] | [172, 16..=31, ..] | [192, 168, ..] | [100, 64..=127, ..] => Kind::Private,
        _ => Kind::Public,
    }
}

fn kind_v6(address: Ipv6Addr) -> Kind {
    const AWS_METADATA: Ipv6Addr = Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254);
    let first = address.segments()[0];
    if address == Ipv6Addr::LOCALHOST {
        return Kind::Private;
    }
    if address.is_unspecified() || address == AWS_METADATA {
        return Kind::Forbidden;
    }
    match first {
        0xfe80..=0xfebf | 0xff00..=0xffff => Kind::Forbidden,
        0xfc00..=0xfdff | 0xfec0..=0xfeff => Kind::Private,
        _ => Kind::Public,
    }
}

/// The IPv4 address in a mapped, compatible, NAT64 (RFC 6052, 8215) or 6to4 (RFC 3056) address.
fn embedded_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let from = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        Ipv4Addr::new(a, b, c, d)
    };
    match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 0..=1] => None,
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low] => Some(from(high, low)),
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => Some(from(high, low)),
        [0x64, 0xff9b, 1, .., high, low] => Some(from(high, low)),
        [0x2002, high, low, ..] => Some(from(high, low)),
        _ => None,
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
        assert!(is_metadata_name("Metadata.Google.Internal."));
        assert!(!is_metadata_name("google.com"));
    }
}
