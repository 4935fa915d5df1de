//! Distinguishes a scanner from a gateway: a source that tries DNs that are not its own.

use std::net::IpAddr;

use crate::hashing::HashMap;

use super::snapshot::SourceState;
use super::store::{Dn, Source, Store};

/// From this many DNs on, the DNs of a scanner are one row.
pub(super) const MANY: u32 = 100;

/// All sources, in order of address.
pub(super) fn sources(store: &Store) -> Vec<SourceState> {
    let mut all: Vec<_> = store
        .sources
        .iter()
        .map(|(&address, totals)| SourceState {
            address,
            totals: totals.clone(),
            in_service: 0,
            out_of_service: 0,
            scanner: is_scanner(totals),
        })
        .collect();
    all.sort_by_key(|s| s.address);
    all
}

/// The addresses that scan, and whether their DNs are one row.
#[derive(Clone, Debug, Default)]
pub(super) struct Scanners(HashMap<IpAddr, bool>);

impl Scanners {
    /// Those among sources.
    pub(super) fn among(sources: &HashMap<IpAddr, Source>) -> Self {
        let scanners = sources.iter().filter(|(_, source)| is_scanner(source));
        Self(scanners.map(|(address, source)| (*address, source.dns >= MANY)).collect())
    }

    /// Judges one source again; returns whether anything changed.
    pub(super) fn judge(&mut self, address: IpAddr, source: Option<&Source>) -> bool {
        match source.filter(|source| is_scanner(source)) {
            Some(source) => {
                let many = source.dns >= MANY;
                self.0.insert(address, many) != Some(many)
            }
            None => self.0.remove(&address).is_some(),
        }
    }

    /// Whether a source is one of them.
    pub(super) fn has(&self, address: IpAddr) -> bool {
        self.0.contains_key(&address)
    }

    /// Whether a DN is a part of its scanners' rows and has none of its own.
    pub(super) fn hide(&self, dn: &Dn) -> bool {
        !self.0.is_empty()
            && !dn.registered
            && dn.sources.iter().all(|(s, _)| self.0.get(&s.addr) == Some(&true))
    }
}

/// Whether a source scans.
///
/// A User-Agent of a scanning tool is enough. Without it: very many DNs, nearly none registered,
/// each tried about once and never with credentials, most of them unknown to the registrar, and
/// Contacts that do not name the DN. A gateway whose DNs are all refused repeats itself, names its
/// DNs in its Contacts, or presents credentials; it stays a gateway.
fn is_scanner(source: &Source) -> bool {
    if source.scanner_agent {
        return true;
    }
    let dns = u64::from(source.dns);
    source.dns >= MANY
        && u64::from(source.registered) * 10 <= dns
        && source.attempts * 2 <= dns * 3
        && source.with_credentials == 0
        && source.own_contact * 2 <= dns
        && source.unknown_dn * 2 >= source.attempts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_gateway_is_no_scanner() {
        let scan =
            Source { requests: 300, dns: 300, attempts: 300, unknown_dn: 280, ..Source::default() };
        for (case, source, want) in [
            ("tries 300 DNs once, none is its own", scan.clone(), true),
            ("few DNs", Source { dns: 20, attempts: 20, unknown_dn: 20, ..scan.clone() }, false),
            ("its tool says so", Source { dns: 1, scanner_agent: true, ..scan.clone() }, true),
            ("a gateway names its DNs", Source { own_contact: 300, ..scan.clone() }, false),
            (
                "a gateway tries again and again",
                Source { attempts: 900, unknown_dn: 900, ..scan.clone() },
                false,
            ),
            (
                "a gateway with some DNs in service",
                Source { registered: 60, ..scan.clone() },
                false,
            ),
            ("refused by policy, not unknown", Source { unknown_dn: 0, ..scan }, false),
        ] {
            assert_eq!(is_scanner(&source), want, "{case}");
        }
    }
}
