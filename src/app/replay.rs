//! Plays the capture cases as if they were live: asks for changes at every step and shrinks the model.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::thread::spawn;

use crossbeam_channel::unbounded;
use jiff::tz::TimeZone;

use super::batch::{Batch, Found};
use super::keys;
use super::progress::ProgressLine;
use super::reader::{ReadBy, Reader};
use crate::capture::Capture;
use crate::cli::InputSettings;
use crate::compare::Contrast;
use crate::net::Timestamp;
use crate::registration::{Limits, SnapshotOptions, Status, Tracker};
use crate::report::{Style, View, json, text};
use crate::select::Selection;

/// Plays a file; `watch` is called after everything that was found.
fn play(file: &Path, watch: impl FnMut(&mut Tracker, Timestamp)) -> Tracker {
    play_to(Tracker::new(), file, watch)
}

fn play_to(
    mut tracker: Tracker,
    file: &Path,
    mut watch: impl FnMut(&mut Tracker, Timestamp),
) -> Tracker {
    let input = InputSettings { files: vec![file.to_owned()], ..InputSettings::default() };
    let opened = super::open(&input, &super::survey::Plan::default()).unwrap();
    let (progress, keys) = (ProgressLine::listener(false), keys::read(&[]).unwrap());
    let (at, zone, batch_bytes, read_by) = (None, TimeZone::UTC, 4096, ReadBy::Reader);
    let reader = Reader { input, opened, keys, at, zone, progress, batch_bytes, read_by };
    let ((full, work), (emptied, empty)) = (unbounded::<Batch>(), unbounded());
    let reading = spawn(move || reader.run(&full, &empty).map(|read| read.span));
    let mut now = Timestamp::default();
    for mut batch in work {
        batch.take(|clock, found| {
            tracker.advance(clock);
            now = match found {
                Found::Message(origin, message, read) => {
                    tracker.message_read(origin, &message, read);
                    now.max(clock).max(origin.time)
                }
                Found::Icmp(error) => {
                    tracker.icmp(&error);
                    now.max(clock).max(error.origin.time)
                }
                Found::Dns(origin, message) => {
                    tracker.dns(origin, message);
                    now.max(clock).max(origin.time)
                }
                Found::KeepAlive(origin) => {
                    tracker.keep_alive(origin);
                    now.max(clock).max(origin.time)
                }
                Found::Agent(agent) => {
                    tracker.hep_agent(&agent);
                    now.max(clock)
                }
                Found::Statement(at, time, statement) => {
                    tracker.statement(at, time, statement);
                    now.max(clock).max(time)
                }
                Found::Said(at, said) => {
                    tracker.said(at, said);
                    now.max(clock)
                }
                Found::Connection(event) => {
                    tracker.connection(event);
                    now.max(clock).max(event.origin.time)
                }
            };
            watch(&mut tracker, now);
        });
        drop(emptied.send(batch));
    }
    if let Some((first, last)) = reading.join().unwrap().ok().flatten() {
        tracker.advance(first);
        tracker.advance(last);
        watch(&mut tracker, now.max(last));
    }
    tracker
}

fn report(tracker: Tracker) -> String {
    write(tracker, |view, out| json::write(view, out).unwrap())
}

fn write(tracker: Tracker, format: impl Fn(&View<'_>, &mut Vec<u8>)) -> String {
    let snapshot = tracker.finish(&SnapshotOptions::default());
    let (selection, style) = (&Selection::default(), Style::default());
    let (capture, contrast, zone) = (&Capture::default(), &Contrast::default(), &TimeZone::UTC);
    let snapshot = &snapshot;
    let mut out = Vec::new();
    let view =
        View { snapshot, capture, findings: &[], contrast, selection, columns: &[], zone, style };
    format(&view, &mut out);
    String::from_utf8(out).unwrap()
}

/// The capture cases.
fn cases() -> Vec<PathBuf> {
    let captures = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures");
    let cases = captures.read_dir().into_iter().flatten();
    let files = cases.map(|case| case.unwrap().path().join("input.pcap"));
    files.filter(|file| file.exists()).collect()
}

#[test]
fn changes_of_every_case_come_to_its_report() {
    for file in cases() {
        let plain = report(play(&file, |_, _| {}));
        for every in [1, 7, usize::MAX] {
            let mut rows = BTreeMap::<Vec<u8>, Status>::new();
            let mut take = |tracker: &mut Tracker, now| {
                for change in tracker.changes(now) {
                    let before = match change.to {
                        Some(to) => rows.insert(change.dn.clone(), to),
                        None => rows.remove(&change.dn),
                    };
                    assert_eq!(before, change.from, "{}: {change:?}", file.display());
                }
            };
            let (mut count, mut last) = (0_usize, Timestamp::default());
            let mut tracker = play(&file, |tracker, now| {
                count += 1;
                last = now;
                if count % every == 0 {
                    take(tracker, now);
                }
            });
            take(&mut tracker, last);
            let snapshot = tracker.snapshot(&SnapshotOptions::default());
            let said = snapshot.dns().map(|dn| (dn.name().to_vec(), Status::of(dn.state())));
            assert_eq!(rows, said.collect(), "{} by {every}", file.display());
            assert_eq!(report(tracker), plain, "{} by {every}", file.display());
        }
    }
}

#[test]
fn forgetting_what_nothing_refers_to_changes_no_report() {
    for file in cases() {
        let plain = report(play(&file, |_, _| {}));
        let mut count = 0;
        let tracker = play(&file, |tracker, _| {
            count += 1;
            if count % 3 == 0 {
                tracker.forget_unused();
            }
        });
        assert_eq!(report(tracker), plain, "{}", file.display());
    }
}

#[test]
fn what_was_forgotten_is_shown() {
    let Some(file) = cases().into_iter().find(|file| file.ends_with("incident/input.pcap")) else {
        return;
    };
    let limits = Limits { dns: 4, ..Limits::NONE };
    let tight = || play_to(Tracker::with_limits(limits), &file, |_, _| {});
    let gone = tight().counts().forgotten.dns;
    assert!(gone > 0);
    let report = report(tight());
    assert!(report.contains(&format!("\"forgotten\":{{\"dns\":{gone},")), "{report}");
    let text = write(tight(), |view, out| text::write(view, out).unwrap());
    assert!(text.contains("forgotten to stay within the memory limit."), "{text}");
    let whole = write(play(&file, |_, _| {}), |view, out| text::write(view, out).unwrap());
    assert!(!whole.contains("forgotten"), "{whole}");
}
