//! Decides from the bytes of a direction what becomes of it: handed on, followed as TLS, or ignored.

use memchr::memmem;

use super::super::Sink;
use super::super::event::{Event, StreamChunk};
use super::super::field::first;
use super::super::limits::Limits;
use super::super::payload::{SIP_VERSION, may_be_sip};
use super::super::stats::Stats;
use super::reassembly::Run;
use super::tls::{Records, Signs, looks_like_record};
use crate::net::Origin;

/// How deep the start of a segment is searched for a start line that ends the ignoring of a direction.
const START_LINE: usize = 512;

/// What a direction needs of its surroundings to be handed on.
pub(super) struct Desk<'d, 's> {
    pub(super) limits: &'d Limits,
    pub(super) stats: &'d mut Stats,
    pub(super) next_stream: &'d mut u64,
    pub(super) sink: &'d mut Sink<'s>,
}

#[derive(Debug)]
enum Mode {
    /// No sign of SIP yet: bytes read, and how much of `SIP/2.0` their end may be.
    Probing { read: usize, matched: usize },
    /// Carries SIP.
    Sip,
    /// Carries TLS records.
    Tls(Records),
    /// Carries something else, until a segment starts like SIP or TLS.
    Ignored,
    /// Carries ciphered data and cannot tell anything more.
    Sealed,
}

impl Default for Mode {
    fn default() -> Self {
        Self::Probing { read: 0, matched: 0 }
    }
}

/// The stream a direction is handed on as.
#[derive(Debug)]
struct Open {
    id: u64,
    last: Origin,
}

/// The reader of one direction.
#[derive(Debug, Default)]
pub(super) struct Reader {
    mode: Mode,
    open: Option<Box<Open>>,
}

impl Reader {
    /// Whether bytes need not be put in order for this reader.
    pub(super) fn is_deaf(&self) -> bool {
        matches!(self.mode, Mode::Ignored | Mode::Sealed)
    }

    /// Whether a segment of an ignored direction starts something that can be read after all.
    pub(super) fn wakes_at(&self, segment: &[u8]) -> bool {
        matches!(self.mode, Mode::Ignored)
            && (looks_like_record(segment)
                || memmem::find(first(segment, START_LINE), SIP_VERSION).is_some())
    }

    /// Starts anew.
    pub(super) fn wake(&mut self) {
        self.mode = Mode::default();
    }

    /// Nothing more will be learnt from this direction.
    pub(super) fn seal(&mut self) {
        self.mode = Mode::Sealed;
    }

    /// Reads bytes in order; `from_start` says that nothing of the direction was missed.
    pub(super) fn read(
        &mut self,
        run: &Run<'_>,
        from_start: bool,
        desk: &mut Desk<'_, '_>,
    ) -> Signs {
        desk.stats.tcp_lost_bytes += run.lost_before;
        if let Mode::Probing { read: 0, .. } = self.mode
            && looks_like_record(run.bytes)
        {
            self.mode = Mode::Tls(Records::default());
        }
        match &mut self.mode {
            Mode::Probing { .. } => self.probe(run, from_start, desk),
            Mode::Sip => self.hand_on(run, desk),
            Mode::Tls(records) => {
                if run.lost_before > 0 {
                    *records = Records::default();
                }
                let signs = records.read(run.bytes);
                if signs.lost {
                    self.ignore(desk);
                }
                return signs;
            }
            Mode::Ignored | Mode::Sealed => {}
        }
        Signs::default()
    }

    /// Hands bytes on while they may be SIP, until they are or there were too many.
    fn probe(&mut self, run: &Run<'_>, from_start: bool, desk: &mut Desk<'_, '_>) {
        let Mode::Probing { read, matched } = &mut self.mode else { return };
        if *read == 0 && from_start && !run.bytes.is_empty() && !may_be_sip(run.bytes) {
            return self.ignore(desk);
        }
        *read += run.bytes.len();
        if run.lost_before > 0 {
            *matched = 0;
        }
        let over = *read >= desk.limits.probe_bytes;
        let found = has_version(matched, run.bytes);
        if found {
            self.mode = Mode::Sip;
        }
        self.hand_on(run, desk);
        if over && !found {
            self.close(0, run.origin, desk);
            self.ignore(desk);
        }
    }

    /// Ends the stream if it was begun and not ended; `lost` bytes are missing at its end.
    pub(super) fn finish(&mut self, lost: u64, desk: &mut Desk<'_, '_>) {
        if let Some(last) = self.open.as_ref().map(|open| open.last) {
            desk.stats.tcp_lost_bytes += lost;
            self.close(lost, &last, desk);
        }
    }

    fn ignore(&mut self, desk: &mut Desk<'_, '_>) {
        self.mode = Mode::Ignored;
        desk.stats.streams_ignored += 1;
    }

    fn close(&mut self, lost_before: u64, origin: &Origin, desk: &mut Desk<'_, '_>) {
        if let Some(open) = self.open.take() {
            let chunk = StreamChunk { stream: open.id, origin, lost_before, bytes: &[], end: true };
            (desk.sink)(Event::Stream(chunk));
        }
    }

    fn hand_on(&mut self, run: &Run<'_>, desk: &mut Desk<'_, '_>) {
        if run.bytes.is_empty() && self.open.is_none() {
            return;
        }
        let mut lost_before = run.lost_before;
        let open = self.open.get_or_insert_with(|| {
            *desk.next_stream += 1;
            Box::new(Open { id: *desk.next_stream, last: *run.origin })
        });
        if lost_before > 0 && !run.bytes.is_empty() {
            // what the loss cuts short was seen before it
            let (stream, origin) = (open.id, &open.last);
            let loss = StreamChunk { stream, origin, lost_before, bytes: &[], end: false };
            (desk.sink)(Event::Stream(loss));
            lost_before = 0;
        }
        open.last = *run.origin;
        (desk.sink)(Event::Stream(StreamChunk {
            stream: open.id,
            origin: run.origin,
            lost_before,
            bytes: run.bytes,
            end: run.end,
        }));
        if run.end {
            self.open = None;
        }
    }
}

/// Looks for `SIP/2.0` in bytes that continue others, of which the last `matched` may be its start.
fn has_version(matched: &mut usize, bytes: &[u8]) -> bool {
    for &byte in bytes {
        // its first letter comes only once, so a mismatch can only start over
        if SIP_VERSION.get(*matched) == Some(&byte) {
            *matched += 1;
        } else {
            *matched = usize::from(SIP_VERSION.first() == Some(&byte));
        }
        if *matched == SIP_VERSION.len() {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_is_found_across_chunks() {
        let text = b"REGISTER sip:a SSIP/2.0\r\n";
        for cut in 0..text.len() {
            let mut matched = 0;
            let (head, tail) = text.split_at(cut);
            assert!(has_version(&mut matched, head) || has_version(&mut matched, tail), "{cut}");
        }
        assert!(!has_version(&mut 0, b"HTTP/1.1 SIP/1.0"));
    }
}
