//! What was read, and what of it could not be used.

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::net::{Endpoint, escape_text};
use crate::packet::Stats;
use crate::sip::FramerStats;
use crate::source::{FileInfo, Warning};

/// What was read, and what of it could not be used.
#[derive(Clone, Debug, Default)]
pub struct Capture {
    /// The files, in the order of their ids.
    pub files: Vec<FileInfo>,
    /// What is worth saying about them.
    pub warnings: Vec<Warning>,
    /// What live traffic lost on its way here, a sentence each.
    pub losses: Vec<String>,
    /// Who is behind the addresses, as far as somebody could be asked.
    pub hosts: Hosts,
    /// How many packets went which way.
    pub packets: PacketCounts,
    /// What the decoder saw.
    pub decoded: Stats,
    /// What was met in TCP streams.
    pub streams: StreamCounts,
}

/// How many packets went which way before they were decoded.
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

/// Who is behind addresses: nothing of it is in the packets.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Hosts {
    /// Who owns sockets of the host the program runs on.
    pub owners: BTreeMap<Endpoint, Process>,
    /// Names by DNS, escaped.
    pub names: BTreeMap<IpAddr, String>,
}

/// Who owns a socket.
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

/// A file's name as every output shows it.
#[must_use]
pub fn file_name(file: &FileInfo) -> String {
    escape_text(&file.path.to_string_lossy()).into_owned()
}
