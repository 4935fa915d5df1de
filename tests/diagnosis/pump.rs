//! Reads a capture into a snapshot, without the program around it.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use regscope::packet::{Decoder, Event, KeyLog, Limits};
use regscope::registration::{Snapshot, SnapshotOptions, Tracker};
use regscope::sip::{self, StreamFramer};
use regscope::source::{CaptureSet, OpenOptions};

/// The captures of the lab, by name.
pub(crate) fn cases() -> Vec<(String, PathBuf)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures");
    let mut cases = Vec::new();
    for entry in std::fs::read_dir(root).unwrap().map(Result::unwrap).filter(|e| e.path().is_dir())
    {
        let file = std::fs::read_dir(entry.path())
            .unwrap()
            .map(|f| f.unwrap().path())
            .find(|p| p.file_name().is_some_and(|n| n.to_string_lossy().starts_with("input.")));
        // a cluster has a file for each node
        let Some(file) = file else { continue };
        cases.push((entry.file_name().to_string_lossy().into_owned(), file));
    }
    // there is no packet to decode in a log
    cases.retain(|(_, file)| file.extension().is_none_or(|extension| extension != "log"));
    cases.sort();
    cases
}

/// The model of the capture of that name.
pub(crate) fn snapshot(name: &str) -> Snapshot {
    let (_, path) = cases().into_iter().find(|(n, _)| n == name).unwrap();
    read(&path)
}

/// The model of a capture.
pub(crate) fn read(path: &Path) -> Snapshot {
    let mut set = CaptureSet::open(&[path.to_owned()], OpenOptions::default()).unwrap();
    let mut decoder = Decoder::with_keys(Limits::default(), keys(path));
    let mut tracker = Tracker::new();
    let mut streams = HashMap::<u64, StreamFramer>::new();
    if let Some(secrets) = set.take_secrets() {
        decoder.add_secrets(&secrets, &mut |event| take(event, &mut tracker, &mut streams));
    }
    while let Some(frame) = set.next_frame() {
        tracker.advance(frame.time);
        decoder.decode(&frame, &mut |event| take(event, &mut tracker, &mut streams));
    }
    decoder.finish(&mut |event| take(event, &mut tracker, &mut streams));
    tracker.finish(&SnapshotOptions::default())
}

/// The key log beside a capture, if there is one.
fn keys(capture: &Path) -> KeyLog {
    let mut keys = KeyLog::new();
    if let Ok(log) = std::fs::read(capture.with_file_name("keys.log")) {
        keys.add(&log);
    }
    keys
}

fn take(event: Event<'_>, tracker: &mut Tracker, streams: &mut HashMap<u64, StreamFramer>) {
    match event {
        Event::Datagram { origin, bytes } => {
            for message in sip::datagram(bytes, origin.path.cut.is_some()) {
                tracker.message(origin, &message);
            }
        }
        Event::Stream(chunk) => {
            let framer = streams.entry(chunk.stream).or_default();
            framer.push(chunk.bytes, chunk.lost_before, &mut |m| {
                tracker.message(chunk.origin, &m);
            });
            if chunk.end {
                framer.end(&mut |m| {
                    tracker.message(chunk.origin, &m);
                });
            }
        }
        Event::Icmp(error) => tracker.icmp(&error),
        Event::Connection(event) => tracker.connection(&event),
        Event::Dns { origin, message } => tracker.dns(origin, &message),
        Event::Joined { .. } | Event::Segment { .. } => {}
        Event::Agent(agent) => tracker.hep_agent(&agent),
    }
}
