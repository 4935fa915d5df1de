//! Reads UTF-16 with a byte order mark as UTF-8; everything else as it is.

use std::io::{self, Read};

/// An input whose text is UTF-8, or bytes of any kind.
#[derive(Debug)]
pub(super) struct Text<R> {
    input: R,
    /// How UTF-16 is read, if the input is that.
    order: Option<Order>,
    /// Bytes of a code unit, or of a pair, that is not complete.
    rest: Vec<u8>,
    /// UTF-8 that was not asked for yet.
    ready: Vec<u8>,
    given: usize,
}

/// Which byte of a code unit comes first.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Order {
    /// The high one.
    Big,
    /// The low one.
    Little,
}

impl Order {
    /// The order that a mark at the start of `head` shows.
    pub(super) fn of(head: &[u8]) -> Option<Self> {
        match head {
            [0xfe, 0xff, ..] => Some(Self::Big),
            [0xff, 0xfe, ..] => Some(Self::Little),
            _ => None,
        }
    }
}

impl<R: Read> Text<R> {
    /// The text of `input`.
    pub(super) const fn new(input: R, order: Option<Order>) -> Self {
        Self { input, order, rest: Vec::new(), ready: Vec::new(), given: 0 }
    }

    /// Puts bytes of the input back that were read to find its order.
    pub(super) fn put_back(&mut self, bytes: &[u8]) {
        if self.order.is_some() {
            self.rest.extend_from_slice(bytes);
        } else {
            self.ready.extend_from_slice(bytes);
        }
    }

    /// Reads more code units.
    fn fill(&mut self, order: Order) -> io::Result<bool> {
        self.ready.clear();
        self.given = 0;
        let mut chunk = vec![0; 64 * 1024];
        let count = self.input.read(&mut chunk)?;
        self.rest.extend_from_slice(chunk.get(..count).unwrap_or_default());
        self.rest = decode(&self.rest, order, &mut self.ready);
        Ok(count > 0)
    }
}

/// Appends UTF-16 as UTF-8, without its mark; gives back what is not complete.
fn decode(bytes: &[u8], order: Order, out: &mut Vec<u8>) -> Vec<u8> {
    let mut units: Vec<u16> = Vec::with_capacity(bytes.len() / 2);
    let pairs = bytes.chunks_exact(2);
    let odd = pairs.remainder().to_vec();
    for pair in pairs {
        let pair = [pair.first().copied().unwrap_or(0), pair.get(1).copied().unwrap_or(0)];
        units.push(match order {
            Order::Big => u16::from_be_bytes(pair),
            Order::Little => u16::from_le_bytes(pair),
        });
    }
    // the first half of a pair waits for the other
    let half = units.last().copied().filter(|unit| (0xd800..0xdc00).contains(unit));
    let mut rest = Vec::new();
    if let Some(half) = half {
        units.pop();
        rest.extend_from_slice(&match order {
            Order::Big => half.to_be_bytes(),
            Order::Little => half.to_le_bytes(),
        });
    }
    rest.extend_from_slice(&odd);
    let text = char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER));
    let text: String = text.filter(|c| *c != '\u{feff}').collect();
    out.extend_from_slice(text.as_bytes());
    rest
}

impl<R: Read> Read for Text<R> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        while self.given == self.ready.len() {
            let Some(order) = self.order else { return self.input.read(room) };
            if !self.fill(order)? {
                return Ok(0);
            }
        }
        let ready = self.ready.get(self.given..).unwrap_or_default();
        let count = ready.len().min(room.len());
        for (to, from) in room.iter_mut().zip(ready) {
            *to = *from;
        }
        self.given += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives a byte at a time, so that every unit is split.
    struct Slow<'a>(&'a [u8]);

    impl Read for Slow<'_> {
        fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
            let count = self.0.len().min(1);
            room[..count].copy_from_slice(&self.0[..count]);
            self.0 = &self.0[count..];
            Ok(count)
        }
    }

    #[test]
    fn both_orders_become_utf_8() {
        let text = "Via: ü\u{1f4de}\n";
        for order in [Order::Big, Order::Little] {
            let units = std::iter::once(0xfeff).chain(text.encode_utf16());
            let bytes: Vec<u8> = match order {
                Order::Big => units.flat_map(u16::to_be_bytes).collect(),
                Order::Little => units.flat_map(u16::to_le_bytes).collect(),
            };
            assert_eq!(Order::of(&bytes), Some(order));
            let mut read = String::new();
            Text::new(Slow(&bytes), Some(order)).read_to_string(&mut read).unwrap();
            assert_eq!(read, text);
        }
    }
}
