//! What a DN's latest REGISTER says in a header or Contact parameter that was asked for, as it may be shown.

use super::atom::Value;
use super::raw::secrets;
use crate::net::password::masked;
use crate::registration::{DnView, Extra, ExtraName};

/// The value, secrets masked; `None` when it is not known.
#[must_use]
pub fn extra(dn: &DnView<'_>, name: &ExtraName) -> Option<Value> {
    match dn.extra(name) {
        Extra::Unknown => None,
        Extra::Absent => Some(Value::Absent),
        Extra::Value(text) => {
            let shown = masked(text, &secrets(name.header(), text)).into_owned();
            Some(Value::Text(shown))
        }
    }
}
