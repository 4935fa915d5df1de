//! The header names this product knows, and how the wire may spell them.

use super::find;

/// One row of the table: identity, canonical spelling, compact form (0: none).
type Row = (HeaderName, &'static str, u8);

macro_rules! header_names {
    ($($variant:ident $name:literal $compact:literal $reference:literal,)*) => {
        /// The identity of a header, whatever its case or compact form (RFC 3261 §7.3.1, §7.3.3).
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        pub enum HeaderName {
            $(#[doc = concat!("`", $name, "`, ", $reference, ".")] $variant,)*
            /// A header not listed here.
            Other,
        }

        /// Every known header, shortest name first.
        const TABLE: &[Row] = &[$((HeaderName::$variant, $name, $compact),)*];
    };
}

// In order of length.
header_names! {
    To "To" b't' "RFC 3261 §20.39",
    Via "Via" b'v' "RFC 3261 §20.42",
    CSeq "CSeq" 0 "RFC 3261 §20.16",
    From "From" b'f' "RFC 3261 §20.20",
    Date "Date" 0 "RFC 3261 §20.17",
    Path "Path" 0 "RFC 3327",
    Allow "Allow" 0 "RFC 3261 §20.5",
    Event "Event" b'o' "RFC 6665 §8.2.1",
    Route "Route" 0 "RFC 3261 §20.34",
    MinSe "Min-SE" 0 "RFC 4028 §5",
    Accept "Accept" 0 "RFC 3261 §20.1",
    Reason "Reason" 0 "RFC 3326",
    Server "Server" 0 "RFC 3261 §20.35",
    CallId "Call-ID" b'i' "RFC 3261 §20.8",
    Contact "Contact" b'm' "RFC 3261 §20.10",
    Expires "Expires" 0 "RFC 3261 §20.19",
    Require "Require" 0 "RFC 3261 §20.32",
    Subject "Subject" b's' "RFC 3261 §20.36",
    Warning "Warning" 0 "RFC 3261 §20.43",
    Privacy "Privacy" 0 "RFC 3323",
    ReferTo "Refer-To" b'r' "RFC 3515",
    Identity "Identity" b'y' "RFC 8224",
    SipEtag "SIP-ETag" 0 "RFC 3903",
    Supported "Supported" b'k' "RFC 3261 §20.37",
    Timestamp "Timestamp" 0 "RFC 3261 §20.38",
    UserAgent "User-Agent" 0 "RFC 3261 §20.41",
    AlertInfo "Alert-Info" 0 "RFC 3261 §20.4",
    ErrorInfo "Error-Info" 0 "RFC 3261 §20.18",
    MinExpires "Min-Expires" 0 "RFC 3261 §20.23",
    Unsupported "Unsupported" 0 "RFC 3261 §20.40",
    RetryAfter "Retry-After" 0 "RFC 3261 §20.33",
    ReferredBy "Referred-By" b'b' "RFC 3892",
    ContentType "Content-Type" b'c' "RFC 3261 §20.15",
    MaxForwards "Max-Forwards" 0 "RFC 3261 §20.22",
    RecordRoute "Record-Route" 0 "RFC 3261 §20.30",
    AllowEvents "Allow-Events" b'u' "RFC 6665 §8.2.2",
    MimeVersion "MIME-Version" 0 "RFC 3261 §20.24",
    Organization "Organization" 0 "RFC 3261 §20.25",
    IdentityInfo "Identity-Info" b'n' "RFC 4474",
    ServiceRoute "Service-Route" 0 "RFC 3608",
    ProxyRequire "Proxy-Require" 0 "RFC 3261 §20.29",
    Authorization "Authorization" 0 "RFC 3261 §20.7",
    ContentLength "Content-Length" b'l' "RFC 3261 §20.14",
    AcceptContact "Accept-Contact" b'a' "RFC 3841",
    RejectContact "Reject-Contact" b'j' "RFC 3841",
    SessionExpires "Session-Expires" b'x' "RFC 4028 §4",
    SecurityVerify "Security-Verify" 0 "RFC 3329",
    SecurityClient "Security-Client" 0 "RFC 3329",
    SecurityServer "Security-Server" 0 "RFC 3329",
    ContentEncoding "Content-Encoding" b'e' "RFC 3261 §20.12",
    WwwAuthenticate "WWW-Authenticate" 0 "RFC 3261 §20.44",
    PAssociatedUri "P-Associated-URI" 0 "RFC 7315 §4.1",
    PRegistrarError "P-Registrar-Error" 0 "Kamailio's registrar",
    SubscriptionState "Subscription-State" 0 "RFC 6665 §8.2.3",
    ProxyAuthenticate "Proxy-Authenticate" 0 "RFC 3261 §20.27",
    ProxyAuthorization "Proxy-Authorization" 0 "RFC 3261 §20.28",
    PAssertedIdentity "P-Asserted-Identity" 0 "RFC 3325",
    RequestDisposition "Request-Disposition" b'd' "RFC 3841",
    AuthenticationInfo "Authentication-Info" 0 "RFC 3261 §20.6",
    PPreferredIdentity "P-Preferred-Identity" 0 "RFC 3325",
    PAccessNetworkInfo "P-Access-Network-Info" 0 "RFC 7315 §4.4",
}

/// One more than the longest known name.
const LENGTHS: usize = 22;
/// Letters a name starts with, by their five low bits.
const INITIALS: usize = 32;
/// No row.
const NONE: u8 = u8::MAX;

/// The first row for a name of some length with some initial, and for each row the next such one.
static FIRST: [u8; LENGTHS * INITIALS] = chains().0;
const NEXT: [u8; TABLE.len()] = chains().1;

/// The place in `FIRST` of names so long with that initial.
const fn place_of(len: usize, initial: u8) -> usize {
    len.saturating_mul(INITIALS).saturating_add((initial & 0x1f) as usize)
}

/// Bytes that hold any known name and the colon behind it.
pub(super) const WINDOW: usize = 24;
/// The first bytes of a line, as words.
type Words = [u64; WINDOW / 8];

/// A known name.
#[derive(Clone, Copy)]
struct Known {
    words: Words,
    id: HeaderName,
}

/// Slots for known names, each name's found by one multiplication.
const SLOT_BITS: u32 = 9;
/// What names are multiplied with so that no two of them share a slot.
const SPREAD: u64 = spread();

/// Every known name in its slot; and for every length which bits of a line belong to the name.
static KNOWN: [Known; 1 << SLOT_BITS] = known();
static MASKS: [Words; WINDOW] = masks();

/// The slot of the name in `words`, which are zero behind it.
const fn slot([a, b, c]: Words, spread: u64) -> usize {
    let mixed = a ^ b.rotate_left(21) ^ c.rotate_left(42);
    (mixed.wrapping_mul(spread) >> (u64::BITS - SLOT_BITS)) as usize
}

/// The first odd number of a sequence that gives each name a slot of its own.
#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler, which checks it")]
const fn spread() -> u64 {
    let mut spread: u64 = 0x9e37_79b9_7f4a_7c15;
    loop {
        let mut taken = [0_u64; (1 << SLOT_BITS) / 64];
        let mut row = 0;
        while row < TABLE.len() {
            let slot = slot(words(TABLE[row].1.as_bytes()), spread);
            if taken[slot / 64] >> (slot % 64) & 1 != 0 {
                break;
            }
            taken[slot / 64] |= 1 << (slot % 64);
            row += 1;
        }
        if row == TABLE.len() {
            return spread;
        }
        spread = spread.wrapping_mul(0xd134_2543_de82_ef95) | 1;
    }
}

/// A name as words, zero behind it.
#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler, which checks it")]
const fn words(name: &[u8]) -> Words {
    let mut words = [0; WINDOW / 8];
    let mut at = 0;
    while at < name.len() {
        words[at / 8] |= (name[at] as u64) << (at % 8 * 8);
        at += 1;
    }
    words
}

#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler, which checks it")]
const fn known() -> [Known; 1 << SLOT_BITS] {
    // no line has such words: a name in the window leaves its last byte zero
    const NOBODY: Known = Known { words: [u64::MAX; WINDOW / 8], id: HeaderName::Other };
    let mut all = [NOBODY; 1 << SLOT_BITS];
    let mut row = 0;
    while row < TABLE.len() {
        let words = words(TABLE[row].1.as_bytes());
        all[slot(words, SPREAD)] = Known { words, id: TABLE[row].0 };
        row += 1;
    }
    all
}

#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler, which checks it")]
const fn masks() -> [Words; WINDOW] {
    let mut all = [[0; WINDOW / 8]; WINDOW];
    let mut len = 0;
    while len < WINDOW {
        let mut at = 0;
        while at < len {
            all[len][at / 8] |= 0xff << (at % 8 * 8);
            at += 1;
        }
        len += 1;
    }
    all
}

#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler, which checks it")]
const fn chains() -> ([u8; LENGTHS * INITIALS], [u8; TABLE.len()]) {
    let mut first = [NONE; LENGTHS * INITIALS];
    let mut next = [NONE; TABLE.len()];
    let mut row = TABLE.len();
    while row > 0 {
        row -= 1;
        let name = TABLE[row].1.as_bytes();
        let place = &mut first[place_of(name.len(), name[0])];
        next[row] = *place;
        *place = row as u8;
    }
    (first, next)
}

impl HeaderName {
    /// The header spelled `name`: any case, compact or long, without white space around it.
    #[must_use]
    pub fn lookup(name: &[u8]) -> Self {
        if let [letter] = name {
            return Self::compact(letter.to_ascii_lowercase());
        }
        let Some(initial) = name.first() else { return Self::Other };
        let mut row = FIRST.get(place_of(name.len(), *initial));
        while let Some((id, canonical, _)) = row.and_then(|row| TABLE.get(usize::from(*row))) {
            let canonical = canonical.as_bytes();
            if canonical == name || canonical.eq_ignore_ascii_case(name) {
                return *id;
            }
            row = row.and_then(|row| NEXT.get(usize::from(*row)));
        }
        Self::Other
    }

    /// The header a line starts with and the length of its name, if it is in the canonical spelling
    /// and the colon follows at once, as nearly all are.
    #[inline]
    pub(super) fn at_start(line: &[u8; WINDOW]) -> Option<(Self, usize)> {
        let len = find::byte(line, 0, b':')?;
        let (chunks, _) = line.as_chunks::<8>();
        let [a, b, c] = chunks else { return None };
        let [mask_a, mask_b, mask_c] = *MASKS.get(len)?;
        let a = u64::from_le_bytes(*a) & mask_a;
        let b = u64::from_le_bytes(*b) & mask_b;
        let c = u64::from_le_bytes(*c) & mask_c;
        let Known { words: [name_a, name_b, name_c], id } = KNOWN.get(slot([a, b, c], SPREAD))?;
        ((a ^ name_a) | (b ^ name_b) | (c ^ name_c) == 0).then_some((*id, len))
    }

    /// The header with the compact form `letter`, in lower case (RFC 3261 §7.3.3 and the IANA list).
    fn compact(letter: u8) -> Self {
        let letter = if letter == 0 { b' ' } else { letter };
        TABLE.iter().find(|row| row.2 == letter).map_or(Self::Other, |row| row.0)
    }

    /// Whether such a header holds credentials, and if so, whether they are for a proxy (RFC 3261 §22).
    #[must_use]
    pub const fn of_credentials(self) -> Option<bool> {
        match self {
            Self::Authorization => Some(false),
            Self::ProxyAuthorization => Some(true),
            _ => None,
        }
    }

    /// Whether such a header holds challenges, and if so, whether they are a proxy's (RFC 3261 §22).
    #[must_use]
    pub const fn of_challenges(self) -> Option<bool> {
        match self {
            Self::WwwAuthenticate => Some(false),
            Self::ProxyAuthenticate => Some(true),
            _ => None,
        }
    }

    /// The canonical spelling; `None` for [`HeaderName::Other`], which only the wire can spell.
    #[must_use]
    pub fn canonical(self) -> Option<&'static str> {
        TABLE.iter().find(|row| row.0 == self).map(|row| row.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_order_of_length() {
        assert!(TABLE.is_sorted_by_key(|row| row.1.len()) && TABLE.len() < usize::from(NONE));
        assert_eq!(TABLE.last().map(|row| row.1.len() + 1), Some(LENGTHS));
    }

    #[test]
    fn every_spelling_of_every_name_is_found() {
        for (id, name, compact) in TABLE {
            assert_eq!(HeaderName::lookup(name.as_bytes()), *id, "{name}");
            assert_eq!(HeaderName::lookup(name.to_uppercase().as_bytes()), *id, "{name}");
            assert_eq!(HeaderName::lookup(name.to_lowercase().as_bytes()), *id, "{name}");
            assert_eq!(id.canonical(), Some(*name));
            if *compact != 0 {
                assert_eq!(HeaderName::lookup(&[*compact]), *id, "{name}");
                assert_eq!(HeaderName::lookup(&[compact.to_ascii_uppercase()]), *id, "{name}");
            }
        }
    }

    #[test]
    fn the_compact_forms_are_those_registered() {
        let letters: Vec<u8> = (b'a'..=b'z')
            .filter(|letter| HeaderName::lookup(&[*letter]) != HeaderName::Other)
            .collect();
        assert_eq!(letters, b"abcdefijklmnorstuvxy");
    }

    #[test]
    fn a_name_at_the_start_of_a_line_is_the_one_that_is_looked_up() {
        let window = |text: &str| {
            let mut line = [b':'; WINDOW];
            line[..text.len().min(WINDOW)]
                .copy_from_slice(&text.as_bytes()[..text.len().min(WINDOW)]);
            line
        };
        for (id, name, _) in TABLE {
            let line = window(&format!("{name}: x:"));
            assert_eq!(HeaderName::at_start(&line), Some((*id, name.len())), "{name}");
            for odd in [format!("{name} :"), format!(" {name}:"), format!("{name}x:")] {
                let known = HeaderName::at_start(&window(&odd));
                assert!(known.is_none_or(|(id, _)| HeaderName::lookup(
                    odd.split(':').next().unwrap().as_bytes()
                ) == id));
            }
            assert_eq!(
                HeaderName::at_start(&window(&name.to_uppercase())).is_some(),
                name.to_uppercase() == *name
            );
        }
        assert_eq!(HeaderName::at_start(b"X-Custom-Header-Of-Us: a"), None);
        assert_eq!(HeaderName::at_start(b"no colon in these bytes "), None);
        assert_eq!(HeaderName::at_start(b":                       "), None);
    }

    #[test]
    fn what_is_not_known_is_other() {
        for name in [&b""[..], b"Z", b"\0", b"X-Custom", b"Call ID", &[b'a'; 300]] {
            assert_eq!(HeaderName::lookup(name), HeaderName::Other, "{name:?}");
        }
    }
}
