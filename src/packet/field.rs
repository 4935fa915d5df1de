//! Reads big-endian fields of headers whose length was checked once.

/// The 16-bit field at `at` of a header of `N` bytes.
#[expect(clippy::indexing_slicing, reason = "offsets are constants below the header's length")]
#[inline]
pub(super) const fn u16_at<const N: usize>(header: &[u8; N], at: usize) -> u16 {
    u16::from_be_bytes([header[at], header[at + 1]])
}

/// The 32-bit field at `at` of a header of `N` bytes.
#[expect(clippy::indexing_slicing, reason = "offsets are constants below the header's length")]
#[inline]
pub(super) const fn u32_at<const N: usize>(header: &[u8; N], at: usize) -> u32 {
    u32::from_be_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]])
}

/// The link-layer address at `at` of a header of `N` bytes.
#[expect(clippy::indexing_slicing, reason = "offsets are constants below the header's length")]
#[inline]
pub(super) const fn mac_at<const N: usize>(header: &[u8; N], at: usize) -> [u8; 6] {
    [header[at], header[at + 1], header[at + 2], header[at + 3], header[at + 4], header[at + 5]]
}

/// What follows the first `count` bytes; empty when there are fewer.
#[inline]
pub(super) fn after(bytes: &[u8], count: usize) -> &[u8] {
    bytes.get(count..).unwrap_or_default()
}

/// The first `count` bytes, or all when there are fewer.
#[inline]
pub(super) fn first(bytes: &[u8], count: usize) -> &[u8] {
    bytes.get(..count).unwrap_or(bytes)
}
