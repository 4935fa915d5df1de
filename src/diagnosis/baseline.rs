//! Counts what is normal in this fleet: an oddity that working DNs share explains nothing.

use super::case::Case;
use super::finding::{Confidence, Evidence};
use super::rule::{Held, Proof};
use super::signs::Signs;
use crate::net::Endpoint;
use crate::registration::{Cohort, Flag, Outcome, Purpose, Verdict};
use crate::sip::{Uri, is_malformed_ipv6, is_user_name_of};

/// This many working DNs are needed to call something unusual.
const ENOUGH: u32 = 2;

/// Something a DN may have that does no harm by itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Oddity {
    /// The Contact's address cannot be reached from the registrar's network.
    ContactUnroutable,
    /// The Contact names another address or port than the request came from.
    ContactElsewhere,
    /// The Via asks for rport and the answer leaves it unfilled.
    RportUnfilled,
    /// Every try has a Call-ID of its own.
    CallIdChanges,
    /// From names another user than To.
    ThirdParty,
    /// The Request-URI has a user.
    RequestUriUser,
    /// The credentials name another user than the DN.
    UsernameNotDn,
    /// The digest's URI is not the Request-URI.
    DigestUri,
    /// Two registrars hold it at once.
    TwoRegistrars,
}

impl Oddity {
    pub(super) const ALL: [Self; 9] = [
        Self::ContactUnroutable,
        Self::ContactElsewhere,
        Self::RportUnfilled,
        Self::CallIdChanges,
        Self::ThirdParty,
        Self::RequestUriUser,
        Self::UsernameNotDn,
        Self::DigestUri,
        Self::TwoRegistrars,
    ];

    /// Whether a DN could have it: only such DNs are compared.
    fn is_asked_of(self, case: &Case<'_>) -> bool {
        match self {
            Self::ContactUnroutable | Self::ContactElsewhere => {
                case.details().is_some_and(|d| d.form.contacts > 0)
            }
            Self::RportUnfilled => {
                case.details().is_some_and(|d| d.form.rport_asked)
                    && case.answer().is_some_and(|answer| answer.own_via)
            }
            Self::CallIdChanges => case.attempts.len() > 2,
            Self::ThirdParty | Self::RequestUriUser => case.details().is_some(),
            Self::TwoRegistrars => case.is(Verdict::InService),
            Self::UsernameNotDn | Self::DigestUri => {
                case.details().is_some_and(|d| d.credentials_for_proxy.is_some())
            }
        }
    }

    /// Whether a DN has it.
    pub(super) fn is_in(self, case: &Case<'_>) -> bool {
        match self {
            Self::ContactUnroutable => case.has(Flag::ContactUnroutable),
            Self::ContactElsewhere => contact_elsewhere(case).is_some(),
            Self::RportUnfilled => {
                case.details().is_some_and(|d| d.form.rport_asked)
                    && case.answer().is_some_and(|a| a.own_via && a.rport.is_none())
                    && !case.has(Flag::Truncated)
            }
            Self::CallIdChanges => call_ids(case) > 2,
            Self::ThirdParty => case.details().is_some_and(|d| {
                if d.from_uri == d.to_uri {
                    return false;
                }
                let user = |sym| Uri::parse(case.bytes(sym)).and_then(|uri| uri.user_name());
                user(d.from_uri).zip(user(d.to_uri)).is_some_and(|(from, to)| from != to)
            }),
            Self::RequestUriUser => {
                case.details().is_some_and(|d| has_user(case.bytes(d.form.request_uri)))
            }
            Self::UsernameNotDn => case.details().is_some_and(|d| {
                let name = case.bytes(d.auth_username);
                !name.is_empty() && !is_user_name_of(case.raw_name(), name)
            }),
            Self::TwoRegistrars => {
                let all = &case.view.state().registrations;
                // the flag leaves out those that register it onward
                case.has(Flag::Conflict)
                    && all.iter().filter(|r| r.verdict == Verdict::InService).count() > 1
            }
            Self::DigestUri => case.details().is_some_and(|d| {
                !d.form.auth_uri.is_none()
                    && d.form.auth_uri != d.form.request_uri
                    && d.form.vias <= 1
            }),
        }
    }

    /// How many working DNs without it show that it is unusual: one, where it is forbidden.
    const fn enough(self) -> u32 {
        match self {
            Self::RequestUriUser => 1,
            _ => ENOUGH,
        }
    }

    /// The answer of a rule about it: an observation, and a warning where it separates the failing
    /// from the working.
    pub(super) fn judge(self, case: &Case<'_>) -> Held {
        if !self.is_in(case) {
            return Held::No;
        }
        let shown: Vec<Evidence> = case.shown_by_latest();
        Held::Yes(match case.scene.baseline.standing(self) {
            Standing::Separates { .. } if case.is_failing() && case.is_unexplained() => {
                Proof::warning(Confidence::Likely, shown)
            }
            _ => Proof::observation(shown),
        })
    }

    /// How common it is in the fleet, to follow a sentence.
    pub(super) fn in_the_fleet(self, case: &Case<'_>) -> String {
        match case.scene.baseline.standing(self) {
            Standing::Separates { failing, working }
                if case.is_failing() && case.is_unexplained() =>
            {
                let failing = match failing {
                    1 => "1 failing DN has".to_owned(),
                    n => format!("{n} failing DNs have"),
                };
                format!("; {failing} this and none of {working} working ones")
            }
            Standing::Shared { working } => {
                format!("; the same with {}", crate::net::count(working, "working DN"))
            }
            _ => String::new(),
        }
    }
}

fn has_user(uri: &[u8]) -> bool {
    // without a scheme that needs none, the user ends at an @
    let plain = uri.first().is_some_and(|b| matches!(b, b's' | b'S'));
    if plain && memchr::memchr(b'@', uri).is_none() {
        return false;
    }
    Uri::parse(uri).is_some_and(|uri| uri.user.is_some_and(|user| !user.is_empty()))
}

/// Where the Contact points, if that is not where the request came from.
pub(super) fn contact_elsewhere(case: &Case<'_>) -> Option<Endpoint> {
    let attempt = case.attempts.iter().rev().find(|a| a.purpose == Purpose::Register)?;
    let contact = case.bytes(attempt.contact);
    if is_malformed_ipv6(contact) {
        return None;
    }
    let named = Uri::parse(contact)?.endpoint()?;
    (named != attempt.source).then_some(named)
}

/// The Call-IDs the DN's own REGISTERs had from their latest source.
fn call_ids(case: &Case<'_>) -> usize {
    let Some(source) = case.attempts.last().map(|a| a.source.addr) else { return 0 };
    let mut last = None;
    let mut changes = 0;
    for a in case.attempts.iter().filter(|a| {
        a.source.addr == source
            && a.purpose == Purpose::Register
            && !matches!(a.outcome, Outcome::Open)
    }) {
        changes = if last == Some(a.call_id) { 1 } else { changes + 1 };
        last = Some(a.call_id);
    }
    changes
}

/// How many DNs have an oddity, among those it is asked of.
#[derive(Clone, Copy, Default)]
struct Share {
    working: u32,
    failing: u32,
}

impl Share {
    fn merge(&mut self, other: Self) {
        self.working += other.working;
        self.failing += other.failing;
    }
}

/// For every oddity, the DNs that have it, and those that could.
#[derive(Clone, Default)]
pub(super) struct Baseline {
    shares: [(Share, Share); Oddity::ALL.len()],
}

/// How common an oddity is in the fleet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Standing {
    /// Working DNs have it too.
    Shared { working: u32 },
    /// Nearly all failing DNs that need a cause have it, no working one does.
    Separates { failing: u32, working: u32 },
    /// Too few DNs, or it divides neither.
    Unclear,
}

impl Baseline {
    /// Counts a DN; the oddities it has.
    pub(super) fn add(&mut self, case: &Case<'_>) -> Signs {
        let side = |share: &mut Share| match case.view.cohort() {
            Cohort::Working => share.working += 1,
            Cohort::Failing if case.is_unexplained() => share.failing += 1,
            _ => {}
        };
        let mut signs = Signs::default();
        for ((with, all), oddity) in self.shares.iter_mut().zip(Oddity::ALL) {
            let (asked, has) = (oddity.is_asked_of(case), oddity.is_in(case));
            if has {
                signs = signs.or(Signs::oddity(oddity));
            }
            if asked {
                side(all);
            }
            if asked && has {
                side(with);
            }
        }
        signs
    }

    /// Adds what was counted of other DNs.
    pub(super) fn merge(&mut self, other: &Self) {
        for ((with, all), (more_with, more)) in self.shares.iter_mut().zip(&other.shares) {
            with.merge(*more_with);
            all.merge(*more);
        }
    }

    /// Whether half of the working DNs have it, and at least three: then it is meant to be so.
    pub(super) fn is_usual(&self, oddity: Oddity) -> bool {
        let (with, all) = self.share(oddity);
        with.working > 2 && with.working * 2 >= all.working
    }

    fn share(&self, oddity: Oddity) -> (Share, Share) {
        let place = Oddity::ALL.iter().position(|&o| o == oddity);
        place.and_then(|p| self.shares.get(p)).copied().unwrap_or_default()
    }

    fn standing(&self, oddity: Oddity) -> Standing {
        let (with, all) = self.share(oddity);
        standing(with, all, oddity.enough())
    }
}

fn standing(with: Share, all: Share, enough: u32) -> Standing {
    if with.working > 0 {
        Standing::Shared { working: with.working }
    } else if all.working >= enough && with.failing > 0 && with.failing * 10 >= all.failing * 8 {
        Standing::Separates { failing: with.failing, working: all.working }
    } else {
        Standing::Unclear
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_no_working_dn_has_separates() {
        let share = |working, failing| Share { working, failing };
        for (case, with, all, want) in [
            ("all failing, no working", share(0, 3), share(5, 3), (0, 3, 5)),
            ("some working too", share(1, 3), share(5, 3), (1, 0, 0)),
            ("few of the failing", share(0, 1), share(5, 3), (0, 0, 0)),
            ("nobody works", share(0, 3), share(0, 3), (0, 0, 0)),
            ("one works", share(0, 3), share(1, 3), (0, 0, 0)),
        ] {
            let want = match want {
                (0, 0, 0) => Standing::Unclear,
                (working, 0, 0) => Standing::Shared { working },
                (_, failing, working) => Standing::Separates { failing, working },
            };
            assert_eq!(standing(with, all, ENOUGH), want, "{case}");
        }
    }
}
