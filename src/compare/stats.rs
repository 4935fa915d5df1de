//! Significance: how often chance alone would separate two sides as well as this.
//!
//! - [`fisher`]: R. A. Fisher's exact test of a two-by-two table, two-sided.
//! - [`freeman_halton`]: its extension to several values (Freeman and Halton, Biometrika 38, 1951),
//!   by relabeling at random from a fixed seed, no longer than it takes to see that chance does as
//!   well (Besag and Clifford, Biometrika 78, 1991; `relabel`); by Pearson's chi-square where both sides are
//!   large (Wilson and Hilferty's approximation of its tail, PNAS 17, 1931).
//! - [`smirnov`]: the two-sample Kolmogorov–Smirnov test, whose statistic is the best Youden index
//!   of all thresholds and whose p-value therefore accounts for having tried them all. Exact by
//!   counting lattice paths while that is small (Hodges, Arkiv för Matematik 3, 1958), else
//!   Stephens' approximation (J. R. Stat. Soc. B 32, 1970).
//! - [`holm`]: Holm's correction for several tests (Scand. J. Statist. 6, 1979).

use crate::hashing::HashMap;

use super::relabel::relabelled;

/// From this many DNs on both sides, chi-square takes over from relabeling.
const LARGE: u32 = 1000;
/// Cells of the lattice counted exactly.
const LATTICE: u64 = 2_000_000;

/// Logarithms of factorials.
pub(super) struct Factorials(Vec<f64>);

impl Factorials {
    /// Those of 0 to `most`.
    pub(super) fn up_to(most: usize) -> Self {
        let mut sum = 0.0;
        let sums = (0..=most).map(|n| {
            sum += (n.max(1) as f64).ln();
            sum
        });
        Self(sums.collect())
    }

    fn ln(&self, n: u32) -> f64 {
        self.0.get(n as usize).copied().unwrap_or(f64::INFINITY)
    }

    /// The logarithm of the number of ways to choose `k` of `n`.
    pub(super) fn ln_choose(&self, n: u32, k: u32) -> f64 {
        if k > n { f64::NEG_INFINITY } else { self.ln(n) - self.ln(k) - self.ln(n - k) }
    }
}

/// The two-sided p-value of a table of which one row is `[a, b]` of the column sums `[of_a, of_b]`.
pub(super) fn fisher(ln: &Factorials, [a, b]: [u32; 2], [of_a, of_b]: [u32; 2]) -> f64 {
    let row = a + b;
    let all = ln.ln_choose(of_a + of_b, row);
    let chance = |k: u32| (ln.ln_choose(of_a, k) + ln.ln_choose(of_b, row - k) - all).exp();
    let limit = chance(a) * (1.0 + 1e-7);
    let range = row.saturating_sub(of_b)..=row.min(of_a);
    range.map(chance).filter(|p| *p <= limit).sum::<f64>().min(1.0)
}

/// The p-values of tables of any number of values, `[failing, working]` each; equal tables are worked
/// out once, for many attributes divide alike.
pub(super) fn freeman_halton(ln: &Factorials, tables: &[&[[u32; 2]]]) -> Vec<f64> {
    let mut known: HashMap<&[[u32; 2]], f64> = HashMap::default();
    let mut dealt = Vec::new();
    for counts in tables {
        if known.contains_key(counts) {
            continue;
        }
        let of = counts.iter().fold([0, 0], |of, c| [of[0] + c[0], of[1] + c[1]]);
        let p_value = match counts {
            [] | [_] => 1.0,
            [first, _] => fisher(ln, *first, of),
            _ if of[0].min(of[1]) > LARGE => chi_square(counts, of),
            _ => {
                dealt.push(*counts);
                1.0
            }
        };
        known.insert(counts, p_value);
    }
    let p_values = relabelled(ln, &dealt);
    known.extend(dealt.into_iter().zip(p_values));
    tables.iter().map(|counts| known.get(counts).copied().unwrap_or(1.0)).collect()
}

/// Pearson's chi-square; values too rare for it are taken together.
fn chi_square(counts: &[[u32; 2]], of: [u32; 2]) -> f64 {
    let all = f64::from(of[0]) + f64::from(of[1]);
    let least = f64::from(of[0].min(of[1]));
    let (mut rare, mut cells) = ([0_u32; 2], Vec::new());
    for count in counts {
        if f64::from(count[0] + count[1]) * least / all < 5.0 {
            rare = [rare[0] + count[0], rare[1] + count[1]];
        } else {
            cells.push(*count);
        }
    }
    if rare != [0, 0] {
        cells.push(rare);
    }
    let mut sum = 0.0;
    for cell in &cells {
        let total = f64::from(cell[0] + cell[1]);
        for (n, side) in cell.iter().zip(of) {
            let expected = total * f64::from(side) / all;
            sum += (f64::from(*n) - expected).powi(2) / expected;
        }
    }
    if cells.len() < 2 { 1.0 } else { chi_square_tail(sum, (cells.len() - 1) as f64) }
}

/// The chance that chi-square with `degrees` of freedom is above `x`.
fn chi_square_tail(x: f64, degrees: f64) -> f64 {
    let step = 2.0 / (9.0 * degrees);
    let z = ((x / degrees).cbrt() - (1.0 - step)) / step.sqrt();
    normal_tail(z)
}

/// The chance that a standard normal value is above `z` (Abramowitz and Stegun 26.2.17).
fn normal_tail(z: f64) -> f64 {
    let t = 1.0 / 0.231_641_9_f64.mul_add(z.abs(), 1.0);
    let poly = [1.330_274_429, -1.821_255_978, 1.781_477_937, -0.356_563_782, 0.319_381_530]
        .iter()
        .fold(0.0_f64, |sum, c| sum.mul_add(t, *c))
        * t;
    let tail = (-z * z / 2.0).exp() / std::f64::consts::TAU.sqrt() * poly;
    if z < 0.0 { 1.0 - tail } else { tail }
}

/// The p-value of the distance `d` between two distributions of `n` and `m` numbers.
pub(super) fn smirnov(d: f64, n: u32, m: u32) -> f64 {
    if n == 0 || m == 0 || d <= 0.0 {
        return 1.0;
    }
    if u64::from(n) * u64::from(m) <= LATTICE {
        return smirnov_exact(d, n, m);
    }
    let size = (f64::from(n) * f64::from(m) / (f64::from(n) + f64::from(m))).sqrt();
    let lambda = (size + 0.12 + 0.11 / size) * d;
    let terms = (1..=100).map(|k| {
        let sign = if k % 2 == 1 { 2.0 } else { -2.0 };
        sign * (-2.0 * f64::from(k * k) * lambda * lambda).exp()
    });
    terms.sum::<f64>().clamp(0.0, 1.0)
}

/// Walks every order in which the two samples can mix, keeping those whose distance stays below: the
/// chance of being at (i, j) without having been too far apart, for all with the same i + j at a time,
/// which do not depend on one another.
fn smirnov_exact(d: f64, n: u32, m: u32) -> f64 {
    let (n, m) = (n.min(m), n.max(m));
    let (of_n, of_m) = (f64::from(n), f64::from(m));
    let up: Vec<f64> = (0..=n).map(|i| f64::from(i) / of_n).collect();
    // from the end, so that it rises with i
    let right: Vec<f64> = (0..=m).rev().map(|j| f64::from(j) / of_m).collect();
    let steps: Vec<f64> = (0..=n).map(f64::from).collect();
    let limit = d - 1e-9;
    // with an empty place in front
    let mut before = vec![0.0; n as usize + 2];
    let mut now = before.clone();
    for sum in 0..=n + m {
        let (first, last) = (sum.saturating_sub(m), sum.min(n));
        let left = of_n + of_m - f64::from(sum) + 1.0;
        let places = first as usize..last as usize + 1;
        // what was at (i - 1, j) and at (i, j - 1)
        let below = before.get(places.clone()).unwrap_or_default();
        let beside = before.get(places.start + 1..=places.end).unwrap_or_default();
        let cells = now.get_mut(places.start + 1..=places.end).unwrap_or_default();
        let up = up.get(places).unwrap_or_default();
        let right = right.get((m + first - sum) as usize..).unwrap_or_default();
        // ways that lead from each of them to the first place here
        let (ways_below, ways_beside) =
            (of_n + 1.0 - f64::from(first), of_m + 1.0 - f64::from(sum - first));
        let start = f64::from(u8::from(sum == 0));
        let sides = below.iter().zip(beside).zip(up.iter().zip(right));
        for ((cell, step), ((below, beside), (up, right))) in
            cells.iter_mut().zip(&steps).zip(sides)
        {
            let from_beside = beside * (ways_beside + step) / left;
            let from_below = below * (ways_below - step) / left;
            let near = (up - right).abs() < limit;
            *cell = if near { start + from_beside + from_below } else { 0.0 };
        }
        std::mem::swap(&mut before, &mut now);
    }
    (1.0 - before.last().copied().unwrap_or(0.0)).clamp(0.0, 1.0)
}

/// Corrects p-values for `tests` tests in all, in place; those left out count as 1.
pub(super) fn holm(p_values: &mut [f64], tests: usize) {
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|a, b| {
        p_values.get(*a).partial_cmp(&p_values.get(*b)).unwrap_or(std::cmp::Ordering::Equal)
    });
    let mut least = 0.0_f64;
    for (rank, place) in order.into_iter().enumerate() {
        if let Some(p) = p_values.get_mut(place) {
            least = least.max(*p * tests.saturating_sub(rank).max(1) as f64).min(1.0);
            *p = least;
        }
    }
}

/// Splitmix64: small, and the same on every machine.
pub(crate) struct Random(pub u64);

impl Random {
    /// The next number.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `limit`; the bias is below 2⁻³² for any limit used here.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        ((u128::from(self.next()) * limit as u128) >> 64) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: f64, b: f64, by: f64) {
        assert!((a - b).abs() <= by, "{a} is not {b}");
    }

    fn one(ln: &Factorials, counts: &[[u32; 2]]) -> f64 {
        freeman_halton(ln, &[counts])[0]
    }

    #[test]
    fn known_p_values() {
        let ln = Factorials::up_to(1000);
        // two against two, perfectly apart: 2 of 6 ways
        close(fisher(&ln, [2, 0], [2, 2]), 1.0 / 3.0, 1e-9);
        // the lady tasting tea: 3 of 4
        close(fisher(&ln, [3, 1], [4, 4]), 0.485_714, 1e-5);
        close(one(&ln, &[[2, 0], [0, 2]]), 1.0 / 3.0, 1e-9);
        close(smirnov(1.0, 2, 2), 1.0 / 3.0, 1e-9);
        close(smirnov(1.0, 3, 3), 0.1, 1e-9);
        // scipy.stats.ks_2samp of 5 and 5 with distance 0.6
        close(smirnov(0.6, 5, 5), 0.357_142_86, 1e-6);
        close(smirnov(0.1, 2000, 2000), 0.0, 1e-6);
        close(chi_square_tail(3.841, 1.0), 0.05, 4e-3);
        close(chi_square_tail(18.307, 10.0), 0.05, 1e-3);
        close(normal_tail(1.96), 0.025, 1e-4);
    }

    /// The same cell by cell, column by column.
    fn smirnov_by_columns(d: f64, n: u32, m: u32) -> f64 {
        let (n, m) = (n.min(m), n.max(m));
        let (of_n, of_m) = (f64::from(n), f64::from(m));
        let near = |i: u32, j: u32| (f64::from(i) / of_n - f64::from(j) / of_m).abs() < d - 1e-9;
        let mut row: Vec<f64> = vec![0.0; n as usize + 1];
        for j in 0..=m {
            let mut below = 0.0;
            for (i, cell) in (0..=n).zip(row.iter_mut()) {
                let left = f64::from(n - i) + f64::from(m - j) + 1.0;
                let from_right =
                    if j > 0 { *cell * (of_m - f64::from(j) + 1.0) / left } else { 0.0 };
                let from_below =
                    if i > 0 { below * (of_n - f64::from(i) + 1.0) / left } else { 0.0 };
                let start = if i == 0 && j == 0 { 1.0 } else { 0.0 };
                *cell = if near(i, j) { start + from_right + from_below } else { 0.0 };
                below = *cell;
            }
        }
        (1.0 - row.last().copied().unwrap_or(0.0)).clamp(0.0, 1.0)
    }

    #[test]
    fn ways_are_counted_the_same_along_diagonals() {
        for (n, m) in [(1, 1), (2, 3), (7, 5), (40, 41), (118, 396), (468, 100), (1, 90)] {
            for d in [0.01, 0.1, 0.25, 0.5, 0.77, 1.0] {
                let (a, b) = (smirnov_exact(d, n, m), smirnov_by_columns(d, n, m));
                assert_eq!(a.to_bits(), b.to_bits(), "{d} {n} {m}: {a} {b}");
            }
        }
    }

    #[test]
    fn relabelling_agrees_with_the_exact_test() {
        let ln = Factorials::up_to(100);
        let exact = fisher(&ln, [6, 2], [8, 20]);
        let dealt = |table: &[[u32; 2]]| relabelled(&ln, &[table])[0];
        close(dealt(&[[6, 2], [2, 18]]), exact, 0.005);
        let unique: Vec<[u32; 2]> = (0..30).map(|i| if i < 8 { [1, 0] } else { [0, 1] }).collect();
        close(one(&ln, &unique), 1.0, 1e-9);
        // what chance does often is known to be common before all is dealt
        for (table, of) in [([[5, 10], [4, 11]], [9, 21]), ([[6, 6], [4, 14]], [10, 20])] {
            close(dealt(&table), fisher(&ln, table[0], of), 0.1);
        }
    }

    #[test]
    fn holm_steps_down() {
        let mut p = [0.04, 0.01, 0.03];
        holm(&mut p, 4);
        close(p[1], 0.04, 1e-12);
        close(p[2], 0.09, 1e-12);
        close(p[0], 0.09, 1e-12);
    }
}
