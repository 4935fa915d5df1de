//! The state of the screen Sources: addresses that send REGISTERs, or whose connections fail, and their order.

use std::cmp::Ordering;
use std::net::IpAddr;
use std::sync::Weak;

use crate::compare::Needle;
use crate::hashing::{HashMap, HashSet};

use super::cursor::Cursor;
use crate::net::escape_bytes;
use crate::registration::{ConnectionFault, SourceState, State as Service, Sym};
use crate::tui::data::Data;

/// The rules about connections that carry no DN.
const CONNECTION_RULES: [&str; 4] = ["tcp-refused", "tcp-no-answer", "tls-failed", "encrypted"];

/// What an address is, as far as its registrations show.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(in crate::tui) enum Role {
    /// It tries DNs that are not its own.
    Scanner,
    /// Its connections fail, or cannot be read: no DN is known of it.
    Connections(ConnectionFault),
    /// Several DNs come from it.
    Gateway,
    /// One DN comes from it.
    Device,
    /// It passes on what devices send.
    Proxy,
    /// A registrar's own address.
    Registrar,
}

impl Role {
    pub(in crate::tui) const fn word(self) -> &'static str {
        match self {
            Self::Scanner => "scanner",
            Self::Connections(ConnectionFault::Refused) => "TCP refused",
            Self::Connections(ConnectionFault::NoAnswer) => "no TCP answer",
            Self::Connections(ConnectionFault::TlsFailed) => "TLS fails",
            Self::Connections(ConnectionFault::Encrypted) => "TLS, no keys",
            Self::Gateway => "gateway",
            Self::Device => "device",
            Self::Proxy => "proxy",
            Self::Registrar => "registrar",
        }
    }

    /// What the word means.
    pub(in crate::tui) const fn meaning(self) -> &'static str {
        match self {
            Self::Scanner => "It tries DNs that are not its own.",
            Self::Connections(_) => "Its connections carry no DN that could be read.",
            Self::Gateway => "Several DNs: a gateway, a proxy or an address translator.",
            Self::Device => "One DN.",
            Self::Proxy => "A proxy: it passes on what devices send to the registrar.",
            Self::Registrar => "A registrar answers at this address too.",
        }
    }
}

/// One address.
#[derive(Clone, Copy, Debug)]
pub(in crate::tui) struct Source {
    pub(in crate::tui) address: IpAddr,
    pub(in crate::tui) role: Role,
    pub(in crate::tui) dns: u32,
    pub(in crate::tui) out: u32,
    pub(in crate::tui) working: u32,
    /// At risk, of those that work.
    pub(in crate::tui) at_risk: u32,
    pub(in crate::tui) requests: u64,
    /// Attempts ended by 404.
    pub(in crate::tui) unknown_dn: u64,
    /// Connections that failed or cannot be read.
    pub(in crate::tui) connections: u64,
    pub(in crate::tui) agent: Sym,
    /// How many more User-Agents.
    pub(in crate::tui) more_agents: usize,
}

impl Source {
    fn of(source: &SourceState, (connections, at_risk): (u64, u32), server: Option<Role>) -> Self {
        let totals = &source.totals;
        let role = match (totals.dns, server) {
            _ if source.scanner => Role::Scanner,
            (_, Some(server)) => server,
            (0 | 1, None) => Role::Device,
            (_, None) => Role::Gateway,
        };
        Self {
            address: source.address,
            role,
            dns: totals.dns,
            out: source.out_of_service,
            working: source.in_service,
            at_risk,
            requests: totals.requests,
            unknown_dn: totals.unknown_dn,
            connections,
            agent: totals.user_agents.first().copied().unwrap_or(Sym::NONE),
            more_agents: totals.user_agents.len().saturating_sub(1),
        }
    }

    /// An address of which only connections are known.
    const fn of_connections(address: IpAddr, (connections, fault): (u64, ConnectionFault)) -> Self {
        Self {
            address,
            role: Role::Connections(fault),
            dns: 0,
            out: 0,
            working: 0,
            at_risk: 0,
            requests: 0,
            unknown_dn: 0,
            connections,
            agent: Sym::NONE,
            more_agents: 0,
        }
    }

    /// The state that speaks for it: the worst of its DNs.
    pub(in crate::tui) const fn worst(&self) -> Service {
        match self.role {
            Role::Scanner | Role::Connections(ConnectionFault::Encrypted) => Service::Unknown,
            Role::Connections(_) => Service::OutOfService,
            _ if self.out > 0 => Service::OutOfService,
            _ if self.working < self.dns => Service::Unknown,
            _ => Service::InService,
        }
    }
}

/// The columns of the list.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(in crate::tui) enum Column {
    Address,
    Dns,
    #[default]
    Out,
    Working,
    Requests,
    Unknown,
    Role,
    Agent,
}

impl Column {
    pub(in crate::tui) const ALL: [Self; 8] = [
        Self::Address,
        Self::Dns,
        Self::Out,
        Self::Working,
        Self::Requests,
        Self::Unknown,
        Self::Role,
        Self::Agent,
    ];

    /// Whether the greatest come first by default.
    const fn is_number(self) -> bool {
        !matches!(self, Self::Address | Self::Role | Self::Agent)
    }

    fn order(self, data: &Data, a: &Source, b: &Source) -> Ordering {
        let agent = |source: &Source| data.snapshot.text(source.agent).unwrap_or_default();
        let failing = |source: &Source| {
            let urgent = match source.worst() {
                Service::OutOfService => 2,
                Service::Unknown => 1,
                Service::InService => 0,
            };
            (source.out, urgent, source.dns - source.dns.min(source.working), source.at_risk)
        };
        match self {
            Self::Address => a.address.cmp(&b.address),
            Self::Dns => a.dns.cmp(&b.dns),
            Self::Out => failing(a).cmp(&failing(b)),
            Self::Working => a.working.cmp(&b.working),
            Self::Requests => a.requests.cmp(&b.requests),
            Self::Unknown => a.unknown_dn.cmp(&b.unknown_dn),
            Self::Role => a.role.cmp(&b.role),
            Self::Agent => agent(a).cmp(agent(b)),
        }
    }
}

/// What is shown about the selected address.
#[derive(Clone, Debug)]
pub(in crate::tui) struct About {
    pub(in crate::tui) address: IpAddr,
    pub(in crate::tui) data: Weak<Data>,
    /// How its DNs fare, the most urgent first: state, words, names.
    pub(in crate::tui) kinds: Vec<(Service, String, String)>,
    /// What was found of it.
    pub(in crate::tui) findings: Vec<String>,
}

/// The addresses that send REGISTERs.
#[derive(Clone, Debug, Default)]
pub(in crate::tui) struct Sources {
    pub(in crate::tui) cursor: Cursor,
    /// Text that a source must hold.
    pub(in crate::tui) search: Needle,
    pub(in crate::tui) column: Column,
    /// Against the usual order of the column.
    pub(in crate::tui) reversed: bool,
    pub(in crate::tui) lines: Vec<Source>,
    /// Columns of the widest address.
    pub(in crate::tui) widest: u16,
    /// Columns of the greatest number of DNs and of requests.
    pub(in crate::tui) digits: [u16; 2],
    /// What the lines were made of.
    made_of: Option<(Weak<Data>, Needle, Column, bool)>,
    pub(in crate::tui) about: Option<About>,
}

impl Sources {
    /// The selected address.
    pub(in crate::tui) fn selected(&self) -> Option<&Source> {
        self.lines.get(self.cursor.selected)
    }

    /// Rebuilds the list if needed; the selection stays.
    pub(in crate::tui) fn relist(&mut self, data: &std::sync::Arc<Data>) {
        let made_of =
            (std::sync::Arc::downgrade(data), self.search.clone(), self.column, self.reversed);
        let same = self.made_of.as_ref().is_some_and(|(of, search, column, reversed)| {
            of.ptr_eq(&made_of.0)
                && *search == self.search
                && (*column, *reversed) == (self.column, self.reversed)
        });
        if same {
            return;
        }
        self.made_of = Some(made_of);
        let selected = self.selected().map(|source| source.address);
        let mut lines = sources(data);
        if !self.search.is_empty() {
            lines.retain(|source| holds(data, source, self.search.text()));
        }
        let column = self.column;
        lines.sort_by(|a, b| {
            let order = column.order(data, a, b);
            let order = if column.is_number() == self.reversed { order } else { order.reverse() };
            order.then_with(|| b.dns.cmp(&a.dns)).then_with(|| a.address.cmp(&b.address))
        });
        let widths = lines.iter().map(|source| source.address.to_string().len());
        self.widest = widths.max().and_then(|width| u16::try_from(width).ok()).unwrap_or(0);
        let digits = |number: u64| number.checked_ilog10().unwrap_or(0) as u16 + 1;
        self.digits = lines.iter().fold([1, 1], |[dns, requests], source| {
            [dns.max(digits(source.dns.into())), requests.max(digits(source.requests))]
        });
        self.lines = lines;
        let found =
            selected.and_then(|address| self.lines.iter().position(|s| s.address == address));
        if let Some(place) = found {
            self.cursor.selected = place;
        }
    }

    /// Sorts by a column; by the same one again in the other direction.
    pub(in crate::tui) fn sort_by(&mut self, column: Column) {
        self.reversed = self.column == column && !self.reversed;
        self.column = column;
    }
}

/// All addresses: those that send REGISTERs, and those whose connections carry none.
fn sources(data: &Data) -> Vec<Source> {
    let snapshot = &data.snapshot;
    let registrars: HashSet<IpAddr> = snapshot
        .dns()
        .flat_map(|dn| dn.state().registrations.iter().map(|r| r.registrar.addr))
        .collect();
    let attempts = snapshot.dns().filter_map(|dn| dn.last_attempt());
    let behind = attempts.filter(|a| ![a.registrar.addr, a.source.addr].contains(&a.entry.addr));
    let proxies: HashSet<IpAddr> = behind.map(|attempt| attempt.entry.addr).collect();
    let server = |address: IpAddr| match () {
        () if registrars.contains(&address) => Some(Role::Registrar),
        () if proxies.contains(&address) => Some(Role::Proxy),
        () => None,
    };
    let mut at_risk: HashMap<IpAddr, u32> = HashMap::default();
    for row in data.rows().iter().filter(|row| row.risk.is_some()) {
        if let Some(address) = row.source() {
            *at_risk.entry(address).or_insert(0) += 1;
        }
    }
    let mut connections = connections(data);
    let mut all: Vec<Source> = Vec::new();
    for source in snapshot.sources() {
        let (failed, _) =
            connections.remove(&source.address).unwrap_or((0, ConnectionFault::Refused));
        let at_risk = at_risk.get(&source.address).copied().unwrap_or(0);
        all.push(Source::of(source, (failed, at_risk), server(source.address)));
    }
    let others = connections.into_iter();
    all.extend(others.map(|(address, told)| Source::of_connections(address, told)));
    all
}

/// Connections without a DN, by client: how many, and what is worst about them. Of servers that
/// can be SIP's only, which the findings know.
fn connections(data: &Data) -> HashMap<IpAddr, (u64, ConnectionFault)> {
    let told = data.findings.iter().filter(|finding| CONNECTION_RULES.contains(&finding.rule));
    let told: HashSet<IpAddr> = told.filter_map(|finding| finding.source).collect();
    let mut connections = HashMap::default();
    for record in data.snapshot.connections().iter().filter(|r| told.contains(&r.client)) {
        let (count, worst) = connections.entry(record.client).or_insert((0, record.fault));
        *count += record.count;
        *worst = record.fault.min(*worst);
    }
    connections
}

/// Whether an address holds the text, which is in lower case, in what a person sees of it.
fn holds(data: &Data, source: &Source, text: &str) -> bool {
    let agent = data.snapshot.text(source.agent).unwrap_or_default();
    source.address.to_string().contains(text)
        || source.role.word().to_lowercase().contains(text)
        || escape_bytes(agent).to_lowercase().contains(text)
}
