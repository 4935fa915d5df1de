//! Holds the first bytes of a direction until they show what it carries.
//!
//! A sender may cut its bytes anywhere, so nothing is decided by where a segment ends: a start that is
//! too short to be recognized waits for more. What was lost before it is kept with it.

use super::super::field::first;
use super::super::payload::{JUNK_DEPTH, may_be_sip};
use super::super::tls::{looks_like_record, may_begin_record};
use super::super::websocket::{Frames, Upgrade};
use super::reassembly::Run;
use crate::hep::{MAGIC, is_inside};
use crate::net::Origin;

/// What the first bytes of a direction begin.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Start {
    /// TLS records.
    Tls,
    /// HEP packets.
    Hep,
    /// The head of an HTTP request or response.
    Http,
    /// WebSocket frames.
    WebSocket,
    /// What may be SIP.
    Probing,
    /// Nothing that can be read.
    Unreadable,
}

/// What is known of a direction before its first byte.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Known {
    /// Its beginning was missed, so the first bytes may be inside something.
    pub(super) late: bool,
    /// The other direction carries TLS.
    pub(super) peer_is_tls: bool,
    /// The other direction carries WebSocket frames.
    pub(super) peer_is_websocket: bool,
}

impl Known {
    /// What `bytes` begin; `None` while there are too few of them to decide.
    fn start_of(self, bytes: &[u8]) -> Option<Start> {
        if bytes.is_empty() {
            return None;
        }
        if self.peer_is_tls || looks_like_record(bytes) {
            return Some(Start::Tls);
        }
        if bytes.starts_with(MAGIC) || self.late && is_inside(bytes) {
            return Some(Start::Hep);
        }
        if Upgrade::starts(bytes) {
            return Some(Start::Http);
        }
        if MAGIC.starts_with(bytes) || Upgrade::may_start(bytes) || may_begin_record(bytes) {
            return None;
        }
        if self.peer_is_websocket || Frames::may_start(bytes) {
            return Some(Start::WebSocket);
        }
        if self.late || may_be_sip(bytes) {
            return Some(Start::Probing);
        }
        let is_control = first(bytes, 1).is_ascii();
        (!is_control || bytes.len() >= JUNK_DEPTH).then_some(Start::Unreadable)
    }
}

/// The first bytes of a direction, while they are too few.
#[derive(Debug, Default)]
pub(super) struct Opening {
    held: Option<Box<Held>>,
}

/// What is held of a start.
#[derive(Debug)]
struct Held {
    bytes: Vec<u8>,
    lost_before: u64,
    /// Where the last of it was seen.
    last: Origin,
}

/// What was held, joined with what followed.
pub(super) struct Joined {
    pub(super) bytes: Vec<u8>,
    pub(super) lost_before: u64,
    pub(super) last: Origin,
}

impl Opening {
    /// Decides on bytes behind which nothing is missing, or holds them. The end of the direction makes
    /// do with what there is.
    pub(super) fn decide(&mut self, run: &Run<'_>, known: Known) -> Option<Start> {
        let start = known.start_of(run.bytes);
        if start.is_some() {
            return start;
        }
        if run.end && !run.bytes.is_empty() {
            let readable = known.late || may_be_sip(run.bytes);
            return Some(if readable { Start::Probing } else { Start::Unreadable });
        }
        if !run.bytes.is_empty() || run.lost_before > 0 {
            let (bytes, last) = (run.bytes.to_vec(), *run.origin);
            self.held = Some(Box::new(Held { bytes, lost_before: run.lost_before, last }));
        }
        None
    }

    /// Whether anything is held, even if only a loss.
    pub(super) fn is_waiting(&self) -> bool {
        self.held.is_some()
    }

    /// Takes what is held, with `run` behind it.
    pub(super) fn join(&mut self, run: &Run<'_>) -> Option<Joined> {
        let mut joined = self.take()?;
        joined.bytes.extend_from_slice(run.bytes);
        joined.last = *run.origin;
        Some(joined)
    }

    /// Takes what is held.
    pub(super) fn take(&mut self) -> Option<Joined> {
        let Held { bytes, lost_before, last } = *self.held.take()?;
        Some(Joined { bytes, lost_before, last })
    }

    /// Holds nothing but a loss, before the next bytes.
    pub(super) fn lose(&mut self, lost_before: u64, origin: &Origin) {
        self.held = Some(Box::new(Held { bytes: Vec::new(), lost_before, last: *origin }));
    }

    /// What it takes beside its bytes and its place in the reader.
    pub(super) fn memory(&self) -> usize {
        self.held.as_ref().map_or(0, |_| size_of::<Held>())
    }

    /// Bytes held.
    pub(super) fn held(&self) -> usize {
        self.held.as_ref().map_or(0, |held| held.bytes.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starts_are_recognized_once_there_is_enough_of_them() {
        let nul = [&[0; 200][..], b"REGISTER sip:a SIP/2.0"].concat();
        let late = Known { late: true, ..Known::default() };
        let cases: [(&str, &[u8], usize, Start, Known); 9] = [
            ("TLS", &[22, 3, 1, 0, 9, 1], 5, Start::Tls, Known::default()),
            ("TLS joined late", &[23, 3, 3, 0, 9, 1], 5, Start::Tls, late),
            ("no TLS after all", &[22, 3, 1, 0, 0, 1], 256, Start::Unreadable, Known::default()),
            ("HEP", b"HEP3\0\x09", 4, Start::Hep, Known::default()),
            ("like HEP", b"HELLO", 3, Start::Probing, Known::default()),
            ("HTTP", b"HTTP/1.1 101", 7, Start::Http, Known::default()),
            ("SIP", b"REGISTER", 1, Start::Probing, Known::default()),
            ("SIP behind NULs", &nul, 222, Start::Probing, Known::default()),
            ("media", &[0x80, 0], 1, Start::Unreadable, Known::default()),
        ];
        for (name, bytes, enough, start, known) in cases {
            let mut bytes = bytes.to_vec();
            bytes.resize(bytes.len().max(enough), 0);
            for len in 1..enough {
                assert_eq!(known.start_of(&bytes[..len]), None, "{name}, {len}");
            }
            for len in enough..=bytes.len() {
                assert_eq!(known.start_of(&bytes[..len]), Some(start), "{name}, {len}");
            }
        }
    }
}
