//! The records of the model: DNs, their registrations and bindings, attempts and messages.

use smallvec::SmallVec;

use super::agents::AgentRecord;
use super::arena::Arena;
use super::attempt::{Attempt, Outcome};
use super::coverage::Covered;
use super::details::Details;
use super::ends::{End, Host};
use super::extra::Extras;
use super::few::Few;
use super::heard::{HeardOfDn, Hearing};
use super::index::Index;
use super::looked_up::LookedUp;
use super::nodes::Nodes;
use super::text::{Sym, Texts};
use super::verdict::{FlagSet, Verdict};
use crate::hashing::HashMap;
use crate::net::{Endpoint, FrameRef, HepAgent, Timestamp, Transport};
use std::net::IpAddr;

/// "None" in the `u32` links between records.
pub(super) const NIL: u32 = u32::MAX;

/// One REGISTER or one response to it, as kept for evidence.
#[derive(Clone, Copy, Debug)]
pub struct MessageRecord {
    /// When it was captured.
    pub time: Timestamp,
    pub(super) frame: FrameRef,
    /// The status code; 0 for a request.
    pub code: u16,
    /// Its remarks.
    pub marks: Marks,
    /// The hop of the request: 0 is the one next to the device.
    pub hop: u8,
    /// The CSeq number.
    pub cseq: u32,
}

/// Remarks on a message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Marks(u8);

impl Marks {
    /// Nothing to remark.
    pub const NONE: Self = Self(0);
    /// A retransmission, for lack of a response.
    pub const RETRANSMISSION: Self = Self(1);
    /// The same packet, captured before.
    pub const DUPLICATE: Self = Self(2);
    /// A request that carries credentials.
    pub const CREDENTIALS: Self = Self(4);
    /// Bytes of it are missing from the capture.
    pub const CUT: Self = Self(8);

    /// Whether all of `other` are set.
    #[must_use]
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// As a number below 16.
    pub(super) const fn bits(self) -> u8 {
        self.0
    }

    /// Those of [`Self::bits`].
    pub(super) const fn from_bits(bits: u8) -> Self {
        Self(bits)
    }

    pub(super) const fn add_if(self, other: Self, on: bool) -> Self {
        if on { Self(self.0 | other.0) } else { self }
    }
}

impl MessageRecord {
    pub(super) fn new(time: Timestamp, at: FrameRef, code: u16, cseq: u32) -> Self {
        Self { time, frame: at, code, marks: Marks::NONE, hop: 0, cseq }
    }

    /// The same message in another frame.
    #[cfg(all(test, feature = "tui"))]
    pub(crate) fn at(self, frame: FrameRef) -> Self {
        Self {
            marks: self.marks,
            hop: self.hop,
            ..Self::new(self.time, frame, self.code, self.cseq)
        }
    }

    /// The frame that completed the message.
    #[must_use]
    pub const fn frame(&self) -> FrameRef {
        self.frame
    }
}

/// One binding of an address-of-record to a Contact (RFC 3261 §10.3).
#[derive(Clone, Debug)]
pub struct Binding {
    /// The Contact URI.
    pub contact: Sym,
    pub(super) device: Sym,
    pub(super) aor: Sym,
    /// The source that registered it; `None` when only the registrar's list shows it.
    pub(super) source: Option<End>,
    /// The User-Agent that registered it.
    pub user_agent: Sym,
    /// Seconds granted by the latest 2xx.
    pub granted: Option<u32>,
    /// The first 2xx that granted it without a gap.
    pub since: Timestamp,
    /// The latest 2xx that listed it.
    pub renewed: Timestamp,
    /// When it runs out; `None` when nothing says.
    pub expires_at: Option<Timestamp>,
    /// The frame of the latest 2xx.
    pub frame: FrameRef,
    /// 2xx after the first.
    pub refreshes: u32,
}

impl Binding {
    pub(super) fn runs_at(&self, now: Timestamp) -> bool {
        self.expires_at.is_none_or(|end| end > now)
    }
}

/// How the last binding ended.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ended {
    pub how: Verdict,
    pub at: Timestamp,
    /// The last 2xx that had granted it.
    pub renewed: Timestamp,
    /// The host that had registered it.
    pub source: Option<Host>,
}

/// The latest decided attempt at a registrar.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tried {
    pub attempt: u32,
    pub outcome: Outcome,
    pub code: u16,
    pub at: Timestamp,
    pub frame: FrameRef,
    pub source: Host,
    pub marks: TriedMarks,
}

/// Remarks on an attempt that was decided.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct TriedMarks(u8);

impl TriedMarks {
    const PORT_CLOSED: u8 = 1;
    const REFRESH: u8 = 2;

    pub(super) const fn new(port_closed: bool, refresh: bool) -> Self {
        let port_closed = if port_closed { Self::PORT_CLOSED } else { 0 };
        Self(port_closed | if refresh { Self::REFRESH } else { 0 })
    }

    /// A port that is closed is closed for all senders.
    pub(super) const fn port_closed(self) -> bool {
        self.0 & Self::PORT_CLOSED != 0
    }

    /// Whether it would have kept the binding: a removal or a query would not.
    pub(super) const fn refresh(self) -> bool {
        self.0 & Self::REFRESH != 0
    }
}

/// A 2xx that was cut: a binding may run, or not.
#[derive(Clone, Copy, Debug)]
pub(super) struct Unsure {
    pub at: Timestamp,
    /// How long it would run.
    pub until: Timestamp,
    pub source: Host,
}

/// A change of the verdict at a registrar.
#[derive(Clone, Copy, Debug)]
pub struct Change {
    /// When, on the trace's clock.
    pub time: Timestamp,
    /// What it became.
    pub verdict: Verdict,
    /// The status code behind it; 0 for none.
    pub code: u16,
    /// The frame that shows it; an expiry is shown by the frame that had granted the time.
    pub frame: FrameRef,
}

/// One DN at one registrar.
#[derive(Clone, Debug)]
pub struct Registration {
    /// The registrar.
    pub(super) registrar: End,
    /// Bindings, running ones and those whose end was not processed yet.
    pub(super) bindings: Few<Binding>,
    pub(super) tried: Option<Tried>,
    pub(super) before: Option<Box<Tried>>,
    pub(super) history: Few<Change>,
    pub(super) holders: Few<Host>,
    /// The proxy the device reaches it through.
    pub(super) edge: Option<End>,
    pub(super) rare: Option<Box<Trouble>>,
}

/// What registrations have that did not just go well.
#[derive(Clone, Debug, Default)]
pub(super) struct Trouble {
    pub ended: Option<Ended>,
    pub unsure: Option<Unsure>,
    pub changes_dropped: u32,
    pub losses: u32,
    pub flapping: bool,
    pub last_loss: Timestamp,
    /// Bindings that ended because a response to another caller said that the DN is not there.
    pub doubtful: Few<Binding>,
    /// That response.
    pub doubt: Option<Refusal>,
    /// A response to another caller that says nothing about the DN's binding.
    pub unrouted: Option<Refusal>,
    /// What was counted of losses before the latest one: a Contact that is replaced at once is no loss.
    pub before_loss: (u32, Timestamp, bool),
}

/// The registrar's response to another host's request for the DN.
#[derive(Clone, Copy, Debug)]
pub struct Refusal {
    /// When.
    pub time: Timestamp,
    /// The frame of the response.
    pub frame: FrameRef,
    /// Its status code.
    pub code: u16,
}

/// One DN: an address-of-record, its user and its domain.
#[derive(Clone, Debug)]
pub struct Dn {
    /// The user part.
    pub user: Sym,
    /// The domain it was named with last, as a number.
    pub(super) domain: u64,
    /// Its spellings, `user@host`.
    pub aors: Few<Sym>,
    pub(super) registrations: Few<Registration>,
    pub(super) first_attempt: u32,
    pub(super) last_attempt: u32,
    pub(super) recent: SmallVec<[Recent; 4]>,
    /// Its name if it is short: it is asked for at every request.
    pub(super) brief: Brief,
    /// Attempts in all.
    pub attempts: u32,
    /// The sources that register it.
    pub sources: Few<(Endpoint, Transport)>,
    /// Contacts it asked for or was granted.
    pub contacts: Few<Sym>,
    /// Top Via sent-by of its requests.
    pub vias: Few<Sym>,
    /// User-Agents of its requests.
    pub user_agents: Few<Sym>,
    pub(super) aside: Option<Box<Aside>>,
    /// Its latest REGISTER and the response to it.
    pub details: Option<Details>,
    pub(super) proven: Proven,
    pub(super) registered: bool,
    /// It was here before, and forgotten to stay within the limits.
    pub(super) returned: bool,
    /// Remarks.
    pub flags: FlagSet,
    /// Values of the lists above that were too many to keep.
    pub more_values: u32,
    /// Its first message.
    pub first_seen: Timestamp,
    /// Its latest message.
    pub last_seen: Timestamp,
}

/// The latest credentials of a DN that were accepted.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Proven {
    /// Their nonce; 0 for none.
    pub nonce: u64,
    /// Their nonce count; 0 for none.
    pub count: u32,
}

/// A request outside a dialog that a server sent to a device.
#[derive(Clone, Copy, Debug)]
pub struct Called {
    /// When.
    pub time: Timestamp,
    /// The frame of the request.
    pub frame: FrameRef,
    /// Who sent it.
    pub by: IpAddr,
    /// INVITE, OPTIONS, or MESSAGE.
    pub method: &'static str,
}

/// What few DNs have.
#[derive(Clone, Debug, Default)]
pub(super) struct Aside {
    /// The HEP agents that saw it.
    pub agents: Few<HepAgent>,
    /// The latest call or other request outside a dialog that a server sent to the device.
    pub called: Option<Called>,
    /// What logs report about it.
    pub heard: Option<Box<HeardOfDn>>,
    /// What servers answered to other hosts that asked for it.
    pub looked_up: Few<LookedUp>,
    /// Its name with its domain, where several DNs have its user.
    pub shown: Sym,
    /// What its latest REGISTER says where it was asked for.
    pub extras: Extras,
}

/// One of the latest attempts of a DN, and whether it is over for good: nothing that comes later
/// carries it on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Recent(u32);

impl Recent {
    pub(super) const fn new(attempt: u32) -> Self {
        Self(attempt << 1)
    }

    /// The same, known to be over or not.
    pub(super) fn over(self, over: bool) -> Self {
        Self(self.0 & !1 | u32::from(over))
    }

    pub(super) const fn is_over(self) -> bool {
        self.0 & 1 == 1
    }

    /// The index of the attempt.
    pub(super) const fn attempt(self) -> u32 {
        self.0 >> 1
    }
}

/// A name of at most fifteen bytes.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Brief {
    /// Longer ones have zero: they are kept among the texts alone.
    length: u8,
    bytes: [u8; 15],
}

impl Brief {
    pub(super) fn of(name: &[u8]) -> Self {
        let mut brief = Self::default();
        if let Some(place) = brief.bytes.get_mut(..name.len()) {
            place.copy_from_slice(name);
            brief.length = name.len() as u8;
        }
        brief
    }

    /// Whether the name is too long.
    pub(super) const fn is_long(&self) -> bool {
        self.length == 0
    }

    /// The name; `None` if it is too long.
    pub(super) fn get(&self) -> Option<&[u8]> {
        self.bytes.get(..self.length.into()).filter(|name| !name.is_empty())
    }
}

/// One address that sends REGISTERs.
#[derive(Clone, Debug, Default)]
pub struct Source {
    /// REGISTER requests, retransmissions included.
    pub requests: u64,
    /// Distinct DNs.
    pub dns: u32,
    /// DNs for which it got a binding.
    pub registered: u32,
    /// Attempts.
    pub attempts: u64,
    /// Attempts ended by 404.
    pub unknown_dn: u64,
    /// Attempts that carried credentials.
    pub with_credentials: u64,
    /// Requests whose Contact has the DN as user and the source's own address.
    pub own_contact: u64,
    /// User-Agents, at most eight.
    pub user_agents: SmallVec<[Sym; 2]>,
    /// Whether its User-Agent names a scanning tool.
    pub scanner_agent: bool,
}

/// What is known of a server endpoint.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Server {
    /// Some SIP answer of it was captured.
    pub answers: bool,
    /// A client acts as if it had got a response that was not captured.
    pub one_way: bool,
    /// The latest of its responses that were cut so short that it is unknown what they answer.
    pub cut: Option<Timestamp>,
}

/// All records of the model.
#[derive(Clone, Debug, Default)]
pub(super) struct Store {
    pub texts: Texts,
    pub dns: Arena<Dn>,
    /// DNs by their names.
    pub users: Index,
    pub attempts: Arena<Attempt>,
    /// Messages kept.
    pub messages: usize,
    /// What they take beside the records of their attempts.
    pub message_bytes: usize,
    pub sources: HashMap<IpAddr, Source>,
    pub servers: HashMap<Endpoint, Server>,
    /// HEP agents, by their numbers.
    pub agents: Vec<AgentRecord>,
    /// What logs say that is of no DN.
    pub hearing: Hearing,
    /// What the inputs cover, if there are logs among them.
    pub covered: Covered,
    /// The nodes of a cluster.
    pub nodes: Nodes,
}
