//! Finds bytes in texts so short that to call a search costs more than to search: sixteen at a time.

use wide::u8x16;

use super::scan::tail;

/// Bytes compared together.
const BLOCK: usize = 16;

/// The first position from `from` on of `byte`.
#[inline]
pub(super) fn byte(bytes: &[u8], from: usize, byte: u8) -> Option<usize> {
    let byte = u8x16::splat(byte);
    position(bytes, from, |block| block.cmp_eq(byte))
}

/// The first position from `from` on of one of two bytes.
#[inline]
pub(super) fn either(bytes: &[u8], from: usize, a: u8, b: u8) -> Option<usize> {
    let (a, b) = (u8x16::splat(a), u8x16::splat(b));
    position(bytes, from, |block| block.cmp_eq(a) | block.cmp_eq(b))
}

/// The first position from `from` on of a CR or LF.
#[inline]
pub(super) fn line_end(bytes: &[u8], from: usize) -> Option<usize> {
    either(bytes, from, b'\r', b'\n')
}

/// How many of the first bytes of `text` are letters, digits, `-` and `.`: of a host, if it is a usual one.
#[inline]
pub(super) fn host_len(text: &[u8]) -> usize {
    position(text, 0, |block| !host(block)).unwrap_or(text.len())
}

/// The same with `+` and `_` besides: of a user, if it is a usual one.
#[inline]
pub(super) fn user_len(text: &[u8]) -> usize {
    let (plus, underscore) = (u8x16::splat(b'+'), u8x16::splat(b'_'));
    let user = |block: u8x16| host(block) | block.cmp_eq(plus) | block.cmp_eq(underscore);
    position(text, 0, |block| !user(block)).unwrap_or(text.len())
}

fn host(block: u8x16) -> u8x16 {
    let within = |block: u8x16, first: u8, last: u8| {
        let above = block - u8x16::splat(first);
        above.min(u8x16::splat(last - first)).cmp_eq(above)
    };
    let lower = block | u8x16::splat(b' ');
    within(lower, b'a', b'z') | within(block, b'0', b'9') | within(block, b'-', b'.')
}

/// The first position from `from` on of a byte that `wanted` marks.
#[inline]
fn position(bytes: &[u8], from: usize, wanted: impl Fn(u8x16) -> u8x16) -> Option<usize> {
    let (blocks, _) = tail(bytes, from).as_chunks::<BLOCK>();
    let mut at = from;
    for block in blocks {
        let marks = wanted(u8x16::new(*block)).move_mask();
        if marks != 0 {
            return Some(at + marks.trailing_zeros() as usize);
        }
        at += BLOCK;
    }
    // the rest, with what is before it or nothing behind it
    let (block, start) = match bytes.last_chunk::<BLOCK>() {
        Some(block) => (*block, bytes.len() - BLOCK),
        None => (padded(bytes), 0),
    };
    let marks = wanted(u8x16::new(block)).move_mask();
    let marks = marks.checked_shr(at.checked_sub(start)? as u32)?;
    let found = at + marks.trailing_zeros() as usize;
    (marks != 0 && found < bytes.len()).then_some(found)
}

/// A text of less than a block, and zeros: its first and its last bytes, which may be the same, side by side.
fn padded(bytes: &[u8]) -> [u8; BLOCK] {
    let len = bytes.len() as u32;
    let words = bytes.first_chunk().zip(bytes.last_chunk());
    let halves = bytes.first_chunk().zip(bytes.last_chunk());
    let (low, high) = if let Some((first, last)) = words {
        let beyond = u64::from_le_bytes(*last).checked_shr(128_u32.saturating_sub(8 * len));
        (u64::from_le_bytes(*first), beyond.unwrap_or(0))
    } else if let Some((first, last)) = halves {
        let last = u64::from(u32::from_le_bytes(*last)) << (8 * len).saturating_sub(32);
        (u64::from(u32::from_le_bytes(*first)) | last, 0)
    } else {
        (bytes.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte)), 0)
    };
    (u128::from(high) << 64 | u128::from(low)).to_le_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Texts of many lengths with a byte of interest at every place, among bytes like it.
    fn texts() -> impl Iterator<Item = Vec<u8>> {
        let fillers = [b"abc".as_slice(), b"\x0e\x8d\x8a", b"\t\x00\x0c", b"\xff\x80\x7f"];
        fillers.into_iter().flat_map(|filler| {
            (0..40).flat_map(move |len| {
                (0..=len).flat_map(move |at| {
                    [b'\r', b'\n', b';', b'x', 0].map(|byte| {
                        let mut text: Vec<u8> = filler.iter().copied().cycle().take(len).collect();
                        text.insert(at, byte);
                        text
                    })
                })
            })
        })
    }

    #[test]
    fn finds_what_a_plain_search_finds() {
        for text in texts() {
            for from in [0, 1, 7, 15, 16, 17, text.len() - 1, text.len(), text.len() + 1] {
                let plain = |wanted: fn(u8) -> bool| {
                    let found = tail(&text, from).iter().position(|byte| wanted(*byte));
                    found.map(|at| from + at)
                };
                let ends = |byte: u8| matches!(byte, b'\r' | b'\n');
                assert_eq!(line_end(&text, from), plain(ends), "{text:?} {from}");
                let (zero, semicolon) = (|byte: u8| byte == 0, |byte: u8| byte == b';');
                assert_eq!(byte(&text, from, 0), plain(zero), "{text:?} {from}");
                assert_eq!(byte(&text, from, b';'), plain(semicolon), "{text:?} {from}");
            }
        }
    }

    #[test]
    fn every_byte_is_of_its_classes() {
        for byte in 0..=u8::MAX {
            let host = byte.is_ascii_alphanumeric() || b"-.".contains(&byte);
            let user = host || b"+_".contains(&byte);
            for before in 0..20 {
                let text = [&b"a0-Z.z9A".repeat(3)[..before], &[byte]].concat();
                assert_eq!(host_len(&text), before + usize::from(host), "{byte} behind {before}");
                assert_eq!(user_len(&text), before + usize::from(user), "{byte} behind {before}");
            }
        }
    }
}
