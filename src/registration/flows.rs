//! Tracks connections that ended: a device that is reached over the connection that registered it (RFC 5626,
//! RFC 7118) is out of reach then.

use std::net::IpAddr;

use crate::hashing::{HashMap, HashSet};

use super::connections::{ConnectionFault, ConnectionRecord};
use super::memory::map_bytes;
use super::snapshot::DnView;
use super::store::{Binding, Registration};
use crate::net::{Endpoint, FrameRef, Timestamp};
use crate::sip::Uri;

/// Ends remembered; beyond, the older half is forgotten.
const ENDS: usize = 16_384;

/// A device that connects again takes so long at most, in nanoseconds.
const RECONNECTS: i64 = 5_000_000_000;

/// How a connection ended.
#[derive(Clone, Copy, Debug)]
pub struct FlowEnd {
    /// When.
    pub time: Timestamp,
    /// The frame that shows it.
    pub frame: FrameRef,
    /// By a reset.
    pub reset: bool,
}

/// The connections of devices that ended, by client and server.
#[derive(Clone, Debug, Default)]
pub(super) struct Flows(HashMap<(Endpoint, Endpoint), FlowEnd>);

impl Flows {
    pub(super) fn note(&mut self, ends: (Endpoint, Endpoint), end: FlowEnd) {
        if self.0.len() >= ENDS && !self.0.contains_key(&ends) {
            let mut times: Vec<_> = self.0.values().map(|end| end.time).collect();
            let (_, median, _) = times.select_nth_unstable(ENDS / 2);
            let median = *median;
            self.0.retain(|_, end| end.time > median);
        }
        self.0.insert(ends, end);
    }

    /// Something came over a connection between these ends: it is another one, or still there.
    pub(super) fn revive(&mut self, ends: (Endpoint, Endpoint)) {
        if !self.0.is_empty() {
            self.0.remove(&ends);
        }
    }

    /// The bytes it takes.
    pub(super) fn bytes(&self) -> usize {
        map_bytes(&self.0)
    }
}

/// What became of the paths to devices: connections that ended, and Contacts that refuse connections.
#[derive(Clone, Debug, Default)]
pub(super) struct Ways {
    flows: Flows,
    refused: HashSet<(IpAddr, Endpoint)>,
}

impl Ways {
    pub(super) fn new(flows: &Flows, connections: &[ConnectionRecord]) -> Self {
        let refused = connections.iter().filter(|record| record.fault == ConnectionFault::Refused);
        let refused = refused.map(|record| (record.client, record.server)).collect();
        Self { flows: flows.clone(), refused }
    }
}

/// A running binding whose connection has ended.
#[derive(Clone, Copy, Debug)]
pub struct DeadFlow<'a> {
    /// The binding.
    pub binding: &'a Binding,
    /// The client's end of the connection.
    pub client: Endpoint,
    /// The server's.
    pub server: Endpoint,
    /// How it ended.
    pub end: FlowEnd,
}

impl<'a> DnView<'a> {
    /// Its running bindings that nothing but their connection reaches, where that has ended.
    #[must_use]
    pub fn dead_flows(&self) -> Vec<DeadFlow<'a>> {
        let (snapshot, Some(dn)) = (self.snapshot, self.record()) else { return Vec::new() };
        if snapshot.ways.flows.0.is_empty() {
            return Vec::new();
        }
        let of = |reg: &'a Registration| {
            let running = reg.bindings.iter().filter(|b| b.runs_at(snapshot.at));
            running.filter_map(move |binding| self.dead_flow(reg, binding))
        };
        dn.registrations.iter().flat_map(of).collect()
    }

    fn dead_flow(&self, reg: &Registration, binding: &'a Binding) -> Option<DeadFlow<'a>> {
        let texts = self.snapshot.texts();
        let client = binding.source?.endpoint(texts);
        let servers = [Some(reg.registrar), reg.edge].into_iter().flatten();
        let ended = servers.filter_map(|server| {
            let server = server.endpoint(texts);
            let end = self.snapshot.ways.flows.0.get(&(client, server))?;
            Some(DeadFlow { binding, client, server, end: *end })
        });
        let dead = ended.max_by_key(|dead| dead.end.time)?;
        let is_bound = is_bound_to_flow(texts.get(binding.contact), client);
        let waited = self.snapshot.at.nanos_since(dead.end.time) >= RECONNECTS;
        (dead.end.time >= binding.since && waited && is_bound).then_some(dead)
    }

    /// Its running bindings: how many there are.
    #[must_use]
    pub fn running(&self) -> usize {
        self.bindings().count()
    }

    /// The registrar and the Contact that refused its connection, if a running binding has that.
    #[must_use]
    pub fn refused_contact(&self) -> Option<(IpAddr, Endpoint)> {
        if self.snapshot.ways.refused.is_empty() {
            return None;
        }
        let texts = self.snapshot.texts();
        let mut all = self.bindings().filter_map(|(registrar, binding)| {
            let contact = Uri::parse(texts.get(binding.contact))?.endpoint()?;
            let ends = (registrar.addr, contact);
            self.snapshot.ways.refused.contains(&ends).then_some(ends)
        });
        all.next()
    }
}

/// Whether nothing but the connection from `client` reaches a Contact (RFC 5626 §5.3, RFC 7118 §5).
fn is_bound_to_flow(contact: &[u8], client: Endpoint) -> bool {
    let Some(uri) = Uri::parse(contact) else { return false };
    let has = |name: &[u8]| uri.params.iter().any(|(n, _)| n.eq_ignore_ascii_case(name));
    let over_websocket = uri.params.iter().any(|(name, value)| {
        name.eq_ignore_ascii_case(b"transport")
            && value
                .is_some_and(|v| v.eq_ignore_ascii_case(b"ws") || v.eq_ignore_ascii_case(b"wss"))
    });
    let invalid = uri.host.to_ascii_lowercase().ends_with(b".invalid");
    // a port that the connection itself uses is none that listens
    let elsewhere =
        uri.endpoint().is_none_or(|at| at.addr != client.addr || at.port == client.port);
    invalid || over_websocket || has(b"ob") || elsewhere
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_contact_is_bound_to_its_flow_unless_the_device_listens() {
        let client = Endpoint::new(IpAddr::from([192, 0, 2, 7]), 41_000);
        for (contact, want) in [
            ("sip:x@abc.invalid;transport=ws", true),
            ("sip:5002@192.0.2.7:5060;transport=tcp", false),
            ("sip:5002@192.0.2.7;transport=tcp", false),
            ("sip:5002@192.0.2.7:5060;transport=tcp;ob", true),
            ("sip:5002@192.0.2.7:41000;transport=tcp", true),
            ("sip:5002@10.0.0.7:5060;transport=tcp", true),
        ] {
            assert_eq!(is_bound_to_flow(contact.as_bytes(), client), want, "{contact}");
        }
    }
}
