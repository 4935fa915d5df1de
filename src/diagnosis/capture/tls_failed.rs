//! TLS handshakes with a SIP server fail.

use super::super::prelude::*;
use super::connection::cases;
use super::tls_words;
use crate::registration::ConnectionFault;

static ABOUT: About = About {
    id: "tls-failed",
    severity: Severity::Error,
    fragment: "TLS handshake failed",
    meaning: "A fatal alert ended the TLS handshake; it names the reason of the side that sent it.",
    check: "what the alert says: certificates, TLS versions and cipher suites of both sides",
    reference: "RFC 8446 §6",
};

/// A fatal alert ends the handshake; it names the reason of the side that sent it.
pub(in crate::diagnosis) struct TlsFailed;

impl Rule for TlsFailed {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn judge(&self, scene: &Scene<'_>, findings: &mut Vec<Finding>) {
        for case in cases(scene.snapshot, ConnectionFault::TlsFailed) {
            let (client, server) = (case.record.client, case.record.server);
            let (alert, by_server) = case.record.alert.unwrap_or((0, true));
            let (name, check) = describe(alert);
            let side = if by_server { "the server" } else { "the client" };
            findings.push(case.finding(
                &ABOUT,
                format!(
                    "the TLS handshake between {client} and {server} fails ({}{}): {side} ends it \
                     with alert {alert} ({name}){}",
                    case.count(),
                    tls_words::shown(case.record),
                    tls_words::doubts(case.record, alert, by_server),
                ),
                check,
            ));
        }
    }
}

/// The name of an alert (RFC 8446 §6, RFC 5246 §7.2), and what to look at.
const fn describe(alert: u8) -> (&'static str, &'static str) {
    const CERTIFICATE: &str = "the certificate that was presented: its names, its dates, and \
                               whether the other side trusts its issuer";
    const VERSIONS: &str = "which TLS versions and cipher suites each side allows";
    const OTHER: &str = "the TLS log of the side that sent the alert";
    match alert {
        10 => ("unexpected_message", "whether the port speaks TLS on both sides"),
        20 => ("bad_record_mac", OTHER),
        22 => ("record_overflow", "whether the port speaks TLS on both sides"),
        40 => ("handshake_failure", VERSIONS),
        42 => ("bad_certificate", CERTIFICATE),
        43 => ("unsupported_certificate", CERTIFICATE),
        44 => ("certificate_revoked", CERTIFICATE),
        45 => ("certificate_expired", CERTIFICATE),
        46 => ("certificate_unknown", CERTIFICATE),
        47 => ("illegal_parameter", OTHER),
        48 => ("unknown_ca", CERTIFICATE),
        49 => ("access_denied", "whether the server admits this client's certificate"),
        50 => ("decode_error", OTHER),
        51 => ("decrypt_error", OTHER),
        70 => ("protocol_version", VERSIONS),
        71 => ("insufficient_security", VERSIONS),
        80 => ("internal_error", OTHER),
        86 => ("inappropriate_fallback", VERSIONS),
        109 => ("missing_extension", OTHER),
        110 => ("unsupported_extension", OTHER),
        112 => ("unrecognized_name", "the server name the client asks for (SNI)"),
        113 => ("bad_certificate_status_response", CERTIFICATE),
        115 => ("unknown_psk_identity", OTHER),
        116 => ("certificate_required", "whether the client presents a certificate"),
        120 => ("no_application_protocol", OTHER),
        _ => ("unknown", OTHER),
    }
}
