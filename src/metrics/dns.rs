//! Keeps how many DNs have which verdict, and which are in service, from their changes alone.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::hashing::HashMap;

use super::Families;
use crate::net::escape_bytes;
use crate::registration::{Basis, DnChange, State, Status, Verdict};

/// DNs with a series of their own.
pub(super) const SERIES: usize = 10_000;
/// Bytes of a name that becomes a label.
pub(super) const NAME: usize = 128;

/// The states a DN may have.
const STATES: [State; 3] = [State::InService, State::OutOfService, State::Unknown];

/// Counts DNs by verdict and state, kept up to date change by change: no snapshot is taken.
#[derive(Debug)]
pub struct DnGauges {
    /// DNs by verdict and state, in the order of [`Verdict::ALL`] and [`STATES`].
    counts: [[u64; STATES.len()]; Verdict::ALL.len()],
    /// What their verdicts rest on, in the order of [`Basis::ALL`].
    bases: [u64; Basis::ALL.len()],
    /// DNs that should be there, and what they are; `None` for those that were not seen.
    expected: HashMap<Vec<u8>, Option<State>>,
    series: Option<Series>,
}

/// DNs with a series of their own. When there is no room those that never were in service give way, so that
/// a source that tries names cannot crowd out the others.
#[derive(Default, Debug)]
struct Series {
    shown: Arc<BTreeMap<Arc<str>, bool>>,
    /// Those of them that never were in service and are not expected.
    strangers: BTreeSet<Arc<str>>,
}

impl DnGauges {
    /// No DNs so far, but those that should be there; with a series for each if `per_dn`.
    #[must_use]
    pub fn new(expected: &[String], per_dn: bool) -> Self {
        let mut series = per_dn.then(Series::default);
        if let Some(series) = &mut series {
            for name in expected {
                series.put(name.as_bytes(), false, true);
            }
        }
        let expected = expected.iter().map(|name| (name.clone().into_bytes(), None)).collect();
        let counts = [[0; STATES.len()]; Verdict::ALL.len()];
        Self { counts, bases: [0; Basis::ALL.len()], expected, series }
    }

    /// Takes in a change; each must be taken in, in order.
    pub fn change(&mut self, change: &DnChange) {
        if let Some(number) = self.number(change.from) {
            *number = number.saturating_sub(1);
        }
        if let Some(number) = self.number(change.to) {
            *number += 1;
        }
        let to = change.to.map(|status| status.state);
        let place = |basis: Basis| Basis::ALL.iter().position(|known| *known == basis);
        for (status, comes) in [(change.from, false), (change.to, true)] {
            let number = status.and_then(|status| self.bases.get_mut(place(status.basis)?));
            if let Some(number) = number {
                *number = if comes { *number + 1 } else { number.saturating_sub(1) };
            }
        }
        let expected = self.expected.get_mut(&change.dn);
        let is_expected = expected.is_some();
        if let Some(expected) = expected {
            *expected = to;
        }
        if let Some(series) = &mut self.series {
            match to {
                Some(state) => series.put(&change.dn, state == State::InService, is_expected),
                None if is_expected => series.put(&change.dn, false, true),
                None => series.remove(&change.dn),
            }
        }
    }

    fn number(&mut self, status: Option<Status>) -> Option<&mut u64> {
        let Status { verdict, state, .. } = status?;
        let place = STATES.iter().position(|known| *known == state)?;
        self.counts.get_mut(verdict.urgency())?.get_mut(place)
    }

    /// Whether each DN with a series is in service.
    #[must_use]
    pub fn series(&self) -> Option<Arc<BTreeMap<Arc<str>, bool>>> {
        self.series.as_ref().map(|series| Arc::clone(&series.shown))
    }

    /// Adds what there is to say.
    pub fn add_to(&self, families: &mut Families) {
        let missing = self.expected.values().filter(|state| state.is_none()).count() as u64;
        let mut numbers = Vec::new();
        for (verdict, counts) in Verdict::ALL.into_iter().zip(self.counts) {
            let usual = verdict.state();
            for (state, number) in STATES.into_iter().zip(counts) {
                let number = if verdict == Verdict::NotSeen { missing } else { number };
                // a DN known from CTI only may be in any
                if state == usual || verdict == Verdict::CtiOnly {
                    let labels = [("verdict", verdict.name()), ("state", state.name())];
                    numbers.push((labels, number as f64));
                }
            }
        }
        families.gauges(
            "regscope_dns",
            "DNs by verdict, as the report names it, and by the state it means.",
            numbers.iter().map(|(labels, number)| (&labels[..], *number)),
        );
        let bases = Basis::ALL.iter().zip(self.bases);
        let bases: Vec<_> =
            bases.map(|(b, number)| ([("basis", b.name())], number as f64)).collect();
        families.gauges(
            "regscope_dns_by_basis",
            "DNs by what their verdict rests on: messages, a statement of a log, or pasted messages.",
            bases.iter().map(|(labels, number)| (&labels[..], *number)),
        );
        if !self.expected.is_empty() {
            let there = |state: &&Option<State>| **state == Some(State::InService);
            let in_service = self.expected.values().filter(there).count();
            let all = self.expected.len();
            families.gauge("regscope_expected_dns", "DNs that --expect names.", all as f64);
            families.gauge(
                "regscope_expected_dns_in_service",
                "Those of them that are in service.",
                in_service as f64,
            );
            families.gauge(
                "regscope_expected_dns_missing",
                "Those of them that were not seen so far.",
                missing as f64,
            );
        }
        if let Some(series) = &self.series {
            let all = self.counts.iter().flatten().sum::<u64>() + missing;
            families.gauge(
                "regscope_dns_without_series",
                "DNs without a regscope_dn_in_service: those of 10000 on, and names that are too long.",
                all.saturating_sub(series.shown.len() as u64) as f64,
            );
        }
    }
}

impl Series {
    fn put(&mut self, dn: &[u8], in_service: bool, expected: bool) {
        if dn.len() > NAME {
            return;
        }
        let name = escape_bytes(dn);
        let known = self.shown.get(&*name).copied();
        if in_service {
            self.strangers.remove(&*name);
        }
        if known == Some(in_service) || known.is_none() && !self.make_room(in_service || expected) {
            return;
        }
        let name = Arc::<str>::from(name);
        if known.is_none() && !in_service && !expected {
            self.strangers.insert(Arc::clone(&name));
        }
        Arc::make_mut(&mut self.shown).insert(name, in_service);
    }

    /// Whether there is room for one more.
    fn make_room(&mut self, urgent: bool) -> bool {
        if self.shown.len() < SERIES {
            return true;
        }
        if !urgent {
            return false;
        }
        let Some(stranger) = self.strangers.pop_last() else { return false };
        Arc::make_mut(&mut self.shown).remove(&stranger).is_some()
    }

    fn remove(&mut self, dn: &[u8]) {
        let name = escape_bytes(dn);
        if self.shown.contains_key(&*name) {
            self.strangers.remove(&*name);
            Arc::make_mut(&mut self.shown).remove(&*name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::Page;
    use crate::net::Timestamp;
    use crate::registration::FlagSet;

    fn change(dn: &str, from: Option<Verdict>, to: Option<Verdict>) -> DnChange {
        let (flags, basis) = (FlagSet::EMPTY, Basis::Wire);
        let status = |verdict: Verdict| {
            let state = verdict.state();
            Status { verdict, state, status_code: None, flags, basis }
        };
        let (from, to) = (from.map(status), to.map(status));
        let (time, dn) = (Timestamp::default(), dn.as_bytes().to_vec());
        DnChange { time, dn, from, to, expires_at: None, frame: None }
    }

    fn text(gauges: &DnGauges) -> String {
        let mut families = Families::default();
        gauges.add_to(&mut families);
        let page = Page { families: Arc::new(families), dns: gauges.series() };
        String::from_utf8(page.render()).unwrap()
    }

    #[track_caller]
    fn has(gauges: &DnGauges, line: &str) {
        let text = text(gauges);
        assert!(text.lines().any(|l| l == line), "{line}:\n{text}");
    }

    #[test]
    fn changes_add_up_to_verdicts_and_expected_dns() {
        let expected = ["5001".to_owned(), "5002".to_owned()];
        let mut gauges = DnGauges::new(&expected, true);
        has(&gauges, "regscope_expected_dns_missing 2");
        has(&gauges, "regscope_dns{verdict=\"not_seen\",state=\"unknown\"} 2");
        has(&gauges, "regscope_dn_in_service{dn=\"5001\"} 0");
        gauges.change(&change("5001", None, Some(Verdict::InService)));
        gauges.change(&change("7001", None, Some(Verdict::Rejected)));
        gauges.change(&change("7001", Some(Verdict::Rejected), Some(Verdict::NoAnswer)));
        has(&gauges, "regscope_dns{verdict=\"in_service\",state=\"in_service\"} 1");
        has(&gauges, "regscope_dns{verdict=\"rejected\",state=\"out_of_service\"} 0");
        has(&gauges, "regscope_dns{verdict=\"no_answer\",state=\"out_of_service\"} 1");
        has(&gauges, "regscope_dns_by_basis{basis=\"wire\"} 2");
        has(&gauges, "regscope_dns_by_basis{basis=\"stated\"} 0");
        has(&gauges, "regscope_expected_dns_missing 1");
        has(&gauges, "regscope_expected_dns_in_service 1");
        has(&gauges, "regscope_dn_in_service{dn=\"5001\"} 1");
        has(&gauges, "regscope_dn_in_service{dn=\"7001\"} 0");
        has(&gauges, "regscope_dns_without_series 0");
        // what is forgotten is gone, what is expected is missing again
        gauges.change(&change("7001", Some(Verdict::NoAnswer), None));
        gauges.change(&change("5001", Some(Verdict::InService), None));
        has(&gauges, "regscope_expected_dns_missing 2");
        has(&gauges, "regscope_dn_in_service{dn=\"5001\"} 0");
        assert!(!text(&gauges).contains("7001"));
    }

    #[test]
    fn a_dn_known_from_cti_only_is_in_the_state_that_its_owner_states() {
        let mut gauges = DnGauges::new(&["2001".to_owned()], true);
        let only = |state| {
            let (verdict, flags, basis) = (Verdict::CtiOnly, FlagSet::EMPTY, Basis::Stated);
            Some(Status { verdict, state, status_code: None, flags, basis })
        };
        let mut change = change("2001", None, None);
        change.to = only(State::InService);
        gauges.change(&change);
        has(&gauges, "regscope_dns{verdict=\"cti_only\",state=\"in_service\"} 1");
        has(&gauges, "regscope_dns{verdict=\"cti_only\",state=\"out_of_service\"} 0");
        has(&gauges, "regscope_expected_dns_in_service 1");
        has(&gauges, "regscope_dn_in_service{dn=\"2001\"} 1");
        (change.from, change.to) = (only(State::InService), only(State::OutOfService));
        gauges.change(&change);
        has(&gauges, "regscope_dns{verdict=\"cti_only\",state=\"in_service\"} 0");
        has(&gauges, "regscope_dns{verdict=\"cti_only\",state=\"out_of_service\"} 1");
        has(&gauges, "regscope_expected_dns_in_service 0");
        has(&gauges, "regscope_dn_in_service{dn=\"2001\"} 0");
    }

    #[test]
    fn strangers_do_not_crowd_out_phones_and_names_are_harmless() {
        let mut gauges = DnGauges::new(&[], true);
        for number in 0..SERIES + 5 {
            gauges.change(&change(&format!("x{number}"), None, Some(Verdict::Rejected)));
        }
        let shown = |gauges: &DnGauges| gauges.series().unwrap().len();
        assert_eq!(shown(&gauges), SERIES);
        has(&gauges, "regscope_dns_without_series 5");
        has(&gauges, "regscope_dn_in_service{dn=\"x9999\"} 0");
        gauges.change(&change("5001", None, Some(Verdict::InService)));
        assert_eq!(shown(&gauges), SERIES);
        has(&gauges, "regscope_dn_in_service{dn=\"5001\"} 1");
        has(&gauges, "regscope_dns_without_series 6");
        let mut gauges = DnGauges::new(&[], true);
        gauges.change(&change("a\"} 1\nb\x1b\\", None, Some(Verdict::InService)));
        has(&gauges, r#"regscope_dn_in_service{dn="a\"} 1\\nb\\u{1b}\\"} 1"#);
        gauges.change(&change(&"9".repeat(NAME + 1), None, Some(Verdict::InService)));
        assert_eq!(shown(&gauges), 1);
        has(&gauges, "regscope_dns_without_series 1");
    }
}
