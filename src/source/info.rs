//! What is known of a file among the inputs.

use std::path::PathBuf;

use super::file::{Compression, Format, Reader};
use super::input::Input;
use crate::net::{LinkType, Timestamp};

/// What is known of one file of a [`super::CaptureSet`].
#[derive(Clone, Debug)]
pub struct FileInfo {
    /// The file as the user gave it, `-` for standard input.
    pub path: PathBuf,
    /// Its capture format.
    pub format: Format,
    /// How it is compressed.
    pub compression: Compression,
    /// The link types of its interfaces seen so far.
    pub links: Vec<LinkType>,
    /// How many packets were read so far.
    pub packets: u64,
    /// How many bytes of the capture were read so far, decompressed.
    pub bytes: u64,
    /// The size of the file itself, where it has one.
    pub size: Option<u64>,
    /// The times of its first and its last packet so far.
    pub span: Option<(Timestamp, Timestamp)>,
}

impl FileInfo {
    /// Takes the time of a packet into its span.
    #[inline]
    pub(super) fn pass(&mut self, time: Timestamp) {
        let (first, last) = self.span.unwrap_or((time, time));
        self.span = Some((first.min(time), last.max(time)));
    }

    /// Counts the frame a reader is at.
    #[inline]
    pub(super) fn note(&mut self, reader: &Reader<Input>) {
        self.packets = reader.packets();
        self.bytes = reader.bytes();
        if self.links.len() != reader.links().len() {
            self.links = reader.links().to_vec();
        }
    }
}
