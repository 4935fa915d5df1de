//! Picks the DN to compare with one: on the other side, and as similar as possible.

use super::{Data, Row};
use crate::registration::Cohort;

/// A DN to compare with, and what the two have in common.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::tui) struct Like {
    /// Its row.
    pub(in crate::tui) place: u32,
    /// In a few words: `same registrar, source and User-Agent`; empty if nothing.
    pub(in crate::tui) shared: String,
}

impl Data {
    /// The working DN most like this one; for a working one the failing DN most like it.
    pub(in crate::tui) fn most_like(&self, place: u32) -> Option<Like> {
        let wanted = match self.dn(place)?.cohort() {
            Cohort::Working => Cohort::Failing,
            Cohort::Failing | Cohort::Unclear => Cohort::Working,
        };
        let own = self.row(place)?;
        let others = (0..).zip(self.rows()).filter(|&(other, _)| {
            other != place && self.dn(other).is_some_and(|dn| dn.cohort() == wanted)
        });
        let (place, row) = others.max_by_key(|(_, row)| {
            let weights = [4_u32, 4, 3, 1];
            let alike = shared(own, row).into_iter().zip(weights).filter(|((same, _), _)| *same);
            // neighbors in the numbering plan are often set up alike
            let apart = std::cmp::Reverse(own.rank.abs_diff(row.rank));
            (alike.map(|(_, weight)| weight).sum::<u32>(), apart)
        })?;
        let words: Vec<_> =
            shared(own, row).into_iter().filter(|(same, _)| *same).map(|(_, word)| word).collect();
        let shared = match words.split_last() {
            None => String::new(),
            Some((last, [])) => format!("same {last}"),
            Some((last, first)) => format!("same {} and {last}", first.join(", ")),
        };
        Some(Like { place, shared })
    }
}

/// What two DNs may have in common.
fn shared(a: &Row, b: &Row) -> [(bool, &'static str); 4] {
    let agent = |row: &Row| row.device.map(|device| device.user_agent);
    [
        (a.registrar.is_some() && a.registrar == b.registrar, "registrar"),
        (a.source().is_some() && a.source() == b.source(), "source"),
        (agent(a).is_some() && agent(a) == agent(b), "User-Agent"),
        (a.transport.is_some() && a.transport == b.transport, "transport"),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::Capture;
    use crate::compare::Contrast;
    use crate::registration::testing::Player;

    #[test]
    fn the_other_side_is_found_by_what_is_shared() {
        let snapshot = Player::snapshot_of(
            "0 > REGISTER dn=5001 agent=x\n0.1 < 200 dn=5001\n\
             1 > REGISTER dn=5003 call=2 agent=y\n1.1 < 200 dn=5003 call=2\n\
             2 > REGISTER dn=5004 from=b call=3 agent=y\n2.1 < 200 dn=5004 from=b call=3\n\
             3 > REGISTER dn=5002 call=4 agent=y\n3.1 < 403 dn=5002 call=4",
        );
        let data = Data::new(snapshot, Capture::default(), Contrast::default(), Vec::new());
        let own = data.place_of(b"5002").unwrap();
        let like = data.most_like(own).unwrap();
        assert_eq!(data.dn(like.place).unwrap().name(), b"5003");
        assert_eq!(like.shared, "same registrar, source, User-Agent and transport");
        assert_eq!(data.most_like(like.place).map(|like| like.place), Some(own));
    }
}
