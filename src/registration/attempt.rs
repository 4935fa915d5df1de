//! An attempt to register, as it is kept.

use std::iter;

use super::ends::End;
use super::excuse::Excuse;
use super::log::Log;
use super::rare::{Rare, Rewritten};
use super::spare::Spare;
use super::store::NIL;
use super::text::Sym;
use super::transaction::Ends;
use super::verdict::{FlagSet, Verdict};
use crate::net::{FrameRef, Origin, Timestamp, Transport};

/// A retry follows its challenge within this time, as the challenge's transaction would last.
pub(super) const RETRY_WINDOW: i64 = 32_000_000_000;

/// What a REGISTER asks for (RFC 3261 §10.2).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Purpose {
    /// Only a response was captured, or a request that is cut before its Contact.
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
    /// No final response yet.
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
    /// Ask for at least this many seconds (423, Min-Expires).
    MinExpires(u32),
    /// Wait this many seconds (Retry-After).
    RetryAfter(u32),
    /// Go elsewhere (3xx).
    Redirect,
}

/// One try to register: a REGISTER, its challenge, the retry, the response.
#[derive(Clone, Debug)]
pub struct Attempt {
    pub(super) dn: u32,
    pub(super) next: u32,
    pub(super) log: Log,
    /// The transaction in flight.
    pub(super) open: u32,
    /// The sender of the first request, or the receiver of the response.
    pub(super) source: End,
    /// The farthest server the request was seen to go to, or the sender of the response.
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
    /// The reason phrase of the last final response.
    pub reason: Sym,
    /// Its first message.
    pub started: Timestamp,
    /// Its latest message.
    pub last: Timestamp,
    pub(super) rtt: Spare,
    /// What it asked for.
    pub purpose: Purpose,
    /// Seconds asked for, and granted; [`Traits`] have whether there are any.
    pub(super) seconds: [u32; 2],
    /// How it ended.
    pub outcome: Outcome,
    /// The status code that decided; 0 for none.
    pub code: u16,
    /// CSeq of the latest request.
    pub cseq: u32,
    /// The first so many requests and challenges; those beyond are among what few attempts have.
    pub(super) requests: u16,
    pub(super) challenges: u16,
    /// Those that fit; [`i32::MIN`] for none.
    pub(super) margin_ms: i32,
    pub(super) traits: Traits,
    /// What few attempts have.
    pub(super) rare: Option<Box<Rare>>,
    /// Remarks.
    pub flags: FlagSet,
    pub(super) nonce: u64,
    pub(super) hops: u8,
    /// [`u8::MAX`] for none.
    pub(super) decided_hop: u8,
}

/// What is true of an attempt, a bit for each.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Traits(u8);

impl Traits {
    /// Some request carried credentials.
    pub(super) const CREDENTIALS: Self = Self(1);
    /// Credentials answered a nonce of this attempt.
    pub(super) const NONCE_ANSWERED: Self = Self(2);
    /// Its outcome is among the totals of its source.
    pub(super) const COUNTED: Self = Self(4);
    const ASKED: Self = Self(8);
    const GRANTED: Self = Self(16);
    /// The three highest bits: an [`Excuse`].
    const EXCUSE: u32 = 5;

    pub(super) const fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Makes it true or not; whether it was.
    pub(super) const fn replace(&mut self, other: Self, on: bool) -> bool {
        let was = self.has(other);
        self.0 = if on { self.0 | other.0 } else { self.0 & !other.0 };
        was
    }

    /// Keeps why a refusal says nothing of the password.
    const fn set_excuse(&mut self, bits: u8) {
        self.0 = self.0 & ((1 << Self::EXCUSE) - 1) | bits << Self::EXCUSE;
    }

    /// Makes it true if it is `on`.
    pub(super) const fn add_if(&mut self, other: Self, on: bool) {
        if on {
            self.0 |= other.0;
        }
    }
}

impl Attempt {
    /// Nanoseconds from the latest request to its final response.
    #[must_use]
    pub const fn rtt(&self) -> Option<i64> {
        self.rtt.get()
    }

    /// ICMP type and code that came instead of a response.
    #[must_use]
    pub fn icmp(&self) -> Option<(u8, u8)> {
        self.rare.as_ref()?.icmp
    }

    /// ICMP type and code with which the last response came back, and the port it had been sent to.
    #[must_use]
    pub fn undelivered(&self) -> Option<(u8, u8, u16)> {
        self.rare.as_ref()?.undelivered
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

    /// When the server closed the connection over which the request waited for its answer, and the frame.
    #[must_use]
    pub fn closed(&self) -> Option<(Timestamp, FrameRef)> {
        self.rare.as_ref()?.closed
    }

    /// What the last final response says in words beside its phrase: `Warning "text", Reason "text"`.
    #[must_use]
    pub fn own_words(&self) -> Sym {
        self.rare.as_ref().map_or(Sym::NONE, |rare| rare.own_words)
    }

    /// What the same request says farther on, where it was rewritten.
    #[must_use]
    pub fn rewritten(&self) -> Option<&Rewritten> {
        self.rare.as_ref()?.rewritten.as_deref()
    }

    pub(super) fn set_rewritten(&mut self, rewritten: Rewritten) {
        self.rare().rewritten = Some(Box::new(rewritten));
    }

    pub(super) fn set_own_words(&mut self, words: Sym) {
        if !words.is_none() || self.rare.is_some() {
            self.rare().own_words = words;
        }
    }

    /// Why the latest refusal does not show that the credentials are wrong; `None` if it does.
    #[must_use]
    pub fn excuse(&self) -> Option<Excuse> {
        Excuse::from_bits(self.traits.0 >> Traits::EXCUSE)
    }

    pub(super) fn set_excuse(&mut self, excuse: Option<(Excuse, Option<End>)>) {
        self.traits.set_excuse(excuse.map_or(0, |(excuse, _)| excuse.bits()));
        let issuer = excuse.and_then(|(_, issuer)| issuer);
        if issuer.is_some() || self.rare.is_some() {
            self.rare().issuer = issuer;
        }
    }

    /// The server that issued the nonce, if another one refused the credentials that answer it.
    pub(super) fn issuer(&self) -> Option<End> {
        self.rare.as_ref()?.issuer
    }

    /// What the server asked for before the next try, and whether the client obeyed.
    pub(super) fn demand(&self) -> Option<(Demand, Option<bool>)> {
        self.rare.as_ref()?.demand
    }

    /// What the latest challenge offers, a nonce and a realm each: more than one for several
    /// algorithms (RFC 8760 §2.4) or realms (RFC 3261 §22.3).
    pub(super) fn offered(&self) -> impl Iterator<Item = (u64, Sym)> {
        let more = self.rare.as_deref().map_or(&[][..], |rare| &rare.also_offered);
        iter::once((self.nonce, self.realm_offered)).chain(more.iter().copied())
    }

    /// Keeps what a challenge offers; the first offer is the one that is reported.
    pub(super) fn set_offered(&mut self, offers: &[(u64, Sym)]) {
        let (first, more) =
            offers.split_first().map_or((None, &[][..]), |(o, more)| (Some(*o), more));
        (self.nonce, self.realm_offered) = first.unwrap_or_default();
        if !more.is_empty() || self.rare.is_some() {
            self.rare().also_offered = more.into();
        }
    }

    /// What few attempts have, to change.
    pub(super) fn rare(&mut self) -> &mut Rare {
        self.rare.get_or_insert_default()
    }

    /// Milliseconds from this refresh to the end of the binding it refreshes; negative is a gap.
    #[must_use]
    pub fn margin_ms(&self) -> Option<i64> {
        match self.margin_ms {
            i32::MIN => self.rare.as_ref()?.margin_ms,
            margin => Some(margin.into()),
        }
    }

    pub(super) fn set_margin_ms(&mut self, margin: Option<i64>) {
        let small = margin.and_then(|margin| i32::try_from(margin).ok());
        self.margin_ms = small.unwrap_or(i32::MIN);
        let large = margin.filter(|_| self.margin_ms == i32::MIN);
        if large.is_some() || self.rare.is_some() {
            self.rare().margin_ms = large;
        }
    }

    /// Requests that were no retransmissions.
    #[must_use]
    pub fn requests(&self) -> u32 {
        u32::from(self.requests).saturating_add(self.rare.as_ref().map_or(0, |rare| rare.requests))
    }

    /// Counts a request that is no retransmission.
    pub(super) fn count_request(&mut self) {
        match self.requests.checked_add(1) {
            Some(requests) => self.requests = requests,
            None => self.rare().requests = self.rare().requests.saturating_add(1),
        }
    }

    /// 401 and 407 answers.
    #[must_use]
    pub fn challenges(&self) -> u32 {
        u32::from(self.challenges)
            .saturating_add(self.rare.as_ref().map_or(0, |rare| rare.challenges))
    }

    /// Counts a 401 or 407 answer.
    pub(super) fn count_challenge(&mut self) {
        match self.challenges.checked_add(1) {
            Some(challenges) => self.challenges = challenges,
            None => self.rare().challenges = self.rare().challenges.saturating_add(1),
        }
    }

    /// Repetitions of requests.
    #[must_use]
    pub fn retransmissions(&self) -> u32 {
        self.rare.as_ref().map_or(0, |rare| rare.retransmissions)
    }

    /// Counts a retransmission of a request.
    pub(super) fn count_retransmission(&mut self) {
        self.rare().retransmissions = self.rare().retransmissions.saturating_add(1);
    }

    /// Whether any request carried credentials.
    #[must_use]
    pub const fn credentials(&self) -> bool {
        self.traits.has(Traits::CREDENTIALS)
    }

    /// Whether credentials answered a nonce of this attempt.
    #[must_use]
    pub const fn nonce_answered(&self) -> bool {
        self.traits.has(Traits::NONCE_ANSWERED)
    }

    /// Seconds asked for.
    pub(super) fn asked(&self) -> Option<u32> {
        self.traits.has(Traits::ASKED).then_some(self.seconds[0])
    }

    /// Seconds granted.
    pub(super) fn granted(&self) -> Option<u32> {
        self.traits.has(Traits::GRANTED).then_some(self.seconds[1])
    }

    pub(super) fn set_asked(&mut self, asked: Option<u32>) {
        self.traits.replace(Traits::ASKED, asked.is_some());
        self.seconds[0] = asked.unwrap_or(0);
    }

    pub(super) fn set_granted(&mut self, granted: Option<u32>) {
        self.traits.replace(Traits::GRANTED, granted.is_some());
        self.seconds[1] = granted.unwrap_or(0);
    }

    /// The hop of the response that decided.
    pub(super) fn decided_hop(&self) -> Option<u8> {
        Some(self.decided_hop).filter(|hop| *hop != u8::MAX)
    }

    pub(super) fn set_decided_hop(&mut self, hop: Option<u8>) {
        self.decided_hop = hop.unwrap_or(u8::MAX);
    }

    /// The server the device itself talks to: mostly the registrar.
    pub(super) fn entry(&self) -> End {
        self.rare.as_ref().and_then(|rare| rare.entry).unwrap_or(self.registrar)
    }

    pub(super) fn set_entry(&mut self, entry: End) {
        if entry != self.registrar {
            self.rare().entry = Some(entry);
        } else if let Some(rare) = &mut self.rare {
            rare.entry = None;
        }
    }

    /// Another server is the farthest; the one that the device talks to stays.
    pub(super) fn set_registrar(&mut self, registrar: End) {
        if self.registrar != registrar {
            let entry = self.entry();
            self.registrar = registrar;
            self.set_entry(entry);
        }
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
            seconds: [0; 2],
            outcome: Outcome::Open,
            code: 0,
            cseq: 0,
            requests: 0,
            challenges: 0,
            margin_ms: i32::MIN,
            traits: Traits::default(),
            rare: None,
            flags: FlagSet::EMPTY,
            nonce: 0,
            hops: 0,
            decided_hop: u8::MAX,
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

    /// Whether its response asks the client to go on: the attempt may not be over.
    pub(super) fn is_tentative(&self) -> bool {
        match self.outcome {
            Outcome::Failed(Verdict::Challenged | Verdict::Redirected) => true,
            Outcome::Failed(Verdict::Rejected) => self.code == 423,
            Outcome::Failed(Verdict::Truncated | Verdict::OneWay) => {
                matches!(self.code, 401 | 407)
            }
            _ => false,
        }
    }
}
