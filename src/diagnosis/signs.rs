//! The signs a DN shows at a glance: a rule that needs others is not asked.

use super::baseline::Oddity;
use super::case::Case;
use super::habit;
use super::odd;
use crate::registration::{Demand, Flag, Outcome, Purpose, State, Verdict};

/// A set of signs.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Signs(u128);

/// What is seen beside flags, verdict and oddities.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Sign {
    /// It is out of service.
    Failing,
    /// A refresh came late, or too late.
    LateRefresh,
    /// The latest attempt that is over failed.
    LatestFailed,
    /// An attempt came sooner than the server had asked for.
    Hasty,
    /// CSeq fell or did not rise between two attempts under one Call-ID.
    CseqFell,
    /// The latest REGISTER requires something.
    Requires,
    /// An attempt got no response.
    Unanswered,
    /// The device does not answer its registrar.
    Silent,
    /// A log states something of it.
    Heard,
    /// It registers much more often than its granted time asks for.
    Often,
    /// The latest REGISTER or its response says something odd of times or places.
    Odd,
    /// A request for it was refused while its binding runs.
    Unrouted,
    /// An attempt was challenged and given up.
    GivenUp,
    /// A connection of it ended, or its Contact refuses one.
    Flow,
    /// The latest attempt that is over removed it.
    LatestRemoved,
}

/// Places of the kinds of signs.
const VERDICTS: u32 = Flag::ALL.len() as u32;
const ODDITIES: u32 = VERDICTS + Verdict::ALL.len() as u32;
const OTHERS: u32 = ODDITIES + Oddity::ALL.len() as u32;
const _: () = assert!(OTHERS + 15 <= u128::BITS);

/// A refresh this close to the end, in milliseconds, may be worth a word.
pub(super) const LATE: i64 = 32_000;

impl Signs {
    pub(super) const fn flag(flag: Flag) -> Self {
        Self(1 << flag as u8)
    }

    pub(super) const fn verdict(verdict: Verdict) -> Self {
        Self(1 << (VERDICTS + verdict as u32))
    }

    pub(super) const fn oddity(oddity: Oddity) -> Self {
        Self(1 << (ODDITIES + oddity as u32))
    }

    pub(super) const fn sign(sign: Sign) -> Self {
        Self(1 << (OTHERS + sign as u32))
    }

    /// The signs of either.
    pub(super) const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether the two have one in common.
    pub(super) const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    fn add_if(&mut self, on: bool, signs: Self) {
        if on {
            *self = self.or(signs);
        }
    }

    /// What a DN shows, but for its oddities. `first_cseq` has the CSeq each attempt began with.
    pub(super) fn of(case: &Case<'_>, first_cseq: impl Iterator<Item = u32>) -> Self {
        let state = case.view.state();
        let mut signs = Self::verdict(state.verdict).or(Self(case.view.flags().bits().into()));
        let requires = case.details().is_some_and(|d| !d.form.require.is_none());
        signs.add_if(requires, Self::sign(Sign::Requires));
        let failing = state.verdict.state() == State::OutOfService;
        signs.add_if(failing, Self::sign(Sign::Failing));
        signs.add_if(case.view.statements().next().is_some(), Self::sign(Sign::Heard));
        let silent = case.view.unanswered().or_else(|| case.view.unanswered_before_lapse());
        signs.add_if(silent.is_some(), Self::sign(Sign::Silent));
        signs.add_if(case.view.unrouted().is_some(), Self::sign(Sign::Unrouted));
        let flow = case.view.refused_contact().is_some() || !case.view.dead_flows().is_empty();
        signs.add_if(flow, Self::sign(Sign::Flow));
        let mut latest = None;
        let mut before = None;
        for (a, first_cseq) in case.attempts.iter().zip(first_cseq) {
            if a.outcome != Outcome::Open {
                latest = Some(a.outcome);
            }
            let late = a.margin_ms().is_some_and(|margin| margin < LATE);
            signs.add_if(late, Self::sign(Sign::LateRefresh));
            let hasty = matches!(a.demand(), Some((Demand::RetryAfter(_), Some(false))));
            signs.add_if(hasty, Self::sign(Sign::Hasty));
            let fell = before.is_some_and(|(call_id, cseq)| {
                call_id == a.call_id && cseq != 0 && first_cseq <= cseq
            });
            signs.add_if(fell && a.purpose != Purpose::Unknown, Self::sign(Sign::CseqFell));
            let silent =
                matches!(a.outcome, Outcome::Failed(Verdict::NoAnswer | Verdict::Unreachable));
            signs.add_if(silent, Self::sign(Sign::Unanswered));
            let given_up = a.outcome == Outcome::Failed(Verdict::Challenged);
            signs.add_if(given_up, Self::sign(Sign::GivenUp));
            before = Some((a.call_id, a.cseq));
        }
        signs.add_if(habit::too_often(&case.attempts).is_some(), Self::sign(Sign::Often));
        signs.add_if(odd::is_odd(case), Self::sign(Sign::Odd));
        let failed = latest.is_some_and(|outcome| outcome.failure().is_some());
        signs.add_if(failed, Self::sign(Sign::LatestFailed));
        signs.add_if(latest == Some(Outcome::Removed), Self::sign(Sign::LatestRemoved));
        signs
    }
}
