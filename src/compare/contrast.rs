//! Measures every attribute over two sides, and sorts out what separates them.

use std::cell::OnceCell;
use std::cmp::Ordering;

use crate::hashing::HashMap;

use super::atom::Atom;
use super::attribute::{ATTRIBUTES, Kind};
use super::bits::Bits;
use super::codes::UNKNOWN;
use super::cohort::{Cohorts, KindOfFailure};
use super::combine;
use super::lists;
use super::measure::{self, Rule, Score};
use super::model::{Common, Condition, Contrast, Finding, Group, Share, Support};
use super::part::{Part, PartColumn};
use super::said::{said, said_by};
use super::stats::{self, Factorials};
use super::table::Table;
use crate::parallel;
use crate::registration::Snapshot;

/// A p-value up to this is not put down to chance.
pub(super) const SIGNIFICANT: f64 = 0.05;
/// What separates less is not offered, unless its condition is clean.
const WORTH_SHOWING: f64 = 0.2;
/// A clean condition (all failing, no working DN) that scores less has too few DNs to confirm it.
const CLEAN: f64 = 0.4;

/// Working against failing DNs; with several kinds of failure, each of them alone as well.
#[must_use]
pub fn contrast(snapshot: &Snapshot) -> Contrast {
    let cohorts = Cohorts::working_and_failing(snapshot);
    let table = Table::of(snapshot, &cohorts.failing, &cohorts.working);
    let ln = Factorials::up_to(table.rows());
    let mut kinds = cohorts.kinds();
    if let [kind] = kinds.as_slice() {
        let mut all = contrast_in(snapshot, &cohorts, &Part::whole(&table), &ln);
        all.failing.outcome = Some(kind.outcome());
        all.said = said(snapshot);
        return all;
    }
    // of very many kinds the ones with most DNs
    kinds.sort_by_key(|kind| std::cmp::Reverse(kind.rows.len()));
    kinds.truncate(MOST_KINDS);
    let one = |kind: &Option<KindOfFailure>| match kind {
        None => contrast_in(snapshot, &cohorts, &Part::whole(&table), &ln),
        Some(kind) => {
            let part = Part::keeping(&table, &kind.rows);
            contrast_in(snapshot, &cohorts.only(snapshot, kind), &part, &ln)
        }
    };
    // all kinds together first
    let kinds: Vec<_> = std::iter::once(None).chain(kinds.into_iter().map(Some)).collect();
    // large ones are tested by formulas, and memory counts for more
    let at_a_time = if table.rows() > LARGE { kinds.len() } else { 1 };
    let mut all = parallel::map(&kinds, at_a_time, one).into_iter();
    let first = all.next().unwrap_or_default();
    Contrast { by_outcome: all.collect(), said: said(snapshot), ..first }
}

/// Contrasts of more DNs are made one after the other.
const LARGE: usize = 20_000;

/// Kinds of failure that get a contrast of their own.
const MOST_KINDS: usize = 8;

/// Any two sets of DNs.
#[must_use]
pub fn contrast_of(snapshot: &Snapshot, cohorts: &Cohorts<'_>) -> Contrast {
    let table = Table::of(snapshot, &cohorts.failing, &cohorts.working);
    let contrast =
        contrast_in(snapshot, cohorts, &Part::whole(&table), &Factorials::up_to(table.rows()));
    let said = said_by(snapshot, [&cohorts.failing, &cohorts.working]);
    Contrast { said, ..contrast }
}

fn contrast_in(
    snapshot: &Snapshot,
    cohorts: &Cohorts<'_>,
    part: &Part<'_>,
    ln: &Factorials,
) -> Contrast {
    let [failing, working] = cohorts.sides();
    let mut contrast =
        Contrast { failing, working, left_out: cohorts.left_out, ..Contrast::default() };
    if !contrast.has_two_sides() {
        contrast.common = common(part);
        return contrast;
    }
    let mut measured: Vec<Measured<'_>> = ATTRIBUTES
        .iter()
        .zip(&part.columns)
        .map(|(attribute, column)| Measured::of(column, attribute))
        .collect();
    test_values(&mut measured, ln);
    correct(&mut measured);
    let findings: Vec<Finding> =
        ATTRIBUTES.iter().zip(&measured).map(|(attribute, m)| m.finding(part, attribute)).collect();
    sort_out(&mut contrast, findings, &measured);
    contrast.not_known.retain(|finding| finding.attribute.applies(snapshot));
    let best = contrast.groups.first().and_then(Group::lead).map_or(0.0, |lead| lead.separation);
    contrast.combinations = combine::combinations(part, &measured, ln, best);
    contrast
}

/// One column, measured.
pub(super) struct Measured<'p> {
    pub column: &'p PartColumn<'p>,
    pub score: Option<Score>,
    pub p_value: f64,
    pub outcome: bool,
    /// Rules that were tried: values, and of numbers thresholds.
    tried: f64,
    /// The DNs the rule holds for, those it judges, and those with a known value, computed on demand.
    holding: OnceCell<Bits>,
    judged: OnceCell<Bits>,
    known: OnceCell<Bits>,
}

impl<'p> Measured<'p> {
    fn of(column: &'p PartColumn<'p>, attribute: &super::Attribute) -> Self {
        let kind = attribute.kind;
        let counts = &column.counts;
        let by_value = measure::values(counts);
        let mut p_value = 1.0;
        let ordered = (kind != Kind::Categorical).then(|| bins(column));
        let by_limit = ordered.as_deref().and_then(measure::threshold);
        let score = match (by_limit, by_value) {
            (Some(limit), Some(value)) => Some(measure::better(limit, value)),
            (_, value) => value,
        };
        if let Some(score) = score.as_ref().filter(|s| s.separation > 0.0)
            && let (Rule::Above { .. }, Some(bins)) = (&score.rule, &ordered)
        {
            let of = bins.iter().fold([0, 0], |s, b| [s[0] + b.1[0], s[1] + b.1[1]]);
            p_value = stats::smirnov(score.distance, of[0], of[1]);
        }
        let tried = if ordered.is_none() { 1.0 } else { 2.0 };
        let follows = attribute.name.starts_with("auth.") && lacks(column, score.as_ref());
        let outcome = kind == Kind::Outcome || follows;
        let [holding, judged, known] = Default::default();
        Self { column, score, p_value, outcome, tried, holding, judged, known }
    }

    /// Whether it separates by its values, which are to be tested.
    fn is_by_values(&self) -> bool {
        let by_values = |s: &Score| s.separation > 0.0 && matches!(s.rule, Rule::Values { .. });
        self.score.as_ref().is_some_and(by_values)
    }

    /// Whether the rule holds for a value; `None` when the value does not decide.
    pub(super) fn holds(&self, code: u32) -> Option<bool> {
        if code == UNKNOWN {
            return None;
        }
        match &self.score.as_ref()?.rule {
            Rule::Values { failing, .. } => failing.get(code as usize).copied(),
            Rule::Above { limit, failing } => {
                let number = self.column.atom(code)?.number()?;
                Some((number > *limit) == *failing)
            }
        }
    }

    /// The DNs the rule holds for.
    pub(super) fn holding(&self) -> &Bits {
        self.holding.get_or_init(|| self.column.rows(|code| self.holds(code) == Some(true)))
    }

    /// The DNs with a known value.
    pub(super) fn known(&self) -> &Bits {
        self.known.get_or_init(|| self.column.rows(|code| code != UNKNOWN))
    }

    /// The DNs with a known value that the rule judges.
    fn judged(&self) -> &Bits {
        let judges_all = self.score.as_ref().is_some_and(|s| matches!(s.rule, Rule::Values { .. }));
        if judges_all {
            return self.known();
        }
        self.judged.get_or_init(|| self.column.rows(|code| self.holds(code).is_some()))
    }

    /// Whether the rules of both hold for the same DNs, and are known of the same.
    fn divides_as(&self, other: &Self) -> bool {
        self.holding() == other.holding() && self.judged() == other.judged()
    }

    /// The DNs with a known value, and those the rule holds for.
    fn support(&self, part: &Part<'_>) -> Support {
        let mut of = [0_u32; 2];
        let mut n = [0_u32; 2];
        for (code, count) in (0..).zip(self.column.counts.iter()) {
            let Some(held) = self.score.as_ref().map_or(Some(false), |_| self.holds(code)) else {
                continue;
            };
            of = [of[0] + count[0], of[1] + count[1]];
            if held {
                n = [n[0] + count[0], n[1] + count[1]];
            }
        }
        let dns = [part.failing as u32, part.working as u32];
        let share = |n, of, dns: u32| Share { n, of, not_known: dns.saturating_sub(of) };
        Support { failing: share(n[0], of[0], dns[0]), working: share(n[1], of[1], dns[1]) }
    }

    fn finding(&self, part: &Part<'_>, attribute: &'static super::Attribute) -> Finding {
        let [only_failing, only_working, shared] = lists::by_side(self.column);
        let separation = self.score.as_ref().map_or(0.0, |s| s.separation);
        let score = self.score.as_ref().filter(|s| s.separation > 0.0);
        let condition = score.map(|score| match &score.rule {
            Rule::Above { limit, failing: true } => Condition::Above(*limit),
            Rule::Above { limit, failing: false } => Condition::UpTo(*limit),
            Rule::Values { failing, unshared } => lists::condition(self.column, failing, *unshared),
        });
        Finding {
            attribute,
            separation,
            p_value: self.p_value,
            condition,
            support: self.support(part),
            only_failing,
            only_working,
            shared,
        }
    }
}

/// Whether failing DNs are distinguished by what they lack: a device that is rejected before being challenged, or
/// not answered, gives no credentials.
fn lacks(column: &PartColumn<'_>, score: Option<&Score>) -> bool {
    let Some(Rule::Values { failing, .. }) = score.map(|score| &score.rule) else { return false };
    let told = failing.iter().enumerate().filter(|(_, failing)| **failing);
    let mut atoms = told.filter_map(|(code, _)| column.atom(u32::try_from(code).ok()?)).peekable();
    atoms.peek().is_some() && atoms.all(|a| matches!(a, Atom::Absent | Atom::Word("no")))
}

/// The numbers of a column in order, with their counts.
fn bins(column: &PartColumn<'_>) -> Vec<(i64, [u32; 2])> {
    let all = column.values();
    let mut bins: Vec<_> = all.filter_map(|(atom, count)| Some((atom.number()?, count))).collect();
    bins.sort_unstable();
    bins
}

/// How often chance alone would separate as well as values do.
fn test_values(measured: &mut [Measured<'_>], ln: &Factorials) {
    let tables: Vec<&[[u32; 2]]> =
        measured.iter().filter(|m| m.is_by_values()).map(|m| &*m.column.counts).collect();
    let p_values = stats::freeman_halton(ln, &tables);
    for (m, p) in measured.iter_mut().filter(|m| m.is_by_values()).zip(p_values) {
        m.p_value = f64::min(m.tried * p, 1.0);
    }
}

/// Corrects the p-values for how many attributes were tried; equal columns are one test.
fn correct(measured: &mut [Measured<'_>]) {
    let mut seen: HashMap<usize, f64> = HashMap::default();
    let tested = |m: &&Measured<'_>| m.column.counts.len() > 1 && m.score.is_some() && !m.outcome;
    for m in measured.iter().filter(tested) {
        let p = seen.entry(m.column.class).or_insert(m.p_value);
        *p = p.min(m.p_value);
    }
    let (keys, mut p_values): (Vec<usize>, Vec<f64>) = seen.into_iter().unzip();
    let tests = p_values.len();
    stats::holm(&mut p_values, tests);
    let corrected: HashMap<usize, f64> = keys.into_iter().zip(p_values).collect();
    for m in measured.iter_mut().filter(|m| !m.outcome) {
        if let Some(p) = corrected.get(&m.column.class) {
            m.p_value = p.max(m.p_value);
        }
    }
}

/// Whether a finding is worth being called a difference.
fn separates(f: &Finding) -> bool {
    let (failing, working) = (f.support.failing, f.support.working);
    let clean = failing.n == failing.of && working.n == 0 && f.separation >= CLEAN;
    let told = |s: Share| s.of >= s.not_known;
    let few = f.p_value > SIGNIFICANT;
    f.separation >= WORTH_SHOWING && (!few || clean && told(failing) && told(working))
}

/// Rounds separations so that those that look equal are equal.
fn steps(finding: &Finding) -> f64 {
    (finding.separation * 1000.0).round()
}

/// Best first.
fn rank(a: &Finding, b: &Finding) -> Ordering {
    let backing = |f: &Finding| f.support.failing.of.min(f.support.working.of);
    (a.is_few().cmp(&b.is_few()))
        .then(a.is_list().cmp(&b.is_list()))
        .then(steps(b).total_cmp(&steps(a)))
        .then(backing(b).cmp(&backing(a)))
        .then(a.attribute.place().cmp(&b.attribute.place()))
}

fn sort_out(contrast: &mut Contrast, findings: Vec<Finding>, measured: &[Measured<'_>]) {
    let mut groups: Vec<(Group, &Measured<'_>)> = Vec::new();
    for (finding, m) in findings.into_iter().zip(measured) {
        let support = finding.support;
        if m.outcome {
            contrast.outcomes.push(finding);
        } else if support.failing.of == 0 || support.working.of == 0 {
            contrast.not_known.push(finding);
        } else if m.column.counts.len() < 2 {
            contrast.same.push(finding);
        } else if finding.condition.is_none() {
            contrast.mixed.push(finding);
        } else {
            let alike = |(group, lead): &&mut (Group, &Measured<'_>)| {
                group.lead().is_some_and(|l| l.support == support) && lead.divides_as(m)
            };
            match groups.iter_mut().find(alike) {
                Some((group, _)) => group.members.push(finding),
                None => groups.push((Group { members: vec![finding] }, m)),
            }
        }
    }
    for (mut group, _) in groups {
        if group.members.iter().any(separates) {
            group.share_p_value();
            group
                .members
                .sort_by(|a, b| a.is_list().cmp(&b.is_list()).then(steps(b).total_cmp(&steps(a))));
            contrast.groups.push(group);
        } else {
            contrast.mixed.append(&mut group.members);
        }
    }
    contrast.groups.sort_by(|a, b| match (a.lead(), b.lead()) {
        (Some(a), Some(b)) => rank(a, b),
        _ => Ordering::Equal,
    });
    contrast.mixed.sort_by(|a, b| {
        let places = a.attribute.place().cmp(&b.attribute.place());
        b.separation.total_cmp(&a.separation).then(places)
    });
}

/// What all failing DNs share, as far as it is known.
fn common(part: &Part<'_>) -> Vec<Common> {
    let mut all = Vec::new();
    for (attribute, column) in ATTRIBUTES.iter().zip(&part.columns) {
        let of = column.counts.iter().map(|count| count[0]).sum();
        let mut only = column.values().filter(|(_, count)| count[0] > 0).map(|(atom, _)| atom);
        if let (Some(atom), None) = (only.next(), only.next()) {
            let share = Share { n: of, of, not_known: part.failing as u32 - of };
            all.push(Common { attribute, value: atom.value(), share });
        }
    }
    all
}
