//! Follows the HEP packets in a direction of a connection, and opens each.

use super::super::field::first;
use super::reader::Desk;
use super::reassembly::Run;
use crate::hep::{Framer, MAGIC, is_inside};
use crate::net::{Cut, Origin};

/// The HEP packets of one direction.
#[derive(Debug, Default)]
pub(super) struct Packets {
    framer: Framer,
    /// Where its latest bytes were seen.
    last: Option<Origin>,
}

/// Whether the first bytes of a direction show that it carries HEP. In a direction whose beginning was
/// missed they stand inside a packet.
pub(super) fn begins(bytes: &[u8], from_start: bool) -> bool {
    let magic = first(bytes, MAGIC.len());
    !magic.is_empty() && MAGIC.starts_with(magic) || !from_start && is_inside(bytes)
}

impl Packets {
    /// Reads on.
    pub(super) fn read(&mut self, run: &Run<'_>, desk: &mut Desk<'_, '_>) {
        if run.lost_before > 0 {
            self.give_up(desk);
        }
        let held = self.framer.held();
        let Desk { hep, limits, stats, sink, .. } = desk;
        let mut open = |packet: &[u8]| {
            hep.packets(packet, run.origin, limits, &mut stats.hep, *sink);
        };
        let skipped = self.framer.push(run.bytes, &mut open);
        stats.hep.lost_bytes += skipped;
        hep.held = hep.held - held + self.framer.held();
        self.last = Some(*run.origin);
        if run.end || hep.held > limits.held_total {
            self.give_up(desk);
        }
    }

    /// Opens what there is of the unfinished packet: nothing that is known follows it.
    pub(super) fn give_up(&mut self, desk: &mut Desk<'_, '_>) {
        let Desk { hep, limits, stats, sink, .. } = desk;
        hep.held -= self.framer.held();
        let unfinished = self.framer.take();
        if let Some(mut origin) = self.last
            && !unfinished.is_empty()
        {
            origin.path.cut = Some(Cut::LostSegments);
            if !hep.packets(&unfinished, &origin, limits, &mut stats.hep, *sink) {
                stats.hep.lost_bytes += unfinished.len() as u64;
            }
        }
    }
}
