//! Measures how well one attribute separates two sides: 0 not at all, 1 perfectly.
//!
//! The measure is Youden's index J = sensitivity + specificity − 1 (Cancer 3, 1950), which weighs
//! both sides alike however unequal they are, of a rule that was *not* made with the DN it is
//! tried on:
//!
//! - **Values** (leave one out, Lachenbruch and Mickey, Technometrics 10, 1968): each DN is judged
//!   by the others that share its value: failing when the value is more frequent among the other
//!   failing DNs than among the other working ones. Values that only one DN has are taken
//!   together as "a value nobody shares". So a value per DN, such as a MAC address, scores 0, for a DN
//!   that is left out teaches nothing about itself.
//! - **Numbers** (cross-validation, at most ten folds): the threshold with the best J of the other
//!   folds is tried on each fold. Numbers that repeat are judged as values too, and the better of
//!   the two counts.
//!
//! What the capture does not show is left out and counted by the caller. A DN from which nothing can be
//! learned (its side has no other) counts as half right. Below zero is zero.

/// The rule an attribute gives, made with all DNs.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Rule {
    /// Which values speak for failing, by code, and whether a value nobody shares does.
    Values { failing: Vec<bool>, unshared: bool },
    /// Whether numbers above `limit` speak for failing, or those up to it.
    Above { limit: i64, failing: bool },
}

/// The score of a rule.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Score {
    /// 0 to 1.
    pub separation: f64,
    pub rule: Rule,
    /// Of numbers: the best J of all thresholds, the distance of the two distributions.
    pub distance: f64,
}

/// Folds of the cross-validation, at most.
const FOLDS: usize = 10;

/// `[failing, working]` summed up.
pub(super) fn total(counts: &[[u32; 2]]) -> [u32; 2] {
    counts.iter().fold([0, 0], |sum, c| [sum[0] + c[0], sum[1] + c[1]])
}

/// 1 if `a` of `of_a` is more than `b` of `of_b`, 0 if less, ½ if equal or if there is nothing.
fn more([a, of_a]: [u32; 2], [b, of_b]: [u32; 2]) -> f64 {
    if of_a == 0 || of_b == 0 {
        return 0.5;
    }
    let (left, right) = (u64::from(a) * u64::from(of_b), u64::from(b) * u64::from(of_a));
    match left.cmp(&right) {
        std::cmp::Ordering::Greater => 1.0,
        std::cmp::Ordering::Equal => 0.5,
        std::cmp::Ordering::Less => 0.0,
    }
}

/// How many of the DNs that share a value are judged right by the others, `[failing, working]`.
fn judged_right([f, w]: [u32; 2], [of_f, of_w]: [u32; 2]) -> [f64; 2] {
    let failing = if f == 0 { 0.0 } else { more([f - 1, of_f - 1], [w, of_w]) };
    let working = if w == 0 { 0.0 } else { more([w - 1, of_w - 1], [f, of_f]) };
    [f64::from(f) * failing, f64::from(w) * working]
}

/// Youden's J of the numbers judged right.
fn youden(right: [f64; 2], of: [u32; 2]) -> f64 {
    (right[0] / f64::from(of[0]) + right[1] / f64::from(of[1]) - 1.0).clamp(0.0, 1.0)
}

/// The score of values with counts `[failing, working]`; `None` when a side has none.
pub(super) fn values(counts: &[[u32; 2]]) -> Option<Score> {
    let of = total(counts);
    if of[0] == 0 || of[1] == 0 {
        return None;
    }
    let shared = |c: &[u32; 2]| c[0] + c[1] > 1;
    let single: Vec<[u32; 2]> = counts.iter().copied().filter(|c| !shared(c)).collect();
    let single = total(&single);
    let mut right = judged_right(single, of);
    let speaks = |c: [u32; 2]| more([c[0], of[0]], [c[1], of[1]]) > 0.5;
    let unshared = speaks(single);
    let mut failing = Vec::with_capacity(counts.len());
    for count in counts {
        if shared(count) {
            let one = judged_right(*count, of);
            right = [right[0] + one[0], right[1] + one[1]];
            failing.push(speaks(*count));
        } else {
            failing.push(unshared);
        }
    }
    let rule = Rule::Values { failing, unshared };
    Some(Score { separation: youden(right, of), rule, distance: 0.0 })
}

/// A threshold and how far apart the two sides are there.
#[derive(Clone, Copy)]
struct Cut {
    /// The place of the last number that is not above it.
    place: usize,
    /// Failing numbers up to it less working ones, as shares.
    distance: f64,
}

/// The best cut of `bins`, which are in order of number.
fn best_cut(bins: impl Iterator<Item = [u32; 2]>, of: [u32; 2]) -> Option<Cut> {
    if of[0] == 0 || of[1] == 0 {
        return None;
    }
    let (mut sum, mut best) = ([0_u32; 2], None::<Cut>);
    for (place, bin) in bins.enumerate() {
        sum = [sum[0] + bin[0], sum[1] + bin[1]];
        let distance = f64::from(sum[0]) / f64::from(of[0]) - f64::from(sum[1]) / f64::from(of[1]);
        if distance.abs() > best.map_or(1e-12, |b| b.distance.abs() + 1e-12) {
            best = Some(Cut { place, distance });
        }
    }
    best
}

/// The score of the best threshold over numbers with counts `[failing, working]`, which are in
/// order of number; `None` when a side has none.
pub(super) fn threshold(bins: &[(i64, [u32; 2])]) -> Option<Score> {
    let counts: Vec<[u32; 2]> = bins.iter().map(|b| b.1).collect();
    let of = total(&counts);
    if of[0] == 0 || of[1] == 0 {
        return None;
    }
    let cut = best_cut(counts.iter().copied(), of);
    let limit = cut.and_then(|c| bins.get(c.place)).map_or(0, |b| b.0);
    let distance = cut.map_or(0.0, |c| c.distance);
    Some(Score {
        separation: cross_validated(bins, of),
        rule: Rule::Above { limit, failing: distance < 0.0 },
        distance: distance.abs(),
    })
}

/// The better of a threshold and single values; the threshold where it holds for as many, for it
/// says more.
pub(super) fn better(limit: Score, value: Score) -> Score {
    let separation = limit.separation.max(value.separation);
    if limit.separation >= value.separation * 0.75 && limit.distance + 0.02 >= value.separation {
        Score { separation, ..limit }
    } else {
        value
    }
}

/// J of thresholds made without the fold they are tried on.
fn cross_validated(bins: &[(i64, [u32; 2])], of: [u32; 2]) -> f64 {
    let folds = FOLDS.min(of[0].max(of[1]) as usize);
    let mut right = [0.0; 2];
    for fold in 0..folds {
        let held = held_out(bins, folds, fold);
        let kept = bins.iter().zip(&held).map(|(b, h)| [b.1[0] - h[0], b.1[1] - h[1]]);
        let held_of = total(&held);
        let cut = best_cut(kept.clone(), [of[0] - held_of[0], of[1] - held_of[1]]);
        let Some(cut) = cut else {
            right = [
                f64::from(held_of[0]).mul_add(0.5, right[0]),
                f64::from(held_of[1]).mul_add(0.5, right[1]),
            ];
            continue;
        };
        // halfway to the next number that is left
        let low = bins.get(cut.place).map_or(0, |b| b.0);
        let next = bins.iter().zip(kept).skip(cut.place + 1).find(|(_, k)| *k != [0, 0]);
        let high = next.map_or(low, |(b, _)| b.0);
        let limit = i64::midpoint(low, high);
        for ((number, _), h) in bins.iter().zip(&held) {
            let side = usize::from((*number > limit) == (cut.distance > 0.0));
            if let (Some(right), Some(h)) = (right.get_mut(side), h.get(side)) {
                *right += f64::from(*h);
            }
        }
    }
    youden(right, of)
}

/// The DNs of one fold: every `folds`th of each side, in order of number.
fn held_out(bins: &[(i64, [u32; 2])], folds: usize, fold: usize) -> Vec<[u32; 2]> {
    let (folds, fold) = (folds as u32, fold as u32);
    let mut seen = [0_u32; 2];
    let upto = |n: u32| (n + folds - 1 - fold) / folds;
    bins.iter()
        .map(|(_, count)| {
            let mut held = [0; 2];
            for ((held, seen), n) in held.iter_mut().zip(&mut seen).zip(count) {
                *held = upto(*seen + n) - upto(*seen);
                *seen += n;
            }
            held
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn separation(counts: &[[u32; 2]]) -> f64 {
        values(counts).map_or(-1.0, |s| s.separation)
    }

    #[test]
    fn values_score_what_they_teach_about_others() {
        for (case, counts, want) in [
            ("two against two, apart", &[[2, 0], [0, 2]][..], 1.0),
            ("the same for all", &[[12, 200]], 0.0),
            ("one value per DN", &[[1, 0], [1, 0], [0, 1], [0, 1], [0, 1]], 0.0),
            ("failing share one, working have one each", &[[3, 0], [0, 1], [0, 1], [0, 1]], 1.0),
            ("failing have one each, working share one", &[[1, 0], [1, 0], [0, 9]], 1.0),
            ("as frequent on either side", &[[5, 50], [5, 50]], 0.0),
            ("one failing DN teaches nothing of others", &[[1, 0], [0, 200]], 0.5),
            ("half of the working ones share it", &[[12, 100], [0, 100]], 0.5),
            ("a side has none", &[[3, 0]], -1.0),
        ] {
            assert!((separation(counts) - want).abs() < 1e-9, "{case}: {}", separation(counts));
        }
    }

    #[test]
    fn thresholds_are_found_and_tried_on_others() {
        let bins = [(300, [0, 50]), (3000, [0, 150]), (3600, [8, 0]), (7200, [4, 0])];
        let score = threshold(&bins).unwrap();
        assert!((score.separation - 1.0).abs() < 1e-9);
        assert_eq!(score.rule, Rule::Above { limit: 3000, failing: true });
        let mixed: Vec<_> =
            (0..100_i64).map(|i| (i, if i % 2 == 0 { [1, 0] } else { [0, 1] })).collect();
        assert!(threshold(&mixed).unwrap().separation < 0.1);
        let two = [(120, [2, 0]), (1800, [0, 2])];
        let score = threshold(&two).unwrap();
        assert!((score.separation - 1.0).abs() < 1e-9);
        assert_eq!(score.rule, Rule::Above { limit: 120, failing: false });
    }

    fn swapped(counts: &[[u32; 2]]) -> Vec<[u32; 2]> {
        counts.iter().map(|c| [c[1], c[0]]).collect()
    }

    proptest! {
        #[test]
        fn separation_is_a_share_and_the_same_from_either_side(
            counts in prop::collection::vec([0_u32..9, 0_u32..9], 1..12)
        ) {
            if let Some(score) = values(&counts) {
                prop_assert!((0.0..=1.0).contains(&score.separation));
                prop_assert!((score.separation - separation(&swapped(&counts))).abs() < 1e-9);
            }
            let bins: Vec<_> = (0..).step_by(7).zip(counts.iter().copied()).collect();
            if let Some(score) = threshold(&bins) {
                let other: Vec<_> = (0..).step_by(7).zip(swapped(&counts)).collect();
                let other = threshold(&other).unwrap();
                prop_assert!((0.0..=1.0).contains(&score.separation));
                prop_assert!((score.separation - other.separation).abs() < 1e-9);
            }
        }
    }
}
