//! Takes arbitrary datagrams into the model and writes everything that is said about it: each output is
//! valid, has no control characters, and does not panic.
//!
//! Datagrams are separated by NUL; the first byte of each gives sender, receiver, and how much later.
#![no_main]

use std::net::{IpAddr, Ipv4Addr};

use jiff::tz::TimeZone;
use libfuzzer_sys::fuzz_target;
use regscope::capture::Capture;
use regscope::compare::pair::{Subject, pair};
use regscope::compare::{Contrast, contrast};
use regscope::diagnosis::diagnose;
use regscope::diagnosis::explain::explain;
use regscope::net::{Endpoint, FileId, FrameRef, Origin, PathInfo, Timestamp, Transport};
use regscope::registration::{Snapshot, SnapshotOptions, Tracker};
use regscope::report::compare::{self as rendering, PairView};
use regscope::report::explain::{StoryView, json as story_json};
use regscope::report::{MessageView, Style, View, csv, json, markdown, ndjson, text};
use regscope::select::Selection;
use regscope::sip::datagram;
use regscope::source::{Compression, FileInfo, Format};

/// DNs whose stories are told one by one.
const DNS: usize = 3;

fn end(host: u8) -> Endpoint {
    Endpoint::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, host)), 5060)
}

/// Where and when a datagram is seen: of four devices and two registrars.
fn origin(place: u64, time: Timestamp, flags: u8) -> Origin {
    let (device, registrar) = (end(1 + (flags & 3)), end(20 + (flags >> 2 & 1)));
    let (src, dst) = if flags & 8 == 0 { (device, registrar) } else { (registrar, device) };
    let frame = FrameRef::new(FileId(0), place + 1);
    Origin { time, frame, src, dst, transport: Transport::Udp, path: PathInfo::default() }
}

/// What a terminal or a ticket is given: text, without anything that drives it.
fn is_text(what: &str, bytes: &[u8]) {
    let text = std::str::from_utf8(bytes).unwrap_or_else(|error| panic!("{what}: {error}"));
    let wild = text.chars().find(|&c| c.is_control() && c != '\n' && c != '\r');
    assert!(wild.is_none(), "{what} has {wild:?}:\n{text}");
}

fn is_json(what: &str, bytes: &[u8]) {
    let read = serde_json::from_slice::<serde_json::Value>(bytes);
    assert!(read.is_ok(), "{what}: {read:?}");
}

fn written(write: impl FnOnce(&mut Vec<u8>) -> std::io::Result<()>) -> Vec<u8> {
    let mut out = Vec::new();
    write(&mut out).unwrap_or_else(|error| panic!("{error}"));
    out
}

fn reports(snapshot: &Snapshot, contrast: &Contrast) {
    let findings = diagnose(snapshot);
    let (capture, selection, zone) = (Capture::default(), Selection::default(), TimeZone::UTC);
    let style = Style { color: false, unicode: true, all: true, statistics: true };
    let view = View {
        snapshot,
        capture: &capture,
        findings: &findings,
        contrast,
        selection: &selection,
        columns: &[],
        zone: &zone,
        style,
    };
    is_json("report", &written(|out| json::write(&view, out)));
    is_text("text", &written(|out| text::write(&view, out)));
    is_text("csv", &written(|out| csv::write(&view, out)));
    is_text("markdown", &written(|out| markdown::write(&view, out)));
    for dn in snapshot.dns().take(DNS) {
        let Some(story) = explain(snapshot, dn.name()) else { continue };
        let capture = &capture;
        let view = StoryView { story: &story, snapshot, capture, zone: &zone, style };
        is_text("story", &written(|out| text::write_story(&view, out)));
        is_json("story", &written(|out| story_json(&view, out)));
    }
}

fn comparisons(snapshot: &Snapshot, contrast: &Contrast) {
    is_text("contrast", rendering::text(contrast).as_bytes());
    is_text("contrast", rendering::markdown(contrast).as_bytes());
    is_text("contrast", &written(|out| rendering::write_csv(contrast, out)));
    is_json("contrast", &written(|out| rendering::write_json(contrast, out)));
    let mut dns = snapshot.dns();
    let (Some(a), Some(b)) = (dns.next(), dns.next()) else { return };
    let (a, b) = (Subject::new(snapshot, a), Subject::new(snapshot, b));
    let pair = pair(&a, &b);
    let (sides, lead) = (Default::default(), Vec::new());
    let view = PairView { pair: &pair, sides, lead, apart: false, once: false };
    is_text("pair", rendering::pair_text(&view).as_bytes());
    is_text("pair", rendering::pair_markdown(&view).as_bytes());
    is_text("pair", &written(|out| rendering::write_pair_csv(&view, out)));
    is_json("pair", &written(|out| rendering::write_pair_json(&view, out)));
}

fuzz_target!(|data: &[u8]| {
    let mut tracker = Tracker::new();
    let mut clock = Timestamp::from_parts(1_763_505_000, 0);
    let files = [FileInfo {
        path: "fuzz.pcap".into(),
        format: Format::Pcap,
        compression: Compression::None,
        links: Vec::new(),
        packets: 0,
        bytes: 0,
        size: None,
        span: None,
    }];
    for (place, piece) in (0..).zip(data.split(|&byte| byte == 0)) {
        let [flags, bytes @ ..] = piece else { continue };
        clock = clock.plus_secs(u32::from(flags >> 4) * 30);
        let origin = origin(place, clock, *flags);
        for message in datagram(bytes, false) {
            tracker.advance(clock);
            let seen = tracker.message(&origin, &message);
            let view = MessageView { origin: &origin, message: &message, seen, files: &files };
            is_json("message", &written(|out| ndjson::write(&view, out)));
            let style = Style::default();
            let shown = |out: &mut Vec<u8>| text::write_message(&view, &TimeZone::UTC, style, out);
            is_text("message", &written(shown));
        }
    }
    let snapshot = tracker.finish(&SnapshotOptions::default());
    let contrast = contrast(&snapshot);
    reports(&snapshot, &contrast);
    comparisons(&snapshot, &contrast);
});
