//! Finds the process behind a socket in `/proc/net` and `/proc/PID/fd`, cached.
//!
//! The sockets of all users are listed for everyone, the open files of other users' processes are not.
//! So [`Owners::refresh`] belongs before privileges are dropped: the owner of a socket then is still its owner
//! while the kernel lists it under the same inode. A socket opened later shows its user at least.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::{Duration, Instant};

use crate::hashing::{HashMap, HashSet};
use procfs::ProcError;
use procfs::net::TcpState;
use procfs::process::{FDTarget, all_processes};

use super::{Owner, Process, local_addresses};
use crate::net::{Endpoint, Transport};

/// The process that holds sockets open for services it starts on demand.
const INIT: u32 = 1;

/// The sockets of this host and their owners.
#[derive(Debug)]
pub struct Owners {
    addresses: BTreeSet<IpAddr>,
    /// When the addresses were listed.
    listed: Instant,
    sockets: HashMap<(Transport, Endpoint), Vec<Socket>>,
    processes: HashMap<u64, Holder>,
    users: HashMap<u32, Option<String>>,
    refreshed: Option<Instant>,
    /// Between two looks when a socket is not known.
    pause: Duration,
    trouble: Option<String>,
}

#[derive(Clone, Copy, Debug)]
struct Socket {
    inode: u64,
    uid: u32,
}

/// A process that has a socket open. The least is the one to name: a server's workers inherit its
/// sockets, and its first process is the one that a service manager and its documentation name.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Holder {
    is_init: bool,
    started: u64,
    process: Process,
}

impl Owners {
    /// Nothing known yet; a socket that is not known makes it look again, at most once in `pause`.
    #[must_use]
    pub fn new(pause: Duration) -> Self {
        Self {
            addresses: local_addresses(),
            listed: Instant::now(),
            sockets: HashMap::default(),
            processes: HashMap::default(),
            users: HashMap::default(),
            refreshed: None,
            pause,
            trouble: None,
        }
    }

    /// The owner of a local endpoint; none if the endpoint is not of this host or has no socket.
    pub fn of(&mut self, local: Endpoint, transport: Transport) -> Option<Owner> {
        if !self.may_be_local(local.addr) {
            return None;
        }
        let found = self.find(local, transport);
        let is_settled = found.as_ref().is_some_and(|owner| owner.process.is_some());
        if is_settled || self.refreshed.is_some_and(|at| at.elapsed() < self.pause) {
            return found;
        }
        self.refresh();
        self.find(local, transport)
    }

    /// Whether an address is one of this host's.
    #[must_use]
    pub fn is_local(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        // all of 127.0.0.0/8 is, though an interface has but one of it
        address.is_loopback() || self.addresses.contains(&address)
    }

    /// What could not be read when it looked last, if so.
    #[must_use]
    pub fn trouble(&self) -> Option<&str> {
        self.trouble.as_deref()
    }

    /// Most endpoints are elsewhere: for them a check of the addresses is enough, once in a while.
    fn may_be_local(&mut self, address: IpAddr) -> bool {
        if !self.is_local(address) && self.listed.elapsed() >= self.pause {
            self.addresses = local_addresses();
            self.listed = Instant::now();
        }
        self.is_local(address)
    }

    fn find(&mut self, local: Endpoint, transport: Transport) -> Option<Owner> {
        let address = local.addr.to_canonical();
        if !self.is_local(address) {
            return None;
        }
        let (v4, v6) = (IpAddr::V4(Ipv4Addr::UNSPECIFIED), IpAddr::V6(Ipv6Addr::UNSPECIFIED));
        // a socket for all IPv6 addresses takes IPv4 as well, unless its program said otherwise
        let wildcards = if address.is_ipv4() { [v4, v6] } else { [v6, v6] };
        let key = |address| (transport, Endpoint::new(address, local.port));
        let mut keys = std::iter::once(address).chain(wildcards).map(key);
        let sockets = keys.find_map(|key| self.sockets.get(&key))?;
        let holder =
            sockets.iter().filter_map(|socket| self.processes.get(&socket.inode)).min().cloned();
        let uid = sockets.first()?.uid;
        let user = self.users.entry(uid).or_insert_with(|| user_name(uid)).clone();
        Some(Owner { process: holder.map(|holder| holder.process), uid, user })
    }

    /// Scans all sockets and processes of the host now: some milliseconds, more with many files open.
    pub fn refresh(&mut self) {
        self.addresses = local_addresses();
        self.trouble = None;
        self.read_sockets();
        let wanted: HashSet<u64> =
            self.sockets.values().flatten().map(|socket| socket.inode).collect();
        // what is known of a socket that is still there stays known, whatever can be read now
        self.processes.retain(|inode, _| wanted.contains(inode));
        if let Err(error) = self.read_processes(&wanted) {
            self.trouble = Some(error.to_string());
        }
        self.refreshed = Some(Instant::now());
    }

    fn read_sockets(&mut self) {
        self.sockets.clear();
        for entries in [procfs::net::udp(), procfs::net::udp6()] {
            for entry in self.readable(entries) {
                self.add(Transport::Udp, entry.local_address, entry.inode, entry.uid);
            }
        }
        for entries in [procfs::net::tcp(), procfs::net::tcp6()] {
            for entry in self.readable(entries) {
                if entry.state != TcpState::TimeWait {
                    self.add(Transport::Tcp, entry.local_address, entry.inode, entry.uid);
                }
            }
        }
    }

    /// A table's entries; a host without IPv6 has no tables of it.
    fn readable<T>(&mut self, entries: Result<Vec<T>, ProcError>) -> Vec<T> {
        match entries {
            Ok(entries) => entries,
            Err(ProcError::NotFound(_)) => Vec::new(),
            Err(error) => {
                self.trouble = Some(error.to_string());
                Vec::new()
            }
        }
    }

    fn add(&mut self, transport: Transport, local: SocketAddr, inode: u64, uid: u32) {
        // closed, and waiting for its last packets
        if inode == 0 {
            return;
        }
        let endpoint = Endpoint::new(local.ip().to_canonical(), local.port());
        self.sockets.entry((transport, endpoint)).or_default().push(Socket { inode, uid });
    }

    fn read_processes(&mut self, wanted: &HashSet<u64>) -> Result<(), ProcError> {
        // those that end meanwhile or belong to others are passed over
        for process in all_processes()?.flatten() {
            let Ok(files) = process.fd() else { continue };
            let held = files.flatten().filter_map(|file| match file.target {
                FDTarget::Socket(inode) if wanted.contains(&inode) => Some(inode),
                _ => None,
            });
            let held: HashSet<u64> = held.collect();
            if held.is_empty() {
                continue;
            }
            let Ok(stat) = process.stat() else { continue };
            let Ok(pid) = u32::try_from(process.pid()) else { continue };
            let holder = Holder {
                is_init: pid == INIT,
                started: stat.starttime,
                process: Process { pid, name: stat.comm },
            };
            for inode in held {
                let first = self.processes.entry(inode).or_insert_with(|| holder.clone());
                if holder < *first {
                    first.clone_from(&holder);
                }
            }
        }
        Ok(())
    }
}

fn user_name(uid: u32) -> Option<String> {
    let user = nix::unistd::User::from_uid(nix::unistd::Uid::from_raw(uid));
    user.ok().flatten().map(|user| user.name)
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream, UdpSocket};

    use super::*;

    fn own() -> Process {
        let name = std::fs::read_to_string("/proc/self/comm").unwrap().trim_end().to_owned();
        Process { pid: std::process::id(), name }
    }

    fn owner(address: SocketAddr, transport: Transport) -> Option<Owner> {
        let mut owners = Owners::new(Duration::ZERO);
        let owner = owners.of(Endpoint::new(address.ip(), address.port()), transport);
        assert_eq!(owners.trouble(), None);
        owner
    }

    fn is_own(address: SocketAddr, transport: Transport) {
        let owner = owner(address, transport).unwrap();
        assert_eq!(owner.process, Some(own()), "{address}");
        assert_eq!(owner.uid, nix::unistd::geteuid().as_raw());
        assert_eq!(owner.to_string(), format!("{} (pid {})", own().name, own().pid));
    }

    #[test]
    fn sockets_of_this_process_are_found_over_both_transports_and_versions() {
        for address in ["127.0.0.1:0", "[::1]:0"] {
            let Ok(udp) = UdpSocket::bind(address) else { continue };
            is_own(udp.local_addr().unwrap(), Transport::Udp);
            let listener = TcpListener::bind(address).unwrap();
            let listening = listener.local_addr().unwrap();
            is_own(listening, Transport::Tcp);
            let client = TcpStream::connect(listening).unwrap();
            is_own(client.local_addr().unwrap(), Transport::Tcp);
            assert_eq!(owner(udp.local_addr().unwrap(), Transport::Sctp), None);
        }
    }

    #[test]
    fn a_socket_for_all_addresses_has_every_local_one() {
        let udp = UdpSocket::bind("0.0.0.0:0").unwrap();
        let port = udp.local_addr().unwrap().port();
        is_own(SocketAddr::new("127.0.0.1".parse().unwrap(), port), Transport::Udp);
        assert_eq!(
            owner(SocketAddr::new("203.0.113.77".parse().unwrap(), port), Transport::Udp),
            None
        );
        if let Ok(both) = UdpSocket::bind("[::]:0") {
            let port = both.local_addr().unwrap().port();
            is_own(SocketAddr::new("127.0.0.1".parse().unwrap(), port), Transport::Udp);
            is_own(SocketAddr::new("::1".parse().unwrap(), port), Transport::Udp);
        }
    }

    #[test]
    fn a_closed_socket_has_no_owner_and_an_unknown_one_makes_it_look_once_in_a_while() {
        let mut owners = Owners::new(Duration::from_secs(3600));
        let first = UdpSocket::bind("127.0.0.1:0").unwrap();
        let of = |socket: &UdpSocket| {
            let address = socket.local_addr().unwrap();
            Endpoint::new(address.ip(), address.port())
        };
        assert!(owners.of(of(&first), Transport::Udp).is_some());
        let second = UdpSocket::bind("127.0.0.1:0").unwrap();
        assert_eq!(owners.of(of(&second), Transport::Udp), None);
        let gone = of(&first);
        drop(first);
        owners.refresh();
        assert!(owners.of(of(&second), Transport::Udp).is_some());
        assert_eq!(owners.of(gone, Transport::Udp), None);
    }

    #[test]
    fn an_owner_nobody_may_see_has_a_user() {
        let owner = Owner { process: None, uid: 112, user: Some("asterisk".to_owned()) };
        assert_eq!(owner.to_string(), "a process of user asterisk");
        let owner = Owner { process: None, uid: 112, user: None };
        assert_eq!(owner.to_string(), "a process of user 112");
    }
}
