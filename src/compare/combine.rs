//! Finds pairs of attributes that separate together though neither does alone.
//!
//! Pairs of conditions are tried on bit sets, so that a pair costs a few words for every 64 DNs.
//! A pair is reported only if it separates better than every attribute alone, and if each half
//! adds to the other more than chance would, at a p-value (Fisher's exact test among the DNs the
//! other half holds for) corrected for every pair that was tried.

use std::cell::OnceCell;

use super::attribute::{ATTRIBUTES, Attribute};
use super::bits::Bits;
use super::contrast::Measured;
use super::lists;
use super::measure::Rule;
use super::model::{Combination, Condition, Share, Support};
use super::part::{Part, PartColumn};
use super::stats::{self, Factorials};

/// Attributes tried, the best ones.
const ATTRIBUTES_TRIED: usize = 12;
/// Values tried of each, those most failing DNs have.
const VALUES_TRIED: usize = 4;
/// Failing DNs that a pair must hold for.
const LEAST_FAILING: u32 = 4;
/// Separation a pair must reach.
const LEAST: f64 = 0.6;
/// Separation it must have over every attribute alone.
const GAIN: f64 = 0.02;
/// The corrected p-value it must reach.
const CHANCE: f64 = 0.01;
/// Pairs reported.
const MOST: usize = 3;

/// A condition on one attribute, and the DNs it holds for.
struct Half<'m> {
    attribute: &'static Attribute,
    /// Its place in the table.
    place: usize,
    measured: &'m Measured<'m>,
    /// One value, or the attribute's own rule.
    code: Option<u32>,
    /// Failing and working DNs: it holds for, it is known of.
    n: [u32; 2],
    of: [u32; 2],
    /// The DNs its one value holds for, computed on demand.
    own: OnceCell<Bits>,
}

impl Half<'_> {
    fn is_in(&self, code: u32) -> bool {
        match self.code {
            Some(own) => code == own,
            None => self.measured.holds(code) == Some(true),
        }
    }

    /// The DNs it holds for.
    fn holds(&self) -> &Bits {
        match self.code {
            Some(own) => self.own.get_or_init(|| self.measured.column.rows(|code| code == own)),
            None => self.measured.holding(),
        }
    }

    /// The DNs for which it is known.
    fn known(&self) -> &Bits {
        self.measured.known()
    }
}

/// A pair under test.
struct Pair<'h> {
    halves: [&'h Half<'h>; 2],
    /// Failing and working DNs: both hold, both known.
    both: [u32; 2],
    of: [u32; 2],
    separation: f64,
    p_value: f64,
}

/// The pairs worth reporting, best first; `best` is what one attribute alone reaches.
pub(super) fn combinations(
    part: &Part<'_>,
    measured: &[Measured<'_>],
    ln: &Factorials,
    best: f64,
) -> Vec<Combination> {
    if (part.failing as u32) < LEAST_FAILING || best >= 1.0 - GAIN {
        return Vec::new();
    }
    let halves = halves(measured);
    let dns = [part.failing as u32, part.working as u32];
    let failing = Bits::first(part.failing, part.working);
    let mut tried = 0_u32;
    let mut found: Vec<Pair<'_>> = Vec::new();
    for (place, a) in halves.iter().enumerate() {
        for b in halves.iter().skip(place + 1).filter(|b| b.place != a.place) {
            tried += 1;
            let least = (best + GAIN).max(LEAST);
            if could_reach([a, b], dns, least)
                && let Some(pair) = Pair::of([a, b], &failing, ln, least)
            {
                found.push(pair);
            }
        }
    }
    for pair in &mut found {
        pair.p_value = (pair.p_value * f64::from(tried)).min(1.0);
    }
    found.retain(|pair| pair.p_value <= CHANCE);
    let order = |p: &Pair<'_>| p.halves.map(|h| h.place);
    found.sort_by(|a, b| {
        b.separation.total_cmp(&a.separation).then_with(|| order(a).cmp(&order(b)))
    });
    merge(found).iter().filter_map(|pairs| Some(report(part, pairs.first()?, pairs))).collect()
}

/// The conditions to try: of the best attributes, the rule and the foremost values.
fn halves<'m>(measured: &'m [Measured<'m>]) -> Vec<Half<'m>> {
    let separation = |m: &Measured<'_>| m.score.as_ref().map_or(0.0, |s| s.separation);
    let mut best: Vec<(usize, &Measured<'_>)> =
        measured.iter().enumerate().filter(|(_, m)| !m.outcome && separation(m) > 0.05).collect();
    best.sort_by(|a, b| separation(b.1).total_cmp(&separation(a.1)));
    // columns that divide alike would only fill the places of others
    let mut seen = crate::hashing::HashSet::default();
    best.retain(|(_, m)| seen.insert(m.column.class));
    best.truncate(ATTRIBUTES_TRIED);
    best.sort_by_key(|(place, _)| *place);
    let mut halves = Vec::new();
    for (place, m) in best {
        let codes = foremost(m);
        let one_value = codes.len() == 1 && matches!(rule(m), Some(Rule::Values { .. }));
        let rules = (!one_value).then_some(None).into_iter();
        for code in rules.chain(codes.into_iter().map(Some)) {
            let Some(attribute) = ATTRIBUTES.get(place) else { continue };
            let (n, of, own) = ([0; 2], [0; 2], OnceCell::new());
            let mut half = Half { attribute, place, measured: m, code, n, of, own };
            for (code, count) in (0..).zip(m.column.counts.iter()) {
                half.of = [half.of[0] + count[0], half.of[1] + count[1]];
                if half.is_in(code) {
                    half.n = [half.n[0] + count[0], half.n[1] + count[1]];
                }
            }
            halves.push(half);
        }
    }
    halves
}

/// Whether a pair can separate so well, by what is known of each half: it holds for no more failing
/// DNs than either half, and at least for those working ones that are too many for one of them to
/// miss.
fn could_reach([a, b]: [&Half<'_>; 2], dns: [u32; 2], least: f64) -> bool {
    let not_known = [0, 1].map(|side: usize| {
        let of = |half: &Half<'_>| half.of.get(side).copied().unwrap_or(0);
        let all = dns.get(side).copied().unwrap_or(0);
        (all - of(a)) + (all - of(b))
    });
    let failing = a.n[0].min(b.n[0]);
    let least_known = dns[0].saturating_sub(not_known[0]).max(1);
    let working = (a.n[1] + b.n[1]).saturating_sub(dns[1]);
    let share =
        f64::from(failing) / f64::from(least_known) - f64::from(working) / f64::from(dns[1].max(1));
    failing >= LEAST_FAILING && share >= least - 1e-9
}

fn rule<'m>(m: &'m Measured<'_>) -> Option<&'m Rule> {
    m.score.as_ref().map(|s| &s.rule)
}

/// The values most failing DNs have, of those the rule holds for.
fn foremost(m: &Measured<'_>) -> Vec<u32> {
    let mut codes: Vec<(u32, u32)> = (0..)
        .zip(m.column.counts.iter())
        .filter(|(code, count)| count[0] >= LEAST_FAILING && m.holds(*code) == Some(true))
        .map(|(code, count)| (count[0], code))
        .collect();
    codes.sort_unstable_by(|a, b| b.cmp(a));
    codes.into_iter().take(VALUES_TRIED).map(|(_, code)| code).collect()
}

impl<'h> Pair<'h> {
    fn of(halves: [&'h Half<'h>; 2], failing: &Bits, ln: &Factorials, least: f64) -> Option<Self> {
        let [a, b] = halves;
        let both = Bits::count([a.holds(), b.holds()], failing);
        if both[0] < LEAST_FAILING {
            return None;
        }
        let of = Bits::count([a.known(), b.known()], failing);
        let share = |n: u32, of: u32| f64::from(n) / f64::from(of.max(1));
        let separation = share(both[0], of[0]) - share(both[1], of[1]);
        if separation < least {
            return None;
        }
        let of_a = Bits::count([a.holds(), b.known()], failing);
        let of_b = Bits::count([b.holds(), a.known()], failing);
        let p_value = stats::fisher(ln, both, of_a).max(stats::fisher(ln, both, of_b));
        Some(Self { halves, both, of, separation, p_value })
    }
}

/// Pairs that hold for the same DNs are one.
fn merge(found: Vec<Pair<'_>>) -> Vec<Vec<Pair<'_>>> {
    let mut merged: Vec<(Bits, Vec<Pair<'_>>)> = Vec::new();
    for pair in found {
        let [a, b] = pair.halves;
        let mask = a.holds().and(b.holds());
        if let Some((_, pairs)) = merged.iter_mut().find(|(other, _)| *other == mask) {
            pairs.push(pair);
        } else if merged.len() < MOST {
            merged.push((mask, vec![pair]));
        }
    }
    merged.into_iter().map(|(_, pairs)| pairs).collect()
}

fn report(whole: &Part<'_>, lead: &Pair<'_>, pairs: &[Pair<'_>]) -> Combination {
    let part = |half: &Half<'_>| (half.attribute, condition(half));
    let name = |pair: &Pair<'_>| pair.halves.map(|half| half.attribute.name);
    let mut also: Vec<[&'static str; 2]> = Vec::new();
    for pair in pairs {
        if name(pair) != name(lead) && !also.contains(&name(pair)) {
            also.push(name(pair));
        }
    }
    let dns = [whole.failing as u32, whole.working as u32];
    let share = |n: u32, of: u32, dns: u32| Share { n, of, not_known: dns.saturating_sub(of) };
    Combination {
        parts: lead.halves.map(part),
        also,
        separation: lead.separation,
        p_value: lead.p_value,
        support: Support {
            failing: share(lead.both[0], lead.of[0], dns[0]),
            working: share(lead.both[1], lead.of[1], dns[1]),
        },
    }
}

fn condition(half: &Half<'_>) -> Condition {
    let column: &PartColumn<'_> = half.measured.column;
    if let Some(atom) = half.code.and_then(|code| column.atom(code)) {
        return Condition::Values { values: vec![atom.value()], more: 0, unshared: false };
    }
    match rule(half.measured) {
        Some(Rule::Above { limit, failing: true }) => Condition::Above(*limit),
        Some(Rule::Above { limit, failing: false }) => Condition::UpTo(*limit),
        Some(Rule::Values { failing, unshared }) => lists::condition(column, failing, *unshared),
        None => Condition::Values { values: Vec::new(), more: 0, unshared: false },
    }
}
