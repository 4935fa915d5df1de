//! One DN: its service over time, attempts, bindings and findings.

use std::collections::BTreeSet;

use super::cursor::Cursor;
use super::made::Made;
use crate::compare::Needle;
use crate::tui::prose::Told;

/// The part of a DN's story that is shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(in crate::tui) enum Part {
    /// Findings, attempts, bindings, names.
    #[default]
    Summary,
    /// What happened in order of time.
    Story,
}

impl Part {
    pub(in crate::tui) const ALL: [Self; 2] = [Self::Summary, Self::Story];

    pub(in crate::tui) const fn title(self) -> &'static str {
        match self {
            Self::Summary => "Summary",
            Self::Story => "Story",
        }
    }

    pub(in crate::tui) const fn other(self) -> Self {
        match self {
            Self::Summary => Self::Story,
            Self::Story => Self::Summary,
        }
    }
}

/// One DN.
#[derive(Clone, Debug, Default)]
pub(in crate::tui) struct Dn {
    /// The DN, as on the wire.
    pub(in crate::tui) name: Vec<u8>,
    pub(in crate::tui) cursor: Cursor,
    pub(in crate::tui) part: Part,
    /// Attempts that are unfolded, each named by the first of its equals.
    pub(in crate::tui) open: BTreeSet<usize>,
    /// What is searched for.
    pub(in crate::tui) search: Needle,
    /// The lines shown.
    pub(in crate::tui) lines: Vec<Told>,
    pub(in crate::tui) made: Made,
}
