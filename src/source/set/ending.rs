//! Closes the files of a set, and warns of what was wrong with them.

use std::iter::once;

use super::{CaptureSet, Slot};
use crate::net::FileId;
use crate::source::error::{Warning, WarningKind};

impl CaptureSet {
    /// Closes a file and says what was wrong with it.
    #[cold]
    pub(super) fn finish(&mut self, index: usize) {
        let slot = self.slots.get_mut(index).map(|slot| std::mem::replace(slot, Slot::Done));
        let Some(Slot::Open(reader)) = slot else { return };
        if let Some(info) = self.files.get_mut(index) {
            info.note(&reader);
            // A damaged file ends before its last byte.
            self.done_bytes += reader.input().position().max(info.size.unwrap_or(0));
        }
        if let Some(damage) = reader.damage() {
            self.warn(index, Some(damage.offset), WarningKind::Damaged(damage.clone()));
        }
        if reader.untimed() > 0 {
            self.warn(index, None, WarningKind::Untimed(reader.untimed()));
        }
        let stamps = reader.stamps();
        if let Some((first, off)) = stamps.first {
            let packets = stamps.misstamped;
            self.warn(index, None, WarningKind::Misstamped { packets, first, off });
        }
        for &(number, by) in &stamps.steps {
            self.warn(index, None, WarningKind::ClockSet { number, by });
        }
        let known = once(self.clock.1).chain(stamps.steps.into_iter().map(|(_, by)| by));
        self.clock = (
            self.clock.0 + stamps.times_set,
            known.max_by_key(|by| by.unsigned_abs()).unwrap_or(0),
        );
        if reader.secrets_unused() > 0 {
            self.warn(index, None, WarningKind::SecretsUnused(reader.secrets_unused()));
        }
    }

    pub(super) fn warn(&mut self, index: usize, offset: Option<u64>, kind: WarningKind) {
        let Some(info) = self.files.get(index) else { return };
        let file = Some(FileId(index as u16));
        self.warnings.push(Warning { file, path: info.path.clone(), offset, kind });
    }
}
