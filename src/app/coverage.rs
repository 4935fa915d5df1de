//! Gives the model what each input covers: logs among captures are witnesses of the same messages.

use super::reader::Read;
use crate::capture::{Compared, LogInfo};
use crate::net::{FileId, FrameRef, Timestamp};
use crate::registration::Coverage;
use crate::source::Format;

/// What each log covers, and what all captures together do; nothing where there is no log.
pub(super) fn of(read: &Read) -> Vec<Coverage> {
    if read.logs.is_empty() {
        return Vec::new();
    }
    let mut all = Vec::new();
    let files = read.set.files().iter().enumerate();
    let captures = files.filter(|(_, file)| file.format != Format::Log);
    let captures: Vec<_> = captures.map(|(place, _)| FileId(place as u16)).collect();
    if let Some(span) = read.captured {
        let (local, steps) = (Vec::new(), Vec::new());
        all.push(Coverage { files: captures, is_log: false, span, local, clock: 0, steps });
    }
    for log in &read.logs {
        add(&mut all, log);
    }
    all
}

/// Adds a file of a log; that which it goes on from comes before it.
fn add(all: &mut Vec<Coverage>, log: &LogInfo) {
    let steps = log.profile.clock.steps.iter();
    let steps = steps.map(|(line, by)| (FrameRef::new(log.file, *line), *by));
    let of = |all: &[Coverage], file: FileId| {
        all.iter().position(|known| known.is_log && known.files.contains(&file))
    };
    let Some((first, last)) = log.profile.first.zip(log.profile.last) else { return };
    let span = (log.counted(first), log.counted(last));
    if let Some(before) = log.continues.and_then(|file| of(all, file))
        && let Some(known) = all.get_mut(before)
    {
        known.files.push(log.file);
        known.span.1 = known.span.1.max(span.1);
        known.steps.extend(steps);
        return;
    }
    let clock = match log.compared {
        Compared::Measured(offset) => match offset.with {
            None => Some(0),
            Some(file) => of(all, file).and_then(|at| all.get(at)).map(|known| known.clock),
        },
        Compared::Alone | Compared::Unknown { .. } => None,
    };
    all.push(Coverage {
        files: vec![log.file],
        is_log: true,
        span,
        local: log.profile.local.clone(),
        clock: clock.unwrap_or(all.len() + 1),
        steps: steps.collect(),
    });
}

impl LogInfo {
    /// A moment of its clock as one of all inputs.
    fn counted(&self, time: Timestamp) -> Timestamp {
        match self.compared {
            Compared::Measured(offset) => {
                Timestamp::from_nanos(time.nanos().saturating_add(offset.nanos))
            }
            _ => time,
        }
    }
}
