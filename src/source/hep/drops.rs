//! Reads how many datagrams the kernel dropped for a UDP socket because its buffer was full.
//!
//! The number of a socket that comes with each datagram would miss what is dropped behind the last one,
//! so the kernel's table of sockets is read. It is opened with the sockets, before rights are dropped.

use std::fs::File;
use std::io::{self, Read as _, Seek as _};
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt as _;
use std::time::{Duration, Instant};

use socket2::Socket;

/// Between two readings of the table, at least.
const EVERY: Duration = Duration::from_secs(1);
/// Reading it may take one part in `SHARE` of the time: there is a line for every UDP socket of the host.
const SHARE: u32 = 100;

/// The kernel's account of one socket.
#[derive(Debug)]
pub(super) struct KernelDrops {
    table: File,
    inode: String,
    text: String,
    /// The number of the last look: the kernel's counter wraps.
    seen: u32,
    due: Instant,
}

impl KernelDrops {
    /// Opens the table; `None` where the kernel has none.
    pub(super) fn of(socket: &Socket, is_ipv6: bool) -> Option<Self> {
        let inode = inode(socket).ok()?;
        let path = if is_ipv6 { "/proc/net/udp6" } else { "/proc/net/udp" };
        let table = File::open(path).ok()?;
        Some(Self { table, inode, text: String::new(), seen: 0, due: Instant::now() })
    }

    /// How many were dropped since the last look, if it is time for one.
    pub(super) fn look(&mut self, now: Instant) -> u64 {
        if now < self.due {
            return 0;
        }
        let new = self.look_at_once();
        self.due = now + EVERY.max(now.elapsed() * SHARE);
        new
    }

    /// How many were dropped since the last look.
    pub(super) fn look_at_once(&mut self) -> u64 {
        self.text.clear();
        let read = self.table.rewind().and_then(|()| self.table.read_to_string(&mut self.text));
        // what cannot be read now is there at the next look
        let number = read.ok().and_then(|_| drops(&self.text, &self.inode));
        let number = number.unwrap_or(self.seen);
        let new = number.wrapping_sub(self.seen);
        self.seen = number;
        u64::from(new)
    }
}

/// The number that names a socket in the table.
fn inode(socket: &Socket) -> io::Result<String> {
    let file = File::from(OwnedFd::from(socket.try_clone()?));
    Ok(file.metadata()?.ino().to_string())
}

/// The last column of the socket's line; its tenth has the inode.
fn drops(table: &str, inode: &str) -> Option<u32> {
    const INODE: usize = 9;
    let mut lines = table.lines().filter(|line| line.contains(inode));
    let line = lines.find(|line| line.split_ascii_whitespace().nth(INODE) == Some(inode))?;
    line.split_ascii_whitespace().next_back()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_of_the_socket_is_found_by_its_inode() {
        let table = "   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops\n\
             75: 0100007F:13C4 00000000:0000 07 00000000:00000000 00:00000000 00000000  1000        0 4711 2 0000000000000000 3\n\
             76: 0100007F:2364 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 471 2 0000000000000000 4294967295\n";
        assert_eq!(drops(table, "471"), Some(u32::MAX));
        assert_eq!(drops(table, "4711"), Some(3));
        assert_eq!(drops(table, "47"), None);
        assert_eq!(drops("", "471"), None);
    }
}
