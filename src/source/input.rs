//! Reads the bytes of one input, holding its file descriptor only where it must.

use std::fs::{File, Metadata};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::fd::AsFd;
use std::os::unix::fs::{FileExt as _, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::held::{Held, HeldFile};
use crate::net::{STANDARD_INPUT, Timestamp};

/// Where the bytes of an input are to be had, again if need be.
#[derive(Clone, Debug)]
pub(super) enum Place {
    /// A file, or standard input.
    Path(PathBuf),
    /// A part of an archive that was unpacked into a file without a name.
    Member(Member),
}

/// A file that was in an archive.
#[derive(Clone, Debug)]
pub(super) struct Member {
    /// The archive and the name in it, to show.
    pub name: PathBuf,
    /// What holds the bytes of all members.
    pub spool: Arc<File>,
    /// Where its own begin.
    pub start: u64,
    /// How many it has.
    pub size: u64,
    /// When it was last written, as the archive says.
    pub modified: Option<Timestamp>,
}

impl Place {
    /// How it is shown.
    pub(super) fn name(&self) -> &Path {
        match self {
            Self::Path(path) => path,
            Self::Member(member) => &member.name,
        }
    }

    /// Opens it at its beginning.
    pub(super) fn open(&self, keep_open: bool, held: Option<&Held>) -> io::Result<Input> {
        match self {
            Self::Path(path) => Input::open(path, keep_open, held),
            Self::Member(member) => Ok(Input::of_member(member.clone(), keep_open)),
        }
    }
}

/// The bytes of one input.
///
/// A regular file may be read without keeping it open between reads, so that any number of
/// captures can be merged whatever the limit of open files is.
pub(super) struct Input {
    path: PathBuf,
    file: Option<File>,
    /// Another handle on the file, which stays open.
    held: Option<HeldFile>,
    /// Device and inode, by which a file that was replaced is recognized.
    identity: (u64, u64),
    size: Option<u64>,
    modified: Option<Timestamp>,
    position: u64,
    keep_open: bool,
    member: Option<Member>,
    /// Once it is set, a pipe has come to its end.
    ends: Option<Arc<AtomicBool>>,
}

/// Waits until there is something to read; false if the input has come to its end instead.
#[cfg(feature = "live")]
fn wait(file: &File, ends: &AtomicBool) -> bool {
    use nix::poll::{PollFd, PollFlags, poll};
    /// Between two looks at whether it ends, in milliseconds.
    const BETWEEN: u8 = 100;
    while !ends.load(Ordering::Relaxed) {
        // interrupted or not, the loop looks again
        if poll(&mut [PollFd::new(file.as_fd(), PollFlags::POLLIN)], BETWEEN).is_ok_and(|n| n > 0) {
            return true;
        }
    }
    false
}

#[cfg(not(feature = "live"))]
fn wait(_: &File, ends: &AtomicBool) -> bool {
    !ends.load(Ordering::Relaxed)
}

fn identity(metadata: &Metadata) -> (u64, u64) {
    (metadata.dev(), metadata.ino())
}

/// When a file was last written.
fn written(metadata: &Metadata) -> Timestamp {
    Timestamp::from_parts(metadata.mtime(), metadata.mtime_nsec())
}

impl Input {
    /// Opens `path`, `-` being standard input.
    pub(super) fn open(path: &Path, keep_open: bool, held: Option<&Held>) -> io::Result<Self> {
        let is_stdin = path.as_os_str() == STANDARD_INPUT;
        if let Some(held) = held.filter(|_| !is_stdin)
            && let Some(file) = held.open(path)?
        {
            return Self::of_held(path, keep_open, file);
        }
        let file = if is_stdin {
            File::from(io::stdin().as_fd().try_clone_to_owned()?)
        } else {
            File::open(path)?
        };
        let metadata = file.metadata()?;
        let regular = metadata.is_file();
        Ok(Self {
            path: path.to_owned(),
            file: Some(file),
            held: None,
            identity: identity(&metadata),
            size: regular.then_some(metadata.len()),
            modified: regular.then(|| written(&metadata)),
            position: 0,
            keep_open: keep_open || !regular || is_stdin,
            member: None,
            ends: None,
        })
    }

    /// Reads a file that stays open whatever happens here.
    fn of_held(path: &Path, keep_open: bool, held: HeldFile) -> io::Result<Self> {
        let metadata = held.file().metadata()?;
        Ok(Self {
            path: path.to_owned(),
            file: None,
            held: Some(held),
            identity: identity(&metadata),
            size: Some(metadata.len()),
            modified: Some(written(&metadata)),
            position: 0,
            keep_open,
            member: None,
            ends: None,
        })
    }

    /// Reads what was unpacked from an archive; that needs no file of its own.
    fn of_member(member: Member, keep_open: bool) -> Self {
        Self {
            path: member.name.clone(),
            file: None,
            held: None,
            identity: (0, 0),
            size: Some(member.size),
            modified: member.modified,
            position: 0,
            keep_open,
            member: Some(member),
            ends: None,
        }
    }

    /// The same; where it is a pipe, it comes to its end once `ends` is set.
    pub(super) fn ending_by(self, ends: Option<&Arc<AtomicBool>>) -> Self {
        let is_pipe = self.file.is_some() && self.size.is_none();
        Self { ends: ends.filter(|_| is_pipe).cloned(), ..self }
    }

    /// When a regular file was last written.
    pub(super) const fn modified(&self) -> Option<Timestamp> {
        self.modified
    }

    /// The size of a regular file.
    pub(super) fn size(&self) -> Option<u64> {
        self.size
    }

    /// How many bytes were read.
    pub(super) fn position(&self) -> u64 {
        self.position
    }

    /// Whether the input can be closed and read again from its start.
    pub(super) fn can_reopen(&self) -> bool {
        !self.keep_open
    }

    fn reopen(&self) -> io::Result<File> {
        let mut file = File::open(&self.path)?;
        if identity(&file.metadata()?) != self.identity {
            return Err(io::Error::other("the file was replaced while it was read"));
        }
        file.seek(SeekFrom::Start(self.position))?;
        Ok(file)
    }
}

impl Read for Input {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if let Some(member) = &self.member {
            let left = usize::try_from(member.size - self.position).unwrap_or(usize::MAX);
            let count = left.min(out.len());
            let room = out.get_mut(..count).unwrap_or_default();
            let read = member.spool.read_at(room, member.start + self.position)?;
            self.position += read as u64;
            return Ok(read);
        }
        if let Some(held) = &mut self.held {
            let read = held.read(out)?;
            self.position += read as u64;
            return Ok(read);
        }
        let mut file = match self.file.take() {
            Some(file) => file,
            None => self.reopen()?,
        };
        let has_more = self.ends.as_ref().is_none_or(|ends| wait(&file, ends));
        let result = if has_more { file.read(out) } else { Ok(0) };
        if self.keep_open {
            self.file = Some(file);
        }
        let read = result?;
        self.position += read as u64;
        Ok(read)
    }
}
