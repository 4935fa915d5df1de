//! Writes JSON into bytes without a detour: the DNs of a large capture are most of the program's output.

use std::net::IpAddr;

use serde::Serialize;

use crate::net::{Endpoint, Timestamp, escape_lossy};

/// JSON under way. Commas come by themselves: after `{`, `[` and `:` there is none.
pub(super) struct Writer {
    out: Vec<u8>,
}

/// What stands behind the name of a member, or in a list.
pub(super) trait Value {
    fn write(self, to: &mut Writer);
}

impl Writer {
    /// Nothing yet, with room for so many bytes.
    pub(super) fn with_capacity(bytes: usize) -> Self {
        Self { out: Vec::with_capacity(bytes) }
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.out
    }

    /// A member of the object under way.
    pub(super) fn member(&mut self, name: &'static str, value: impl Value) {
        self.name(name);
        value.write(self);
    }

    /// A member that is a list.
    pub(super) fn list<V: Value>(
        &mut self,
        name: &'static str,
        values: impl IntoIterator<Item = V>,
    ) {
        self.name(name);
        self.out.push(b'[');
        for value in values {
            self.comma();
            value.write(self);
        }
        self.out.push(b']');
    }

    /// A member that is a list of objects.
    pub(super) fn objects<V>(
        &mut self,
        name: &'static str,
        values: impl IntoIterator<Item = V>,
        mut write: impl FnMut(&mut Self, V),
    ) {
        self.name(name);
        self.out.push(b'[');
        for value in values {
            self.object(|to| write(to, value));
        }
        self.out.push(b']');
    }

    /// A member that is an object, or null.
    pub(super) fn object_if<V>(
        &mut self,
        name: &'static str,
        value: Option<V>,
        write: impl FnOnce(&mut Self, V),
    ) {
        self.name(name);
        match value {
            Some(value) => self.object(|to| write(to, value)),
            None => self.out.extend_from_slice(b"null"),
        }
    }

    /// An object in the list under way.
    pub(super) fn object(&mut self, write: impl FnOnce(&mut Self)) {
        self.comma();
        self.out.push(b'{');
        write(self);
        self.out.push(b'}');
    }

    fn name(&mut self, name: &'static str) {
        self.comma();
        self.out.push(b'"');
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(b"\":");
    }

    fn comma(&mut self) {
        if !matches!(self.out.last(), None | Some(b'{' | b'[' | b':')) {
            self.out.push(b',');
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
                let [a, b, c, d] = v4.octets();
                self.digits(a);
                for octet in [b, c, d] {
                    self.out.push(b'.');
                    self.digits(octet);
                }
            }
            IpAddr::V6(v6) => self.out.extend_from_slice(v6.to_string().as_bytes()),
        }
    }
}

/// A text from the wire, made safe.
pub(super) struct Text<'a>(pub &'a [u8]);

impl Value for Text<'_> {
    fn write(self, to: &mut Writer) {
        let odd = |b: &u8| !matches!(b, b' '..=b'~') || matches!(b, b'"' | b'\\');
        // without a way out of the loop it is done many bytes at a time
        if self.0.iter().fold(false, |any, b| any | odd(b)) {
            Other(escape_lossy(self.0)).write(to);
        } else {
            to.plain(self.0);
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
    /// As [`Timestamp::epoch_string`].
    fn write(self, to: &mut Writer) {
        let (secs, nanos) =
            (self.nanos().div_euclid(1_000_000_000), self.nanos().rem_euclid(1_000_000_000));
        to.out.push(b'"');
        to.digits(secs);
        to.out.push(b'.');
        // nine decimals: the first digit only holds the zeros
        let mut decimals = itoa::Buffer::new();
        let decimals = decimals.format(nanos + 1_000_000_000);
        to.out.extend_from_slice(decimals.as_bytes().get(1..).unwrap_or_default());
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
        let v6 = self.addr.is_ipv6();
        to.out.extend_from_slice(if v6 { b"\"[" } else { b"\"" });
        to.address(self.addr);
        to.out.extend_from_slice(if v6 { b"]:" } else { b":" });
        to.digits(self.port);
        to.out.push(b'"');
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
        for nanos in [0, 1, -1, 1_793_700_000_123_456_789, -5_000_000_000, i64::MAX, i64::MIN] {
            let time = Timestamp::from_nanos(nanos);
            assert_eq!(written(time), format!("\"{}\"", time.epoch_string()));
        }
        for address in ["192.0.2.1", "0.0.0.0", "2001:db8::1", "::ffff:192.0.2.1"] {
            let address: IpAddr = address.parse().unwrap();
            assert_eq!(written(address), serde_json::to_string(&address).unwrap());
            let end = Endpoint::new(address, 5060);
            assert_eq!(written(end), format!("\"{end}\""));
        }
        assert_eq!(written(Some(Other(1.5))), "1.5");
        assert_eq!(written(None::<u32>), "null");
    }

    #[test]
    fn commas_stand_between_members_and_nowhere_else() {
        let mut to = Writer::with_capacity(0);
        for _ in 0..2 {
            to.object(|to| {
                to.member("a", 1_u32);
                to.list("b", [1_u16, 2]);
                to.list("c", [""; 0]);
                to.objects("d", [true, false], |to, on| to.member("[", on));
            });
        }
        let one = r#"{"a":1,"b":[1,2],"c":[],"d":[{"[":true},{"[":false}]}"#;
        assert_eq!(String::from_utf8(to.into_bytes()).unwrap(), format!("{one},{one}"));
    }
}
