//! What a 2xx does to the bindings of an address-of-record (RFC 3261 §10.2.4, §10.3 step 8).

use std::net::IpAddr;

use super::store::{Binding, Change, Ended, Outcome, Purpose, Registration};
use super::text::{Sym, Texts};
use super::transaction::{Asked, Request};
use super::verdict::Verdict;
use crate::net::{Endpoint, FrameRef, Timestamp};
use crate::sip::{NameAddr, Uri};

/// Losses of service this close together are flapping: ten minutes.
const FLAPPING_WINDOW: i64 = 600_000_000_000;
/// Changes kept per registration.
const HISTORY: usize = 256;

/// A Contact a 2xx lists.
#[derive(Clone, Debug)]
pub(super) struct Listed {
    pub contact: Sym,
    pub device: Sym,
    pub expires: Option<u32>,
}

/// A 2xx to a REGISTER, and who had asked.
pub(super) struct Success<'a> {
    /// When the request was first sent; when the answer came, if no request was captured.
    pub asked_at: Timestamp,
    pub time: Timestamp,
    pub frame: FrameRef,
    pub source: Endpoint,
    /// The address the registrar saw, when its Via says another one.
    pub received: Option<IpAddr>,
    pub user_agent: Sym,
    pub aor: Sym,
    pub request: Option<&'a Request>,
    pub listed: &'a [Listed],
    /// The answer's Expires header.
    pub expires: Option<u32>,
    /// The answer was cut: what it lists is not all there is.
    pub cut: bool,
}

/// What came of it for the one who asked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Granted {
    pub outcome: Outcome,
    pub seconds: Option<u32>,
    pub shortened: bool,
    pub margin_ms: Option<i64>,
}

impl Granted {
    const fn plain(outcome: Outcome) -> Self {
        Self { outcome, seconds: None, shortened: false, margin_ms: None }
    }
}

impl Registration {
    /// A registration nothing is known of yet.
    pub(super) fn new(registrar: Endpoint) -> Self {
        Self {
            registrar,
            bindings: smallvec::SmallVec::new(),
            ended: None,
            tried: None,
            before: None,
            history: Vec::new(),
            changes_dropped: 0,
            losses: 0,
            flapping: false,
            last_loss: Timestamp::default(),
            holders: smallvec::SmallVec::new(),
        }
    }

    /// Ends the bindings whose time ran out by `now`.
    pub(super) fn settle(&mut self, now: Timestamp) {
        if self.bindings.is_empty() || self.bindings.iter().all(|b| b.runs_at(now)) {
            return;
        }
        let Some(last) = self.bindings.iter().max_by_key(|b| b.expires_at).cloned() else { return };
        self.bindings.retain(|b| b.runs_at(now));
        if let (true, Some(at)) = (self.bindings.is_empty(), last.expires_at) {
            self.lose(Verdict::Expired, at, last.frame, &last);
        }
    }

    fn lose(&mut self, how: Verdict, at: Timestamp, frame: FrameRef, last: &Binding) {
        let source = last.source.map(|s| s.addr);
        self.ended = Some(Ended { how, at, renewed: last.renewed, source });
        let soon = at.nanos_since(self.last_loss) < FLAPPING_WINDOW;
        self.flapping |= self.losses > 0 && soon;
        self.losses += 1;
        self.last_loss = at;
        self.note_change(at, frame);
    }

    /// Ends the running bindings that `gone` names; `how` judges the last of them.
    pub(super) fn end(
        &mut self,
        at: Timestamp,
        frame: FrameRef,
        gone: impl Fn(&Binding) -> bool,
        how: impl Fn(&Binding) -> Verdict,
    ) -> bool {
        let Some(last) = self.bindings.iter().rev().find(|b| gone(b)).cloned() else {
            return false;
        };
        self.bindings.retain(|b| !gone(b));
        if self.bindings.is_empty() {
            self.lose(how(&last), at, frame, &last);
        }
        true
    }

    /// Writes the verdict of this moment into the history if it is another one.
    pub(super) fn note_change(&mut self, time: Timestamp, frame: FrameRef) {
        let Some((verdict, code)) = self.judge(time) else { return };
        if self.history.last().is_some_and(|c| c.verdict == verdict && c.code == code) {
            return;
        }
        if self.history.len() >= HISTORY {
            // the first and the latest changes tell most
            self.history.remove(HISTORY / 2);
            self.changes_dropped += 1;
        }
        self.history.push(Change { time, verdict, code, frame });
    }

    /// Applies a 2xx.
    pub(super) fn succeed(&mut self, texts: &Texts, ok: &Success<'_>) -> Granted {
        self.settle(ok.asked_at);
        let cut_request = ok.request.is_some_and(|r| r.cut);
        match ok.request {
            Some(r) if r.purpose == Purpose::Remove && !cut_request => self.removed(texts, ok, r),
            _ if ok.cut => Granted::plain(Outcome::Failed(Verdict::Truncated)),
            Some(r) if r.purpose == Purpose::Register && !cut_request => self.asked(texts, ok, r),
            Some(r) if r.purpose == Purpose::Query && !cut_request => self.queried(texts, ok),
            _ => self.answer_alone(texts, ok, cut_request),
        }
    }

    fn removed(&mut self, texts: &Texts, ok: &Success<'_>, request: &Request) -> Granted {
        let mut last_gone = None;
        let from_its_side = |b: &Binding| is_same_side(b, ok.source.addr);
        let how = |b: &Binding| {
            if from_its_side(b) { Verdict::Deregistered } else { Verdict::Terminated }
        };
        let named = |b: &Binding| {
            request.star && b.aor == ok.aor
                || request.contacts.iter().any(|c| same_contact(texts, c, b.contact, b.device))
        };
        if let Some(b) = self.bindings.iter().rev().find(|b| named(b)) {
            last_gone = Some(how(b));
        }
        self.end(ok.time, ok.frame, named, how);
        if ok.cut {
            return Granted::plain(Outcome::Removed);
        }
        self.list_others(texts, ok, |_| false);
        self.drop_unlisted(texts, ok, how);
        if self.bindings.is_empty() && last_gone.is_none() {
            self.removed_unseen(ok);
        }
        Granted::plain(Outcome::Removed)
    }

    /// A removal of something this capture did not see registered, or saw ending a moment before.
    fn removed_unseen(&mut self, ok: &Success<'_>) {
        let already = self.ended.filter(|e| e.at < ok.asked_at);
        if already.is_some_and(|e| e.how != Verdict::Expired) {
            return;
        }
        let own = self.ended.is_none_or(|e| e.source.is_none_or(|s| s == ok.source.addr));
        let how = if own { Verdict::Deregistered } else { Verdict::Terminated };
        let renewed = self.ended.map_or(ok.time, |e| e.renewed);
        let source = Some(ok.source.addr);
        self.ended = Some(Ended { how, at: ok.time, renewed, source });
    }

    fn asked(&mut self, texts: &Texts, ok: &Success<'_>, request: &Request) -> Granted {
        let mut granted = Granted::plain(Outcome::Failed(Verdict::NotKept));
        let mut own = smallvec::SmallVec::<[usize; 4]>::new();
        for asked in request.contacts.iter().filter(|c| c.expires != Some(0)) {
            let Some(place) = find_listed(texts, ok, asked) else { continue };
            own.push(place);
            let Some(listed) = ok.listed.get(place) else { continue };
            let seconds = listed.expires.or(ok.expires).or(asked.expires);
            if seconds == Some(0) {
                granted.seconds = Some(0);
                continue;
            }
            let margin = self.grant(texts, ok, listed, seconds, Some(ok.source));
            granted.outcome = Outcome::Accepted;
            granted.seconds = seconds;
            granted.shortened |= matches!((seconds, asked.expires), (Some(g), Some(a)) if g < a);
            granted.margin_ms = granted.margin_ms.or(margin);
        }
        self.list_others(texts, ok, |place| own.contains(&place));
        let left = |b: &Binding| {
            let removed = request
                .contacts
                .iter()
                .any(|c| c.expires == Some(0) && same_contact(texts, c, b.contact, b.device));
            if removed && is_same_side(b, ok.source.addr) {
                Verdict::Deregistered
            } else {
                Verdict::Terminated
            }
        };
        self.drop_unlisted(texts, ok, left);
        if granted.outcome == Outcome::Accepted {
            self.note_holder(ok.source.addr);
        }
        granted
    }

    fn queried(&mut self, texts: &Texts, ok: &Success<'_>) -> Granted {
        self.list_others(texts, ok, |_| false);
        self.drop_unlisted(texts, ok, |_| Verdict::Terminated);
        let any = !self.bindings.is_empty();
        Granted::plain(if any { Outcome::Accepted } else { Outcome::NothingListed })
    }

    fn answer_alone(&mut self, texts: &Texts, ok: &Success<'_>, cut_request: bool) -> Granted {
        let live = ok.listed.iter().filter(|l| l.expires.or(ok.expires) != Some(0)).count();
        if live == 0 && cut_request {
            return Granted::plain(Outcome::Failed(Verdict::Truncated));
        }
        for listed in ok.listed {
            let seconds = listed.expires.or(ok.expires);
            if seconds != Some(0) {
                // the answer goes to the one who asked; with one Contact that is whose it is
                let source = (ok.listed.len() == 1).then_some(ok.source);
                self.grant(texts, ok, listed, seconds, source);
            }
        }
        let side = ok.source.addr;
        self.drop_unlisted(texts, ok, |b| {
            if is_same_side(b, side) { Verdict::Deregistered } else { Verdict::Terminated }
        });
        let seconds = ok.listed.first().and_then(|l| l.expires.or(ok.expires));
        let outcome = match (live > 0, self.ended.is_some()) {
            (true, _) => Outcome::Accepted,
            (false, true) => Outcome::Removed,
            (false, false) => Outcome::NothingListed,
        };
        Granted { seconds: seconds.filter(|_| live > 0), ..Granted::plain(outcome) }
    }

    /// Takes over the bindings a 2xx lists beside those that were asked for.
    fn list_others(&mut self, texts: &Texts, ok: &Success<'_>, own: impl Fn(usize) -> bool) {
        for (place, listed) in ok.listed.iter().enumerate() {
            if !own(place) && listed.expires.or(ok.expires) != Some(0) {
                self.grant(texts, ok, listed, listed.expires, None);
            }
        }
    }

    /// Ends the bindings of this address-of-record that a complete 2xx does not list.
    fn drop_unlisted(
        &mut self,
        texts: &Texts,
        ok: &Success<'_>,
        how: impl Fn(&Binding) -> Verdict,
    ) {
        let unlisted = |b: &Binding| {
            b.aor == ok.aor
                && !is_fresh(b, ok.time)
                && !ok.listed.iter().any(|l| same_listed(texts, l, b.contact, b.device))
        };
        self.end(ok.time, ok.frame, unlisted, how);
    }

    /// Adds or renews one binding; the margin of a renewal in milliseconds.
    fn grant(
        &mut self,
        texts: &Texts,
        ok: &Success<'_>,
        listed: &Listed,
        seconds: Option<u32>,
        source: Option<Endpoint>,
    ) -> Option<i64> {
        let expires_at = seconds.map(|s| ok.time.plus_secs(s));
        let known =
            self.bindings.iter_mut().find(|b| same_listed(texts, listed, b.contact, b.device));
        if let Some(b) = known {
            let margin = b.expires_at.map(|end| end.nanos_since(ok.asked_at) / 1_000_000);
            b.contact = listed.contact;
            b.renewed = ok.time;
            if expires_at.is_some() || source.is_some() {
                b.expires_at = expires_at;
                b.granted = seconds;
            }
            if let Some(source) = source {
                b.source = Some(source);
                b.user_agent = ok.user_agent;
                b.frame = ok.frame;
                b.refreshes += 1;
            }
            return margin.filter(|_| source.is_some());
        }
        // a gap: the binding this one follows has ended
        let gap = self
            .ended
            .filter(|e| e.how == Verdict::Expired && e.source == source.map(|s| s.addr))
            .map(|e| e.at.nanos_since(ok.asked_at) / 1_000_000);
        if self.bindings.len() < 64 {
            self.bindings.push(Binding {
                contact: listed.contact,
                device: listed.device,
                aor: ok.aor,
                source,
                user_agent: if source.is_some() { ok.user_agent } else { Sym::NONE },
                granted: seconds,
                since: ok.time,
                renewed: ok.time,
                expires_at,
                frame: ok.frame,
                refreshes: 0,
            });
        }
        gap.filter(|_| source.is_some())
    }

    /// Notes who holds the DN, once nobody else does.
    fn note_holder(&mut self, holder: IpAddr) {
        let alone = self.bindings.iter().all(|b| is_same_side(b, holder));
        if alone && self.holders.last() != Some(&holder) && self.holders.len() < 8 {
            self.holders.push(holder);
        }
    }
}

/// Whether the 2xx of this moment granted the binding, if under another spelling of its Contact.
fn is_fresh(binding: &Binding, now: Timestamp) -> bool {
    binding.renewed == now
}

/// Whether a binding was registered from this address, as far as the capture knows.
fn is_same_side(binding: &Binding, side: IpAddr) -> bool {
    binding.source.is_none_or(|s| s.addr == side)
}

/// The listed Contact that answers an asked one.
///
/// First by URI or instance; else by the address the registrar saw the request come from, for
/// registrars that write a translated Contact.
fn find_listed(texts: &Texts, ok: &Success<'_>, asked: &Asked) -> Option<usize> {
    let exact = ok.listed.iter().position(|l| same_contact(texts, asked, l.contact, l.device));
    exact.or_else(|| {
        let seen = [Some(ok.source.addr), ok.received];
        ok.listed.iter().position(|l| {
            let host = contact_host(texts, l.contact);
            host.is_some() && seen.contains(&host) && same_user(texts, asked.contact, l.contact)
        })
    })
}

fn contact_host(texts: &Texts, contact: Sym) -> Option<IpAddr> {
    Uri::parse(texts.get(contact)).and_then(|uri| uri.host_ip())
}

fn same_user(texts: &Texts, a: Sym, b: Sym) -> bool {
    let user = |s| Uri::parse(texts.get(s)).and_then(|uri| uri.user);
    user(a) == user(b)
}

fn same_contact(texts: &Texts, asked: &Asked, contact: Sym, device: Sym) -> bool {
    same(texts, (asked.contact, asked.device), (contact, device))
}

fn same_listed(texts: &Texts, listed: &Listed, contact: Sym, device: Sym) -> bool {
    same(texts, (listed.contact, listed.device), (contact, device))
}

/// Whether two Contacts are one binding: the same instance and reg-id (RFC 5626 §6), else equal
/// URIs (RFC 3261 §19.1.4).
fn same(texts: &Texts, a: (Sym, Sym), b: (Sym, Sym)) -> bool {
    if !a.1.is_none() && a.1 == b.1 || a.0 == b.0 {
        return true;
    }
    match (Uri::parse(texts.get(a.0)), Uri::parse(texts.get(b.0))) {
        (Some(a), Some(b)) => a.same_as(&b),
        _ => false,
    }
}

/// The device a Contact names: its instance and reg-id (RFC 5626 §4.1); empty without an instance.
pub(super) fn device_of(texts: &mut Texts, contact: &NameAddr<'_>) -> Sym {
    let Some(instance) = contact.instance().filter(|_| contact.reg_id().is_some()) else {
        return Sym::NONE;
    };
    let mut name = instance.to_ascii_lowercase();
    if let Some(id) = contact.reg_id() {
        name.extend_from_slice(b";reg-id=");
        name.extend_from_slice(id.to_string().as_bytes());
    }
    texts.intern(&name)
}
