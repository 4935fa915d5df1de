//! Handles bindings that ended because of a response to another host's request, which may prove wrong.

use super::few::Few;
use super::snapshot::DnView;
use super::store::{Binding, Called, Change, Refusal, Registration};
use super::verdict::Verdict;

impl Registration {
    /// Ends running bindings because of a response to another host's request, which may prove wrong.
    pub(super) fn end_in_doubt(&mut self, refusal: Refusal, gone: impl Fn(&Binding) -> bool) {
        let lost: Few<Binding> = self.bindings.iter().filter(|b| gone(b)).cloned().collect();
        if self.end(refusal.time, refusal.frame, gone, |_| Verdict::Terminated) {
            let rare = self.rare();
            rare.doubtful = lost;
            rare.doubt = Some(refusal);
        }
    }

    /// The registrar still calls the device, or the device refreshes what it holds: what seemed to
    /// have ended did not. Says whether anything had.
    pub(super) fn resume(&mut self) -> bool {
        let Some(rare) = self.rare.as_deref_mut().filter(|rare| !rare.doubtful.is_empty()) else {
            return false;
        };
        let lost = std::mem::take(&mut rare.doubtful);
        let doubt = rare.doubt.take();
        let Some(ended) = rare.ended.filter(|ended| ended.how == Verdict::Terminated) else {
            return false;
        };
        if !self.bindings.is_empty() || self.tried.is_some_and(|tried| tried.at > ended.at) {
            return false;
        }
        rare.ended = None;
        rare.unrouted = doubt;
        self.take_back_loss();
        self.bindings = lost;
        let wrong = |c: &Change| c.verdict == Verdict::Terminated && c.time == ended.at;
        if self.history.last().is_some_and(wrong) {
            self.history.change(|list| {
                list.pop();
            });
        }
        true
    }

    /// The latest loss was none.
    pub(super) fn take_back_loss(&mut self) {
        let rare = self.rare();
        (rare.losses, rare.last_loss, rare.flapping) = rare.before_loss;
    }
}

impl DnView<'_> {
    /// What its registrar answered to another host's request for it, if nothing else shows that its binding is
    /// gone.
    #[must_use]
    pub fn doubt(&self) -> Option<Refusal> {
        let registrar = self.state().registrations.first()?.registrar;
        let texts = self.snapshot.texts();
        let mut all = self.record()?.registrations.iter();
        let reg = all.find(|reg| reg.registrar.endpoint(texts) == registrar)?;
        reg.rare.as_deref()?.doubt
    }

    /// What a registrar answered to another host's request for it that says nothing about its binding.
    #[must_use]
    pub fn unrouted(&self) -> Option<(crate::net::Endpoint, Refusal)> {
        let texts = self.snapshot.texts();
        self.record()?.registrations.iter().find_map(|reg| {
            let refusal = reg.rare.as_deref()?.unrouted?;
            Some((reg.registrar.endpoint(texts), refusal))
        })
    }

    /// The latest call or other request outside a dialog that a server sent it.
    #[must_use]
    pub fn called(&self) -> Option<Called> {
        self.record()?.aside.as_ref()?.called
    }
}
