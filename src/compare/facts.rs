//! What is known of one DN's registration: the place every attribute reads from.

use std::net::IpAddr;

use ipnet::IpNet;

use super::atom::Atom;
use crate::registration::{
    AgentRecord, AnswerDetails, AttemptView, Details, DnView, Marks, Outcome, Purpose, Snapshot,
    Sym, Texts, Verdict,
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
}

impl<'a> Facts<'a> {
    /// The facts of the attempt that decides.
    pub(super) fn of(snapshot: &'a Snapshot, dn: DnView<'a>) -> Self {
        let state = dn.state();
        let registrar = state.registrations.first().map(|r| r.registrar);
        let in_service = state.verdict == Verdict::InService;
        let (mut chosen, mut last, mut same) = (None, None::<AttemptView<'a>>, None);
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
        Self { same_call_id: same, ..Self::of_attempt(snapshot, dn, chosen.or(last)) }
    }

    /// The facts of one attempt of a DN.
    pub(super) fn of_attempt(
        snapshot: &'a Snapshot,
        dn: DnView<'a>,
        attempt: Option<AttemptView<'a>>,
    ) -> Self {
        let kept = dn.record().and_then(|record| record.details.as_deref());
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
        self.attempt.is_some_and(|a| a.code != 0 || a.challenges > 0)
    }

    pub(super) fn text(&self, sym: Sym) -> &'a [u8] {
        self.snapshot.texts().get(sym)
    }

    /// A host name in lower case (RFC 3261 §19.1.4), as an address where it is one.
    pub(super) fn host(&self, sym: Sym, made: &mut Texts) -> Option<Atom> {
        if sym.is_none() {
            return self.absent();
        }
        Some(host_atom(self.text(sym), made))
    }

    /// The host of a URI.
    pub(super) fn uri_host(&self, uri: Sym, made: &mut Texts) -> Option<Atom> {
        if uri.is_none() {
            return self.absent();
        }
        Uri::parse(self.text(uri)).map(|uri| host_atom(uri.host, made))
    }

    /// Whether a host is the source address; `name` when it is no address.
    pub(super) fn is_source(&self, host: Sym) -> Option<Atom> {
        if host.is_none() {
            return self.absent();
        }
        let source = self.attempt?.source.addr;
        Some(match parse_ip(self.text(host)) {
            Some(address) => Atom::yes_no(address == source),
            None => Atom::Word("name"),
        })
    }

    /// How many DNs share the source, as a class of sizes.
    pub(super) fn shared_by(&self) -> Option<Atom> {
        let address = self.attempt?.source.addr;
        let sources = self.snapshot.sources();
        let found = sources.binary_search_by_key(&address, |s| s.address).ok()?;
        Some(Atom::Word(match sources.get(found)?.totals.dns {
            0 => return None,
            1 => "1",
            2..=9 => "2-9",
            10..=99 => "10-99",
            _ => "100+",
        }))
    }

    /// A text with the DN in it replaced by `DN`.
    pub(super) fn without_dn(&self, uri: Sym, made: &mut Texts) -> Option<Atom> {
        if uri.is_none() {
            return self.absent();
        }
        let text = self.text(uri);
        let user = Uri::parse(text).and_then(|uri| uri.user);
        match user {
            Some(user) if user == self.dn.name() => {
                let at = text.windows(user.len()).position(|w| w == user).unwrap_or(0);
                let (before, after) = text.split_at(at);
                let after = after.get(user.len()..).unwrap_or_default();
                Some(Atom::Made(made.intern(&[before, b"DN", after].concat())))
            }
            _ => Some(Atom::Wire(uri)),
        }
    }
}

fn host_atom(host: &[u8], made: &mut Texts) -> Atom {
    match parse_ip(host) {
        Some(address) => Atom::Address(address),
        None => Atom::Made(made.intern(&host.to_ascii_lowercase())),
    }
}

pub(super) fn parse_ip(host: &[u8]) -> Option<IpAddr> {
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

/// Whether a host can be reached by somebody who sees `source`.
pub(super) fn routable(host: &[u8], source: IpAddr) -> Atom {
    let Some(ip) = parse_ip(host) else { return Atom::Word("name") };
    let dead = ip.is_loopback() || ip.is_unspecified() || ip.is_multicast();
    if source.is_loopback() {
        return Atom::Word("yes");
    }
    Atom::yes_no(!dead && (!is_private(ip) || is_private(source)))
}
