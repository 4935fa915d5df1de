//! All findings, the most urgent first, those of a rule together.

use std::collections::BTreeSet;

use super::cursor::Cursor;
use super::made::Made;
use crate::compare::Needle;
use crate::diagnosis::{Finding, Severity, grouped};
use crate::net::escape_bytes;
use crate::tui::data::Data;

/// One line of the list.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::tui) enum Line {
    /// The findings of a rule, by its place.
    Rule(usize),
    /// A finding, by its place among all.
    Finding(usize),
    /// Something the capture cannot show, by its place.
    Limit(usize),
}

/// What identifies the findings of one line.
type Name = (&'static str, Severity, bool);

/// The findings of a rule.
#[derive(Clone, Debug)]
pub(in crate::tui) struct Rule {
    name: Name,
    pub(in crate::tui) severity: Severity,
    /// `3 DNs: wrong password`.
    pub(in crate::tui) title: String,
    /// The findings, by their places among all.
    pub(in crate::tui) findings: Vec<usize>,
    pub(in crate::tui) open: bool,
}

/// All findings.
#[derive(Clone, Debug)]
pub(in crate::tui) struct Findings {
    pub(in crate::tui) cursor: Cursor,
    /// What is searched for.
    pub(in crate::tui) search: Needle,
    /// What is less severe is left out.
    pub(in crate::tui) least: Severity,
    /// Rules whose findings are shown one by one.
    open: BTreeSet<(String, bool)>,
    pub(in crate::tui) rules: Vec<Rule>,
    pub(in crate::tui) lines: Vec<Line>,
    /// Findings that pass search and severity.
    pub(in crate::tui) shown: usize,
    pub(in crate::tui) made: Made,
}

impl Default for Findings {
    fn default() -> Self {
        Self {
            cursor: Cursor::default(),
            search: Needle::default(),
            least: Severity::Observation,
            open: BTreeSet::new(),
            rules: Vec::new(),
            lines: Vec::new(),
            shown: 0,
            made: Made::default(),
        }
    }
}

impl Findings {
    /// The selected line.
    pub(in crate::tui) fn line(&self) -> Option<Line> {
        self.lines.get(self.cursor.selected).copied()
    }

    /// The selected finding; of several of a rule the first.
    pub(in crate::tui) fn selected(&self) -> Option<usize> {
        match self.line()? {
            Line::Finding(number) => Some(number),
            Line::Rule(place) => self.rules.get(place)?.findings.first().copied(),
            Line::Limit(_) => None,
        }
    }

    /// Rebuilds the list; the selection stays.
    pub(in crate::tui) fn relist(&mut self, data: &Data) {
        let before = self.line().map(|line| (line, self.name_of(line)));
        let passing: Vec<&Finding> = data
            .findings
            .iter()
            .filter(|finding| finding.severity >= self.least && holds(finding, self.search.text()))
            .collect();
        self.shown = passing.len();
        let place =
            |finding: &Finding| data.findings.iter().position(|other| std::ptr::eq(other, finding));
        let groups = grouped(passing);
        self.rules = groups
            .iter()
            .map(|group| Rule {
                name: (group.rule, group.severity, group.is_cause),
                severity: group.severity,
                title: group.to_string(),
                findings: group.findings.iter().filter_map(|finding| place(finding)).collect(),
                open: self.open.contains(&open_name(group.rule, group.is_cause)),
            })
            .collect();
        self.lines.clear();
        for (place, rule) in self.rules.iter().enumerate() {
            if rule.findings.len() > 1 {
                self.lines.push(Line::Rule(place));
            }
            if rule.findings.len() == 1 || rule.open {
                self.lines.extend(rule.findings.iter().copied().map(Line::Finding));
            }
        }
        if self.search.is_empty() {
            self.lines.extend((0..data.limits.len()).map(Line::Limit));
        }
        self.find(before);
    }

    fn find(&mut self, before: Option<(Line, Option<Name>)>) {
        let Some((line, name)) = before else { return };
        let same = |other: &Line| match (line, *other) {
            (Line::Rule(_), Line::Rule(_)) => self.name_of(*other) == name,
            _ => *other == line,
        };
        let rule = |other: &Line| matches!(other, Line::Rule(_)) && self.name_of(*other) == name;
        let place = self.lines.iter().position(same).or_else(|| self.lines.iter().position(rule));
        if let Some(place) = place {
            self.cursor.selected = place;
        }
    }

    fn name_of(&self, line: Line) -> Option<Name> {
        match line {
            Line::Rule(place) => self.rules.get(place).map(|rule| rule.name),
            Line::Finding(number) => {
                let rule = self.rules.iter().find(|rule| rule.findings.contains(&number));
                rule.map(|rule| rule.name)
            }
            Line::Limit(_) => None,
        }
    }

    /// Shows the findings of the selected rule one by one, or not; says whether there was one.
    pub(in crate::tui) fn set_open(&mut self, open: Option<bool>, data: &Data) -> bool {
        let Some(line) = self.line() else { return false };
        let Some((rule, _, is_cause)) = self.name_of(line) else { return false };
        let several =
            self.rules.iter().any(|r| Some(r.name) == self.name_of(line) && r.findings.len() > 1);
        if !several || (open.is_none() && !matches!(line, Line::Rule(_))) {
            return false;
        }
        let name = open_name(rule, is_cause);
        if open.unwrap_or_else(|| !self.open.contains(&name)) {
            self.open.insert(name);
        } else {
            self.open.remove(&name);
        }
        self.relist(data);
        true
    }
}

fn open_name(rule: &str, is_cause: bool) -> (String, bool) {
    (rule.to_owned(), is_cause)
}

/// Whether a finding holds the text, which is in lower case, in what a person sees of it.
fn holds(finding: &Finding, text: &str) -> bool {
    let within = |word: &str| word.to_lowercase().contains(text);
    text.is_empty()
        || within(&finding.sentence)
        || within(finding.rule)
        || within(finding.fragment)
        || within(finding.severity.name())
        || finding.dn.as_deref().is_some_and(|dn| within(&escape_bytes(dn)))
        || finding.source.is_some_and(|source| within(&source.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::Capture;
    use crate::compare::Contrast;
    use crate::diagnosis::diagnose;
    use crate::registration::testing::Player;

    fn data() -> Data {
        let snapshot = Player::snapshot_of(
            "0 > REGISTER\n0.01 < 404\n1 > REGISTER dn=5003 call=2\n1.01 < 404 dn=5003 call=2\n\
             2 > REGISTER dn=5004 call=3\n2.01 < 403 dn=5004 call=3\n3 ! refused",
        );
        let findings = diagnose(&snapshot);
        Data::new(snapshot, Capture::default(), Contrast::default(), findings)
    }

    #[test]
    fn the_findings_of_a_rule_open_and_close_and_the_selection_stays() {
        let data = data();
        let mut findings = Findings { least: Severity::Error, ..Findings::default() };
        findings.relist(&data);
        let rules: Vec<&str> = findings.rules.iter().map(|rule| rule.title.as_str()).collect();
        assert!(rules.contains(&"2 DNs: unknown to the registrar (404)"), "{rules:?}");
        let at = findings.lines.iter().position(|line| matches!(line, Line::Rule(_))).unwrap();
        findings.cursor.selected = at;
        let closed = findings.lines.len();
        assert!(findings.set_open(None, &data));
        assert_eq!((findings.lines.len(), findings.cursor.selected), (closed + 2, at));
        findings.cursor.selected = at + 2;
        // from one of its findings the rule closes, and is selected
        assert!(findings.set_open(Some(false), &data));
        assert_eq!((findings.lines.len(), findings.cursor.selected), (closed, at));
    }

    #[test]
    fn search_and_severity_narrow_the_list() {
        let data = data();
        let mut findings = Findings::default();
        findings.relist(&data);
        let all = findings.shown;
        assert_eq!(all, data.findings.len());
        findings.least = Severity::Error;
        findings.relist(&data);
        let errors = findings.shown;
        findings.search = Needle::typed("5004");
        findings.relist(&data);
        assert!(findings.shown > 0 && findings.shown < errors && errors <= all);
    }
}
