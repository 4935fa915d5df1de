//! Holds what a TLS connection shows of itself, for findings.

use crate::net::Timestamp;

/// Why a connection could not be read, or not to its end.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Unread {
    /// No keys were given.
    NoKeys,
    /// Keys were given, but none for this session.
    OtherKeys,
    /// Keys for this session were given, but they open nothing.
    KeysDoNotFit,
    /// The cipher suite, the version or a compression cannot be read here.
    Unsupported,
    /// The capture does not hold its beginning, which names the keys.
    NoBeginning,
    /// Bytes are missing from the capture, and it could not be taken up behind them.
    Lost,
}

impl Unread {
    /// All reasons, in the order they are reported.
    pub const ALL: [Self; 6] = [
        Self::NoKeys,
        Self::OtherKeys,
        Self::KeysDoNotFit,
        Self::Unsupported,
        Self::NoBeginning,
        Self::Lost,
    ];

    /// A short name for outputs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NoKeys => "no_keys",
            Self::OtherKeys => "other_keys",
            Self::KeysDoNotFit => "keys_do_not_fit",
            Self::Unsupported => "unsupported",
            Self::NoBeginning => "no_beginning",
            Self::Lost => "lost",
        }
    }
}

/// What a TLS connection shows in clear, or once it is opened. Names are as on the wire.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct TlsInfo {
    /// The highest version the client offers, as on the wire: `0x0303` is TLS 1.2.
    pub offered: Option<u16>,
    /// The version the server chose.
    pub version: Option<u16>,
    /// The cipher suite the server chose, by its IANA number.
    pub suite: Option<u16>,
    /// The server name the client asks for (SNI, RFC 6066 §3).
    pub server_name: Option<Box<[u8]>>,
    /// The protocol the server chose, or else those that the client offers (ALPN, RFC 7301).
    pub alpn: Vec<Box<[u8]>>,
    /// The server's certificate.
    pub certificate: Option<CertificateInfo>,
    /// Why it could not be read.
    pub unread: Option<Unread>,
}

/// The names in a certificate, and when it is valid.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct CertificateInfo {
    /// The common name of its subject, else its whole subject.
    pub subject: Box<[u8]>,
    /// The common name of its issuer, else the whole issuer.
    pub issuer: Box<[u8]>,
    /// Its alternative names: DNS names, addresses, URIs.
    pub names: Vec<Box<[u8]>>,
    /// Valid not before.
    pub from: Timestamp,
    /// Valid not after.
    pub until: Timestamp,
}

/// A version's name: `TLS 1.2`.
#[must_use]
pub fn version_name(version: u16) -> String {
    match version {
        0x0300 => "SSL 3.0".to_owned(),
        0x0301..=0x0304 => format!("TLS 1.{}", version - 0x0301),
        other => format!("TLS version {other:#06x}"),
    }
}
