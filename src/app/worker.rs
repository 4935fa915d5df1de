//! The working half of the pump: reads the datagrams the reader left unread, and folds all into the model.

use std::io;

use crossbeam_channel::{Receiver, Sender};

use super::batch::{Batch, Found, Room};
use super::nodes;
use crate::cli::LogSettings;
use crate::net::Origin;
use crate::registration::{AHEAD, ExtraName, Ingested, Tracker};
use crate::sip::Message;

/// Takes every REGISTER and every response to one, as they come.
pub(super) type MessageSink<'s> =
    dyn FnMut(&Origin, &Message<'_>, Ingested) -> io::Result<()> + Send + 's;

/// Sees the model between two batches.
pub(super) type Watch<'w> = dyn FnMut(&mut Tracker) + Send + 'w;

/// Takes batches until there are no more, or until the sink fails.
pub(super) fn run(
    (known, extras): (&LogSettings, &[ExtraName]),
    full: &Receiver<Batch>,
    empty: &Sender<Batch>,
    mut sink: Option<&mut MessageSink<'_>>,
    mut watch: Option<&mut Watch<'_>>,
) -> io::Result<Tracker> {
    let mut tracker = Tracker::new();
    tracker.keep_extras(extras);
    nodes::announce(&mut tracker, known);
    let mut room = Room::default();
    for mut batch in full {
        let view = batch.read(&mut room);
        for place in 0..view.len() {
            if place % AHEAD == 0 {
                tracker.look_ahead(view.readings(place));
            }
            let Some((clock, found)) = view.get(place) else { break };
            tracker.advance(clock);
            match found {
                Found::Message(origin, message, read) => {
                    let seen = tracker.message_read(origin, &message, read);
                    if let (Some(sink), true) = (&mut sink, seen.register) {
                        sink(origin, &message, seen)?;
                    }
                }
                Found::Icmp(error) => tracker.icmp(&error),
                Found::Connection(event) => tracker.connection(event),
                Found::Dns(origin, message) => tracker.dns(origin, message),
                Found::KeepAlive(origin) => tracker.keep_alive(origin),
                Found::Agent(agent) => tracker.hep_agent(&agent),
                Found::Statement(at, time, statement) => tracker.statement(at, time, statement),
                Found::Said(at, said) => tracker.said(at, said),
            }
        }
        batch.clear();
        if let Some(watch) = &mut watch {
            watch(&mut tracker);
        }
        // the reader may be done and gone
        drop(empty.try_send(batch));
    }
    Ok(tracker)
}
