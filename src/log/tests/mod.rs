//! Whole logs, read as a user has them.

use super::{Item, LogReader, NotALog, Profile, Said, Settings, Statement};
use crate::net::Timestamp;

mod carriers;
mod dialects;
mod growing;
mod hostile;
mod look_alikes;
mod statements;
mod times;

/// A message without its borrowed bytes.
#[derive(Debug)]
struct Seen {
    line: u64,
    offset: u64,
    time: Option<Timestamp>,
    src: String,
    dst: String,
    transport: &'static str,
    cut: bool,
    mended: bool,
    not_sent: bool,
    text: String,
}

/// What a log holds.
#[derive(Debug, Default)]
struct Log {
    messages: Vec<Seen>,
    statements: Vec<Statement>,
    said: Vec<Said>,
    profile: Profile,
}

impl Log {
    /// `src > dst` of every message.
    fn flows(&self) -> Vec<String> {
        self.messages.iter().map(|m| format!("{} > {}", m.src, m.dst)).collect()
    }

    /// Kind and DN of every statement.
    fn stated(&self) -> Vec<(&'static str, Option<&str>)> {
        self.statements.iter().map(|s| (s.kind.name(), s.dn.as_deref())).collect()
    }
}

/// Settings that do not depend on the machine: the last day of November 2026, UTC.
fn settings() -> Settings {
    Settings {
        zone: Some(jiff::tz::TimeZone::UTC),
        now: Some(Timestamp::from_parts(1_796_040_000, 0)),
        ..Settings::default()
    }
}

/// Takes what is left of a log.
fn drain(reader: &mut LogReader<&[u8]>, log: &mut Log) {
    while let Some(item) = reader.next().unwrap() {
        match item {
            Item::Message(m) => log.messages.push(Seen {
                line: m.at.line,
                offset: m.at.offset,
                time: m.time,
                src: m.src.endpoint.to_string(),
                dst: m.dst.endpoint.to_string(),
                transport: m.transport.name(),
                cut: m.cut,
                mended: m.mended,
                not_sent: m.not_sent,
                text: String::from_utf8_lossy(&m.bytes).into_owned(),
            }),
            Item::Statement(statement) => log.statements.push(statement),
            Item::Said(said) => log.said.push(said),
            Item::Time(_) => {}
        }
    }
    log.profile = reader.profile().clone();
}

/// Reads a log with those settings.
fn read_with(bytes: &[u8], settings: &Settings) -> Log {
    let mut reader = LogReader::open(bytes, settings).unwrap();
    let mut log = Log::default();
    drain(&mut reader, &mut log);
    log
}

/// Reads a log.
fn read(text: &str) -> Log {
    read_with(text.as_bytes(), &settings())
}

/// A REGISTER of `dn`, line ends as in `end`.
fn register(dn: &str, end: &str) -> String {
    [
        "REGISTER sip:192.0.2.10 SIP/2.0",
        "Via: SIP/2.0/UDP 192.0.2.101:5062;branch=z9hG4bK1;rport",
        &format!("From: <sip:{dn}@192.0.2.10>;tag=a"),
        &format!("To: <sip:{dn}@192.0.2.10>"),
        &format!("Call-ID: call-{dn}"),
        "CSeq: 1 REGISTER",
        &format!("Contact: <sip:{dn}@192.0.2.101:5062>"),
        "Content-Length: 0",
        "",
        "",
    ]
    .join(end)
}

/// A 200 to it.
fn ok(dn: &str, end: &str) -> String {
    [
        "SIP/2.0 200 OK",
        "Via: SIP/2.0/UDP 192.0.2.101:5062;branch=z9hG4bK1;rport=5062;received=203.0.113.9",
        &format!("From: <sip:{dn}@192.0.2.10>;tag=a"),
        &format!("To: <sip:{dn}@192.0.2.10>;tag=b"),
        &format!("Call-ID: call-{dn}"),
        "CSeq: 1 REGISTER",
        &format!("Contact: <sip:{dn}@192.0.2.101:5062>;expires=60"),
        "Date: Mon, 30 Nov 2026 12:00:00 GMT",
        "Content-Length: 0",
        "",
        "",
    ]
    .join(end)
}
