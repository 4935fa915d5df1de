//! Hands the bytes of one direction on as a stream, with each loss reported where it is.

use super::super::event::{Event, StreamChunk};
use super::reader::Desk;
use super::reassembly::Run;
use crate::net::Origin;

/// The stream a direction is handed on as.
#[derive(Debug)]
struct Open {
    id: u64,
    last: Origin,
}

/// Where bytes of a direction leave it as a stream.
#[derive(Debug, Default)]
pub(super) struct Outlet {
    open: Option<Box<Open>>,
}

impl Outlet {
    /// Hands bytes on.
    pub(super) fn hand_on(&mut self, run: &Run<'_>, desk: &mut Desk<'_, '_>) {
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

    /// What it takes beside its place in the reader.
    pub(super) fn memory(&self) -> usize {
        self.open.as_ref().map_or(0, |_| size_of::<Open>())
    }

    /// Ends the stream, if it was begun and not ended, in the frame that is being read.
    pub(super) fn close(&mut self, origin: &Origin, desk: &mut Desk<'_, '_>) {
        if let Some(open) = self.open.take() {
            end(open.id, origin, 0, desk);
        }
    }

    /// Ends the stream, if it was begun and not ended, in its last frame; `lost_before` bytes are
    /// missing at its end.
    pub(super) fn finish(&mut self, lost_before: u64, desk: &mut Desk<'_, '_>) {
        if let Some(open) = self.open.take() {
            end(open.id, &open.last, lost_before, desk);
        }
    }
}

fn end(stream: u64, origin: &Origin, lost_before: u64, desk: &mut Desk<'_, '_>) {
    let chunk = StreamChunk { stream, origin, lost_before, bytes: &[], end: true };
    (desk.sink)(Event::Stream(chunk));
}
