//! Records everything that is seen; packets of HEP agents as the datagrams they came in.

#[cfg(feature = "live")]
use std::path::PathBuf;

#[cfg(feature = "hep")]
use super::agents::Packer;
use crate::app::Failure;
use crate::cli::RecordSettings;
#[cfg(feature = "live")]
use crate::net::Frame;
#[cfg(feature = "hep")]
use crate::net::FrameRef;
use crate::net::count;
use crate::net::{FileId, Timestamp, escape_text};
#[cfg(feature = "live")]
use crate::packet::sieve;
#[cfg(feature = "live")]
use crate::record::Counts;
use crate::record::{News, Rotating, Rotation, Status};

/// A recording.
pub(super) struct Recorder {
    rotating: Rotating,
    /// Whether only what may carry SIP is written.
    #[cfg(feature = "live")]
    only_sip: bool,
    #[cfg(feature = "hep")]
    packer: Packer,
    /// Packets of agents that fit into no datagram.
    too_long: u64,
}

impl Recorder {
    pub(super) fn create(
        settings: &RecordSettings,
        inputs: &[String],
        now: Timestamp,
    ) -> Result<Self, Failure> {
        let RecordSettings { target, max_bytes, max_age, keep, mode, .. } = settings;
        let rotation =
            Rotation { max_bytes: *max_bytes, max_age: *max_age, keep: *keep, mode: *mode };
        let failed = |error| Failure::Export { path: target.clone(), error };
        let mut rotating = Rotating::create(target, rotation, now).map_err(failed)?;
        for (place, name) in (0..).zip(inputs) {
            rotating.name_source(FileId(place), name);
        }
        Ok(Self {
            rotating,
            #[cfg(feature = "live")]
            only_sip: settings.only_sip,
            #[cfg(feature = "hep")]
            packer: Packer::default(),
            too_long: 0,
        })
    }

    /// The directories that files are made in later on.
    #[cfg(feature = "live")]
    pub(super) fn directories(settings: &RecordSettings) -> Vec<PathBuf> {
        if settings.max_bytes.is_none() && settings.max_age.is_none() {
            return Vec::new();
        }
        let target = &settings.target;
        if target.is_dir() {
            return vec![target.clone()];
        }
        let parent = target.parent().filter(|parent| !parent.as_os_str().is_empty());
        vec![parent.map_or_else(|| PathBuf::from("."), PathBuf::from)]
    }

    #[cfg(feature = "live")]
    pub(super) fn frame(&mut self, frame: &Frame<'_>) {
        if !self.only_sip || sieve(frame.link, frame.bytes) {
            self.rotating.packet(frame, None);
        }
    }

    /// Ends what was not to begin, and leaves no empty file.
    #[cfg(feature = "live")]
    pub(super) fn discard(self) {
        self.rotating.discard();
    }

    /// Where agents send to, as recorded.
    #[cfg(feature = "hep")]
    pub(super) fn listening_at(self, address: Option<crate::net::Endpoint>) -> Self {
        Self { packer: Packer::new(address), ..self }
    }

    /// Records a packet of an agent as a raw IP packet; one over TCP too.
    #[cfg(feature = "hep")]
    pub(super) fn hep(&mut self, packet: &crate::source::hep::HepPacket, at: FrameRef) {
        match self.packer.pack(packet, at) {
            Some(frame) => self.rotating.packet(&frame, None),
            None => self.too_long += 1,
        }
    }

    /// What a source counted, for the statistics in the file.
    #[cfg(feature = "live")]
    pub(super) fn count(&mut self, file: FileId, received: u64, dropped: u64) {
        self.rotating.count(file, Counts { received: Some(received), dropped: Some(dropped) });
    }

    /// Packets that were recorded, and those that could not be.
    #[cfg(feature = "metrics")]
    pub(super) const fn counts(&self) -> (u64, u64) {
        let status = self.rotating.status();
        (status.packets, status.lost + self.too_long)
    }

    /// Writes what waits; returns sentences to report.
    pub(super) fn tick(&mut self, now: Timestamp) -> Vec<String> {
        self.rotating.tick(now);
        let told = self.rotating.take_news().into_iter().map(|news| match news {
            News::Failed { file, reason } => {
                format!("cannot write {}: {reason}", escape_text(&file.to_string_lossy()))
            }
            News::Undeleted { file, reason } => format!(
                "cannot delete {}: {reason}; more files are kept than --keep says",
                escape_text(&file.to_string_lossy())
            ),
            News::Recovered { lost } => format!("recording goes on; {lost} packets were lost"),
        });
        told.collect()
    }

    /// Ends the recording and says what is in it, and what is not.
    pub(super) fn finish(self) -> String {
        let status: Status = self.rotating.finish();
        let file = escape_text(&status.file.to_string_lossy()).into_owned();
        let lost = status.lost + self.too_long;
        let lost = if lost > 0 { format!(", {lost} lost") } else { String::new() };
        let files = if status.files > 1 || status.deleted > 0 {
            let begun = count(status.files, "file");
            format!(" in {begun} ({} deleted)", status.deleted)
        } else {
            String::new()
        };
        format!("recorded {} packets{lost}{files}; the last file is {file}", status.packets)
    }
}
