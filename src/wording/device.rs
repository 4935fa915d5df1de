//! The device that represents a DN: the one that holds it, or tried last.

use std::net::IpAddr;

use crate::registration::{DnView, Sym};

/// The device that represents a DN.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Device {
    /// Its address.
    pub source: IpAddr,
    /// How many other addresses registered the DN or tried to.
    pub others: usize,
    /// Its User-Agent.
    pub user_agent: Sym,
}

impl Device {
    /// The device that holds the DN, or tried last; `None` for a DN that was not seen.
    pub(crate) fn of(dn: DnView<'_>) -> Option<Self> {
        let record = dn.record()?;
        let bound =
            dn.bindings().filter(|(_, b)| b.source.is_some()).max_by_key(|(_, b)| b.renewed);
        let held = bound.and_then(|(_, b)| Some((b.source?.addr, b.user_agent)));
        let tried = || dn.last_attempt().map(|a| (a.source.addr, a.user_agent));
        let (source, user_agent) = held.or_else(tried)?;
        let mut others: Vec<IpAddr> = record.sources.iter().map(|(s, _)| s.addr).collect();
        others.sort_unstable();
        others.dedup();
        others.retain(|&other| other != source);
        Some(Self { source, others: others.len(), user_agent })
    }

    /// `192.0.2.1 +2`.
    pub(crate) fn source_words(&self) -> String {
        match self.others {
            0 => self.source.to_string(),
            more => format!("{} +{more}", self.source),
        }
    }
}
