//! Reads the header of a WebSocket frame (RFC 6455 §5.2) and judges where one may begin.

use super::super::field::first;
use super::deflate;

/// The longest header: two bytes, a length of eight and a mask of four.
pub(super) const LONGEST_HEADER: usize = 14;
/// How much of a payload is examined to decide whether a SIP message begins there.
const START: usize = 40;

/// What a frame is for (RFC 6455 §11.8).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    /// The first frame of a message.
    First,
    /// A later frame of a message.
    Continuation,
    /// Close, ping or pong, which may come between the frames of a message.
    Control,
}

/// A frame's header.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Header {
    pub(super) kind: Kind,
    /// Whether the message ends with this frame.
    pub(super) fin: bool,
    /// Whether the message is compressed (RFC 7692 §6); its first frame says so.
    pub(super) compressed: bool,
    /// All zero where the frame is not masked.
    pub(super) mask: [u8; 4],
    /// Length of the payload in bytes.
    pub(super) length: u64,
    /// Length of the header in bytes.
    pub(super) size: usize,
    /// Whether the length takes as few bytes as it can, which RFC 6455 §5.2 demands.
    minimal: bool,
}

/// What bytes are as the start of a frame.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Parsed {
    /// A header.
    Header(Header),
    /// Too few bytes to decide.
    Incomplete,
    /// No frame begins so.
    Invalid,
}

/// Reads the header at the start of `bytes`.
pub(super) fn parse(bytes: &[u8]) -> Parsed {
    const FIN: u8 = 0x80;
    const RSV1: u8 = 0x40;
    const RESERVED: u8 = 0x30;
    const OPCODE: u8 = 0x0f;
    const LONGEST_CONTROL: u64 = 125;
    let Some(&head) = bytes.first() else { return Parsed::Incomplete };
    let fin = head & FIN != 0;
    let compressed = head & RSV1 != 0;
    let kind = match head & OPCODE {
        0 if !compressed => Kind::Continuation,
        1 | 2 => Kind::First,
        8..=10 if fin && !compressed => Kind::Control,
        _ => return Parsed::Invalid,
    };
    if head & RESERVED != 0 {
        return Parsed::Invalid;
    }
    let Some((mask, length, size, minimal)) = length_and_mask(bytes) else {
        return Parsed::Incomplete;
    };
    if length > i64::MAX as u64 || (kind == Kind::Control && length > LONGEST_CONTROL) {
        return Parsed::Invalid;
    }
    Parsed::Header(Header { kind, fin, compressed, mask, length, size, minimal })
}

/// Mask, length of the payload and of the header, and whether the length takes as few bytes as it can.
fn length_and_mask(bytes: &[u8]) -> Option<([u8; 4], u64, usize, bool)> {
    const MASKED: u8 = 0x80;
    let &second = bytes.get(1)?;
    let rest = bytes.get(2..)?;
    let (length, size, least) = match second & !MASKED {
        126 => (u64::from(u16::from_be_bytes(*rest.first_chunk()?)), 4, 126),
        127 => (u64::from_be_bytes(*rest.first_chunk()?), 10, 1 << 16),
        short => (u64::from(short), 2, 0),
    };
    if second & MASKED == 0 {
        return Some(([0; 4], length, size, length >= least));
    }
    let mask = bytes.get(size..)?.first_chunk()?;
    Some((*mask, length, size + mask.len(), length >= least))
}

/// Unmasks bytes that begin `phase` bytes into the payload (RFC 6455 §5.3).
pub(super) fn unmask(bytes: &mut [u8], mask: [u8; 4], phase: usize) {
    if mask == [0; 4] {
        return;
    }
    for (byte, key) in bytes.iter_mut().zip(mask.iter().cycle().skip(phase % mask.len())) {
        *byte ^= key;
    }
}

/// The place, in bytes that follow a loss, of a frame that cannot be there by chance.
pub(super) fn find(bytes: &[u8]) -> Option<usize> {
    if is_chain(bytes) || starts_message(bytes) {
        return Some(0);
    }
    (1..bytes.len()).find(|&at| starts_plain_message(bytes.get(at..).unwrap_or_default()))
}

/// Whether bytes are nothing but whole frames: most senders put each in a segment of its own.
fn is_chain(mut bytes: &[u8]) -> bool {
    while !bytes.is_empty() {
        let Parsed::Header(header) = parse(bytes) else { return false };
        let Ok(length) = usize::try_from(header.length) else { return false };
        let Some(rest) = bytes.get(header.size.saturating_add(length)..) else { return false };
        if !header.minimal {
            return false;
        }
        bytes = rest;
    }
    true
}

/// Whether bytes start with a frame whose payload begins as a SIP message does.
pub(super) fn starts_message(bytes: &[u8]) -> bool {
    let Some((header, payload)) = first_frame(bytes) else { return false };
    if !header.compressed {
        return begins_as_sip(&payload);
    }
    deflate::begins(&payload, START).is_some_and(|text| begins_as_sip(&text))
}

fn starts_plain_message(bytes: &[u8]) -> bool {
    first_frame(bytes)
        .is_some_and(|(header, payload)| !header.compressed && begins_as_sip(&payload))
}

/// The header of a message's first frame and the start of its payload, unmasked.
fn first_frame(bytes: &[u8]) -> Option<(Header, Vec<u8>)> {
    /// Enough to compress the start of a message, tables of code lengths included.
    const COMPRESSED_START: usize = 400;
    let Parsed::Header(header) = parse(bytes) else { return None };
    if header.kind != Kind::First || !header.minimal {
        return None;
    }
    let wanted = if header.compressed { COMPRESSED_START } else { START };
    let length = usize::try_from(header.length).unwrap_or(usize::MAX);
    let mut payload = first(bytes.get(header.size..)?, length.min(wanted)).to_vec();
    unmask(&mut payload, header.mask, 0);
    Some((header, payload))
}

/// Whether text begins with `SIP/2.0` or with a method and a Request-URI (RFC 3261 §7.1).
fn begins_as_sip(text: &[u8]) -> bool {
    const METHODS: std::ops::RangeInclusive<usize> = 3..=20;
    if text.starts_with(b"SIP/2.0 ") {
        return true;
    }
    let method = text.iter().take_while(|byte| byte.is_ascii_uppercase()).count();
    let behind = text.get(method..).unwrap_or_default();
    let scheme =
        behind.get(1..).unwrap_or_default().iter().take_while(|byte| byte.is_ascii_alphabetic());
    let colon = scheme.count() + 1;
    METHODS.contains(&method)
        && behind.first() == Some(&b' ')
        && colon > 1
        && behind.get(colon) == Some(&b':')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(bytes: &[u8]) -> Header {
        match parse(bytes) {
            Parsed::Header(header) => header,
            other => panic!("{other:?}: {bytes:02x?}"),
        }
    }

    /// The examples of RFC 6455 §5.7.
    #[test]
    fn examples_of_the_rfc() {
        let hello = header(&[0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f]);
        assert_eq!((hello.kind, hello.fin, hello.length, hello.size), (Kind::First, true, 5, 2));
        let mut masked = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
        let told = header(&masked);
        assert_eq!((told.length, told.size, told.mask), (5, 6, [0x37, 0xfa, 0x21, 0x3d]));
        unmask(&mut masked[6..], told.mask, 0);
        assert_eq!(&masked[6..], b"Hello");
        let (first, last) = (header(b"\x01\x03Hel"), header(b"\x80\x02lo"));
        assert_eq!((first.kind, first.fin), (Kind::First, false));
        assert_eq!((last.kind, last.fin), (Kind::Continuation, true));
        assert_eq!(header(b"\x89\x05Hello").kind, Kind::Control);
        assert_eq!(header(&[0x8a, 0x85, 0x37, 0xfa, 0x21, 0x3d]).kind, Kind::Control);
        assert_eq!(header(&[0x82, 0x7e, 1, 0]).length, 256);
        let long = header(&[0x82, 0x7f, 0, 0, 0, 0, 0, 1, 0, 0]);
        assert_eq!((long.length, long.size, long.minimal), (65_536, 10, true));
    }

    #[test]
    fn what_is_no_frame() {
        let cases: [(&str, &[u8]); 9] = [
            ("an HTTP request", b"GET / HTTP/1.1"),
            ("an HTTP answer", b"HTTP/1.1 101"),
            ("a request in clear", b"REGISTER sip:a"),
            ("an answer in clear", b"SIP/2.0 200 OK"),
            ("reserved opcode", &[0x83, 0]),
            ("reserved bit", &[0xa1, 0]),
            ("a long ping", &[0x89, 126, 0, 200]),
            ("a ping in pieces", &[0x09, 0]),
            ("a length beyond 2^63", &[0x82, 127, 0x80, 0, 0, 0, 0, 0, 0, 0]),
        ];
        for (name, bytes) in cases {
            assert_eq!(parse(bytes), Parsed::Invalid, "{name}");
        }
        assert_eq!(parse(&[0x82, 0xfe, 1, 0, 1, 2, 3]), Parsed::Incomplete);
    }

    #[test]
    fn unmasking_goes_on_where_it_stopped() {
        let plain: Vec<u8> = (0..23).collect();
        let mut whole = plain.clone();
        unmask(&mut whole, [1, 2, 3, 4], 0);
        for cut in 0..plain.len() {
            let mut parts = plain.clone();
            let (head, tail) = parts.split_at_mut(cut);
            unmask(head, [1, 2, 3, 4], 0);
            unmask(tail, [1, 2, 3, 4], cut);
            assert_eq!(parts, whole, "{cut}");
        }
    }

    #[test]
    fn starts_of_sip() {
        for text in ["SIP/2.0 200 OK", "REGISTER sip:a SIP/2.0", "INVITE tel:1", "ACK sips:a@b"] {
            assert!(begins_as_sip(text.as_bytes()), "{text}");
        }
        for text in ["SIP/2.0", "GET / HTTP/1.1", "{\"a\": 1}", "REGISTER", "AB sip:a", "ABC :a"] {
            assert!(!begins_as_sip(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn frames_behind_a_loss() {
        let message = [&[0x81, 22][..], b"REGISTER sip:a SIP/2.0"].concat();
        let junk = [&b"\x01tail of a frame\x81\x02"[..], &message].concat();
        let cases: [(&str, &[u8], Option<usize>); 6] = [
            ("a message", &message, Some(0)),
            ("a message behind junk", &junk, Some(18)),
            ("whole frames", &[0x89, 1, b'x', 0x82, 2, 7, 7], Some(0)),
            ("whole frames and more", &[0x89, 1, b'x', 0x82, 2, 7], None),
            ("text", b"Via: SIP/2.0/WS x", None),
            ("nothing", b"", Some(0)),
        ];
        for (name, bytes, at) in cases {
            assert_eq!(find(bytes), at, "{name}");
        }
    }
}
