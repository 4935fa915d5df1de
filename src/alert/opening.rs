//! Divides DNs that went into trouble together into outages, a few for each cause.

use std::collections::BTreeMap;

use super::Trouble;
use super::outage::Scope;

/// DNs of one source from which on it has an outage of its own.
const OWN: usize = 10;
/// Sources with an outage of their own, by cause and registrar.
pub(super) const SOURCES: usize = 5;

/// A DN to be reported, and where it belongs.
pub(super) struct Ripe<'a> {
    pub(super) dn: &'a str,
    pub(super) trouble: &'a Trouble,
    /// The source and registrar of this DN.
    pub(super) scope: &'a Scope,
}

/// Divides the DNs: those of a source alone, or of one of a few large ones, share it; the others share their
/// registrar.
pub(super) fn divide<'a>(
    ripe: impl IntoIterator<Item = Ripe<'a>>,
) -> Vec<(Trouble, Scope, Vec<&'a str>)> {
    let mut causes: BTreeMap<(&Trouble, Option<&str>), BTreeMap<_, Vec<&str>>> = BTreeMap::new();
    for one in ripe {
        let cause = (one.trouble, one.scope.registrar.as_deref());
        causes.entry(cause).or_default().entry(one.scope.source).or_default().push(one.dn);
    }
    let mut outages = Vec::new();
    for ((trouble, registrar), sources) in causes {
        let large = sources.values().filter(|dns| dns.len() >= OWN).count();
        let alone = sources.len() == 1;
        let mut rest = Vec::new();
        for (source, dns) in sources {
            let own = alone || (large <= SOURCES && dns.len() >= OWN);
            if own && source.is_some() {
                let scope = Scope { source, registrar: registrar.map(str::to_owned) };
                outages.push((trouble.clone(), scope, dns));
            } else {
                rest.extend(dns);
            }
        }
        if !rest.is_empty() {
            let scope = Scope { source: None, registrar: registrar.map(str::to_owned) };
            outages.push((trouble.clone(), scope, rest));
        }
    }
    outages
}
