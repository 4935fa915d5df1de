//! Applies a 2xx to the bindings of an address-of-record (RFC 3261 §10.2.4, §10.3 step 8).

use super::attempt::{Outcome, Purpose};
use super::contact::{find_listed, same_contact, same_listed};
use super::ends::{End, Host};
use super::few::Few;
use super::store::{Binding, Change, Ended, Registration, Tried, Trouble, Unsure};
use super::success::{Granted, Listed, Success};
use super::text::{Sym, Texts};
use super::transaction::Request;
use super::verdict::Verdict;
use crate::net::{FrameRef, Timestamp, address};

/// Losses of service this close together are flapping: ten minutes.
const FLAPPING_WINDOW: i64 = 600_000_000_000;
/// A device that is back this soon has replaced its Contact, and was not out of service.
const AT_ONCE: i64 = 1_000_000_000;
/// A registrar counts whole seconds: its end of a binding may differ from the wire's by this much.
pub(super) const WHOLE_SECONDS: i64 = 2_000_000_000;
/// What a registrar grants when neither side names a time (RFC 3261 §10.2.1.1 leaves it to the server).
const USUAL_EXPIRES: u32 = 3600;
/// Changes kept per registration.
const HISTORY: usize = 256;

impl Registration {
    /// A registration nothing is known of yet.
    pub(super) fn new(registrar: End) -> Self {
        Self {
            registrar,
            bindings: Few::new(),
            tried: None,
            before: None,
            history: Few::new(),
            holders: Few::new(),
            edge: None,
            rare: None,
        }
    }

    /// How its last binding ended.
    pub(super) fn ended(&self) -> Option<Ended> {
        self.rare.as_deref()?.ended
    }

    /// A 2xx that was cut, so that it is unknown whether it granted a binding.
    pub(super) fn unsure(&self) -> Option<&Unsure> {
        self.rare.as_deref()?.unsure.as_ref()
    }

    /// Whether it lost its binding twice within a short time.
    pub(super) fn flapping(&self) -> bool {
        self.rare.as_deref().is_some_and(|rare| rare.flapping)
    }

    /// What went not so well, to change.
    pub(super) fn rare(&mut self) -> &mut Trouble {
        self.rare.get_or_insert_default()
    }

    /// The latest tries.
    pub(super) fn tries_mut(&mut self) -> impl Iterator<Item = &mut Tried> {
        self.tried.iter_mut().chain(self.before.as_deref_mut())
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

    /// Brings the history to the moment `now` and in order.
    pub(super) fn settle_wholly(&mut self, now: Timestamp) {
        self.settle(now);
        if let Some(tried) = self.tried {
            self.note_change(tried.at, tried.frame);
        }
        self.history.sort_by_key(|c| c.time);
        if self.history.len() > 1 {
            self.history.change(|list| list.dedup_by_key(|c| (c.verdict, c.code)));
        }
    }

    /// Whether [`Self::settle_wholly`] would change nothing.
    pub(super) fn is_settled(&self, now: Timestamp) -> bool {
        let verdict = |c: &Change| (c.verdict, c.code);
        let told = |t: Tried| {
            self.judge(t.at)
                .is_none_or(|verdict_then| self.history.last().map(verdict) == Some(verdict_then))
        };
        self.bindings.iter().all(|b| b.runs_at(now))
            && self.tried.is_none_or(told)
            && self
                .history
                .iter()
                .zip(self.history.iter().skip(1))
                .all(|(a, b)| a.time <= b.time && verdict(a) != verdict(b))
    }

    fn lose(&mut self, how: Verdict, at: Timestamp, frame: FrameRef, last: &Binding) {
        let source = last.source.map(End::host);
        let rare = self.rare();
        rare.before_loss = (rare.losses, rare.last_loss, rare.flapping);
        rare.doubt = None;
        rare.ended = Some(Ended { how, at, renewed: last.renewed, source });
        let soon = at.nanos_since(rare.last_loss) < FLAPPING_WINDOW;
        rare.flapping |= rare.losses > 0 && soon;
        rare.losses += 1;
        rare.last_loss = at;
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
            // the first and the latest changes are the most useful
            self.history.remove(HISTORY / 2);
            self.rare().changes_dropped += 1;
        }
        self.history.push(Change { time, verdict, code, frame });
    }

    /// Applies a 2xx.
    pub(super) fn succeed(&mut self, texts: &Texts, ok: &Success<'_>) -> Granted {
        if self.refreshes_what_was_doubted(texts, ok) {
            self.resume();
        }
        // a client that refreshes at the very end is not out of service in between
        self.settle(Timestamp::from_nanos(ok.asked_at.nanos().saturating_sub(WHOLE_SECONDS)));
        let cut_request = ok.request.is_some_and(|r| r.cut);
        let removal = ok.request.is_some_and(|r| r.purpose == Purpose::Remove && !cut_request);
        let unsure = (ok.cut && !removal).then(|| {
            let asked = ok.request.and_then(|r| r.contacts.iter().filter_map(|c| c.expires).max());
            let until = ok.time.plus_secs(asked.unwrap_or(USUAL_EXPIRES));
            Unsure { at: ok.time, until, source: ok.source.host() }
        });
        if unsure.is_some() || self.unsure().is_some() {
            self.rare().unsure = unsure;
        }
        match ok.request {
            Some(r) if r.purpose == Purpose::Remove && !cut_request => self.removed(texts, ok, r),
            _ if ok.cut => Granted::plain(Outcome::Failed(Verdict::Truncated)),
            Some(r) if r.purpose == Purpose::Register && !cut_request => self.asked(texts, ok, r),
            Some(r) if r.purpose == Purpose::Query && !cut_request => self.queried(texts, ok),
            _ => self.answer_alone(texts, ok, cut_request),
        }
    }

    /// Whether a 2xx answers a refresh of a binding that was doubted: another caller got a response that it is gone.
    fn refreshes_what_was_doubted(&self, texts: &Texts, ok: &Success<'_>) -> bool {
        let doubtful = self.rare.as_deref().map(|rare| &rare.doubtful);
        let Some(doubtful) = doubtful.filter(|doubtful| !doubtful.is_empty()) else { return false };
        let asked = ok.request.filter(|request| request.purpose == Purpose::Register);
        asked.is_some_and(|request| {
            doubtful.iter().any(|b| {
                b.runs_at(ok.asked_at)
                    && request.contacts.iter().any(|c| same_contact(texts, c, b.contact, b.device))
            })
        })
    }

    fn removed(&mut self, texts: &Texts, ok: &Success<'_>, request: &Request) -> Granted {
        let mut last_gone = None;
        let from_its_side = |b: &Binding| ok.is_its_side(b);
        let how = |b: &Binding| {
            if from_its_side(b) { Verdict::Deregistered } else { Verdict::Terminated }
        };
        let asked_for = |contact: Sym, device: Sym| {
            request.star || request.contacts.iter().any(|c| same_contact(texts, c, contact, device))
        };
        // what it lists with no time at all has the time that was asked for: none
        let kept = |l: &Listed| match l.expires.or(ok.expires) {
            Some(secs) => secs > 0,
            None => !asked_for(l.contact, l.device),
        };
        let named = |b: &Binding| {
            (!request.star || same_aor(texts, b.aor, ok.aor))
                && asked_for(b.contact, b.device)
                && !ok.listed.iter().any(|l| kept(l) && same_listed(texts, l, b.contact, b.device))
        };
        if let Some(b) = self.bindings.iter().rev().find(|b| named(b)) {
            last_gone = Some(how(b));
        }
        self.end(ok.time, ok.frame, named, how);
        if ok.cut {
            return Granted::plain(Outcome::Removed);
        }
        self.list_others(texts, ok, |place| ok.listed.get(place).is_none_or(|l| !kept(l)));
        self.drop_unlisted(texts, ok, how);
        if self.bindings.is_empty() && last_gone.is_none() {
            self.removed_unseen(ok);
        }
        Granted::plain(Outcome::Removed)
    }

    /// A removal of something this capture did not see registered, or saw ending a moment before.
    fn removed_unseen(&mut self, ok: &Success<'_>) {
        let already = self.ended().filter(|e| e.at < ok.asked_at);
        if already.is_some_and(|e| e.how != Verdict::Expired) {
            return;
        }
        let granted_to = match (self.ended(), self.tried) {
            (Some(e), _) => e.source,
            (None, Some(t)) if t.outcome == Outcome::Failed(Verdict::Truncated) => Some(t.source),
            _ => None,
        };
        let own = granted_to.is_none_or(|s| s == ok.source.host() || Some(s) == ok.sibling);
        let how = if own { Verdict::Deregistered } else { Verdict::Terminated };
        let renewed = self.ended().map_or(ok.time, |e| e.renewed);
        let source = Some(ok.source.host());
        self.rare().ended = Some(Ended { how, at: ok.time, renewed, source });
    }

    fn asked(&mut self, texts: &Texts, ok: &Success<'_>, request: &Request) -> Granted {
        let was_out = self.bindings.is_empty();
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
            // one second less is a registrar that counts what is left
            granted.shortened |=
                matches!((seconds, asked.expires), (Some(g), Some(a)) if g.saturating_add(1) < a);
            granted.margin_ms = granted.margin_ms.or(margin);
        }
        let removes = |contact: Sym, device: Sym| {
            let mut gone = request.contacts.iter().filter(|c| c.expires == Some(0));
            gone.any(|c| same_contact(texts, c, contact, device))
        };
        self.list_others(texts, ok, |place| {
            let echoed = ok
                .listed
                .get(place)
                .is_some_and(|l| l.expires.is_none() && removes(l.contact, l.device));
            echoed || own.contains(&place)
        });
        let left = |b: &Binding| {
            if removes(b.contact, b.device) && ok.is_its_side(b) {
                Verdict::Deregistered
            } else {
                Verdict::Terminated
            }
        };
        self.drop_unlisted(texts, ok, left);
        if granted.outcome == Outcome::Accepted {
            let at_once = self.ended().is_some_and(|e| {
                ok.time.nanos_since(e.at) < AT_ONCE && e.source == Some(ok.source.host())
            });
            if was_out && at_once {
                self.take_back_loss();
            }
            self.note_holder(ok);
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
            // gone, and what was cut would show how
            self.drop_unlisted(texts, ok, |_| Verdict::Truncated);
            return Granted::plain(Outcome::Failed(Verdict::Truncated));
        }
        for listed in ok.listed {
            let seconds = listed.expires.or(ok.expires);
            if seconds != Some(0) {
                // the response goes to the sender of the request; a single Contact is its own
                let source = (ok.listed.len() == 1).then_some(ok.source);
                self.grant(texts, ok, listed, seconds, source);
            }
        }
        self.drop_unlisted(texts, ok, |b| {
            if ok.is_its_side(b) { Verdict::Deregistered } else { Verdict::Terminated }
        });
        let seconds = ok.listed.first().and_then(|l| l.expires.or(ok.expires));
        let outcome = match (live > 0, self.ended().is_some()) {
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
                let known = |b: &Binding| same_listed(texts, listed, b.contact, b.device);
                let otherwise = ok.expires.filter(|_| !self.bindings.iter().any(known));
                self.grant(texts, ok, listed, listed.expires.or(otherwise), None);
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
        let removal = ok.request.is_some_and(|r| r.purpose == Purpose::Remove && !r.cut);
        let stays =
            |l: &Listed| l.expires != Some(0) && (removal || l.expires.or(ok.expires) != Some(0));
        let unlisted = |b: &Binding| {
            same_aor(texts, b.aor, ok.aor)
                && !is_fresh(b, ok.time)
                && !ok.listed.iter().any(|l| stays(l) && same_listed(texts, l, b.contact, b.device))
        };
        self.end(ok.time, ok.frame, unlisted, |b| match how(b) {
            Verdict::Terminated if b.ran_out(ok.time) => Verdict::Expired,
            how => how,
        });
    }

    /// Adds or refreshes one binding; the margin of a refresh in milliseconds.
    fn grant(
        &mut self,
        texts: &Texts,
        ok: &Success<'_>,
        listed: &Listed,
        seconds: Option<u32>,
        source: Option<End>,
    ) -> Option<i64> {
        // without a clock nothing runs out
        let expires_at = ok.time.known().and(seconds).map(|s| ok.time.plus_secs(s));
        let known =
            self.bindings.iter_mut().find(|b| same_listed(texts, listed, b.contact, b.device));
        if let Some(b) = known {
            let margin = b.expires_at.map(|end| end.nanos_since(ok.asked_at) / 1_000_000);
            b.contact = listed.contact;
            b.renewed = ok.time;
            if source.is_some() {
                b.aor = ok.aor;
            }
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
            .ended()
            .filter(|e| e.how == Verdict::Expired && e.source == source.map(End::host))
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

    /// Notes the holder of the DN, once there is no other.
    fn note_holder(&mut self, ok: &Success<'_>) {
        let holder = ok.source.host();
        let alone = self.bindings.iter().all(|b| ok.is_its_side(b));
        // one device that comes by turns from several addresses takes nothing from itself
        let back = ok.sibling.is_some() && self.holders.contains(&holder);
        if alone && !back && self.holders.last() != Some(&holder) && self.holders.len() < 8 {
            self.holders.push(holder);
        }
    }
}

impl Binding {
    /// Whether its time ends about now by the registrar's clock.
    pub(super) fn ran_out(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|end| end.nanos_since(now) < WHOLE_SECONDS)
    }
}

/// Whether two addresses-of-record of one user at one registrar are one: the same, or one of them
/// is written with an address. Two names are two tenants.
pub(super) fn same_aor(texts: &Texts, a: Sym, b: Sym) -> bool {
    let numeric = |aor: Sym| {
        let text = texts.get(aor);
        let start = text.iter().rposition(|&c| c == b'@').map_or(0, |at| at + 1);
        let host = text.get(start..).unwrap_or_default();
        address::parse(host).is_some()
    };
    a == b || numeric(a) || numeric(b)
}

/// Whether the 2xx of this moment granted the binding, if under another spelling of its Contact.
fn is_fresh(binding: &Binding, now: Timestamp) -> bool {
    binding.renewed == now
}

/// Whether a binding was registered from this address, as far as the capture knows.
pub(super) fn is_same_side(binding: &Binding, side: Host) -> bool {
    binding.source.is_none_or(|s| s.host() == side)
}
