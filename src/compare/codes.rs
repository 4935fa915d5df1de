//! A list of codes in as few bytes as they need: most attributes have few values, many have one.

use std::ops::Range;

/// The code of a value that the capture does not show.
pub(super) const UNKNOWN: u32 = u32::MAX;

/// Codes from here on need more than one byte, more than two.
const BYTE: u32 = u8::MAX as u32;
const WORD: u32 = u16::MAX as u32;

/// One code per DN. Equal lists are kept alike.
#[derive(PartialEq, Eq, Debug)]
pub(super) enum Codes {
    /// All are this one.
    Same(u32, usize),
    Bytes(Vec<u8>),
    Words(Vec<u16>),
    Longs(Vec<u32>),
}

/// The integer that codes are kept in; the greatest means [`UNKNOWN`].
trait Narrow: Copy + Eq {
    const NONE: Self;
    fn narrow(code: u32) -> Self;
    fn wide(self) -> u32;
}

macro_rules! narrow {
    ($($width:ty)*) => {
        $(impl Narrow for $width {
            const NONE: Self = Self::MAX;

            fn narrow(code: u32) -> Self {
                Self::try_from(code).unwrap_or(Self::NONE)
            }

            #[inline]
            fn wide(self) -> u32 {
                if self == Self::NONE { UNKNOWN } else { self.into() }
            }
        })*
    };
}

narrow!(u8 u16 u32);

/// So much of one code, with room for `room` in all.
fn filled<To: Narrow>(code: u32, len: usize, room: usize) -> Vec<To> {
    let mut codes = Vec::with_capacity(room.max(len));
    codes.resize(len, To::narrow(code));
    codes
}

/// The same codes in other bytes, with room for `room` in all.
fn copied<From: Narrow, To: Narrow>(codes: &[From], room: usize) -> Vec<To> {
    let mut copy = Vec::with_capacity(room.max(codes.len()));
    copy.extend(codes.iter().map(|code| To::narrow(code.wide())));
    copy
}

impl Default for Codes {
    fn default() -> Self {
        Self::Same(UNKNOWN, 0)
    }
}

impl Codes {
    /// Adds runs of codes, which are named by `new`; there will be `room` in all.
    pub(super) fn extend(&mut self, runs: &[(u32, u32)], new: &[u32], room: usize) {
        let named = |code: u32| new.get(code as usize).copied().unwrap_or(UNKNOWN);
        let mut rest = runs;
        while let (Self::Same(own, len), Some((&(code, times), after))) =
            (&mut *self, rest.split_first())
        {
            let code = named(code);
            if *len > 0 && *own != code {
                break;
            }
            (*own, *len, rest) = (code, *len + times as usize, after);
        }
        let greatest = rest.iter().map(|(code, _)| named(*code)).filter(|code| *code != UNKNOWN);
        if !rest.is_empty() {
            self.widen(greatest.max().unwrap_or(0), room);
        }
        match self {
            Self::Same(..) => {}
            Self::Bytes(codes) => extend(codes, rest, named),
            Self::Words(codes) => extend(codes, rest, named),
            Self::Longs(codes) => extend(codes, rest, named),
        }
    }

    /// Makes place for codes up to one.
    fn widen(&mut self, greatest: u32, room: usize) {
        *self = match self {
            Self::Same(code, len) => {
                let greatest = if *code == UNKNOWN { greatest } else { greatest.max(*code) };
                match greatest {
                    ..BYTE => Self::Bytes(filled(*code, *len, room)),
                    BYTE..WORD => Self::Words(filled(*code, *len, room)),
                    _ => Self::Longs(filled(*code, *len, room)),
                }
            }
            Self::Bytes(codes) if greatest >= WORD => Self::Longs(copied(codes, room)),
            Self::Bytes(codes) if greatest >= BYTE => Self::Words(copied(codes, room)),
            Self::Words(codes) if greatest >= WORD => Self::Longs(copied(codes, room)),
            _ => return,
        };
    }

    /// The code at a place.
    pub(super) fn get(&self, place: usize) -> Option<u32> {
        match self {
            Self::Same(code, len) => (place < *len).then_some(*code),
            Self::Bytes(codes) => codes.get(place).map(|code| code.wide()),
            Self::Words(codes) => codes.get(place).map(|code| code.wide()),
            Self::Longs(codes) => codes.get(place).map(|code| code.wide()),
        }
    }

    /// Maps each code of a range to its entry in `told`, `unknown` where there is none.
    pub(super) fn tell<T: Copy>(
        &self,
        places: Range<usize>,
        told: &[T],
        unknown: T,
        take: impl FnMut(T),
    ) {
        let places = places.start..places.end.min(self.len());
        let of = |code: usize| told.get(code).copied().unwrap_or(unknown);
        match self {
            Self::Same(code, _) => {
                std::iter::repeat_n(of(*code as usize), places.len()).for_each(take);
            }
            Self::Bytes(codes) => {
                // a byte cannot be out of range
                let none = usize::from(u8::NONE);
                let told: [T; 256] =
                    std::array::from_fn(|code| if code == none { unknown } else { of(code) });
                let told = |code: &u8| told.get(usize::from(*code)).copied().unwrap_or(unknown);
                codes.get(places).unwrap_or_default().iter().map(told).for_each(take);
            }
            Self::Words(codes) => {
                let codes = codes.get(places).unwrap_or_default();
                codes.iter().map(|code| of(code.wide() as usize)).for_each(take);
            }
            Self::Longs(codes) => {
                let codes = codes.get(places).unwrap_or_default();
                codes.iter().map(|code| of(*code as usize)).for_each(take);
            }
        }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Same(_, len) => *len,
            Self::Bytes(codes) => codes.len(),
            Self::Words(codes) => codes.len(),
            Self::Longs(codes) => codes.len(),
        }
    }
}

fn extend<T: Narrow>(codes: &mut Vec<T>, runs: &[(u32, u32)], named: impl Fn(u32) -> u32) {
    for (code, times) in runs {
        let code = T::narrow(named(*code));
        if *times == 1 {
            codes.push(code);
        } else {
            codes.extend(std::iter::repeat_n(code, *times as usize));
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(codes: &[u32], cut: usize) -> Codes {
        let greatest = codes.iter().copied().filter(|code| *code != UNKNOWN).max().unwrap_or(0);
        let same: Vec<u32> = (0..=greatest).collect();
        let mut list = Codes::default();
        for part in codes.chunks(cut) {
            let runs: Vec<_> =
                part.chunk_by(PartialEq::eq).map(|run| (run[0], run.len() as u32)).collect();
            list.extend(&runs, &same, codes.len());
        }
        list
    }

    fn told(list: &Codes, places: Range<usize>) -> Vec<u32> {
        let told: Vec<u32> = (0..100_000).collect();
        let mut all = Vec::new();
        list.tell(places, &told, UNKNOWN, |code| all.push(code));
        all
    }

    #[test]
    fn codes_take_as_many_bytes_as_the_greatest_needs() {
        for (codes, want) in [
            (vec![7; 9], "Same"),
            (vec![UNKNOWN; 9], "Same"),
            (vec![0, 254, UNKNOWN], "Bytes"),
            (vec![0, 255, UNKNOWN], "Words"),
            (vec![0, 65_534, UNKNOWN], "Words"),
            (vec![0, 65_535, UNKNOWN], "Longs"),
            (vec![70_000, 0], "Longs"),
        ] {
            let list = of(&codes, 1);
            assert!(format!("{list:?}").starts_with(want), "{codes:?}: {list:?}");
            assert_eq!(told(&list, 0..codes.len()), codes);
        }
    }

    proptest! {
        #[test]
        fn what_goes_in_comes_out(
            codes in prop::collection::vec(
                prop_oneof![0_u32..4, 250_u32..260, 65_530_u32..65_540, Just(UNKNOWN)], 1..60,
            ),
            (most, cut, from) in (1_u32..65_540, 1_usize..60, 0_usize..60),
        ) {
            let codes: Vec<u32> =
                codes.into_iter().map(|c| if c == UNKNOWN { c } else { c.min(most) }).collect();
            let list = of(&codes, cut);
            prop_assert_eq!(&list, &of(&codes, 7));
            prop_assert!((0..70).all(|place| list.get(place) == codes.get(place).copied()));
            let from = from.min(codes.len());
            prop_assert_eq!(told(&list, from..usize::MAX), &codes[from..]);
        }
    }
}
