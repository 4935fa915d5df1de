//! Takes SIP messages out of one direction of a WebSocket connection (RFC 6455, RFC 7118).

mod deflate;
mod frame;
mod message;
mod upgrade;

#[cfg(test)]
mod tests;

pub(super) use upgrade::{Progress, Upgrade};

use super::tcp::{Desk, Run};
use crate::net::Origin;
use frame::{Header, Kind, LONGEST_HEADER, Parsed};
use message::Assembly;

/// Where in the frames of a direction we are.
#[derive(Clone, Copy, Debug)]
enum Place {
    /// In a header, `have` bytes of which are known.
    Header { have: usize },
    /// In a payload.
    Payload { header: Header, done: u64 },
    /// Behind a loss, or where no frame can be.
    Lost,
}

/// One direction of a connection, from the first frame on.
#[derive(Debug)]
pub(super) struct Frames {
    place: Place,
    header: [u8; LONGEST_HEADER],
    assembly: Assembly,
    /// Whether any frame was found.
    found: bool,
    /// Where the last bytes were seen.
    last: Option<Origin>,
}

impl Frames {
    /// A direction whose next byte begins a frame.
    pub(super) fn from_start() -> Self {
        Self {
            place: Place::Header { have: 0 },
            header: [0; LONGEST_HEADER],
            assembly: Assembly::default(),
            found: false,
            last: None,
        }
    }

    /// A direction joined midway.
    pub(super) fn midway() -> Self {
        Self { place: Place::Lost, ..Self::from_start() }
    }

    /// Whether bytes start with a frame that holds the start of a SIP message.
    pub(super) fn may_start(bytes: &[u8]) -> bool {
        frame::starts_message(bytes)
    }

    /// Whether a segment of a connection that is known to carry frames starts with one.
    pub(super) fn may_resume(segment: &[u8]) -> bool {
        frame::find(segment) == Some(0)
    }

    /// Whether any frame was found.
    pub(super) fn has_any(&self) -> bool {
        self.found
    }

    /// Bytes kept.
    pub(super) fn held(&self) -> usize {
        self.assembly.held()
    }

    /// Reads bytes in order; whole messages go to the sink as datagrams. Gives back the bytes from the
    /// place where a head of HTTP may begin instead of a frame: an upgrade that was refused is asked
    /// for again.
    pub(super) fn read<'a>(&mut self, run: &Run<'a>, desk: &mut Desk<'_, '_>) -> Option<&'a [u8]> {
        if run.lost_before > 0 {
            self.skip(run.lost_before, desk);
        }
        if !run.bytes.is_empty() {
            self.last = Some(*run.origin);
        }
        let mut bytes = run.bytes;
        if matches!(self.place, Place::Lost) && Upgrade::may_upgrade(bytes) {
            return Some(bytes);
        }
        while !bytes.is_empty() {
            bytes = match self.place {
                // neither letter begins a frame
                Place::Header { have: 0 } if Upgrade::may_start(bytes) => return Some(bytes),
                Place::Header { have } => self.header(have, bytes, run.origin, desk),
                Place::Payload { header, done } => {
                    self.payload(header, done, bytes, run.origin, desk)
                }
                Place::Lost => self.find(bytes, desk),
            };
        }
        if run.end {
            self.finish(0, desk);
        }
        None
    }

    /// `bytes` bytes between two frames turned out to be neither a frame nor an upgrade.
    pub(super) fn stray(&mut self, bytes: usize, desk: &mut Desk<'_, '_>) {
        desk.stats.websocket_skipped_bytes += bytes as u64;
        self.assembly.cut(self.last.as_ref(), desk);
        self.place = Place::Lost;
    }

    /// Nothing will follow; `lost` bytes are missing at the end.
    pub(super) fn finish(&mut self, lost: u64, desk: &mut Desk<'_, '_>) {
        if lost > 0 {
            self.skip(lost, desk);
        }
        self.assembly.cut(self.last.as_ref(), desk);
        self.assembly = Assembly::default();
        self.place = Place::Lost;
    }

    /// Gives up what is kept, to stay within the limits.
    pub(super) fn give_up(&mut self, desk: &mut Desk<'_, '_>) {
        self.assembly.give_up(desk);
    }

    /// Goes past bytes that were never captured; within a payload the frames are not lost sight of.
    fn skip(&mut self, lost: u64, desk: &mut Desk<'_, '_>) {
        let Place::Payload { header, done } = self.place else {
            self.assembly.cut(self.last.as_ref(), desk);
            self.place = Place::Lost;
            return;
        };
        if header.kind != Kind::Control || lost > header.length - done {
            self.assembly.cut(self.last.as_ref(), desk);
        }
        if lost > header.length - done {
            self.place = Place::Lost;
        } else {
            self.advance(header, done + lost, None, desk);
        }
    }

    fn header<'a>(
        &mut self,
        mut have: usize,
        mut bytes: &'a [u8],
        origin: &Origin,
        desk: &mut Desk<'_, '_>,
    ) -> &'a [u8] {
        while let Some((&byte, rest)) = bytes.split_first() {
            if let Some(slot) = self.header.get_mut(have) {
                *slot = byte;
            }
            have += 1;
            match frame::parse(self.header.get(..have).unwrap_or_default()) {
                Parsed::Incomplete => bytes = rest,
                Parsed::Header(header) => {
                    self.found = true;
                    if header.kind != Kind::Control {
                        self.assembly.begin(&header, self.last.as_ref(), desk);
                    }
                    self.advance(header, 0, Some(origin), desk);
                    return rest;
                }
                Parsed::Invalid => {
                    // the byte itself is examined again: a frame may begin there
                    self.stray(have - 1, desk);
                    return bytes;
                }
            }
        }
        self.place = Place::Header { have };
        bytes
    }

    fn payload<'a>(
        &mut self,
        header: Header,
        done: u64,
        bytes: &'a [u8],
        origin: &Origin,
        desk: &mut Desk<'_, '_>,
    ) -> &'a [u8] {
        let left = usize::try_from(header.length - done).unwrap_or(usize::MAX);
        let (now, rest) = bytes.split_at_checked(left).unwrap_or((bytes, &[]));
        if header.kind != Kind::Control {
            let phase = (done % header.mask.len() as u64) as usize;
            self.assembly.extend(now, header.mask, phase);
        }
        self.advance(header, done + now.len() as u64, Some(origin), desk);
        rest
    }

    /// Notes how much of a payload is done; the end of a message's last frame completes it in the
    /// packet of `origin`, or never if that was not captured.
    fn advance(
        &mut self,
        header: Header,
        done: u64,
        origin: Option<&Origin>,
        desk: &mut Desk<'_, '_>,
    ) {
        if done < header.length {
            self.place = Place::Payload { header, done };
            return;
        }
        self.place = Place::Header { have: 0 };
        if header.kind != Kind::Control && header.fin {
            self.assembly.complete(origin, desk);
        }
    }

    /// Looks for the next frame behind a loss.
    fn find<'a>(&mut self, bytes: &'a [u8], desk: &mut Desk<'_, '_>) -> &'a [u8] {
        let found = frame::find(bytes);
        let skipped = found.unwrap_or(bytes.len());
        desk.stats.websocket_skipped_bytes += skipped as u64;
        if found.is_some() {
            self.place = Place::Header { have: 0 };
        }
        bytes.get(skipped..).unwrap_or_default()
    }
}
