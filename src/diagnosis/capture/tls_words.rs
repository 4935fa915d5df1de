//! Puts into words what TLS shows in clear: versions, names, the certificate.

use crate::net::{Timestamp, escape_bytes};
use crate::registration::{CertificateInfo, ConnectionRecord, version_name};

/// Alternative names shown.
const MOST_NAMES: usize = 3;

/// What a connection shows of itself, each part behind a comma: `, TLS 1.2, server name lab.example`.
pub(super) fn shown(record: &ConnectionRecord) -> String {
    let Some(info) = record.tls.as_deref() else { return String::new() };
    let mut parts = vec![String::new()];
    match (info.version, info.offered) {
        (Some(version), _) => parts.push(version_name(version)),
        (None, Some(offered)) => parts.push(format!("{} at most offered", version_name(offered))),
        (None, None) => {}
    }
    if let Some(name) = &info.server_name {
        parts.push(format!("server name {}", escape_bytes(name)));
    }
    if !info.alpn.is_empty() {
        let names: Vec<_> = info.alpn.iter().map(|name| escape_bytes(name)).collect();
        parts.push(format!("ALPN {}", names.join(" ")));
    }
    if let Some(certificate) = &info.certificate {
        parts.push(format!("certificate of {}", subject(certificate)));
    }
    parts.join(", ")
}

/// What is wrong with the server's certificate, where the client refuses it and the capture shows why:
/// it is out of date, or names another host.
pub(super) fn doubts(record: &ConnectionRecord, alert: u8, by_server: bool) -> String {
    // RFC 8446 §6: bad_certificate to unknown_ca
    let refused = matches!(alert, 42..=46 | 48) && !by_server;
    let info = record.tls.as_deref().filter(|_| refused);
    let Some((info, certificate)) = info.and_then(|info| Some((info, info.certificate.as_ref()?)))
    else {
        return String::new();
    };
    let mut parts = Vec::new();
    if certificate.until < record.last {
        parts.push(format!("it was valid until {}", date(certificate.until)));
    } else if certificate.from > record.last {
        parts.push(format!("it is valid from {} only", date(certificate.from)));
    }
    if let Some(name) = &info.server_name
        && !names(certificate, name)
    {
        parts.push(format!("it does not name {}", escape_bytes(name)));
    }
    if certificate.issuer == certificate.subject {
        parts.push("it is signed by itself".to_owned());
    } else {
        parts.push(format!("it is issued by {}", escape_bytes(&certificate.issuer)));
    }
    format!("; of the certificate: {}", parts.join(", "))
}

fn subject(certificate: &CertificateInfo) -> String {
    let mut names = vec![escape_bytes(&certificate.subject)];
    for name in certificate.names.iter().take(MOST_NAMES).map(|name| escape_bytes(name)) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let more = certificate.names.len().saturating_sub(MOST_NAMES);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    names.retain(|name| !name.is_empty());
    names.join(" ") + &more
}

/// Whether a certificate is for this host (RFC 9525 §6): a name of it, or a wildcard for its first
/// label. The common name counts where there are no other names.
fn names(certificate: &CertificateInfo, host: &[u8]) -> bool {
    let fits = |name: &[u8]| match name.strip_prefix(b"*") {
        Some(rest) => {
            let dot = host.iter().position(|byte| *byte == b'.');
            dot.and_then(|dot| host.get(dot..)).is_some_and(|tail| tail.eq_ignore_ascii_case(rest))
        }
        None => name.eq_ignore_ascii_case(host),
    };
    match certificate.names.as_slice() {
        [] => fits(&certificate.subject),
        names => names.iter().any(|name| fits(name)),
    }
}

fn date(time: Timestamp) -> String {
    let second = jiff::Timestamp::from_second(time.nanos() / 1_000_000_000);
    second
        .map_or_else(|_| "a time beyond the calendar".to_owned(), |t| t.strftime("%F").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whom_a_certificate_names() {
        let certificate = |names: &[&str]| CertificateInfo {
            subject: (*b"cn.example").into(),
            names: names.iter().map(|name| name.as_bytes().into()).collect(),
            ..CertificateInfo::default()
        };
        let cases: [(&[&str], &str, bool); 7] = [
            (&[], "CN.example", true),
            (&["a.example"], "cn.example", false),
            (&["b.example", "a.example"], "A.Example", true),
            (&["*.example"], "pbx.example", true),
            (&["*.example"], "a.pbx.example", false),
            (&["*.example"], "example", false),
            (&["192.0.2.1"], "192.0.2.1", true),
        ];
        for (of, host, fits) in cases {
            assert_eq!(names(&certificate(of), host.as_bytes()), fits, "{of:?} {host}");
        }
        assert_eq!(
            subject(&certificate(&["a", "b", "c", "d", "e"])),
            "cn.example a b c and 2 more"
        );
    }

    #[test]
    fn dates() {
        assert_eq!(date(Timestamp::from_parts(1_763_481_420, 0)), "2025-11-18");
    }
}
