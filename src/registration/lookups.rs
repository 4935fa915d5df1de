//! Follows what hosts ask name servers for before they register, and what comes back.

use std::net::IpAddr;

use super::snapshot::Snapshot;
use crate::hashing::{HashMap, HashSet};
use crate::net::{FrameRef, Origin, Timestamp};
use crate::packet::{DnsKind, DnsLead, DnsMessage};

/// Hosts whose queries are remembered, and names of each.
const CLIENTS: usize = 1024;
const NAMES: usize = 32;
/// Name servers and leads remembered of one question.
const SERVERS: usize = 8;
const LEADS: usize = 16;
/// A reply that has not come by then is missing, in nanoseconds; resolvers ask again after 5 s.
const DUE: i64 = 4_000_000_000;

/// A name that a host asked for, and what came back.
#[derive(Clone, Debug)]
struct Question {
    name: Box<[u8]>,
    kind: DnsKind,
    /// How often it was asked for, and replied to.
    asked: u32,
    replied: u32,
    servers: Vec<IpAddr>,
    /// The latest response code that is no success.
    code: u8,
    leads: Vec<DnsLead>,
    first: (Timestamp, FrameRef),
    last: (Timestamp, FrameRef),
}

/// All questions of all hosts.
#[derive(Clone, Debug, Default)]
pub(super) struct Lookups {
    clients: HashMap<IpAddr, Vec<Question>>,
    /// Hosts that answer queries: a resolver's own queries are not a device's.
    servers: HashSet<IpAddr>,
    /// Questions that were too many to remember.
    pub dropped: u64,
}

/// Why a name leads nowhere.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LookupFault {
    /// No name server replied.
    NoReply,
    /// A response code that is an error: 3 says that the name does not exist.
    Code(u8),
    /// There are no such records.
    NoRecord,
}

/// A domain that a host looked up without success.
#[derive(Clone, Debug)]
pub struct FailedLookup {
    /// The host.
    pub client: IpAddr,
    /// The domain, as it was asked for.
    pub domain: Box<[u8]>,
    /// The name the search ended with, if that is another: the target of an SRV or NAPTR record.
    pub target: Option<Box<[u8]>>,
    /// What was asked for, each once.
    pub kinds: Vec<DnsKind>,
    /// The name servers that were asked.
    pub servers: Vec<IpAddr>,
    /// Questions in all.
    pub asked: u32,
    /// Why it ended.
    pub fault: LookupFault,
    /// The first question and the latest reply or question.
    pub first: (Timestamp, FrameRef),
    /// The same for the latest.
    pub last: (Timestamp, FrameRef),
}

impl Lookups {
    /// Notes a question or a reply. Services other than SIP are no business of a registrar's.
    pub(super) fn note(&mut self, origin: &Origin, message: &DnsMessage) {
        let is_service = message.name.starts_with(b"_");
        if is_service && !is_sip_service(&message.name) || message.name.ends_with(b".arpa") {
            return;
        }
        let is_reply = message.reply.is_some();
        let (client, server) = if is_reply {
            (origin.dst.addr, origin.src.addr)
        } else {
            (origin.src.addr, origin.dst.addr)
        };
        if self.servers.len() < CLIENTS {
            self.servers.insert(server);
        }
        if !self.clients.contains_key(&client) && self.clients.len() >= CLIENTS {
            self.dropped += 1;
            return;
        }
        let now = (origin.time, origin.frame);
        let questions = self.clients.entry(client).or_default();
        let known = questions.iter().position(|q| q.kind == message.kind && q.name == message.name);
        if known.is_none() {
            if questions.len() >= NAMES && !make_room(questions) {
                self.dropped += 1;
                return;
            }
            questions.push(Question {
                name: message.name.clone(),
                kind: message.kind,
                asked: 0,
                replied: 0,
                servers: Vec::new(),
                code: 0,
                leads: Vec::new(),
                first: now,
                last: now,
            });
        }
        let question = match known {
            Some(place) => questions.get_mut(place),
            None => questions.last_mut(),
        };
        if let Some(question) = question {
            question.add(server, now, message);
        }
    }

    /// The searches of hosts that led nowhere by `now`.
    pub(super) fn failed(&self, now: Timestamp) -> Vec<FailedLookup> {
        let clients = self.clients.iter().filter(|(client, _)| !self.servers.contains(client));
        let mut all: Vec<FailedLookup> = clients
            .flat_map(|(client, questions)| Search { client: *client, questions, now }.failed())
            .collect();
        all.sort_by(|a, b| (a.client, &a.domain).cmp(&(b.client, &b.domain)));
        all
    }
}

/// Forgets the oldest name of which an address was found, and which no other name leads to.
fn make_room(questions: &mut Vec<Question>) -> bool {
    let is_over = |q: &Question| {
        q.leads.iter().any(|lead| matches!(lead, DnsLead::Address(_)))
            && !questions.iter().any(|other| other.leads_to(&q.name))
    };
    let place = questions.iter().position(is_over);
    place.map(|place| questions.remove(place)).is_some()
}

/// Whether the name is that of SIP as a service (RFC 3263 §4.1).
fn is_sip_service(name: &[u8]) -> bool {
    name.starts_with(b"_sip.") || name.starts_with(b"_sips.")
}

impl Question {
    fn add(&mut self, server: IpAddr, now: (Timestamp, FrameRef), message: &DnsMessage) {
        self.last = now;
        if !self.servers.contains(&server) && self.servers.len() < SERVERS {
            self.servers.push(server);
        }
        let Some(reply) = &message.reply else {
            self.asked = self.asked.saturating_add(1);
            return;
        };
        self.replied = self.replied.saturating_add(1);
        if reply.code != 0 {
            self.code = reply.code;
        }
        for lead in &reply.leads {
            if self.leads.len() < LEADS && !self.leads.contains(lead) {
                self.leads.push(lead.clone());
            }
        }
    }

    /// Why it leads nowhere; `None` if it leads on, or a reply may still come.
    fn fault(&self, now: Timestamp) -> Option<LookupFault> {
        match (self.replied, self.code) {
            _ if !self.leads.is_empty() => None,
            // one question alone may have been lost, or its reply
            (0, _) if now.nanos_since(self.first.0) < DUE || self.asked < 2 => None,
            (0, _) => Some(LookupFault::NoReply),
            (_, 0) => Some(LookupFault::NoRecord),
            (_, code) => Some(LookupFault::Code(code)),
        }
    }
}

/// The questions of one host.
struct Search<'q> {
    client: IpAddr,
    questions: &'q [Question],
    now: Timestamp,
}

impl Search<'_> {
    /// The domains whose look-up led nowhere: those whose NAPTR or SRV records were queried, and any
    /// other name, which callers may know to be a registrar's.
    fn failed(&self) -> Vec<FailedLookup> {
        let mut domains: Vec<&[u8]> = Vec::new();
        for question in self.questions {
            let domain = domain_of(&question.name);
            let is_target = self.questions.iter().any(|q| q.leads_to(&question.name));
            if !is_target && !domains.contains(&domain) {
                domains.push(domain);
            }
        }
        domains.into_iter().filter_map(|domain| self.failure(domain)).collect()
    }

    /// The end of a search for a domain, if that is no address.
    fn failure(&self, domain: &[u8]) -> Option<FailedLookup> {
        let mut names: Vec<&[u8]> = vec![domain];
        let mut all: Vec<&Question> = Vec::new();
        // a service, its servers, an alias: each question once
        loop {
            let before = all.len();
            for question in self.questions {
                let is_its =
                    names.contains(&&*question.name) || domain_of(&question.name) == domain;
                if is_its && !all.iter().any(|known| std::ptr::eq(*known, question)) {
                    all.push(question);
                    names.extend(question.leads.iter().filter_map(|lead| match lead {
                        DnsLead::Name(name) => Some(&**name),
                        DnsLead::Address(_) => None,
                    }));
                }
            }
            if all.len() == before {
                break;
            }
        }
        let found = |q: &&Question| q.leads.iter().any(|l| matches!(l, DnsLead::Address(_)));
        if all.iter().any(found) {
            return None;
        }
        // what ended the search: a target without an address, before the domain itself
        let faults = all.iter().filter_map(|q| Some((*q, q.fault(self.now)?)));
        let is_target = |q: &Question| domain_of(&q.name) != domain;
        let (end, fault) = faults.max_by_key(|(q, _)| (is_target(q), q.last.0))?;
        let mut kinds: Vec<DnsKind> = all.iter().map(|q| q.kind).collect();
        kinds.sort_unstable();
        kinds.dedup();
        let mut servers: Vec<IpAddr> = all.iter().flat_map(|q| q.servers.iter().copied()).collect();
        servers.sort_unstable();
        servers.dedup();
        Some(FailedLookup {
            client: self.client,
            domain: domain.into(),
            target: is_target(end).then(|| end.name.clone()),
            kinds,
            servers,
            asked: all.iter().map(|q| q.asked).sum(),
            fault,
            first: all.iter().map(|q| q.first).min()?,
            last: all.iter().map(|q| q.last).max()?,
        })
    }
}

impl Question {
    fn leads_to(&self, name: &[u8]) -> bool {
        self.leads.iter().any(|lead| matches!(lead, DnsLead::Name(own) if **own == *name))
    }
}

/// The domain behind the name of a service: `voice.example` of `_sip._udp.voice.example`.
fn domain_of(name: &[u8]) -> &[u8] {
    let mut rest = name;
    while rest.starts_with(b"_") {
        let Some(dot) = rest.iter().position(|byte| *byte == b'.') else { break };
        rest = rest.get(dot + 1..).unwrap_or_default();
    }
    rest
}

impl FailedLookup {
    /// Whether only a SIP device asks so: for the servers of SIP.
    #[must_use]
    pub fn is_for_sip(&self) -> bool {
        self.kinds.iter().any(|kind| matches!(kind, DnsKind::Srv | DnsKind::Naptr))
    }
}

impl Snapshot {
    /// The searches for a registrar that led nowhere, by host.
    #[must_use]
    pub fn failed_lookups(&self) -> &[FailedLookup] {
        &self.failed_lookups
    }
}
