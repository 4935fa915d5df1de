//! REGISTERs that were sent and not captured, as the CSeq of the next one shows.

use crate::net::Timestamp;
use crate::registration::AttemptView;

/// A refresh counts the CSeq up by one, and by one more where it is challenged.
const ROUND: u32 = 2;

/// A time in which a device sent REGISTERs that the capture lacks.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Unseen {
    pub from: Timestamp,
    pub until: Timestamp,
    /// By how much the CSeq rose meanwhile.
    pub rise: u32,
}

/// How much the CSeq rose from the end of each attempt to the beginning of the next under the same Call-ID.
fn rises<'s>(attempts: &'s [AttemptView<'_>]) -> impl Iterator<Item = (usize, Unseen)> + use<'s> {
    attempts.windows(2).enumerate().filter_map(|(place, pair)| {
        let [before, after] = pair else { return None };
        let first = after.messages().next()?;
        let same = before.call_id == after.call_id && !after.call_id.is_none();
        let rise = first.cseq.checked_sub(before.cseq).filter(|_| same && before.cseq != 0)?;
        Some((place + 1, Unseen { from: before.last, until: after.started, rise }))
    })
}

/// Where a device that counts its CSeq up step by step rose further than one REGISTER does, by the place of the
/// attempt behind it.
pub(super) fn all(attempts: &[AttemptView<'_>]) -> Vec<(usize, Unseen)> {
    let counts = rises(attempts).any(|(_, unseen)| (1..=ROUND).contains(&unseen.rise));
    let further = rises(attempts).filter(|(_, unseen)| counts && unseen.rise > ROUND);
    further.collect()
}
