//! The state of the screen Cluster: the order of its DNs and the selected one.

use std::sync::Arc;

use super::cursor::Cursor;
use super::made::Made;
use crate::tui::data::Data;
use crate::wording::cluster::ordered;

/// The DNs of a cluster.
#[derive(Clone, Debug, Default)]
pub(in crate::tui) struct Cluster {
    pub(in crate::tui) cursor: Cursor,
    /// The DNs, by their places in the cluster.
    pub(in crate::tui) lines: Vec<usize>,
    /// The selected DN: it stays selected when the list changes.
    pub(in crate::tui) name: Option<Vec<u8>>,
    made: Made,
}

impl Cluster {
    /// The selected DN, by its place in the cluster.
    pub(in crate::tui) fn selected(&self) -> Option<usize> {
        self.lines.get(self.cursor.selected).copied()
    }

    /// Rebuilds the list if needed; the selection stays.
    pub(in crate::tui) fn relist(&mut self, data: &Arc<Data>) {
        if !self.made.renew(data, 0) {
            return;
        }
        let cluster = &data.cluster;
        let places = ordered(cluster).into_iter().filter_map(|dn| cluster.place_of(&dn.name));
        self.lines = places.collect();
        let place = self.name.as_deref().and_then(|name| cluster.place_of(name));
        let line = place.and_then(|place| self.lines.iter().position(|line| *line == place));
        if let Some(line) = line {
            self.cursor.selected = line;
        }
    }
}
