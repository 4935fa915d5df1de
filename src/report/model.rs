//! The types that define the JSON report; `schema` counts their incompatible changes.

use std::borrow::Cow;
use std::net::IpAddr;

use serde::{Serialize, Serializer};

use super::View;
use super::compare::ContrastJson;
use crate::diagnosis::Finding;
use crate::net::{Endpoint, FrameRef, Timestamp, escape_lossy};
use crate::registration::{FlagSet, Snapshot, SourceState, Sym};

mod capture;
mod dn;

use capture::CaptureDoc;
use dn::DnDoc;

/// The version of the format.
pub(super) const SCHEMA: u32 = 1;

/// The whole report.
#[derive(Serialize)]
pub(super) struct Report<'a> {
    schema: u32,
    regscope: &'static str,
    capture: CaptureDoc<'a>,
    #[serde(serialize_with = "dns")]
    dns: View<'a>,
    #[serde(serialize_with = "sources")]
    sources: View<'a>,
    #[serde(serialize_with = "findings")]
    findings: View<'a>,
    contrast: ContrastJson,
}

impl<'a> Report<'a> {
    pub(super) fn new(view: &View<'a>) -> Self {
        Self {
            schema: SCHEMA,
            regscope: env!("CARGO_PKG_VERSION"),
            capture: CaptureDoc::new(view),
            dns: *view,
            sources: *view,
            findings: *view,
            contrast: view.contrast.into(),
        }
    }
}

fn dns<S: Serializer>(view: &View<'_>, serializer: S) -> Result<S::Ok, S::Error> {
    let several_files = view.capture.files.len() > 1;
    serializer.collect_seq(view.dns().map(|dn| DnDoc::new(view.snapshot, dn, several_files)))
}

fn sources<S: Serializer>(view: &View<'_>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(view.sources().map(|source| SourceDoc::new(view.snapshot, source)))
}

fn findings<S: Serializer>(view: &View<'_>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(view.findings().map(FindingDoc::new))
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

/// A frame that shows something.
#[derive(Serialize)]
struct EvidenceDoc {
    file: u16,
    frame: u64,
    time: String,
}

impl<'a> FindingDoc<'a> {
    pub(super) fn new(finding: &'a Finding) -> Self {
        let evidence = finding.evidence.iter().map(|e| EvidenceDoc {
            file: e.frame.file.0,
            frame: e.frame.number,
            time: e.time.epoch_string(),
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

fn flag_names(flags: FlagSet) -> Vec<&'static str> {
    flags.iter().map(crate::registration::Flag::name).collect()
}

fn endpoint(endpoint: Endpoint) -> String {
    endpoint.to_string()
}

const fn frame(frame: FrameRef) -> (u16, u64) {
    (frame.file.0, frame.number)
}
