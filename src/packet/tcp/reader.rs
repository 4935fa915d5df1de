//! Finds out from the bytes of a direction what they are, and leads them to what reads it.
//!
//! Protocols nest:
//!
//! ```text
//!  TCP bytes ─▶ Reader ─┬──────────────────────────────▶ Outlet: stream bytes, SIP or what may be
//!                       ├─▶ TLS records ─(keys)─┐
//!                       │                       └─▶ Reader::plaintext, a reader of its own
//!                       ├─▶ WebSocket ─────────────────▶ datagrams, a message each
//!                       └─▶ HEP packets ───────────────▶ datagrams, a message each
//! ```
//!
//! What carries a message is in the origin of the run it comes in: the code that unwraps a layer sets the
//! transport of what was inside.

use std::borrow::Cow;

use memchr::memmem;

use crate::hep::MAGIC;

use super::super::Sink;
use super::super::field::first;
use super::super::hep::Hep;
use super::super::limits::Limits;
use super::super::payload::{SIP_VERSION, may_be_sip};
use super::super::stats::Stats;
use super::super::tls::{KeyLog, looks_like_record};
use super::super::websocket::{Frames, Progress, Upgrade};
use super::hep::{self, Packets};
use super::opening::{Joined, Known, Opening, Start};
use super::outlet::Outlet;
use super::reassembly::Run;

/// How deep the start of a segment is searched for a start line that ends the ignoring of a direction.
const START_LINE: usize = 512;

/// What a direction needs of its surroundings to be handed on.
pub(in crate::packet) struct Desk<'d, 's> {
    pub(in crate::packet) limits: &'d Limits,
    pub(in crate::packet) stats: &'d mut Stats,
    pub(in crate::packet) next_stream: &'d mut u64,
    pub(in crate::packet) hep: &'d mut Hep,
    pub(in crate::packet) keys: &'d mut KeyLog,
    pub(in crate::packet) sink: &'d mut Sink<'s>,
}

/// What a direction carries.
#[derive(Debug)]
enum Content {
    /// Not known yet.
    Opening(Opening),
    /// No sign of SIP yet: bytes read, and how much of `SIP/2.0` their end may be.
    Probing { read: usize, matched: usize },
    /// SIP in clear.
    Sip,
    /// TLS records; what is inside them has a reader of its own.
    Tls(Box<Tls>),
    /// HEP packets.
    Hep(Box<Packets>),
    /// The head of an HTTP request or response, behind which WebSocket frames may follow.
    Http(Box<Http>),
    /// WebSocket frames.
    WebSocket(Box<Frames>),
    /// Something else, until a segment starts like one of the above.
    Ignored,
    /// Ciphered data, which cannot show anything more.
    Sealed,
}

impl Default for Content {
    fn default() -> Self {
        Self::Opening(Opening::default())
    }
}

/// A head of HTTP while it is read.
#[derive(Debug, Default)]
struct Http {
    upgrade: Upgrade,
    /// The frames it came behind, which go on if it is no upgrade.
    frames: Option<Box<Frames>>,
}

/// TLS records, to be read by the holder of both directions.
pub(super) struct Records<'a> {
    pub(super) bytes: Cow<'a, [u8]>,
    pub(super) lost_before: u64,
}

/// The layer of TLS in a direction.
#[derive(Debug, Default)]
struct Tls {
    /// Reads what the records hold in clear, once they are opened.
    inside: Reader,
    /// Whether the records were read from the beginning on.
    read: bool,
}

/// The reader of one direction, or of the plaintext inside one.
#[derive(Debug, Default)]
pub(super) struct Reader {
    content: Content,
    outlet: Outlet,
    known: Known,
}

impl Reader {
    /// Whether bytes need not be put in order for this reader.
    pub(super) fn is_deaf(&self) -> bool {
        matches!(self.content, Content::Ignored | Content::Sealed)
    }

    /// Whether a segment of an ignored direction starts something that can be read after all.
    pub(super) fn wakes_at(&self, segment: &[u8]) -> bool {
        matches!(self.content, Content::Ignored)
            && (looks_like_record(segment)
                || segment.starts_with(MAGIC)
                || Frames::may_start(segment)
                || (self.known.peer_is_websocket && Frames::may_resume(segment))
                || Upgrade::may_upgrade(segment)
                || memmem::find(first(segment, START_LINE), SIP_VERSION).is_some())
    }

    /// Starts over.
    pub(super) fn wake(&mut self) {
        self.content = Content::default();
    }

    /// Nothing more will be learned from this direction.
    pub(super) fn seal(&mut self) {
        self.content = Content::Sealed;
    }

    /// Whether it carries TLS.
    pub(super) fn is_tls(&self) -> bool {
        matches!(self.content, Content::Tls(_))
    }

    /// Whether it was found to carry TLS just now.
    pub(super) fn is_new_in_tls(&mut self) -> bool {
        match &mut self.content {
            Content::Tls(tls) => !std::mem::replace(&mut tls.read, true),
            _ => false,
        }
    }

    /// Reads bytes in order, unless they are TLS records: these are handed back for the holder of both
    /// directions. `from_start` says that nothing of the direction was missed before the first of them.
    pub(super) fn read<'a>(
        &mut self,
        run: &Run<'a>,
        from_start: bool,
        desk: &mut Desk<'_, '_>,
    ) -> Option<Records<'a>> {
        let Content::Opening(opening) = &mut self.content else { return self.follow(*run, desk) };
        if opening.is_waiting() {
            if run.lost_before > 0 {
                self.settle(run.lost_before, desk);
            }
        } else {
            self.known.late = !from_start || run.lost_before > 0;
        }
        let Content::Opening(opening) = &mut self.content else { return self.follow(*run, desk) };
        let Some(Joined { bytes, lost_before, .. }) = opening.join(run) else {
            return self.open(run, desk);
        };
        let records = self.open(&Run { bytes: &bytes, lost_before, ..*run }, desk)?;
        Some(Records { bytes: Cow::Owned(records.bytes.into_owned()), ..records })
    }

    /// Finds out what the first bytes begin, and reads them if that is certain.
    fn open<'a>(&mut self, run: &Run<'a>, desk: &mut Desk<'_, '_>) -> Option<Records<'a>> {
        let Content::Opening(opening) = &mut self.content else { return None };
        let start = opening.decide(run, self.known)?;
        if start != Start::Probing {
            self.outlet.finish(0, desk);
        }
        self.content = match start {
            Start::Tls => Content::Tls(Box::default()),
            Start::Hep => Content::Hep(Box::default()),
            Start::Http => Content::Http(Box::default()),
            Start::WebSocket => Content::WebSocket(Box::new(Frames::midway())),
            Start::Probing => Content::Probing { read: 0, matched: 0 },
            Start::Unreadable => {
                self.ignore(desk);
                return None;
            }
        };
        self.follow(*run, desk)
    }

    /// Reads on in what the direction is known to carry; one content may lead to another.
    fn follow<'a>(&mut self, mut run: Run<'a>, desk: &mut Desk<'_, '_>) -> Option<Records<'a>> {
        self.recognize_again(&run, desk);
        loop {
            let rest = match &mut self.content {
                Content::Opening(_) => return self.open(&run, desk),
                Content::Probing { .. } => {
                    self.probe(&run, desk);
                    None
                }
                Content::Sip => {
                    self.outlet.hand_on(&run, desk);
                    None
                }
                Content::Http(_) => self.http(&run, desk),
                Content::WebSocket(_) => self.frames(&run, desk),
                Content::Hep(packets) => {
                    packets.read(&run, desk);
                    None
                }
                Content::Tls(_) => {
                    let (bytes, lost_before) = (Cow::Borrowed(run.bytes), run.lost_before);
                    return Some(Records { bytes, lost_before });
                }
                Content::Ignored | Content::Sealed => None,
            };
            run = rest?;
        }
    }

    /// Checks whether a run in the middle of what may be SIP shows that it is something else; SIP that was
    /// seen from its beginning on stays SIP.
    fn recognize_again(&mut self, run: &Run<'_>, desk: &mut Desk<'_, '_>) {
        match self.content {
            Content::Probing { read: 1.., .. } => {}
            Content::Sip if self.known.late => {}
            _ => return,
        }
        let content = if self.known.late && hep::resumes(run.bytes) {
            Content::Hep(Box::default())
        } else if self.known.peer_is_websocket || Frames::may_start(run.bytes) {
            Content::WebSocket(Box::new(Frames::midway()))
        } else {
            return;
        };
        self.outlet.finish(0, desk);
        self.content = content;
    }

    /// Hands on a start that stays too short to be recognized, if it may be SIP: bytes are missing
    /// behind it, and what follows them is a start of its own.
    fn settle(&mut self, lost: u64, desk: &mut Desk<'_, '_>) -> bool {
        let Content::Opening(opening) = &mut self.content else { return false };
        let Some(Joined { bytes, mut lost_before, last }) = opening.take() else { return false };
        // in a direction joined late anything may be inside SIP
        let may_be_sip = self.known.late || may_be_sip(&bytes);
        if may_be_sip && !bytes.is_empty() {
            let run = Run { bytes: &bytes, lost_before, origin: &last, end: false };
            self.outlet.hand_on(&run, desk);
            lost_before = 0;
        } else {
            // what cannot be read is part of the gap
            lost_before += bytes.len() as u64;
        }
        opening.lose(lost_before + lost, &last);
        self.known.late = true;
        may_be_sip
    }

    /// Reads WebSocket frames; gives back what may be a head of HTTP.
    fn frames<'a>(&mut self, run: &Run<'a>, desk: &mut Desk<'_, '_>) -> Option<Run<'a>> {
        let Content::WebSocket(frames) = &mut self.content else { return None };
        let bytes = frames.read(run, desk)?;
        let frames = std::mem::replace(frames, Box::new(Frames::midway()));
        let upgrade = Upgrade::default();
        self.content = Content::Http(Box::new(Http { upgrade, frames: Some(frames) }));
        Some(Run { bytes, lost_before: 0, ..*run })
    }

    /// Reads a head of HTTP; gives back what follows it.
    fn http<'a>(&mut self, run: &Run<'a>, desk: &mut Desk<'_, '_>) -> Option<Run<'a>> {
        let Content::Http(http) = &mut self.content else { return None };
        let lost = run.lost_before > 0 && http.upgrade.held() > 0;
        let progress = if lost { Progress::NotHttp } else { http.upgrade.read(run.bytes) };
        let bytes = match progress {
            Progress::Unfinished => {
                if run.end {
                    self.end_http(desk);
                }
                return None;
            }
            Progress::Upgraded(bytes) => {
                self.content = Content::WebSocket(Box::new(Frames::from_start()));
                return Some(Run { bytes, lost_before: 0, ..*run });
            }
            Progress::Http(bytes) => bytes,
            Progress::NotHttp => run.bytes,
        };
        let Http { upgrade, frames } = std::mem::take(&mut **http);
        if let Some(mut frames) = frames {
            frames.stray(upgrade.held(), desk);
            self.content = Content::WebSocket(frames);
        } else if lost {
            self.known.late = true;
            self.content = Content::default();
            let lost_before = run.lost_before + upgrade.held() as u64;
            return Some(Run { lost_before, ..*run });
        } else if bytes.is_empty() && run.end {
            self.ignore(desk);
        } else if !bytes.is_empty() && !Upgrade::may_start(bytes) {
            // a body, or something of another kind: from here on it is ignored as segments are
            self.ignore(desk);
            if !self.wakes_at(bytes) {
                return None;
            }
            self.wake();
            self.known.late = true;
        }
        Some(Run { bytes, lost_before: 0, ..*run }).filter(|run| !run.bytes.is_empty() || run.end)
    }

    /// Nothing follows the start of a head.
    fn end_http(&mut self, desk: &mut Desk<'_, '_>) {
        let Content::Http(http) = &mut self.content else { return };
        let Http { upgrade, frames } = std::mem::take(&mut **http);
        match frames {
            Some(mut frames) => {
                frames.stray(upgrade.held(), desk);
                frames.finish(0, desk);
                self.content = Content::WebSocket(frames);
            }
            None => self.ignore(desk),
        }
    }

    /// Reads what the TLS records of this direction hold: bytes in order, from the first application
    /// data on, `run.origin.transport` being [`Transport::Tls`](crate::net::Transport::Tls).
    ///
    /// Contents are found out as those of TCP are. `from_start` says that nothing was missed before
    /// the first of them; losses are in `run.lost_before`.
    pub(super) fn plaintext(&mut self, run: &Run<'_>, from_start: bool, desk: &mut Desk<'_, '_>) {
        if let Content::Tls(tls) = &mut self.content {
            // TLS inside TLS is not read
            let _records = tls.inside.read(run, from_start, desk);
        }
    }

    /// Hands bytes on while they may be SIP, until they are or there were too many.
    fn probe(&mut self, run: &Run<'_>, desk: &mut Desk<'_, '_>) {
        let Content::Probing { read, matched } = &mut self.content else { return };
        *read += run.bytes.len();
        if run.lost_before > 0 {
            *matched = 0;
        }
        let over = *read >= desk.limits.probe_bytes;
        let found = has_version(matched, run.bytes);
        if found {
            self.content = Content::Sip;
        }
        self.outlet.hand_on(run, desk);
        if over && !found {
            self.outlet.close(run.origin, desk);
            self.ignore(desk);
        }
    }

    /// Ends what was begun and not ended; `lost` bytes are missing at its end.
    pub(super) fn finish(&mut self, lost: u64, desk: &mut Desk<'_, '_>) {
        if let Content::Opening(opening) = &self.content
            && opening.held() > 0
            && !self.settle(0, desk)
        {
            self.ignore(desk);
        }
        self.outlet.finish(lost, desk);
        match &mut self.content {
            Content::Tls(tls) => tls.inside.finish(lost, desk),
            Content::Hep(packets) => packets.give_up(desk),
            Content::WebSocket(frames) => frames.finish(lost, desk),
            Content::Http(_) => self.end_http(desk),
            _ => {}
        }
    }

    /// Whether it carries WebSocket frames, inside TLS or not.
    pub(super) fn is_websocket(&self) -> bool {
        match &self.content {
            Content::WebSocket(frames) => frames.has_any(),
            Content::Http(http) => http.frames.as_ref().is_some_and(|frames| frames.has_any()),
            Content::Tls(tls) => tls.inside.is_websocket(),
            _ => false,
        }
    }

    /// Notes that the other direction carries WebSocket frames.
    pub(super) fn peer_is_websocket(&mut self) {
        match &mut self.content {
            Content::Tls(tls) => tls.inside.peer_is_websocket(),
            _ => self.known.peer_is_websocket = true,
        }
    }

    /// Notes that the other direction carries TLS.
    pub(super) fn peer_is_tls(&mut self) {
        self.known.peer_is_tls = true;
    }

    /// What it takes beside its own place and the bytes of [`Self::held`].
    pub(super) fn memory(&self) -> usize {
        let content = match &self.content {
            Content::Opening(opening) => opening.memory(),
            Content::Http(http) => {
                let frames = http.frames.as_ref().map_or(0, |_| size_of::<Frames>());
                size_of::<Http>() + frames
            }
            Content::WebSocket(_) => size_of::<Frames>(),
            Content::Hep(_) => size_of::<Packets>(),
            Content::Tls(tls) => size_of::<Tls>() + tls.inside.memory(),
            Content::Probing { .. } | Content::Sip | Content::Ignored | Content::Sealed => 0,
        };
        self.outlet.memory() + content
    }

    /// Whether it carries something this program reads, as far as is known.
    pub(super) fn is_of_use(&self) -> bool {
        match &self.content {
            Content::Sip | Content::Hep(_) | Content::WebSocket(_) => true,
            Content::Tls(tls) => tls.inside.is_of_use(),
            Content::Http(http) => http.frames.is_some(),
            _ => false,
        }
    }

    /// Bytes kept of messages that are not yet whole.
    pub(super) fn held(&self) -> usize {
        match &self.content {
            Content::Opening(opening) => opening.held(),
            Content::Http(http) => {
                let frames = http.frames.as_ref().map_or(0, |frames| frames.held());
                http.upgrade.held() + frames
            }
            Content::WebSocket(frames) => frames.held(),
            Content::Hep(packets) => packets.held(),
            Content::Tls(tls) => tls.inside.held(),
            Content::Probing { .. } | Content::Sip | Content::Ignored | Content::Sealed => 0,
        }
    }

    /// Gives up the message that is not yet whole.
    pub(super) fn give_up(&mut self, desk: &mut Desk<'_, '_>) {
        match &mut self.content {
            Content::Opening(opening) => {
                opening.take();
            }
            Content::Http(_) => self.ignore(desk),
            Content::WebSocket(frames) => frames.give_up(desk),
            Content::Hep(packets) => packets.give_up(desk),
            Content::Tls(tls) => tls.inside.give_up(desk),
            Content::Probing { .. } | Content::Sip | Content::Ignored | Content::Sealed => {}
        }
    }

    pub(super) fn ignore(&mut self, desk: &mut Desk<'_, '_>) {
        self.content = Content::Ignored;
        desk.stats.streams_ignored += 1;
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
mod tests;
