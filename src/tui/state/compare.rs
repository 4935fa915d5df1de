//! The state of the screen Compare: the comparison, what is unfolded, the selected line.

use std::collections::BTreeSet;
use std::sync::Weak;

use super::cursor::Cursor;
use crate::compare::Needle;
use crate::compare::{Contrast, Counted, Finding, Value};
use crate::tui::data::Data;
use crate::wording::contrast::{CONSEQUENCES, MIXED, NOT_KNOWN};

/// Which DNs are compared with which.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(in crate::tui) enum Part {
    /// All that fail with all that work.
    #[default]
    All,
    /// One kind of failure, by its label, with all that work.
    Kind(String),
    /// The marked DNs with all others.
    Marked,
    /// The DNs that search and filter leave with all others.
    Listed,
}

/// What does not make the difference, or cannot be said to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(in crate::tui) enum Section {
    Same,
    Mixed,
    Outcomes,
    NotKnown,
}

impl Section {
    const ALL: [Self; 4] = [Self::Same, Self::Mixed, Self::Outcomes, Self::NotKnown];

    /// In the order of the screen: where nothing separates, what differs at all comes first.
    fn of(contrast: &Contrast) -> [Self; 4] {
        if contrast.leading().is_some() {
            return Self::ALL;
        }
        [Self::Mixed, Self::Same, Self::Outcomes, Self::NotKnown]
    }

    pub(in crate::tui) fn title(self, contrast: &Contrast) -> &'static str {
        match self {
            Self::Same => "Identical on both sides",
            Self::Mixed if contrast.failing.dns.min(contrast.working.dns) < 2 => {
                "Differ, but too few DNs to say it matters"
            }
            Self::Mixed => MIXED,
            Self::Outcomes => CONSEQUENCES,
            Self::NotKnown => NOT_KNOWN,
        }
    }

    pub(in crate::tui) fn findings(self, contrast: &Contrast) -> &[Finding] {
        match self {
            Self::Same => &contrast.same,
            Self::Mixed => &contrast.mixed,
            Self::Outcomes => &contrast.outcomes,
            Self::NotKnown => &contrast.not_known,
        }
    }
}

/// What can be unfolded; attributes by name.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(in crate::tui) enum Fold {
    /// The values of an attribute.
    Values(&'static str),
    /// The attributes that coincide with this one.
    Members(&'static str),
    /// The attributes of a section.
    Section(Section),
}

/// One line of the comparison.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::tui) enum Line {
    /// Two attributes together, by place.
    Combination(usize),
    /// An attribute, by name, and how far it is indented.
    Attribute(&'static str, u16),
    /// How many attributes coincide with this one.
    Coincide(&'static str),
    /// A value of an attribute.
    Value(&'static str, Counted),
    /// Values of an attribute that are not kept: how many, and of how many DNs.
    More(&'static str, usize, u32),
    /// The title of a section.
    Section(Section),
    /// What all of the only side share, by place.
    Common(usize),
}

impl Line {
    /// Whether both lines are about the same, whatever the counts.
    fn is_about_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Value(a, x), Self::Value(b, y)) => a == b && x.value == y.value,
            (Self::Attribute(a, _), Self::Attribute(b, _))
            | (Self::More(a, ..), Self::More(b, ..)) => a == b,
            _ => self == other,
        }
    }
}

/// A comparison that was asked for.
#[derive(Clone, Debug)]
pub(in crate::tui) struct Own {
    pub(in crate::tui) part: Part,
    /// Distinguishes selections of DNs.
    pub(in crate::tui) selection: u64,
    /// What it was made of.
    pub(in crate::tui) data: Weak<Data>,
    pub(in crate::tui) contrast: Contrast,
}

/// The DNs behind the selected value.
#[derive(Clone, Debug)]
pub(in crate::tui) struct Behind {
    pub(in crate::tui) part: Part,
    pub(in crate::tui) line: Line,
    pub(in crate::tui) data: Weak<Data>,
    /// Names on the failing and on the working side.
    pub(in crate::tui) names: [String; 2],
}

/// The failing against the working DNs.
#[derive(Clone, Debug, Default)]
pub(in crate::tui) struct Compare {
    pub(in crate::tui) cursor: Cursor,
    pub(in crate::tui) part: Part,
    /// Whether attributes that are the same for all are shown.
    pub(in crate::tui) same: bool,
    /// What was folded or unfolded by hand, against what is usual.
    pub(in crate::tui) turned: BTreeSet<Fold>,
    /// Text that attributes or their values must hold.
    pub(in crate::tui) search: Needle,
    pub(in crate::tui) lines: Vec<Line>,
    /// Whether there is room for what coincides with what leads.
    pub(in crate::tui) roomy: bool,
    pub(in crate::tui) own: Option<Own>,
    pub(in crate::tui) behind: Option<Behind>,
}

impl Compare {
    /// The comparison that is shown.
    pub(in crate::tui) fn contrast<'a>(&'a self, data: &'a Data) -> Option<&'a Contrast> {
        match &self.part {
            Part::All => Some(&data.contrast),
            Part::Kind(label) => {
                data.contrast.by_outcome.iter().find(|part| part.failing.label == *label)
            }
            part => self.own.as_ref().filter(|own| own.part == *part).map(|own| &own.contrast),
        }
    }

    /// The selected line.
    pub(in crate::tui) fn line(&self) -> Option<&Line> {
        self.lines.get(self.cursor.selected)
    }

    /// Whether something is unfolded.
    pub(in crate::tui) fn is_open(&self, fold: Fold, contrast: &Contrast) -> bool {
        let first = || contrast.groups.first()?.lead().map(|lead| lead.attribute.name);
        let usual = match fold {
            // the leading attribute is shown with its values
            Fold::Values(name) => contrast.combinations.is_empty() && first() == Some(name),
            Fold::Members(name) => self.roomy && first() == Some(name),
            Fold::Section(Section::Mixed) => self.same || contrast.leading().is_none(),
            Fold::Section(_) => self.same,
        };
        usual != self.turned.contains(&fold) || !self.search.is_empty() && fold.is_around()
    }

    /// Folds or unfolds.
    pub(in crate::tui) fn turn(&mut self, fold: Fold) {
        if !self.turned.remove(&fold) {
            self.turned.insert(fold);
        }
    }

    /// Rebuilds the lines; the selection stays.
    pub(in crate::tui) fn relist(&mut self, data: &Data) {
        let selected = self.line().cloned();
        let lines = self.contrast(data).map(|contrast| self.lines_of(contrast));
        self.lines = lines.unwrap_or_default();
        let found = selected.and_then(|old| self.lines.iter().position(|l| l.is_about_same(&old)));
        if let Some(place) = found {
            self.cursor.selected = place;
        }
    }

    fn lines_of(&self, contrast: &Contrast) -> Vec<Line> {
        if !contrast.has_two_sides() {
            let mut places: Vec<usize> = (0..contrast.common.len()).collect();
            // what is there says more than what is not
            let absent = |&place: &usize| {
                contrast.common.get(place).is_some_and(|common| common.value == Value::Absent)
            };
            places.sort_by_key(absent);
            return places.into_iter().map(Line::Common).collect();
        }
        let mut lines: Vec<Line> = (0..contrast.combinations.len())
            .filter(|_| self.search.is_empty())
            .map(Line::Combination)
            .collect();
        for group in &contrast.groups {
            let Some((lead, others)) = group.members.split_first() else { continue };
            let name = lead.attribute.name;
            self.add(&mut lines, contrast, lead, 0);
            if others.is_empty() {
                continue;
            }
            if self.search.is_empty() {
                lines.push(Line::Coincide(name));
            }
            if self.is_open(Fold::Members(name), contrast) {
                for member in others {
                    self.add(&mut lines, contrast, member, 2);
                }
            }
        }
        for section in Section::of(contrast) {
            let findings = section.findings(contrast);
            if !findings.iter().any(|finding| self.passes(finding)) {
                continue;
            }
            lines.push(Line::Section(section));
            if self.is_open(Fold::Section(section), contrast) {
                for finding in findings {
                    self.add(&mut lines, contrast, finding, 2);
                }
            }
        }
        lines
    }

    /// Adds an attribute, with its values if it is unfolded.
    fn add(&self, lines: &mut Vec<Line>, contrast: &Contrast, finding: &Finding, indent: u16) {
        if !self.passes(finding) {
            return;
        }
        let name = finding.attribute.name;
        lines.push(Line::Attribute(name, indent));
        if !self.is_open(Fold::Values(name), contrast) {
            return;
        }
        lines.extend(values(finding).map(|value| Line::Value(name, value.clone())));
        let lists = [&finding.only_failing, &finding.shared, &finding.only_working];
        let more = lists.iter().map(|list| list.more).sum();
        if more > 0 {
            lines.push(Line::More(name, more, lists.iter().map(|list| list.more_dns).sum()));
        }
    }

    /// Whether an attribute holds what is searched for.
    fn passes(&self, finding: &Finding) -> bool {
        let within = |text: &str| self.search.is_shown(text);
        let attribute = finding.attribute;
        self.search.is_empty()
            || within(attribute.label)
            || within(attribute.name)
            || values(finding).any(|counted| within(&counted.value.display()))
    }
}

impl Fold {
    /// Whether attributes are inside, which a search has to show.
    const fn is_around(self) -> bool {
        matches!(self, Self::Members(_) | Self::Section(_))
    }
}

/// The values of an attribute: those of failing DNs only, of both, of working ones only.
pub(in crate::tui) fn values(finding: &Finding) -> impl Iterator<Item = &Counted> {
    let lists = [&finding.only_failing, &finding.shared, &finding.only_working];
    lists.into_iter().flat_map(|list| &list.values)
}

/// The value most DNs of a side have; 0 is the failing side.
pub(in crate::tui) fn foremost(finding: &Finding, side: usize) -> Option<(&Value, u32)> {
    let count = |counted: &Counted| if side == 0 { counted.failing } else { counted.working };
    let best = values(finding).filter(|counted| count(counted) > 0);
    let best = best.reduce(|best, next| if count(next) > count(best) { next } else { best })?;
    Some((&best.value, count(best)))
}

/// What is known of an attribute.
pub(in crate::tui) fn finding<'a>(contrast: &'a Contrast, name: &str) -> Option<&'a Finding> {
    let groups = contrast.groups.iter().flat_map(|group| &group.members);
    let others = Section::ALL.into_iter().flat_map(|section| section.findings(contrast));
    groups.chain(others).find(|finding| finding.attribute.name == name)
}
