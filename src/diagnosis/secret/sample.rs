//! Credentials of a capture, kept for verification.

use std::fmt;

use crate::net::{FrameRef, Timestamp};
use crate::sip::Credentials;

/// The parts of Digest credentials, owned; the response is masked in `Debug`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct OwnedCredentials {
    pub(super) username: Option<Vec<u8>>,
    pub(super) realm: Option<Vec<u8>>,
    pub(super) nonce: Option<Vec<u8>>,
    pub(super) uri: Option<Vec<u8>>,
    pub(super) response: Option<Vec<u8>>,
    pub(super) algorithm: Option<Vec<u8>>,
    pub(super) qop: Option<Vec<u8>>,
    pub(super) nc: Option<u32>,
    pub(super) cnonce: Option<Vec<u8>>,
}

impl OwnedCredentials {
    /// A copy of the credentials of a message; `None` if they are not Digest with a response.
    #[must_use]
    pub fn of(read: &Credentials<'_>) -> Option<Self> {
        if !read.is_digest() || read.response.is_none_or(<[u8]>::is_empty) {
            return None;
        }
        let own = |part: Option<&[u8]>| part.map(<[u8]>::to_vec);
        Some(Self {
            username: own(read.username),
            realm: own(read.realm),
            nonce: own(read.nonce),
            uri: own(read.uri),
            response: own(read.response),
            algorithm: own(read.algorithm),
            qop: own(read.qop),
            nc: read.nc,
            cnonce: own(read.cnonce),
        })
    }
}

impl fmt::Debug for OwnedCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |part: &Option<Vec<u8>>| {
            part.as_deref().map(|bytes| crate::net::escape_bytes(bytes).into_owned())
        };
        f.debug_struct("OwnedCredentials")
            .field("username", &text(&self.username))
            .field("realm", &text(&self.realm))
            .finish_non_exhaustive()
    }
}

/// One REGISTER with credentials.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct CredentialSample {
    /// The DN it is for.
    pub dn: Vec<u8>,
    /// The address-of-record, `user@host`.
    pub aor: Vec<u8>,
    /// Its method, `REGISTER`.
    pub method: Vec<u8>,
    /// Its body, which `auth-int` covers.
    pub body: Vec<u8>,
    /// The credentials.
    pub credentials: OwnedCredentials,
    /// When it was captured.
    pub time: Timestamp,
    /// Its place.
    pub frame: FrameRef,
}
