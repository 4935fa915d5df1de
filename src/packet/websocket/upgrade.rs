//! Reads the heads of an HTTP exchange far enough to see it become a WebSocket (RFC 6455 §4).

use memchr::memmem;

const REQUEST: &[u8] = b"GET ";
const ANSWER: &[u8] = b"HTTP/1.";
/// Longest head that is read; servers refuse longer ones.
const LONGEST: usize = 16 << 10;
const END: &[u8] = b"\r\n\r\n";

/// What the bytes read so far are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::packet) enum Progress<'a> {
    /// The start of a head.
    Unfinished,
    /// Not HTTP.
    NotHttp,
    /// A head after which HTTP goes on, and what came with its end.
    Http(&'a [u8]),
    /// A head after which frames follow, and those that came with it.
    Upgraded(&'a [u8]),
}

/// The head of a request or a response while it is read.
#[derive(Debug, Default)]
pub(in crate::packet) struct Upgrade {
    head: Vec<u8>,
}

impl Upgrade {
    /// Whether a direction that starts with these bytes may be HTTP.
    pub(in crate::packet) fn may_start(bytes: &[u8]) -> bool {
        let may_be = |start: &[u8]| start.starts_with(bytes) || bytes.starts_with(start);
        !bytes.is_empty() && (may_be(REQUEST) || may_be(ANSWER))
    }

    /// Whether bytes start as a request or a response does.
    pub(in crate::packet) fn starts(bytes: &[u8]) -> bool {
        bytes.starts_with(REQUEST) || bytes.starts_with(ANSWER)
    }

    /// Whether a segment starts a head that asks for or agrees to WebSocket, or may do so farther on.
    pub(in crate::packet) fn may_upgrade(segment: &[u8]) -> bool {
        // `websocket` in any spelling of its case that is in use
        const NAME: &[u8] = b"ocket";
        (segment.starts_with(REQUEST) || is_switching(segment))
            && (memmem::find(segment, NAME).is_some() || memmem::find(segment, END).is_none())
    }

    /// Reads on.
    pub(in crate::packet) fn read<'a>(&mut self, bytes: &'a [u8]) -> Progress<'a> {
        let before = self.head.len();
        let room = LONGEST - before.min(LONGEST);
        self.head.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
        if !Self::may_start(&self.head) {
            self.head.truncate(before);
            return Progress::NotHttp;
        }
        let from = before.saturating_sub(END.len() - 1);
        let found = memmem::find(self.head.get(from..).unwrap_or_default(), END);
        let Some(end) = found.map(|at| from + at + END.len()) else {
            let rest = bytes.get(room..).unwrap_or_default();
            let is_full = self.head.len() >= LONGEST;
            return if is_full { Progress::Http(rest) } else { Progress::Unfinished };
        };
        self.head.truncate(end);
        let rest = bytes.get(end - before..).unwrap_or_default();
        if self.is_upgrade() { Progress::Upgraded(rest) } else { Progress::Http(rest) }
    }

    /// Bytes read of the head; those that showed that it is none are not among them.
    pub(in crate::packet) fn held(&self) -> usize {
        self.head.len()
    }

    /// RFC 6455 §4.1, §4.2.2: the field `Upgrade` names websocket, and a response has status 101.
    fn is_upgrade(&self) -> bool {
        let mut lines = self.head.split(|&byte| byte == b'\n');
        let start = lines.next().unwrap_or_default();
        let asks = lines.any(|line| {
            let mut parts = line.splitn(2, |&byte| byte == b':');
            let name = parts.next().unwrap_or_default();
            let value = parts.next().unwrap_or_default();
            name.eq_ignore_ascii_case(b"Upgrade")
                && value
                    .split(|&byte| byte == b',')
                    .any(|token| token.trim_ascii().eq_ignore_ascii_case(b"websocket"))
        });
        asks && (start.starts_with(REQUEST) || is_switching(start))
    }
}

/// Whether a response starts that says 101 Switching Protocols.
fn is_switching(answer: &[u8]) -> bool {
    const VERSION: usize = b"HTTP/1.1".len();
    answer.starts_with(ANSWER)
        && answer.get(VERSION..).is_some_and(|rest| rest.trim_ascii_start().starts_with(b"101"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GET: &[u8] =
        b"GET /chat HTTP/1.1\r\nHost: a\r\nupgrade: foo, WebSocket\r\nConnection: Upgrade\r\n\r\n";
    const SWITCHING: &[u8] =
        b"HTTP/1.1 101 Switching Protocols\r\nSia: SIP/2.0/TCP a\r\nUpgrade:websocket\r\n\r\n";

    #[test]
    fn upgrades_in_any_pieces() {
        for head in [GET, SWITCHING] {
            let bytes = [head, b"\x81\x02hi"].concat();
            for cut in 0..head.len() {
                let mut upgrade = Upgrade::default();
                if cut > 0 {
                    assert_eq!(upgrade.read(&bytes[..cut]), Progress::Unfinished, "{cut}");
                }
                assert_eq!(upgrade.read(&bytes[cut..]), Progress::Upgraded(b"\x81\x02hi"), "{cut}");
            }
            let mut upgrade = Upgrade::default();
            let (last, start) = head.split_last().unwrap();
            for byte in start {
                assert_eq!(upgrade.read(&[*byte]), Progress::Unfinished);
            }
            assert_eq!(upgrade.read(&[*last]), Progress::Upgraded(b""));
        }
    }

    #[test]
    fn what_is_no_upgrade() {
        let long = [b"GET / HTTP/1.1\r\n".to_vec(), vec![b'x'; LONGEST]].concat();
        let cases: [(&str, &[u8], Progress<'_>); 6] = [
            ("SIP", b"REGISTER sip:a SIP/2.0\r\n", Progress::NotHttp),
            ("a method like GET", b"GETX sip:a SIP/2.0\r\n", Progress::NotHttp),
            ("a page", b"GET / HTTP/1.1\r\nHost: websocket\r\n\r\nbody", Progress::Http(b"body")),
            ("another protocol", b"GET / HTTP/1.1\r\nUpgrade: h2c\r\n\r\n", Progress::Http(b"")),
            ("refused", b"HTTP/1.1 426 No\r\nUpgrade: websocket\r\n\r\n", Progress::Http(b"")),
            ("too long", &long, Progress::Http(&[b'x'; 16])),
        ];
        for (name, bytes, progress) in cases {
            let mut upgrade = Upgrade::default();
            assert_eq!(upgrade.read(bytes), progress, "{name}");
            assert!(upgrade.held() <= LONGEST, "{name}");
        }
    }

    #[test]
    fn segments_that_may_upgrade() {
        for bytes in [GET, SWITCHING, b"GET / HTTP/1.1\r\nHost"] {
            assert!(Upgrade::may_upgrade(bytes));
        }
        for bytes in [&b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"[..], b"HTTP/1.1 200 OK\r\nHost", b"hi"]
        {
            assert!(!Upgrade::may_upgrade(bytes));
        }
    }
}
