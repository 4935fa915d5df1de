//! Small horizontal bars: as long as a share of a whole.

/// Eighths of a column.
const EIGHTHS: [&str; 7] = ["▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/// A bar of at most `width` columns, `n` of `of` long; a dot when `n` is none.
///
/// Whatever is there is seen, however little, and what is not all never looks like all.
pub(super) fn bar(n: u64, of: u64, width: usize, unicode: bool) -> String {
    if n == 0 || of == 0 || width == 0 {
        return if unicode { "·" } else { "." }.repeat(width.min(1));
    }
    let steps = if unicode { 8 } else { 1 };
    let most = width as u64 * steps;
    let all = n >= of;
    let least = most.min(1);
    let length = (u128::from(n.min(of)) * u128::from(most) / u128::from(of)) as u64;
    let length = if all { most } else { length.clamp(least, (most - 1).max(least)) };
    let (full, part) = ((length / steps) as usize, (length % steps) as usize);
    let end = part.checked_sub(1).and_then(|place| EIGHTHS.get(place)).copied();
    format!("{}{}", if unicode { "█" } else { "#" }.repeat(full), end.unwrap_or_default())
}

/// The bar of a share from 0 to 1.
#[expect(clippy::cast_sign_loss, reason = "a share is not negative")]
pub(super) fn bar_of(share: f64, width: usize, unicode: bool) -> String {
    bar((share.clamp(0.0, 1.0) * 1000.0).round() as u64, 1000, width, unicode)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn little_is_seen_and_almost_all_is_not_all() {
        for (n, of, unicode, want) in [
            (0, 10, true, "·"),
            (0, 10, false, "."),
            (1, 10_000, true, "▏"),
            (1, 10_000, false, "#"),
            (5, 10, true, "██"),
            (5, 10, false, "##"),
            (9_999, 10_000, true, "███▉"),
            (9_999, 10_000, false, "###"),
            (7, 7, true, "████"),
            (9, 7, false, "####"),
            (3, 0, false, "."),
        ] {
            assert_eq!(bar(n, of, 4, unicode), want, "{n} of {of}");
        }
        assert_eq!(bar(1, 2, 0, true), "");
        assert_eq!(bar_of(0.5, 4, true), "██");
    }
}
