//! Determines which node holds a DN, and what each node of a cluster believes of it, over time.
//!
//! The owner is the node whose 2xx granted the running binding, the latest where a phone moved; of a DN
//! without SIP it is the node that answered the last request to register on it (T-Library). A node believes
//! what it last stated of the DN; its own grant counts as in service. A node that stated nothing believes
//! nothing that is known.

use std::collections::BTreeMap;

use smallvec::SmallVec;

use super::attempt::{Attempt, Outcome, Purpose};
use super::looked_up::LookedUp;
use super::nodes::{NodeId, Nodes};
use super::snapshot::DnView;
use super::store::{Dn, NIL};
use super::text::Texts;
use super::verdict::{State, Verdict};
use crate::log::StatementKind as Kind;
use crate::net::{Endpoint, FrameRef, Timestamp};

/// Requests to register on a DN that wait for their answer at a node.
const ASKED: usize = 8;

/// What a node did with a DN, or stated about it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Act {
    /// It granted a binding at this address, until then.
    Granted(Endpoint, Option<Timestamp>),
    /// The binding at this address ended.
    Ended(Endpoint, Verdict),
    /// A client asked to register on the DN (T-Library), under this reference.
    Asked(Option<u32>),
    /// It answered such a request.
    Attached(Option<u32>),
    /// It states that the DN is in service.
    In,
    /// It states that the DN is out of service.
    Out,
    /// It answers a request for the DN: whether it finds it, and whether that is sure.
    Answers {
        /// Whether it finds it.
        found: bool,
        /// Whether the answer alone shows so.
        sure: bool,
    },
}

/// What shows a belief.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Ground {
    /// The node's own grant, by SIP or T-Library; nothing, if the belief is unknown.
    Grant,
    /// Its answer to a request for the DN or to a removal of the binding.
    Answer,
    /// A statement in its log.
    Statement,
}

impl Ground {
    /// The word used in every output.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Grant => "grant",
            Self::Answer => "answer",
            Self::Statement => "statement",
        }
    }
}

/// An [`Act`] with its node, time and place.
#[derive(Clone, Copy, Debug)]
pub struct NodeEvent {
    /// When.
    pub time: Timestamp,
    /// The frame or line.
    pub at: FrameRef,
    /// The node that acted.
    pub node: NodeId,
    /// What it did.
    pub act: Act,
}

/// The node a DN belongs to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Owner {
    /// The node.
    pub node: NodeId,
    /// Whether by a 2xx; else by T-Library.
    pub by_sip: bool,
    /// Since when, without a gap.
    pub since: Timestamp,
    /// What shows it latest.
    pub at: FrameRef,
    /// When it runs out, if anything says so.
    pub until: Option<Timestamp>,
}

/// What a node believes of a DN.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Belief {
    /// In service or out of it; [`State::Unknown`] if the node said nothing.
    pub state: State,
    /// Since when, if it said so.
    pub since: Option<Timestamp>,
    /// What shows it.
    pub at: Option<FrameRef>,
    /// How that shows it.
    pub ground: Ground,
}

impl Belief {
    const UNKNOWN: Self =
        Self { state: State::Unknown, since: None, at: None, ground: Ground::Grant };
}

/// A binding that a node granted.
#[derive(Clone, Copy, Debug)]
struct Hold {
    registrar: Endpoint,
    since: Timestamp,
    renewed: Timestamp,
    until: Option<Timestamp>,
    at: FrameRef,
    /// It was refreshed while another node held the DN too.
    beside: bool,
}

impl Hold {
    fn runs_at(&self, time: Timestamp) -> bool {
        self.until.is_none_or(|until| until > time)
    }
}

/// What is known of one DN at one node.
#[derive(Clone, Debug, Default)]
struct AtNode {
    holds: SmallVec<[Hold; 1]>,
    said: Option<Belief>,
    asked: SmallVec<[Option<u32>; 1]>,
}

/// What became of a DN at every node, up to some event.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    nodes: BTreeMap<NodeId, AtNode>,
    /// Whether any node granted a binding.
    by_sip: bool,
    attached: Option<Owner>,
}

impl AtNode {
    /// The latest grant that runs.
    fn hold(&self, time: Timestamp) -> Option<&Hold> {
        self.holds.iter().filter(|hold| hold.runs_at(time)).max_by_key(|hold| hold.renewed)
    }

    /// Takes in a statement; one that repeats the last keeps its beginning.
    ///
    /// An answer says nothing where the node makes statements.
    fn say(&mut self, state: State, event: &NodeEvent, ground: Ground) {
        let (before, known) = self.said.map_or((None, None), |b| (Some(b.ground), Some(b.state)));
        if before <= Some(ground) && (before, known) != (Some(ground), Some(state)) {
            let (since, at) = (Some(event.time), Some(event.at));
            self.said = Some(Belief { state, since, at, ground });
        }
    }

    /// A grant; whether it refreshes one that ran.
    fn grant(&mut self, event: &NodeEvent, registrar: Endpoint, until: Option<Timestamp>) -> bool {
        let (time, at) = (event.time, event.at);
        let known = self.holds.iter().position(|hold| hold.registrar == registrar);
        let known = known.and_then(|place| self.holds.get_mut(place));
        if let Some(own) = known {
            let (runs, renews) = (own.runs_at(time), time > own.renewed);
            (own.renewed, own.until, own.at) = (time, until, at);
            if !runs {
                (own.since, own.beside) = (time, false);
            }
            return runs && renews;
        }
        self.holds.push(Hold { registrar, since: time, renewed: time, until, at, beside: false });
        false
    }
}

impl Ledger {
    /// What becomes of a DN by these events.
    #[must_use]
    pub fn of<'e>(events: impl IntoIterator<Item = &'e NodeEvent>) -> Self {
        let mut ledger = Self::default();
        for event in events {
            ledger.apply(event);
        }
        ledger
    }

    /// Takes in an event.
    pub fn apply(&mut self, event: &NodeEvent) {
        let others = matches!(event.act, Act::Granted(..)) && self.is_held_beside(event);
        let node = self.at_node(event.node);
        match event.act {
            Act::Granted(registrar, until) => {
                if node.grant(event, registrar, until) && others {
                    node.holds.iter_mut().for_each(|hold| hold.beside = true);
                }
                self.by_sip = true;
            }
            Act::Ended(registrar, how) => {
                node.holds.retain(|hold| hold.registrar != registrar);
                // a time that ran out is silence; what was answered is a word
                if how != Verdict::Expired && node.holds.is_empty() {
                    node.say(State::OutOfService, event, Ground::Answer);
                }
            }
            Act::Asked(reference) => {
                if node.asked.len() >= ASKED {
                    node.asked.remove(0);
                }
                node.asked.push(reference);
            }
            Act::Attached(reference) => self.attach(event, reference),
            Act::In => node.say(State::InService, event, Ground::Statement),
            Act::Out => node.say(State::OutOfService, event, Ground::Statement),
            // what a node answers of a DN that it holds is of the device
            Act::Answers { .. } if node.hold(event.time).is_some() => {}
            Act::Answers { found: true, .. } => node.say(State::InService, event, Ground::Answer),
            // one that never found the DN may only not know the number
            Act::Answers { found: false, sure } => {
                if sure || node.said.is_some() {
                    node.say(State::OutOfService, event, Ground::Answer);
                }
            }
        }
    }

    /// A client that had asked is registered on the DN.
    fn attach(&mut self, event: &NodeEvent, reference: Option<u32>) {
        let node = self.at_node(event.node);
        let is_meant =
            |asked: &Option<u32>| asked.is_none() || reference.is_none() || *asked == reference;
        let Some(place) = node.asked.iter().position(is_meant) else { return };
        node.asked.remove(place);
        let same = self.attached.filter(|owner| owner.node == event.node);
        let since = same.map_or(event.time, |owner| owner.since);
        let (node, at) = (event.node, event.at);
        self.attached = Some(Owner { node, by_sip: false, since, at, until: None });
    }

    fn at_node(&mut self, id: NodeId) -> &mut AtNode {
        self.nodes.entry(id).or_default()
    }

    /// Whether another node holds the DN when this event comes.
    fn is_held_beside(&self, event: &NodeEvent) -> bool {
        let mut others = self.nodes.iter().filter(|(node, _)| **node != event.node);
        others.any(|(_, other)| other.hold(event.time).is_some())
    }

    /// The owner at a moment.
    #[must_use]
    pub fn owner(&self, time: Timestamp) -> Option<Owner> {
        let holds = self.nodes.iter().filter_map(|(node, own)| Some((*node, own.hold(time)?)));
        let latest = holds.max_by_key(|(_, hold)| hold.renewed);
        let granted = latest.map(|(node, hold)| Owner {
            node,
            by_sip: true,
            since: hold.since,
            at: hold.at,
            until: hold.until,
        });
        granted.or(if self.by_sip { None } else { self.attached })
    }

    /// Whether any node granted a binding so far.
    #[must_use]
    pub const fn is_by_sip(&self) -> bool {
        self.by_sip
    }

    /// Whether a grant of the node runs at a moment; until when.
    #[must_use]
    pub fn holds(&self, id: NodeId, time: Timestamp) -> Option<Owner> {
        let Hold { since, until, at, .. } = *self.nodes.get(&id)?.hold(time)?;
        Some(Owner { node: id, by_sip: true, since, at, until })
    }

    /// The nodes that hold the DN at a moment and each refreshed it beside the other, if two do.
    #[must_use]
    pub fn held_twice(&self, time: Timestamp) -> SmallVec<[Owner; 2]> {
        let beside = |own: &AtNode| own.hold(time).is_some_and(|hold| hold.beside);
        let nodes = self.nodes.iter().filter(|(_, own)| beside(own));
        let twice: SmallVec<_> = nodes.filter_map(|(node, _)| self.holds(*node, time)).collect();
        if twice.len() > 1 { twice } else { SmallVec::new() }
    }

    /// What a node believes at a moment.
    #[must_use]
    pub fn belief(&self, id: NodeId, time: Timestamp) -> Belief {
        let Some(own) = self.nodes.get(&id) else { return Belief::UNKNOWN };
        let hold = own.hold(time);
        let granted = hold.map(|hold| Belief {
            state: State::InService,
            since: Some(hold.since),
            at: Some(hold.at),
            ground: Ground::Grant,
        });
        // a registration that is older than what the node stated since does not speak against it
        let newer = |said: &Belief| hold.is_none_or(|hold| said.since >= Some(hold.since));
        let attached = self.attached.filter(|owner| owner.node == id && !self.by_sip);
        let attached = attached.map(|owner| Belief {
            state: State::InService,
            since: Some(owner.since),
            at: Some(owner.at),
            ground: Ground::Grant,
        });
        own.said.filter(newer).or(granted).or(attached).unwrap_or(Belief::UNKNOWN)
    }

    /// The nodes that did or said anything.
    pub fn nodes(&self) -> impl Iterator<Item = NodeId> {
        self.nodes.keys().copied()
    }
}

/// What nodes did with a DN and stated about it by `at`, in order of time.
pub(super) fn events<'s>(
    (nodes, texts): (&Nodes, &Texts),
    attempt: impl Fn(u32) -> Option<&'s Attempt>,
    dn: &Dn,
    at: Timestamp,
) -> Vec<NodeEvent> {
    let mut events = Vec::new();
    stated(nodes, dn, at, &mut events);
    let mut next = dn.first_attempt;
    while next != NIL && !nodes.is_empty() {
        let Some(tried) = attempt(next) else { break };
        next = tried.next;
        events.extend(granted(nodes, texts, tried));
    }
    for reg in dn.registrations.iter().filter(|_| !nodes.is_empty()) {
        let registrar = reg.registrar.endpoint(texts);
        for change in &reg.history {
            let act = match change.verdict {
                Verdict::InService => continue,
                ended if ended.state() == State::OutOfService => Act::Ended(registrar, ended),
                _ => continue,
            };
            let node = nodes.of_answer(registrar, change.frame);
            let (time, at) = (change.time, change.frame);
            events.extend(node.map(|node| NodeEvent { time, at, node, act }));
        }
    }
    for looked_up in dn.looked_up().filter(|looked_up| looked_up.time <= at) {
        let LookedUp { time, frame, server, found, sure } = *looked_up;
        let node = nodes.of_answer(server, frame);
        let act = Act::Answers { found, sure };
        events.extend(node.map(|node| NodeEvent { time, at: frame, node, act }));
    }
    // what is answered at the moment that something is stated comes first
    events.sort_by_key(|event| (event.time, event.at.file(), event.at));
    events
}

/// A grant, or the response to a query for the bindings.
fn granted(nodes: &Nodes, texts: &Texts, tried: &Attempt) -> Option<NodeEvent> {
    let (found, asks) = (tried.outcome == Outcome::Accepted, tried.purpose == Purpose::Query);
    let counts = found || asks && tried.outcome == Outcome::NothingListed;
    let answer = tried.log.iter().find(|m| counts && m.code != 0 && m.code == tried.code)?;
    let registrar = tried.registrar.endpoint(texts);
    let node = nodes.of_answer(registrar, answer.frame())?;
    let (time, at) = (answer.time, answer.frame());
    let until = tried.granted().filter(|_| time.known().is_some()).map(|secs| time.plus_secs(secs));
    let act =
        if asks { Act::Answers { found, sure: true } } else { Act::Granted(registrar, until) };
    Some(NodeEvent { time, at, node, act })
}

/// What logs state.
fn stated(nodes: &Nodes, dn: &Dn, at: Timestamp, events: &mut Vec<NodeEvent>) {
    let heard = dn.heard().into_iter().flat_map(|heard| &heard.statements);
    for heard in heard.filter(|heard| heard.time <= at) {
        let reference = heard.statement.reference;
        let act = match heard.statement.kind {
            Kind::InService => Act::In,
            Kind::OutOfService => Act::Out,
            Kind::Owned => Act::Asked(reference),
            Kind::Attached => Act::Attached(reference),
            _ => continue,
        };
        let node = nodes.of_file(heard.at.file());
        events.push(NodeEvent { time: heard.time, at: heard.at, node, act });
    }
}

impl DnView<'_> {
    /// What nodes did with it and stated about it, in order of time.
    #[must_use]
    pub fn node_events(&self) -> Vec<NodeEvent> {
        let Some(record) = self.record() else { return Vec::new() };
        let store = &self.snapshot.store;
        let attempt = |index: u32| store.attempts.get(index as usize);
        events((&store.nodes, &store.texts), attempt, record, self.snapshot.at)
    }
}
