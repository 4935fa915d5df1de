//! Takes in responses to REGISTERs: what they decide.

use std::sync::Arc;

use smallvec::SmallVec;

use super::attempt::{Attempt, Demand, Outcome, Purpose};
use super::contact::device_of;
use super::details::AnswerDetails;
use super::ends::{End, Host};
use super::excuse::{Excuse, Issuer};
use super::forms::{AnswerForm, Forms};
use super::reading::Reading;
use super::silence::TIMER_F;
use super::spare::Spare;
use super::store::{Dn, Marks, MessageRecord, NIL, Proven};
use super::success::{Granted, Listed, Success};
use super::text::{Sym, Texts};
use super::tracker::Tracker;
use super::transaction::{Presented, Request, Sighting, Subject};
use super::verdict::{Flag, Verdict};
use crate::net::password::without_bare_password;
use crate::net::{LogMarks, Origin, Timestamp};
use crate::sip::{Message, StartLine};

/// A final response and the transaction it ends.
pub(super) struct Final<'a, 'm> {
    pub origin: &'a Origin,
    pub message: &'a Message<'m>,
    pub read: &'a Reading,
    pub code: u16,
    /// What the request asked for; `None` if it was not captured.
    pub request: Option<Box<Request>>,
    pub hop: u8,
    cseq: u32,
    first: Timestamp,
    last_sent: Timestamp,
    senders: SmallVec<[Host; 2]>,
    /// The server it was sent to.
    pub server: Option<End>,
}

impl Tracker {
    pub(super) fn register_answer(
        &mut self,
        origin: &Origin,
        message: &Message<'_>,
        read: &Reading,
        slot: u32,
        code: u16,
    ) -> Sighting {
        self.mark_server(origin.src, |server| server.answers = true);
        let ends = self.ends(origin);
        let Some(t) = self.transactions.get_mut(slot) else { return Sighting::New };
        let Subject::Register { attempt } = t.subject else { return Sighting::New };
        let sighting = t.see(origin, ends, code);
        let twice = t.twice();
        let first_final = code >= 200 && t.final_code == 0;
        let other_final = code >= 200 && t.final_code != 0 && t.final_code != code;
        if code < 200 {
            t.provisional = true;
        } else if first_final {
            t.final_code = code;
            t.final_at = Some(origin.time);
        }
        let mut record = MessageRecord::new(origin.time, origin.frame, code, t.cseq);
        record.hop = t.hop;
        record.marks = sighting.marks().add_if(Marks::CUT, message.is_cut());
        let answer = first_final.then(|| Final {
            origin,
            message,
            read,
            code,
            request: t.request.take(),
            hop: t.hop,
            cseq: t.cseq,
            first: t.first,
            last_sent: t.last_sent,
            senders: t.senders(),
            server: t.ends().map(|(_, dst)| dst),
        });
        self.record(attempt, &record);
        self.path_flags(attempt, origin, message, read);
        let dn = self.store.attempts.get(attempt as usize).map_or(NIL, |a| a.dn);
        if other_final {
            self.flag(dn, Flag::TwoAnswers);
        }
        if sighting == Sighting::Duplicate {
            self.flag(dn, twice);
        }
        if let Some(answer) = answer {
            self.decide(attempt, &answer);
        }
        sighting
    }

    fn decide(&mut self, attempt: u32, answer: &Final<'_, '_>) {
        let Some(a) = self.store.attempts.get_mut(attempt as usize) else { return };
        if answer.cseq < a.cseq && matches!(answer.code, 401 | 407) && answer.hop == 0 {
            let offers = self.offers(answer, Sym::NONE);
            self.challenge_after_credentials(attempt, &offers);
            return;
        }
        if answer.cseq != a.cseq {
            return;
        }
        if a.decided_hop().is_some_and(|hop| hop > answer.hop) && !self.overrules(attempt, answer) {
            return self.answered_nearer(attempt, answer);
        }
        let Some(a) = self.store.attempts.get_mut(attempt as usize) else { return };
        // a branch that fails later changes nothing for a device that was accepted
        let was_accepted = a.outcome == Outcome::Accepted && a.decided_hop() == Some(0);
        if was_accepted && answer.hop > 0 && answer.code >= 300 {
            return;
        }
        // of two files the response of the nearer server may come first
        let is_nearer = a.decided_hop().is_some_and(|hop| hop < answer.hop);
        let nearer = if is_nearer { a.granted() } else { None };
        a.set_decided_hop(Some(answer.hop));
        let answered = answer.request.is_some().then_some(a.dn);
        a.code = answer.code;
        // a log of whole seconds, or without any, does not show it
        let marks = answer.origin.path.log;
        let is_told = !marks.has(LogMarks::COARSE) && !marks.has(LogMarks::UNTIMED);
        let rtt = answer.request.as_ref().filter(|_| is_told);
        let rtt = rtt.map(|_| answer.origin.time.nanos_since(answer.last_sent));
        a.rtt = Spare::new(rtt);
        if let Some(nanos) = rtt {
            self.tally.answered(nanos);
        }
        let realm = self.note_details(attempt, answered, answer);
        self.note_excuse(attempt, answer);
        let outcome = match answer.code {
            200..=299 if self.is_overtaken(attempt, answer) => granted_before(answer),
            200..=299 => self.accept(attempt, answer),
            300..=399 => self.demand(attempt, Some(Demand::Redirect), Verdict::Redirected),
            401 | 407 => {
                self.note_agreement(attempt, answer.message);
                self.challenged(attempt, answer, realm)
            }
            403 if self.had_credentials(attempt, answer) => Outcome::Failed(Verdict::AuthFailed),
            423 => {
                self.flag_attempt(attempt, Flag::MinExpires);
                let demand = answer.message.min_expires().map(Demand::MinExpires);
                self.demand(attempt, demand, Verdict::Rejected)
            }
            _ => {
                let wait = answer.message.retry_after();
                if wait.is_some() {
                    self.flag_attempt(attempt, Flag::RetryAfter);
                }
                self.demand(attempt, wait.map(Demand::RetryAfter), Verdict::Rejected)
            }
        };
        if outcome == Outcome::Accepted {
            // the client gave up before that (RFC 3261 §17.1.2.2)
            let waited = answer.origin.time.known().map(|time| time.nanos_since(answer.first));
            if answer.request.is_some() && waited.is_some_and(|waited| waited > TIMER_F) {
                self.flag_attempt(attempt, Flag::AnswerLost);
            }
            self.note_granted(answer.origin);
            self.limit_to_nearer(attempt, nearer, answer.origin.time);
        }
        self.conclude(attempt, outcome, answer.origin, false);
    }

    /// Keeps what a response says, reading it only if no similar one was read before; returns the realm of its
    /// first challenge.
    fn note_details(&mut self, attempt: u32, dn: Option<u32>, answer: &Final<'_, '_>) -> Sym {
        let read = answer.read;
        let texts = &mut self.store.texts;
        let known = if read.names_somebody { self.alike.get(&read.same).cloned() } else { None };
        let kept = known.unwrap_or_else(|| {
            let kept = AnswerKept::of(texts, &mut self.answer_forms, answer.message);
            if read.names_somebody {
                self.alike.insert(read.same, kept.clone());
            }
            kept
        });
        if let Some(a) = self.store.attempts.get_mut(attempt as usize) {
            a.reason = kept.reason;
            a.set_own_words(kept.own_words);
        }
        let realm = kept.form.challenge_realm;
        let dn = dn.and_then(|dn| self.store.dns.get_mut(dn as usize));
        if let Some(details) = dn.and_then(|dn| dn.details.as_mut()) {
            let (origin, code) = (answer.origin, answer.code);
            let own_via = answer.hop == 0;
            details.answer = Some(AnswerDetails::of(kept.form, texts, origin, code, read, own_via));
        }
        realm
    }

    /// Keeps why a refusal of credentials says nothing of the password.
    fn note_excuse(&mut self, attempt: u32, answer: &Final<'_, '_>) {
        let Some(a) = self.store.attempts.get_mut(attempt as usize) else { return };
        let Some(request) = answer.request.as_deref() else { return };
        let Some(dn) = self.store.dns.get_mut(a.dn as usize) else { return };
        let mut excuse = None;
        match answer.code {
            200..300 => {
                if let Some(c) = request.credentials.last() {
                    dn.proven = Proven { nonce: c.nonce, count: c.nc.unwrap_or(0) };
                }
            }
            401 | 403 | 407 => {
                let refused_by = answer.server.map(|server| Issuer { server, hop: answer.hop });
                excuse = refused_by.and_then(|by| request.excuse(by, dn.proven));
            }
            _ => {}
        }
        let issuer = request.issuer.filter(|_| excuse == Some(Excuse::OtherServer));
        a.set_excuse(excuse.map(|excuse| (excuse, issuer.map(|issuer| issuer.server))));
    }

    /// Remarks on an attempt, and so on its DN.
    pub(super) fn flag_attempt(&mut self, attempt: u32, flag: Flag) {
        let Some(a) = self.store.attempts.get_mut(attempt as usize) else { return };
        a.flags.insert(flag);
        let dn = a.dn;
        self.flag(dn, flag);
    }

    fn demand(&mut self, attempt: u32, demand: Option<Demand>, verdict: Verdict) -> Outcome {
        if let Some(a) = self.store.attempts.get_mut(attempt as usize)
            && (demand.is_some() || a.demand().is_some())
        {
            a.rare().demand = demand.map(|d| (d, None));
        }
        Outcome::Failed(verdict)
    }

    fn had_credentials(&self, attempt: u32, answer: &Final<'_, '_>) -> bool {
        let Some(a) = self.store.attempts.get(attempt as usize) else { return false };
        match &answer.request {
            Some(request) if !request.cut => !request.credentials.is_empty(),
            // the header that shows it was not captured: a challenge before it does, or another hop
            Some(_) => a.challenges() > 0,
            None => a.challenges() > 0 || a.credentials(),
        }
    }

    /// The nonces and realms of a challenge; the realm is likely to be `like`.
    fn offers(&mut self, answer: &Final<'_, '_>, like: Sym) -> SmallVec<[(u64, Sym); 2]> {
        let (texts, raw) = (&mut self.store.texts, answer.message.raw());
        let proxy = answer.code == 407;
        let challenges = answer.read.auth.iter().filter(|c| c.proxy == proxy);
        challenges.take(8).map(|c| (c.nonce, texts.intern_like(like, c.realm.get(raw)))).collect()
    }

    /// 401 or 407: the first asks, the next refuses (RFC 3261 §22.1–22.3). Its realm is likely to be `like`.
    fn challenged(&mut self, attempt: u32, answer: &Final<'_, '_>, like: Sym) -> Outcome {
        let proxy = answer.code == 407;
        let mut challenges = answer.read.auth.iter().filter(|c| c.proxy == proxy);
        let stale = challenges.any(|c| c.stale);
        let goes_on = answer.read.auth.iter().any(|c| c.proxy == proxy && c.step);
        let offers = self.offers(answer, like);
        let asks = |realm: Sym| offers.iter().any(|&(_, asked)| asked == realm);
        let Some(a) = self.store.attempts.get_mut(attempt as usize) else { return Outcome::Open };
        let request = answer.request.as_deref();
        let presented = request.map(|r| {
            r.credentials.iter().copied().filter(|c| c.proxy == proxy).collect::<SmallVec<[_; 2]>>()
        });
        // what was cut may hold credentials; what is cut of the challenge, its `stale` and realm
        let unseen = request.is_some_and(|r| r.cut && r.credentials.is_empty());
        let unread = answer.message.is_cut() && !stale;
        let refused = match &presented {
            _ if unseen => a.challenges() > 0,
            // a step of several, not a refusal
            Some(given) if goes_on || given.iter().any(|c| c.step) => false,
            Some(given) if !given.is_empty() => {
                let answers_this = given.iter().any(|c| {
                    asks(c.realm) && a.offered().any(|(nonce, _)| nonce != 0 && nonce == c.nonce)
                });
                let again = answers_this || asks_again(a, given, asks) || offers.is_empty();
                !stale && (unread || again)
            }
            Some(_) => false,
            None => !stale && a.challenges() > 0 && a.credentials(),
        };
        let unclear = refused && (unseen || unread);
        let names_realm = offers.iter().any(|(_, realm)| !realm.is_none());
        let given = presented.as_deref().unwrap_or_default();
        let wrong_realm =
            !unclear && names_realm && !given.is_empty() && !given.iter().any(|c| asks(c.realm));
        a.count_challenge();
        if refused && !unclear || stale {
            let rare = a.rare();
            rare.refusals += u32::from(refused && !unclear);
            rare.stale += u32::from(stale);
        }
        a.set_offered(&offers);
        if !a.credentials() {
            a.realm = a.realm_offered;
        }
        let (dn, refusals) = (a.dn, a.refusals());
        a.flags.set_if(Flag::StaleNonce, stale);
        a.flags.set_if(Flag::WrongRealm, wrong_realm && refused);
        a.flags.set_if(Flag::AuthLoop, refusals >= 3);
        let flags = a.flags;
        if let Some(dn) = self.store.dns.get_mut(dn as usize) {
            dn.flags = dn.flags.union(flags);
        }
        Outcome::Failed(match (unclear, refused) {
            (true, _) => Verdict::Truncated,
            (false, true) => Verdict::AuthFailed,
            (false, false) => Verdict::Challenged,
        })
    }

    /// Whether the response to a later request of its Call-ID came before this one: what this one
    /// lists was so before that (RFC 3261 §10.3 step 7).
    fn is_overtaken(&self, attempt: u32, answer: &Final<'_, '_>) -> bool {
        let Some(a) = self.store.attempts.get(attempt as usize) else { return false };
        let Some(dn) = self.store.dns.get(a.dn as usize) else { return false };
        let overtakes = |b: &Attempt| {
            b.cseq > answer.cseq
                && b.call_id == a.call_id
                && !b.call_id.is_none()
                && b.registrar == a.registrar
                && b.started >= answer.first
                && matches!(b.code, 200..300)
        };
        let is_it = |index: u32| self.store.attempts.get(index as usize).is_some_and(overtakes);
        if dn.last_attempt != attempt {
            return is_it(dn.last_attempt);
        }
        // a message that lacks fragments comes late, and then begins an attempt of its own
        answer.message.is_cut()
            && dn.recent.iter().any(|recent| recent.attempt() != attempt && is_it(recent.attempt()))
    }

    /// 2xx: what the registrar now holds.
    fn accept(&mut self, attempt: u32, answer: &Final<'_, '_>) -> Outcome {
        let listed = self.listed(answer);
        let Some(success) = self.success(attempt, answer, &listed) else { return Outcome::Open };
        let Some(a) = self.store.attempts.get(attempt as usize) else { return Outcome::Open };
        let (dn, registrar) = (a.dn, a.registrar);
        let Some(record) = self.store.dns.get_mut(dn as usize) else { return Outcome::Open };
        let Some(reg) = record.registration(registrar) else { return granted_unseen(&listed) };
        let granted = reg.succeed(&self.store.texts, &success);
        for l in &listed {
            Dn::note(&mut record.contacts, &mut record.more_values, l.contact);
        }
        record.flags.set_if(Flag::Shortened, granted.shortened);
        self.note_grant(attempt, granted);
        granted.outcome
    }

    /// The Contacts that a 2xx lists.
    pub(super) fn listed(&mut self, answer: &Final<'_, '_>) -> SmallVec<[Listed; 4]> {
        let message = answer.message;
        let mut listed = SmallVec::<[Listed; 4]>::new();
        let texts = &mut self.store.texts;
        for (place, c) in answer.read.contacts.iter().enumerate() {
            // most often the one that was asked for
            let asked = answer.request.as_ref().and_then(|r| r.contacts.get(place));
            let asked = asked.map_or(Sym::NONE, |asked| asked.contact);
            let contact =
                texts.intern_like(asked, &without_bare_password(c.uri.get(message.raw())));
            let item = c.item.get(message.raw());
            let device = if c.device { device_of(texts, item) } else { Sym::NONE };
            // a registrar that distinguishes bindings by Call-ID lists one URI as often as it has it
            let twin = |l: &&mut Listed| l.contact == contact && l.device == device;
            if let Some(twin) = listed.iter_mut().take(64).find(twin) {
                twin.expires = twin.expires.max(c.expires);
                continue;
            }
            listed.push(Listed { contact, device, expires: c.expires });
        }
        listed
    }

    /// A 2xx with what it lists, and who had asked.
    pub(super) fn success<'s>(
        &mut self,
        attempt: u32,
        answer: &'s Final<'_, '_>,
        listed: &'s [Listed],
    ) -> Option<Success<'s>> {
        let sibling = self.sibling(attempt);
        let received = answer.read.received.map(|addr| self.store.texts.host(addr));
        let a = self.store.attempts.get(attempt as usize)?;
        let (time, message) = (answer.origin.time, answer.message);
        Some(Success {
            asked_at: answer.request.as_ref().map_or(time, |_| answer.first),
            time,
            frame: answer.origin.frame,
            source: a.source,
            sibling,
            received,
            senders: answer.senders.clone(),
            user_agent: a.user_agent,
            aor: a.aor,
            request: answer.request.as_deref(),
            listed,
            expires: message.expires(),
            cut: message.is_cut(),
        })
    }

    /// Where a device was accepted before under the Call-ID of an attempt, if that was elsewhere: a
    /// Call-ID is the device's own (RFC 3261 §10.2), its address behind a NAT or a proxy is not.
    fn sibling(&self, attempt: u32) -> Option<Host> {
        let a = self.store.attempts.get(attempt as usize)?;
        let dn = self.store.dns.get(a.dn as usize)?;
        let reg = dn.registrations.iter().find(|reg| reg.registrar == a.registrar)?;
        let before = reg.tried.filter(|t| t.attempt != attempt);
        let before = before.or_else(|| reg.before.as_deref().copied())?;
        let source = before.source;
        if source == a.source.host() || before.outcome != Outcome::Accepted {
            return None;
        }
        let known = self.store.attempts.get(before.attempt as usize)?;
        (known.call_id == a.call_id && !a.call_id.is_none()).then_some(source)
    }

    fn note_grant(&mut self, attempt: u32, granted: Granted) {
        let Some(a) = self.store.attempts.get_mut(attempt as usize) else { return };
        a.set_granted(granted.seconds);
        a.set_margin_ms(granted.margin_ms);
        if let Some(millis) = granted.margin_ms {
            self.tally.renewed(millis);
        }
        a.flags.set_if(Flag::Shortened, granted.shortened);
        let (dn, source) = (a.dn, a.source);
        if granted.outcome == Outcome::Accepted {
            let first = self.store.dns.get_mut(dn as usize).is_some_and(|d| {
                let fresh = !d.registered;
                d.registered = true;
                fresh
            });
            let addr = source.host().addr(&self.store.texts);
            if first {
                self.source(addr).registered += 1;
            } else {
                self.touch_source(addr);
            }
        }
    }
}

/// Whether a challenge asks once more for what it had asked for before: for a realm that was given
/// credentials, or for one of those that all got none.
fn asks_again(a: &Attempt, given: &[Presented], asks: impl Fn(Sym) -> bool) -> bool {
    let is_given = |realm: Sym| given.iter().any(|c| c.realm == realm);
    let any_given = a.offered().any(|(_, realm)| is_given(realm));
    let again = a.offered().any(|(_, realm)| asks(realm) && (is_given(realm) || !any_given));
    a.challenges() > 0 && again
}

/// The outcome of a 2xx at one registrar too many to be kept.
fn granted_unseen(listed: &[Listed]) -> Outcome {
    if listed.is_empty() { Outcome::NothingListed } else { Outcome::Accepted }
}

/// The outcome of a 2xx that shows what was before.
fn granted_before(answer: &Final<'_, '_>) -> Outcome {
    match answer.request.as_deref().map(|request| request.purpose) {
        Some(Purpose::Remove) => Outcome::Removed,
        _ => Outcome::Accepted,
    }
}

/// What is kept of a response, except what differs in every response.
#[derive(Clone, Debug)]
pub(super) struct AnswerKept {
    form: Arc<AnswerForm>,
    reason: Sym,
    /// What it says in words beside the phrase.
    own_words: Sym,
}

impl AnswerKept {
    fn of(texts: &mut Texts, forms: &mut Forms<AnswerForm>, message: &Message<'_>) -> Self {
        let StartLine::Response { reason, .. } = message.start() else {
            return Self { form: Arc::default(), reason: Sym::NONE, own_words: Sym::NONE };
        };
        let (reason, own_words) = (texts.intern(reason), texts.intern(&message.own_words()));
        Self { form: forms.keep(AnswerForm::read(texts, message)), reason, own_words }
    }
}
