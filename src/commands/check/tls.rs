//! What `check` says about certificates: the directory that is read, and until when the client's own
//! certificate is good.

use std::path::Path;

use crate::auth::endpoint::Endpoint;

/// The reasons below the TLS line.
pub(super) fn trail(endpoint: &Endpoint) -> Vec<String> {
    let mut trail = Vec::new();
    if let Some(directory) = &endpoint.tls.directory {
        trail.push(match Path::new(directory).is_dir() {
            true => format!("certificates are read from {directory}"),
            false => format!("no certificates in {directory}: it does not exist"),
        });
    }
    for client in &endpoint.tls.clients {
        let day = client.cert.first().and_then(|certificate| last_day(certificate));
        trail.push(match day {
            Some(day) => format!("client certificate, valid until {day}"),
            None => "client certificate".to_owned(),
        });
    }
    trail
}

/// The day on which a certificate (DER, RFC 5280 section 4.1) expires, as `2027-01-31`.
fn last_day(certificate: &[u8]) -> Option<String> {
    let (_, certificate, _) = element(certificate)?;
    let (_, signed, _) = element(certificate)?;
    let mut rest = signed;
    // The version may be left out; number, algorithm and issuer come before the validity.
    if let (0xa0, _, after) = element(rest)? {
        rest = after;
    }
    for _ in 0..3 {
        rest = element(rest)?.2;
    }
    let (_, validity, _) = element(rest)?;
    let (_, _, until) = element(validity)?;
    let (kind, until, _) = element(until)?;
    let text = std::str::from_utf8(until).ok().filter(|text| text.is_ascii())?;
    let (year, rest) = match kind {
        0x17 => {
            let year = text.get(..2)?;
            (format!("{}{year}", if year < "50" { "20" } else { "19" }), text.get(2..)?)
        }
        0x18 => (text.get(..4)?.to_owned(), text.get(4..)?),
        _ => return None,
    };
    Some(format!("{year}-{}-{}", rest.get(..2)?, rest.get(2..4)?))
}

/// The first element of DER: its tag, its content, and what follows.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = der.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        0x81..=0x84 => {
            let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            (bytes.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte)), rest)
        }
        _ => return None,
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_day_of_a_certificate() {
        let key = rcgen::KeyPair::generate().unwrap();
        let mut params = rcgen::CertificateParams::new(vec!["a.test".to_owned()]).unwrap();
        for year in [2031, 2049, 2061] {
            params.not_after = rcgen::date_time_ymd(year, 7, 9);
            let certificate = params.self_signed(&key).unwrap();
            let der = certificate.der();
            assert_eq!(last_day(der), Some(format!("{year}-07-09")));
            // Whatever is cut off, it ends in order.
            (0..der.len()).for_each(|end| drop(last_day(&der[..end])));
        }
    }
}
