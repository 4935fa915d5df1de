//! Overlays: help, a line being typed, the column chooser, the save dialog.

use tui_input::Input;

use crate::compare::{Choice, Filter, FilterError};
use crate::tui::columns::ColumnId;
use crate::tui::effect::SaveFormat;

/// What lies over a screen.
#[derive(Clone, Debug)]
pub(in crate::tui) enum Overlay {
    /// The keys; the first visible line.
    Help(usize),
    /// A line being typed in the footer.
    Prompt(Prompt),
    /// Which columns, in which order.
    Columns(Chooser),
    /// What to save, in which form, where to.
    Save(Save),
}

/// What is typed for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::tui) enum Purpose {
    Search,
    Filter,
}

/// A line being typed.
#[derive(Clone, Debug)]
pub(in crate::tui) struct Prompt {
    pub(in crate::tui) purpose: Purpose,
    pub(in crate::tui) input: Input,
    /// What is restored when typing is given up.
    pub(in crate::tui) before: String,
    /// What is wrong with it so far.
    pub(in crate::tui) error: Option<FilterError>,
    /// A filter that matches nothing, perhaps because it is half typed: it takes effect with Enter.
    pub(in crate::tui) pending: Option<Filter>,
    /// What may come next, once it is asked for.
    pub(in crate::tui) menu: Option<Box<Menu>>,
    /// How many DNs each of its conditions matches on its own.
    pub(in crate::tui) alone: Vec<(String, usize)>,
}

/// What may come next in a line being typed.
#[derive(Clone, Debug)]
pub(in crate::tui) struct Menu {
    /// Where the word begins that a choice replaces, in bytes.
    pub(in crate::tui) at: usize,
    pub(in crate::tui) choices: Vec<Choice>,
    pub(in crate::tui) selected: usize,
}

/// Which columns, in which order.
#[derive(Clone, Debug)]
pub(in crate::tui) struct Chooser {
    /// Every column, those shown first, in their order.
    pub(in crate::tui) columns: Vec<(ColumnId, bool)>,
    pub(in crate::tui) selected: usize,
}

/// Which DNs are saved.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::tui) enum Scope {
    /// The selected one, or those of the selected group.
    Selected,
    /// The marked ones.
    Marked,
    /// Those that search and filter leave.
    Listed,
}

/// The fields of the save dialog.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::tui) enum Field {
    Scope,
    Format,
    Path,
}

/// What to save, in which form, where to.
#[derive(Clone, Debug)]
pub(in crate::tui) struct Save {
    /// Which DNs can be chosen: what, in words, and which.
    pub(in crate::tui) scopes: Vec<(Scope, String, Vec<Vec<u8>>)>,
    pub(in crate::tui) scope: usize,
    pub(in crate::tui) format: SaveFormat,
    pub(in crate::tui) path: Input,
    /// Whether the path was typed: then the format does not change it.
    pub(in crate::tui) typed: bool,
    pub(in crate::tui) field: Field,
    /// A file of that name is there: asked whether to replace it.
    pub(in crate::tui) exists: bool,
    /// Under way.
    pub(in crate::tui) busy: bool,
    /// Why it could not be written.
    pub(in crate::tui) failed: Option<String>,
}
