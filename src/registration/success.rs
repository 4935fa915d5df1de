//! A 2xx to a REGISTER, and what it gives the sender of the request.

use smallvec::SmallVec;

use super::attempt::Outcome;
use super::binding::is_same_side;
use super::ends::{End, Host};
use super::store::Binding;
use super::text::Sym;
use super::transaction::Request;
use crate::net::{FrameRef, Timestamp};

/// A Contact listed in a 2xx.
#[derive(Clone, Debug)]
pub(super) struct Listed {
    pub contact: Sym,
    pub device: Sym,
    pub expires: Option<u32>,
}

/// A 2xx to a REGISTER, and the request's sender.
pub(super) struct Success<'a> {
    /// When the request was first sent; when the response came, if no request was captured.
    pub asked_at: Timestamp,
    pub time: Timestamp,
    pub frame: FrameRef,
    pub source: End,
    /// Where the same device, by its Call-ID, was accepted last, if that was another address.
    pub sibling: Option<Host>,
    /// The address the registrar saw, when its Via says another one.
    pub received: Option<Host>,
    /// The addresses the request was seen to come from, on every wire.
    pub senders: SmallVec<[Host; 2]>,
    pub user_agent: Sym,
    pub aor: Sym,
    pub request: Option<&'a Request>,
    pub listed: &'a [Listed],
    /// The response's Expires header.
    pub expires: Option<u32>,
    /// The response was cut: what it lists is not all there is.
    pub cut: bool,
}

impl Success<'_> {
    /// Whether the sender of the request, as far as the capture knows, had registered a binding.
    pub(super) fn is_its_side(&self, binding: &Binding) -> bool {
        is_same_side(binding, self.source.host())
            || self.sibling.is_some_and(|sibling| is_same_side(binding, sibling))
    }
}

/// What the 2xx gave the sender of the request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Granted {
    pub outcome: Outcome,
    pub seconds: Option<u32>,
    pub shortened: bool,
    pub margin_ms: Option<i64>,
}

impl Granted {
    pub(super) const fn plain(outcome: Outcome) -> Self {
        Self { outcome, seconds: None, shortened: false, margin_ms: None }
    }
}
