//! Bindings that ended on the word of an answer to somebody else, which may prove wrong.

use super::few::Few;
use super::store::{Binding, Change, Registration};
use super::verdict::Verdict;
use crate::net::{FrameRef, Timestamp};

impl Registration {
    /// Ends running bindings on the word of an answer to somebody else, which may prove wrong.
    pub(super) fn end_in_doubt(
        &mut self,
        at: Timestamp,
        frame: FrameRef,
        gone: impl Fn(&Binding) -> bool,
    ) {
        let lost: Few<Binding> = self.bindings.iter().filter(|b| gone(b)).cloned().collect();
        if self.end(at, frame, gone, |_| Verdict::Terminated) {
            self.rare().doubtful = lost;
        }
    }

    /// The registrar still calls the device: what seemed to have ended did not. Says whether anything
    /// had.
    pub(super) fn resume(&mut self) -> bool {
        let Some(rare) = self.rare.as_deref_mut().filter(|rare| !rare.doubtful.is_empty()) else {
            return false;
        };
        let lost = std::mem::take(&mut rare.doubtful);
        let Some(ended) = rare.ended.filter(|ended| ended.how == Verdict::Terminated) else {
            return false;
        };
        if !self.bindings.is_empty() || self.tried.is_some_and(|tried| tried.at > ended.at) {
            return false;
        }
        rare.ended = None;
        rare.losses = rare.losses.saturating_sub(1);
        self.bindings = lost;
        let wrong = |c: &Change| c.verdict == Verdict::Terminated && c.time == ended.at;
        if self.history.last().is_some_and(wrong) {
            self.history.change(|list| {
                list.pop();
            });
        }
        true
    }
}
