//! A number that may be absent.

/// A number that may be absent, in its own eight bytes; the lowest number means absent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spare(i64);

impl Spare {
    pub(super) const NONE: Self = Self(i64::MIN);

    pub(super) const fn new(number: Option<i64>) -> Self {
        match number {
            Some(number) if number > i64::MIN => Self(number),
            _ => Self::NONE,
        }
    }

    pub(super) const fn get(self) -> Option<i64> {
        if self.0 == i64::MIN { None } else { Some(self.0) }
    }
}
