//! The columns that rows of DNs may have.

use super::csv;
use crate::compare::{Value, extra};
use crate::registration::{DnView, ExtraName};

/// One column.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Column {
    /// One of those that CSV has by itself, by its place.
    Usual(usize),
    /// A header or Contact parameter of the latest REGISTER.
    Extra(ExtraName),
}

impl Column {
    /// Reads the name of a column.
    pub fn parse(name: &str) -> Result<Self, String> {
        let name = name.trim();
        let place = csv::HEADER.iter().position(|usual| usual.eq_ignore_ascii_case(name));
        let column = place.map(Self::Usual).or_else(|| ExtraName::parse(name).map(Self::Extra));
        column.ok_or_else(|| {
            let usual = csv::HEADER.join(", ");
            format!("no such column; there are {usual}, hdr.NAME and contact.param.NAME")
        })
    }

    /// The header or Contact parameter, if it is one.
    #[must_use]
    pub const fn extra(&self) -> Option<&ExtraName> {
        match self {
            Self::Usual(_) => None,
            Self::Extra(name) => Some(name),
        }
    }
}

/// What a DN's latest REGISTER says there, as safe text: `absent` if it is not there, nothing if that is not known.
pub(super) fn extra_text(dn: &DnView<'_>, name: &ExtraName) -> String {
    extra(dn, name).as_ref().map(Value::display).unwrap_or_default()
}
