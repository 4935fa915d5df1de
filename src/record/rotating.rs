//! Records frames into a file or a ring of files, each of them readable at every moment.
//!
//! Blocks are gathered and appended whole, at the latest at the next [`Rotating::tick`]. A disk that
//! is full ends nothing: the file is cut back to its last whole block, some packets are held, the
//! others counted as lost, and every tick tries again.

use std::collections::VecDeque;
use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Read as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::name::Names;
use super::section::{Counts, Section};
use super::whole::Whole;
use crate::net::{FileId, Frame, Timestamp};

/// Bytes of blocks that are gathered before they are written, tick or no tick.
const GATHERED: usize = 64 << 10;
/// Bytes of blocks that wait while nothing can be written; packets beyond are lost.
const HELD: usize = 1 << 20;
/// What a packet takes in a block beside its bytes, and the description of its interface.
const OVERHEAD: usize = 512;
/// What a pcapng file begins with.
const SECTION_HEADER: [u8; 4] = [0x0a, 0x0d, 0x0d, 0x0a];
/// How many names that are taken are passed over for one file.
const TAKEN: usize = 1000;

/// When another file is begun, and how many are kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rotation {
    /// Bytes that a file has at most; one packet is written in any case.
    pub max_bytes: Option<u64>,
    /// How long a file is written to.
    pub max_age: Option<Duration>,
    /// How many files are kept, the one that is written and those of earlier recordings included; the
    /// oldest are deleted.
    pub keep: Option<usize>,
    /// Permissions of the files, less what the umask takes.
    pub mode: u32,
}

impl Default for Rotation {
    fn default() -> Self {
        Self { max_bytes: None, max_age: None, keep: None, mode: 0o600 }
    }
}

impl Rotation {
    /// Whether there can be a second file.
    #[must_use]
    pub const fn rotates(self) -> bool {
        self.max_bytes.is_some() || self.max_age.is_some()
    }
}

/// What was recorded so far.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Status {
    /// The file that is written, or was last.
    pub file: PathBuf,
    /// Packets in files, those of deleted files included.
    pub packets: u64,
    /// Bytes in files, those of deleted files included.
    pub bytes: u64,
    /// Packets that could not be written.
    pub lost: u64,
    /// Packets that wait to be written.
    pub waiting: u64,
    /// Files begun.
    pub files: u64,
    /// Files deleted to keep no more than was asked for.
    pub deleted: u64,
    /// Files of earlier recordings that count among those kept.
    pub adopted: u64,
    /// Files that should have been deleted and could not, or are another's by now.
    pub undeleted: u64,
    /// Why nothing can be written now, in the words of the operating system.
    pub failing: Option<String>,
}

/// Something that is reported once.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum News {
    /// Nothing can be written any more, for this reason.
    Failed {
        /// The file.
        file: PathBuf,
        /// The words of the operating system.
        reason: String,
    },
    /// A file of the ring cannot be deleted, and more are kept than should be.
    Undeleted {
        /// The file.
        file: PathBuf,
        /// The words of the operating system.
        reason: String,
    },
    /// Writing goes on.
    Recovered {
        /// Packets lost meanwhile.
        lost: u64,
    },
}

/// A file this recording made, or an earlier one.
#[derive(Debug)]
struct Made {
    path: PathBuf,
    /// Device and inode, by which a file of another program is recognized.
    identity: (u64, u64),
}

/// Records frames into a file or a ring of files.
#[derive(Debug)]
pub struct Rotating {
    names: Names,
    rotation: Rotation,
    section: Section,
    file: Option<Whole<File>>,
    /// When the file was begun.
    begun: Timestamp,
    now: Timestamp,
    made: VecDeque<Made>,
    status: Status,
    /// Packets lost before the disk failed.
    lost_before: u64,
    news: Vec<News>,
}

/// Whether a file begins as those of a recording do.
fn is_pcapng(path: &Path) -> io::Result<bool> {
    let mut first = [0; 4];
    File::open(path)?.read_exact(&mut first)?;
    Ok(first == SECTION_HEADER)
}

/// How a file is made: never in place of another.
fn new_file(mode: u32) -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(mode);
    options
}

fn identity(metadata: &Metadata) -> (u64, u64) {
    (metadata.dev(), metadata.ino())
}

impl Rotating {
    /// Begins to record into `target` at `now`: a directory, or a file that must not exist yet.
    ///
    /// The first file is made at once, so that what is wrong with the place shows before anything is
    /// captured. With a rotation the files carry time and number in their names. If only some are kept,
    /// those that earlier recordings left under such names count too; but nothing is deleted before
    /// there are packets to record, so that a start that fails costs nothing.
    pub fn create(target: &Path, rotation: Rotation, now: Timestamp) -> io::Result<Self> {
        let mut new = Self {
            names: Names::new(target, rotation.rotates()),
            rotation,
            section: Section::default(),
            file: None,
            begun: now,
            now,
            made: VecDeque::new(),
            status: Status::default(),
            lost_before: 0,
            news: Vec::new(),
        };
        let earlier = if rotation.keep.is_some() { new.names.earlier() } else { Vec::new() };
        new.section.begin();
        new.open()?;
        new.append()?;
        new.adopt(earlier);
        Ok(new)
    }

    /// Counts files of earlier recordings among those that are kept: pcapng files that belong to the
    /// owner of the new one, or to root.
    fn adopt(&mut self, earlier: Vec<PathBuf>) {
        let own = self.made.iter().find_map(|made| fs::symlink_metadata(&made.path).ok());
        let Some(owner) = own.map(|metadata| metadata.uid()) else { return };
        for path in earlier.into_iter().rev() {
            let Ok(metadata) = fs::symlink_metadata(&path) else { continue };
            let is_ours = metadata.is_file() && [owner, 0].contains(&metadata.uid());
            if is_ours && is_pcapng(&path).unwrap_or(false) {
                self.made.push_front(Made { path, identity: identity(&metadata) });
                self.status.adopted += 1;
            }
        }
    }

    /// Ends a recording that was not to begin: a file without a packet goes.
    pub fn discard(self) {
        if self.status.packets == 0
            && let Some(Made { path, identity: own }) = self.made.back()
            && fs::symlink_metadata(path).is_ok_and(|metadata| identity(&metadata) == *own)
        {
            // it is empty, and why there is no recording is said anyway
            drop(fs::remove_file(path));
        }
    }

    /// Names a source of packets, for the interfaces described from now on.
    pub fn name_source(&mut self, source: FileId, name: &str) {
        self.section.name(source, name);
    }

    /// Sets what a source counted, for the statistics at the end of each file.
    pub fn count(&mut self, source: FileId, counts: Counts) {
        self.section.count(source, counts);
    }

    /// Records a frame. It is in the file after the next [`Self::tick`] at the latest, or counted
    /// as lost.
    pub fn packet(&mut self, frame: &Frame<'_>, comment: Option<&str>) {
        let size = frame.bytes.len() + comment.map_or(0, str::len) + OVERHEAD;
        if self.is_due(size as u64) {
            self.rotate();
        }
        let failing = self.status.failing.is_some();
        let no_room = failing && self.section.bytes.len() + size > HELD;
        if no_room || self.section.packet(frame, comment).is_err() {
            self.status.lost += 1;
            return;
        }
        self.status.waiting += 1;
        if !failing && self.section.bytes.len() >= GATHERED {
            self.write();
        }
    }

    /// Says what time it is. Everything gathered is written; so with a tick at least every second, no
    /// more than a second is lost to a kill or a crash of this program.
    pub fn tick(&mut self, now: Timestamp) {
        self.now = self.now.max(now);
        if self.is_due(0) {
            self.rotate();
        }
        if !self.section.bytes.is_empty() || self.file.is_none() {
            self.write();
        }
    }

    /// What was recorded so far.
    #[must_use]
    pub const fn status(&self) -> &Status {
        &self.status
    }

    /// Takes the news since the last call.
    pub fn take_news(&mut self) -> Vec<News> {
        std::mem::take(&mut self.news)
    }

    /// Ends the recording; what could not be written is counted as lost.
    #[must_use]
    pub fn finish(mut self) -> Status {
        self.close();
        self.status
    }

    /// Whether the file ends before a packet of `size` more bytes.
    fn is_due(&self, size: u64) -> bool {
        if !self.section.has_packets() || self.status.failing.is_some() {
            return false;
        }
        let waiting = self.section.bytes.len() + self.section.end_size();
        let length = self.file.as_ref().map_or(0, Whole::length) + waiting as u64;
        self.rotation.max_bytes.is_some_and(|most| length + size > most)
            || self.rotation.max_age.is_some_and(|most| self.now.since(self.begun) >= most)
    }

    fn rotate(&mut self) {
        self.close();
        self.section.begin();
        self.write();
    }

    /// Writes what waits and the statistics, and ends the file.
    fn close(&mut self) {
        self.section.end();
        self.write();
        self.status.lost += std::mem::take(&mut self.status.waiting);
        self.section.bytes.clear();
        self.file = None;
    }

    /// Makes the next file.
    fn open(&mut self) -> io::Result<()> {
        for _ in 0..TAKEN {
            let path = self.names.next(self.now);
            let file = match new_file(self.rotation.mode).open(&path) {
                Err(error)
                    if error.kind() == ErrorKind::AlreadyExists && self.names.has_others() =>
                {
                    continue;
                }
                opened => opened?,
            };
            let identity = identity(&file.metadata()?);
            self.made.push_back(Made { path: path.clone(), identity });
            self.file = Some(Whole::new(file));
            self.begun = self.now;
            self.status.files += 1;
            self.status.file = path;
            return Ok(());
        }
        Err(io::Error::new(ErrorKind::AlreadyExists, "every name for another file is taken"))
    }

    fn delete_oldest(&mut self) {
        let Some(keep) = self.rotation.keep else { return };
        while self.made.len() > keep.max(1)
            && let Some(Made { path, identity: own }) = self.made.pop_front()
        {
            let deleted = match fs::symlink_metadata(&path) {
                Ok(metadata) if identity(&metadata) == own => fs::remove_file(&path),
                Ok(_) => Err(io::Error::other("another file has its name")),
                Err(error) => Err(error),
            };
            match deleted {
                Ok(()) => self.status.deleted += 1,
                Err(error) => self.keep_too_many(path, &error),
            }
        }
    }

    /// Counts a file that cannot be deleted; the first one is reported. One that is gone does not matter.
    fn keep_too_many(&mut self, file: PathBuf, error: &io::Error) {
        self.status.undeleted += 1;
        if self.status.undeleted == 1 && error.kind() != ErrorKind::NotFound {
            self.news.push(News::Undeleted { file, reason: error.to_string() });
        }
    }

    /// Appends what is gathered; what cannot be written stays.
    fn write(&mut self) {
        match self.append() {
            Err(error) => self.fail(&error),
            Ok(()) if self.status.failing.take().is_some() => {
                self.news.push(News::Recovered { lost: self.status.lost - self.lost_before });
            }
            Ok(()) => {}
        }
    }

    fn append(&mut self) -> io::Result<()> {
        if self.file.is_none() {
            self.open()?;
        }
        if let Some(file) = &mut self.file {
            file.append(&self.section.bytes)?;
        }
        self.status.bytes += self.section.bytes.len() as u64;
        let packets = std::mem::take(&mut self.status.waiting);
        self.status.packets += packets;
        self.section.bytes.clear();
        if packets > 0 {
            self.delete_oldest();
        }
        Ok(())
    }

    fn fail(&mut self, error: &io::Error) {
        let reason = error.to_string();
        if self.status.failing.replace(reason.clone()).is_none() {
            self.lost_before = self.status.lost;
            self.news.push(News::Failed { file: self.status.file.clone(), reason });
        }
    }
}
