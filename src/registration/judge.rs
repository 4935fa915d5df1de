//! Judges one registration at a moment: its bindings first, then what was tried last.

use super::attempt::Outcome;
use super::ends::End;
use super::store::{Ended, Registration, Tried};
use super::verdict::Verdict;
use crate::net::Timestamp;

impl Registration {
    /// The verdict and its status code at `now`; `None` while nothing is decided.
    ///
    /// A running binding wins over a refused refresh: the registrar still routes calls to it. It
    /// does not win over an unreachable registrar, which routes nothing.
    pub(super) fn judge(&self, now: Timestamp) -> Option<(Verdict, u16)> {
        let running = self.bindings.iter().filter(|b| b.runs_at(now));
        let newest = running.clone().map(|b| b.renewed).max();
        if let Some(newest) = newest {
            let gone = self.tried.filter(|t| {
                t.outcome == Outcome::Failed(Verdict::Unreachable)
                    && t.at >= newest
                    && (t.marks.port_closed()
                        || running.clone().any(|b| b.source.is_none_or(|s| s.host() == t.source)))
            });
            return Some((gone.map_or(Verdict::InService, |_| Verdict::Unreachable), 0));
        }
        // a binding whose end was not processed yet
        let lapsed = self.bindings.iter().max_by_key(|b| b.expires_at).and_then(|b| {
            Some(Ended {
                how: Verdict::Expired,
                at: b.expires_at?,
                renewed: b.renewed,
                source: b.source.map(End::host),
            })
        });
        let ended = lapsed.or_else(|| self.ended());
        if let Some(unsure) = self.unsure().filter(|u| u.until > now)
            && ended.is_none_or(|e| e.at <= unsure.at || e.how == Verdict::Expired)
        {
            // as with a binding: a refusal does not end it, a dead registrar does
            let gone = self.tried.is_some_and(|t| {
                t.outcome == Outcome::Failed(Verdict::Unreachable)
                    && t.at >= unsure.at
                    && (t.marks.port_closed() || t.source == unsure.source)
            });
            return Some((if gone { Verdict::Unreachable } else { Verdict::Truncated }, 0));
        }
        without_binding(ended, self.tried)
    }
}

/// The verdict when no binding runs: the later of its end and the last try.
///
/// A refresh that failed while the binding still ran is why it ended, though it is older than the
/// end; a failure from another source is not.
fn without_binding(ended: Option<Ended>, tried: Option<Tried>) -> Option<(Verdict, u16)> {
    let failed = tried.and_then(|t| Some((t, t.outcome.failure()?)));
    match (ended, failed) {
        (Some(e), Some((t, verdict))) => {
            let refresh = e.how == Verdict::Expired
                && t.marks.refresh()
                && t.at >= e.renewed
                && e.source.is_none_or(|s| s == t.source);
            // what would not have brought it back did not keep it out
            let later = t.at >= e.at && t.marks.refresh();
            Some(if later || refresh { (verdict, t.code) } else { (e.how, 0) })
        }
        (Some(e), None) => Some((e.how, 0)),
        (None, Some((t, verdict))) => Some((verdict, t.code)),
        (None, None) => match tried?.outcome {
            Outcome::NothingListed => Some((Verdict::NotRegistered, 0)),
            Outcome::Removed => Some((Verdict::Deregistered, 0)),
            // granted, and its end is not in the list of bindings: it was replaced elsewhere
            Outcome::Accepted => Some((Verdict::Expired, 0)),
            Outcome::Open | Outcome::Failed(_) => None,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::FrameRef;
    use crate::registration::ends::Host;
    use crate::registration::store::TriedMarks;

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_parts(secs, 0)
    }

    fn host(last: u8) -> Host {
        Host::V4([192, 0, 2, last])
    }

    fn ended(how: Verdict, secs: i64, renewed: i64) -> Ended {
        let (at, renewed) = (at(secs), at(renewed));
        Ended { how, at, renewed, source: Some(host(1)) }
    }

    fn tried(outcome: Outcome, code: u16, secs: i64, from: u8) -> Tried {
        Tried {
            attempt: 0,
            outcome,
            code,
            at: at(secs),
            frame: FrameRef::default(),
            source: host(from),
            marks: TriedMarks::new(false, true),
        }
    }

    #[test]
    fn the_later_of_end_and_try_decides() {
        use Outcome::{Accepted, Failed, NothingListed, Removed};
        use Verdict::{
            Deregistered, Expired, NoAnswer, NotKept, NotRegistered, Rejected, Terminated,
        };
        for (case, e, t, want) in [
            (
                "never tried again",
                Some(ended(Expired, 100, 40)),
                Some(tried(Accepted, 200, 40, 1)),
                (Expired, 0),
            ),
            (
                "refresh refused before the end",
                Some(ended(Expired, 100, 40)),
                Some(tried(Failed(Rejected), 403, 90, 1)),
                (Rejected, 403),
            ),
            (
                "refresh lost before the end",
                Some(ended(Expired, 100, 40)),
                Some(tried(Failed(NoAnswer), 0, 90, 1)),
                (NoAnswer, 0),
            ),
            (
                "another source refused before the end",
                Some(ended(Expired, 100, 40)),
                Some(tried(Failed(Rejected), 403, 90, 2)),
                (Expired, 0),
            ),
            (
                "another source refused after the end",
                Some(ended(Expired, 100, 40)),
                Some(tried(Failed(Rejected), 403, 110, 2)),
                (Rejected, 403),
            ),
            (
                "refused, then removed",
                Some(ended(Deregistered, 100, 40)),
                Some(tried(Failed(Rejected), 403, 90, 1)),
                (Deregistered, 0),
            ),
            (
                "removed, then refused",
                Some(ended(Deregistered, 100, 40)),
                Some(tried(Failed(Rejected), 403, 110, 1)),
                (Rejected, 403),
            ),
            (
                "removed by another, asked later",
                Some(ended(Terminated, 100, 40)),
                Some(tried(NothingListed, 200, 110, 1)),
                (Terminated, 0),
            ),
            (
                "the 2xx that drops it does not keep it",
                Some(ended(Terminated, 100, 40)),
                Some(tried(Failed(NotKept), 200, 100, 1)),
                (NotKept, 200),
            ),
            ("only asked", None, Some(tried(NothingListed, 200, 1, 1)), (NotRegistered, 0)),
            ("removed something unseen", None, Some(tried(Removed, 200, 1, 1)), (Deregistered, 0)),
            ("refused", None, Some(tried(Failed(Rejected), 404, 1, 1)), (Rejected, 404)),
        ] {
            assert_eq!(without_binding(e, t), Some(want), "{case}");
        }
        assert_eq!(without_binding(None, None), None);
    }
}
