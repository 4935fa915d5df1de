//! One try to register, as it is kept.

use super::ends::End;
use super::log::Log;
use super::store::NIL;
use super::text::Sym;
use super::transaction::Ends;
use super::verdict::{FlagSet, Verdict};
use crate::net::{Origin, Timestamp, Transport};

/// A retry follows its challenge within this time, as the challenge's transaction would last.
pub(super) const RETRY_WINDOW: i64 = 32_000_000_000;

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
    /// Seconds asked for, and granted.
    pub(super) seconds: Seconds,
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
    /// Whether any request carried credentials.
    pub credentials: bool,
    /// Whether credentials answered a nonce of this attempt.
    pub nonce_answered: bool,
    pub(super) margin_ms: Spare,
    /// What few attempts have.
    pub(super) rare: Option<Box<Rare>>,
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

    /// ICMP type and code that came instead of an answer.
    #[must_use]
    pub fn icmp(&self) -> Option<(u8, u8)> {
        self.rare.as_ref()?.icmp
    }

    /// Challenges that came after credentials, not stale.
    #[must_use]
    pub fn refusals(&self) -> u32 {
        self.rare.as_ref().map_or(0, |rare| rare.refusals)
    }

    /// Challenges that called the nonce of the credentials stale.
    #[must_use]
    pub fn stale(&self) -> u32 {
        self.rare.as_ref().map_or(0, |rare| rare.stale)
    }

    /// What the server asked for before the next try, and whether the client obeyed.
    pub(super) fn demand(&self) -> Option<(Demand, Option<bool>)> {
        self.rare.as_ref()?.demand
    }

    /// What few attempts have, to change.
    pub(super) fn rare(&mut self) -> &mut Rare {
        self.rare.get_or_insert_default()
    }

    /// Milliseconds from this refresh to the end of the binding it renews; negative is a gap.
    #[must_use]
    pub const fn margin_ms(&self) -> Option<i64> {
        self.margin_ms.get()
    }

    pub(super) fn new(dn: u32, call_id: Sym, origin: &Origin, (src, dst): Ends) -> Self {
        Self {
            dn,
            next: NIL,
            log: Log::default(),
            open: NIL,
            source: src,
            registrar: dst,
            transport: origin.transport,
            call_id,
            contact: Sym::NONE,
            user_agent: Sym::NONE,
            aor: Sym::NONE,
            realm: Sym::NONE,
            realm_offered: Sym::NONE,
            username: Sym::NONE,
            reason: Sym::NONE,
            started: origin.time,
            last: origin.time,
            rtt: Spare::NONE,
            purpose: Purpose::Unknown,
            seconds: Seconds::default(),
            outcome: Outcome::Open,
            code: 0,
            cseq: 0,
            requests: 0,
            retransmissions: 0,
            challenges: 0,
            credentials: false,
            nonce_answered: false,
            margin_ms: Spare::NONE,
            rare: None,
            flags: FlagSet::EMPTY,
            counted: false,
            nonce: 0,
            hops: 0,
            decided_hop: None,
            entry: dst,
        }
    }

    /// What was demanded, and whether the client obeyed: one that has not come back long after it
    /// might have does not.
    pub(super) fn demand_at(&self, now: Timestamp) -> Option<(Demand, Option<bool>)> {
        let (demand, None) = self.demand()? else { return self.demand() };
        let due = match demand {
            Demand::RetryAfter(secs) => self.last.plus_secs(secs),
            Demand::MinExpires(_) | Demand::Redirect => self.last,
        };
        Some((demand, (now.nanos_since(due) > RETRY_WINDOW).then_some(false)))
    }

    /// Whether it had what it asked for, and nothing is left to be done.
    pub(super) fn is_over(&self) -> bool {
        matches!(self.outcome, Outcome::Accepted | Outcome::Removed | Outcome::NothingListed)
            && self.demand().is_none()
    }

    /// Whether its answer asks the client to go on: the attempt may not be over.
    pub(super) fn is_tentative(&self) -> bool {
        match self.outcome {
            Outcome::Failed(Verdict::Challenged | Verdict::Redirected) => true,
            Outcome::Failed(Verdict::Rejected) => self.code == 423,
            Outcome::Failed(Verdict::Truncated) => matches!(self.code, 401 | 407),
            _ => false,
        }
    }
}

/// What few attempts have.
#[derive(Clone, Debug, Default)]
pub(super) struct Rare {
    pub demand: Option<(Demand, Option<bool>)>,
    pub icmp: Option<(u8, u8)>,
    pub refusals: u32,
    pub stale: u32,
}

/// Seconds that were asked for and granted, each of them if it is known.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Seconds {
    asked: u32,
    granted: u32,
    known: [bool; 2],
}

impl Seconds {
    pub(super) const fn asked(self) -> Option<u32> {
        if self.known[0] { Some(self.asked) } else { None }
    }

    pub(super) const fn granted(self) -> Option<u32> {
        if self.known[1] { Some(self.granted) } else { None }
    }

    pub(super) fn set_asked(&mut self, asked: Option<u32>) {
        (self.asked, self.known[0]) = (asked.unwrap_or(0), asked.is_some());
    }

    pub(super) fn set_granted(&mut self, granted: Option<u32>) {
        (self.granted, self.known[1]) = (granted.unwrap_or(0), granted.is_some());
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
