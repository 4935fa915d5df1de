//! Which DNs are at risk, as the lines of the watch said last.

use crate::hashing::HashMap;
use crate::net::Timestamp;
use crate::registration::{DnChange, DnView, Flag, Risk, Snapshot, Status, Verdict};

/// DNs of which it is remembered that they are at risk.
const REMEMBERED: usize = 100_000;

/// The DNs at risk that were reported, and how many there are of each kind.
#[derive(Default)]
pub(super) struct Risks {
    told: HashMap<Vec<u8>, Risk>,
    /// In the order of [`Risk::ALL`].
    #[cfg(feature = "metrics")]
    numbers: [u64; Risk::ALL.len()],
}

impl Risks {
    /// Marks a change of a DN as one from or to a state at risk; `now` is what the DN is, if that is the latest
    /// of its changes.
    pub(super) fn mark(&mut self, change: &mut DnChange, now: Option<DnView<'_>>) -> Option<Risk> {
        let was = self.told.remove(&change.dn);
        if let Some(from) = &mut change.from {
            from.flags.set_if(Flag::AtRisk, was.is_some() && from.verdict == Verdict::InService);
        }
        let risk = now.and_then(|view| view.risk());
        if let Some(to) = &mut change.to {
            to.flags.set_if(Flag::AtRisk, risk.is_some());
        }
        self.remember(&change.dn, risk);
        risk
    }

    fn remember(&mut self, dn: &[u8], risk: Option<Risk>) {
        if let Some(risk) = risk
            && self.told.len() < REMEMBERED
        {
            self.told.insert(dn.to_vec(), risk);
        }
    }

    /// The DNs that are at risk since the last look, are no longer, or are for another reason, and whose verdict
    /// is the same; `is_due` returns whether a change of a DN waits.
    pub(super) fn changes(
        &self,
        snapshot: &Snapshot,
        time: Timestamp,
        is_due: impl Fn(&[u8]) -> bool,
    ) -> Vec<DnChange> {
        let full = self.told.len() >= REMEMBERED;
        let changed = |view: &DnView<'_>| {
            let (before, risk) = (self.told.get(view.name()), view.risk());
            before.copied() != risk
                && view.state().verdict == Verdict::InService
                && (before.is_some() || !full)
                && !is_due(view.name())
        };
        let change = |view: DnView<'_>| {
            let status = Status::of(view.state());
            let (dn, expires_at) = (view.name().to_vec(), view.state().expires_at);
            DnChange { time, dn, from: Some(status), to: Some(status), expires_at, frame: None }
        };
        snapshot.dns().filter(changed).map(change).collect()
    }

    /// Counts the DNs at risk.
    #[cfg(feature = "metrics")]
    pub(super) fn count(&mut self, snapshot: &Snapshot) {
        self.numbers = Default::default();
        for risk in snapshot.dns().filter_map(|view| view.risk()) {
            let place = Risk::ALL.iter().position(|known| *known == risk);
            if let Some(number) = place.and_then(|place| self.numbers.get_mut(place)) {
                *number += 1;
            }
        }
    }

    /// Adds how many DNs are at risk.
    #[cfg(feature = "metrics")]
    pub(super) fn add_to(&self, families: &mut crate::metrics::Families) {
        let numbers = Risk::ALL.iter().zip(self.numbers);
        let numbers: Vec<_> =
            numbers.map(|(risk, number)| ([("reason", risk.name())], number as f64)).collect();
        families.gauges(
            "regscope_dns_at_risk",
            "DNs in service but at risk, by reason; regscope_dns counts them too.",
            numbers.iter().map(|(labels, number)| (&labels[..], *number)),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registration::SnapshotOptions;
    use crate::registration::testing::Player;

    /// The changes after more traffic, as they are marked: from and to a state at risk, and why.
    fn told(
        risks: &mut Risks,
        player: &mut Player,
        lines: &str,
    ) -> Vec<(bool, bool, Option<Risk>)> {
        lines.lines().for_each(|line| player.play(line));
        let snapshot = player.tracker.snapshot(&SnapshotOptions::default());
        let changes = risks.changes(&snapshot, snapshot.at, |_| false);
        let at_risk = |status: Option<Status>| status.unwrap().flags.contains(Flag::AtRisk);
        let mark = |mut change: DnChange| {
            let now = snapshot.find(&change.dn);
            let risk = risks.mark(&mut change, now);
            (at_risk(change.from), at_risk(change.to), risk)
        };
        changes.into_iter().map(mark).collect()
    }

    #[test]
    fn a_dn_at_risk_is_told_once_and_again_when_it_is_no_longer() {
        let (mut risks, mut player) = (Risks::default(), Player::default());
        let accepted = "0 > REGISTER expires=300\n0.01 < 200 expires=300";
        assert_eq!(told(&mut risks, &mut player, accepted), []);
        let refused = "150 > REGISTER cseq=2 expires=300\n150.01 < 500 cseq=2";
        let refresh = Some(Risk::RefreshRefused);
        assert_eq!(told(&mut risks, &mut player, refused), [(false, true, refresh)]);
        assert_eq!(told(&mut risks, &mut player, "160 ."), [], "it was reported");
        let renewed = "170 > REGISTER cseq=3 expires=300\n170.01 < 200 cseq=3 expires=300";
        assert_eq!(told(&mut risks, &mut player, renewed), [(true, false, None)]);
    }

    #[test]
    fn a_dn_whose_verdict_changes_or_that_waits_has_no_line_of_its_own() {
        let (mut risks, mut player) = (Risks::default(), Player::default());
        told(&mut risks, &mut player, "0 > REGISTER expires=300\n0.01 < 200 expires=300");
        told(&mut risks, &mut player, "150 > REGISTER cseq=2 expires=300\n150.01 < 500 cseq=2");
        assert_eq!(told(&mut risks, &mut player, "400 ."), [], "it is out of service");
        let mut player = Player::default();
        let lines = "0 > REGISTER expires=300\n0.01 < 200 expires=300\n\
                     150 > REGISTER cseq=2 expires=300\n150.01 < 500 cseq=2";
        lines.lines().for_each(|line| player.play(line));
        let snapshot = player.tracker.snapshot(&SnapshotOptions::default());
        assert!(Risks::default().changes(&snapshot, snapshot.at, |_| true).is_empty());
    }
}
