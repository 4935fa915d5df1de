//! A place in an input, as JSON names it.

use serde::Serialize;

use crate::capture::is_line;
use crate::net::FrameRef;
use crate::source::FileInfo;

/// A frame of a capture or a line of a log.
#[derive(Serialize)]
pub(super) struct PlaceDoc {
    file: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    frame: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u64>,
}

impl PlaceDoc {
    pub(super) fn new(files: &[FileInfo], place: FrameRef) -> Self {
        let number = Some(place.number());
        let (frame, line) = if is_line(files, place) { (None, number) } else { (number, None) };
        Self { file: place.file().0, frame, line }
    }
}
