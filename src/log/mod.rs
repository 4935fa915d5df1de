//! Cuts a server's log into SIP messages and statements: lines in, [`Item`]s out.
//!
//! ```text
//!  bytes ──▶ carrier ──▶ dialect ──▶ Item::Message    SIP as the host logged it
//!            undone       framing     Item::Statement  what the program reports about a registration
//!                         clock       Item::Said       a line with no known meaning, as its shape
//! ```
//!
//! Nothing here knows a registration. A log is evidence of its own kind: addresses and times that it leaves
//! out are inferred and marked, and what is not understood is counted.

mod address;
mod again;
mod carrier;
mod clock;
mod collect;
mod cursor;
mod dialect;
mod extract;
mod feed;
mod finish;
mod framer;
mod key_search;
mod lines;
mod pattern;
mod reader;
mod secret;
mod shapes;
mod sides;
mod stamp;
mod start;
mod survey;
mod tables;
mod utf16;

#[cfg(test)]
mod tests;

use std::borrow::Cow;

pub use again::{lines_around, message_at};
pub use reader::{LogReader, NotALog, continues, could_be_log, formats};
pub use secret::masked;

use crate::net::{Endpoint, Timestamp, Transport};

/// Where something is in a log: the place of its first line.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Place {
    /// The number of the line in the file, from 1, counting every line feed.
    pub line: u64,
    /// The byte offset of that line in the decompressed file.
    pub offset: u64,
}

/// One thing that a log holds, in the order of the file.
#[derive(Clone, Debug)]
pub enum Item<'a> {
    /// A SIP message that was received or sent.
    Message(LoggedMessage<'a>),
    /// What the program reports about a registration.
    Statement(Statement),
    /// A line with no known meaning between a request and its response.
    Said(Said),
    /// A dated line of any other kind: only its time counts.
    Time(Timestamp),
}

/// A SIP message in a log.
#[derive(Clone, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "marks that any message may have, each on its own"
)]
pub struct LoggedMessage<'a> {
    /// Its start line.
    pub at: Place,
    /// When it was logged; absent where the log has no clock.
    pub time: Option<Timestamp>,
    /// The sender.
    pub src: Side,
    /// The receiver.
    pub dst: Side,
    /// What carried it.
    pub transport: Transport,
    /// Whether the transport is a guess.
    pub transport_inferred: bool,
    /// Whether the host that wrote the log received or sent it; absent for a bystander's log.
    pub direction: Option<Direction>,
    /// The message with its carrier undone and line ends as CR LF.
    pub bytes: Cow<'a, [u8]>,
    /// The message ends early.
    pub cut: bool,
    /// A header that was broken when it was pasted was joined again.
    pub mended: bool,
    /// The program says that it could not be sent.
    pub not_sent: bool,
}

/// One end of a logged message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Side {
    /// Its address and port.
    pub endpoint: Endpoint,
    /// Whether the log leaves the address or port out, so that it was inferred.
    pub inferred: bool,
}

/// Which direction a message took, as seen by the host that wrote the log.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Direction {
    /// It came in.
    Received,
    /// It went out.
    Sent,
}

/// What a program reports about a registration.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Statement {
    /// Its line.
    pub at: Place,
    /// When it was logged.
    pub time: Option<Timestamp>,
    /// What it means.
    pub kind: StatementKind,
    /// How well its meaning is known.
    pub sure: Sureness,
    /// The DN it names, as in the log.
    pub dn: Option<String>,
    /// The Contact URI it names.
    pub contact: Option<String>,
    /// The Call-ID it names.
    pub call_id: Option<String>,
    /// The address of the device it names; port 0 where it names none.
    pub source: Option<Endpoint>,
    /// The status code it names.
    pub code: Option<u16>,
    /// The seconds that it grants.
    pub expires: Option<u32>,
    /// The number that ties an answer to its request (T-Library).
    pub reference: Option<u32>,
    /// The line itself, carrier undone, at most 1024 bytes.
    pub text: String,
}

/// The meanings a statement can have.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum StatementKind {
    /// A contact was added.
    Registered,
    /// A contact was refreshed.
    Refreshed,
    /// A removal was requested; the sender of the request is not stated.
    Removed,
    /// The removal of a contact that was not there.
    NothingToRemove,
    /// Another registration took its place.
    Replaced,
    /// A contact ran out by timer.
    Expired,
    /// A contact was removed because its connection closed or the server restarted.
    ConnectionLost,
    /// The DN, endpoint or AOR is not configured, or is disabled.
    NotKnown,
    /// The credentials were wrong.
    AuthFailed,
    /// The credentials were right.
    AuthSucceeded,
    /// A challenge was sent.
    Challenged,
    /// Refused for the address it came from.
    RefusedSource,
    /// Too many contacts.
    Limit,
    /// The device answers the server's OPTIONS.
    Reachable,
    /// The device does not answer the server's OPTIONS.
    Unreachable,
    /// The CTI state of the DN on this node is in service.
    InService,
    /// The CTI state of the DN on this node is out of service.
    OutOfService,
    /// A client asks to register on the DN at this node (T-Library).
    Owned,
    /// The node answers that a client is registered on the DN (T-Library).
    Attached,
    /// The client that writes the log was refused, or got no response.
    Failed,
}

impl StatementKind {
    /// Whether it is about what a node of a cluster reports to its clients, and not about a registration.
    #[must_use]
    pub const fn is_of_cti(self) -> bool {
        matches!(self, Self::InService | Self::OutOfService | Self::Owned | Self::Attached)
    }

    /// The lower-case name used in every output.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Registered => "registered",
            Self::Refreshed => "refreshed",
            Self::Removed => "removed",
            Self::NothingToRemove => "nothing_to_remove",
            Self::Replaced => "replaced",
            Self::Expired => "expired",
            Self::ConnectionLost => "connection_lost",
            Self::NotKnown => "not_known",
            Self::AuthFailed => "auth_failed",
            Self::AuthSucceeded => "auth_succeeded",
            Self::Challenged => "challenged",
            Self::RefusedSource => "refused_source",
            Self::Limit => "limit",
            Self::Reachable => "reachable",
            Self::Unreachable => "unreachable",
            Self::InService => "in_service",
            Self::OutOfService => "out_of_service",
            Self::Owned => "owned",
            Self::Attached => "attached",
            Self::Failed => "failed",
        }
    }
}

/// How the meaning of a statement is known.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Sureness {
    /// From the program's own source or manual.
    Documented,
    /// From real logs.
    Seen,
    /// From other public parsers.
    Copied,
}

impl Sureness {
    /// The letter used in every output.
    #[must_use]
    pub const fn letter(self) -> char {
        match self {
            Self::Documented => 'D',
            Self::Seen => 'L',
            Self::Copied => 'C',
        }
    }
}

/// A line without a known meaning, reduced to its shape.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Said {
    /// Its line.
    pub at: Place,
    /// When it was logged.
    pub time: Option<Timestamp>,
    /// The place of the request between which and its response it is.
    pub request: Place,
    /// Digits, addresses, DNs and quoted names replaced by placeholders.
    pub shape: String,
    /// The line itself, carrier undone, at most 1024 bytes.
    pub text: String,
}

/// What was found out about a log; complete once it has been read to its end.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Profile {
    /// The dialect that most of its messages and statements are in, as `--log-format` names it.
    pub dialect: &'static str,
    /// What its lines traveled in, outermost first.
    pub carriers: Vec<&'static str>,
    /// Lines read.
    pub lines: u64,
    /// SIP messages found.
    pub messages: u64,
    /// Statements found.
    pub statements: u64,
    /// The first time in it, of any line.
    pub first: Option<Timestamp>,
    /// The last time in it, of any line.
    pub last: Option<Timestamp>,
    /// Its clock.
    pub clock: Clock,
    /// The addresses of the host that wrote it; the first is the one to show.
    pub local: Vec<Endpoint>,
    /// How they are known: `stated`, `given`, `via`, `request-uri`.
    pub local_from: Option<&'static str>,
    /// The node's name in its header.
    pub node: Option<String>,
    /// What was skipped, cut or doubtful: the line, and a sentence.
    pub warnings: Vec<(u64, String)>,
}

/// What a log's time stamps say, and what had to be found elsewhere.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Clock {
    /// Whether any of its lines has a time.
    pub present: bool,
    /// Whether the date is known.
    pub date: bool,
    /// Whether the year is known from the log itself.
    pub year: bool,
    /// Its zone as an offset or a name: `+05:30`, `UTC`, `Europe/Berlin`.
    pub zone: Option<String>,
    /// How the zone is known: `stamp`, `header`, `given`, `measured`, `assumed`.
    pub zone_from: Option<&'static str>,
    /// The unit of its stamps: `µs`, `ms`, `s`.
    pub granularity: Option<&'static str>,
    /// The lines at which it was set, and by how many nanoseconds.
    pub steps: Vec<(u64, i64)>,
}

/// What the user states about logs, and what is known of a file from outside.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The dialect to assume (`--log-format`).
    pub format: Option<String>,
    /// The zone to assume (`--log-zone`).
    pub zone: Option<jiff::tz::TimeZone>,
    /// The date of the first line (`--log-date`).
    pub date: Option<jiff::civil::Date>,
    /// The local side (`--local`).
    pub local: Option<Endpoint>,
    /// The file's name, which may hold a date.
    pub name: String,
    /// When the file was last written.
    pub modified: Option<Timestamp>,
    /// Now, for logs whose year is unknown.
    pub now: Option<Timestamp>,
}
