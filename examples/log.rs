//! Reads a log and prints what is in it as JSON lines, its profile last.
//!
//! `cargo run --example log -- [--zone ZONE] [--date YYYY-MM-DD] [--format NAME] [--quiet] FILE…`

#![expect(clippy::print_stdout, reason = "what was found is for standard output")]

use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::time::Instant;

use clap::Parser;
use regscope::log::{Item, LogReader, LoggedMessage, NotALog, Profile, Settings, Statement};
use regscope::net::Timestamp;
use serde_json::json;

/// Reads a log and prints what is in it as JSON lines, its profile last.
#[derive(Parser)]
struct Arguments {
    /// The log, and the files that continue it
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Its zone
    #[arg(long)]
    zone: Option<String>,
    /// The date of its first line
    #[arg(long)]
    date: Option<jiff::civil::Date>,
    /// Its dialect
    #[arg(long)]
    format: Option<String>,
    /// Print the profile and the time it took alone
    #[arg(long)]
    quiet: bool,
}

fn main() -> Result<(), NotALog> {
    let arguments = Arguments::parse();
    let Some((first, more)) = arguments.files.split_first() else { return Ok(()) };
    let zone = arguments.zone.as_deref().map(jiff::tz::TimeZone::get);
    let settings = Settings {
        format: arguments.format,
        zone: zone.transpose().map_err(io::Error::other)?,
        date: arguments.date,
        name: first.to_string_lossy().into_owned(),
        ..Settings::default()
    };
    let start = Instant::now();
    let mut reader = LogReader::open(File::open(first)?, &settings)?;
    let mut more = more.iter();
    loop {
        while let Some(item) = reader.next()? {
            if !arguments.quiet {
                println!("{}", item_json(&item));
            }
        }
        let Some(file) = more.next() else { break };
        reader.continue_with(File::open(file)?)?;
    }
    let seconds = start.elapsed().as_secs_f64();
    println!("{}", profile_json(reader.profile(), seconds));
    Ok(())
}

fn item_json(item: &Item<'_>) -> serde_json::Value {
    match item {
        Item::Message(message) => message_json(message),
        Item::Statement(statement) => statement_json(statement),
        Item::Said(said) => json!({
            "type": "said", "line": said.at.line, "time": seconds(said.time), "shape": said.shape,
            "request": said.request.line,
        }),
        Item::Time(time) => json!({ "type": "time", "time": seconds(Some(*time)) }),
    }
}

fn message_json(message: &LoggedMessage<'_>) -> serde_json::Value {
    json!({
        "type": "message", "line": message.at.line, "offset": message.at.offset,
        "time": seconds(message.time),
        "src": message.src.endpoint.to_string(), "src_inferred": message.src.inferred,
        "dst": message.dst.endpoint.to_string(), "dst_inferred": message.dst.inferred,
        "transport": message.transport.name(), "transport_inferred": message.transport_inferred,
        "direction": message.direction.map(|direction| format!("{direction:?}")),
        "cut": message.cut, "mended": message.mended, "not_sent": message.not_sent,
        "text": String::from_utf8_lossy(&message.bytes),
    })
}

fn statement_json(statement: &Statement) -> serde_json::Value {
    json!({
        "type": "statement", "line": statement.at.line, "time": seconds(statement.time),
        "kind": statement.kind.name(), "sure": statement.sure.letter().to_string(),
        "dn": statement.dn, "contact": statement.contact, "call_id": statement.call_id,
        "source": statement.source.map(|source| source.to_string()), "code": statement.code,
        "expires": statement.expires, "text": statement.text,
    })
}

fn profile_json(profile: &Profile, took: f64) -> serde_json::Value {
    let clock = &profile.clock;
    json!({
        "type": "profile", "dialect": profile.dialect, "carriers": profile.carriers,
        "lines": profile.lines, "messages": profile.messages, "statements": profile.statements,
        "first": seconds(profile.first), "last": seconds(profile.last),
        "clock": {
            "present": clock.present, "date": clock.date, "year": clock.year, "zone": clock.zone,
            "zone_from": clock.zone_from, "granularity": clock.granularity, "steps": clock.steps,
        },
        "local": profile.local.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "local_from": profile.local_from, "node": profile.node, "warnings": profile.warnings,
        "seconds": took,
    })
}

fn seconds(time: Option<Timestamp>) -> Option<String> {
    time.map(Timestamp::epoch_string)
}
