//! One DN with its registrations, bindings, attempts and history.

use super::writer::{Other, Text, Writer};
use crate::net::{Endpoint, Transport};
use crate::registration::{
    AgentRecord, AttemptView, BindingView, Change, Demand, DnView, Flag, FlagSet,
    RegistrationState, Snapshot, Sym,
};
use crate::wording::steps::codes;

/// What the DNs are written from.
#[derive(Clone, Copy)]
pub(super) struct Pen<'a> {
    pub snapshot: &'a Snapshot,
    /// With several files, frames are named with theirs.
    pub several_files: bool,
}

impl<'a> Pen<'a> {
    /// Writes one DN.
    pub(super) fn dn(self, to: &mut Writer, dn: DnView<'a>) {
        let (state, record) = (dn.state(), dn.record());
        let aors = record.map(|r| r.aors.as_slice()).unwrap_or_default();
        let list = |list: Option<&'a [Sym]>| self.texts(list.unwrap_or_default());
        let mut aors = self.texts(aors);
        to.member("dn", Text(dn.name()));
        to.member("aor", aors.next());
        to.list("aliases", aors);
        to.member("verdict", state.verdict.name());
        to.member("state", state.verdict.state().name());
        to.member("status_code", state.status_code);
        to.member("cohort", dn.cohort().name());
        to.list("flags", flags(state.flags));
        to.member("since", state.since);
        to.member("expires_at", state.expires_at);
        to.member("first_seen", record.map(|r| r.first_seen));
        to.member("last_seen", record.map(|r| r.last_seen));
        let sources = record.map(|r| r.sources.as_slice()).unwrap_or_default();
        to.objects("sources", sources, source);
        to.objects("registrations", &state.registrations, registration);
        to.list("contacts", list(record.map(|r| r.contacts.as_slice())));
        to.list("vias", list(record.map(|r| r.vias.as_slice())));
        to.list("user_agents", list(record.map(|r| r.user_agents.as_slice())));
        to.objects("hep_agents", dn.hep_agents(), |to, agent| self.agent(to, *agent));
        // values of the five lists above that were too many to keep
        to.member("values_not_kept", record.map_or(0, |r| r.more_values));
        to.objects("bindings", dn.bindings(), |to, (at, binding)| self.binding(to, at, binding));
        to.member("attempts_total", record.map_or(0, |r| r.attempts));
        to.objects("attempts", dn.attempts(), |to, attempt| self.attempt(to, attempt));
        to.objects("history", dn.history(), change);
    }

    /// A text from the wire; none for an empty one.
    fn text(self, sym: Sym) -> Option<Text<'a>> {
        self.snapshot.text(sym).map(Text)
    }

    fn texts(self, syms: &'a [Sym]) -> impl Iterator<Item = Text<'a>> {
        syms.iter().filter_map(move |&sym| self.text(sym))
    }

    /// A HEP agent that saw the DN.
    fn agent(self, to: &mut Writer, agent: AgentRecord) {
        let AgentRecord { address, capture_id, node } = agent;
        to.member("capture_id", capture_id);
        to.member("node", self.text(node));
        to.member("address", address);
    }

    fn binding(self, to: &mut Writer, registrar: Endpoint, binding: BindingView<'a>) {
        to.member("registrar", registrar);
        to.member("contact", self.text(binding.contact));
        to.member("source", binding.source);
        to.member("granted", binding.granted);
        to.member("since", binding.since);
        to.member("renewed", binding.renewed);
        to.member("expires_at", binding.expires_at);
        to.member("refreshes", binding.refreshes);
        to.member("user_agent", self.text(binding.user_agent));
        to.member("file", binding.frame.file().0);
        to.member("frame", binding.frame.number());
    }

    fn attempt(self, to: &mut Writer, a: AttemptView<'a>) {
        to.member("outcome", a.outcome.name());
        to.member("status_code", (a.code != 0).then_some(a.code));
        to.list("codes", codes(&a));
        to.list("frames", a.messages().map(|message| message.frame().number()));
        if self.several_files {
            // the file of each frame
            to.list("files", a.messages().map(|message| message.frame().file().0));
        }
        to.member("started", a.started);
        to.member("ended", a.last);
        to.member("source", a.source);
        to.member("registrar", a.registrar);
        to.member("transport", a.transport.name());
        to.member("call_id", self.text(a.call_id));
        to.member("contact", self.text(a.contact));
        to.member("user_agent", self.text(a.user_agent));
        to.member("asked", a.asked);
        to.member("granted", a.granted);
        to.member("requests", a.requests);
        to.member("retransmissions", a.retransmissions);
        to.member("challenges", a.challenges);
        to.member("credentials", a.credentials);
        to.member("realm", self.text(a.realm));
        to.member("username", self.text(a.username));
        to.member("rtt_ms", a.rtt().map(|nanos| Other(nanos as f64 / 1e6)));
        to.member("refresh_margin_ms", a.margin_ms());
        to.object_if("demand", a.demand(), demand);
        to.object_if("icmp", a.icmp, |to, (kind, code)| {
            to.member("type", kind);
            to.member("code", code);
        });
        to.member("reason", self.text(a.reason));
        to.list("flags", flags(a.flags));
    }
}

fn flags(flags: FlagSet) -> impl Iterator<Item = &'static str> {
    flags.iter().map(Flag::name)
}

fn source(to: &mut Writer, (end, transport): &(Endpoint, Transport)) {
    to.member("address", end.addr);
    to.member("port", end.port);
    to.member("transport", transport.name());
}

fn registration(to: &mut Writer, state: &RegistrationState) {
    to.member("registrar", state.registrar);
    to.member("verdict", state.verdict.name());
    to.member("state", state.verdict.state().name());
    to.member("status_code", state.status_code);
    to.member("since", state.since);
    to.member("expires_at", state.expires_at);
}

fn change(to: &mut Writer, (registrar, change): (Endpoint, Change)) {
    to.member("time", change.time);
    to.member("registrar", registrar);
    to.member("verdict", change.verdict.name());
    to.member("status_code", (change.code != 0).then_some(change.code));
    to.member("file", change.frame.file().0);
    to.member("frame", change.frame.number());
}

fn demand(to: &mut Writer, (demand, obeyed): (Demand, Option<bool>)) {
    let (kind, value) = match demand {
        Demand::MinExpires(seconds) => ("min_expires", Some(seconds)),
        Demand::RetryAfter(seconds) => ("retry_after", Some(seconds)),
        Demand::Redirect => ("redirect", None),
    };
    to.member("kind", kind);
    to.member("value", value);
    to.member("obeyed", obeyed);
}
