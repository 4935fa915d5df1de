//! The names of what is followed: devices, HEP agents, and the files of logs, which come last.

use crate::net::FrameRef;

/// The names of what is followed, in the order of their ids.
#[derive(Clone, Default)]
pub(super) struct Inputs {
    names: Vec<String>,
    /// How many of them are no logs.
    packets: usize,
}

impl Inputs {
    /// Those that packets come from, and the logs.
    pub(super) fn new(packets: Vec<String>, logs: impl Iterator<Item = String>) -> Self {
        let count = packets.len();
        Self { names: packets.into_iter().chain(logs).collect(), packets: count }
    }

    /// All names.
    pub(super) fn names(&self) -> &[String] {
        &self.names
    }

    /// The names of those that packets come from.
    pub(super) fn of_packets(&self) -> &[String] {
        self.names.get(..self.packets).unwrap_or_default()
    }

    /// Adds files that logs go on in.
    pub(super) fn add_logs(&mut self, names: impl IntoIterator<Item = String>) {
        self.names.extend(names);
    }

    /// The input that a place is in.
    pub(super) fn name(&self, place: FrameRef) -> Option<&str> {
        self.names.get(usize::from(place.file().0)).map(String::as_str)
    }

    /// Whether a place is a line of a log, and not a frame.
    pub(super) fn is_line(&self, place: FrameRef) -> bool {
        usize::from(place.file().0) >= self.packets
    }
}
