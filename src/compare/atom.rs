//! The value an attribute has for one DN, small enough to be counted by the hundred thousand.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::net::{Endpoint, escape_bytes};
use crate::registration::{Snapshot, Sym, Texts};

/// A value before it is written out: equal atoms of one table are equal values.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Atom {
    /// The header or parameter is not there.
    Absent,
    /// A word of this program.
    Word(&'static str),
    /// A text of the snapshot.
    Wire(Sym),
    /// A text made from one, kept beside the table.
    Made(Sym),
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

impl Atom {
    /// `yes` or `no`.
    pub(super) const fn yes_no(yes: bool) -> Self {
        Self::Word(if yes { "yes" } else { "no" })
    }

    /// The number, if it is one.
    pub(super) const fn number(self) -> Option<i64> {
        match self {
            Self::Number(number) => Some(number),
            _ => None,
        }
    }

    /// The value written out; `made` holds the texts that were made.
    pub(super) fn value(self, snapshot: &Snapshot, made: &Texts) -> Value {
        let text = match self {
            Self::Absent => return Value::Absent,
            Self::Word(word) => word.as_bytes().to_vec(),
            Self::Wire(sym) => snapshot.texts().get(sym).to_vec(),
            Self::Made(sym) => made.get(sym).to_vec(),
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
/// capture cannot tell is no value at all.
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
