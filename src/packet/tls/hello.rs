//! Reads the handshake messages that identify the peers and their settings: hellos, tickets and certificates.

use super::keylog::Random;

/// Handshake types (RFC 8446 §4, RFC 5246 §7.4).
pub(super) mod message {
    pub(in super::super) const CLIENT_HELLO: u8 = 1;
    pub(in super::super) const SERVER_HELLO: u8 = 2;
    pub(in super::super) const NEW_SESSION_TICKET: u8 = 4;
    pub(in super::super) const END_OF_EARLY_DATA: u8 = 5;
    pub(in super::super) const CERTIFICATE: u8 = 11;
    pub(in super::super) const FINISHED: u8 = 20;
    pub(in super::super) const KEY_UPDATE: u8 = 24;
}

/// TLS 1.3's number (RFC 8446 §4.2.1).
pub(super) const TLS13: u16 = 0x0304;

mod extension {
    pub(super) const SERVER_NAME: u16 = 0;
    pub(super) const ALPN: u16 = 16;
    pub(super) const ENCRYPT_THEN_MAC: u16 = 22;
    pub(super) const SESSION_TICKET: u16 = 35;
    pub(super) const EARLY_DATA: u16 = 42;
    pub(super) const SUPPORTED_VERSIONS: u16 = 43;
}

/// SHA-256 of `HelloRetryRequest`, which marks a `ServerHello` as one (RFC 8446 §4.1.3).
const RETRY: Random = [
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
    0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
];

/// What a `ClientHello` asks for (RFC 8446 §4.1.2).
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct ClientHello<'a> {
    pub(super) random: &'a Random,
    pub(super) session_id: &'a [u8],
    /// The highest version offered.
    pub(super) version: u16,
    pub(super) server_name: Option<&'a [u8]>,
    pub(super) alpn: Vec<&'a [u8]>,
    pub(super) ticket: Option<&'a [u8]>,
    pub(super) early_data: bool,
}

/// What a `ServerHello` settles (RFC 8446 §4.1.3).
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct ServerHello<'a> {
    pub(super) random: &'a Random,
    pub(super) session_id: &'a [u8],
    pub(super) version: u16,
    pub(super) suite: u16,
    pub(super) compression: u8,
    pub(super) alpn: Option<&'a [u8]>,
    pub(super) encrypt_then_mac: bool,
}

impl<'a> ClientHello<'a> {
    pub(super) fn parse(body: &'a [u8]) -> Option<Self> {
        let mut fields = Fields(body);
        let version = fields.u16()?;
        let random = fields.chunk()?;
        let session_id = fields.short_list()?;
        let _suites = fields.list()?;
        let _compression = fields.short_list()?;
        let mut new = Self {
            random,
            session_id,
            version,
            server_name: None,
            alpn: Vec::new(),
            ticket: None,
            early_data: false,
        };
        let mut extensions = Fields(fields.list().unwrap_or_default());
        while let Some((kind, body)) = extensions.extension() {
            let mut fields = Fields(body);
            match kind {
                extension::SERVER_NAME => new.server_name = fields.server_name(),
                extension::ALPN => new.alpn = fields.protocols(),
                extension::SESSION_TICKET if !body.is_empty() => new.ticket = Some(body),
                extension::EARLY_DATA => new.early_data = true,
                extension::SUPPORTED_VERSIONS => {
                    let offered = fields.short_list().unwrap_or_default().as_chunks::<2>().0;
                    let offered = offered.iter().map(|pair| u16::from_be_bytes(*pair));
                    // values that mean nothing are strewn in (RFC 8701)
                    let real = offered.filter(|version| version & 0x0f0f != 0x0a0a);
                    new.version = real.max().unwrap_or(new.version);
                }
                _ => {}
            }
        }
        Some(new)
    }
}

impl<'a> ServerHello<'a> {
    pub(super) fn parse(body: &'a [u8]) -> Option<Self> {
        let mut fields = Fields(body);
        let version = fields.u16()?;
        let random = fields.chunk()?;
        let session_id = fields.short_list()?;
        let suite = fields.u16()?;
        let compression = fields.u8()?;
        let mut new = Self {
            random,
            session_id,
            version,
            suite,
            compression,
            alpn: None,
            encrypt_then_mac: false,
        };
        let mut extensions = Fields(fields.list().unwrap_or_default());
        while let Some((kind, body)) = extensions.extension() {
            let mut fields = Fields(body);
            match kind {
                extension::ALPN => new.alpn = fields.protocols().first().copied(),
                extension::ENCRYPT_THEN_MAC => new.encrypt_then_mac = true,
                extension::SUPPORTED_VERSIONS => new.version = fields.u16()?,
                _ => {}
            }
        }
        Some(new)
    }

    /// Whether it asks for another `ClientHello`.
    pub(super) fn is_retry(&self) -> bool {
        *self.random == RETRY
    }
}

/// The first certificate of a `Certificate` message, the sender's own (RFC 5246 §7.4.2, RFC 8446
/// §4.4.2).
pub(super) fn own_certificate(body: &[u8], tls13: bool) -> Option<&[u8]> {
    let mut fields = Fields(body);
    if tls13 {
        fields.short_list()?;
    }
    Fields(fields.long_list()?).long_list()
}

/// The ticket of a TLS 1.2 `NewSessionTicket` (RFC 5077 §3.3).
pub(super) fn ticket(body: &[u8]) -> Option<&[u8]> {
    let mut fields = Fields(body);
    fields.take(4)?;
    fields.list().filter(|ticket| !ticket.is_empty())
}

/// A cursor over the vectors of RFC 8446 §3.4; every read says by `None` that too few bytes are left.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn chunk<const N: usize>(&mut self) -> Option<&'a [u8; N]> {
        let (chunk, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(chunk)
    }

    fn u8(&mut self) -> Option<u8> {
        self.chunk().map(|[byte]| *byte)
    }

    fn u16(&mut self) -> Option<u16> {
        self.chunk().map(|bytes| u16::from_be_bytes(*bytes))
    }

    /// Bytes behind a length of one byte.
    fn short_list(&mut self) -> Option<&'a [u8]> {
        let len = self.u8()?;
        self.take(len.into())
    }

    /// Bytes behind a length of two bytes.
    fn list(&mut self) -> Option<&'a [u8]> {
        let len = self.u16()?;
        self.take(len.into())
    }

    /// Bytes behind a length of three bytes.
    fn long_list(&mut self) -> Option<&'a [u8]> {
        let [high, middle, low] = *self.chunk()?;
        self.take(u32::from_be_bytes([0, high, middle, low]) as usize)
    }

    fn extension(&mut self) -> Option<(u16, &'a [u8])> {
        Some((self.u16()?, self.list()?))
    }

    /// The host name of a server name list (RFC 6066 §3).
    fn server_name(&mut self) -> Option<&'a [u8]> {
        const HOST_NAME: u8 = 0;
        let mut names = Fields(self.list()?);
        (names.u8()? == HOST_NAME).then(|| names.list())?
    }

    /// A list of protocol names (RFC 7301 §3.1).
    fn protocols(&mut self) -> Vec<&'a [u8]> {
        const MOST: usize = 16;
        let mut names = Fields(self.list().unwrap_or_default());
        std::iter::from_fn(|| names.short_list()).take(MOST).collect()
    }
}

/// Joins handshake messages from the records they are spread over.
#[derive(Debug, Default)]
pub(super) struct Joiner {
    bytes: Vec<u8>,
    /// Bytes of a message too long to be kept, still to come.
    skip: usize,
}

/// The longest message kept: a chain of large certificates.
const LONGEST_MESSAGE: usize = 64 << 10;

impl Joiner {
    /// What it takes beside its own place.
    pub(super) fn memory(&self) -> usize {
        self.bytes.capacity()
    }

    /// Takes in what a record holds.
    pub(super) fn push(&mut self, fragment: &[u8]) {
        let skipped = self.skip.min(fragment.len());
        self.skip -= skipped;
        self.bytes.extend_from_slice(fragment.get(skipped..).unwrap_or_default());
    }

    /// Takes out the next whole message: its type and its body.
    pub(super) fn next(&mut self) -> Option<(u8, Vec<u8>)> {
        loop {
            let mut fields = Fields(&self.bytes);
            let kind = fields.u8()?;
            let [high, middle, low] = *fields.chunk()?;
            let len = u32::from_be_bytes([0, high, middle, low]) as usize;
            if let Some(body) = fields.take(len) {
                let message = (kind, body.to_vec());
                self.bytes.drain(..4 + len);
                return Some(message);
            }
            if len <= LONGEST_MESSAGE {
                return None;
            }
            self.skip = 4 + len - self.bytes.len();
            self.bytes.clear();
        }
    }

    /// Forgets what is not complete.
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.skip = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client_hello(extensions: &[u8]) -> Vec<u8> {
        let mut body = vec![3, 3];
        body.extend([7; 32]);
        body.extend([2, 1, 2, 0, 2, 0x13, 1, 1, 0]);
        body.extend((extensions.len() as u16).to_be_bytes());
        body.extend(extensions);
        body
    }

    #[test]
    fn what_a_client_asks_for() {
        let extensions = [
            &[0, 0, 0, 8, 0, 6, 0, 0, 3, b'a', b'.', b'b'][..],
            &[0, 16, 0, 6, 0, 4, 3, b's', b'i', b'p'],
            &[0, 35, 0, 0, 0, 42, 0, 0],
            &[0, 43, 0, 7, 6, 0x7a, 0x7a, 3, 4, 3, 3],
        ];
        let body = client_hello(&extensions.concat());
        let hello = ClientHello::parse(&body).unwrap();
        assert_eq!((hello.random, hello.session_id), (&[7; 32], &[1, 2][..]));
        assert_eq!((hello.version, hello.server_name), (TLS13, Some(&b"a.b"[..])));
        assert_eq!((hello.alpn, hello.ticket, hello.early_data), (vec![&b"sip"[..]], None, true));
        for end in 0..42 {
            assert_eq!(ClientHello::parse(&body[..end]), None, "{end}");
        }
    }

    #[test]
    fn without_extensions() {
        let body = client_hello(&[]);
        let hello = ClientHello::parse(&body[..body.len() - 2]).unwrap();
        assert_eq!((hello.version, hello.server_name), (0x0303, None));
    }

    #[test]
    fn messages_are_joined() {
        let mut joiner = Joiner::default();
        joiner.push(&[1, 0, 0, 2, 8]);
        assert_eq!(joiner.next(), None);
        joiner.push(&[9, 20, 0, 0, 0, 11, 2]);
        assert_eq!(joiner.next(), Some((1, vec![8, 9])));
        assert_eq!(joiner.next(), Some((20, vec![])));
        // one of 2^17 bytes is passed over
        joiner.push(&[0, 0]);
        assert_eq!(joiner.next(), None);
        for _ in 0..2 {
            joiner.push(&vec![0; 1 << 16]);
            assert_eq!(joiner.next(), None);
        }
        joiner.push(&[4, 0, 0, 0]);
        assert_eq!(joiner.next(), Some((4, vec![])));
    }
}
