//! Finds the ends of lines one after the other, sixty-four bytes at a time.

use wide::u8x16;

use super::scan::tail;

/// Bytes compared together.
const BLOCK: usize = 64;

/// The CRs and LFs of a text; searches that continue from line to line read every byte once.
pub(super) struct LineEnds<'a> {
    bytes: &'a [u8],
    /// The start of the block that was read last.
    base: usize,
    /// The CRs and LFs in it.
    marks: u64,
}

impl<'a> LineEnds<'a> {
    /// Those of `bytes`.
    #[inline]
    pub(super) fn of(bytes: &'a [u8]) -> Self {
        let mut ends = Self { bytes, base: 0, marks: 0 };
        ends.look_at(0);
        ends
    }

    /// The position of the first from `from` on.
    #[inline]
    pub(super) fn find(&mut self, from: usize) -> Option<usize> {
        if from.wrapping_sub(self.base) >= BLOCK {
            self.look_at(from);
        }
        let mut at = from;
        let mut left = self.marks >> (from - self.base);
        while left == 0 {
            at = self.base + BLOCK;
            if at >= self.bytes.len() {
                return None;
            }
            self.look_at(at);
            left = self.marks;
        }
        Some(at + left.trailing_zeros() as usize)
    }

    /// Reads the block that begins at `at`.
    #[inline]
    fn look_at(&mut self, at: usize) {
        self.base = at;
        let rest = tail(self.bytes, at);
        self.marks = match (rest.first_chunk(), self.bytes.last_chunk()) {
            (Some(block), _) => marks(block),
            // the last bytes, some of which were read before
            (None, Some(block)) => {
                marks(block).checked_shr((BLOCK - rest.len()) as u32).unwrap_or(0)
            }
            (None, None) => {
                let mut block = [0; BLOCK];
                if let Some(start) = block.get_mut(..rest.len()) {
                    start.copy_from_slice(rest);
                }
                marks(&block)
            }
        };
    }
}

/// Which bytes are CR or LF.
#[inline]
fn marks(block: &[u8; BLOCK]) -> u64 {
    let (cr, lf) = (u8x16::splat(b'\r'), u8x16::splat(b'\n'));
    let (parts, _) = block.as_chunks::<16>();
    let word = |part: &[u8; 16]| {
        let part = u8x16::new(*part);
        u64::from((part.cmp_eq(cr) | part.cmp_eq(lf)).move_mask().cast_unsigned())
    };
    let [a, b, c, d] = parts else { return 0 };
    word(a) | word(b) << 16 | word(c) << 32 | word(d) << 48
}

#[cfg(test)]
mod tests {
    use super::super::find;
    use super::*;

    #[test]
    fn finds_what_a_plain_search_finds_in_any_order() {
        for len in (0..140).chain([500]) {
            for step in [1, 2, 3, 7, 31, 63, 64, 65, 200] {
                let mut text = vec![b'\x8d'; len];
                for (place, byte) in text.iter_mut().enumerate().skip(step / 2).step_by(step) {
                    *byte = if place % 3 == 0 { b'\r' } else { b'\n' };
                }
                let mut ends = LineEnds::of(&text);
                let froms = (0..len + 2).chain((0..len + 2).rev()).chain((0..len).step_by(50));
                for from in froms {
                    let want = find::line_end(&text, from);
                    assert_eq!(ends.find(from), want, "{len} {step} {from}");
                }
            }
        }
    }
}
