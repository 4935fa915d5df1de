//! What the screen asks of the program, and the news it gets.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::data::Data;
use crate::net::{FrameRef, Origin, Timestamp};
use crate::registration::ExtraName;

/// Something to be done outside the state.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Effect {
    /// End the program.
    Quit,
    /// Hand the terminal back to the shell until it is resumed.
    Suspend,
    /// Redraw the whole screen.
    Redraw,
    /// Read messages again; each comes back as [`News::Message`].
    Read(Vec<Key>),
    /// Read the lines of a log around one of them; they come back as [`News::Lines`].
    Lines(FrameRef),
    /// Write DNs to a file; the result comes back as [`News::Saved`].
    Save(SaveRequest),
    /// Read everything again, with these headers and Contact parameters kept; it comes back as [`News::Data`].
    Keep(Vec<ExtraName>),
    /// Put text on the clipboard of the person's own machine (OSC 52).
    Copy(String),
}

/// Names one message: a frame may end several, which the DN and the direction distinguish.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Key {
    /// The DN in its To, as on the wire.
    pub dn: Vec<u8>,
    /// The frame that completed it.
    pub frame: FrameRef,
    /// Whether it is a request.
    pub request: bool,
}

/// A message read again.
#[derive(Clone, Debug)]
pub struct Fetched {
    /// The whole message, as captured.
    pub bytes: Vec<u8>,
    /// Where it was seen.
    pub origin: Origin,
    /// Whether some of it was not captured.
    pub cut: bool,
}

/// A line of a log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LogLine {
    /// Its number, from 1.
    pub number: u64,
    /// Its text, escaped, secrets masked.
    pub text: String,
}

/// What to write.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SaveRequest {
    /// The DNs, as on the wire.
    pub dns: Vec<Vec<u8>>,
    /// In which form.
    pub format: SaveFormat,
    /// Where to.
    pub path: PathBuf,
    /// Whether a file that is there may be replaced.
    pub replace: bool,
}

/// The forms DNs can be saved in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SaveFormat {
    /// Their packets.
    Pcapng,
    /// The report for a person.
    Text,
    /// The report to be pasted into a ticket.
    Markdown,
    /// The report for a program.
    Json,
    /// The report for a spreadsheet.
    Csv,
}

impl SaveFormat {
    /// Every form, in the order of the dialog.
    pub const ALL: [Self; 5] = [Self::Pcapng, Self::Text, Self::Markdown, Self::Json, Self::Csv];

    /// What a person calls it.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Pcapng => "pcapng (packets)",
            Self::Text => "text report",
            Self::Markdown => "Markdown report",
            Self::Json => "JSON report",
            Self::Csv => "CSV, a row a DN",
        }
    }

    /// The end of a file's name.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Pcapng => "pcapng",
            Self::Text => "txt",
            Self::Markdown => "md",
            Self::Json => "json",
            Self::Csv => "csv",
        }
    }
}

/// The result of a [`SaveRequest`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Saved {
    /// What was written, in a sentence.
    Done(String),
    /// A file of that name is there, and was not to be replaced.
    Exists,
    /// Why nothing was written, in a sentence.
    Failed(String),
}

/// How live traffic fares.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Live {
    /// The time on the trace's clock.
    pub clock: Timestamp,
    /// How many packets came.
    pub packets: u64,
    /// How far the model is behind the packets that are captured.
    pub lag: Duration,
    /// How many packets each part lost, those that lost none too.
    pub lost: Vec<(&'static str, u64)>,
    /// Why nothing comes for now.
    pub trouble: Option<String>,
    /// What there is to say, a sentence each.
    pub said: Vec<String>,
}

/// News from the program to the screen.
#[derive(Debug)]
pub enum News {
    /// The state of everything, as far as it is read.
    Data(Arc<Data>),
    /// How much is read: bytes, and of how many.
    Progress(u64, Option<u64>),
    /// All is read.
    Finished,
    /// How live traffic fares at the moment.
    Live(Live),
    /// Reading ended early; why, in a sentence.
    Failed(String),
    /// A message that was asked for; `None` when it cannot be read again.
    Message(Key, Option<Fetched>),
    /// The lines of a log around one of them, or why they cannot be had.
    Lines(FrameRef, Result<Vec<LogLine>, String>),
    /// The result of saving.
    Saved(Saved),
}
