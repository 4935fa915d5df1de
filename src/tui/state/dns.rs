//! The state of the DN list: the DNs shown, their order and groups, and the selected one.

use std::collections::BTreeSet;

use crate::hashing::HashMap;

use super::cursor::Cursor;
use super::group::{Group, GroupBy};
use crate::compare::Filter;
use crate::net::escape_bytes;
use crate::tui::columns::ColumnId;
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

/// The DN list.
#[derive(Debug)]
pub(in crate::tui) struct Dns {
    pub(in crate::tui) columns: Vec<ColumnId>,
    pub(in crate::tui) filter: Filter,
    /// Text that DNs must hold somewhere, in lower case.
    pub(in crate::tui) search: String,
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
            search: String::new(),
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

    /// Rebuilds the list: filter, search, sort, group; the selection stays.
    pub(in crate::tui) fn relist(&mut self, data: &Data) {
        let mut rows: Vec<u32> = (0..).zip(data.rows()).map(|(place, _)| place).collect();
        if !self.filter.is_all() {
            rows.retain(|&row| {
                data.dn(row).is_some_and(|dn| self.filter.matches(&dn, &data.snapshot))
            });
        }
        if !self.search.is_empty() {
            rows.retain(|&row| holds(data, row, &self.search));
        }
        self.shown = rows.len();
        self.alone = if rows.is_empty() { self.count_alone(data) } else { Vec::new() };
        self.sort_rows(&mut rows, data);
        self.groups.clear();
        match self.group {
            None => self.lines = rows.into_iter().map(Line::Dn).collect(),
            Some(by) => self.gather(by, &rows, data),
        }
        self.find_selected(data);
    }

    /// How many DNs the search and each condition of the filter match on their own.
    fn count_alone(&self, data: &Data) -> Vec<(String, usize)> {
        let mut counts = Vec::new();
        if !self.search.is_empty() {
            let rows = (0..).zip(data.rows()).filter(|&(row, _)| holds(data, row, &self.search));
            counts.push((format!("search {}", self.search), rows.count()));
        }
        if !self.filter.is_all() {
            counts.extend(self.filter.counts(&data.snapshot));
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
                (out, unknown, group.rows.len())
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

/// Whether a DN holds the text, which is in lower case, in what a person sees of it.
fn holds(data: &Data, place: u32, text: &str) -> bool {
    let Some((row, dn)) = data.row(place).zip(data.dn(place)) else { return false };
    let within = |value: &[u8]| escape_bytes(value).to_lowercase().contains(text);
    let of = |sym| data.snapshot.text(sym).is_some_and(within);
    let word = |word: &str| word.contains(text);
    within(dn.name())
        || word(&row.verdict.name().replace('_', " "))
        || row.status_code.is_some_and(|code| word(&code.to_string()))
        || row
            .device
            .is_some_and(|device| word(&device.source.to_string()) || of(device.user_agent))
        || row.registrar.is_some_and(|registrar| word(&registrar.to_string()))
        || of(row.contact)
}
