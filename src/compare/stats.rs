//! Significance: how often chance alone would separate two sides as well as this.
//!
//! - [`fisher`]: R. A. Fisher's exact test of a two-by-two table, two-sided.
//! - [`freeman_halton`]: its extension to several values (Freeman and Halton, Biometrika 38, 1951),
//!   by relabelling at random from a fixed seed, no longer than it takes to see that chance does as
//!   well (Besag and Clifford, Biometrika 78, 1991); by Pearson's chi-square where both sides are
//!   large (Wilson and Hilferty's approximation of its tail, PNAS 17, 1931).
//! - [`smirnov`]: the two-sample Kolmogorov–Smirnov test, whose statistic is the best Youden index
//!   of all thresholds and whose p-value therefore accounts for having tried them all. Exact by
//!   counting lattice paths while that is small (Hodges, Arkiv för Matematik 3, 1958), else
//!   Stephens' approximation (J. R. Stat. Soc. B 32, 1970).
//! - [`holm`]: Holm's correction for several tests (Scand. J. Statist. 6, 1979).

use rustc_hash::FxHashMap;

/// From so many DNs on both sides, chi-square takes over from relabelling.
const LARGE: u32 = 1000;
/// Draws spent on one attribute, about.
const DRAWS: usize = 1_000_000;
/// So many draws as rare as what is observed tell how common it is, to some seven in a hundred.
const ENOUGH: u32 = 200;
/// Cells of the lattice counted exactly.
const LATTICE: u64 = 2_000_000;

/// Logarithms of factorials.
pub(super) struct Factorials(Vec<f64>);

impl Factorials {
    /// Those of 0 to `most`.
    pub(super) fn up_to(most: usize) -> Self {
        let mut sum = 0.0;
        let rest = (1..=most).map(|n| {
            sum += (n as f64).ln();
            sum
        });
        Self(std::iter::once(0.0).chain(rest.collect::<Vec<_>>()).collect())
    }

    fn ln(&self, n: u32) -> f64 {
        self.0.get(n as usize).copied().unwrap_or(f64::INFINITY)
    }

    fn ln_choose(&self, n: u32, k: u32) -> f64 {
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

/// The p-values of tables; equal tables are worked out once, for many attributes divide alike.
#[derive(Default)]
pub(super) struct Known(FxHashMap<Vec<[u32; 2]>, f64>);

impl Known {
    /// The p-value of a table of any number of values, `[failing, working]` each.
    pub(super) fn freeman_halton(&mut self, ln: &Factorials, counts: &[[u32; 2]]) -> f64 {
        let counts: Vec<[u32; 2]> = counts.iter().copied().filter(|c| c[0] + c[1] > 0).collect();
        if let Some(known) = self.0.get(&counts) {
            return *known;
        }
        let p_value = freeman_halton(ln, &counts);
        self.0.insert(counts, p_value);
        p_value
    }
}

fn freeman_halton(ln: &Factorials, counts: &[[u32; 2]]) -> f64 {
    let of = counts.iter().fold([0, 0], |of, c| [of[0] + c[0], of[1] + c[1]]);
    match counts {
        [] | [_] => 1.0,
        [first, _] => fisher(ln, *first, of),
        _ if of[0].min(of[1]) > LARGE => chi_square(counts, of),
        _ => relabelled(ln, counts, of),
    }
}

/// Deals the labels of the smaller side out at random, again and again.
fn relabelled(ln: &Factorials, counts: &[[u32; 2]], of: [u32; 2]) -> f64 {
    let small = usize::from(of[0] > of[1]);
    let taken = of.iter().copied().min().unwrap_or(0);
    if taken == 0 {
        return 1.0;
    }
    let totals: Vec<u32> = counts.iter().map(|c| c[0] + c[1]).collect();
    // how much each number of labels on a value weighs; those of one value stand together
    let (mut weights, mut starts) = (Vec::new(), Vec::with_capacity(totals.len()));
    for total in &totals {
        starts.push(weights.len() as u32);
        weights.extend((0..=taken.min(*total)).map(|n| -ln.ln_choose(*total, n)));
    }
    let weight = |place: u32| weights.get(place as usize).copied().unwrap_or(0.0);
    let side = |c: &[u32; 2]| c.get(small).copied().unwrap_or(0);
    let observed: f64 = starts.iter().zip(counts).map(|(start, c)| weight(start + side(c))).sum();
    let mut deck: Vec<u32> = (0..).zip(&totals).flat_map(|(v, n)| vec![v; *n as usize]).collect();
    let mut places = starts.clone();
    let taken = taken as usize;
    let rounds = (DRAWS / taken).clamp(999, 9999);
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut as_rare = 0_u32;
    for round in 1..=rounds {
        let mut sum = 0.0;
        for seen in 0..taken {
            let other = seen + random.below(deck.len() - seen);
            deck.swap(seen, other);
            let value = deck.get(seen).map_or(0, |v| *v as usize);
            if let Some(place) = places.get_mut(value) {
                sum -= weight(*place);
                *place += 1;
                sum += weight(*place);
            }
        }
        for value in deck.iter().take(taken) {
            if let (Some(place), Some(start)) =
                (places.get_mut(*value as usize), starts.get(*value as usize))
            {
                *place = *start;
            }
        }
        as_rare += u32::from(sum >= observed - 1e-9);
        if as_rare == ENOUGH {
            return f64::from(ENOUGH) / round as f64;
        }
    }
    f64::from(as_rare + 1) / (rounds + 1) as f64
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

/// Walks every order in which the two samples can mix, keeping those whose distance stays below.
fn smirnov_exact(d: f64, n: u32, m: u32) -> f64 {
    let (n, m) = (n.min(m), n.max(m));
    let (fn_, fm) = (f64::from(n), f64::from(m));
    let near = |i: u32, j: u32| (f64::from(i) / fn_ - f64::from(j) / fm).abs() < d - 1e-9;
    // column by column: the chance of being at (i, j) without having been too far apart
    let mut row: Vec<f64> = vec![0.0; n as usize + 1];
    for j in 0..=m {
        let mut below = 0.0;
        for (i, cell) in (0..=n).zip(row.iter_mut()) {
            let (up, right) = (f64::from(i), f64::from(j));
            let left = f64::from(n - i) + f64::from(m - j) + 1.0;
            let from_right = if j > 0 { *cell * (fm - right + 1.0) / left } else { 0.0 };
            let from_below = if i > 0 { below * (fn_ - up + 1.0) / left } else { 0.0 };
            let start = if i == 0 && j == 0 { 1.0 } else { 0.0 };
            *cell = if near(i, j) { start + from_right + from_below } else { 0.0 };
            below = *cell;
        }
    }
    (1.0 - row.last().copied().unwrap_or(0.0)).clamp(0.0, 1.0)
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

    #[test]
    fn known_p_values() {
        let ln = Factorials::up_to(1000);
        // two against two, perfectly apart: 2 of 6 ways
        close(fisher(&ln, [2, 0], [2, 2]), 1.0 / 3.0, 1e-9);
        // the lady tasting tea: 3 of 4
        close(fisher(&ln, [3, 1], [4, 4]), 0.485_714, 1e-5);
        close(freeman_halton(&ln, &[[2, 0], [0, 2]]), 1.0 / 3.0, 1e-9);
        close(smirnov(1.0, 2, 2), 1.0 / 3.0, 1e-9);
        close(smirnov(1.0, 3, 3), 0.1, 1e-9);
        // scipy.stats.ks_2samp of 5 and 5 with distance 0.6
        close(smirnov(0.6, 5, 5), 0.357_142_86, 1e-6);
        close(smirnov(0.1, 2000, 2000), 0.0, 1e-6);
        close(chi_square_tail(3.841, 1.0), 0.05, 4e-3);
        close(chi_square_tail(18.307, 10.0), 0.05, 1e-3);
        close(normal_tail(1.96), 0.025, 1e-4);
    }

    #[test]
    fn relabelling_agrees_with_the_exact_test() {
        let ln = Factorials::up_to(100);
        let exact = fisher(&ln, [6, 2], [8, 20]);
        let dealt = relabelled(&ln, &[[6, 2], [2, 18]], [8, 20]);
        close(dealt, exact, 0.005);
        let unique: Vec<[u32; 2]> = (0..30).map(|i| if i < 8 { [1, 0] } else { [0, 1] }).collect();
        close(freeman_halton(&ln, &unique), 1.0, 1e-9);
        // what chance does often is known to be common before all is dealt
        for (table, of) in [([[5, 10], [4, 11]], [9, 21]), ([[6, 6], [4, 14]], [10, 20])] {
            close(relabelled(&ln, &table, of), fisher(&ln, table[0], of), 0.1);
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
