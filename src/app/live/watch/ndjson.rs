//! Changes and findings as JSON, one object a line; these types define the format.

use std::borrow::Cow;
use std::io::{self, Write};
use std::net::IpAddr;

use serde::Serialize;

use super::output::{SCHEMA, Told};
use crate::app::live::inputs::Inputs;
use crate::capture::Process;
use crate::diagnosis::{Evidence, Finding};
use crate::net::{FrameRef, Timestamp, escape_lossy, escape_text};
use crate::registration::{Flag, Risk, Status};

/// A change of a DN's status.
#[derive(Serialize)]
struct ChangeLine<'a> {
    schema: u32,
    #[serde(rename = "type")]
    kind: &'static str,
    time: String,
    dn: Cow<'a, str>,
    from: Option<StatusDoc>,
    to: Option<StatusDoc>,
    flags: Vec<&'static str>,
    /// Why the DN is at risk, if it is.
    at_risk: Option<&'static str>,
    expires_at: Option<String>,
    source: Option<String>,
    registrar: Option<String>,
    transport: Option<&'static str>,
    user_agent: Option<&'a str>,
    /// The process that has the source's socket, if that is of this host.
    #[serde(skip_serializing_if = "Option::is_none")]
    process: Option<ProcessDoc<'a>>,
    /// The source's name by DNS, if it was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    source_name: Option<&'a str>,
    input: Option<&'a str>,
    frame: Option<u64>,
    /// The line, if the input is a log.
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u64>,
    cause: Option<CauseDoc<'a>>,
}

#[derive(Serialize)]
struct StatusDoc {
    verdict: &'static str,
    state: &'static str,
    status_code: Option<u16>,
    /// What the verdict rests on.
    basis: &'static str,
}

#[derive(Serialize)]
struct ProcessDoc<'a> {
    pid: Option<u32>,
    name: Option<Cow<'a, str>>,
    uid: u32,
    user: Option<Cow<'a, str>>,
}

#[derive(Serialize)]
struct CauseDoc<'a> {
    rule: &'static str,
    confidence: &'static str,
    sentence: &'a str,
    check: &'static str,
}

/// What a rule found beside causes.
#[derive(Serialize)]
struct FindingLine<'a> {
    schema: u32,
    #[serde(rename = "type")]
    kind: &'static str,
    time: String,
    rule: &'static str,
    severity: &'static str,
    confidence: &'static str,
    dn: Option<Cow<'a, str>>,
    source: Option<IpAddr>,
    sentence: &'a str,
    evidence: Vec<EvidenceDoc<'a>>,
    check: &'static str,
    reference: &'static str,
}

#[derive(Serialize)]
struct EvidenceDoc<'a> {
    input: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    frame: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u64>,
    time: String,
}

impl<'a> From<&'a Process> for ProcessDoc<'a> {
    fn from(process: &'a Process) -> Self {
        let escaped = |text: &'a Option<String>| text.as_deref().map(escape_text);
        let (name, user) = (escaped(&process.name), escaped(&process.user));
        Self { pid: process.pid, name, uid: process.uid, user }
    }
}

impl From<Status> for StatusDoc {
    fn from(status: Status) -> Self {
        Self {
            verdict: status.verdict.name(),
            state: status.state.name(),
            status_code: status.status_code,
            basis: status.basis.name(),
        }
    }
}

/// The numbers of a frame, and of a line of a log: a place is one of them.
fn numbers(inputs: &Inputs, place: FrameRef) -> (Option<u64>, Option<u64>) {
    let number = Some(place.number());
    if inputs.is_line(place) { (None, number) } else { (number, None) }
}

pub(super) fn change(told: &Told<'_>, inputs: &Inputs, out: &mut dyn Write) -> io::Result<()> {
    let change = told.change;
    let flags = change.to.map_or_else(Vec::new, |to| to.flags.iter().map(Flag::name).collect());
    let (frame, line) = change.frame.map_or((None, None), |place| numbers(inputs, place));
    let line = ChangeLine {
        schema: SCHEMA,
        kind: "change",
        time: change.time.epoch_string(),
        dn: escape_lossy(&change.dn),
        from: change.from.map(Into::into),
        to: change.to.map(Into::into),
        flags,
        at_risk: told.risk.map(Risk::name),
        expires_at: change.expires_at.map(Timestamp::epoch_string),
        source: told.source.map(|source| source.to_string()),
        registrar: told.registrar.map(|registrar| registrar.to_string()),
        transport: told.transport,
        user_agent: told.user_agent.as_deref(),
        process: told.process.as_ref().map(Into::into),
        source_name: told.name.as_deref(),
        input: change.frame.and_then(|frame| inputs.name(frame)),
        frame,
        line,
        cause: told.cause.map(|cause| CauseDoc {
            rule: cause.rule,
            confidence: cause.confidence.name(),
            sentence: &cause.sentence,
            check: cause.check,
        }),
    };
    write(&line, out)
}

pub(super) fn finding(
    finding: &Finding,
    now: Timestamp,
    inputs: &Inputs,
    out: &mut dyn Write,
) -> io::Result<()> {
    let evidence = |e: &Evidence| {
        let (frame, line) = numbers(inputs, e.frame);
        EvidenceDoc { input: inputs.name(e.frame), frame, line, time: e.time.epoch_string() }
    };
    let line = FindingLine {
        schema: SCHEMA,
        kind: "finding",
        time: now.epoch_string(),
        rule: finding.rule,
        severity: finding.severity.name(),
        confidence: finding.confidence.name(),
        dn: finding.dn.as_deref().map(escape_lossy),
        source: finding.source,
        sentence: &finding.sentence,
        evidence: finding.evidence.iter().map(evidence).collect(),
        check: finding.check,
        reference: finding.reference,
    };
    write(&line, out)
}

fn write(line: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer(&mut *out, line).map_err(io::Error::from)?;
    out.write_all(b"\n")
}
