//! Unpacks zip and tar archives into one file without a name, within bounds.
//!
//! The names in an archive are only shown: nothing is ever written or opened by them.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::input::Member;
use crate::net::Timestamp;

/// Members of all archives of a run together.
const MOST_MEMBERS: usize = 4096;
/// Bytes of all archives of a run and of their members together.
const MOST_BYTES: u64 = 4 << 30;
/// Names of members longer than this are cut.
const LONGEST_NAME: usize = 512;
/// How much of a file shows that it is a tar archive.
pub(super) const HEAD: usize = 262;

/// The kinds of archives that are unpacked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    /// PKWARE's.
    Zip,
    /// POSIX's.
    Tar,
}

impl Kind {
    /// What a file that starts like this is.
    pub(super) fn of(head: &[u8]) -> Option<Self> {
        let zip = head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06");
        let tar = head.get(257..262) == Some(b"ustar");
        if zip { Some(Self::Zip) } else { tar.then_some(Self::Tar) }
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Zip => "zip",
            Self::Tar => "tar",
        }
    }
}

/// What was unpacked, for later passes: there may be no right to unpack by then.
#[derive(Clone, Debug, Default)]
pub struct Archives(Arc<Mutex<HashMap<PathBuf, Unpacked>>>);

impl Archives {
    /// What an archive holds; it is unpacked once.
    pub(super) fn unpack(
        &self,
        kind: Kind,
        archive: impl Read,
        name: &Path,
        budget: &mut Budget,
    ) -> io::Result<Unpacked> {
        if let Some(unpacked) = self.known().get(name) {
            return Ok(unpacked.clone());
        }
        let unpacked = unpack(kind, archive, name, budget)?;
        self.known().insert(name.to_owned(), unpacked.clone());
        Ok(unpacked)
    }

    fn known(&self) -> MutexGuard<'_, HashMap<PathBuf, Unpacked>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What came out of an archive, and what did not.
#[derive(Clone, Debug)]
pub(super) struct Unpacked {
    pub members: Vec<Member>,
    /// Why it ended early, if it did.
    pub trouble: Option<String>,
    /// Members left out: encrypted, or compressed by a method that is not read.
    pub unreadable: usize,
}

/// How much may still be unpacked in this run.
pub(super) struct Budget {
    members: usize,
    bytes: u64,
}

impl Default for Budget {
    fn default() -> Self {
        Self { members: MOST_MEMBERS, bytes: MOST_BYTES }
    }
}

/// A file without a name under construction.
struct Spool<'b> {
    file: File,
    end: u64,
    budget: &'b mut Budget,
}

/// The place of one member in the spool.
struct Part {
    name: PathBuf,
    start: u64,
    size: u64,
    modified: Option<Timestamp>,
}

/// Unpacks an archive; its members are named below `name`.
fn unpack(
    kind: Kind,
    archive: impl Read,
    name: &Path,
    budget: &mut Budget,
) -> io::Result<Unpacked> {
    let mut spool = Spool { file: tempfile::tempfile()?, end: 0, budget };
    let (mut parts, mut unreadable) = (Vec::new(), 0);
    let ended = match kind {
        Kind::Tar => spool.tar(archive, name, &mut parts),
        Kind::Zip => spool.zip(archive, name, &mut parts, &mut unreadable),
    };
    let file = Arc::new(spool.file);
    let members = parts.into_iter().map(|part| Member {
        name: part.name,
        spool: Arc::clone(&file),
        start: part.start,
        size: part.size,
        modified: part.modified,
    });
    let trouble = ended.err().map(|error| error.to_string());
    Ok(Unpacked { members: members.collect(), trouble, unreadable })
}

impl Spool<'_> {
    fn tar(&mut self, archive: impl Read, below: &Path, parts: &mut Vec<Part>) -> io::Result<()> {
        let mut archive = tar::Archive::new(archive);
        for entry in archive.entries()? {
            let mut entry = entry?;
            if !entry.header().entry_type().is_file() {
                continue;
            }
            let name = member_name(below, &entry.path_bytes());
            let modified = entry.header().mtime().ok();
            let modified = modified.and_then(|seconds| i64::try_from(seconds).ok());
            let modified = modified.map(|seconds| Timestamp::from_parts(seconds, 0));
            let (start, size, ended) = self.add(&mut entry)?;
            parts.push(Part { name, start, size, modified });
            ended?;
        }
        Ok(())
    }

    fn zip(
        &mut self,
        archive: impl Read,
        below: &Path,
        parts: &mut Vec<Part>,
        unreadable: &mut usize,
    ) -> io::Result<()> {
        // its directory is at its end
        let mut whole = tempfile::tempfile()?;
        let size = io::copy(&mut archive.take(self.budget.bytes), &mut whole)?;
        self.budget.bytes -= size;
        let mut archive = zip::ZipArchive::new(whole)?;
        for index in 0..archive.len() {
            let Ok(mut entry) = archive.by_index(index) else {
                *unreadable += 1;
                continue;
            };
            if !entry.is_file() {
                continue;
            }
            let name = member_name(below, entry.name_raw());
            let modified = entry.last_modified().and_then(written);
            let (start, size, ended) = self.add(&mut entry)?;
            parts.push(Part { name, start, size, modified });
            ended?;
        }
        Ok(())
    }

    /// Appends a member; where it begins, its size, and whether all of it could be unpacked.
    fn add(&mut self, member: &mut impl Read) -> io::Result<(u64, u64, io::Result<()>)> {
        let Some(members) = self.budget.members.checked_sub(1) else {
            return Err(io::Error::other(format!("more than {MOST_MEMBERS} files in archives")));
        };
        self.budget.members = members;
        let start = self.end;
        let copied = io::copy(&mut member.take(self.budget.bytes), &mut self.file);
        self.file.flush()?;
        self.end = self.file.seek(SeekFrom::End(0))?;
        let size = self.end - start;
        self.budget.bytes = self.budget.bytes.saturating_sub(size);
        let full = || io::Error::other(format!("archives of more than {} GiB", MOST_BYTES >> 30));
        let ended = copied.and_then(|_| if self.budget.bytes == 0 { Err(full()) } else { Ok(()) });
        Ok((start, size, ended))
    }
}

/// `ticket.zip/logs/server.log`, for people.
fn member_name(below: &Path, name: &[u8]) -> PathBuf {
    let name = name.get(..LONGEST_NAME).unwrap_or(name);
    let name = String::from_utf8_lossy(name);
    PathBuf::from(format!("{}/{}", below.display(), name.trim_start_matches('/')))
}

/// The moment a zip archive names, which is in a zone it does not name: taken as this machine's.
fn written(time: zip::DateTime) -> Option<Timestamp> {
    let date = jiff::civil::date(
        i16::try_from(time.year()).ok()?,
        i8::try_from(time.month()).ok()?,
        i8::try_from(time.day()).ok()?,
    );
    let hour = i8::try_from(time.hour()).ok()?;
    let (minute, second) = (i8::try_from(time.minute()).ok()?, i8::try_from(time.second()).ok()?);
    let zoned = date.at(hour, minute, second, 0).to_zoned(jiff::tz::TimeZone::system()).ok()?;
    Some(Timestamp::from_parts(zoned.timestamp().as_second(), 0))
}
