//! Applies statements of a log to a verdict: messages decide for the time they cover, statements after it.

use super::attempt::{Attempt, Outcome};
use super::heard::{Heard, Span};
use super::ledger::{Belief, Ground, Ledger, NodeEvent, events};
use super::nodes::{NodeId, Nodes};
use super::state::{DnState, RegistrationState};
use super::store::{Binding, Dn, Registration};
use super::text::Texts;
use super::verdict::{Flag, State, Verdict};
use crate::log::{StatementKind as Kind, Sureness};
use crate::net::{FrameRef, Timestamp};

/// A statement this soon after a response is about what that response says.
const SAME_MATTER: i64 = 1_000_000_000;
/// A refusal of credentials this soon after a better reason is the same refusal.
const SAME_REFUSAL: i64 = 5_000_000_000;

/// A server's timer does not end a binding so long before its time.
const BEFORE_ITS_TIME: i64 = 2_000_000_000;

/// What a verdict rests on.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum Basis {
    /// Messages.
    #[default]
    Wire,
    /// A statement of a log.
    Stated,
    /// Messages that were pasted, without an envelope.
    Pasted,
}

impl Basis {
    /// All of them, in the order they are shown.
    pub const ALL: [Self; 3] = [Self::Wire, Self::Stated, Self::Pasted];

    /// The word used in every output.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Wire => "wire",
            Self::Stated => "stated",
            Self::Pasted => "pasted",
        }
    }
}

/// The CTI state of a DN, as a log states it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cti {
    /// In service or out of it; unknown if nodes disagree and nothing shows the owner.
    pub state: State,
    /// The node that states it.
    pub node: NodeId,
    /// Since when.
    pub since: Timestamp,
    /// The line.
    pub at: FrameRef,
}

/// The effect of statements on a DN.
#[derive(Clone, Debug, Default)]
pub(super) struct Told {
    pub basis: Basis,
    /// The line the verdict rests on.
    pub line: Option<FrameRef>,
    /// How well its meaning is known.
    pub sure: Option<Sureness>,
    pub cti: Option<Cti>,
}

/// A verdict that follows from a statement.
struct Ruling<'h> {
    verdict: Verdict,
    code: Option<u16>,
    heard: &'h Heard,
    /// When a registration that it states ends.
    until: Option<Timestamp>,
}

impl<'h> Ruling<'h> {
    fn new(verdict: Verdict, code: Option<u16>, heard: &'h Heard) -> Self {
        let until = heard.runs_until();
        Self { verdict, code, heard, until }
    }

    /// The same at a moment: what it states may have run out.
    fn at(self, at: Timestamp) -> Self {
        match self.until {
            Some(until) if until <= at => Self { verdict: Verdict::Expired, ..self },
            _ => self,
        }
    }

    /// Since when.
    fn since(&self) -> Option<Timestamp> {
        self.until.filter(|_| self.verdict == Verdict::Expired).or_else(|| self.heard.time.known())
    }
}

impl DnState {
    /// Applies what logs state about the DN by `at`.
    pub(super) fn hear<'s>(
        &mut self,
        (nodes, texts): (&Nodes, &Texts),
        attempt: impl Fn(u32) -> Option<&'s Attempt> + Copy,
        dn: &Dn,
        at: Timestamp,
    ) {
        let Some(heard) = dn.heard() else { return };
        let heard: Vec<&Heard> = heard.statements.iter().filter(|h| h.time <= at).collect();
        let of_cti = heard.iter().any(|heard| heard.statement.kind.is_of_cti());
        let cti = if of_cti { cti(&events((nodes, texts), attempt, dn, at), at) } else { None };
        let mut told = Told { cti, ..Told::default() };
        if dn.attempts == 0 {
            self.rule(alone(&heard).map(|ruling| ruling.at(at)), &mut told);
            if told.basis == Basis::Wire && of_cti {
                // somebody asked to register on it, and nothing says more
                (self.verdict, told.basis) = (Verdict::CtiOnly, Basis::Stated);
                self.since = heard.first().and_then(|heard| heard.time.known());
            }
        } else {
            self.hear_exchange(&heard, attempt(dn.last_attempt));
            if heard.iter().any(|heard| dn.outlives(texts, heard)) {
                self.flags.insert(Flag::LogDisagrees);
            }
            if let Some(ruling) = self.moved(texts, dn, &heard) {
                self.rule(Some(ruling.at(at)), &mut told);
            }
        }
        let out = told.cti.as_ref().is_some_and(|cti| cti.state == State::OutOfService);
        self.flags.set_if(Flag::CtiOut, out);
        let reaches = |h: &&&Heard| matches!(h.statement.kind, Kind::Reachable | Kind::Unreachable);
        let unreachable = heard.iter().rev().find(reaches);
        let unreachable = unreachable.is_some_and(|h| h.statement.kind == Kind::Unreachable);
        self.flags.set_if(Flag::UnreachableStated, unreachable);
        if told.basis != Basis::Wire || told.cti.is_some() {
            self.told = Some(Box::new(told));
        }
    }

    /// Its messages were pasted: that is what a verdict by messages rests on.
    pub(super) fn note_pasted(&mut self) {
        let told = self.told.get_or_insert_default();
        if told.basis == Basis::Wire {
            told.basis = Basis::Pasted;
        }
    }

    /// Enters a verdict that follows from a statement, also at the registrar that speaks for the DN.
    fn rule(&mut self, ruling: Option<Ruling<'_>>, told: &mut Told) {
        let Some(ruling) = ruling else {
            if told.cti.is_some() {
                (self.verdict, told.basis) = (Verdict::CtiOnly, Basis::Stated);
                self.since = told.cti.as_ref().map(|cti| cti.since);
            }
            return;
        };
        let Ruling { verdict, code, heard, until } = ruling;
        (self.since, self.expires_at) = (ruling.since(), None);
        if verdict == Verdict::InService {
            self.expires_at = until;
        }
        (self.verdict, self.status_code) = (verdict, code);
        self.flags.insert(Flag::Stated);
        (told.basis, told.line) = (Basis::Stated, Some(heard.at));
        told.sure = Some(heard.statement.sure);
        let (since, expires_at) = (self.since, self.expires_at);
        if !self.registrations.is_empty() {
            self.registrations.change(|all: &mut Vec<RegistrationState>| {
                if let Some(first) = all.first_mut() {
                    (first.verdict, first.status_code) = (verdict, code);
                    (first.since, first.expires_at) = (since, expires_at);
                }
            });
        }
    }

    /// Applies statements within the latest exchange about its response.
    fn hear_exchange(&mut self, heard: &[&Heard], attempt: Option<&Attempt>) {
        let Some(a) = attempt else { return };
        let Some(span) = Span::of(a.log.iter().map(|m| (m.time, m.frame()))) else { return };
        let said =
            |kinds: &[Kind]| heard.iter().any(|h| kinds.contains(&h.statement.kind) && span.has(h));
        // a 403 although the credentials were right, or were not examined
        let right = said(&[Kind::AuthSucceeded, Kind::Limit])
            || said(&[Kind::NotKnown]) && !said(&[Kind::AuthFailed]);
        if (self.verdict, self.status_code) == (Verdict::AuthFailed, Some(403)) && right {
            self.restate(Verdict::Rejected);
        }
        let failed =
            matches!(a.outcome, Outcome::Failed(verdict) if verdict != Verdict::Challenged);
        self.flags.set_if(
            Flag::LogDisagrees,
            failed && a.code != 0 && said(&[Kind::Registered, Kind::Refreshed]),
        );
    }

    /// The same answer understood otherwise.
    fn restate(&mut self, verdict: Verdict) {
        let before = std::mem::replace(&mut self.verdict, verdict);
        self.registrations.change(|all: &mut Vec<RegistrationState>| {
            for state in all.iter_mut().filter(|state| state.verdict == before) {
                state.verdict = verdict;
            }
        });
    }

    /// What a statement after the last decisive message makes of the state.
    fn moved<'h>(&self, texts: &Texts, dn: &Dn, heard: &[&'h Heard]) -> Option<Ruling<'h>> {
        let decisive = dn.registrations.iter().filter_map(Registration::latest).max()?;
        let mut ruling: Option<Ruling<'h>> = None;
        for heard in heard.iter().copied().filter(|heard| is_after(heard, decisive)) {
            let soon = heard.time.nanos_since(decisive.0) <= SAME_MATTER;
            let held = match &ruling {
                Some(ruling) => ruling.verdict == Verdict::InService,
                None => self.held_at(heard.time),
            };
            let ends = held && dn.all_bindings_are(texts, heard, ruling.is_some());
            let verdict = match heard.statement.kind {
                Kind::Expired if ends && !dn.outlives(texts, heard) => Verdict::Expired,
                Kind::ConnectionLost if ends => Verdict::Terminated,
                Kind::Removed if ends && !(soon && heard.statement.contact.is_none()) => {
                    Verdict::Deregistered
                }
                Kind::Registered if !held && !soon => Verdict::InService,
                _ => continue,
            };
            ruling = Some(Ruling::new(verdict, None, heard));
        }
        // what the wire says already needs no statement
        ruling.filter(|ruling| ruling.verdict != self.verdict)
    }

    /// Whether a binding ran at a moment after the last decisive message.
    fn held_at(&self, time: Timestamp) -> bool {
        match self.verdict {
            Verdict::InService => true,
            Verdict::Expired => self.since.is_some_and(|since| time < since),
            _ => false,
        }
    }
}

/// Whether a statement comes after a message: by its line in the same file, else by its time.
fn is_after(heard: &Heard, (time, frame): (Timestamp, FrameRef)) -> bool {
    if heard.at.file() == frame.file() { heard.at > frame } else { heard.time > time }
}

impl Registration {
    /// The latest message that decided something here.
    fn latest(&self) -> Option<(Timestamp, FrameRef)> {
        let renewed = self.bindings.iter().map(|b: &Binding| (b.renewed, b.frame)).max();
        self.tried.map(|tried| (tried.at, tried.frame)).max(renewed)
    }
}

impl Dn {
    /// Whether a statement says that a binding ran out that a refresh was granted for, and that runs on by it.
    pub(super) fn outlives(&self, texts: &Texts, heard: &Heard) -> bool {
        let Some(time) = heard.time.known().filter(|_| heard.statement.kind == Kind::Expired)
        else {
            return false;
        };
        let contact = heard.statement.contact.as_deref();
        let mut bindings = self.registrations.iter().flat_map(|reg| &reg.bindings);
        bindings.any(|b| {
            let same = contact.is_none_or(|c| is_same_contact(texts.get(b.contact), c.as_bytes()));
            let ends = b.expires_at.map_or(i64::MAX, |end| end.nanos_since(time));
            same && b.refreshes > 0 && b.renewed <= time && ends > BEFORE_ITS_TIME
        })
    }

    /// Whether the contact that a statement ends is the only one there is.
    fn all_bindings_are(&self, texts: &Texts, heard: &Heard, stated: bool) -> bool {
        let Some(contact) = heard.statement.contact.as_deref().filter(|_| !stated) else {
            return true;
        };
        let mut bindings = self.registrations.iter().flat_map(|reg| &reg.bindings);
        bindings.all(|b| is_same_contact(texts.get(b.contact), contact.as_bytes()))
    }
}

/// Whether a stored contact is the one that was registered: a server may append parameters to it.
fn is_same_contact(registered: &[u8], stored: &[u8]) -> bool {
    let bare = |uri: &[u8]| -> Vec<u8> {
        let end = uri.iter().position(|b| *b == b';').unwrap_or(uri.len());
        uri.get(..end).unwrap_or(uri).to_ascii_lowercase()
    };
    bare(registered) == bare(stored)
}

/// The verdict of a DN of which no message is there.
fn alone<'h>(heard: &[&'h Heard]) -> Option<Ruling<'h>> {
    let mut ruling: Option<Ruling<'h>> = None;
    for heard in heard.iter().copied() {
        let better = ruling.as_ref().is_some_and(|before| {
            matches!(before.heard.statement.kind, Kind::NotKnown | Kind::RefusedSource)
                && heard.time.nanos_since(before.heard.time) <= SAME_REFUSAL
        });
        let (verdict, code) = match heard.statement.kind {
            Kind::Registered | Kind::Refreshed => (Verdict::InService, None),
            Kind::Expired => (Verdict::Expired, None),
            Kind::Removed => (Verdict::Deregistered, None),
            Kind::ConnectionLost => (Verdict::Terminated, None),
            Kind::AuthFailed if !better => (Verdict::AuthFailed, None),
            Kind::NotKnown | Kind::RefusedSource | Kind::Limit => (Verdict::Rejected, None),
            Kind::Failed => match heard.statement.code {
                Some(401 | 407) => (Verdict::AuthFailed, heard.statement.code),
                Some(408) | None => (Verdict::NoAnswer, None),
                code => (Verdict::Rejected, code),
            },
            _ => continue,
        };
        ruling = Some(Ruling::new(verdict, code, heard));
    }
    ruling
}

/// The CTI state: what the owner states; if the owner is unknown, what all nodes state alike.
fn cti(events: &[NodeEvent], at: Timestamp) -> Option<Cti> {
    let ledger = Ledger::of(events);
    let word = |node: NodeId| -> Option<Cti> {
        let attached = ledger.owner(at).is_some_and(|owner| owner.node == node && !owner.by_sip);
        let Belief { state, since, at, ground } = ledger.belief(node, at);
        let (since, at) = (since?, at?);
        (ground == Ground::Statement || attached).then_some(Cti { state, node, since, at })
    };
    if let Some(owner) = ledger.owner(at) {
        return word(owner.node);
    }
    let words = || ledger.nodes().filter_map(word);
    let latest = words().max_by_key(|cti| cti.since)?;
    let agree = words().all(|cti| cti.state == latest.state);
    let state = if agree { latest.state } else { State::Unknown };
    Some(Cti { state, ..latest })
}
