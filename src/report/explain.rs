//! The story of one DN as JSON, and the source of its renderings.

use std::borrow::Cow;
use std::io::{self, Write};

use jiff::tz::TimeZone;
use serde::Serialize;

use super::Style;
use super::model::{FindingDoc, SCHEMA};
use super::place::PlaceDoc;
use crate::capture::Capture;
use crate::diagnosis::explain::{Event, Story};
use crate::registration::Snapshot;
use crate::source::FileInfo;

/// A story, and how it is to look.
#[derive(Clone, Copy, Debug)]
pub struct StoryView<'a> {
    /// The story.
    pub story: &'a Story,
    /// The model it is from.
    pub snapshot: &'a Snapshot,
    /// What was read.
    pub capture: &'a Capture,
    /// The zone of times in text.
    pub zone: &'a TimeZone,
    /// How text looks.
    pub style: Style,
}

/// The story of one DN.
#[derive(Serialize)]
struct StoryDoc<'a> {
    schema: u32,
    regscope: &'static str,
    dn: &'a str,
    files: Vec<String>,
    summary: &'a str,
    since: Option<String>,
    events: Vec<EventDoc<'a>>,
    findings: Vec<FindingDoc<'a>>,
    checks: Vec<Cow<'static, str>>,
}

/// One thing that happened, `count` times from `time` to `until`.
#[derive(Serialize)]
struct EventDoc<'a> {
    time: Option<String>,
    until: Option<String>,
    count: u32,
    frames: Vec<PlaceDoc>,
    sentence: &'a str,
}

impl<'a> EventDoc<'a> {
    fn new(files: &[FileInfo], event: &'a Event) -> Self {
        let frame = |f: &crate::net::FrameRef| PlaceDoc::new(files, *f);
        Self {
            time: event.time.known().map(crate::net::Timestamp::epoch_string),
            until: event.until.map(crate::net::Timestamp::epoch_string),
            count: event.count,
            frames: event.frames.iter().map(frame).collect(),
            sentence: &event.sentence,
        }
    }
}

/// Writes the story as one object and a line end.
pub fn json(view: &StoryView<'_>, out: &mut dyn Write) -> io::Result<()> {
    let (story, files) = (view.story, &view.capture.files);
    let doc = StoryDoc {
        schema: SCHEMA,
        regscope: env!("CARGO_PKG_VERSION"),
        dn: &story.dn,
        files: view.capture.files.iter().map(crate::capture::file_name).collect(),
        summary: &story.verdict,
        since: story.since.map(crate::net::Timestamp::epoch_string),
        events: story.paragraphs.iter().map(|event| EventDoc::new(files, event)).collect(),
        findings: story.findings.iter().map(|finding| FindingDoc::new(files, finding)).collect(),
        checks: story.checks.iter().map(|&check| check.into()).collect(),
    };
    serde_json::to_writer(&mut *out, &doc).map_err(io::Error::from)?;
    out.write_all(b"\n")
}
