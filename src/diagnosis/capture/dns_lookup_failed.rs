//! A look-up of a registrar that leads nowhere.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::super::prelude::*;
use crate::net::escape_bytes;
use crate::registration::{DnsKind, FailedLookup, LookupFault, Snapshot};

static ABOUT: About = About {
    id: "dns-lookup-failed",
    severity: Severity::Warning,
    fragment: "the registrar's name leads nowhere (DNS)",
    meaning: "A device asks its name server where its registrar is, finds no address, and never sends a \
            REGISTER.",
    check: "the domain set on the device, the name servers it was given (DHCP), and the records there: \
            NAPTR, SRV, and A or AAAA of every target",
    reference: "RFC 3263 §4; RFC 2782",
};

/// A look-up of a registrar that leads nowhere.
pub(in crate::diagnosis) struct DnsLookupFailed;

impl Rule for DnsLookupFailed {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn judge(&self, scene: &Scene<'_>, findings: &mut Vec<Finding>) {
        let failed = scene.snapshot.failed_lookups();
        if failed.is_empty() {
            return;
        }
        let known = Known::of(scene.snapshot);
        for lookup in failed {
            // a device that registers elsewhere looks others up to call them
            let for_sip = lookup.is_for_sip() && !known.clients.contains(&lookup.client);
            let wanted = for_sip || known.domains.contains(&*lookup.domain);
            // a client that registers there has found it, now or before
            let registers = known.registered.contains(&(lookup.client, lookup.domain.to_vec()));
            if !wanted || registers {
                continue;
            }
            let evidence =
                [lookup.first, lookup.last].map(|(time, frame)| Evidence { time, frame });
            let finding = ABOUT.finding(Confidence::Likely, sentence(lookup));
            let (source, evidence) = (Some(lookup.client), evidence.to_vec());
            findings.push(Finding { source, evidence, ..finding });
        }
    }
}

/// What REGISTERs name.
struct Known<'a> {
    domains: BTreeSet<&'a [u8]>,
    /// The clients that register at all.
    clients: BTreeSet<IpAddr>,
    /// The clients that register, with their domains.
    registered: BTreeSet<(IpAddr, Vec<u8>)>,
}

impl<'a> Known<'a> {
    fn of(snapshot: &'a Snapshot) -> Self {
        let mut known = Self {
            domains: BTreeSet::new(),
            clients: BTreeSet::new(),
            registered: BTreeSet::new(),
        };
        for view in snapshot.dns() {
            let Some(record) = view.record() else { continue };
            known.clients.extend(record.sources.iter().map(|(source, _)| source.addr));
            for aor in record.aors.iter().filter_map(|aor| snapshot.text(*aor)) {
                let domain = aor.rsplit(|byte| *byte == b'@').next().unwrap_or_default();
                known.domains.insert(domain);
                let sources = record.sources.iter().map(|(source, _)| source.addr);
                known.registered.extend(sources.map(|source| (source, domain.to_vec())));
            }
        }
        known
    }
}

fn sentence(lookup: &FailedLookup) -> String {
    let FailedLookup { client, domain, target, kinds, servers, asked, fault, .. } = lookup;
    let kinds: Vec<_> = kinds.iter().map(|kind| DnsKind::name(*kind)).collect();
    let servers: Vec<_> = servers.iter().map(IpAddr::to_string).collect();
    let (domain, servers) = (escape_bytes(domain), servers.join(" and "));
    let of = |name: &str| match fault {
        LookupFault::NoReply => format!("got no reply{name}"),
        LookupFault::Code(3) => format!("got NXDOMAIN{name} (no such name)"),
        LookupFault::Code(code) => format!("got {}{name}", code_name(*code)),
        LookupFault::NoRecord => format!("found no address{name}"),
    };
    let end = match target {
        Some(target) => {
            let target = escape_bytes(target);
            format!("was led to {target}, and {}: there is no address", of(" for it"))
        }
        None => format!("and {}", of("")),
    };
    let kinds = kinds.join(", ");
    format!(
        "{client} asked {servers} for {domain} ({kinds}) {}, {end}; no REGISTER followed",
        times(*asked)
    )
}

/// The names of response codes (RFC 6895 §2.3).
fn code_name(code: u8) -> String {
    match code {
        1 => "FORMERR".to_owned(),
        2 => "SERVFAIL".to_owned(),
        4 => "NOTIMP".to_owned(),
        5 => "REFUSED".to_owned(),
        other => format!("DNS response code {other}"),
    }
}
