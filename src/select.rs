//! Selects the DNs and sources a user asked for.

use std::net::IpAddr;

use ipnet::IpNet;

mod pattern;

pub use pattern::{DnList, DnListError};

/// What every front end shows of a model; everything where nothing is asked for.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// The DNs.
    pub dns: Option<DnList>,
    /// The networks of the devices; none means any.
    pub sources: Vec<IpNet>,
}

impl Selection {
    /// Whether everything is selected.
    #[must_use]
    pub fn is_all(&self) -> bool {
        self.dns.is_none() && self.sources.is_empty()
    }

    /// Whether a DN of this name is asked for.
    #[must_use]
    pub fn takes_name(&self, name: &[u8]) -> bool {
        self.dns.as_ref().is_none_or(|list| list.contains(name))
    }

    /// Whether a source at this address is asked for.
    #[must_use]
    pub fn takes_source(&self, address: IpAddr) -> bool {
        self.sources.is_empty() || self.sources.iter().any(|net| net.contains(&address))
    }

    /// Whether a DN registered from these addresses is asked for.
    pub fn takes_any_source(&self, addresses: impl IntoIterator<Item = IpAddr>) -> bool {
        self.sources.is_empty() || addresses.into_iter().any(|a| self.takes_source(a))
    }
}
