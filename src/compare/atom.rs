//! The value an attribute has for one DN, small enough to be counted by the hundred thousand.

use std::borrow::Cow;
use std::net::IpAddr;

use ipnet::IpNet;

use crate::net::{Endpoint, escape_bytes};

/// A value before it is written out: equal atoms are equal values. A text comes with its bytes, so
/// that it cannot be looked up in another snapshot than its own.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) enum Atom<'s> {
    /// The header or parameter is not there.
    Absent,
    /// A word of this program.
    Word(&'static str),
    /// A text of the snapshot, or one made from it.
    Text(Cow<'s, [u8]>),
    /// A number.
    Number(i64),
    /// An address.
    Address(IpAddr),
    /// A network.
    Network(IpNet),
    /// Address and port.
    Endpoint(Endpoint),
    /// A link-layer address.
    Mac([u8; 6]),
}

impl<'s> Atom<'s> {
    /// A text of the snapshot.
    pub(super) const fn wire(text: &'s [u8]) -> Self {
        Self::Text(Cow::Borrowed(text))
    }

    /// A host name in lower case (RFC 3261 §19.1.4).
    pub(super) fn lower_case(name: &'s [u8]) -> Self {
        Self::mapped(name, u8::is_ascii_uppercase, <[u8]>::to_ascii_lowercase)
    }

    /// A word of the wire in capitals.
    pub(super) fn capitals(word: &'s [u8]) -> Self {
        Self::mapped(word, u8::is_ascii_lowercase, <[u8]>::to_ascii_uppercase)
    }

    fn mapped(text: &'s [u8], odd: fn(&u8) -> bool, map: fn(&[u8]) -> Vec<u8>) -> Self {
        Self::Text(if text.iter().any(odd) { map(text).into() } else { text.into() })
    }

    /// `yes` or `no`.
    pub(super) const fn yes_no(yes: bool) -> Self {
        Self::Word(if yes { "yes" } else { "no" })
    }

    /// The number, if it is one.
    pub(super) const fn number(&self) -> Option<i64> {
        match self {
            Self::Number(number) => Some(*number),
            _ => None,
        }
    }

    /// The value written out.
    pub(super) fn value(self) -> Value {
        let text = match self {
            Self::Absent => return Value::Absent,
            Self::Word(word) => word.as_bytes().to_vec(),
            Self::Text(text) => text.into_owned(),
            Self::Number(number) => number.to_string().into_bytes(),
            Self::Address(address) => address.to_string().into_bytes(),
            Self::Network(network) => network.to_string().into_bytes(),
            Self::Endpoint(endpoint) => endpoint.to_string().into_bytes(),
            Self::Mac(mac) => {
                let hex: Vec<String> = mac.iter().map(|byte| format!("{byte:02x}")).collect();
                hex.join(":").into_bytes()
            }
        };
        Value::Text(text)
    }
}

/// The value an attribute has, as the wire spells it. Absence is a value of its own; what a
/// capture does not show is no value at all.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Value {
    /// The header or parameter is not there.
    Absent,
    /// Bytes from the wire or words of this program: to be escaped before they are shown.
    Text(Vec<u8>),
}

impl Value {
    /// The value as safe text; `absent` when there is none.
    #[must_use]
    pub fn display(&self) -> String {
        match self {
            Self::Absent => "absent".to_owned(),
            Self::Text(text) if text.is_empty() => "empty".to_owned(),
            Self::Text(text) => escape_bytes(text).into_owned(),
        }
    }
}
