//! Follows logs of servers as they grow, by name after they are rotated.
//!
//! A log is read from its beginning, which may hold registrations that still run. A file that is renamed
//! is read to its end before the one that takes its name, so that nothing between the two is lost.

use std::fs::{self, File, Metadata};
use std::io::{self, Read, Seek as _, SeekFrom};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::app::Failure;
use crate::app::logs::{Entry, settings_of};
use crate::capture::{Compared, LogInfo};
use crate::cli::LogSettings;
use crate::log::{LogReader, NotALog, Settings};
use crate::net::{FileId, Timestamp, escape_text};

/// Between two checks whether a log was rotated, or whether one that was not recognized has grown.
const LOOK: Duration = Duration::from_millis(250);
/// A clock this far ahead of this host's is reported, in nanoseconds.
const AHEAD: i64 = 60_000_000_000;

/// A log that is followed.
pub(super) struct Tail {
    path: PathBuf,
    /// Its name, escaped.
    name: String,
    settings: Settings,
    /// The node that the user says it is of.
    node: Option<String>,
    /// The ids of its files that were begun, in order.
    files: Vec<FileId>,
    state: State,
    /// Device and inode of the file that is read.
    identity: (u64, u64),
    look_due: Instant,
    /// The latest time it stated.
    clock: Timestamp,
    /// Another file has its name; this one is read to its end first.
    rotated: bool,
    /// It was said that it cannot be opened again.
    is_lost: bool,
    /// It was said that its clock is ahead.
    is_ahead: bool,
    said: Vec<String>,
}

enum State {
    /// Not recognized so far: its file, and how long that was at the last check.
    Waiting(File, u64),
    Open {
        reader: Box<LogReader<Growing>>,
        read: Arc<AtomicU64>,
    },
}

/// A file that grows, and how much of it was read.
pub(super) struct Growing {
    file: File,
    read: Arc<AtomicU64>,
}

impl Read for Growing {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(room)?;
        self.read.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

fn identity(metadata: &Metadata) -> (u64, u64) {
    (metadata.dev(), metadata.ino())
}

impl Tail {
    /// Opens a log with the rights the program has.
    pub(super) fn open(path: &Path, logs: &LogSettings, file: FileId) -> Result<Self, Failure> {
        let name = escape_text(&path.to_string_lossy()).into_owned();
        let failed =
            |error| Failure::Follow(escape_text(&path.to_string_lossy()).into_owned(), error);
        let opened = File::open(path).map_err(failed)?;
        let metadata = opened.metadata().map_err(failed)?;
        if !metadata.is_file() {
            return Err(failed(io::Error::other("not a regular file")));
        }
        let mut tail = Self {
            path: path.to_owned(),
            settings: settings_of(logs, path, None),
            node: logs.node_of(path).map(str::to_owned),
            files: vec![file],
            state: State::Waiting(opened, 0),
            identity: identity(&metadata),
            look_due: Instant::now(),
            clock: Timestamp::NONE,
            rotated: false,
            is_lost: false,
            is_ahead: false,
            said: Vec::new(),
            name,
        };
        tail.recognize().map_err(failed)?;
        if matches!(tail.state, State::Waiting(..)) && metadata.len() > 0 {
            tail.said.push(format!("{}: nothing that regscope knows in it so far", tail.name));
        }
        Ok(tail)
    }

    /// What it says next; `None` for now. The next file it goes on in would have the id `next`.
    pub(super) fn next(&mut self, next: FileId) -> Result<Option<Entry>, Failure> {
        let failed = |name: &str, error| Failure::Follow(name.to_owned(), error);
        loop {
            let reading = self.read();
            if let Some(entry) = reading.map_err(|error| failed(&self.name, error))? {
                self.note_clock(&entry);
                return Ok(Some(entry));
            }
            if self.rotated {
                if !self.go_on(next).map_err(|error| failed(&self.name, error))? {
                    return Ok(None);
                }
            } else if Instant::now() < self.look_due {
                return Ok(None);
            } else {
                self.look_due = Instant::now() + LOOK;
                self.recognize().map_err(|error| failed(&self.name, error))?;
                self.rotated = self.is_rotated();
                if !self.rotated {
                    return Ok(None);
                }
            }
        }
    }

    /// Nothing more is written: what is left is whole.
    pub(super) fn end(&mut self) {
        if let State::Open { reader, .. } = &mut self.state {
            reader.follow(false);
        }
    }

    /// What there is to say, once.
    pub(super) fn take_said(&mut self) -> Vec<String> {
        std::mem::take(&mut self.said)
    }

    /// The ids of its files that were begun, in order.
    pub(super) fn files(&self) -> &[FileId] {
        &self.files
    }

    /// Its name, escaped.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Its path, by which its latest file can be read again.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// How many of its files are known to be logs.
    pub(super) const fn recognized(&self) -> usize {
        match self.state {
            State::Waiting(..) => 0,
            State::Open { .. } => self.files.len(),
        }
    }

    /// What was found out about each of its files.
    pub(super) fn infos(&self) -> Vec<LogInfo> {
        let State::Open { reader, .. } = &self.state else { return Vec::new() };
        let mut before = None;
        let parts = self.files.iter().zip(reader.profiles());
        let info = parts.map(|(file, profile)| LogInfo {
            file: *file,
            node: self.node.clone(),
            damage: None,
            profile: profile.clone(),
            continues: before.replace(*file),
            compared: Compared::Alone,
        });
        info.collect()
    }

    fn read(&mut self) -> io::Result<Option<Entry>> {
        let State::Open { reader, .. } = &mut self.state else { return Ok(None) };
        Entry::next(reader, &self.files, &mut self.clock)
    }

    /// Checks whether it is a log by now, if that was unknown and it has grown.
    fn recognize(&mut self) -> io::Result<()> {
        let State::Waiting(file, seen) = &mut self.state else { return Ok(()) };
        let length = file.metadata()?.len();
        if length == *seen {
            return Ok(());
        }
        *seen = length;
        let mut again = file.try_clone()?;
        again.seek(SeekFrom::Start(0))?;
        let read = Arc::new(AtomicU64::new(0));
        let growing = Growing { file: again, read: Arc::clone(&read) };
        match LogReader::open(growing, &self.settings) {
            Ok(mut reader) => {
                reader.follow(true);
                self.state = State::Open { reader: Box::new(reader), read };
                Ok(())
            }
            Err(NotALog::Unknown { .. }) => Ok(()),
            Err(NotALog::Io(error)) => Err(error),
        }
    }

    /// Whether another file has its name by now, or it was emptied.
    fn is_rotated(&self) -> bool {
        // between the two names there may be none for a moment
        let Ok(metadata) = fs::metadata(&self.path) else { return false };
        let length = match &self.state {
            State::Waiting(_, seen) => *seen,
            State::Open { read, .. } => read.load(Ordering::Relaxed),
        };
        identity(&metadata) != self.identity || metadata.len() < length
    }

    /// Goes on with the file that has its name now; false if that cannot be read yet.
    fn go_on(&mut self, next: FileId) -> io::Result<bool> {
        let opened = File::open(&self.path).and_then(|file| Ok((file.metadata()?, file)));
        let (metadata, file) = match opened {
            Ok(opened) => opened,
            Err(error) => {
                let waits = Instant::now() < self.look_due;
                self.look_due = if waits { self.look_due } else { Instant::now() + LOOK };
                if !self.is_lost && error.kind() != io::ErrorKind::NotFound {
                    self.is_lost = true;
                    let name = &self.name;
                    self.said
                        .push(format!("{name} was rotated and cannot be opened again: {error}"));
                }
                return Ok(false);
            }
        };
        let what = if identity(&metadata) == self.identity { "emptied" } else { "rotated" };
        self.said.push(format!("{} was {what}: reading on in the new file", self.name));
        (self.rotated, self.is_lost, self.identity) = (false, false, identity(&metadata));
        match &mut self.state {
            State::Waiting(..) => self.state = State::Waiting(file, 0),
            State::Open { reader, read } => {
                read.store(0, Ordering::Relaxed);
                reader.continue_with(Growing { file, read: Arc::clone(read) })?;
                self.files.push(next);
            }
        }
        Ok(true)
    }

    /// Reports a clock that is ahead of this host's: the zone was assumed, and wrong.
    fn note_clock(&mut self, entry: &Entry) {
        let ahead = entry.clock.nanos_since(Timestamp::now());
        if !self.is_ahead && ahead > AHEAD {
            self.is_ahead = true;
            let (name, ahead) = (&self.name, crate::net::apart(ahead));
            self.said.push(format!(
                "the times in {name} are {ahead} ahead of this host's clock: --log-zone gives their zone"
            ));
        }
    }
}
