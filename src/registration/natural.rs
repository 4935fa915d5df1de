//! Puts names in the order people do.

use std::cmp::Ordering;

/// Where something of a name stands among others: by a rank first, then by name.
///
/// The name itself is asked for only where its beginning does not tell.
#[derive(Clone, Copy)]
pub(super) struct Standing {
    rank: u32,
    /// What stands there.
    pub place: u32,
    start: [u64; 2],
}

impl Standing {
    pub(super) fn new(rank: u32, place: u32, name: &[u8]) -> Self {
        let start = start(name);
        Self { rank, place, start: [(start >> 64) as u64, start as u64] }
    }

    /// The order of two; `tell` has the name of what stands at a place, and its number among those
    /// whose names people put in no order.
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

/// Puts a list in the order of the standings of its members.
pub(super) fn arrange<T>(list: &mut [T], order: &mut [Standing]) {
    for to in 0..list.len() {
        // what stood there may have gone elsewhere before
        let mut from = order.get(to).map_or(to, |s| s.place as usize);
        while from < to {
            from = order.get(from).map_or(to, |s| s.place as usize);
        }
        if let Some(standing) = order.get_mut(to) {
            standing.place = from as u32;
        }
        if from < list.len() {
            list.swap(to, from);
        }
    }
}

/// A name that is ordered as people do, with its beginning as a number that is ordered alike.
#[derive(Clone, Copy)]
pub(super) struct Natural<'a> {
    start: u128,
    name: &'a [u8],
}

impl<'a> Natural<'a> {
    pub(super) fn new(name: &'a [u8]) -> Self {
        Self { start: start(name), name }
    }
}

/// The beginning of a name: of runs of digits a mark that stands among other bytes where digits do,
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
            // so many digits are not told apart here
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

impl PartialEq for Natural<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Natural<'_> {}

impl Ord for Natural<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.start.cmp(&other.start).then_with(|| natural(self.name, other.name))
    }
}

impl PartialOrd for Natural<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
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
