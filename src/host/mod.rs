//! Knows the host the program runs on: its addresses, the processes behind its sockets, names by DNS.
//!
//! None of this is in a capture. It serves where the capture comes from this very host, to say
//! `192.168.210.81:5090 is sipendpoint (pid 4312)`.

mod addresses;
#[cfg(target_os = "linux")]
mod owners;
#[cfg(not(target_os = "linux"))]
#[path = "no_owners.rs"]
mod owners;
mod resolve;

use std::fmt;

pub use addresses::local_addresses;
pub use owners::Owners;
pub use resolve::{Resolved, Resolver};

use crate::net::escape_text;

/// The owner of a socket.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Owner {
    /// The process, where the program had the right to see it.
    pub process: Option<Process>,
    /// The user the socket belongs to.
    pub uid: u32,
    /// That user's name, where there is one.
    pub user: Option<String>,
}

/// A process.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Process {
    /// Its number.
    pub pid: u32,
    /// Its name, as the kernel has it: at most 15 bytes on Linux.
    pub name: String,
}

impl fmt::Display for Owner {
    /// `sipendpoint (pid 4312)`, or `a process of user asterisk`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.process, &self.user) {
            (Some(Process { pid, name }), _) => write!(f, "{} (pid {pid})", escape_text(name)),
            (None, Some(user)) => write!(f, "a process of user {}", escape_text(user)),
            (None, None) => write!(f, "a process of user {}", self.uid),
        }
    }
}
