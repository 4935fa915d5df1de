//! Permutation test: reassigns the smaller group's labels at random, for many tables at once.
//!
//! Tables with as many DNs on either side are dealt the same hands: what is dealt are places in the
//! row of all DNs, in which those that share a value are adjacent. Where values are few, a hand is
//! counted up to the end of each value, which takes one word of bits; else by the places dealt. What
//! no hand can be expected to match is not dealt at all.

use crate::hashing::HashMap;

use super::stats::{Factorials, Random};

/// Draws spent on one attribute, about.
const DRAWS: usize = 1_000_000;
/// This many draws as rare as what is observed show how common it is, to some seven in a hundred.
const ENOUGH: u32 = 200;
/// The logarithm of a chance so small that it is none: 10⁻¹⁵.
const NEVER: f64 = -34.5;
/// Values up to which a byte holds the value at a place; one more means none.
const FEW: usize = u8::MAX as usize;
/// About the instructions it takes to count the bits up to a place, a place of a hand with few values,
/// and one with many; to set a bit, and to add up a word of them.
const COSTS: [usize; 3] = [18, 4, 14];
const TO_SET: [usize; 2] = [8, 3];

/// The p-values of tables, `[failing, working]` for each value.
pub(super) fn relabelled(ln: &Factorials, tables: &[&[[u32; 2]]]) -> Vec<f64> {
    let mut p_values = vec![1.0; tables.len()];
    let mut alike: HashMap<[u32; 2], Vec<Tested>> = HashMap::default();
    for (place, counts) in tables.iter().enumerate() {
        let of = counts.iter().fold([0, 0], |of, c| [of[0] + c[0], of[1] + c[1]]);
        if of[0].min(of[1]) > 0 {
            alike.entry(of).or_default().push(Tested::new(ln, counts, of, place));
        }
    }
    for (of, tested) in alike {
        deal(ln, of, tested, &mut p_values);
    }
    p_values
}

/// Deals to tables with `of` DNs on either side.
fn deal(ln: &Factorials, of: [u32; 2], mut tested: Vec<Tested>, p_values: &mut [f64]) {
    let taken = of[0].min(of[1]) as usize;
    let rounds = (DRAWS / taken).clamp(999, 9999);
    let none = 1.0 / (rounds + 1) as f64;
    tested.retain(|table| {
        let hopeless = table.ln_chance(ln, of) + (rounds as f64).ln() < NEVER;
        if let (true, Some(p_value)) = (hopeless, p_values.get_mut(table.place)) {
            *p_value = none;
        }
        !hopeless
    });
    let words = (of[0] + of[1]) as usize / 64 + 1;
    let saved: usize = tested.iter().map(|table| table.saved_by_bits(taken)).sum();
    let in_bits = saved > taken * TO_SET[0] + words * TO_SET[1];
    for table in &mut tested {
        table.choose(taken, in_bits);
    }
    let mut hands = Hands::new(of, taken, if in_bits { words } else { 0 });
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

/// Places, or words of bits, dealt before they are counted: so each table stays in the cache for a while.
const AT_ONCE: usize = 1 << 14;

/// Places dealt.
struct Hands {
    random: Random,
    deck: Vec<u32>,
    taken: usize,
    /// One hand after the other.
    dealt: Vec<u32>,
    /// Words of a hand as bits, and one more: none where they are not needed.
    words: usize,
    bits: Vec<Word>,
}

/// A part of a hand as bits.
#[derive(Clone, Copy, Default)]
struct Word {
    bits: u64,
    /// How many are set in the words before.
    before: u32,
}

impl Hands {
    fn new(of: [u32; 2], taken: usize, words: usize) -> Self {
        let deck: Vec<u32> = (0..of[0] + of[1]).collect();
        let (dealt, bits) = (Vec::new(), Vec::new());
        Self { random: Random(0x9e37_79b9_7f4a_7c15), deck, taken, dealt, words, bits }
    }

    fn deal(&mut self, hands: usize) {
        self.dealt.clear();
        self.bits.clear();
        self.bits.resize(hands * self.words, Word::default());
        for hand in 0..hands {
            // here: what can be reached from elsewhere is written back at every step
            let (mut random, deck) = (Random(self.random.0), self.deck.as_mut_slice());
            for seen in 0..self.taken.min(deck.len()) {
                let other = seen + random.below(deck.len() - seen);
                deck.swap(seen, other);
            }
            self.random = random;
            let dealt = self.deck.get(..self.taken).unwrap_or_default();
            self.dealt.extend_from_slice(dealt);
            if self.words > 0 {
                let bits = hand * self.words..(hand + 1) * self.words;
                set(self.bits.get_mut(bits).unwrap_or_default(), dealt);
            }
        }
    }

    /// The places of each hand, and as bits.
    fn each(&self) -> impl Iterator<Item = (&[u32], &[Word])> {
        self.dealt.chunks(self.taken.max(1)).enumerate().map(|(hand, dealt)| {
            let bits = hand * self.words..(hand + 1) * self.words;
            (dealt, self.bits.get(bits).unwrap_or_default())
        })
    }
}

/// Sets the bits of places.
fn set(bits: &mut [Word], places: &[u32]) {
    for place in places {
        if let Some(word) = bits.get_mut(*place as usize / 64) {
            word.bits |= 1 << (place % 64);
            // its own for now
            word.before += 1;
        }
    }
    let mut before = 0;
    for word in bits {
        let own = std::mem::replace(&mut word.before, before);
        before += own;
    }
}

/// A table under test.
struct Tested {
    /// Its place among those asked for.
    place: usize,
    /// How much each number of labels weighs on a value that several DNs share: those of one value
    /// are adjacent. What only one DN has weighs nothing with or without a label.
    weights: Vec<f64>,
    values: Vec<Shared>,
    /// DNs, and up to how many of their places bits are to be counted.
    places: u32,
    ends: usize,
    /// How labels are counted.
    by: Counter,
    observed: f64,
    as_rare: u32,
}

/// How the labels of each value are counted.
enum Counter {
    /// A hand as bits.
    Bits,
    /// By place in the row of all DNs: the value of the DN there, [`FEW`] if it is not shared; and
    /// how many labels each value has so far, by every other place.
    Few { by_place: Vec<u8>, labels: Box<[[u32; FEW + 1]; 2]> },
    /// The same with `u32::MAX`; how many labels each value has so far, and those that have some.
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
        let (mut from, mut observed, mut ends) = (0, 0.0, 0);
        for count in counts {
            let total = count[0] + count[1];
            let to = from + total;
            if total > 1 {
                let start = weights.len();
                weights.extend((0..=taken.min(total)).map(|n| -ln.ln_choose(total, n)));
                let own = count.get(small).map_or(0, |n| *n as usize);
                observed += weights.get(start + own).copied().unwrap_or(0.0);
                let follows = values.last().is_some_and(|before: &Shared| before.to == from);
                ends += if follows { 1 } else { 2 };
                values.push(Shared { from, to, weights: start as u32 });
            }
            from = to;
        }
        // many tables are in memory together
        weights.shrink_to_fit();
        values.shrink_to_fit();
        Self { place, weights, values, places: from, ends, by: Counter::Bits, observed, as_rare: 0 }
    }

    /// The logarithm of a chance that a hand's is not above: to divide the values as unevenly as what is
    /// observed. Each way of dividing them that counts is as rare as that at least, and the number of
    /// ways is known.
    fn ln_chance(&self, ln: &Factorials, of: [u32; 2]) -> f64 {
        let (taken, all) = (of[0].min(of[1]), of[0] + of[1]);
        let shared: u32 = self.values.iter().map(|value| value.to - value.from).sum();
        let values = self.values.len() as u32;
        // what is not shared makes no difference, but it is dealt as well
        let single = all - shared;
        let of_single = ln.ln_choose(single, taken.min(single / 2));
        let free = if single > 0 { values } else { values.saturating_sub(1) };
        let ways = ln.ln_choose(taken + free, free);
        ways + of_single - self.observed - ln.ln_choose(all, taken)
    }

    /// What it takes to count a hand by bits, with few values, and with many.
    fn costs(&self, taken: usize) -> [usize; 3] {
        let few = match self.values.len() {
            values @ ..=FEW => (taken + values) * COSTS[1],
            _ => usize::MAX,
        };
        [self.ends * COSTS[0], few, taken * COSTS[2]]
    }

    /// What is saved if a hand is there as bits.
    fn saved_by_bits(&self, taken: usize) -> usize {
        let [in_bits, few, many] = self.costs(taken);
        few.min(many).saturating_sub(in_bits)
    }

    /// Chooses how labels are counted.
    fn choose(&mut self, taken: usize, in_bits: bool) {
        let [bits, few, many] = self.costs(taken);
        self.by = if in_bits && bits < few.min(many) {
            Counter::Bits
        } else if few <= many {
            let by_place = by_place(&self.values, self.places, u8::MAX, |value| value as u8);
            Counter::Few { by_place, labels: Box::new([[0; FEW + 1]; 2]) }
        } else {
            Counter::Many {
                by_place: by_place(&self.values, self.places, u32::MAX, |value| value as u32),
                under_way: vec![0; self.values.len()],
                touched: Vec::new(),
            }
        };
    }

    /// Whether a hand divides the values as unevenly as what is observed.
    fn is_as_rare(&mut self, hand: &[u32], bits: &[Word]) -> bool {
        let weight = |value: &Shared, labels: u32| {
            self.weights.get((value.weights + labels) as usize).copied().unwrap_or(0.0)
        };
        let sum: f64 = match &mut self.by {
            Counter::Bits => {
                let (mut place, mut before) = (0, 0);
                let mut labels = |value: &Shared| {
                    if value.from != place {
                        before = ones(bits, value.from);
                    }
                    place = value.to;
                    let here = std::mem::replace(&mut before, ones(bits, value.to));
                    before - here
                };
                self.values.iter().map(|value| weight(value, labels(value))).sum()
            }
            Counter::Few { by_place, labels } => {
                let [even, odd] = &mut **labels;
                let value = |place: u32| by_place.get(place as usize).copied().unwrap_or(u8::MAX);
                // one after the other would wait where both have the same value
                let (pairs, rest) = hand.as_chunks::<2>();
                let add = |labels: &mut [u32; FEW + 1], place: u32| {
                    if let Some(labels) = labels.get_mut(usize::from(value(place))) {
                        *labels += 1;
                    }
                };
                for [a, b] in pairs {
                    add(even, *a);
                    add(odd, *b);
                }
                for place in rest {
                    add(even, *place);
                }
                let labels = even.iter_mut().zip(odd);
                let labels = labels.map(|(a, b)| std::mem::take(a) + std::mem::take(b));
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

/// How many bits are set before a place.
fn ones(bits: &[Word], place: u32) -> u32 {
    let word = bits.get(place as usize / 64).copied().unwrap_or_default();
    word.before + (word.bits & !(u64::MAX << (place % 64))).count_ones()
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
        let hopeless = |table: &Vec<[u32; 2]>| {
            let of = table.iter().fold([0, 0], |of, c| [of[0] + c[0], of[1] + c[1]]);
            Tested::new(&ln, table, of, 0).ln_chance(&ln, of) < NEVER
        };
        assert!(hopeless(&tables[1]) && !hopeless(&tables[0]));
        let tried = |way: fn(&Counter) -> bool| {
            tables.iter().any(|table| {
                let of = table.iter().fold([0, 0], |of, c| [of[0] + c[0], of[1] + c[1]]);
                let mut tested = Tested::new(&ln, table, of, 0);
                let taken = of[0].min(of[1]) as usize;
                tested.choose(taken, true);
                way(&tested.by)
            })
        };
        assert!(tried(|by| matches!(by, Counter::Bits)));
        assert!(tried(|by| matches!(by, Counter::Few { .. })));
        assert!(tried(|by| matches!(by, Counter::Many { .. })));
    }

    #[test]
    fn a_chance_is_not_above_its_bound() {
        let ln = Factorials::up_to(1000);
        for table in [
            vec![[6, 2], [2, 18], [1, 3]],
            vec![[9, 1], [1, 30], [0, 1], [1, 0], [0, 1], [3, 3]],
            vec![[4, 0], [0, 12], [1, 0], [0, 1]],
            (0..40).map(|n| [u32::from(n % 3 == 0), 1]).collect(),
        ] {
            let of = table.iter().fold([0, 0], |of, c: &[u32; 2]| [of[0] + c[0], of[1] + c[1]]);
            let bound = Tested::new(&ln, &table, of, 0).ln_chance(&ln, of).exp();
            let dealt = relabelled(&ln, &[&table])[0];
            assert!(dealt < bound * 1.3 + 1e-4, "{table:?}: {dealt} of at most {bound}");
        }
        // two values: the bound holds three ways for one
        let [of, observed] = [[4, 4], [4, 0]];
        let bound = Tested::new(&ln, &[observed, [0, 4]], of, 0).ln_chance(&ln, of).exp();
        let chance = super::super::stats::fisher(&ln, observed, of);
        assert!(chance <= bound && bound <= chance * 5.0, "{chance} {bound}");
    }

    #[test]
    fn bits_are_counted_up_to_a_place() {
        let places: Vec<u32> = (0..64).chain([64, 65, 67, 191]).collect();
        let mut bits = [Word::default(); 4];
        set(&mut bits, &places);
        for (place, want) in [(0, 0), (5, 5), (64, 64), (66, 66), (68, 67), (191, 67), (192, 68)] {
            assert_eq!(ones(&bits, place), want, "{place}");
        }
    }
}
