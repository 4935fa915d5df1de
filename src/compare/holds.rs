//! Decides whether the condition that separates two sides holds for a DN.

use super::attribute::Attribute;
use super::facts::Facts;
use super::model::Condition;
use crate::registration::{DnView, Snapshot};

impl Condition {
    /// Whether the condition holds for a DN; `None` when the capture or the condition does not decide.
    #[must_use]
    pub fn holds(
        &self,
        attribute: &Attribute,
        snapshot: &Snapshot,
        dn: DnView<'_>,
    ) -> Option<bool> {
        let atom = (attribute.value)(&Facts::of(snapshot, dn))?;
        match self {
            Self::Above(limit) => atom.number().map(|number| number > *limit),
            Self::UpTo(limit) => atom.number().map(|number| number <= *limit),
            Self::Values { values, more, unshared } => {
                let held = values.contains(&atom.value());
                // the value may be one that was left out of the list
                (held || (*more == 0 && !unshared)).then_some(held)
            }
        }
    }
}
