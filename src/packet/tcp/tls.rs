//! Leads the TLS records of a connection to what opens them, and their plaintext back to its readers.

use std::sync::Arc;

use super::super::tls::{Connection, Lane, TlsInfo, Told};
use super::key::Way;
use super::reader::{Desk, Reader};
use super::reassembly::Run;
use crate::net::{Origin, Transport};

/// The readers of both directions.
pub(super) struct Readers<'r> {
    pub(super) up: &'r mut Reader,
    pub(super) down: &'r mut Reader,
}

impl Readers<'_> {
    pub(super) fn of(&mut self, way: Way) -> &mut Reader {
        match way {
            Way::Up => self.up,
            Way::Down => self.down,
        }
    }
}

/// Something to report about the connection.
pub(super) struct Sign {
    pub(super) way: Way,
    pub(super) origin: Origin,
    /// A fatal alert; `None` for application data that is not opened.
    pub(super) alert: Option<u8>,
    pub(super) info: Arc<TlsInfo>,
}

/// The TLS of a connection.
#[derive(Debug, Default)]
pub(super) struct Tls {
    connection: Option<Box<Connection>>,
}

impl Tls {
    /// Reads bytes in order that are TLS records.
    pub(super) fn read(
        &mut self,
        way: Way,
        run: &Run<'_>,
        readers: &mut Readers<'_>,
        desk: &mut Desk<'_, '_>,
    ) -> Vec<Sign> {
        readers.of(way.back()).peer_is_tls();
        let connection = self.connection.get_or_insert_with(|| Box::new(Connection::new()));
        if readers.of(way).is_new_in_tls() {
            connection.revive(lane(way));
        }
        connection.push(lane(way), run.bytes, run.lost_before, run.origin);
        let signs = self.run(readers, desk);
        let limits = desk.limits;
        let waits = self.connection.as_ref().filter(|connection| connection.is_waiting());
        match waits.map(|connection| connection.held()) {
            Some(held) if held > limits.tls_held_bytes => self.give_up(readers, desk),
            _ => signs,
        }
    }

    /// Opens what can be opened by now.
    pub(super) fn run(&mut self, readers: &mut Readers<'_>, desk: &mut Desk<'_, '_>) -> Vec<Sign> {
        let Some(connection) = &mut self.connection else { return Vec::new() };
        let mut signs = Vec::new();
        // lent for the moment: reporting needs the rest of the desk
        let mut keys = std::mem::take(desk.keys);
        connection.run(&mut keys, &mut |lane, told| {
            let way = way(lane);
            let (origin, alert) = match told {
                Told::Data { bytes, lost_before, origin } => {
                    let origin = &Origin { transport: Transport::Tls, ..*origin };
                    let run = Run { bytes, lost_before, origin, end: false };
                    readers.of(way).plaintext(&run, lost_before == 0, desk);
                    if readers.of(way).is_websocket() {
                        readers.of(way.back()).peer_is_websocket();
                    }
                    return;
                }
                Told::Alert { alert, origin } => (*origin, Some(alert)),
                Told::Sealed { origin } => (*origin, None),
            };
            signs.push(Sign { way, origin, alert, info: Arc::default() });
        });
        *desk.keys = keys;
        if !signs.is_empty() {
            let info = Arc::new(connection.info().clone());
            for sign in &mut signs {
                sign.info = Arc::clone(&info);
            }
        }
        for way in [Way::Up, Way::Down] {
            let reader = readers.of(way);
            if connection.is_deaf(lane(way)) && reader.is_tls() {
                reader.finish(connection.take_lost(lane(way)), desk);
                if connection.has_strayed(lane(way)) { reader.ignore(desk) } else { reader.seal() }
            }
        }
        signs
    }

    /// Ends the waiting for keys.
    pub(super) fn give_up(
        &mut self,
        readers: &mut Readers<'_>,
        desk: &mut Desk<'_, '_>,
    ) -> Vec<Sign> {
        if let Some(connection) = &mut self.connection {
            connection.give_up();
        }
        self.run(readers, desk)
    }

    /// Counts what became of it and forgets it.
    pub(super) fn account(&mut self, desk: &mut Desk<'_, '_>) {
        if let Some(connection) = self.connection.take() {
            desk.stats.tls.count(&connection.outcome());
        }
    }

    /// Whether records wait for keys.
    pub(super) fn is_waiting(&self) -> bool {
        self.connection.as_ref().is_some_and(|connection| connection.is_waiting())
    }

    /// How many bytes wait in both directions.
    pub(super) fn held_bytes(&self) -> usize {
        let waits = self.connection.as_ref().filter(|connection| connection.is_waiting());
        waits.map_or(0, |connection| connection.held_total())
    }

    /// What it takes, bytes that wait included.
    pub(super) fn memory(&self) -> usize {
        self.connection.as_ref().map_or(0, |connection| connection.memory())
    }

    /// Takes the count of plaintext that is missing in a direction since the last that was read.
    pub(super) fn take_lost(&mut self, way: Way) -> u64 {
        self.connection.as_mut().map_or(0, |connection| connection.take_lost(lane(way)))
    }
}

const fn lane(way: Way) -> Lane {
    match way {
        Way::Up => Lane::First,
        Way::Down => Lane::Second,
    }
}

const fn way(lane: Lane) -> Way {
    match lane {
        Lane::First => Way::Up,
        Lane::Second => Way::Down,
    }
}
