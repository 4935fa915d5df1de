//! Reads TLS key logs and finds the secrets of a session by its client random.
//!
//! The format is that of `SSLKEYLOGFILE` (RFC 9850): a label, the client random and the secret on
//! each line. A log may grow while it is read: [`KeyLog::refresh`] reads on where it stopped.

use std::collections::VecDeque;
use std::fmt;
use std::io::{self, Read};

use crate::hashing::HashMap;
use memchr::memchr;
use zeroize::{Zeroize as _, Zeroizing};

use super::secret::Secret;

/// Sessions kept at most; the oldest go first.
const MOST_SESSIONS: usize = 200_000;
/// Session ids and tickets remembered at most.
const MOST_RESUMABLE: usize = 16_384;
/// The longest line that is one: a label, 32 bytes and 48 bytes in hexadecimal.
const LONGEST_LINE: usize = 512;
/// How much of a log is read at a time.
const PIECE: usize = 64 << 10;

/// What a session is found by (RFC 8446 §4.1.2).
pub(super) type Random = [u8; 32];

/// What is known of one session's secrets.
#[derive(Clone, Default)]
pub(super) struct Secrets {
    /// TLS 1.2 and before (RFC 5246 §8.1).
    pub(super) master: Option<Secret>,
    /// The secret of 0-RTT data (RFC 8446 §7.1).
    pub(super) client_early: Option<Secret>,
    pub(super) client_handshake: Option<Secret>,
    pub(super) server_handshake: Option<Secret>,
    pub(super) client_traffic: Option<Secret>,
    pub(super) server_traffic: Option<Secret>,
}

/// What was in the logs, in plain counters.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct KeyLogCounts {
    /// Secrets that can serve, repetitions included.
    pub secrets: u64,
    /// Lines with a secret of no use here: exporter secrets, encrypted premaster secrets.
    pub unused: u64,
    /// Comments and empty lines.
    pub comments: u64,
    /// Lines that are neither.
    pub junk: u64,
    /// Sessions forgotten because there were too many.
    pub forgotten: u64,
}

/// The secrets of all sessions in the logs.
#[derive(Default)]
pub struct KeyLog {
    sessions: HashMap<Random, Secrets>,
    /// In the order they came, oldest first.
    order: VecDeque<Random>,
    counts: KeyLogCounts,
    logs: Vec<Log>,
    given: bool,
    /// Master secrets by session id and by ticket, for sessions that are resumed.
    resumable: HashMap<Box<[u8]>, Secret>,
}

/// A log that is read on, and its last line as far as it was written.
struct Log {
    input: Box<dyn Read + Send>,
    line: Line,
}

/// A line that may not be complete yet.
#[derive(Default)]
struct Line {
    bytes: Zeroizing<Vec<u8>>,
    too_long: bool,
}

impl KeyLog {
    /// A log without any secret.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads a log to its end and keeps it, to be read on by [`Self::refresh`].
    ///
    /// An error is that of reading; what was read before counts.
    pub fn follow(&mut self, input: impl Read + Send + 'static) -> io::Result<()> {
        self.given = true;
        let mut log = Log { input: Box::new(input), line: Line::default() };
        let read = self.read_on(&mut log);
        self.logs.push(log);
        read
    }

    /// Reads on in every log; returns whether there was another secret.
    ///
    /// An error is the first of reading; the other logs are still read.
    pub fn refresh(&mut self) -> io::Result<bool> {
        let before = self.counts.secrets;
        let mut logs = std::mem::take(&mut self.logs);
        let mut result = Ok(());
        for log in &mut logs {
            let read = self.read_on(log);
            result = result.and(read);
        }
        self.logs = logs;
        result.map(|()| self.counts.secrets > before)
    }

    /// Takes in a whole log: that of a pcapng's decryption secrets block.
    pub fn add(&mut self, log: &[u8]) {
        self.given = true;
        let mut line = Line::default();
        self.feed(&mut line, log);
        self.last_line(&mut line);
    }

    /// Whether a log was given: what cannot be read yet is then worth keeping for a while.
    #[must_use]
    pub fn is_given(&self) -> bool {
        self.given
    }

    /// What was in the logs.
    #[must_use]
    pub fn counts(&self) -> KeyLogCounts {
        self.counts
    }

    /// The secrets of the session whose `ClientHello` has this random.
    pub(super) fn find(&self, random: &Random) -> Option<&Secrets> {
        self.sessions.get(random)
    }

    /// Notes that the client that presents `name`, a session id or a ticket, has this master secret.
    pub(super) fn remember(&mut self, name: &[u8], master: &Secret) {
        if name.is_empty() || self.resumable.contains_key(name) {
            return;
        }
        if self.resumable.len() >= MOST_RESUMABLE {
            self.resumable.clear();
        }
        self.resumable.insert(name.into(), master.clone());
    }

    /// The master secret for this session id or ticket.
    pub(super) fn recall(&self, name: &[u8]) -> Option<Secret> {
        self.resumable.get(name).cloned()
    }

    fn read_on(&mut self, log: &mut Log) -> io::Result<()> {
        let mut piece = Zeroizing::new(vec![0; PIECE]);
        loop {
            match log.input.read(&mut piece) {
                Ok(0) => break,
                Ok(count) => self.feed(&mut log.line, piece.get(..count).unwrap_or_default()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        // a writer that does not end its last line may still have written all of it
        if !log.line.too_long && self.secret(&log.line.bytes).is_some() {
            log.line.bytes.zeroize();
        }
        Ok(())
    }

    /// Takes in bytes that continue `line`.
    fn feed(&mut self, line: &mut Line, mut bytes: &[u8]) {
        while let Some(end) = memchr(b'\n', bytes) {
            let (head, rest) = bytes.split_at_checked(end).unwrap_or((bytes, &[]));
            line.extend(head);
            self.last_line(line);
            bytes = rest.get(1..).unwrap_or_default();
        }
        line.extend(bytes);
    }

    /// Takes in a line that is complete.
    fn last_line(&mut self, line: &mut Line) {
        let text = line.bytes.trim_ascii();
        match text {
            _ if line.too_long => self.counts.junk += 1,
            [] if line.bytes.is_empty() => {}
            [] | [b'#', ..] => self.counts.comments += 1,
            _ if self.secret(text).is_some() => {}
            _ => self.counts.junk += 1,
        }
        line.bytes.zeroize();
        line.too_long = false;
    }

    /// Takes in the secret of a line; `None` if it is not of the format.
    fn secret(&mut self, line: &[u8]) -> Option<()> {
        let mut words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
        let (label, random, secret) = (words.next()?, words.next()?, words.next()?);
        if words.next().is_some() {
            return None;
        }
        let secret = unhex(secret)?;
        let random = unhex(random)?;
        let slot: fn(&mut Secrets) -> &mut Option<Secret> = match label {
            b"CLIENT_RANDOM" => |s| &mut s.master,
            b"CLIENT_EARLY_TRAFFIC_SECRET" => |s| &mut s.client_early,
            b"CLIENT_HANDSHAKE_TRAFFIC_SECRET" => |s| &mut s.client_handshake,
            b"SERVER_HANDSHAKE_TRAFFIC_SECRET" => |s| &mut s.server_handshake,
            b"CLIENT_TRAFFIC_SECRET_0" => |s| &mut s.client_traffic,
            b"SERVER_TRAFFIC_SECRET_0" => |s| &mut s.server_traffic,
            b"RSA"
            | b"PMS_CLIENT_RANDOM"
            | b"EARLY_EXPORTER_SECRET"
            | b"EXPORTER_SECRET"
            | b"ECH_SECRET"
            | b"ECH_CONFIG" => {
                self.counts.unused += 1;
                return Some(());
            }
            _ => return None,
        };
        let random = Random::try_from(random.as_slice()).ok()?;
        // master secrets are of 48 bytes, traffic secrets as long as their hash
        let master = label == b"CLIENT_RANDOM";
        if secret.len() != 48 && (master || secret.len() != 32) {
            return None;
        }
        let secret = Secret::new(&secret)?;
        *slot(self.session(random)) = Some(secret);
        self.counts.secrets += 1;
        Some(())
    }

    fn session(&mut self, random: Random) -> &mut Secrets {
        if !self.sessions.contains_key(&random) {
            if self.order.len() >= MOST_SESSIONS
                && let Some(oldest) = self.order.pop_front()
            {
                self.sessions.remove(&oldest);
                self.counts.forgotten += 1;
            }
            self.order.push_back(random);
        }
        self.sessions.entry(random).or_default()
    }
}

impl fmt::Debug for KeyLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyLog").field("counts", &self.counts).finish_non_exhaustive()
    }
}

impl Line {
    fn extend(&mut self, bytes: &[u8]) {
        self.too_long |= self.bytes.len() + bytes.len() > LONGEST_LINE;
        if self.too_long {
            self.bytes.zeroize();
        } else {
            // never grown, for growing would leave a copy behind
            if self.bytes.capacity() == 0 {
                self.bytes.reserve_exact(LONGEST_LINE);
            }
            self.bytes.extend_from_slice(bytes);
        }
    }
}

fn unhex(text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let (pairs, []) = text.as_chunks::<2>() else { return None };
    let mut bytes = Zeroizing::new(Vec::with_capacity(pairs.len()));
    for [high, low] in pairs {
        bytes.push((digit(*high)? << 4 | digit(*low)?) as u8);
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    fn line(label: &str, random: u8, secret: &[u8]) -> String {
        let digits =
            |bytes: &[u8]| bytes.iter().map(|b| format!("{b:02x}")).collect::<Vec<_>>().concat();
        format!("{label} {} {}\n", digits(&[random; 32]), digits(secret))
    }

    #[test]
    fn every_line_counts_once() {
        let mut log = KeyLog::new();
        let text = [
            "# comment\n".to_owned(),
            "\r\n".to_owned(),
            line("CLIENT_RANDOM", 1, &[7; 48]).replace('\n', "\r\n"),
            line("CLIENT_RANDOM", 2, &[7; 32]),
            line("SERVER_TRAFFIC_SECRET_0", 3, &[8; 32]).to_uppercase(),
            line("EXPORTER_SECRET", 3, &[8; 32]),
            line("RSA", 3, &[8; 48]),
            line("SERVER_TRAFFIC_SECRET_7", 3, &[8; 32]),
            format!("CLIENT_RANDOM {} x\n", "0".repeat(900)),
            "no key log at all\n".to_owned(),
            line("CLIENT_TRAFFIC_SECRET_0", 3, &[9; 48]).trim_end().to_owned(),
        ]
        .concat();
        log.add(text.as_bytes());
        let counts = KeyLogCounts { secrets: 3, unused: 2, comments: 2, junk: 4, forgotten: 0 };
        assert_eq!(log.counts(), counts);
        assert_eq!(log.find(&[1; 32]).unwrap().master.as_ref().unwrap().bytes(), [7; 48]);
        let third = log.find(&[3; 32]).unwrap();
        assert_eq!(third.server_traffic.as_ref().unwrap().bytes(), [8; 32]);
        assert_eq!(third.client_traffic.as_ref().unwrap().bytes(), [9; 48]);
        assert!(log.find(&[2; 32]).is_none());
        assert!(!format!("{log:?}").contains("0707"), "{log:?}");
    }

    /// A log that another program writes.
    #[derive(Clone, Default)]
    struct Growing(Arc<Mutex<VecDeque<u8>>>);

    impl Growing {
        fn write(&self, text: &str) {
            self.0.lock().unwrap().extend(text.bytes());
        }
    }

    impl Read for Growing {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            self.0.lock().unwrap().read(out)
        }
    }

    #[test]
    fn a_growing_log_is_read_on() {
        let (growing, mut log) = (Growing::default(), KeyLog::new());
        log.follow(growing.clone()).unwrap();
        assert!(log.is_given() && log.find(&[1; 32]).is_none());
        assert!(!log.refresh().unwrap());
        let (first, second) =
            (line("CLIENT_RANDOM", 1, &[1; 48]), line("CLIENT_RANDOM", 2, &[2; 48]));
        growing.write(&first[..60]);
        assert!(!log.refresh().unwrap());
        growing.write(&first[60..first.len() - 1]);
        assert!(log.refresh().unwrap(), "complete but for its end");
        growing.write("\n");
        growing.write(&second);
        assert!(log.refresh().unwrap());
        assert_eq!((log.counts().secrets, log.counts().junk), (2, 0));
        assert!(log.find(&[2; 32]).is_some());
    }
}
