//! The types that define the JSON report; `schema` counts their incompatible changes.

use std::borrow::Cow;
use std::io::{self, Write};
use std::net::IpAddr;

use serde::{Serialize, Serializer};

use super::View;
use super::compare::ContrastJson;
use super::place::PlaceDoc;
use crate::capture::file_name;
use crate::cluster::Cluster;
use crate::diagnosis::Finding;
use crate::net::{Timestamp, escape_lossy, escape_text};
use crate::parallel;
use crate::registration::{DnView, Heard, Snapshot, SourceState, Sym};
use crate::source::FileInfo;

mod capture;
mod cluster;
mod dn;
mod findings;
mod statistics;
mod writer;

use capture::CaptureDoc;
use cluster::ClusterDoc;
use dn::Pen;
use statistics::StatisticsDoc;

/// Findings written at a time.
const FINDINGS: usize = 256;

/// The version of the format.
pub(super) const SCHEMA: u32 = 1;

/// What precedes the DNs.
#[derive(Serialize)]
struct Head<'a> {
    schema: u32,
    regscope: &'static str,
    capture: CaptureDoc<'a>,
    dns: &'static [u8],
}

/// The report up to the first DN.
pub(super) fn head(view: &View<'_>) -> io::Result<Vec<u8>> {
    let regscope = env!("CARGO_PKG_VERSION");
    let head = Head { schema: SCHEMA, regscope, capture: CaptureDoc::new(view), dns: &[] };
    let mut text = serde_json::to_vec(&head)?;
    // the list of DNs and the object stay open
    text.truncate(text.len().saturating_sub(b"]}".len()));
    Ok(text)
}

/// Some DNs of the list.
pub(super) fn dns(view: &View<'_>, dns: &[DnView<'_>]) -> Vec<u8> {
    let pen = Pen { snapshot: view.snapshot, files: &view.capture.files };
    pen.dns(dns)
}

/// Writes a list in parts of `size` items, on every core.
pub(super) fn write_parts<T: Sync>(
    items: &[T],
    size: usize,
    out: &mut dyn Write,
    write: impl Fn(&[T]) -> Vec<u8> + Sync,
) -> io::Result<()> {
    let mut comma: &[u8] = b"";
    parallel::in_order(items, size, write, |text: Vec<u8>| {
        out.write_all(std::mem::replace(&mut comma, b","))?;
        out.write_all(&text)
    })
}

/// Writes the report from the last DN on.
pub(super) fn write_tail(view: &View<'_>, out: &mut dyn Write) -> io::Result<()> {
    let contrast = ContrastJson::from(view.contrast);
    out.write_all(b"],\"sources\":")?;
    serde_json::to_writer(&mut *out, &Sources(*view))?;
    out.write_all(b",\"findings\":[")?;
    let findings: Vec<&Finding> = view.findings().collect();
    let files = &view.capture.files;
    write_parts(&findings, FINDINGS, out, |part| findings::write(files, part))?;
    out.write_all(b"],\"statements\":")?;
    serde_json::to_writer(&mut *out, &Statements(*view))?;
    out.write_all(b",\"said\":")?;
    serde_json::to_writer(&mut *out, &SaidLines(*view))?;
    out.write_all(b",\"cluster\":")?;
    let cluster = Cluster::of(view.snapshot);
    serde_json::to_writer(&mut *out, &ClusterDoc::new(view, &cluster))?;
    out.write_all(b",\"statistics\":")?;
    serde_json::to_writer(&mut *out, &StatisticsDoc::new(&view.statistics()))?;
    out.write_all(b",\"contrast\":")?;
    serde_json::to_writer(&mut *out, &contrast)?;
    out.write_all(b"}")
}

struct Sources<'a>(View<'a>);

impl Serialize for Sources<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let snapshot = self.0.snapshot;
        serializer.collect_seq(self.0.sources().map(|source| SourceDoc::new(snapshot, source)))
    }
}

struct Statements<'a>(View<'a>);

impl Serialize for Statements<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let View { snapshot, capture, .. } = self.0;
        let files: Vec<String> = capture.files.iter().map(file_name).collect();
        let statements = snapshot.statements();
        serializer.collect_seq(
            statements.into_iter().map(|heard| StatementDoc::new(snapshot, &files, heard)),
        )
    }
}

struct SaidLines<'a>(View<'a>);

impl Serialize for SaidLines<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let View { capture, contrast, .. } = self.0;
        let lines = &contrast.said;
        serializer.collect_seq(lines.iter().map(|line| SaidDoc {
            shape: escape_text(&line.shape.text),
            example: escape_text(&line.shape.example),
            at: PlaceDoc::new(&capture.files, line.shape.at),
            failures: line.failures.0,
            of_failures: line.failures.1,
            successes: line.successes.0,
            of_successes: line.successes.1,
            separates: line.separates(),
        }))
    }
}

/// A line of a log with no known meaning.
#[derive(Serialize)]
struct SaidDoc<'a> {
    shape: Cow<'a, str>,
    example: Cow<'a, str>,
    #[serde(flatten)]
    at: PlaceDoc,
    failures: u32,
    of_failures: u32,
    successes: u32,
    of_successes: u32,
    separates: bool,
}

/// A statement of a log about a registration.
#[derive(Serialize)]
struct StatementDoc<'a> {
    file: &'a str,
    line: u64,
    time: Option<String>,
    kind: &'static str,
    dn: Option<Cow<'a, str>>,
    contact: Option<Cow<'a, str>>,
    node: Option<Cow<'a, str>>,
    sure: char,
    text: Cow<'a, str>,
}

impl<'a> StatementDoc<'a> {
    fn new(snapshot: &'a Snapshot, files: &'a [String], heard: &'a Heard) -> Self {
        let statement = &*heard.statement;
        let text = |text: &'a Option<String>| text.as_deref().map(escape_text);
        Self {
            file: files.get(usize::from(heard.at.file().0)).map_or("", String::as_str),
            line: heard.at.number(),
            time: time(statement.time),
            kind: statement.kind.name(),
            dn: text(&statement.dn),
            contact: text(&statement.contact),
            node: snapshot.node_of_file(heard.at.file()).map(escape_text),
            sure: statement.sure.letter(),
            text: escape_text(&statement.text),
        }
    }
}

/// One address that sends REGISTERs.
#[derive(Serialize)]
struct SourceDoc<'a> {
    address: IpAddr,
    dns: u32,
    in_service: u32,
    out_of_service: u32,
    requests: u64,
    attempts: u64,
    user_agents: Vec<Cow<'a, str>>,
    flags: &'static [&'static str],
}

impl<'a> SourceDoc<'a> {
    fn new(snapshot: &'a Snapshot, source: &'a SourceState) -> Self {
        let totals = &source.totals;
        Self {
            address: source.address,
            dns: totals.dns,
            in_service: source.in_service,
            out_of_service: source.out_of_service,
            requests: totals.requests,
            attempts: totals.attempts,
            user_agents: texts(snapshot, &totals.user_agents),
            flags: if source.scanner { &["scanner"] } else { &[] },
        }
    }
}

/// What a rule found.
#[derive(Serialize)]
pub(super) struct FindingDoc<'a> {
    rule: &'static str,
    severity: &'static str,
    confidence: &'static str,
    /// Why its DN is not in service: one at most for each DN.
    is_cause: bool,
    dn: Option<Cow<'a, str>>,
    source: Option<IpAddr>,
    sentence: &'a str,
    evidence: Vec<EvidenceDoc>,
    /// What follows a count: "3 DNs: wrong password".
    fragment: &'static str,
    check: &'static str,
    reference: &'static str,
}

/// A frame or a line that shows something.
#[derive(Serialize)]
struct EvidenceDoc {
    #[serde(flatten)]
    place: PlaceDoc,
    time: Option<String>,
}

impl<'a> FindingDoc<'a> {
    pub(super) fn new(files: &[FileInfo], finding: &'a Finding) -> Self {
        let evidence = finding.evidence.iter().map(|e| EvidenceDoc {
            place: PlaceDoc::new(files, e.frame),
            time: time(e.time.known()),
        });
        Self {
            rule: finding.rule,
            severity: finding.severity.name(),
            confidence: finding.confidence.name(),
            dn: finding.dn.as_deref().map(escape_lossy),
            source: finding.source,
            sentence: &finding.sentence,
            is_cause: finding.is_cause,
            evidence: evidence.collect(),
            fragment: finding.fragment,
            check: finding.check,
            reference: finding.reference,
        }
    }
}

/// A text from the wire, made safe; none for an empty one.
fn text(snapshot: &Snapshot, sym: Sym) -> Option<Cow<'_, str>> {
    snapshot.text(sym).map(escape_lossy)
}

fn texts<'a>(snapshot: &'a Snapshot, syms: &[Sym]) -> Vec<Cow<'a, str>> {
    syms.iter().filter_map(|&sym| text(snapshot, sym)).collect()
}

fn time(at: Option<Timestamp>) -> Option<String> {
    at.map(Timestamp::epoch_string)
}
