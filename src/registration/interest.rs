//! Ranks DNs by how little would be lost if they were forgotten.

use super::scanner::{MANY, Scanners};
use super::store::{Dn, Store};
use super::verdict::Verdict;
use crate::net::Timestamp;

const SECOND: i64 = 1_000_000_000;
/// An attempt is over by then, whatever becomes of it.
const OVER: i64 = 64 * SECOND;
/// A phone that is still there has tried again by then.
const SILENT: i64 = 3600 * SECOND;
/// A DN that has not been heard of for so long is gone.
const GONE: i64 = 24 * 3600 * SECOND;

/// Why a DN may be forgotten, the best reason first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Interest {
    /// Only sources tried it that try many DNs without success.
    Scanned,
    /// Tried once without success, a while ago.
    Stranger,
    /// Tried once without success, just now.
    RecentStranger,
    /// Out of service and not heard of for a day.
    Gone,
    /// Never registered, and no longer trying.
    GaveUp,
    /// Out of service and not heard of for an hour.
    Silent,
    /// Fails again and again; was never in service.
    Failing,
    /// Was in service, and fails now.
    Lost,
    /// In service since just now: granted once, and not come back since.
    Newcomer,
    /// In service, or unknown.
    InService,
}

impl Interest {
    /// Those that may go before attempts of the others do.
    pub(super) const EXPENDABLE: Self = Self::Gone;

    pub(super) fn of(store: &Store, scanners: &Scanners, dn: &Dn, now: Timestamp) -> Self {
        let quiet = now.nanos_since(dn.last_seen);
        let held = dn.registrations.iter().any(|reg| {
            reg.judge(now).is_some_and(|(verdict, _)| verdict == Verdict::InService)
                || reg.unsure().is_some_and(|unsure| unsure.until > now)
        });
        if held {
            // a registrar that grants whatever it is asked for makes a flood of these
            let is_new = !dn.returned && dn.attempts <= 1;
            return if is_new { Self::Newcomer } else { Self::InService };
        }
        if scanners.hide(dn) {
            return Self::Scanned;
        }
        if is_passer_by(dn) {
            return match quiet > OVER {
                _ if is_one_of_many(store, dn) => Self::Scanned,
                true => Self::Stranger,
                false => Self::RecentStranger,
            };
        }
        match (dn.registered, quiet) {
            (_, GONE..) => Self::Gone,
            (false, SILENT..) => Self::GaveUp,
            (true, SILENT..) => Self::Silent,
            (false, _) => Self::Failing,
            (true, _) => Self::Lost,
        }
    }
}

/// Whether a DN was tried once, without success. A phone that is refused comes back.
pub(super) const fn is_passer_by(dn: &Dn) -> bool {
    !dn.registered && !dn.returned && dn.attempts <= 1
}

/// Whether all sources of a DN try many DNs and register nearly none.
fn is_one_of_many(store: &Store, dn: &Dn) -> bool {
    !dn.sources.is_empty()
        && dn.sources.iter().all(|(s, _)| {
            store
                .sources
                .get(&s.addr)
                .is_some_and(|s| s.dns >= MANY && u64::from(s.registered) * 10 <= u64::from(s.dns))
        })
}
