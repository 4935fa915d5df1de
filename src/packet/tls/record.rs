//! Names the parts of a TLS record (RFC 8446 §5.1, RFC 5246 §6.2).

/// Content types.
pub(super) mod content {
    pub(in super::super) const CHANGE_CIPHER_SPEC: u8 = 20;
    pub(in super::super) const ALERT: u8 = 21;
    pub(in super::super) const HANDSHAKE: u8 = 22;
    pub(in super::super) const APPLICATION_DATA: u8 = 23;
}

/// Bytes of a record's header: type, version, length.
pub(super) const HEADER: usize = 5;
/// The longest fragment: 2^14 bytes and what TLS 1.2 ciphers may add (RFC 5246 §6.2.3).
pub(super) const LONGEST: u16 = (1 << 14) + 2048;

/// A whole record.
#[derive(Clone, Copy, Debug)]
pub(super) struct Record<'a> {
    pub(super) header: [u8; HEADER],
    pub(super) fragment: &'a [u8],
}

impl<'a> Record<'a> {
    /// The record that bytes begin with, and what follows; `None` if they do not hold all of one.
    pub(super) fn first(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let (header, rest) = bytes.split_first_chunk::<HEADER>()?;
        let (fragment, rest) = rest.split_at_checked(fragment_len(*header))?;
        Some((Self { header: *header, fragment }, rest))
    }

    /// The content type, which ciphered records of TLS 1.3 hide behind `application_data`.
    pub(super) fn kind(&self) -> u8 {
        self.header[0]
    }
}

/// The length in a header.
pub(super) const fn fragment_len([_, _, _, high, low]: [u8; HEADER]) -> usize {
    u16::from_be_bytes([high, low]) as usize
}

/// Whether bytes start as a record does: type, version 3.x, a possible length.
pub(in crate::packet) fn looks_like_record(bytes: &[u8]) -> bool {
    match *bytes {
        [20..=23, 3, 0..=4, high, low, ..] => {
            (1..=LONGEST).contains(&u16::from_be_bytes([high, low]))
        }
        _ => false,
    }
}

/// Whether bytes are too few to be the header of a record, and may become one.
pub(in crate::packet) fn may_begin_record(bytes: &[u8]) -> bool {
    matches!(bytes, [20..=23] | [20..=23, 3] | [20..=23, 3, 0..=4] | [20..=23, 3, 0..=4, _])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starts_of_records() {
        assert!(looks_like_record(&[22, 3, 1, 0, 3, 1, 2, 3]));
        assert!(!looks_like_record(&[22, 3, 1, 0]));
        assert!(!looks_like_record(&[22, 2, 1, 0, 3]));
        assert!(!looks_like_record(&[22, 3, 1, 0xff, 3]));
    }

    #[test]
    fn first_bytes_of_a_record() {
        for bytes in [&[22][..], &[22, 3], &[23, 3, 1], &[22, 3, 1, 2]] {
            assert!(may_begin_record(bytes), "{bytes:?}");
        }
        for bytes in [&[][..], b"R", &[22, 4], &[24], &[22, 3, 9], &[22, 3, 1, 0, 9]] {
            assert!(!may_begin_record(bytes), "{bytes:?}");
        }
    }

    #[test]
    fn whole_records() {
        let bytes = [23, 3, 3, 0, 2, 8, 9, 22];
        let (record, rest) = Record::first(&bytes).unwrap();
        assert_eq!((record.kind(), record.fragment, rest), (23, &[8, 9][..], &[22][..]));
        assert!(Record::first(&bytes[..6]).is_none());
    }
}
