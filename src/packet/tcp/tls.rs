//! Follows TLS record headers as far as they are in clear (RFC 8446 §5.1).

/// Longest record: 2^14 bytes and what TLS 1.2 ciphers may add (RFC 5246 §6.2.3).
const LONGEST: u16 = (1 << 14) + 2048;
const HEADER: usize = 5;
const ALERT: u8 = 21;
const APPLICATION_DATA: u8 = 23;
const FATAL: u8 = 2;

/// What the records of a run of bytes showed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Signs {
    /// Application data flows.
    pub(super) encrypted: bool,
    /// A fatal alert came in clear.
    pub(super) fatal_alert: Option<u8>,
    /// The bytes are not TLS records, or no longer.
    pub(super) lost: bool,
}

/// How much of an alert in clear was read.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum Alert {
    /// The record is none.
    #[default]
    None,
    /// Nothing of it.
    Level,
    /// Its level.
    Description { level: u8 },
}

/// Where in the records of one direction we are.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Records {
    header: [u8; HEADER],
    have: u8,
    /// Bytes of the current record still to come.
    left: u16,
    alert: Alert,
    encrypted: bool,
}

/// Whether bytes start as a TLS record does: type, version 3.x, a possible length.
pub(super) fn looks_like_record(bytes: &[u8]) -> bool {
    match *bytes {
        [20..=23, 3, 0..=4, high, low, ..] => {
            (1..=LONGEST).contains(&u16::from_be_bytes([high, low]))
        }
        _ => false,
    }
}

impl Records {
    /// Reads on.
    pub(super) fn read(&mut self, mut bytes: &[u8]) -> Signs {
        let mut signs = Signs::default();
        while let Some((&byte, rest)) = bytes.split_first() {
            if self.left > 0 {
                bytes = self.body(bytes, &mut signs);
                continue;
            }
            if let Some(slot) = self.header.get_mut(usize::from(self.have)) {
                *slot = byte;
            }
            self.have += 1;
            bytes = rest;
            if usize::from(self.have) == HEADER {
                self.have = 0;
                if !looks_like_record(&self.header) {
                    signs.lost = true;
                    return signs;
                }
                self.open(&mut signs);
            }
        }
        signs
    }

    fn open(&mut self, signs: &mut Signs) {
        let [kind, _, _, high, low] = self.header;
        self.left = u16::from_be_bytes([high, low]);
        self.encrypted |= kind == APPLICATION_DATA;
        signs.encrypted |= kind == APPLICATION_DATA;
        // an encrypted alert is longer than level and description
        let alert = kind == ALERT && self.left == 2 && !self.encrypted;
        self.alert = if alert { Alert::Level } else { Alert::None };
    }

    fn body<'a>(&mut self, bytes: &'a [u8], signs: &mut Signs) -> &'a [u8] {
        let alert = self.alert != Alert::None;
        let step = if alert { 1 } else { usize::from(self.left).min(bytes.len()) };
        let (now, rest) = bytes.split_at_checked(step).unwrap_or((bytes, &[]));
        self.left = self.left.saturating_sub(now.len() as u16);
        if let Some(&byte) = now.first() {
            self.alert = match self.alert {
                Alert::Level => Alert::Description { level: byte },
                Alert::Description { level: FATAL } => {
                    signs.fatal_alert.get_or_insert(byte);
                    Alert::None
                }
                Alert::Description { .. } | Alert::None => Alert::None,
            };
        }
        rest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLIENT_HELLO: &[u8] = &[22, 3, 1, 0, 3, 1, 2, 3];

    fn read_bytewise(bytes: &[u8]) -> Signs {
        let mut records = Records::default();
        let mut all = Signs::default();
        for byte in bytes {
            let signs = records.read(&[*byte]);
            all.encrypted |= signs.encrypted;
            all.lost |= signs.lost;
            all.fatal_alert = all.fatal_alert.or(signs.fatal_alert);
        }
        all
    }

    #[test]
    fn signs_in_clear() {
        let cases: [(&str, &[u8], Signs); 5] = [
            (
                "fatal alert",
                &[21, 3, 2, 0, 2, 2, 70],
                Signs { fatal_alert: Some(70), ..Signs::default() },
            ),
            ("close notify", &[21, 3, 3, 0, 2, 1, 0], Signs::default()),
            (
                "application data",
                &[23, 3, 3, 0, 1, 9],
                Signs { encrypted: true, ..Signs::default() },
            ),
            (
                "alert after application data",
                &[23, 3, 3, 0, 1, 9, 21, 3, 3, 0, 2, 2, 40],
                Signs { encrypted: true, ..Signs::default() },
            ),
            ("text", b"OPTIONS sip:a", Signs { lost: true, ..Signs::default() }),
        ];
        for (name, bytes, signs) in cases {
            let bytes = if signs.lost { bytes.to_vec() } else { [CLIENT_HELLO, bytes].concat() };
            assert_eq!(Records::default().read(&bytes), signs, "{name}");
            assert_eq!(read_bytewise(&bytes).fatal_alert, signs.fatal_alert, "{name}");
            assert_eq!(read_bytewise(&bytes).encrypted, signs.encrypted, "{name}");
        }
    }

    #[test]
    fn record_starts() {
        assert!(looks_like_record(CLIENT_HELLO));
        assert!(!looks_like_record(&[22, 3, 1, 0]));
        assert!(!looks_like_record(&[22, 2, 1, 0, 3]));
        assert!(!looks_like_record(&[22, 3, 1, 0xff, 3]));
    }
}
