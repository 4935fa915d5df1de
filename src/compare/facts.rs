//! What is known of one DN's registration: the place every attribute reads from.

use std::cell::OnceCell;
use std::hint::black_box;
use std::net::IpAddr;

use ipnet::IpNet;

use super::atom::Atom;
use crate::registration::{
    AgentRecord, AnswerDetails, AttemptView, Details, DnView, Marks, Outcome, Purpose, Snapshot,
    Sym, Texts, Verdict, abreast,
};
use crate::sip::Uri;

/// The attempt that decided a DN's state, with the details of its request where they are kept.
///
/// The model keeps details of the latest REGISTER of a DN only. When that one belongs to another
/// attempt, because another device tried later, what only details tell is not known.
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
    to_host: OnceCell<Option<Atom>>,
}

impl<'a> Facts<'a> {
    /// The facts of the attempt that decides.
    pub(super) fn of(snapshot: &'a Snapshot, dn: DnView<'a>) -> Self {
        let (attempt, same_call_id) = deciding(dn);
        Self { same_call_id, ..Self::of_attempt(snapshot, dn, attempt) }
    }

    /// The facts of several DNs, whose records are brought to hand together.
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

    /// A symbol's value: absent when it is the empty one, unless the request was cut.
    pub(super) fn wire(&self, sym: Sym) -> Option<Atom> {
        if sym.is_none() { self.absent() } else { Some(Atom::Wire(sym)) }
    }

    /// A number's value: absent when there is none, unless the request was cut.
    pub(super) fn number(&self, number: Option<impl Into<i64>>) -> Option<Atom> {
        number.map_or_else(|| self.absent(), |n| Some(Atom::Number(n.into())))
    }

    /// Absence, if the whole request is there to show it.
    pub(super) fn absent(&self) -> Option<Atom> {
        (!self.cut).then_some(Atom::Absent)
    }

    /// `yes`, or `no` if the whole request is there to show it.
    pub(super) fn shown(&self, yes: bool) -> Option<Atom> {
        (yes || !self.cut).then_some(Atom::yes_no(yes))
    }

    /// The answer to the request.
    pub(super) fn answer(&self) -> Option<&'a AnswerDetails> {
        self.details?.answer.as_ref()
    }

    /// What the HEP agent that saw the request says of itself; `None` where there are no agents.
    pub(super) fn seen_by(&self, tell: impl Fn(&AgentRecord) -> Option<Atom>) -> Option<Atom> {
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

    pub(super) fn text(&self, sym: Sym) -> &'a [u8] {
        self.snapshot.texts().get(sym)
    }

    /// The host of the first Contact.
    pub(super) fn contact_host(&self, details: &Details) -> Host<'_> {
        let sym = details.contact_host;
        Host { facts: self, sym, ip: &self.contact_ip }
    }

    /// The host of the top Via's sent-by.
    pub(super) fn via_host(&self, details: &Details) -> Host<'_> {
        let same = details.via_host == details.contact_host;
        let ip = if same { &self.contact_ip } else { &self.via_ip };
        Host { facts: self, sym: details.via_host, ip }
    }

    /// The host of To.
    pub(super) fn host_in_to(&self, details: &Details, made: &mut Made) -> Option<Atom> {
        *self.to_host.get_or_init(|| self.uri_host(details.to_uri, made))
    }

    /// The host of From.
    pub(super) fn host_in_from(&self, details: &Details, made: &mut Made) -> Option<Atom> {
        if details.from_uri == details.to_uri {
            self.host_in_to(details, made)
        } else {
            self.uri_host(details.from_uri, made)
        }
    }

    /// The host of a URI.
    fn uri_host(&self, uri: Sym, made: &mut Made) -> Option<Atom> {
        if uri.is_none() {
            return self.absent();
        }
        let host = Uri::parse(self.text(uri))?.host;
        Some(parse_ip(host).map_or_else(|| made.lower_case(host), Atom::Address))
    }

    /// How many DNs share the source, as a class of sizes.
    pub(super) fn shared_by(&self) -> Option<Atom> {
        Some(Atom::Word(match self.snapshot.dns_of(self.attempt?.source.addr) {
            0 => return None,
            1 => "1",
            2..=9 => "2-9",
            10..=99 => "10-99",
            _ => "100+",
        }))
    }

    /// A text with the DN in it replaced by `DN`.
    pub(super) fn without_dn(&self, uri: Sym, made: &mut Made) -> Option<Atom> {
        if uri.is_none() {
            return self.absent();
        }
        if uri == made.without_user {
            return Some(Atom::Wire(uri));
        }
        let text = self.text(uri);
        match Uri::parse(text).and_then(|uri| uri.user) {
            Some(user) if user == self.dn.name() => {
                let at = text.windows(user.len()).position(|w| w == user).unwrap_or(0);
                let (before, after) = text.split_at(at);
                let after = after.get(user.len()..).unwrap_or_default();
                Some(made.text(&[before, b"DN", after].concat()))
            }
            Some(_) => Some(Atom::Wire(uri)),
            None => {
                made.without_user = uri;
                Some(Atom::Wire(uri))
            }
        }
    }

    /// Whether a text is the DN.
    pub(super) fn is_dn(&self, sym: Sym) -> bool {
        self.dn.record().is_some_and(|record| record.user == sym)
            || self.text(sym) == self.dn.name()
    }
}

/// The attempt that decides a DN's state, the latest one if none does, and whether every attempt has
/// the same Call-ID.
fn deciding(dn: DnView<'_>) -> (Option<AttemptView<'_>>, Option<bool>) {
    let state = dn.state();
    let registrar = state.registrations.first().map(|r| r.registrar);
    let in_service = state.verdict == Verdict::InService;
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
pub(super) struct Host<'f> {
    facts: &'f Facts<'f>,
    sym: Sym,
    ip: &'f OnceCell<Option<IpAddr>>,
}

impl Host<'_> {
    fn ip(&self) -> Option<IpAddr> {
        *self.ip.get_or_init(|| parse_ip(self.facts.text(self.sym)))
    }

    /// Its name in lower case (RFC 3261 §19.1.4), as an address where it is one.
    pub(super) fn name(&self, made: &mut Made) -> Option<Atom> {
        if self.sym.is_none() {
            return self.facts.absent();
        }
        let name = || made.lower_case(self.facts.text(self.sym));
        Some(self.ip().map_or_else(name, Atom::Address))
    }

    /// Whether it is the source address; `name` when it is no address.
    pub(super) fn is_source(&self) -> Option<Atom> {
        if self.sym.is_none() {
            return self.facts.absent();
        }
        let source = self.facts.attempt?.source.addr;
        let same = |address| Atom::yes_no(address == source);
        Some(self.ip().map_or(Atom::Word("name"), same))
    }

    /// Whether it can be reached by somebody who sees the source; `name` when it is no address.
    pub(super) fn is_routable(&self) -> Option<Atom> {
        if self.sym.is_none() {
            return self.facts.absent();
        }
        let source = self.facts.attempt?.source.addr;
        Some(self.ip().map_or(Atom::Word("name"), |ip| routable(ip, source)))
    }
}

/// Texts made from those of a snapshot. What came of the latest ones is remembered: neighbours are
/// often alike.
#[derive(Debug, Default)]
pub(super) struct Made {
    texts: Texts,
    lower_case: Sym,
    /// A URI without a user.
    without_user: Sym,
    latest: [Latest; 2],
}

/// What was made of the latest texts of a kind.
#[derive(Debug, Default)]
struct Latest {
    made: [(Sym, Option<Atom>); 8],
    /// The one that is forgotten next.
    oldest: usize,
}

impl Made {
    /// The texts.
    pub(super) const fn texts(&self) -> &Texts {
        &self.texts
    }

    /// A value that was made elsewhere.
    pub(super) fn again(&mut self, atom: Atom, there: &Self) -> Atom {
        match atom {
            Atom::Made(sym) => self.text(there.texts.get(sym)),
            other => other,
        }
    }

    fn text(&mut self, text: &[u8]) -> Atom {
        Atom::Made(self.texts.intern(text))
    }

    fn lower_case(&mut self, text: &[u8]) -> Atom {
        if self.lower_case.is_none() || self.texts.get(self.lower_case) != text {
            self.lower_case = self.texts.intern(&text.to_ascii_lowercase());
        }
        Atom::Made(self.lower_case)
    }

    /// What is made of a text of the snapshot by `make`; nothing is made again of the latest ones.
    pub(super) fn once(
        &mut self,
        which: Making,
        sym: Sym,
        make: impl FnOnce() -> Option<Vec<u8>>,
    ) -> Atom {
        let latest = self.latest.get(which as usize);
        let known = latest.and_then(|latest| latest.made.iter().find(|(own, _)| *own == sym));
        if let Some((_, Some(atom))) = known {
            return *atom;
        }
        let atom = make().map_or(Atom::Wire(sym), |text| self.text(&text));
        if let Some(latest) = self.latest.get_mut(which as usize) {
            let places = latest.made.len();
            if let Some(place) = latest.made.get_mut(latest.oldest % places) {
                *place = (sym, Some(atom));
            }
            latest.oldest += 1;
        }
        atom
    }
}

/// What is made of a text.
#[derive(Clone, Copy, Debug)]
pub(super) enum Making {
    /// It in capitals.
    Capitals,
    /// Names of headers without those of credentials.
    Headers,
}

pub(super) fn parse_ip(host: &[u8]) -> Option<IpAddr> {
    // a name mostly shows by its first letter
    host.first().filter(|b| b.is_ascii_hexdigit() || **b == b':')?;
    std::str::from_utf8(host).ok()?.parse().ok()
}

/// The /24 or /64 an address is in: what one site or one phone room usually shares.
pub(super) fn network(address: IpAddr) -> Option<Atom> {
    let bits = if address.is_ipv4() { 24 } else { 64 };
    IpNet::new(address, bits).ok().map(|net| Atom::Network(net.trunc()))
}

/// Whether an address cannot be reached from another network (RFC 6890).
const fn is_private(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(v4) => {
            let [a, b, ..] = v4.octets();
            v4.is_private() || v4.is_link_local() || a == 100 && b & 0xc0 == 64
        }
        IpAddr::V6(v6) => v6.is_unique_local() || v6.is_unicast_link_local(),
    }
}

/// Whether an address can be reached by somebody who sees `source`.
fn routable(ip: IpAddr, source: IpAddr) -> Atom {
    let dead = ip.is_loopback() || ip.is_unspecified() || ip.is_multicast();
    if source.is_loopback() {
        return Atom::Word("yes");
    }
    Atom::yes_no(!dead && (!is_private(ip) || is_private(source)))
}
