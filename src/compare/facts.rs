//! Gathers what is known of one DN's registration: the place every attribute reads from.

use std::cell::OnceCell;
use std::hint::black_box;
use std::net::IpAddr;

use ipnet::IpNet;

use super::atom::Atom;
use crate::net::{LogMarks, address};
use crate::registration::{
    AgentRecord, AnswerDetails, AttemptView, Details, DnView, Marks, Outcome, Purpose, Snapshot,
    Sym, Verdict, abreast,
};
use crate::sip::{Uri, unescape};

/// The attempt that decided a DN's state, with the details of its request where they are kept.
///
/// The model keeps details of the latest REGISTER of a DN only. When that one belongs to another
/// attempt, because another device tried later, what only details have is not known.
pub(super) struct Facts<'a> {
    pub snapshot: &'a Snapshot,
    pub dn: DnView<'a>,
    pub attempt: Option<AttemptView<'a>>,
    pub details: Option<&'a Details>,
    /// The request was cut: a header that is not there may have been.
    cut: bool,
    /// Whether every attempt has the same Call-ID; `None` with one attempt.
    pub same_call_id: Option<bool>,
    /// The host of the Contact as an address.
    contact_ip: OnceCell<Option<IpAddr>>,
    /// The host of the top Via as an address.
    via_ip: OnceCell<Option<IpAddr>>,
    /// The host of To.
    to_host: OnceCell<Option<Atom<'a>>>,
}

impl<'a> Facts<'a> {
    /// The facts of the attempt that decides.
    pub(super) fn of(snapshot: &'a Snapshot, dn: DnView<'a>) -> Self {
        let (attempt, same_call_id) = deciding(dn);
        Self { same_call_id, ..Self::of_attempt(snapshot, dn, attempt) }
    }

    /// The facts of several DNs, whose records are prefetched together.
    pub(super) fn of_many(snapshot: &'a Snapshot, dns: &[DnView<'a>]) -> Vec<Self> {
        abreast::records(dns.iter().copied());
        abreast::attempts(dns.iter().copied());
        let deciding: Vec<_> = dns.iter().map(|dn| deciding(*dn)).collect();
        let details = dns.iter().filter_map(|dn| dn.record()?.details.as_ref());
        let texts = details.flat_map(|d| [d.to_uri, d.contact_host]);
        black_box(texts.filter_map(|sym| snapshot.text(sym)?.first()).fold(0, |_, byte| *byte));
        let facts = |(dn, (attempt, same_call_id)): (&DnView<'a>, _)| Self {
            same_call_id,
            ..Self::of_attempt(snapshot, *dn, attempt)
        };
        dns.iter().zip(deciding).map(facts).collect()
    }

    /// The facts of one attempt of a DN.
    pub(super) fn of_attempt(
        snapshot: &'a Snapshot,
        dn: DnView<'a>,
        attempt: Option<AttemptView<'a>>,
    ) -> Self {
        let kept = dn.record().and_then(|record| record.details.as_ref());
        let request = kept.zip(attempt).and_then(|(details, attempt)| {
            attempt.messages().find(|m| m.code == 0 && m.frame() == details.request_frame)
        });
        Self {
            snapshot,
            dn,
            attempt,
            details: kept.filter(|_| request.is_some()),
            cut: request.is_some_and(|m| m.marks.has(Marks::CUT)),
            same_call_id: None,
            contact_ip: OnceCell::new(),
            via_ip: OnceCell::new(),
            to_host: OnceCell::new(),
        }
    }

    /// The attempt, if its device's address and port were seen and not inferred from a log.
    pub(super) fn at_source(&self) -> Option<AttemptView<'a>> {
        self.attempt.filter(|_| !self.infers(LogMarks::SRC_INFERRED))
    }

    /// The attempt, if its registrar's address and port were seen.
    pub(super) fn at_registrar(&self) -> Option<AttemptView<'a>> {
        self.attempt.filter(|_| !self.infers(LogMarks::DST_INFERRED))
    }

    /// The attempt, if what carried it was seen.
    pub(super) fn by_transport(&self) -> Option<AttemptView<'a>> {
        self.attempt.filter(|_| !self.infers(LogMarks::TRANSPORT_INFERRED))
    }

    /// Whether a log leaves this out of the DN's latest REGISTER.
    fn infers(&self, mark: LogMarks) -> bool {
        let details = self.dn.record().and_then(|record| record.details.as_ref());
        details.is_some_and(|details| details.log.has(mark))
    }

    /// A symbol's value: absent when it is the empty one, unless the request was cut.
    pub(super) fn wire(&self, sym: Sym) -> Option<Atom<'a>> {
        if sym.is_none() { self.absent() } else { Some(Atom::wire(self.text(sym))) }
    }

    /// A number's value: absent when there is none, unless the request was cut.
    pub(super) fn number(&self, number: Option<impl Into<i64>>) -> Option<Atom<'a>> {
        number.map_or_else(|| self.absent(), |n| Some(Atom::Number(n.into())))
    }

    /// Absence, if the whole request is there to show it.
    pub(super) fn absent(&self) -> Option<Atom<'a>> {
        (!self.cut).then_some(Atom::Absent)
    }

    /// `yes`, or `no` if the whole request is there to show it.
    pub(super) fn shown(&self, yes: bool) -> Option<Atom<'a>> {
        (yes || !self.cut).then_some(Atom::yes_no(yes))
    }

    /// The response to the request.
    pub(super) fn answer(&self) -> Option<&'a AnswerDetails> {
        self.details?.answer.as_ref()
    }

    /// What the HEP agent that saw the request reports about itself; `None` where there are no agents.
    pub(super) fn seen_by(
        &self,
        tell: impl Fn(&AgentRecord) -> Option<Atom<'a>>,
    ) -> Option<Atom<'a>> {
        let agent = self.details?.agent;
        let told = agent.and_then(|agent| self.snapshot.hep_agent(agent)).and_then(tell);
        self.snapshot.has_hep_agents().then(|| told.unwrap_or(Atom::Absent))
    }

    /// Whether the request of the attempt was captured.
    pub(super) fn asked(&self) -> Option<AttemptView<'a>> {
        self.attempt.filter(|a| a.purpose != Purpose::Unknown)
    }

    /// Whether anything answered the attempt.
    pub(super) fn answered(&self) -> bool {
        self.attempt.is_some_and(|a| a.code != 0 || a.challenges() > 0)
    }

    /// The request, if its Contact is the device's own: `*` belongs to a removal, not to a device.
    pub(super) fn own_contact(&self) -> Option<&'a Details> {
        self.details.filter(|details| self.text(details.contact_host) != b"*")
    }

    /// What the server says in its own words: a phrase that is not the standard one, or the text of
    /// a header.
    pub(super) fn own_words(&self) -> Option<Atom<'a>> {
        let attempt = self.attempt.filter(|a| a.code != 0)?;
        // the reason of an acceptance explains nothing
        if attempt.code < 300 {
            return Some(Atom::Absent);
        }
        let phrase = self.snapshot.text(attempt.reason);
        let own = crate::sip::is_own_phrase(attempt.code, phrase.unwrap_or_default());
        Some(match attempt.own_words() {
            words if !words.is_none() => Atom::wire(self.text(words)),
            _ if own => Atom::wire(self.text(attempt.reason)),
            _ => Atom::Absent,
        })
    }

    pub(super) fn text(&self, sym: Sym) -> &'a [u8] {
        self.snapshot.texts().get(sym)
    }

    /// The host of the first Contact.
    pub(super) fn contact_host(&self, details: &Details) -> Host<'_, 'a> {
        let sym = details.contact_host;
        Host { facts: self, sym, ip: &self.contact_ip }
    }

    /// The host of the top Via's sent-by.
    pub(super) fn via_host(&self, details: &Details) -> Host<'_, 'a> {
        let same = details.via_host == details.contact_host;
        let ip = if same { &self.contact_ip } else { &self.via_ip };
        Host { facts: self, sym: details.via_host, ip }
    }

    /// The host of To.
    pub(super) fn host_in_to(&self, details: &Details) -> Option<Atom<'a>> {
        self.to_host.get_or_init(|| self.uri_host(details.to_uri)).clone()
    }

    /// The host of From.
    pub(super) fn host_in_from(&self, details: &Details) -> Option<Atom<'a>> {
        if details.from_uri == details.to_uri {
            self.host_in_to(details)
        } else {
            self.uri_host(details.from_uri)
        }
    }

    /// The host of a URI.
    fn uri_host(&self, uri: Sym) -> Option<Atom<'a>> {
        if uri.is_none() {
            return self.absent();
        }
        let host = Uri::parse(self.text(uri))?.host;
        Some(address::parse(host).map_or_else(|| Atom::lower_case(host), Atom::Address))
    }

    /// How many DNs share the source, as a class of sizes.
    pub(super) fn shared_by(&self) -> Option<Atom<'a>> {
        Some(Atom::Word(match self.snapshot.dns_of(self.at_source()?.source.addr) {
            0 => return None,
            1 => "1",
            2..=9 => "2-9",
            10..=99 => "10-99",
            _ => "100+",
        }))
    }

    /// A URI with the DN in it replaced by `DN`.
    pub(super) fn without_dn(&self, uri: Sym) -> Option<Atom<'a>> {
        if uri.is_none() {
            return self.absent();
        }
        let text = self.text(uri);
        let own = |user: &&[u8]| *unescape(user) == *self.dn.name();
        let Some(user) = Uri::parse(text).and_then(|uri| uri.user).filter(own) else {
            return Some(Atom::wire(text));
        };
        let at = text.windows(user.len()).position(|w| w == user).unwrap_or(0);
        let (before, after) = text.split_at(at);
        let after = after.get(user.len()..).unwrap_or_default();
        Some(Atom::Text([before, b"DN", after].concat().into()))
    }

    /// Whether a text is the DN.
    pub(super) fn is_dn(&self, sym: Sym) -> bool {
        self.dn.record().is_some_and(|record| record.user == sym)
            || self.text(sym) == self.dn.name()
    }
}

/// The attempt that decides a DN's state or puts it at risk, the latest one if none does, and whether every attempt has
/// the same Call-ID.
fn deciding(dn: DnView<'_>) -> (Option<AttemptView<'_>>, Option<bool>) {
    let state = dn.state();
    let registrar = state.registrations.first().map(|r| r.registrar);
    // of one at risk, its failed refresh is what matters
    let in_service = state.verdict == Verdict::InService && dn.risk().is_none();
    let (mut chosen, mut last, mut same) = (None, None::<AttemptView<'_>>, None);
    for attempt in dn.attempts() {
        if let Some(before) = &last {
            same = Some(same.unwrap_or(true) && before.call_id == attempt.call_id);
        }
        last = Some(attempt);
        let decides = !in_service || attempt.outcome == Outcome::Accepted;
        if decides && registrar == Some(attempt.registrar) {
            chosen = Some(attempt);
        }
    }
    (chosen.or(last), same)
}

/// A host that a request names.
pub(super) struct Host<'f, 'a> {
    facts: &'f Facts<'a>,
    sym: Sym,
    ip: &'f OnceCell<Option<IpAddr>>,
}

impl<'a> Host<'_, 'a> {
    fn ip(&self) -> Option<IpAddr> {
        *self.ip.get_or_init(|| address::parse(self.facts.text(self.sym)))
    }

    /// Its name in lower case (RFC 3261 §19.1.4), as an address where it is one.
    pub(super) fn name(&self) -> Option<Atom<'a>> {
        if self.sym.is_none() {
            return self.facts.absent();
        }
        let name = || Atom::lower_case(self.facts.text(self.sym));
        Some(self.ip().map_or_else(name, Atom::Address))
    }

    /// Whether it is the source address; `name` when it is no address.
    pub(super) fn is_source(&self) -> Option<Atom<'a>> {
        if self.sym.is_none() {
            return self.facts.absent();
        }
        let source = self.facts.at_source()?.source.addr;
        let same = |address| Atom::yes_no(address == source);
        Some(self.ip().map_or(Atom::Word("name"), same))
    }

    /// Whether it can be reached from where the source is seen; `name` when it is no address.
    pub(super) fn is_routable(&self) -> Option<Atom<'a>> {
        if self.sym.is_none() {
            return self.facts.absent();
        }
        let attempt = self.facts.at_source()?;
        let reached = |ip| address::is_routable(ip, attempt.source.addr, attempt.transport);
        Some(self.ip().map_or(Atom::Word("name"), |ip| Atom::yes_no(reached(ip))))
    }
}

/// The /24 or /64 an address is in: what one site or one phone room usually shares.
pub(super) fn network(address: IpAddr) -> Option<Atom<'static>> {
    let bits = if address.is_ipv4() { 24 } else { 64 };
    IpNet::new(address, bits).ok().map(|net| Atom::Network(net.trunc()))
}
