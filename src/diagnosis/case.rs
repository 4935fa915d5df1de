//! One DN as the rules see it: its verdict, its attempts, and the attempt that decided.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::net::IpAddr;

use super::baseline::Baseline;
use super::finding::Evidence;
use super::scene::Scene;
use super::signs::Signs;
use super::words;
use crate::net::{Endpoint, Timestamp};
use crate::registration::{
    AnswerDetails, AttemptView, Change, Cohort, Details, DnView, Flag, Marks, MessageRecord,
    Outcome, Purpose, Sym, Verdict,
};

/// One DN of a scene.
pub(super) struct Case<'a> {
    pub scene: &'a Scene<'a>,
    pub view: DnView<'a>,
    /// Its attempts, in order of time.
    pub attempts: Cow<'a, [AttemptView<'a>]>,
    /// The attempt that the verdict follows from, found on demand.
    deciding: OnceCell<Option<usize>>,
}

impl<'a> Case<'a> {
    /// The case of a DN.
    pub(super) fn new(scene: &'a Scene<'a>, view: DnView<'a>) -> Self {
        let attempts = Cow::Owned(view.attempts().collect());
        Self { scene, view, attempts, deciding: OnceCell::new() }
    }

    /// The case of a DN whose attempts are already gathered.
    pub(super) const fn of(
        scene: &'a Scene<'a>,
        view: DnView<'a>,
        attempts: &'a [AttemptView<'a>],
    ) -> Self {
        Self { scene, view, attempts: Cow::Borrowed(attempts), deciding: OnceCell::new() }
    }

    /// What the DN shows.
    pub(super) fn signs(&self) -> Signs {
        let first = |a: &AttemptView<'_>| a.messages().next().map_or(a.cseq, |m| m.cseq);
        Signs::of(self, self.attempts.iter().map(first)).or(Baseline::default().add(self))
    }

    fn find_deciding(&self) -> Option<usize> {
        let registrar = self.registrar();
        let verdict = self.verdict();
        let code = self.view.state().status_code;
        let fits = |a: &AttemptView<'_>| match a.outcome {
            Outcome::Failed(v) => v == verdict && code.is_none_or(|c| c == a.code),
            Outcome::Accepted => matches!(verdict, Verdict::InService | Verdict::Expired),
            Outcome::Removed => matches!(verdict, Verdict::Deregistered | Verdict::Terminated),
            Outcome::NothingListed => verdict == Verdict::NotRegistered,
            Outcome::Open => verdict == Verdict::Pending,
        };
        let here = |a: &AttemptView<'_>| registrar.is_none_or(|r| r == a.registrar);
        self.attempts
            .iter()
            .rposition(|a| here(a) && fits(a))
            .or_else(|| self.attempts.iter().rposition(here))
            .or_else(|| self.attempts.len().checked_sub(1))
    }

    /// The DN, as on the wire.
    pub(super) fn raw_name(&self) -> &'a [u8] {
        self.view.name()
    }

    /// The DN, safe to show.
    pub(super) fn name(&self) -> Cow<'a, str> {
        words::text(self.view.name())
    }

    pub(super) fn verdict(&self) -> Verdict {
        self.view.state().verdict
    }

    /// Whether the verdict is this one.
    pub(super) fn is(&self, verdict: Verdict) -> bool {
        self.verdict() == verdict
    }

    pub(super) fn has(&self, flag: Flag) -> bool {
        self.view.flags().contains(flag)
    }

    pub(super) fn is_failing(&self) -> bool {
        self.view.cohort() == Cohort::Failing
    }

    /// The registrar whose verdict counts.
    pub(super) fn registrar(&self) -> Option<Endpoint> {
        self.view.state().registrations.first().map(|r| r.registrar)
    }

    /// The attempt the verdict follows from.
    pub(super) fn decider(&self) -> Option<&AttemptView<'a>> {
        self.attempts.get((*self.deciding.get_or_init(|| self.find_deciding()))?)
    }

    /// The latest attempt that is over: challenges and requests in flight are not.
    pub(super) fn last_done(&self) -> Option<&AttemptView<'a>> {
        self.attempts.iter().rev().find(|a| a.outcome != Outcome::Open)
    }

    /// The latest accepted attempt at the deciding registrar before `time`.
    pub(super) fn accepted_before(&self, time: Timestamp) -> Option<&AttemptView<'a>> {
        let registrar = self.registrar();
        self.attempts.iter().rev().find(|a| {
            a.outcome == Outcome::Accepted
                && a.started < time
                && registrar.is_none_or(|r| r == a.registrar)
        })
    }

    /// What the deciding registrar did before it came to this: `it had accepted this DN 3 times, the
    /// last time 1 min 3 s before`; `None` if it never did.
    pub(super) fn accepted_until(&self) -> Option<String> {
        let since = self.alike().next()?.started;
        let registrar = self.registrar();
        let accepted = self.attempts.iter().filter(|a| {
            a.outcome == Outcome::Accepted
                && a.purpose != Purpose::Query
                && a.started < since
                && registrar.is_none_or(|r| r == a.registrar)
        });
        let (mut n, mut last) = (0, since);
        for attempt in accepted {
            n += 1;
            last = decided_at(attempt);
        }
        let ago = words::span(since.nanos_since(last));
        match n {
            0 => None,
            1 => Some(format!("it had accepted this DN once, {ago} before")),
            n => Some(format!(
                "it had accepted this DN {}, the last time {ago} before",
                words::times(n)
            )),
        }
    }

    /// The addresses whose bindings run, in order.
    pub(super) fn holders(&self) -> Vec<IpAddr> {
        let sources = self.view.bindings().filter_map(|(_, binding)| binding.source);
        let mut holders: Vec<_> = sources.map(|source| source.addr).collect();
        holders.sort_unstable();
        holders.dedup();
        holders
    }

    /// The same in words.
    pub(super) fn holders_named(&self) -> String {
        let names: Vec<_> = self.holders().iter().map(IpAddr::to_string).collect();
        names.join(" and ")
    }

    /// The latest removal at the deciding registrar.
    pub(super) fn removal(&self) -> Option<&AttemptView<'a>> {
        let registrar = self.registrar();
        self.attempts.iter().rev().find(|a| {
            a.outcome == Outcome::Removed
                && a.purpose != Purpose::Query
                && registrar.is_none_or(|r| r == a.registrar)
        })
    }

    /// With what the latest removal removed.
    pub(super) fn removed_with(&self) -> &'static str {
        let last = self.removal().zip(self.attempts.last());
        let is_latest = last.is_some_and(|(removal, last)| removal.started == last.started);
        match self.details() {
            Some(d) if is_latest && self.bytes(d.contact_host) == b"*" => {
                "Contact * (every binding) and Expires 0"
            }
            _ => "Expires 0",
        }
    }

    /// Attempts that ended like the deciding one.
    pub(super) fn alike(&self) -> impl Iterator<Item = &AttemptView<'a>> {
        self.decider().into_iter().flat_map(|decider| self.alike_to(decider))
    }

    /// Attempts that ended like another.
    fn alike_to(&self, other: &AttemptView<'a>) -> impl Iterator<Item = &AttemptView<'a>> {
        let like = (other.outcome, other.code, other.registrar);
        self.attempts.iter().filter(move |a| (a.outcome, a.code, a.registrar) == like)
    }

    /// `3 times within 2.6 s`, or `once`: the attempts that ended like the deciding one.
    pub(super) fn how_often(&self) -> String {
        self.decider().map_or_else(|| "once".to_owned(), |decider| self.how_often_like(decider))
    }

    /// `3 times within 2.6 s`, or `once`: the attempts that ended like another.
    pub(super) fn how_often_like(&self, other: &AttemptView<'a>) -> String {
        let mut alike = self.alike_to(other);
        let Some(first) = alike.next().map(|a| a.started) else { return "once".to_owned() };
        let (mut n, mut last) = (1, first);
        for attempt in alike {
            n += 1;
            last = attempt.started;
        }
        match n {
            1 => "once".to_owned(),
            n => format!("{} within {}", words::times(n), words::span(last.nanos_since(first))),
        }
    }

    /// The change that brought the verdict.
    pub(super) fn change_to(&self, verdict: Verdict) -> Option<Change> {
        let registrar = self.registrar();
        let history = self.view.history();
        let mut here = history.iter().rev().filter(|(r, _)| registrar.is_none_or(|own| own == *r));
        here.find(|(_, c)| c.verdict == verdict).map(|(_, c)| *c)
    }

    /// The latest REGISTER, parsed.
    pub(super) fn details(&self) -> Option<&'a Details> {
        self.view.record()?.details.as_ref()
    }

    /// The response to the latest REGISTER, parsed.
    pub(super) fn answer(&self) -> Option<&'a AnswerDetails> {
        self.details()?.answer.as_ref()
    }

    /// Whether two nodes of a cluster hold it.
    pub(super) fn is_at_two_nodes(&self) -> bool {
        let own = self.scene.cluster.find(self.raw_name());
        own.is_some_and(|own| !own.twice.is_empty() || own.left_behind.is_some())
    }

    /// The bytes of a symbol; empty for none.
    pub(super) fn bytes(&self, sym: Sym) -> &'a [u8] {
        self.scene.snapshot.text(sym).unwrap_or_default()
    }

    /// The text of a symbol, safe to show.
    pub(super) fn text(&self, sym: Sym) -> Cow<'a, str> {
        words::text(self.bytes(sym))
    }

    /// `403 Forbidden`: the response that decided an attempt, the server's own words in quotation marks.
    pub(super) fn code_of(&self, attempt: &AttemptView<'_>) -> String {
        attempt.answer(self.scene.snapshot)
    }

    /// `192.0.2.1:5060`: the registrar, or words for none.
    pub(super) fn registrar_name(&self) -> String {
        self.registrar().map_or_else(|| "the registrar".to_owned(), |r| r.to_string())
    }

    /// The address of the device in the deciding attempt.
    pub(super) fn source_name(&self) -> String {
        self.decider().map_or_else(|| "the device".to_owned(), |a| a.source.addr.to_string())
    }

    /// What shows the deciding attempt.
    pub(super) fn shown(&self) -> Vec<Evidence> {
        self.decider().map(shown_by).unwrap_or_default()
    }

    /// What shows the latest REGISTER and its response.
    pub(super) fn shown_by_latest(&self) -> Vec<Evidence> {
        self.attempts.last().map(shown_by).unwrap_or_default()
    }

    /// Whether what happened to it could be due to an address, which other causes exclude.
    pub(super) fn is_unexplained(&self) -> bool {
        match self.verdict() {
            Verdict::NoAnswer | Verdict::NotKept | Verdict::Terminated | Verdict::Expired => true,
            Verdict::Rejected => self.view.state().status_code == Some(403),
            _ => false,
        }
    }
}

/// The frames of an attempt that matter: its latest new request and the response that decided, both on the
/// hop of the server that sent it: a proxy passes it on.
pub(super) fn shown_by(attempt: &AttemptView<'_>) -> Vec<Evidence> {
    let shown = |message: MessageRecord| Evidence { time: message.time, frame: message.frame() };
    let decides = |message: &MessageRecord| message.code != 0 && message.code == attempt.code;
    let hop = attempt.messages().filter(decides).map(|message| message.hop).max();
    let is_there = |message: &MessageRecord| hop.is_none_or(|hop| message.hop == hop);
    let (mut request, mut answer) = (None, None);
    for message in attempt.messages() {
        if message.code == 0 {
            let again =
                message.marks.has(Marks::RETRANSMISSION) || message.marks.has(Marks::DUPLICATE);
            // one of another hop is better than none
            let is_nearer = request.is_none_or(|known: MessageRecord| !is_there(&known));
            if is_nearer || !again && is_there(&message) {
                request = Some(message);
            }
        } else if decides(&message) && is_there(&message) || answer.is_none() {
            answer = Some(message);
        }
    }
    request.into_iter().chain(answer).map(shown).collect()
}

/// When the response that decided an attempt came; its last message, if none came.
pub(super) fn decided_at(attempt: &AttemptView<'_>) -> Timestamp {
    let answer = attempt.messages().find(|m| m.code != 0 && m.code == attempt.code);
    answer.map_or(attempt.last, |m| m.time)
}
