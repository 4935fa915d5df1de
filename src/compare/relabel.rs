//! Deals the labels of the smaller side out at random, again and again, for many tables at once.
//!
//! Tables with as many DNs on either side are dealt the same hands: what is dealt are places in the
//! row of all DNs, in which those that share a value stand together. A hand is counted by bits where
//! values are few, else by the places dealt.

use rustc_hash::FxHashMap;

use super::stats::{Factorials, Random};

/// Draws spent on one attribute, about.
const DRAWS: usize = 1_000_000;
/// So many draws as rare as what is observed tell how common it is, to some seven in a hundred.
const ENOUGH: u32 = 200;
/// Values up to which a byte tells which one stands at a place; one more stands for none.
const FEW: usize = u8::MAX as usize;
/// About the instructions it takes to count a word of bits, a place of a hand with few values, and
/// one with many.
const COSTS: [usize; 3] = [14, 5, 14];

/// The p-values of tables, `[failing, working]` for each value.
pub(super) fn relabelled(ln: &Factorials, tables: &[&[[u32; 2]]]) -> Vec<f64> {
    let mut p_values = vec![1.0; tables.len()];
    let mut alike: FxHashMap<[u32; 2], Vec<Tested>> = FxHashMap::default();
    for (place, counts) in tables.iter().enumerate() {
        let of = counts.iter().fold([0, 0], |of, c| [of[0] + c[0], of[1] + c[1]]);
        if of[0].min(of[1]) > 0 {
            alike.entry(of).or_default().push(Tested::new(ln, counts, of, place));
        }
    }
    for (of, tested) in alike {
        deal(of, tested, &mut p_values);
    }
    p_values
}

/// Deals to tables with so many DNs on either side.
fn deal(of: [u32; 2], mut tested: Vec<Tested>, p_values: &mut [f64]) {
    let taken = of[0].min(of[1]) as usize;
    let rounds = (DRAWS / taken).clamp(999, 9999);
    let mut hands = Hands::new(of, taken, tested.iter().any(Tested::asks_for_bits));
    let at_once = (AT_ONCE / taken.max(hands.words)).clamp(8, 256);
    for first in (1..=rounds).step_by(at_once) {
        hands.deal(at_once.min(rounds + 1 - first));
        tested.retain_mut(|table| {
            let enough = hands.each().zip(first..).find_map(|((hand, bits), round)| {
                table.as_rare += u32::from(table.is_as_rare(hand, bits));
                (table.as_rare == ENOUGH).then_some(round)
            });
            if let (Some(round), Some(p_value)) = (enough, p_values.get_mut(table.place)) {
                *p_value = f64::from(ENOUGH) / round as f64;
            }
            enough.is_none()
        });
        if tested.is_empty() {
            return;
        }
    }
    for table in tested {
        if let Some(p_value) = p_values.get_mut(table.place) {
            *p_value = f64::from(table.as_rare + 1) / (rounds + 1) as f64;
        }
    }
}

/// Places, or words of bits, dealt before tables look at them: so each table stays near for a while.
const AT_ONCE: usize = 1 << 14;

/// Places dealt.
struct Hands {
    random: Random,
    deck: Vec<u32>,
    taken: usize,
    /// One hand after the other.
    dealt: Vec<u32>,
    /// Words of a hand as bits: none where nobody asks for them.
    words: usize,
    bits: Vec<u64>,
}

impl Hands {
    fn new(of: [u32; 2], taken: usize, in_bits: bool) -> Self {
        let deck: Vec<u32> = (0..of[0] + of[1]).collect();
        let words = if in_bits { deck.len().div_ceil(64) } else { 0 };
        let (dealt, bits) = (Vec::new(), Vec::new());
        Self { random: Random(0x9e37_79b9_7f4a_7c15), deck, taken, dealt, words, bits }
    }

    fn deal(&mut self, hands: usize) {
        self.dealt.clear();
        self.bits.clear();
        self.bits.resize(hands * self.words, 0);
        for hand in 0..hands {
            for seen in 0..self.taken {
                let other = seen + self.random.below(self.deck.len() - seen);
                self.deck.swap(seen, other);
            }
            let dealt = self.deck.get(..self.taken).unwrap_or_default();
            self.dealt.extend_from_slice(dealt);
            let bits = self.bits.get_mut(hand * self.words..).unwrap_or_default();
            for place in dealt.iter().filter(|_| self.words > 0) {
                if let Some(word) = bits.get_mut(*place as usize / 64) {
                    *word |= 1 << (place % 64);
                }
            }
        }
    }

    /// The places of each hand, and as bits.
    fn each(&self) -> impl Iterator<Item = (&[u32], &[u64])> {
        self.dealt.chunks(self.taken.max(1)).enumerate().map(|(hand, dealt)| {
            let bits = hand * self.words..(hand + 1) * self.words;
            (dealt, self.bits.get(bits).unwrap_or_default())
        })
    }
}

/// A table under test.
struct Tested {
    /// Its place among those asked for.
    place: usize,
    /// How much each number of labels weighs on a value that several DNs share: those of one value
    /// stand together. What only one DN has weighs nothing with or without a label.
    weights: Vec<f64>,
    values: Vec<Shared>,
    /// How labels are counted.
    by: Counter,
    observed: f64,
    as_rare: u32,
}

/// How the labels of each value are counted.
enum Counter {
    /// A hand as bits.
    Bits,
    /// By place in the row of all DNs: the value of the DN there, [`FEW`] if nobody shares it.
    Few(Vec<u8>),
    /// The same with `u32::MAX`; how many labels each value has under way, and those that have some.
    Many { by_place: Vec<u32>, under_way: Vec<u32>, touched: Vec<u32> },
}

/// A value that several DNs share: their places, and where its weights begin.
struct Shared {
    from: u32,
    to: u32,
    weights: u32,
}

impl Tested {
    fn new(ln: &Factorials, counts: &[[u32; 2]], of: [u32; 2], place: usize) -> Self {
        let small = usize::from(of[0] > of[1]);
        let taken = of[0].min(of[1]);
        let (mut weights, mut values) = (Vec::new(), Vec::new());
        let (mut from, mut observed, mut words) = (0, 0.0, 0);
        for count in counts {
            let total = count[0] + count[1];
            let to = from + total;
            if total > 1 {
                let start = weights.len();
                weights.extend((0..=taken.min(total)).map(|n| -ln.ln_choose(total, n)));
                let own = count.get(small).map_or(0, |n| *n as usize);
                observed += weights.get(start + own).copied().unwrap_or(0.0);
                values.push(Shared { from, to, weights: start as u32 });
                words += 2 + (to / 64 - from / 64) as usize;
            }
            from = to;
        }
        let taken = taken as usize;
        let [in_bits, few, many] = [words * COSTS[0], taken * COSTS[1], taken * COSTS[2]];
        let few = few + values.len() * COSTS[1];
        let by = match values.len() {
            ..=FEW if few < in_bits => {
                Counter::Few(by_place(&values, from, u8::MAX, |value| value as u8))
            }
            len if many < in_bits => Counter::Many {
                by_place: by_place(&values, from, u32::MAX, |value| value as u32),
                under_way: vec![0; len],
                touched: Vec::new(),
            },
            _ => Counter::Bits,
        };
        Self { place, weights, values, by, observed, as_rare: 0 }
    }

    const fn asks_for_bits(&self) -> bool {
        matches!(self.by, Counter::Bits)
    }

    /// Whether a hand divides the values as unevenly as what is observed.
    fn is_as_rare(&mut self, hand: &[u32], bits: &[u64]) -> bool {
        let weight = |value: &Shared, labels: u32| {
            self.weights.get((value.weights + labels) as usize).copied().unwrap_or(0.0)
        };
        let sum: f64 = match &mut self.by {
            Counter::Bits => self
                .values
                .iter()
                .map(|value| weight(value, ones(bits, value.from, value.to)))
                .sum(),
            Counter::Few(by_place) => {
                let mut labels = [0_u32; FEW + 1];
                for place in hand {
                    let value = by_place.get(*place as usize).copied().unwrap_or(u8::MAX);
                    if let Some(labels) = labels.get_mut(usize::from(value)) {
                        *labels += 1;
                    }
                }
                self.values.iter().zip(labels).map(|(value, labels)| weight(value, labels)).sum()
            }
            Counter::Many { by_place, under_way, touched } => {
                for place in hand {
                    let value = by_place.get(*place as usize).copied().unwrap_or(u32::MAX);
                    if let Some(labels) = under_way.get_mut(value as usize) {
                        if *labels == 0 {
                            touched.push(value);
                        }
                        *labels += 1;
                    }
                }
                let of_value = |value: u32| {
                    let labels = under_way.get_mut(value as usize).map_or(0, std::mem::take);
                    self.values.get(value as usize).map_or(0.0, |value| weight(value, labels))
                };
                touched.drain(..).map(of_value).sum()
            }
        };
        sum >= self.observed - 1e-9
    }
}

/// By place in the row of `places` DNs: which value is there.
fn by_place<T: Copy>(values: &[Shared], places: u32, none: T, name: impl Fn(usize) -> T) -> Vec<T> {
    let mut by_place = vec![none; places as usize];
    for (value, shared) in values.iter().enumerate() {
        let range = shared.from as usize..shared.to as usize;
        by_place.get_mut(range).unwrap_or_default().fill(name(value));
    }
    by_place
}

/// How many bits are set from one place up to another, which is not among them.
fn ones(bits: &[u64], from: u32, to: u32) -> u32 {
    let (first, last) = (from as usize / 64, to as usize / 64);
    let (above, below) = (u64::MAX << (from % 64), !(u64::MAX << (to % 64)));
    let word = |place: usize| bits.get(place).copied().unwrap_or(0);
    if first == last {
        return (word(first) & above & below).count_ones();
    }
    let between = bits.get(first + 1..last).unwrap_or_default();
    let between: u32 = between.iter().map(|word| word.count_ones()).sum();
    (word(first) & above).count_ones() + between + (word(last) & below).count_ones()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One table alone, dealt as the text says: the values themselves are shuffled.
    fn one_alone(ln: &Factorials, counts: &[[u32; 2]]) -> f64 {
        let of = counts.iter().fold([0, 0], |of, c| [of[0] + c[0], of[1] + c[1]]);
        let small = usize::from(of[0] > of[1]);
        let taken = of[0].min(of[1]) as usize;
        let weight = |labels: &[u32]| -> f64 {
            counts.iter().zip(labels).map(|(c, n)| -ln.ln_choose(c[0] + c[1], *n)).sum()
        };
        let observed = weight(&counts.iter().map(|c| c[small]).collect::<Vec<_>>());
        let mut deck: Vec<usize> =
            (0..).zip(counts).flat_map(|(value, c)| vec![value; (c[0] + c[1]) as usize]).collect();
        let rounds = (DRAWS / taken).clamp(999, 9999);
        let mut random = Random(0x9e37_79b9_7f4a_7c15);
        let mut as_rare = 0;
        for round in 1..=rounds {
            let mut labels = vec![0; counts.len()];
            for seen in 0..taken {
                let other = seen + random.below(deck.len() - seen);
                deck.swap(seen, other);
                labels[deck[seen]] += 1;
            }
            as_rare += u32::from(weight(&labels) >= observed - 1e-9);
            if as_rare == ENOUGH {
                return f64::from(ENOUGH) / round as f64;
            }
        }
        f64::from(as_rare + 1) / (rounds + 1) as f64
    }

    #[test]
    fn tables_tested_together_are_tested_as_each_alone() {
        let ln = Factorials::up_to(1000);
        let many: Vec<[u32; 2]> = (0..60).map(|n| [u32::from(n % 3 == 0), 1 + n % 4]).collect();
        let lots: Vec<[u32; 2]> = (0..300).map(|n| [u32::from(n % 9 == 0), 2 + n % 2]).collect();
        let tables: Vec<Vec<[u32; 2]>> = vec![
            vec![[20, 80], [10, 60], [10, 70]],
            vec![[40, 10], [0, 130], [0, 70]],
            vec![[1, 0]; 40].into_iter().chain(vec![[0, 1]; 210]).collect(),
            vec![[15, 60], [25, 62], [0, 88]],
            many,
            lots,
            vec![[5, 3], [4, 4], [1, 9]],
            vec![[60, 3], [44, 4], [11, 9]],
        ];
        let borrowed: Vec<&[[u32; 2]]> = tables.iter().map(Vec::as_slice).collect();
        let together = relabelled(&ln, &borrowed);
        for (table, p_value) in tables.iter().zip(together) {
            assert!((p_value - one_alone(&ln, table)).abs() < 1e-12, "{table:?}: {p_value}");
        }
        let tried = |way: fn(&Counter) -> bool| {
            tables.iter().any(|table| {
                let of = table.iter().fold([0, 0], |of, c| [of[0] + c[0], of[1] + c[1]]);
                way(&Tested::new(&ln, table, of, 0).by)
            })
        };
        assert!(tried(|by| matches!(by, Counter::Bits)));
        assert!(tried(|by| matches!(by, Counter::Few(_))));
        assert!(tried(|by| matches!(by, Counter::Many { .. })));
    }

    #[test]
    fn bits_are_counted_from_place_to_place() {
        let bits = [u64::MAX, 0b1011, 1 << 63];
        for (from, to, want) in
            [(0, 64, 64), (0, 192, 68), (60, 66, 6), (66, 68, 1), (191, 192, 1), (5, 5, 0)]
        {
            assert_eq!(ones(&bits, from, to), want, "{from} to {to}");
        }
    }
}
