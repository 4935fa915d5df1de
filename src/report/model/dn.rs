//! One DN with its registrations, bindings, attempts and history.

use std::borrow::Cow;
use std::net::IpAddr;

use serde::{Serialize, Serializer};

use super::{endpoint, flag_names, frame, text, texts, time};
use crate::net::{Endpoint, escape_lossy};
use crate::registration::{
    AgentRecord, AttemptView, Binding, Change, Demand, DnView, MessageRecord, RegistrationState,
    Snapshot,
};
use crate::wording::steps::steps;

/// One DN.
#[derive(Serialize)]
pub(super) struct DnDoc<'a> {
    dn: Cow<'a, str>,
    aor: Option<Cow<'a, str>>,
    aliases: Vec<Cow<'a, str>>,
    verdict: &'static str,
    state: &'static str,
    status_code: Option<u16>,
    cohort: &'static str,
    flags: Vec<&'static str>,
    since: Option<String>,
    expires_at: Option<String>,
    first_seen: Option<String>,
    last_seen: Option<String>,
    sources: Vec<AddressDoc>,
    registrations: Vec<RegistrationDoc>,
    contacts: Vec<Cow<'a, str>>,
    vias: Vec<Cow<'a, str>>,
    user_agents: Vec<Cow<'a, str>>,
    hep_agents: Vec<AgentDoc<'a>>,
    /// Values of the five lists above that were too many to keep.
    values_not_kept: u32,
    #[serde(serialize_with = "bindings")]
    bindings: Records<'a>,
    attempts_total: u32,
    #[serde(serialize_with = "attempts")]
    attempts: Records<'a>,
    #[serde(serialize_with = "history")]
    history: Records<'a>,
}

/// What the lists of a DN are made of while they are written.
#[derive(Clone, Copy)]
struct Records<'a> {
    snapshot: &'a Snapshot,
    dn: DnView<'a>,
    several_files: bool,
}

#[derive(Serialize)]
struct AddressDoc {
    address: IpAddr,
    port: u16,
    transport: &'static str,
}

/// A HEP agent that saw the DN.
#[derive(Serialize)]
struct AgentDoc<'a> {
    capture_id: Option<u32>,
    node: Option<Cow<'a, str>>,
    address: IpAddr,
}

#[derive(Serialize)]
struct RegistrationDoc {
    registrar: String,
    verdict: &'static str,
    state: &'static str,
    status_code: Option<u16>,
    since: Option<String>,
    expires_at: Option<String>,
}

impl<'a> DnDoc<'a> {
    pub(super) fn new(snapshot: &'a Snapshot, dn: DnView<'a>, several_files: bool) -> Self {
        let (state, record) = (dn.state(), dn.record());
        let mut aliases = record.map(|r| texts(snapshot, &r.aors)).unwrap_or_default();
        let aor = (!aliases.is_empty()).then(|| aliases.remove(0));
        let sources = record.into_iter().flat_map(|r| &r.sources).map(|(source, transport)| {
            let (address, port) = (source.addr, source.port);
            AddressDoc { address, port, transport: transport.name() }
        });
        let records = Records { snapshot, dn, several_files };
        Self {
            dn: escape_lossy(dn.name()),
            aor,
            aliases,
            verdict: state.verdict.name(),
            state: state.verdict.state().name(),
            status_code: state.status_code,
            cohort: dn.cohort().name(),
            flags: flag_names(state.flags),
            since: time(state.since),
            expires_at: time(state.expires_at),
            first_seen: time(record.map(|r| r.first_seen)),
            last_seen: time(record.map(|r| r.last_seen)),
            sources: sources.collect(),
            registrations: state.registrations.iter().map(RegistrationDoc::new).collect(),
            contacts: record.map(|r| texts(snapshot, &r.contacts)).unwrap_or_default(),
            vias: record.map(|r| texts(snapshot, &r.vias)).unwrap_or_default(),
            user_agents: record.map(|r| texts(snapshot, &r.user_agents)).unwrap_or_default(),
            hep_agents: dn.hep_agents().map(|agent| AgentDoc::new(snapshot, agent)).collect(),
            values_not_kept: record.map_or(0, |r| r.more_values),
            bindings: records,
            attempts_total: record.map_or(0, |r| r.attempts),
            attempts: records,
            history: records,
        }
    }
}

impl<'a> AgentDoc<'a> {
    fn new(snapshot: &'a Snapshot, agent: &AgentRecord) -> Self {
        let AgentRecord { address, capture_id, node } = *agent;
        Self { capture_id, node: text(snapshot, node), address }
    }
}

impl RegistrationDoc {
    fn new(state: &RegistrationState) -> Self {
        Self {
            registrar: endpoint(state.registrar),
            verdict: state.verdict.name(),
            state: state.verdict.state().name(),
            status_code: state.status_code,
            since: time(state.since),
            expires_at: time(state.expires_at),
        }
    }
}

#[derive(Serialize)]
struct BindingDoc<'a> {
    registrar: String,
    contact: Option<Cow<'a, str>>,
    source: Option<String>,
    granted: Option<u32>,
    since: String,
    renewed: String,
    expires_at: Option<String>,
    refreshes: u32,
    user_agent: Option<Cow<'a, str>>,
    file: u16,
    frame: u64,
}

fn bindings<S: Serializer>(records: &Records<'_>, serializer: S) -> Result<S::Ok, S::Error> {
    let snapshot = records.snapshot;
    let docs = records.dn.bindings().map(|(registrar, b)| BindingDoc::new(snapshot, registrar, b));
    serializer.collect_seq(docs)
}

impl<'a> BindingDoc<'a> {
    fn new(snapshot: &'a Snapshot, registrar: Endpoint, binding: &Binding) -> Self {
        let (file, frame) = frame(binding.frame);
        Self {
            registrar: endpoint(registrar),
            contact: text(snapshot, binding.contact),
            source: binding.source.map(endpoint),
            granted: binding.granted,
            since: binding.since.epoch_string(),
            renewed: binding.renewed.epoch_string(),
            expires_at: time(binding.expires_at),
            refreshes: binding.refreshes,
            user_agent: text(snapshot, binding.user_agent),
            file,
            frame,
        }
    }
}

#[derive(Serialize)]
struct ChangeDoc {
    time: String,
    registrar: String,
    verdict: &'static str,
    status_code: Option<u16>,
    file: u16,
    frame: u64,
}

fn history<S: Serializer>(records: &Records<'_>, serializer: S) -> Result<S::Ok, S::Error> {
    let docs = records.dn.history().into_iter().map(|(registrar, change)| {
        let Change { time, verdict, code, frame: at } = change;
        let (file, frame) = frame(at);
        ChangeDoc {
            time: time.epoch_string(),
            registrar: endpoint(registrar),
            verdict: verdict.name(),
            status_code: (code != 0).then_some(code),
            file,
            frame,
        }
    });
    serializer.collect_seq(docs)
}

#[derive(Serialize)]
struct AttemptDoc<'a> {
    outcome: &'static str,
    status_code: Option<u16>,
    codes: Vec<u16>,
    frames: Vec<u64>,
    /// The file of each frame; absent when there is only one file.
    #[serde(skip_serializing_if = "Option::is_none")]
    files: Option<Vec<u16>>,
    started: String,
    ended: String,
    source: String,
    registrar: String,
    transport: &'static str,
    call_id: Option<Cow<'a, str>>,
    contact: Option<Cow<'a, str>>,
    user_agent: Option<Cow<'a, str>>,
    asked: Option<u32>,
    granted: Option<u32>,
    requests: u32,
    retransmissions: u32,
    challenges: u32,
    credentials: bool,
    realm: Option<Cow<'a, str>>,
    username: Option<Cow<'a, str>>,
    rtt_ms: Option<f64>,
    refresh_margin_ms: Option<i64>,
    demand: Option<DemandDoc>,
    icmp: Option<IcmpDoc>,
    reason: Option<Cow<'a, str>>,
    flags: Vec<&'static str>,
}

#[derive(Serialize)]
struct DemandDoc {
    kind: &'static str,
    value: Option<u32>,
    obeyed: Option<bool>,
}

#[derive(Serialize)]
struct IcmpDoc {
    #[serde(rename = "type")]
    kind: u8,
    code: u8,
}

fn attempts<S: Serializer>(records: &Records<'_>, serializer: S) -> Result<S::Ok, S::Error> {
    let Records { snapshot, dn, several_files } = *records;
    serializer.collect_seq(dn.attempts().map(|a| attempt(snapshot, a, several_files)))
}

fn attempt<'a>(snapshot: &'a Snapshot, a: AttemptView<'a>, several_files: bool) -> AttemptDoc<'a> {
    let frames = || a.messages().map(MessageRecord::frame);
    AttemptDoc {
        outcome: a.outcome.name(),
        status_code: (a.code != 0).then_some(a.code),
        codes: steps(&a).iter().map(|step| step.code).filter(|&code| code != 0).collect(),
        frames: frames().map(|frame| frame.number).collect(),
        files: several_files.then(|| frames().map(|frame| frame.file.0).collect()),
        started: a.started.epoch_string(),
        ended: a.last.epoch_string(),
        source: endpoint(a.source),
        registrar: endpoint(a.registrar),
        transport: a.transport.name(),
        call_id: text(snapshot, a.call_id),
        contact: text(snapshot, a.contact),
        user_agent: text(snapshot, a.user_agent),
        asked: a.asked,
        granted: a.granted,
        requests: a.requests,
        retransmissions: a.retransmissions,
        challenges: a.challenges,
        credentials: a.credentials,
        realm: text(snapshot, a.realm),
        username: text(snapshot, a.username),
        rtt_ms: a.rtt.map(|nanos| nanos as f64 / 1e6),
        refresh_margin_ms: a.margin_ms,
        demand: a.demand().map(DemandDoc::new),
        icmp: a.icmp.map(|(kind, code)| IcmpDoc { kind, code }),
        reason: text(snapshot, a.reason),
        flags: flag_names(a.flags),
    }
}

impl DemandDoc {
    fn new((demand, obeyed): (Demand, Option<bool>)) -> Self {
        let (kind, value) = match demand {
            Demand::MinExpires(seconds) => ("min_expires", Some(seconds)),
            Demand::RetryAfter(seconds) => ("retry_after", Some(seconds)),
            Demand::Redirect => ("redirect", None),
        };
        Self { kind, value, obeyed }
    }
}
