//! The state of the DN list: the DNs shown, their order and groups, and the selected one.

use std::collections::BTreeSet;

use crate::hashing::HashMap;

use super::cursor::Cursor;
use super::group::{Group, GroupBy};
use super::search::RowSearch;
use crate::compare::{Filter, Needle};
use crate::net::Timestamp;
use crate::tui::columns::{ColumnId, Look};
use crate::tui::data::Data;

/// The order of the list.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::tui) struct Sort {
    pub(in crate::tui) column: ColumnId,
    pub(in crate::tui) descending: bool,
}

/// One line of the list.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::tui) enum Line {
    /// A group, by its place.
    Group(usize),
    /// A DN, by its row.
    Dn(u32),
}

/// What a line is about, whatever its place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::tui) enum Subject {
    Group(String),
    Dn(Vec<u8>),
}

/// What a search found.
#[derive(Debug)]
struct Found {
    needle: Needle,
    /// The moment countdowns were shown of.
    now: Timestamp,
    columns: Vec<ColumnId>,
    rows: Vec<u32>,
}

impl Found {
    /// Whether all that holds the next text is among what was found. From three letters on: synonyms count from
    /// there.
    fn narrows(&self, next: &Needle, look: &Look<'_>, columns: &[ColumnId]) -> bool {
        let (before, next) = (self.needle.text(), next.text());
        before.len() > 2
            && next.starts_with(before)
            && self.now == look.now
            && self.columns == columns
    }
}

/// The DN list.
#[derive(Debug)]
pub(in crate::tui) struct Dns {
    pub(in crate::tui) columns: Vec<ColumnId>,
    pub(in crate::tui) filter: Filter,
    /// Text that DNs must hold somewhere.
    pub(in crate::tui) search: Needle,
    /// What the last search found.
    found: Option<Found>,
    pub(in crate::tui) sort: Sort,
    pub(in crate::tui) group: Option<GroupBy>,
    /// Groups that are open.
    open: BTreeSet<String>,
    pub(in crate::tui) groups: Vec<Group>,
    pub(in crate::tui) lines: Vec<Line>,
    /// DNs that pass search and filter.
    pub(in crate::tui) shown: usize,
    /// How many DNs each condition matches on its own, where all together match none.
    pub(in crate::tui) alone: Vec<(String, usize)>,
    pub(in crate::tui) cursor: Cursor,
    /// What was selected last: found again when the list changes.
    selected: Option<Subject>,
    /// Whether a person chose the selected line: until then the cursor stays on the first one.
    chosen: bool,
}

impl Dns {
    pub(in crate::tui) fn new(columns: Vec<ColumnId>, filter: &str) -> Self {
        Self {
            columns,
            filter: Filter::parse(filter).unwrap_or_default(),
            search: Needle::default(),
            found: None,
            sort: Sort { column: ColumnId::State, descending: false },
            group: None,
            open: BTreeSet::new(),
            groups: Vec::new(),
            lines: Vec::new(),
            shown: 0,
            alone: Vec::new(),
            cursor: Cursor::default(),
            selected: None,
            chosen: false,
        }
    }

    /// The selected line.
    pub(in crate::tui) fn line(&self) -> Option<Line> {
        self.lines.get(self.cursor.selected).copied()
    }

    /// The selected row, if a DN is selected.
    pub(in crate::tui) fn row(&self) -> Option<u32> {
        match self.line()? {
            Line::Dn(row) => Some(row),
            Line::Group(_) => None,
        }
    }

    /// The selected group, if one is selected.
    pub(in crate::tui) fn selected_group(&self) -> Option<&Group> {
        match self.line()? {
            Line::Group(place) => self.groups.get(place),
            Line::Dn(_) => None,
        }
    }

    /// Notes whether a person chose the selected line: it is then followed when the list changes.
    pub(in crate::tui) const fn choose(&mut self, chosen: bool) {
        self.chosen = chosen;
    }

    /// Remembers what is selected, to find it again when the list changes.
    pub(in crate::tui) fn remember(&mut self, data: &Data) {
        if !self.chosen {
            (self.selected, self.cursor) = (None, Cursor::default());
            return;
        }
        self.selected = match self.line() {
            Some(Line::Dn(row)) => data.dn(row).map(|dn| Subject::Dn(dn.name().to_vec())),
            Some(Line::Group(place)) => {
                self.groups.get(place).map(|group| Subject::Group(group.key.clone()))
            }
            None => self.selected.take(),
        };
    }

    /// Forgets what was found: the rows are others now.
    pub(in crate::tui) fn forget_found(&mut self) {
        self.found = None;
    }

    /// Rebuilds the list: search, filter, sort, group; the selection stays.
    pub(in crate::tui) fn relist(&mut self, look: &Look<'_>) {
        let data = look.data;
        let mut rows = self.search_rows(look);
        let searched = rows.len();
        if !self.filter.is_all() {
            rows = RowSearch::filter(look, &self.columns, &self.filter, &rows);
        }
        self.shown = rows.len();
        self.alone = if rows.is_empty() { self.count_alone(searched, look) } else { Vec::new() };
        self.sort_rows(&mut rows, data);
        self.groups.clear();
        match self.group {
            None => self.lines = rows.into_iter().map(Line::Dn).collect(),
            Some(by) => self.gather(by, &rows, data),
        }
        self.find_selected(data);
    }

    /// The rows that hold what is searched for. What goes on with a text can only be where its beginning was
    /// found.
    fn search_rows(&mut self, look: &Look<'_>) -> Vec<u32> {
        if self.search.is_empty() {
            return all_rows(look.data);
        }
        let before =
            self.found.take().filter(|found| found.narrows(&self.search, look, &self.columns));
        let rows = before.map_or_else(|| all_rows(look.data), |found| found.rows);
        let rows = RowSearch::find(look, &self.columns, &self.search, &rows);
        self.found = Some(Found {
            needle: self.search.clone(),
            now: look.now,
            columns: self.columns.clone(),
            rows: rows.clone(),
        });
        rows
    }

    /// How many DNs the search and each condition of the filter match on their own.
    fn count_alone(&self, searched: usize, look: &Look<'_>) -> Vec<(String, usize)> {
        let mut counts = Vec::new();
        if !self.search.is_empty() {
            counts.push((format!("search {}", self.search.as_typed().trim()), searched));
        }
        if !self.filter.is_all() {
            counts.extend(self.filter.parts().iter().map(|part| {
                let rows = RowSearch::filter(look, &self.columns, part, &all_rows(look.data));
                (part.text().to_owned(), rows.len())
            }));
        }
        counts
    }

    fn sort_rows(&self, rows: &mut [u32], data: &Data) {
        // rows come most urgent first already
        if self.sort == (Sort { column: ColumnId::State, descending: false }) {
            return;
        }
        let order = self.sort.column.column().order;
        rows.sort_by(|&a, &b| {
            let (Some(a), Some(b)) = (data.row(a), data.row(b)) else {
                return std::cmp::Ordering::Equal;
            };
            let ordered = order(data, a, b);
            if self.sort.descending { ordered.reverse() } else { ordered }
        });
    }

    /// Puts rows into groups; those with the most DNs out of service come first.
    fn gather(&mut self, by: GroupBy, rows: &[u32], data: &Data) {
        let mut places = HashMap::<String, usize>::default();
        for &place in rows {
            let Some(row) = data.row(place) else { continue };
            let key = by.key(data, row);
            let at = *places.entry(key).or_insert_with_key(|key| {
                self.groups.push(Group::new(key.clone(), self.open.contains(key)));
                self.groups.len() - 1
            });
            if let Some(group) = self.groups.get_mut(at) {
                group.add(place, row);
            }
        }
        self.groups.sort_by(|a, b| {
            let rank = |group: &Group| {
                let [_, out, unknown] = group.states;
                (out, unknown, group.at_risk, group.rows.len())
            };
            rank(b).cmp(&rank(a)).then_with(|| a.key.cmp(&b.key))
        });
        self.unfold();
    }

    /// Makes the lines of the groups, open ones with their DNs.
    fn unfold(&mut self) {
        self.lines.clear();
        for (place, group) in self.groups.iter().enumerate() {
            self.lines.push(Line::Group(place));
            if group.open {
                self.lines.extend(group.rows.iter().copied().map(Line::Dn));
            }
        }
    }

    fn find_selected(&mut self, data: &Data) {
        let place = match &self.selected {
            None => None,
            Some(Subject::Dn(name)) => data.place_of(name).and_then(|row| {
                let own = |line: &Line| *line == Line::Dn(row);
                let in_group = |group: &Group| group.rows.contains(&row);
                self.lines.iter().position(own).or_else(|| {
                    let group = self.groups.iter().position(in_group)?;
                    self.lines.iter().position(|line| *line == Line::Group(group))
                })
            }),
            Some(Subject::Group(key)) => self.lines.iter().position(|line| match line {
                Line::Group(place) => self.groups.get(*place).is_some_and(|g| g.key == *key),
                Line::Dn(_) => false,
            }),
        };
        if let Some(place) = place {
            self.cursor.selected = place;
        }
    }

    /// Opens or closes the selected group, or the one around the selected DN.
    pub(in crate::tui) fn set_open(&mut self, open: bool, data: &Data) {
        let place = match self.line() {
            Some(Line::Group(place)) => Some(place),
            Some(Line::Dn(row)) => self.groups.iter().position(|group| group.rows.contains(&row)),
            None => None,
        };
        let Some(group) = place.and_then(|place| self.groups.get_mut(place)) else { return };
        group.open = open;
        let key = group.key.clone();
        if open {
            self.open.insert(key.clone());
        } else {
            self.open.remove(&key);
        }
        self.selected = Some(Subject::Group(key));
        self.chosen = true;
        self.unfold();
        self.find_selected(data);
    }

    /// The rows that search and filter leave, in the order of the list.
    pub(in crate::tui) fn rows(&self) -> Vec<u32> {
        if self.groups.is_empty() {
            let row = |line: &Line| match line {
                Line::Dn(row) => Some(*row),
                Line::Group(_) => None,
            };
            return self.lines.iter().filter_map(row).collect();
        }
        self.groups.iter().flat_map(|group| group.rows.iter().copied()).collect()
    }
}

/// Every row, in the order of the data.
fn all_rows(data: &Data) -> Vec<u32> {
    (0..).zip(data.rows()).map(|(place, _)| place).collect()
}
