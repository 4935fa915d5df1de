//! Merges any number of capture files into one trace in time order.

mod ending;

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use zeroize::Zeroizing;

use super::archive::{self, Archives, Budget};
use super::discover::{Candidates, candidates};
use super::error::{InputError, OpenError, SourceError, Warning, WarningKind};
use super::file::{BUFFER_SIZE, Format, Plain, Reader, Refused, Witness};
use super::held::Held;
use super::info::FileInfo;
use super::input::{Input, Place};
use super::other::{CapturesOnly, Other, OtherStream, Others};
use crate::net::{FileId, Frame, LinkType, Timestamp};

/// How much of a file is read to learn when it begins.
const PEEK_SIZE: usize = 16 << 10;
/// How deep archives may be in one another.
const DEEPEST: usize = 2;

/// How files are read.
#[derive(Clone, Debug)]
pub struct OpenOptions {
    /// The read buffer of a file, in bytes; it grows for a packet that needs more.
    pub buffer_size: usize,
    /// Up to how many files are simply kept open; above, each is opened for the moment of a read.
    pub files_kept_open: usize,
    /// What was unpacked before.
    pub archives: Archives,
    /// Files that stay open for another reading, if any are to.
    pub held: Option<Held>,
    /// Recognizes clocks that were set while captured; without one there are none.
    pub witness: Option<Witness>,
    /// Once it is set, standard input has come to its end.
    pub ends: Option<Arc<AtomicBool>>,
}

impl Default for OpenOptions {
    fn default() -> Self {
        Self {
            buffer_size: BUFFER_SIZE,
            files_kept_open: 32,
            archives: Archives::default(),
            held: None,
            witness: None,
            ends: None,
        }
    }
}

/// How far the reading is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Progress {
    /// Bytes of the files that were read, compressed as they are.
    pub bytes_read: u64,
    /// Their sizes together; unknown when one is a pipe.
    pub total_bytes: Option<u64>,
}

/// A file's part in the merge.
enum Slot {
    /// Not open; its first frame is not due yet.
    Waiting,
    /// Open, and at its next frame.
    Open(Box<Reader<Input>>),
    Done,
}

/// Capture files read as one trace, ordered by time.
///
/// Each file's own order is kept as it is; frames of the same time come in the order of the files.
pub struct CaptureSet {
    files: Vec<FileInfo>,
    slots: Vec<Slot>,
    /// Where the bytes of each are.
    places: Vec<Place>,
    /// The time of the next frame of every file but the current one.
    due: BinaryHeap<Reverse<(Timestamp, usize)>>,
    /// The file whose frame was lent last.
    current: Option<usize>,
    warnings: Vec<Warning>,
    /// TLS key logs of the files that were not taken yet.
    secrets: Vec<Zeroizing<Vec<u8>>>,
    options: OpenOptions,
    keep_open: bool,
    /// How much may still be unpacked.
    budget: Budget,
    /// Bytes of the files that were read to their end.
    done_bytes: u64,
    total_bytes: Option<u64>,
    /// How often the clock of a file was set, and by how many nanoseconds at most.
    clock: (u64, i64),
}

/// A file that is no capture, before it was offered to others.
struct Unknown {
    place: Place,
    plain: Plain<Input>,
    modified: Option<Timestamp>,
    /// Why it is no capture.
    reason: OpenError,
}

impl CaptureSet {
    /// Opens `inputs`: files, directories, and `-` for standard input.
    ///
    /// An error only if nothing can be read at all; inputs left out are [`Self::warnings`].
    pub fn open(inputs: &[PathBuf], options: OpenOptions) -> Result<Self, SourceError> {
        Self::open_with(inputs, options, &mut CapturesOnly)
    }

    /// The same; what is no capture goes to `others`, and has its place among the files if it is taken.
    pub fn open_with(
        inputs: &[PathBuf],
        options: OpenOptions,
        others: &mut dyn Others,
    ) -> Result<Self, SourceError> {
        let found = |input: &Path| match &options.held {
            Some(held) => held.candidates(input, candidates),
            None => candidates(input),
        };
        let found: Vec<_> = inputs.iter().map(|input| (input.as_path(), found(input))).collect();
        let tried = found.iter().map(|(_, found)| match found {
            Ok(Candidates::Directory { files, .. }) => files.len(),
            _ => 1,
        });
        let keep_open = tried.sum::<usize>() <= options.files_kept_open;
        let mut set = Self {
            files: Vec::new(),
            slots: Vec::new(),
            places: Vec::new(),
            due: BinaryHeap::new(),
            current: None,
            warnings: Vec::new(),
            secrets: Vec::new(),
            options,
            keep_open,
            budget: Budget::default(),
            done_bytes: 0,
            total_bytes: Some(0),
            clock: (0, 0),
        };
        let mut failures = Vec::new();
        for (input, found) in found {
            match found {
                Ok(Candidates::Named(path)) => {
                    failures.extend(set.add(Place::Path(path), 0, others).err());
                }
                Ok(Candidates::Directory { path, files }) => {
                    let places = files.into_iter().map(Place::Path).collect();
                    failures.extend(set.add_all(path, places, 0, others));
                }
                Err(error) => {
                    failures.push(InputError { path: input.to_owned(), reason: error.into() });
                }
            }
        }
        set.settle(failures)
    }

    /// Turns what could not be opened into warnings, or into the error if nothing could.
    fn settle(mut self, failures: Vec<InputError>) -> Result<Self, SourceError> {
        if self.files.is_empty() {
            let others = failures.len().saturating_sub(1);
            return Err(match failures.into_iter().next() {
                None => SourceError::NoInput,
                Some(only) if others == 0 => SourceError::Unreadable(only),
                Some(first) => SourceError::NoneReadable { first, others },
            });
        }
        self.warnings.extend(failures.into_iter().map(Warning::from));
        Ok(self)
    }

    /// Adds those of the files of a directory or an archive that can be read; what failed.
    fn add_all(
        &mut self,
        path: PathBuf,
        places: Vec<Place>,
        depth: usize,
        others: &mut dyn Others,
    ) -> Vec<InputError> {
        let before = self.files.len();
        let (mut failures, mut skipped) = (Vec::new(), 0);
        for place in places {
            match self.add(place, depth, others) {
                Err(InputError {
                    reason: OpenError::NotACapture { .. } | OpenError::Empty(_),
                    ..
                }) => skipped += 1,
                result => failures.extend(result.err()),
            }
        }
        if self.files.len() == before && failures.is_empty() {
            let reason =
                if depth == 0 { OpenError::NoCaptures } else { OpenError::NothingInArchive };
            failures.push(InputError { path, reason });
        } else if skipped > 0 {
            let kind = if depth == 0 {
                WarningKind::Skipped(skipped)
            } else {
                WarningKind::SkippedInArchive(skipped)
            };
            self.warnings.push(Warning { file: None, path, offset: None, kind });
        }
        failures
    }

    /// Opens one file and finds out when it begins.
    fn add(
        &mut self,
        place: Place,
        depth: usize,
        others: &mut dyn Others,
    ) -> Result<(), InputError> {
        let index = self.files.len();
        let path = place.name().to_owned();
        let failed = |reason| InputError { path: path.clone(), reason };
        let file = u16::try_from(index).map_err(|_| failed(OpenError::TooManyFiles))?;
        let input = place
            .open(self.keep_open, self.options.held.as_ref())
            .map_err(|error| failed(OpenError::from(error)))?
            .ending_by(self.options.ends.as_ref());
        let (size, waits, modified) = (input.size(), input.can_reopen(), input.modified());
        let buffer = if waits { PEEK_SIZE } else { self.options.buffer_size };
        let mut reader = match Reader::recognize(input, FileId(file), buffer) {
            Ok(reader) => reader,
            Err(Refused { reason, plain: None }) => return Err(failed(reason)),
            Err(Refused { reason, plain: Some(plain) }) => {
                let other = Unknown { place, plain: *plain, modified, reason };
                return self.add_other(other, FileId(file), depth, others);
            }
        };
        reader.judge_stamps(self.options.witness);
        self.total_bytes = self.total_bytes.zip(size).map(|(total, size)| total + size);
        self.places.push(place);
        self.files.push(FileInfo {
            path,
            format: reader.format(),
            compression: reader.compression(),
            links: reader.links().to_vec(),
            packets: 0,
            bytes: 0,
            size,
            span: None,
        });
        let first = reader.advance();
        self.pass(index, first);
        self.secrets.extend(reader.take_secrets());
        self.slots.push(Slot::Open(Box::new(reader)));
        match first {
            Some(time) => {
                self.due.push(Reverse((time, index)));
                if let Some(slot) = self.slots.get_mut(index).filter(|_| waits) {
                    *slot = Slot::Waiting;
                }
            }
            None => self.finish(index),
        }
        Ok(())
    }

    /// Unpacks what is an archive, and gives `others` what is none.
    fn add_other(
        &mut self,
        mut unknown: Unknown,
        file: FileId,
        depth: usize,
        others: &mut dyn Others,
    ) -> Result<(), InputError> {
        if let Some(kind) = archive::Kind::of(unknown.plain.head(archive::HEAD)) {
            return self.add_archive(kind, unknown, depth, others);
        }
        let Unknown { place, plain, modified, reason } = unknown;
        let (path, size) = (place.name().to_owned(), plain.input().size());
        let (compression, stream) = (plain.compression(), OtherStream::new(plain));
        let other = Other { file, path: path.clone(), modified, stream };
        if let Err(not_taken) = others.take(other) {
            let reason = reason.with_first_line(not_taken.first_line);
            return Err(InputError { path, reason });
        }
        self.total_bytes = self.total_bytes.zip(size).map(|(total, size)| total + size);
        self.places.push(place);
        let (format, links) = (Format::Log, Vec::new());
        self.files.push(FileInfo {
            path,
            format,
            compression,
            links,
            packets: 0,
            bytes: 0,
            size,
            span: None,
        });
        self.slots.push(Slot::Done);
        Ok(())
    }

    fn add_archive(
        &mut self,
        kind: archive::Kind,
        unknown: Unknown,
        depth: usize,
        others: &mut dyn Others,
    ) -> Result<(), InputError> {
        let path = unknown.place.name().to_owned();
        let failed = |reason| InputError { path: path.clone(), reason };
        if depth >= DEEPEST {
            return Err(failed(OpenError::TooDeep));
        }
        let archives = &self.options.archives;
        let unpacked = archives.unpack(kind, unknown.plain, &path, &mut self.budget);
        let unpacked = unpacked.map_err(|error| failed(OpenError::Unpack(error.into())))?;
        let archive::Unpacked { members, trouble, unreadable } = unpacked;
        if members.is_empty()
            && let Some(trouble) = trouble
        {
            return Err(failed(OpenError::Archive { kind: kind.name(), trouble }));
        }
        let warn = |kind| Warning { file: None, path: path.clone(), offset: None, kind };
        self.warnings.extend(trouble.map(|trouble| warn(WarningKind::ArchiveEnds(trouble))));
        if unreadable > 0 {
            self.warnings.push(warn(WarningKind::MembersUnreadable(unreadable)));
        }
        let places = members.into_iter().map(Place::Member).collect();
        let mut failures = self.add_all(path, places, depth + 1, others).into_iter();
        let first = failures.next();
        self.warnings.extend(failures.map(Warning::from));
        first.map_or(Ok(()), Err)
    }

    /// The next frame of the trace; `None` at its end.
    #[inline]
    pub fn next_frame(&mut self) -> Option<Frame<'_>> {
        let index = self.step()?;
        let Some(Slot::Open(reader)) = self.slots.get(index) else { return None };
        if let Some(info) = self.files.get_mut(index) {
            info.note(reader);
        }
        reader.frame()
    }

    /// Passes over the frames that follow the one lent last, as long as `pass` accepts their time,
    /// link type and bytes; returns how many. It may stop before `pass` does, and lends nothing: the result of
    /// [`Self::next_frame`] is only what was not passed over, the frame `pass` refused first of all.
    ///
    /// For frames of which nothing but their time counts this is several times as fast.
    pub fn skim(&mut self, mut pass: impl FnMut(Timestamp, LinkType, &[u8]) -> bool) -> u64 {
        let Some(index) = self.current else { return 0 };
        let Some(Slot::Open(reader)) = self.slots.get_mut(index) else { return 0 };
        // the frames of this file, up to the first that another's precedes
        let due = self.due.peek().map(|Reverse(due)| *due);
        let info = self.files.get_mut(index);
        let mut span = info.as_ref().and_then(|info| info.span);
        let skimmed = reader.skim(|time, link, bytes| {
            let passed = due.is_none_or(|due| (time, index) < due) && pass(time, link, bytes);
            if passed {
                let (first, last) = span.unwrap_or((time, time));
                span = Some((first.min(time), last.max(time)));
            }
            passed
        });
        if let Some(info) = info {
            info.span = span;
        }
        skimmed
    }

    /// Takes a TLS key log that a file held before its next frame; files are read ahead by one frame.
    #[inline]
    pub fn take_secrets(&mut self) -> Option<Zeroizing<Vec<u8>>> {
        self.secrets.pop()
    }

    /// Finds the file whose next frame is the trace's next, and moves it there.
    #[inline]
    fn step(&mut self) -> Option<usize> {
        let moved = self.current.and_then(|index| Some((self.advance(index)?, index)));
        let mut next = match moved {
            Some(moved) => Some(self.earliest(moved)),
            None => self.next_due(),
        };
        while let Some(index) = next
            && !self.wake(index)
        {
            next = self.next_due();
        }
        self.current = next;
        next
    }

    #[inline]
    fn advance(&mut self, index: usize) -> Option<Timestamp> {
        let Some(Slot::Open(reader)) = self.slots.get_mut(index) else { return None };
        let time = reader.advance();
        if let Some(secrets) = reader.take_secrets() {
            self.secrets.push(secrets);
        }
        self.pass(index, time);
        if time.is_none() {
            self.finish(index);
        }
        time
    }

    /// Notes when a packet of a file was captured.
    #[inline]
    fn pass(&mut self, index: usize, time: Option<Timestamp>) {
        if let Some((info, time)) = self.files.get_mut(index).zip(time) {
            info.pass(time);
        }
    }

    /// Of the current file, moved on, and the others, the one that is due first.
    #[inline]
    fn earliest(&mut self, moved: (Timestamp, usize)) -> usize {
        if let Some(mut other) = self.due.peek_mut()
            && other.0 < moved
        {
            return std::mem::replace(&mut *other, Reverse(moved)).0.1;
        }
        moved.1
    }

    fn next_due(&mut self) -> Option<usize> {
        self.due.pop().map(|Reverse((_, index))| index)
    }

    /// Opens a waiting file at its first frame; false when it has none any more.
    #[inline]
    fn wake(&mut self, index: usize) -> bool {
        if !matches!(self.slots.get(index), Some(Slot::Waiting)) {
            return true;
        }
        self.open_waiting(index)
    }

    #[cold]
    fn open_waiting(&mut self, index: usize) -> bool {
        let Some(place) = self.places.get(index) else { return false };
        let opened = place
            .open(self.keep_open, self.options.held.as_ref())
            .map_err(OpenError::from)
            .and_then(|input| {
                Reader::with_options(input, FileId(index as u16), self.options.buffer_size)
            });
        let slot = match opened {
            Ok(mut reader) => {
                reader.judge_stamps(self.options.witness);
                Slot::Open(Box::new(reader))
            }
            Err(reason) => {
                self.warn(index, None, WarningKind::Unreadable(reason));
                Slot::Done
            }
        };
        if let Some(waiting) = self.slots.get_mut(index) {
            *waiting = slot;
        }
        self.advance(index).is_some()
    }

    /// The files that are captures, indexed by [`FileId`].
    #[must_use]
    pub fn files(&self) -> &[FileInfo] {
        &self.files
    }

    /// What is worth saying about the inputs so far; a file's damage shows when it is reached.
    #[must_use]
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// How often the clock was set in the files that were read to their end, and by how many nanoseconds at most.
    #[must_use]
    pub const fn clock_set(&self) -> (u64, i64) {
        self.clock
    }

    /// How far the reading is.
    #[must_use]
    pub fn progress(&self) -> Progress {
        let open = self.slots.iter().map(|slot| match slot {
            Slot::Open(reader) => reader.input().position(),
            Slot::Waiting | Slot::Done => 0,
        });
        let bytes_read = self.done_bytes + open.sum::<u64>();
        Progress { bytes_read, total_bytes: self.total_bytes }
    }
}
