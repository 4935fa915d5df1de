//! The logs each program writes: envelopes of messages, statements, facts about itself. Tables, no code.
//!
//! `docs/DIALECTS.md` says how to add one.

use super::{StatementKind, Sureness};

mod asterisk;
mod asterisk_pjsip;
mod audiocodes;
mod avaya;
mod chan_sip;
mod clients;
mod cucm;
mod freeswitch;
mod genesys;
mod genesys_tlib;
mod ios;
mod kamailio;
mod opensips;
mod oracle;
mod pjsip;
mod sniffers;

/// Everything known of one kind of log.
#[derive(Debug)]
pub(super) struct Dialect {
    /// Its name for `--log-format`.
    pub name: &'static str,
    /// The headers before a message.
    pub envelopes: &'static [Envelope],
    /// What a line contains that ends a message; text before it in the line belongs to the message.
    pub end: Option<&'static str>,
    /// What it reports about registrations.
    pub statements: &'static [Row],
    /// What it reports about itself.
    pub facts: &'static [Row<Fact>],
    /// What a line contains that goes on in the indented lines below it.
    pub blocks: &'static [&'static str],
    /// How it says that the message before could not be sent; `method` names its method.
    pub not_sent: &'static [Row<NotSent>],
    /// Whether every line of a message ends in a dot, which replaces the carriage return.
    pub dotted: bool,
    /// Whether headers are indented by eight blanks and their details by more, as in a dissector's output.
    pub nested: bool,
}

impl Dialect {
    /// The program that writes it: one may have several dialects in the same file.
    pub(super) fn family(&self) -> &'static str {
        match self.name {
            "chan_sip" => "asterisk",
            name => name.split('-').next().unwrap_or(name),
        }
    }
}

/// A dialect without anything in it, to take the rest from.
pub(super) const NONE: Dialect = Dialect {
    name: "",
    envelopes: &[],
    end: None,
    statements: &[],
    facts: &[],
    blocks: &[],
    not_sent: &[],
    dotted: false,
    nested: false,
};

/// The header that a program writes before a message.
///
/// Its patterns may name `peer` (and `peer_port`), `local`, or `src` and `dst` (and `src_port`, `dst_port`);
/// `transport`, `size` (bytes), `time` (a stamp), `epoch` (seconds), and `sip`: the start line, when it is in the same line.
#[derive(Debug)]
pub(super) struct Envelope {
    /// What its first line contains.
    pub key: &'static str,
    /// Its lines.
    pub lines: &'static [&'static str],
    /// Lines that may come between it and the start line.
    pub between: Option<&'static str>,
    /// What the message behind it is.
    pub takes: Takes,
}

/// What the message behind an envelope is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Takes {
    /// A message that came in.
    Received,
    /// A message that went out.
    Sent,
    /// A message between two others, or one whose envelope names both sides and no direction.
    Seen,
    /// A copy of a message for the reader's sake: not one on its own.
    Copy,
}

/// A line that means something.
#[derive(Debug)]
pub(super) struct Row<M = (StatementKind, Sureness)> {
    /// What the line contains.
    pub key: &'static str,
    /// The line. For statements it may name `dn`, `contact`, `call_id`, `source`, `code`, `expires` and `reference`.
    pub line: &'static str,
    /// What it means.
    pub means: M,
}

/// The message before was not sent.
#[derive(Clone, Copy, Debug)]
pub(super) struct NotSent;

/// What a program reports about itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Fact {
    /// An address of its own: `local`, and its `transport`.
    Local,
    /// Its name in a cluster: `node`.
    Node,
    /// Its zone: `west`, seconds west of UTC.
    West,
    /// Its wall clock with the date: `time`.
    Date,
    /// It is such a program, whether or not it states anything: nothing more.
    Program,
    /// A moment as seconds since the epoch, and what its clock said then: `epoch`, `time`.
    Moment,
}

/// The row of a statement.
const fn says(key: &'static str, kind: StatementKind, sure: Sureness, line: &'static str) -> Row {
    Row { key, line, means: (kind, sure) }
}

/// The row of a fact.
const fn fact(key: &'static str, fact: Fact, line: &'static str) -> Row<Fact> {
    Row { key, line, means: fact }
}

/// The envelope of one line.
const fn envelope(key: &'static str, takes: Takes, line: &'static [&'static str]) -> Envelope {
    Envelope { key, lines: line, between: None, takes }
}

/// Every dialect; the first that a line fits is its dialect.
pub(super) const ALL: &[&Dialect] = &[
    &genesys::DIALECT,
    &genesys_tlib::DIALECT,
    &asterisk_pjsip::DIALECT,
    &chan_sip::DIALECT,
    &asterisk::DIALECT,
    &freeswitch::DIALECT,
    &pjsip::DIALECT,
    &kamailio::DIALECT,
    &opensips::DIALECT,
    &cucm::DIALECT,
    &ios::DIALECT,
    &sniffers::NGREP,
    &sniffers::SNGREP,
    &oracle::DIALECT,
    &audiocodes::DIALECT,
    &clients::LINPHONE,
    &clients::BARESIP,
    &clients::SIP_JS,
    &clients::JS_SIP,
    &clients::SIPSORCERY,
    &clients::SNOM,
    &avaya::IP_OFFICE,
    &avaya::SESSION_MANAGER,
    &sniffers::WIRESHARK,
];
