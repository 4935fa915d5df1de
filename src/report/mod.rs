//! Renders a snapshot and its findings as versioned output, one format a file.
//!
//! The types here are the report's own: what the model looks like inside is no contract. All text
//! from the wire goes through [`crate::net::escape_bytes`].

use crate::hashing::HashSet;
use jiff::tz::TimeZone;

use crate::capture::Capture;
use crate::compare::Contrast;
use crate::diagnosis::Finding;
use crate::registration::{DnView, Snapshot, SourceState};
use crate::select::Selection;
use crate::statistics::Statistics;

mod columns;
pub mod compare;
pub mod csv;
pub mod explain;
#[cfg(feature = "live")]
pub mod interfaces;
pub mod json;
pub mod markdown;
mod message;
mod model;
pub mod ndjson;
mod place;
pub mod text;

pub use columns::Column;
pub use message::MessageView;

/// Columns of a line of text.
const WIDTH: usize = 80;
/// Files named one by one, at most.
const FILES: usize = 4;

/// How text looks.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is one independent choice of the user")]
pub struct Style {
    /// Whether colors are used; there is a mark beside each.
    pub color: bool,
    /// Whether marks beyond ASCII are used.
    pub unicode: bool,
    /// Whether every DN has a row, however many there are.
    pub all: bool,
    /// Whether text and Markdown have the statistics.
    pub statistics: bool,
}

/// What a report is about, and how it is to look.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// The model.
    pub snapshot: &'a Snapshot,
    /// What was read.
    pub capture: &'a Capture,
    /// What the rules found.
    pub findings: &'a [Finding],
    /// What separates the failing DNs of the whole capture from the working ones.
    pub contrast: &'a Contrast,
    /// What is shown of it.
    pub selection: &'a Selection,
    /// The columns of rows; the usual ones if empty.
    pub columns: &'a [Column],
    /// The zone of times in text.
    pub zone: &'a TimeZone,
    /// How text looks.
    pub style: Style,
}

/// How many DNs are in which state, in one line, or why there is nothing to say.
#[must_use]
pub fn headline(view: &View<'_>) -> String {
    text::summary(view)
}

impl<'a> View<'a> {
    /// The DNs that are selected, most urgent first.
    pub fn dns(&self) -> impl Iterator<Item = DnView<'a>> + use<'a> {
        let selection = self.selection;
        let all = selection.is_all();
        self.snapshot.dns().filter(move |dn| {
            // a DN that was expected and not seen has no source to be judged by
            all || selection.takes_name(dn.name())
                && dn.record().is_none_or(|record| {
                    selection.takes_any_source(record.sources.iter().map(|(s, _)| s.addr))
                })
        })
    }

    /// The numbers of what is selected.
    #[must_use]
    pub fn statistics(&self) -> Statistics {
        let spans = self.capture.spans();
        if self.selection.is_all() {
            return Statistics::of(self.snapshot, spans);
        }
        Statistics::of_dns(self.snapshot, self.dns(), spans)
    }

    /// The sources that are selected, in order of address.
    pub fn sources(&self) -> impl Iterator<Item = &'a SourceState> + use<'a> {
        let selection = self.selection;
        self.snapshot.sources().iter().filter(move |s| selection.takes_source(s.address))
    }

    /// The findings about what is selected.
    pub fn findings(&self) -> impl Iterator<Item = &'a Finding> + use<'a> {
        let selection = self.selection;
        let names: Option<HashSet<&[u8]>> =
            (!selection.is_all()).then(|| self.dns().map(|dn| dn.name()).collect());
        self.findings.iter().filter(move |finding| match (&finding.dn, &names) {
            (Some(dn), Some(names)) => names.contains(dn.as_slice()),
            _ => finding.source.is_none_or(|source| selection.takes_source(source)),
        })
    }
}
