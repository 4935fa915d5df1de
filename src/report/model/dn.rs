//! One DN with its registrations, bindings, attempts and history.

use std::hint::black_box;
use std::ops::Range;

use smallvec::SmallVec;

use super::findings::number;
use super::writer::{List, Millis, Object, Objects, Text, Writer, members, object};
use crate::capture::is_line;
use crate::net::{Endpoint, FrameRef, Transport};
use crate::registration::{
    AgentRecord, AttemptView, BindingView, Change, Cti, Demand, DnView, Flag, FlagSet,
    MessageRecord, RegistrationState, Risk, Snapshot, Sym, abreast,
};
use crate::report::message::inferred;
use crate::source::FileInfo;
use crate::wording::steps::codes;

/// About the bytes of a DN, and of one of its attempts.
const DN_BYTES: usize = 1400;
const ATTEMPT_BYTES: usize = 780;
/// DNs whose records are prefetched together: the nearest cache holds no more.
const AT_HAND: usize = 16;

/// What the DNs are written from.
#[derive(Clone, Copy)]
pub(super) struct Pen<'a> {
    pub snapshot: &'a Snapshot,
    /// The inputs: with several, frames are named with theirs; those of logs are lines.
    pub files: &'a [FileInfo],
}

/// The places of the parts of an attempt that attempts of a DN often share.
struct Written<'a> {
    attempt: AttemptView<'a>,
    /// From source to the expiry asked for.
    request: Range<usize>,
    /// From requests to the user name.
    exchange: Range<usize>,
    /// From the demand to the flags.
    end: Range<usize>,
}

impl<'a> Pen<'a> {
    /// Writes DNs with commas between them.
    pub(super) fn dns(self, dns: &[DnView<'a>]) -> Vec<u8> {
        let mut to = Writer::with_capacity(dns.len() * (DN_BYTES + 4 * ATTEMPT_BYTES));
        to.separated(dns.chunks(AT_HAND), |to, dns| {
            to.reserve(self.room(dns));
            to.separated(dns, |to, dn| self.dn(to, *dn));
        });
        to.into_bytes()
    }

    /// About the bytes that DNs take; prefetches their records.
    fn room(self, dns: &[DnView<'a>]) -> usize {
        abreast::records(dns.iter().copied());
        let attempts = abreast::attempts(dns.iter().copied());
        let lists = dns.iter().filter_map(DnView::record).flat_map(|record| {
            let lists = [&record.aors, &record.contacts, &record.vias];
            lists.into_iter().filter_map(|list| list.first().copied())
        });
        let texts = lists.chain(attempts.iter().map(|attempt| attempt.call_id));
        black_box(texts.filter_map(|sym| self.snapshot.text(sym)?.first()).fold(0, |_, b| *b));
        dns.len() * DN_BYTES + attempts.len() * ATTEMPT_BYTES
    }

    fn dn(self, to: &mut Writer, dn: DnView<'a>) {
        let (state, record) = (dn.state(), dn.record());
        let aors = record.map(|r| r.aors.as_slice()).unwrap_or_default();
        let list = |list: Option<&'a [Sym]>| List(self.texts(list.unwrap_or_default()));
        let mut aors = self.texts(aors);
        let sources = record.map(|r| r.sources.as_slice()).unwrap_or_default();
        object!(to,
            "dn": Text(dn.name()),
            "aor": aors.next(),
            "aliases": List(aors),
            "verdict": state.verdict.name(),
            "state": state.state().name(),
            "status_code": state.status_code,
            "basis": state.basis().name(),
            "statements": dn.statements().count() as u64,
            "cti": Object(state.cti(), |to: &mut Writer, cti: &Cti| self.cti(to, *cti)),
            "inferred": List(inferred_of(dn)),
            "cohort": dn.cohort().name(),
            "flags": flags(dn.flags()),
            "at_risk": dn.risk().map(Risk::name),
            "since": state.since,
            "expires_at": state.expires_at,
            "first_seen": record.map(|r| r.first_seen),
            "last_seen": record.map(|r| r.last_seen),
            "sources": Objects(sources, source),
            "registrations": Objects(&state.registrations, registration),
            "contacts": list(record.map(|r| r.contacts.as_slice())),
            "vias": list(record.map(|r| r.vias.as_slice())),
            "user_agents": list(record.map(|r| r.user_agents.as_slice())),
            "hep_agents": Objects(dn.hep_agents(), |to: &mut Writer, a: &_| self.agent(to, *a)),
            // values of the five lists above that were too many to keep
            "values_not_kept": record.map_or(0, |r| r.more_values),
            "bindings": Objects(dn.bindings(), |to: &mut Writer, b: (_, _)| self.binding(to, b)),
            "attempts_total": record.map_or(0, |r| r.attempts),
            ..
        );
        let mut before = None;
        members!(to,
            "attempts": Objects(dn.attempts(), |to: &mut Writer, attempt| {
                before = Some(self.attempt(to, attempt, before.as_ref()));
            }),
            "history": Objects(dn.history(), |to: &mut Writer, c: (_, _)| change(to, self.files, c)),
        );
        to.piece("}");
    }

    /// A text from the wire; none for an empty one.
    fn text(self, sym: Sym) -> Option<Text<'a>> {
        self.snapshot.text(sym).map(Text)
    }

    fn texts(self, syms: &'a [Sym]) -> impl Iterator<Item = Text<'a>> {
        syms.iter().filter_map(move |&sym| self.text(sym))
    }

    /// The CTI state that logs state.
    fn cti(self, to: &mut Writer, cti: Cti) {
        let node = self.snapshot.node_name(cti.node);
        object!(to,
            "state": cti.state.name(),
            "node": node.map(|node| Text(node.as_bytes())),
            "since": cti.since.known(),
        );
    }

    /// A HEP agent that saw the DN.
    fn agent(self, to: &mut Writer, agent: AgentRecord) {
        let AgentRecord { address, capture_id, node, .. } = agent;
        object!(to, "capture_id": capture_id, "node": self.text(node), "address": address);
    }

    fn binding(self, to: &mut Writer, (registrar, binding): (Endpoint, BindingView<'a>)) {
        object!(to,
            "registrar": registrar,
            "contact": self.text(binding.contact),
            "source": binding.source,
            "granted": binding.granted,
            "since": binding.since,
            "renewed": binding.renewed,
            "expires_at": binding.expires_at,
            "refreshes": binding.refreshes,
            "user_agent": self.text(binding.user_agent),
            "file": binding.frame.file().0,
            ..
        );
        number(to, self.files, binding.frame);
        to.piece("}");
    }

    /// Writes an attempt; what it shares with the one before is copied from there.
    fn attempt(
        self,
        to: &mut Writer,
        a: AttemptView<'a>,
        before: Option<&Written<'a>>,
    ) -> Written<'a> {
        let messages: SmallVec<[MessageRecord; 8]> = a.messages().collect();
        let numbers = |messages: &SmallVec<[MessageRecord; 8]>, lines: bool| {
            let places: SmallVec<[FrameRef; 8]> = messages
                .iter()
                .map(MessageRecord::frame)
                .filter(|place| is_line(self.files, *place) == lines)
                .collect();
            places.into_iter()
        };
        object!(to,
            "outcome": a.outcome.name(),
            "status_code": (a.code != 0).then_some(a.code),
            "codes": List(codes(&messages)),
            "frames": List(numbers(&messages, false).map(FrameRef::number)),
            ..
        );
        if self.files.len() > 1 {
            // the file of each frame
            members!(to, "files": List(numbers(&messages, false).map(|frame| frame.file().0)));
        }
        if messages.iter().any(|message| is_line(self.files, message.frame())) {
            members!(to, "lines": List(numbers(&messages, true).map(FrameRef::number)));
            if self.files.len() > 1 {
                members!(to, "line_files": List(numbers(&messages, true).map(|line| line.file().0)));
            }
        }
        members!(to, "started": a.started, "ended": a.last);
        let shared = |same: fn(&AttemptView<'_>, &AttemptView<'_>) -> bool| {
            before.filter(|before| same(&before.attempt, &a))
        };
        let request = part(to, shared(has_same_request).map(|w| &w.request), |to| {
            members!(to,
                "source": a.source,
                "registrar": a.registrar,
                "transport": a.transport.name(),
                "call_id": self.text(a.call_id),
                "contact": self.text(a.contact),
                "user_agent": self.text(a.user_agent),
                "asked": a.asked,
            );
        });
        members!(to, "granted": a.granted);
        if let Some(seconds) = a.upstream {
            members!(to, "granted_by": a.spoke, "granted_upstream": seconds);
        }
        let exchange = part(to, shared(has_same_exchange).map(|w| &w.exchange), |to| {
            members!(to,
                "requests": a.requests(),
                "retransmissions": a.retransmissions(),
                "challenges": a.challenges(),
                "credentials": a.credentials(),
                "realm": self.text(a.realm),
                "username": self.text(a.username),
            );
        });
        members!(to,
            "rtt_ms": a.rtt().map(Millis),
            "refresh_margin_ms": a.margin_ms(),
        );
        let end = part(to, shared(has_same_end).map(|w| &w.end), |to| {
            members!(to,
                "demand": Object(a.demand(), demand),
                "icmp": Object(a.icmp(), |to: &mut Writer, (kind, code): (u8, u8)| {
                    object!(to, "type": kind, "code": code);
                }),
                "reason": self.text(a.reason),
                "own_words": self.text(a.own_words()),
                "flags": flags(a.flags),
            );
        });
        to.piece("}");
        Written { attempt: a, request, exchange, end }
    }
}

/// Writes a part of an attempt, or copies it from where it is already; returns its place.
fn part(
    to: &mut Writer,
    before: Option<&Range<usize>>,
    write: impl FnOnce(&mut Writer),
) -> Range<usize> {
    let start = to.len();
    match before {
        Some(before) => to.again(before.clone()),
        None => write(to),
    }
    start..to.len()
}

fn has_same_request(a: &AttemptView<'_>, b: &AttemptView<'_>) -> bool {
    let words = |a: &AttemptView<'_>| [a.call_id, a.contact, a.user_agent];
    words(a) == words(b)
        && (a.source, a.registrar, a.transport) == (b.source, b.registrar, b.transport)
        && a.asked == b.asked
}

fn has_same_exchange(a: &AttemptView<'_>, b: &AttemptView<'_>) -> bool {
    let counts = |a: &AttemptView<'_>| [a.requests(), a.retransmissions(), a.challenges()];
    counts(a) == counts(b)
        && a.credentials() == b.credentials()
        && [a.realm, a.username] == [b.realm, b.username]
}

fn has_same_end(a: &AttemptView<'_>, b: &AttemptView<'_>) -> bool {
    let plain = |a: &AttemptView<'_>| a.demand().is_none() && a.icmp().is_none();
    a.reason == b.reason
        && a.own_words() == b.own_words()
        && a.flags == b.flags
        && plain(a)
        && plain(b)
}

fn flags(flags: FlagSet) -> List<impl Iterator<Item = &'static str>> {
    List(flags.iter().map(Flag::name))
}

/// What logs leave out of the DN's latest REGISTER.
fn inferred_of(dn: DnView<'_>) -> impl Iterator<Item = &'static str> {
    let details = dn.record().and_then(|record| record.details.as_ref());
    details.map(|details| inferred(details.log)).unwrap_or_default().into_iter()
}

fn source(to: &mut Writer, (end, transport): &(Endpoint, Transport)) {
    object!(to, "address": end.addr, "port": end.port, "transport": transport.name());
}

fn registration(to: &mut Writer, state: &RegistrationState) {
    object!(to,
        "registrar": state.registrar,
        "verdict": state.verdict.name(),
        "state": state.verdict.state().name(),
        "status_code": state.status_code,
        "since": state.since,
        "expires_at": state.expires_at,
    );
}

fn change(to: &mut Writer, files: &[FileInfo], (registrar, change): (Endpoint, Change)) {
    object!(to,
        "time": change.time,
        "registrar": registrar,
        "verdict": change.verdict.name(),
        "status_code": (change.code != 0).then_some(change.code),
        "file": change.frame.file().0,
        ..
    );
    number(to, files, change.frame);
    to.piece("}");
}

fn demand(to: &mut Writer, (demand, obeyed): (Demand, Option<bool>)) {
    let (kind, value) = match demand {
        Demand::MinExpires(seconds) => ("min_expires", Some(seconds)),
        Demand::RetryAfter(seconds) => ("retry_after", Some(seconds)),
        Demand::Redirect => ("redirect", None),
    };
    object!(to, "kind": kind, "value": value, "obeyed": obeyed);
}
