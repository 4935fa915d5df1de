//! Writes JSON straight into a byte buffer: the DNs of a large capture are most of the program's output.

use std::net::IpAddr;
use std::ops::Range;

use serde::Serialize;

use crate::net::password;
use crate::net::{Endpoint, Timestamp, escape_lossy};

/// A JSON document being written.
pub(super) struct Writer {
    out: Vec<u8>,
    /// The latest endpoints, and their places: a DN has few, and repeats them.
    ends: [(Option<Endpoint>, Range<usize>); 2],
}

/// The digits of numbers below a hundred.
const PAIRS: [[u8; 2]; 100] = {
    let mut pairs = [[0; 2]; 100];
    let mut number = 0;
    while number < 100 {
        #[expect(clippy::indexing_slicing, reason = "done by the compiler")]
        {
            pairs[number] = [b'0' + (number / 10) as u8, b'0' + (number % 10) as u8];
        }
        number += 1;
    }
    pairs
};

/// The digits of a byte with a dot behind them, and how many bytes that is.
const OCTETS: [([u8; 4], usize); 256] = {
    let mut octets = [([b'.'; 4], 0); 256];
    let mut octet = 0;
    while octet < 256 {
        let digits = [octet / 100, octet / 10 % 10, octet % 10];
        let [a, b, c] = [b'0' + digits[0] as u8, b'0' + digits[1] as u8, b'0' + digits[2] as u8];
        #[expect(clippy::indexing_slicing, reason = "done by the compiler")]
        {
            octets[octet] = match octet {
                ..10 => ([c, b'.', 0, 0], 2),
                10..100 => ([b, c, b'.', 0], 3),
                _ => ([a, b, c, b'.'], 4),
            };
        }
        octet += 1;
    }
    octets
};

/// A number below ten to the tenth, in ten digits.
fn ten_digits(number: u64) -> [u8; 10] {
    let (mut digits, mut rest) = ([b'0'; 10], number);
    for pair in digits.as_chunks_mut().0.iter_mut().rev() {
        *pair = PAIRS.get((rest % 100) as usize).copied().unwrap_or_default();
        rest /= 100;
    }
    digits
}

/// A value of a member, or of a list.
pub(super) trait Value {
    fn write(self, to: &mut Writer);
}

/// Writes members of an object that has some already.
macro_rules! members {
    ($to:expr, $($name:literal: $value:expr),+ $(,)?) => {{
        $(
            // one piece, known to the compiler with its length
            $to.piece(concat!(",\"", $name, "\":"));
            $crate::report::model::writer::Value::write($value, $to);
        )+
    }};
}

/// Writes an object; `..` leaves it open for more members.
macro_rules! object {
    ($to:expr, $first:literal: $value:expr $(, $name:literal: $more:expr)*, ..) => {{
        $to.piece(concat!("{\"", $first, "\":"));
        $crate::report::model::writer::Value::write($value, $to);
        $($crate::report::model::writer::members!($to, $name: $more);)*
    }};
    ($to:expr, $first:literal: $value:expr $(, $name:literal: $more:expr)* $(,)?) => {{
        $crate::report::model::writer::object!($to, $first: $value $(, $name: $more)*, ..);
        $to.piece("}");
    }};
}

pub(super) use {members, object};

impl Writer {
    /// An empty document, with room for `bytes` bytes.
    pub(super) fn with_capacity(bytes: usize) -> Self {
        Self { out: Vec::with_capacity(bytes), ends: Default::default() }
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.out
    }

    /// Makes room for `bytes` more bytes.
    pub(super) fn reserve(&mut self, bytes: usize) {
        self.out.reserve(bytes);
    }

    /// How much is written.
    pub(super) const fn len(&self) -> usize {
        self.out.len()
    }

    /// Copies what was written there before.
    pub(super) fn again(&mut self, what: Range<usize>) {
        if what.start <= what.end && what.end <= self.out.len() {
            self.out.extend_from_within(what);
        }
    }

    /// Something that is JSON.
    #[inline]
    pub(super) fn piece(&mut self, piece: &'static str) {
        self.out.extend_from_slice(piece.as_bytes());
    }

    /// Things with commas between them.
    #[inline]
    pub(super) fn separated<V>(
        &mut self,
        values: impl IntoIterator<Item = V>,
        mut write: impl FnMut(&mut Self, V),
    ) {
        let mut values = values.into_iter();
        let Some(first) = values.next() else { return };
        write(self, first);
        for value in values {
            self.out.push(b',');
            write(self, value);
        }
    }

    /// A string that needs no escapes.
    fn plain(&mut self, text: &[u8]) {
        self.out.push(b'"');
        self.out.extend_from_slice(text);
        self.out.push(b'"');
    }

    fn digits(&mut self, number: impl itoa::Integer) {
        self.out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
    }

    fn address(&mut self, address: IpAddr) {
        match address {
            IpAddr::V4(v4) => {
                // each octet with a dot behind it, of which the last is not meant
                let (mut text, mut end) = ([0; 16], 0);
                for octet in v4.octets() {
                    let (digits, len) = OCTETS.get(usize::from(octet)).copied().unwrap_or_default();
                    if let Some(place) = text.get_mut(end..end + digits.len()) {
                        place.copy_from_slice(&digits);
                    }
                    end += len;
                }
                self.out.extend_from_slice(text.get(..end - 1).unwrap_or_default());
            }
            IpAddr::V6(v6) => self.out.extend_from_slice(v6.to_string().as_bytes()),
        }
    }
}

/// A list.
pub(super) struct List<I>(pub I);

impl<V: Value, I: IntoIterator<Item = V>> Value for List<I> {
    fn write(self, to: &mut Writer) {
        to.out.push(b'[');
        to.separated(self.0, |to, value| value.write(to));
        to.out.push(b']');
    }
}

/// A list of objects, and what writes one of them.
pub(super) struct Objects<I, F>(pub I, pub F);

impl<V, I: IntoIterator<Item = V>, F: FnMut(&mut Writer, V)> Value for Objects<I, F> {
    fn write(self, to: &mut Writer) {
        to.out.push(b'[');
        to.separated(self.0, self.1);
        to.out.push(b']');
    }
}

/// An object and what writes it, or null.
pub(super) struct Object<T, F>(pub Option<T>, pub F);

impl<T, F: FnOnce(&mut Writer, T)> Value for Object<T, F> {
    fn write(self, to: &mut Writer) {
        match self.0 {
            Some(value) => (self.1)(to, value),
            None => to.piece("null"),
        }
    }
}

/// A text from the wire, made safe.
#[derive(Clone, Copy)]
pub(super) struct Text<'a>(pub &'a [u8]);

impl Value for Text<'_> {
    fn write(self, to: &mut Writer) {
        if is_plain(self.0) && password::passwords(self.0).is_empty() {
            to.plain(self.0);
        } else {
            Other(escape_lossy(self.0)).write(to);
        }
    }
}

/// Whether a text is the same in JSON.
fn is_plain(text: &[u8]) -> bool {
    let odd = |b: &u8| !matches!(b, b' '..=b'~') || matches!(b, b'"' | b'\\');
    // without an early exit the loop runs many bytes at a time
    !text.iter().fold(false, |any, b| any | odd(b))
}

/// A sentence of this program: what of it is from the wire is safe.
pub(super) struct Str<'a>(pub &'a str);

impl Value for Str<'_> {
    fn write(self, to: &mut Writer) {
        if is_plain(self.0.as_bytes()) {
            to.plain(self.0.as_bytes());
        } else {
            Other(self.0).write(to);
        }
    }
}

/// A word of this program.
impl Value for &'static str {
    fn write(self, to: &mut Writer) {
        to.plain(self.as_bytes());
    }
}

/// Anything else.
pub(super) struct Other<T>(pub T);

impl<T: Serialize> Value for Other<T> {
    fn write(self, to: &mut Writer) {
        let start = to.out.len();
        if serde_json::to_writer(&mut to.out, &self.0).is_err() {
            // no type used here fails, and memory takes every byte
            to.out.truncate(start);
            to.out.extend_from_slice(b"null");
        }
    }
}

impl<V: Value> Value for Option<V> {
    fn write(self, to: &mut Writer) {
        match self {
            Some(value) => value.write(to),
            None => to.out.extend_from_slice(b"null"),
        }
    }
}

impl Value for bool {
    fn write(self, to: &mut Writer) {
        to.out.extend_from_slice(if self { b"true" } else { b"false" });
    }
}

/// Nanoseconds as milliseconds, in as many decimals as there are.
pub(super) struct Millis(pub i64);

impl Value for Millis {
    fn write(self, to: &mut Writer) {
        // less is written with an exponent, and of more a double does not hold every digit
        if !(100..1_000_000_000_000_000).contains(&self.0) {
            return Other(self.0 as f64 / 1e6).write(to);
        }
        to.digits(self.0 / 1_000_000);
        to.out.push(b'.');
        let [_, _, _, _, decimals @ ..] = ten_digits((self.0 % 1_000_000).unsigned_abs());
        to.out.extend_from_slice(&decimals);
        while let [.., before, b'0'] = to.out.as_slice()
            && *before != b'.'
        {
            to.out.pop();
        }
    }
}

macro_rules! numbers {
    ($($number:ty)*) => {
        $(impl Value for $number {
            fn write(self, to: &mut Writer) {
                to.digits(self);
            }
        })*
    };
}

numbers!(u8 u16 u32 u64 i64);

impl Value for Timestamp {
    /// As [`Timestamp::epoch_string`]; null in a log without a clock.
    fn write(self, to: &mut Writer) {
        if self == Self::NONE {
            to.piece("null");
            return;
        }
        let (secs, nanos) =
            (self.nanos().div_euclid(1_000_000_000), self.nanos().rem_euclid(1_000_000_000));
        let mut decimals = ten_digits(nanos.unsigned_abs());
        // there are nine of them
        let [dot, ..] = &mut decimals;
        *dot = b'.';
        to.out.push(b'"');
        // from September 2001 on
        if secs >= 1_000_000_000 {
            to.out.extend_from_slice(&ten_digits(secs.unsigned_abs()));
        } else {
            to.digits(secs);
        }
        to.out.extend_from_slice(&decimals);
        to.out.push(b'"');
    }
}

impl Value for IpAddr {
    fn write(self, to: &mut Writer) {
        to.out.push(b'"');
        to.address(self);
        to.out.push(b'"');
    }
}

impl Value for Endpoint {
    /// As it is displayed.
    fn write(self, to: &mut Writer) {
        if let Some((_, known)) = to.ends.iter().find(|(end, _)| *end == Some(self)) {
            return to.again(known.clone());
        }
        let (start, v6) = (to.len(), self.addr.is_ipv6());
        to.out.extend_from_slice(if v6 { b"\"[" } else { b"\"" });
        to.address(self.addr);
        to.out.extend_from_slice(if v6 { b"]:" } else { b":" });
        to.digits(self.port);
        to.out.push(b'"');
        to.ends.rotate_right(1);
        let [first, _] = &mut to.ends;
        *first = (Some(self), start..to.out.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(value: impl Value) -> String {
        let mut to = Writer::with_capacity(0);
        value.write(&mut to);
        String::from_utf8(to.into_bytes()).unwrap()
    }

    #[test]
    fn values_are_written_as_serde_does() {
        for text in ["", "sip:5001@gw", "a\"b\\c", "tab\t", "Ünïcode", "\u{202e}x", "nul\0"] {
            let want = serde_json::to_string(&escape_lossy(text.as_bytes())).unwrap();
            assert_eq!(written(Text(text.as_bytes())), want);
        }
        assert_eq!(written(Text(b"a\xff")), "\"a\u{fffd}\"");
        for nanos in [
            0,
            1,
            -1,
            999_999_999_999_999_999,
            1_000_000_000_000_000_000,
            1_793_700_000_123_456_789,
            -5_000_000_000,
            i64::MAX,
            i64::MIN,
        ] {
            let time = Timestamp::from_nanos(nanos);
            assert_eq!(written(time), of_time(time));
        }
        for address in ["192.0.2.1", "0.0.0.0", "2001:db8::1", "::ffff:192.0.2.1"] {
            let address: IpAddr = address.parse().unwrap();
            assert_eq!(written(address), serde_json::to_string(&address).unwrap());
            let end = Endpoint::new(address, 5060);
            assert_eq!(written(end), format!("\"{end}\""));
            let others = [0, 1, 0, 2, 1, 0, 0].map(|port| Endpoint::new(address, port));
            let want: Vec<_> = others.iter().map(|end| format!("\"{end}\"")).collect();
            assert_eq!(written(List(others)), format!("[{}]", want.join(",")));
        }
        for octets in (0..=255).map(|n| [n, 255 - n, n / 2, n % 10]) {
            let address = IpAddr::from(octets);
            assert_eq!(written(address), format!("\"{address}\""));
        }
        for nanos in [0, 1, 99, 100, 101, 999, 1_000_000, 12_345_678, 5_000_000_001, -7, i64::MIN] {
            for factor in [1, 10, 1000, 123_456] {
                let nanos = i64::saturating_mul(nanos, factor);
                let want = serde_json::to_string(&(nanos as f64 / 1e6)).unwrap();
                assert_eq!(written(Millis(nanos)), want);
            }
        }
        assert_eq!(written(Some(Other(1.5))), "1.5");
        assert_eq!(written(None::<u32>), "null");
    }

    fn of_time(time: Timestamp) -> String {
        let known = time.known().map(|time| format!("\"{}\"", time.epoch_string()));
        known.unwrap_or_else(|| "null".to_owned())
    }

    proptest::proptest! {
        #[test]
        fn milliseconds_are_written_as_serde_does(nanos: i64, shift in 0..63_u32) {
            let nanos = nanos >> shift;
            let want = serde_json::to_string(&(nanos as f64 / 1e6)).unwrap();
            proptest::prop_assert_eq!(written(Millis(nanos)), want);
            let time = Timestamp::from_nanos(nanos);
            proptest::prop_assert_eq!(written(time), of_time(time));
        }
    }

    #[test]
    fn commas_stand_between_members_and_nowhere_else() {
        let mut to = Writer::with_capacity(0);
        to.separated(0..2, |to, _| {
            object!(to, "a": 1_u32, "b": List([1_u16, 2]), "c": List([""; 0]), ..);
            let before = to.len();
            members!(to, "d": Objects([true, false], |to: &mut Writer, on| object!(to, "[": on)));
            members!(to, "e": Object(None, |_: &mut Writer, (): ()| ()));
            to.again(before..before + 6);
            to.piece("0}");
        });
        let one = r#"{"a":1,"b":[1,2],"c":[],"d":[{"[":true},{"[":false}],"e":null,"d":[0}"#;
        assert_eq!(String::from_utf8(to.into_bytes()).unwrap(), format!("{one},{one}"));
    }
}
