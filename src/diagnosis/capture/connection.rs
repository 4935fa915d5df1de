//! What the rules about connections share: which servers can be meant, and the frame of a finding.

use std::net::IpAddr;

use crate::hashing::{HashMap, HashSet};

use super::super::prelude::*;
use crate::net::{Endpoint, Timestamp};
use crate::registration::{ConnectionFault, ConnectionRecord, Snapshot};

/// A failure of the connections from one address to a server that can be SIP's.
pub(super) struct Case<'a> {
    pub record: &'a ConnectionRecord,
    /// How sure it is that the server is SIP's.
    pub confidence: Confidence,
    /// Whether the client had SIP answers of the server over a connection since.
    pub passed: bool,
    /// Whether the client is registered there over a transport without connections: TCP was for
    /// something else (RFC 3261 §18.1.1).
    pub registers_otherwise: bool,
}

/// The failures of this kind, of servers that can be SIP's.
pub(super) fn cases(snapshot: &Snapshot, fault: ConnectionFault) -> Vec<Case<'_>> {
    let records: Vec<_> = snapshot.connections().iter().filter(|r| r.fault == fault).collect();
    if records.is_empty() {
        return Vec::new();
    }
    let registrars: HashSet<IpAddr> = snapshot
        .dns()
        .flat_map(|dn| dn.state().registrations.iter().map(|r| r.registrar.addr))
        .collect();
    let answered = last_answers(snapshot, &records);
    let otherwise = registered_otherwise(snapshot, &records);
    // a registrar that calls a device is reported with the DN
    let calls = |r: &&ConnectionRecord| {
        registrars.contains(&r.client) && !registrars.contains(&r.server.addr)
    };
    let judged = records.into_iter().filter(|record| !calls(record)).filter_map(|record| {
        let speaks = snapshot.speaks_sip(record.server);
        let registrar = registrars.contains(&record.server.addr);
        let confidence = confidence(record.server, speaks, registrar)?;
        let last = answered.get(&(record.client, record.server));
        let passed = last.is_some_and(|last| *last > record.last);
        let registers_otherwise = otherwise.contains(&(record.client, record.server.addr));
        Some(Case { record, confidence, passed, registers_otherwise })
    });
    judged.collect()
}

/// The clients that were accepted by a server over a transport without connections.
fn registered_otherwise(
    snapshot: &Snapshot,
    records: &[&ConnectionRecord],
) -> HashSet<(IpAddr, IpAddr)> {
    let asked: HashSet<_> = records.iter().map(|r| (r.client, r.server.addr)).collect();
    let attempts = snapshot.dns().flat_map(|dn| dn.attempts());
    let accepted =
        attempts.filter(|a| !a.transport.is_reliable() && a.outcome == Outcome::Accepted);
    accepted
        .map(|a| (a.source.addr, a.registrar.addr))
        .filter(|ends| asked.contains(ends))
        .collect()
}

/// When each reported client had its latest response to a REGISTER over a connection to that
/// server.
fn last_answers(
    snapshot: &Snapshot,
    records: &[&ConnectionRecord],
) -> HashMap<(IpAddr, Endpoint), Timestamp> {
    let asked: HashSet<_> = records.iter().map(|r| (r.client, r.server)).collect();
    let mut latest = HashMap::default();
    for dn in snapshot.dns() {
        for a in dn.attempts().filter(|a| a.transport.is_reliable() && a.code != 0) {
            let ends = (a.source.addr, a.registrar);
            if asked.contains(&ends) {
                let last = latest.entry(ends).or_insert(a.last);
                *last = a.last.max(*last);
            }
        }
    }
    latest
}

/// How sure it is that a server endpoint is SIP's; `None` when nothing speaks for it.
///
/// Another port of a registrar may be SIP over TLS or WebSocket. Of the well-known ports only 443
/// may: the others are known to be something else.
fn confidence(server: Endpoint, speaks_sip: bool, registrar: bool) -> Option<Confidence> {
    if speaks_sip || is_sip_port(server.port) {
        return Some(Confidence::Certain);
    }
    (registrar && (server.port >= 1024 || server.port == 443)).then_some(Confidence::Possible)
}

/// 5060 and 5061 (RFC 3261 §19.1.2), the ports usual beside them, and 15060.
const fn is_sip_port(port: u16) -> bool {
    matches!(port, 5060..=5099 | 15060)
}

impl Case<'_> {
    /// A finding about the client, shown by the first connection.
    pub(super) fn finding(&self, about: &About, sentence: String, check: &'static str) -> Finding {
        let first = &self.record.first;
        Finding {
            rule: about.id,
            severity: match self.confidence {
                // a port of which nothing but its host speaks for SIP
                Confidence::Possible => Severity::Observation,
                _ if self.passed || self.registers_otherwise => Severity::Observation,
                _ => about.severity,
            },
            confidence: self.confidence,
            is_cause: false,
            dn: None,
            source: Some(self.record.client),
            sentence,
            evidence: vec![Evidence { time: first.time, frame: first.frame }],
            fragment: about.fragment,
            check,
            reference: about.reference,
        }
    }

    /// `1 connection` or `7 connections`.
    pub(super) fn count(&self) -> String {
        match self.record.count {
            1 => "1 connection".to_owned(),
            n => format!("{n} connections"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    #[test]
    fn web_traffic_is_not_taken_for_sip() {
        use Confidence::{Certain, Possible};
        for (case, port, speaks, registrar, want) in [
            ("the SIP port", 5060, false, false, Some(Certain)),
            ("the TLS port", 5061, false, false, Some(Certain)),
            ("another port that answers SIP", 9000, true, false, Some(Certain)),
            ("a web server", 443, false, false, None),
            ("WebSocket, perhaps", 443, false, true, Some(Possible)),
            ("a high port of the registrar", 8443, false, true, Some(Possible)),
            ("a login on the registrar", 22, false, true, None),
            ("a web page on the registrar", 80, false, true, None),
        ] {
            let server = Endpoint::new(Ipv4Addr::LOCALHOST.into(), port);
            assert_eq!(confidence(server, speaks, registrar), want, "{case}");
        }
    }
}
