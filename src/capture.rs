//! Holds what was read, and what of it could not be used.

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::log::Profile;
use crate::net::{Endpoint, FileId, FrameRef, Timestamp, escape_text};
use crate::packet::Stats;
use crate::sip::FramerStats;
use crate::source::{FileInfo, Format, Warning};

/// What was read, and what of it could not be used.
#[derive(Clone, Debug, Default)]
pub struct Capture {
    /// The files, in the order of their ids.
    pub files: Vec<FileInfo>,
    /// What was found out about those that are logs.
    pub logs: Vec<LogInfo>,
    /// What is worth saying about them.
    pub warnings: Vec<Warning>,
    /// What was lost of live traffic before it was read, a sentence each.
    pub losses: Vec<String>,
    /// What is behind the addresses, as far as it could be looked up.
    pub hosts: Hosts,
    /// How many packets were dropped where.
    pub packets: PacketCounts,
    /// What the decoder saw.
    pub decoded: Stats,
    /// What was met in TCP streams.
    pub streams: StreamCounts,
}

/// What was found out about a log.
#[derive(Clone, Debug)]
pub struct LogInfo {
    /// Which of the files it is.
    pub file: FileId,
    /// The cluster node the user says it is of.
    pub node: Option<String>,
    /// What ended the reading before its end.
    pub damage: Option<String>,
    /// What was found out about it.
    pub profile: Profile,
    /// The file that it goes on from, if it is a part of a rotated log.
    pub continues: Option<FileId>,
    /// How its clock compares with the others'.
    pub compared: Compared,
}

/// How the clock of a log compares with that of another input.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Compared {
    /// There is nothing to compare it with.
    #[default]
    Alone,
    /// Too few messages are in both: this many.
    Unknown {
        /// Messages that are in both.
        shared: usize,
    },
    /// It was measured by messages that are in both.
    Measured(Offset),
}

/// By how much the clock of a log differs from that of another input.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Offset {
    /// What has to be added to the log's times, in nanoseconds; 0 if the difference is within its unit.
    pub nanos: i64,
    /// Messages that are in both; 0 if both are logs of one program, which has one clock.
    pub shared: usize,
    /// The log it was compared with; none for the captures.
    pub with: Option<FileId>,
}

impl Capture {
    /// What was found out about a file, if it is a log.
    #[must_use]
    pub fn log(&self, file: FileId) -> Option<&LogInfo> {
        self.logs.iter().find(|log| log.file == file)
    }

    /// The times that each capture file covers.
    pub fn spans(&self) -> impl Iterator<Item = (Timestamp, Timestamp)> + use<'_> {
        self.files.iter().filter_map(|file| file.span)
    }
}

/// How many packets were dropped where before they were decoded.
#[derive(Clone, Copy, Debug, Default)]
pub struct PacketCounts {
    /// Packets read.
    pub read: u64,
    /// Left out because they are later than the moment to judge at.
    pub after_at: u64,
    /// Left out because the filter does not take them.
    pub filtered: u64,
    /// Left out because they cannot be SIP.
    pub not_sip: u64,
}

/// What was met in TCP streams.
#[derive(Clone, Copy, Debug, Default)]
pub struct StreamCounts {
    /// What was found, and what was not.
    pub framed: FramerStats,
    /// Unfinished messages given up to stay within the limits.
    pub given_up: u64,
}

/// What is behind addresses: nothing of it is in the packets.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Hosts {
    /// The owners of sockets of the host the program runs on.
    pub owners: BTreeMap<Endpoint, Process>,
    /// Names by DNS, escaped.
    pub names: BTreeMap<IpAddr, String>,
}

/// The owner of a socket.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Process {
    /// The number of the process, where it may be known.
    pub pid: Option<u32>,
    /// Its name, as the kernel has it.
    pub name: Option<String>,
    /// The user's number.
    pub uid: u32,
    /// The user's name.
    pub user: Option<String>,
    /// All of it in words, escaped: `sipendpoint (pid 4312)`.
    pub words: String,
}

/// Whether a place is in a log: its number counts lines then, and not frames.
#[must_use]
pub fn is_line(files: &[FileInfo], place: FrameRef) -> bool {
    files.get(usize::from(place.file().0)).is_some_and(|file| file.format == Format::Log)
}

/// A file's name as every output shows it.
#[must_use]
pub fn file_name(file: &FileInfo) -> String {
    escape_text(&file.path.to_string_lossy()).into_owned()
}
