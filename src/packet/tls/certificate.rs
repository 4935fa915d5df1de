//! Reads the names in a certificate, and when it is valid (RFC 5280 §4.1).

use std::net::IpAddr;

use x509_cert::certificate::{CertificateInner, Raw};
use x509_cert::der::Decode as _;
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::name::Name;
use x509_cert::time::Time;

use super::info::CertificateInfo;
use crate::net::Timestamp;

/// Alternative names kept at most.
const MOST_NAMES: usize = 16;
/// The longest name kept, in bytes.
const LONGEST_NAME: usize = 256;

/// What a certificate says; `None` if it cannot be read.
pub(super) fn read(der: &[u8]) -> Option<CertificateInfo> {
    let certificate = CertificateInner::<Raw>::from_der(der).ok()?;
    let body = certificate.tbs_certificate();
    let names = body.get_extension::<SubjectAltName>().ok().flatten();
    let names = names.iter().flat_map(|(_, names)| names.0.iter().filter_map(general_name));
    Some(CertificateInfo {
        subject: name(body.subject()),
        issuer: name(body.issuer()),
        names: names.take(MOST_NAMES).collect(),
        from: time(body.validity().not_before),
        until: time(body.validity().not_after),
    })
}

fn name(name: &Name) -> Box<[u8]> {
    match name.common_name() {
        Ok(Some(common)) => cut(common.value().as_bytes()),
        _ => cut(name.to_string().as_bytes()),
    }
}

fn general_name(name: &GeneralName) -> Option<Box<[u8]>> {
    Some(match name {
        GeneralName::DnsName(name) => cut(name.as_bytes()),
        GeneralName::UniformResourceIdentifier(uri) => cut(uri.as_bytes()),
        GeneralName::IpAddress(address) => {
            let bytes = address.as_bytes();
            let v4 = <[u8; 4]>::try_from(bytes).map(IpAddr::from);
            let v6 = <[u8; 16]>::try_from(bytes).map(IpAddr::from);
            cut(v4.or(v6).ok()?.to_string().as_bytes())
        }
        _ => return None,
    })
}

fn cut(bytes: &[u8]) -> Box<[u8]> {
    bytes.get(..LONGEST_NAME).unwrap_or(bytes).into()
}

fn time(time: Time) -> Timestamp {
    Timestamp::from_parts(time.to_unix_duration().as_secs().cast_signed(), 0)
}
