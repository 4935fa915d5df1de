//! Looks up what is behind the addresses of a snapshot: processes of this host, names by DNS.

use std::net::IpAddr;
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::Failure;
use crate::capture::{Hosts, Process};
use crate::host::{Owners, Resolved, Resolver};
use crate::net::{Endpoint, Transport};
use crate::registration::{DnView, Snapshot};

/// Between two scans of this host's sockets while one is unknown.
const PAUSE: Duration = Duration::from_secs(5);
/// How long a report waits for names.
const PATIENCE: Duration = Duration::from_secs(5);
const POLL: Duration = Duration::from_millis(20);

/// The owners of sockets and the resolver.
pub(super) struct Lookup {
    /// None where the packets are of other hosts or other times.
    owners: Option<Owners>,
    resolver: Option<Resolver>,
    known: Hosts,
}

impl Lookup {
    /// Knows the sockets of this host as they are now; the right to see their owners goes later.
    #[cfg(any(feature = "live", feature = "hep"))]
    pub(super) fn of_this_host() -> Self {
        let mut owners = Owners::new(PAUSE);
        owners.refresh();
        Self { owners: Some(owners), resolver: None, known: Hosts::default() }
    }

    /// Asks for names only, if that is wanted.
    pub(super) fn of_names(resolve: bool) -> Result<Self, Failure> {
        Self { owners: None, resolver: None, known: Hosts::default() }.resolving(resolve)
    }

    /// Asks for names too, on a thread that is started now.
    pub(super) fn resolving(self, resolve: bool) -> Result<Self, Failure> {
        let start = || Resolver::start().map_err(|error| Failure::Start("resolver", error));
        let resolver = if resolve { Some(start()?) } else { None };
        Ok(Self { resolver, ..self })
    }

    /// What is known by now; new addresses are looked up.
    pub(super) fn look(&mut self, snapshot: &Snapshot) -> &Hosts {
        if self.owners.is_some() {
            snapshot.dns().for_each(|dn| self.look_at(dn));
        }
        for source in snapshot.sources() {
            self.name(source.address);
        }
        for registrar in snapshot.dns().filter_map(|dn| Some(dn.last_attempt()?.registrar.addr)) {
            self.name(registrar);
        }
        &self.known
    }

    /// What is known by now of one DN's addresses.
    #[cfg(any(feature = "live", feature = "hep"))]
    pub(super) fn look_at_one(&mut self, dn: DnView<'_>) -> &Hosts {
        self.look_at(dn);
        if let Some(last) = dn.last_attempt() {
            self.name(last.source.addr);
        }
        &self.known
    }

    /// The same, when names have come or took too long.
    pub(super) fn look_patiently(&mut self, snapshot: &Snapshot) -> Hosts {
        let began = Instant::now();
        self.look(snapshot);
        while self.is_waiting(snapshot) && began.elapsed() < PATIENCE {
            sleep(POLL);
        }
        self.look(snapshot).clone()
    }

    fn is_waiting(&mut self, snapshot: &Snapshot) -> bool {
        let Some(resolver) = &mut self.resolver else { return false };
        let mut sources = snapshot.sources().iter();
        sources.any(|s| resolver.name(s.address) == Resolved::Asked)
    }

    fn look_at(&mut self, dn: DnView<'_>) {
        // addresses that an agent saw are of its network, not of this host
        if dn.hep_agents().next().is_some() {
            return;
        }
        let Some(last) = dn.last_attempt() else { return };
        self.owner(last.source, last.transport);
        self.owner(last.registrar, last.transport);
    }

    fn owner(&mut self, endpoint: Endpoint, transport: Transport) {
        let Some(owner) = self.owners.as_mut().and_then(|o| o.of(endpoint, transport)) else {
            return;
        };
        let words = owner.to_string();
        let (pid, name) = owner.process.map(|p| (p.pid, p.name)).unzip();
        let (uid, user) = (owner.uid, owner.user);
        self.known.owners.insert(endpoint, Process { pid, name, uid, user, words });
    }

    fn name(&mut self, address: IpAddr) {
        let Some(resolver) = &mut self.resolver else { return };
        if let Resolved::Name(name) = resolver.name(address) {
            self.known.names.insert(address, name.to_owned());
        }
    }
}
