//! Finds what puts a DN that is in service at risk of going out of service, or out of reach.

use smallvec::SmallVec;

use super::attempt::{Attempt, Outcome, Purpose};
use super::ends::Host;
use super::silence::TIMER_F;
use super::snapshot::DnView;
use super::store::Registration;
use super::text::Sym;
use super::verdict::{Flag, FlagSet, Verdict};

/// Why a DN that is in service may not stay there, or may not be reached.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Risk {
    /// Its connection has ended, and nothing else reaches its Contact.
    ConnectionClosed,
    /// What is sent to its Contact is not answered.
    ContactUnreachable,
    /// Its refresh was refused.
    RefreshRefused,
    /// Its refresh got no response.
    RefreshUnanswered,
    /// Its refresh was challenged, and it did not go on.
    RefreshGivenUp,
    /// The registrar's responses do not reach it.
    ResponsesLost,
    /// It goes in and out of service.
    Flapping,
    /// Two registrars hold it, or two sources take it from each other.
    Conflict,
    /// The border controller it talks to does not hold it any more.
    LostAtEdge,
}

impl Risk {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::ConnectionClosed,
        Self::ContactUnreachable,
        Self::RefreshRefused,
        Self::RefreshUnanswered,
        Self::RefreshGivenUp,
        Self::ResponsesLost,
        Self::Flapping,
        Self::Conflict,
        Self::LostAtEdge,
    ];

    /// The word used in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ConnectionClosed => "connection_closed",
            Self::ContactUnreachable => "contact_unreachable",
            Self::RefreshRefused => "refresh_refused",
            Self::RefreshUnanswered => "refresh_unanswered",
            Self::RefreshGivenUp => "refresh_given_up",
            Self::ResponsesLost => "responses_lost",
            Self::Flapping => "flapping",
            Self::Conflict => "conflict",
            Self::LostAtEdge => "lost_at_edge",
        }
    }

    /// The one that flags show.
    const fn of_flags(flags: FlagSet) -> Option<Self> {
        if flags.contains(Flag::LostAtEdge) {
            Some(Self::LostAtEdge)
        } else if flags.contains(Flag::AnswerLost) {
            Some(Self::ResponsesLost)
        } else if flags.contains(Flag::Flapping) {
            Some(Self::Flapping)
        } else {
            None
        }
    }
}

impl DnView<'_> {
    /// Why it is at risk; `None` if it is not, or not in service.
    #[must_use]
    pub fn risk(&self) -> Option<Risk> {
        if self.state().at_risk { self.find_risk() } else { None }
    }

    /// Looks for what puts it at risk.
    pub(super) fn find_risk(&self) -> Option<Risk> {
        let state = self.state();
        if state.verdict != Verdict::InService {
            return None;
        }
        let unreachable = || {
            let silent = self.unanswered().is_some() || self.refused_contact().is_some();
            silent.then_some(Risk::ContactUnreachable)
        };
        let dead = self.dead_flows().len();
        let closed = || (dead > 0 && dead == self.running()).then_some(Risk::ConnectionClosed);
        let conflict = || self.is_contested().then_some(Risk::Conflict);
        let by_flags = || Risk::of_flags(state.flags).or_else(conflict);
        closed().or_else(unreachable).or_else(|| self.failed_refresh()).or_else(by_flags)
    }

    /// Its flags, that of a DN at risk among them.
    #[must_use]
    pub fn flags(&self) -> FlagSet {
        let mut flags = self.state().flags;
        flags.set_if(Flag::AtRisk, self.state().at_risk);
        flags
    }

    /// Whether sources take it from each other, or registrars hold it with Contacts that have none in
    /// common. One Contact that two registrars hold, on purpose or after a fail-over, is reached through either.
    #[must_use]
    pub fn is_contested(&self) -> bool {
        if !self.state().flags.contains(Flag::Conflict) {
            return false;
        }
        let Some(dn) = self.record() else { return false };
        let at = self.snapshot.at;
        let running = |reg: &Registration| -> SmallVec<[Sym; 2]> {
            reg.bindings.iter().filter(|b| b.runs_at(at)).map(|b| b.contact).collect()
        };
        let all: SmallVec<[_; 2]> =
            dn.registrations.iter().map(running).filter(|contacts| !contacts.is_empty()).collect();
        match all.split_first() {
            Some((first, others)) if !others.is_empty() => {
                others.iter().any(|other| !other.iter().any(|contact| first.contains(contact)))
            }
            _ => true,
        }
    }

    /// How the refreshes of a device that holds it failed since it was accepted last.
    fn failed_refresh(&self) -> Option<Risk> {
        let (store, at) = (&self.snapshot.store, self.snapshot.at);
        let dn = self.record()?;
        let attempt = |index: u32| store.attempts.get(index as usize);
        let last = attempt(dn.last_attempt)?;
        let is_fine = last.outcome == Outcome::Accepted && !last.is_refused_nearer();
        if is_fine && dn.recent.len() < 2 {
            return None;
        }
        let mut latest = SmallVec::<[(Host, Failures); 4]>::new();
        for a in dn.recent.iter().filter_map(|recent| attempt(recent.attempt())) {
            if !matches!(a.purpose, Purpose::Register | Purpose::Unknown) {
                continue;
            }
            let source = a.source.host();
            let place = latest.iter().position(|(host, _)| *host == source).unwrap_or_else(|| {
                latest.push((source, Failures::default()));
                latest.len() - 1
            });
            if let Some((_, failures)) = latest.get_mut(place) {
                failures.note(a, at.nanos_since(a.last));
            }
        }
        let holds = |host: Host, registrar| {
            dn.registrations.iter().any(|reg| {
                Some(reg.registrar) == registrar
                    && reg
                        .bindings
                        .iter()
                        .any(|b| b.runs_at(at) && b.source.is_some_and(|s| s.host() == host))
            })
        };
        let failed = latest.iter().filter(|(host, failures)| holds(*host, failures.registrar));
        failed.filter_map(|(_, failures)| failures.risk()).min()
    }
}

/// How the latest tries of one source failed in a row.
#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is one fact about the row of tries")]
struct Failures {
    registrar: Option<super::ends::End>,
    refused: bool,
    unanswered: bool,
    /// Tries that were given up, or whose outcome is unknown.
    open: u32,
    /// The latest of these is so old that nothing follows.
    old: bool,
    challenged: bool,
}

impl Failures {
    /// Notes a try and how long ago its latest message was.
    fn note(&mut self, a: &Attempt, ago: i64) {
        let registrar = Some(a.registrar);
        match a.outcome {
            Outcome::Failed(Verdict::Rejected | Verdict::AuthFailed | Verdict::NotKept)
                if a.code != 423 =>
            {
                *self = Self { registrar, refused: true, ..Self::default() };
            }
            Outcome::Failed(Verdict::NoAnswer | Verdict::Unreachable) => {
                *self = Self { registrar, unanswered: true, ..Self::default() };
            }
            Outcome::Failed(Verdict::Challenged | Verdict::OneWay | Verdict::Redirected) => {
                (self.registrar, self.open) = (registrar, self.open + 1);
                // a client that does not answer a challenge for this long has given up
                self.old = ago > TIMER_F;
                self.challenged = a.code != 0;
            }
            Outcome::Accepted if a.is_refused_nearer() => {
                *self = Self { registrar, refused: true, ..Self::default() };
            }
            Outcome::Accepted | Outcome::Removed => *self = Self { registrar, ..Self::default() },
            _ => {}
        }
    }

    fn risk(&self) -> Option<Risk> {
        let given_up = self.open > 1 || self.open == 1 && self.old;
        match () {
            () if given_up && self.challenged => Some(Risk::RefreshGivenUp),
            () if self.refused => Some(Risk::RefreshRefused),
            () if self.unanswered || given_up => Some(Risk::RefreshUnanswered),
            () => None,
        }
    }
}
