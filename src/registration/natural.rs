//! Sorts names in natural order.

use std::cmp::Ordering;

/// The sort key of something with a name: a rank first, then the start of the name.
///
/// The whole name is compared only where its start does not decide.
#[derive(Clone, Copy)]
pub(super) struct Standing {
    rank: u32,
    /// The place of the thing that is sorted.
    place: u32,
    start: [u64; 2],
}

impl Standing {
    pub(super) fn new(rank: u32, place: u32, name: &[u8]) -> Self {
        let start = start(name);
        Self { rank, place, start: [(start >> 64) as u64, start as u64] }
    }

    /// The place of the thing that is sorted.
    pub(super) const fn place(&self) -> usize {
        self.place as usize
    }

    pub(super) const fn set_rank(&mut self, rank: u32) {
        self.rank = rank;
    }

    /// The same, behind `others` others.
    pub(super) const fn behind(self, others: u32) -> Self {
        Self { place: self.place + others, ..self }
    }

    /// Compares two; `tell` returns the name of the thing at a place, and its number among those
    /// whose names have no natural order.
    pub(super) fn compare<'a>(
        &self,
        other: &Self,
        tell: impl Fn(u32) -> (&'a [u8], u32),
    ) -> Ordering {
        (self.rank, self.start).cmp(&(other.rank, other.start)).then_with(|| {
            let ((a, first), (b, second)) = (tell(self.place), tell(other.place));
            natural(a, b).then(first.cmp(&second))
        })
    }
}

/// Puts what has these standings in their order, by swaps.
pub(super) fn arrange(order: &mut [Standing], mut swap: impl FnMut(usize, usize)) {
    for to in 0..order.len() {
        // what was there may have been moved before
        let mut from = order.get(to).map_or(to, |s| s.place as usize);
        while from < to {
            from = order.get(from).map_or(to, |s| s.place as usize);
        }
        if let Some(standing) = order.get_mut(to) {
            standing.place = from as u32;
        }
        swap(to, from);
    }
}

/// The start of a name: for a run of digits a mark that sorts among other bytes as digits do,
/// how many, and the digits. Names that are equal so far may still differ.
fn start(name: &[u8]) -> u128 {
    let (mut start, mut room) = (0_u128, 16);
    let mut add = |byte: u8| {
        if room > 0 {
            room -= 1;
            start |= u128::from(byte) << (8 * room);
        }
        room > 0
    };
    let mut rest = name;
    while let Some((&byte, after)) = rest.split_first() {
        let more = if byte.is_ascii_digit() {
            let (digits, after) = split_digits(rest);
            rest = after;
            // longer runs of digits are not distinguished here
            let len = u8::try_from(digits.len()).unwrap_or(u8::MAX);
            add(b'0') && add(len) && len < u8::MAX && digits.iter().all(|digit| add(*digit))
        } else {
            rest = after;
            add(byte)
        };
        if !more {
            break;
        }
    }
    start
}

/// Orders names as people do: runs of digits by their number.
#[must_use]
pub fn natural(a: &[u8], b: &[u8]) -> Ordering {
    let (mut a, mut b) = (a, b);
    loop {
        let (Some(&x), Some(&y)) = (a.first(), b.first()) else {
            return a.len().cmp(&b.len());
        };
        if x.is_ascii_digit() && y.is_ascii_digit() {
            let (left, rest_a) = split_digits(a);
            let (right, rest_b) = split_digits(b);
            let order = left.len().cmp(&right.len()).then_with(|| left.cmp(right));
            if order != Ordering::Equal {
                return order;
            }
            (a, b) = (rest_a, rest_b);
        } else if x == y {
            (a, b) = (a.get(1..).unwrap_or_default(), b.get(1..).unwrap_or_default());
        } else {
            return x.cmp(&y);
        }
    }
}

fn split_digits(text: &[u8]) -> (&[u8], &[u8]) {
    let end = text.iter().position(|b| !b.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    let zeros = digits.iter().take_while(|&&b| b == b'0').count();
    (digits.get(zeros..).unwrap_or_default(), rest)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_sort_as_people_sort_them() {
        let mut names = ["5010", "502", "5002", "a10", "a9", "+1", "05002"];
        names.sort_by(|a, b| natural(a.as_bytes(), b.as_bytes()));
        assert_eq!(names, ["+1", "502", "5002", "05002", "5010", "a9", "a10"]);
    }

    proptest! {
        #[test]
        fn standings_put_a_list_in_order(
            list in prop::collection::vec((0_u32..3, "[0-9a]{0,3}|0[0-9]{17,19}"), 0..40),
        ) {
            let standing = |(place, (rank, name)): (u32, &(u32, String))| {
                Standing::new(*rank, 0, name.as_bytes()).behind(place)
            };
            let mut order: Vec<_> = (0..).zip(&list).map(standing).collect();
            let tell = |place: u32| (list[place as usize].1.as_bytes(), place);
            order.sort_unstable_by(|a, b| a.compare(b, tell));
            let (mut got, mut want) = (list.clone(), list.clone());
            arrange(&mut order, |a, b| got.swap(a, b));
            want.sort_by(|a, b| {
                a.0.cmp(&b.0).then_with(|| natural(a.1.as_bytes(), b.1.as_bytes()))
            });
            prop_assert_eq!(got, want);
        }

        #[test]
        fn the_beginning_of_a_name_is_ordered_as_the_name(
            a in "[0-9a+/:~\\x00\\xff]{0,24}|[0-9]{250,300}a?",
            b in "[0-9a+/:~\\x00\\xff]{0,24}|[0-9]{250,300}a?",
        ) {
            let order = natural(a.as_bytes(), b.as_bytes());
            let starts = start(a.as_bytes()).cmp(&start(b.as_bytes()));
            prop_assert!(starts == order || starts == Ordering::Equal, "{a:?} {b:?}");
        }
    }
}
