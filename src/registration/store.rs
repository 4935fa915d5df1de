//! The records of the model: DNs, their registrations and bindings, attempts and messages.

use smallvec::SmallVec;

use super::agents::AgentRecord;
use super::arena::Arena;
use super::details::Details;
use super::ends::{End, Host};
use super::log::Log;
use super::text::{Sym, Texts};
use super::users::Users;
use super::verdict::{FlagSet, Verdict};
use crate::net::{Endpoint, FrameRef, HepAgent, Timestamp, Transport};
use rustc_hash::FxHashMap;
use std::net::IpAddr;

/// "None" in the `u32` links between records.
pub(super) const NIL: u32 = u32::MAX;

/// One REGISTER or one answer to it, as kept for evidence.
#[derive(Clone, Copy, Debug)]
pub struct MessageRecord {
    /// When it was captured.
    pub time: Timestamp,
    pub(super) frame: FrameRef,
    /// The status code; 0 for a request.
    pub code: u16,
    /// What else is to be said of it.
    pub marks: Marks,
    /// Which hop of the request's way: 0 is the one next to the device.
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
    /// Sent again for lack of an answer.
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

/// What a REGISTER asks for (RFC 3261 §10.2).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Purpose {
    /// Only an answer was captured, or a request that is cut before its Contact.
    #[default]
    Unknown,
    /// To add or refresh bindings.
    Register,
    /// To remove bindings: Expires 0, or `*`.
    Remove,
    /// To list the bindings: no Contact.
    Query,
}

/// How an attempt ended, or how far it came.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Outcome {
    /// No final answer yet.
    #[default]
    Open,
    /// 2xx, and what was asked for was granted.
    Accepted,
    /// 2xx to a removal.
    Removed,
    /// 2xx that lists nothing, to a query.
    NothingListed,
    /// The failures, named by their verdict.
    Failed(Verdict),
}

impl Outcome {
    /// The failure, if it is one.
    #[must_use]
    pub const fn failure(self) -> Option<Verdict> {
        match self {
            Self::Failed(verdict) => Some(verdict),
            _ => None,
        }
    }

    /// The word used in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "pending",
            Self::Accepted => "accepted",
            Self::Removed => "removed",
            Self::NothingListed => "nothing_listed",
            Self::Failed(verdict) => verdict.name(),
        }
    }
}

/// What the server asked the client to do before it tries again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Demand {
    /// Ask for at least so many seconds (423, Min-Expires).
    MinExpires(u32),
    /// Wait so many seconds (Retry-After).
    RetryAfter(u32),
    /// Go elsewhere (3xx).
    Redirect,
}

/// One try to register: a REGISTER, its challenge, the retry, the answer.
#[derive(Clone, Debug)]
pub struct Attempt {
    pub(super) dn: u32,
    pub(super) next: u32,
    pub(super) log: Log,
    /// The frame of its latest message.
    pub(super) last_frame: FrameRef,
    /// The transaction in flight.
    pub(super) open: u32,
    /// The sender of the first request, or the receiver of the answer.
    pub(super) source: End,
    /// The farthest server the request was seen to go to, or the sender of the answer.
    pub(super) registrar: End,
    /// What carried it.
    pub transport: Transport,
    /// The latest Call-ID.
    pub call_id: Sym,
    /// The first Contact of the latest request.
    pub contact: Sym,
    /// User-Agent of the request.
    pub user_agent: Sym,
    /// The address-of-record as spelled in To.
    pub aor: Sym,
    /// The realm that challenged, or the one the credentials name.
    pub realm: Sym,
    /// The realm of the latest challenge.
    pub realm_offered: Sym,
    /// The user name of the credentials.
    pub username: Sym,
    /// The reason phrase of the last final answer.
    pub reason: Sym,
    /// Its first message.
    pub started: Timestamp,
    /// Its latest message.
    pub last: Timestamp,
    pub(super) rtt: Spare,
    /// What it asked for.
    pub purpose: Purpose,
    /// Seconds asked for.
    pub asked: Option<u32>,
    /// Seconds granted.
    pub granted: Option<u32>,
    /// How it ended.
    pub outcome: Outcome,
    /// The status code that decided; 0 for none.
    pub code: u16,
    /// CSeq of the latest request.
    pub cseq: u32,
    /// Requests that were no retransmissions.
    pub requests: u32,
    /// Repetitions of requests.
    pub retransmissions: u32,
    /// 401 and 407 answers.
    pub challenges: u32,
    /// Challenges that came after credentials, not stale.
    pub refusals: u32,
    /// Challenges that called the nonce of the credentials stale.
    pub stale: u32,
    /// Whether any request carried credentials.
    pub credentials: bool,
    /// Whether credentials answered a nonce of this attempt.
    pub nonce_answered: bool,
    /// ICMP type and code that came instead of an answer.
    pub icmp: Option<(u8, u8)>,
    pub(super) margin_ms: Spare,
    /// What the server asked for before the next try, and whether the client obeyed.
    pub(super) demand: Option<(Demand, Option<bool>)>,
    /// Remarks.
    pub flags: FlagSet,
    pub(super) counted: bool,
    pub(super) nonce: u64,
    pub(super) hops: u8,
    pub(super) decided_hop: Option<u8>,
    /// The server the device itself talks to.
    pub(super) entry: End,
}

impl Attempt {
    /// Nanoseconds from the latest request to its final answer.
    #[must_use]
    pub const fn rtt(&self) -> Option<i64> {
        self.rtt.get()
    }

    /// Milliseconds from this refresh to the end of the binding it renews; negative is a gap.
    #[must_use]
    pub const fn margin_ms(&self) -> Option<i64> {
        self.margin_ms.get()
    }
}

/// A number that may be absent, in its own eight bytes; the least of all stands for absence.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spare(i64);

impl Spare {
    pub(super) const NONE: Self = Self(i64::MIN);

    pub(super) const fn new(number: Option<i64>) -> Self {
        match number {
            Some(number) if number > i64::MIN => Self(number),
            _ => Self::NONE,
        }
    }

    pub(super) const fn get(self) -> Option<i64> {
        if self.0 == i64::MIN { None } else { Some(self.0) }
    }
}

/// One binding of an address-of-record to a Contact (RFC 3261 §10.3).
#[derive(Clone, Debug)]
pub struct Binding {
    /// The Contact URI.
    pub contact: Sym,
    pub(super) device: Sym,
    pub(super) aor: Sym,
    /// Who registered it; `None` when only the registrar's list shows it.
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
    /// Who had registered it.
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
    /// A port that is closed is closed for everybody.
    pub port_closed: bool,
    /// Whether it would have kept the binding: a removal or a query would not.
    pub refresh: bool,
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
    /// Bindings, running ones and those whose end was not noticed yet.
    pub(super) bindings: SmallVec<[Binding; 1]>,
    pub(super) ended: Option<Box<Ended>>,
    pub(super) tried: Option<Tried>,
    pub(super) before: Option<Tried>,
    pub(super) history: SmallVec<[Change; 1]>,
    pub(super) changes_dropped: u32,
    pub(super) losses: u32,
    pub(super) flapping: bool,
    pub(super) last_loss: Timestamp,
    pub(super) holders: SmallVec<[Host; 2]>,
    /// The proxy the device reaches it through.
    pub(super) edge: Option<End>,
    pub(super) unsure: Option<Box<Unsure>>,
}

/// One DN: the user of the address-of-record.
#[derive(Clone, Debug)]
pub struct Dn {
    /// The user part.
    pub user: Sym,
    /// Its spellings, `user@host`.
    pub aors: SmallVec<[Sym; 1]>,
    pub(super) registrations: SmallVec<[Registration; 1]>,
    pub(super) first_attempt: u32,
    pub(super) last_attempt: u32,
    pub(super) recent: SmallVec<[u32; 4]>,
    /// Attempts in all.
    pub attempts: u32,
    /// Who registers it.
    pub sources: SmallVec<[(Endpoint, Transport); 1]>,
    /// Contacts it asked for or was granted.
    pub contacts: SmallVec<[Sym; 1]>,
    /// Top Via sent-by of its requests.
    pub vias: SmallVec<[Sym; 1]>,
    /// User-Agents of its requests.
    pub user_agents: SmallVec<[Sym; 1]>,
    /// The HEP agents that saw it.
    pub agents: SmallVec<[HepAgent; 2]>,
    /// Its latest REGISTER and the answer to it.
    pub details: Option<Box<Details>>,
    pub(super) registered: bool,
    /// It was here before, and forgotten to stay within the limits.
    pub(super) returned: bool,
    /// When the registrar last sent a request to the device.
    pub(super) called_at: Option<Timestamp>,
    /// Remarks.
    pub flags: FlagSet,
    /// Values of the lists above that were too many to keep.
    pub more_values: u32,
    /// Its first message.
    pub first_seen: Timestamp,
    /// Its latest message.
    pub last_seen: Timestamp,
}

/// One address that sends REGISTERs.
#[derive(Clone, Debug, Default)]
pub struct Source {
    /// REGISTER requests, repetitions included.
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
    /// Requests whose Contact names the DN at the source's own address.
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
    /// A client acts as if it had got an answer that was not captured.
    pub one_way: bool,
    /// Answers of it were cut so short that nobody can tell what they answer.
    pub cut: bool,
}

/// All records of the model.
#[derive(Clone, Debug, Default)]
pub(super) struct Store {
    pub texts: Texts,
    pub dns: Arena<Dn>,
    pub users: Users,
    pub attempts: Arena<Attempt>,
    /// Messages kept.
    pub messages: usize,
    /// What they take beside the records of their attempts.
    pub message_bytes: usize,
    pub sources: FxHashMap<IpAddr, Source>,
    pub servers: FxHashMap<Endpoint, Server>,
    /// HEP agents, by their numbers.
    pub agents: Vec<AgentRecord>,
}
