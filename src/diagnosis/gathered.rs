//! Gathers some DNs with their attempts, prefetched together: the nearest cache holds a few dozen.

use crate::registration::{AttemptView, DnView, abreast};

/// DNs gathered together.
const AT_ONCE: usize = 64;

/// The attempts of some DNs, one DN after the other.
#[derive(Default)]
pub(super) struct Gathered<'a> {
    attempts: Vec<AttemptView<'a>>,
    /// Behind the attempts of each DN.
    ends: Vec<usize>,
}

impl<'a> Gathered<'a> {
    /// Gathers the attempts of these DNs instead of those before.
    pub(super) fn gather(&mut self, dns: &[(usize, DnView<'a>)]) {
        abreast::records(dns.iter().map(|(_, view)| *view));
        abreast::attempts(dns.iter().map(|(_, view)| *view));
        self.attempts.clear();
        self.ends.clear();
        for (_, view) in dns {
            self.attempts.extend(view.attempts());
            self.ends.push(self.attempts.len());
        }
    }

    /// The attempts of each DN, in order of time.
    pub(super) fn each(&self) -> impl Iterator<Item = &[AttemptView<'a>]> {
        let mut start = 0;
        self.ends.iter().map(move |end| {
            let range = std::mem::replace(&mut start, *end)..*end;
            self.attempts.get(range).unwrap_or_default()
        })
    }
}

/// Puts the next few into `some`, as many as are gathered together; whether there are any.
pub(super) fn next_of<T>(all: &mut impl Iterator<Item = T>, some: &mut Vec<T>) -> bool {
    some.clear();
    some.extend(all.take(AT_ONCE));
    !some.is_empty()
}
