//! Remembers what a screen's lines were built from: they are rebuilt only when that changes.

use std::sync::{Arc, Weak};

use crate::tui::data::Data;

/// What a screen's lines were made of.
#[derive(Clone, Debug, Default)]
pub(in crate::tui) struct Made {
    // while it is held no other data can have its address
    of: Weak<Data>,
    width: u16,
}

impl Made {
    /// Whether lines have to be rebuilt; from now on this data counts.
    pub(in crate::tui) fn renew(&mut self, data: &Arc<Data>, width: u16) -> bool {
        let now = Self { of: Arc::downgrade(data), width };
        let renewed = !self.of.ptr_eq(&now.of) || self.width != width;
        *self = now;
        renewed
    }

    /// Forces a rebuild next time.
    pub(in crate::tui) fn forget(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_made_anew_when_something_changes() {
        let mut made = Made::default();
        let (a, b) = (Arc::new(Data::default()), Arc::new(Data::default()));
        assert!(made.renew(&a, 80) && !made.renew(&a, 80));
        assert!(made.renew(&a, 81) && made.renew(&b, 81) && !made.renew(&b, 81));
        made.forget();
        assert!(made.renew(&b, 81));
    }
}
