//! Records what a request shows of its device: addresses, User-Agent, Contact, and the flags that follow.

use smallvec::SmallVec;

use super::details::{Details, Hosts};
use super::facts::Facts;
use super::few::Few;
use super::rare::Rewritten;
use super::reading::Reading;
use super::store::{Dn, Source};
use super::text::{Sym, Texts};
use super::tracker::Tracker;
use super::transaction::Asked;
use super::verdict::{Flag, FlagSet};
use crate::net::password::without_bare_password;
use crate::net::{Origin, address};
use crate::sip::{Contact, Message, Uri, Via};

impl Tracker {
    /// Writes what the request shows of its device into the attempt and the DN. Only next to the device is that
    /// complete: `nearest` has what it asks for there.
    pub(super) fn describe(
        &mut self,
        attempt: u32,
        origin: &Origin,
        message: &Message<'_>,
        facts: &Facts<'_>,
        nearest: Option<Few<Asked>>,
    ) {
        let same = facts.read.same;
        let source = self.store.texts.end(origin.src);
        let (texts, forms) = (&mut self.store.texts, &mut self.request_forms);
        let Some(a) = self.store.attempts.get_mut(attempt as usize) else { return };
        let Some(dn) = self.store.dns.get_mut(a.dn as usize) else { return };
        let Some(asked) = nearest else {
            a.aor = aor_of(texts, facts);
            Dn::note(&mut dn.aors, &mut dn.more_values, a.aor);
            return;
        };
        a.source = source;
        match &mut dn.details {
            Some(details) if details.sameness == same => {
                details.renew((texts, forms), origin, message, facts.read);
            }
            _ => self.describe_anew(attempt, origin, message, facts, asked),
        }
        self.copy_details(attempt);
        if !self.extra_names.is_empty() {
            self.note_extras(attempt, message);
        }
    }

    /// What the attempt keeps of the details.
    fn copy_details(&mut self, attempt: u32) {
        let Some(a) = self.store.attempts.get_mut(attempt as usize) else { return };
        let dn = self.store.dns.get(a.dn as usize);
        let Some(details) = dn.and_then(|dn| dn.details.as_ref()) else { return };
        (a.aor, a.user_agent) = (details.aor, details.form.user_agent);
    }

    /// Reads a request that says something the one before did not.
    fn describe_anew(
        &mut self,
        attempt: u32,
        origin: &Origin,
        message: &Message<'_>,
        facts: &Facts<'_>,
        asked: Few<Asked>,
    ) {
        let texts = &mut self.store.texts;
        let Some(a) = self.store.attempts.get(attempt as usize) else { return };
        let Some(dn) = self.store.dns.get_mut(a.dn as usize) else { return };
        let hosts = Hosts::of(message);
        let mut details =
            Details::of((texts, &mut self.request_forms), origin, message, facts, &hosts);
        details.sameness = facts.read.same;
        details.asked = asked;
        details.aor = aor_of(texts, facts);
        let mut more = dn.more_values;
        Dn::note(&mut dn.aors, &mut more, details.aor);
        let new_source = !dn.sources.iter().any(|(s, _)| s.addr == origin.src.addr);
        Dn::note(&mut dn.sources, &mut more, (origin.src, origin.transport));
        if let Some(via) = &hosts.via {
            details.sent_by = texts.intern(&sent_by(via));
            Dn::note(&mut dn.vias, &mut more, details.sent_by);
            // a loopback or unspecified Via is a host that does not know its address
            let translated = address::parse(via.host).is_some_and(|ip| {
                ip != origin.src.addr && !ip.is_loopback() && !ip.is_unspecified()
            });
            dn.flags.set_if(Flag::Nat, translated);
        }
        let agent = details.form.user_agent;
        if message.user_agent().is_some() {
            Dn::note(&mut dn.user_agents, &mut more, agent);
        }
        let mut own_contact = false;
        for contact in &hosts.contacts {
            let Contact::Address(contact) = contact else { continue };
            let sym = texts.intern(&without_bare_password(contact.uri.raw));
            Dn::note(&mut dn.contacts, &mut more, sym);
            own_contact |= contact.uri.user_name().as_ref() == Some(&facts.user);
            contact_flags(&mut dn.flags, &contact.uri, origin);
        }
        dn.more_values = more;
        dn.details = Some(details);
        let source = self.store.sources.entry(origin.src.addr).or_default();
        source.dns += u32::from(new_source);
        source.own_contact += u64::from(own_contact && new_source);
        note_agent(source, texts, agent);
        self.touch_source(origin.src.addr);
    }

    /// Notes what a request says elsewhere that it did not say next to its device, where no Via shows
    /// a proxy in between.
    pub(super) fn note_rewriting(&mut self, attempt: u32, message: &Message<'_>) {
        let texts = &mut self.store.texts;
        let Some(a) = self.store.attempts.get_mut(attempt as usize) else { return };
        let dn = self.store.dns.get(a.dn as usize);
        let Some(details) = dn.and_then(|dn| dn.details.as_ref()) else { return };
        let there = Hosts::of(message);
        let Some(Contact::Address(contact)) = there.contacts.first() else { return };
        let contact = texts.intern(contact.uri.raw);
        let via = there.via.as_ref().map_or(Sym::NONE, |via| texts.intern(&sent_by(via)));
        let via = if via == details.sent_by { Sym::NONE } else { via };
        if contact != a.contact || !via.is_none() {
            a.set_rewritten(Rewritten { contact, via });
        }
    }

    /// What the lower layers showed.
    pub(super) fn path_flags(
        &mut self,
        attempt: u32,
        origin: &Origin,
        message: &Message<'_>,
        read: &Reading,
    ) {
        let Some(a) = self.store.attempts.get(attempt as usize) else { return };
        let Some(dn) = self.store.dns.get_mut(a.dn as usize) else { return };
        dn.note_agent(origin);
        dn.flags.set_if(Flag::IpFragments, origin.path.fragmented);
        dn.flags.set_if(Flag::Truncated, message.is_cut());
        dn.flags.set_if(Flag::Path, read.path);
    }
}

/// The address-of-record of a message, its host in lower case.
pub(super) fn aor_of(texts: &mut Texts, facts: &Facts<'_>) -> Sym {
    let mut aor = SmallVec::<[u8; 64]>::new();
    if facts.read.has_user {
        aor.extend_from_slice(&facts.user);
        aor.push(b'@');
    }
    aor.extend(facts.host.iter().map(u8::to_ascii_lowercase));
    texts.intern(&aor)
}

fn sent_by(via: &Via<'_>) -> SmallVec<[u8; 48]> {
    let mut text = SmallVec::new();
    let bracket = via.host.contains(&b':');
    if bracket {
        text.push(b'[');
    }
    text.extend_from_slice(via.host);
    if bracket {
        text.push(b']');
    }
    if let Some(port) = via.port {
        text.push(b':');
        text.extend_from_slice(itoa::Buffer::new().format(port).as_bytes());
    }
    text
}

fn contact_flags(flags: &mut FlagSet, uri: &Uri<'_>, origin: &Origin) {
    let (Some(ip), source) = (uri.host_ip(), origin.src.addr) else { return };
    flags.set_if(Flag::ContactUnroutable, !address::is_routable(ip, source, origin.transport));
    flags.set_if(Flag::Nat, address::is_hidden(ip, source));
}

fn note_agent(source: &mut Source, texts: &Texts, agent: Sym) {
    if agent.is_none() || source.user_agents.contains(&agent) || source.user_agents.len() >= 8 {
        return;
    }
    source.user_agents.push(agent);
    source.scanner_agent |= is_scanner_agent(texts.get(agent));
}

/// User-Agents that scanning tools send by default.
pub(super) fn is_scanner_agent(agent: &[u8]) -> bool {
    const TOOLS: [&[u8]; 8] = [
        b"friendly-scanner",
        b"sipvicious",
        b"sundayddr",
        b"sip-scan",
        b"sipsak-scan",
        b"smap",
        b"iwar",
        b"sivus",
    ];
    TOOLS.iter().any(|tool| agent.get(..tool.len()).is_some_and(|a| a.eq_ignore_ascii_case(tool)))
}
