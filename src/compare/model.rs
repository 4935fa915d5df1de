//! The types of a contrast.

use super::atom::Value;
use super::attribute::Attribute;
use super::said::SaidLine;
use crate::registration::Verdict;

/// How the attributes of failing DNs differ from those of working ones.
///
/// The two sides may be any two selections; the first is called failing, the second working.
#[derive(Clone, Debug, Default)]
pub struct Contrast {
    /// The first side.
    pub failing: Side,
    /// The second side.
    pub working: Side,
    /// DNs on neither side.
    pub left_out: usize,
    /// Attributes that separate the sides, best first; those that coincide in this capture
    /// are one group.
    pub groups: Vec<Group>,
    /// Pairs of attributes that separate better together than any does alone, best first.
    pub combinations: Vec<Combination>,
    /// Attributes with one value for all: not the difference.
    pub same: Vec<Finding>,
    /// Attributes whose values are mixed, with what little they separate.
    pub mixed: Vec<Finding>,
    /// Attributes that follow from the outcome: shown, never offered as its cause.
    pub outcomes: Vec<Finding>,
    /// Attributes that the capture shows for one side at most.
    pub not_known: Vec<Finding>,
    /// Without two sides: what all failing DNs share.
    pub common: Vec<Common>,
    /// Lines of logs with no known meaning, those that separate first; of all DNs of both sides together.
    pub said: Vec<SaidLine>,
    /// The same for each kind of failure alone, when there are several.
    pub by_outcome: Vec<Self>,
}

/// What leads the ranking of a contrast.
#[derive(Clone, Copy, Debug)]
pub enum Leading<'a> {
    /// Attributes that coincide.
    Group(&'a Group),
    /// Two attributes together.
    Combination(&'a Combination),
}

impl Contrast {
    /// What separates best; `None` when nothing does.
    #[must_use]
    pub fn leading(&self) -> Option<Leading<'_>> {
        match (self.combinations.first(), self.groups.first()) {
            (Some(combination), _) => Some(Leading::Combination(combination)),
            (None, group) => group.map(Leading::Group),
        }
    }

    /// Whether there are two sides to compare.
    #[must_use]
    pub const fn has_two_sides(&self) -> bool {
        self.failing.dns > 0 && self.working.dns > 0
    }
}

/// One side of a contrast.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Side {
    /// What it is called: `failing`, `rejected 403`, or the words of a filter.
    pub label: String,
    /// How many DNs.
    pub dns: usize,
    /// The verdict and status code all of them have, where they were chosen by it.
    pub outcome: Option<(Verdict, Option<u16>)>,
    /// The first of them, at most eight, as on the wire.
    pub examples: Vec<Vec<u8>>,
}

impl Side {
    /// Its name for people: the label of the verdict where it is called by one, else its own.
    #[must_use]
    pub fn name(&self) -> String {
        match self.outcome {
            Some((verdict, code)) if self.label.starts_with(verdict.name()) => verdict.label(code),
            _ => self.label.clone(),
        }
    }
}

/// How well something separates, in a word.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Strength {
    /// Below 0.2.
    None,
    /// From 0.2.
    Weak,
    /// From 0.6.
    Strong,
    /// 1.
    Perfect,
}

impl Strength {
    /// The strength of a separation.
    #[must_use]
    pub fn of(separation: f64) -> Self {
        match separation {
            s if s >= 0.999 => Self::Perfect,
            s if s >= 0.6 => Self::Strong,
            s if s >= 0.2 => Self::Weak,
            _ => Self::None,
        }
    }

    /// The word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Weak => "weak",
            Self::Strong => "strong",
            Self::Perfect => "perfect",
        }
    }
}

/// How many DNs of a side a condition holds for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Share {
    /// Those it holds for.
    pub n: u32,
    /// Those for which it is known.
    pub of: u32,
    /// Those for which it is not.
    pub not_known: u32,
}

/// The DNs behind a rule, on either side.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Support {
    /// Of the failing ones.
    pub failing: Share,
    /// Of the working ones.
    pub working: Share,
}

/// The condition that speaks for failing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Condition {
    /// One of these values, the most frequent first; `more` others; or a value nobody shares.
    Values {
        /// At most five.
        values: Vec<Value>,
        /// How many were left out.
        more: usize,
        /// Whether a value that only one DN has counts.
        unshared: bool,
    },
    /// A number above the limit.
    Above(i64),
    /// A number not above the limit.
    UpTo(i64),
}

/// A value and how many DNs have it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Counted {
    /// The value.
    pub value: Value,
    /// Failing DNs with it.
    pub failing: u32,
    /// Working DNs with it.
    pub working: u32,
}

/// Values by the side they are seen on, the most frequent first.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ValueList {
    /// At most [`ValueList::MOST`].
    pub values: Vec<Counted>,
    /// Values left out.
    pub more: usize,
    /// DNs that have one of those.
    pub more_dns: u32,
}

impl ValueList {
    /// Values kept.
    pub const MOST: usize = 10;
}

/// One attribute over two sides.
#[derive(Clone, PartialEq, Debug)]
pub struct Finding {
    /// The attribute.
    pub attribute: &'static Attribute,
    /// How well it separates, 0 to 1; `docs` of `compare` say how it is measured.
    pub separation: f64,
    /// How often chance alone would do as well, corrected for the number of attributes; in a group,
    /// as often as for its surest member.
    pub p_value: f64,
    /// The condition that speaks for failing; `None` when nothing does.
    pub condition: Option<Condition>,
    /// How many DNs the condition holds for.
    pub support: Support,
    /// Values that only failing DNs have.
    pub only_failing: ValueList,
    /// Values that only working DNs have.
    pub only_working: ValueList,
    /// Values on both sides.
    pub shared: ValueList,
}

impl Finding {
    /// The strength in a word.
    #[must_use]
    pub fn strength(&self) -> Strength {
        Strength::of(self.separation)
    }

    /// Whether its condition is a list of more values than a sentence holds: several things that
    /// failing DNs happen to have, not one that they share.
    #[must_use]
    pub fn is_list(&self) -> bool {
        const MOST: usize = 3;
        match &self.condition {
            Some(Condition::Values { values, more, unshared }) => {
                values.len() + more + usize::from(*unshared) > MOST
            }
            _ => false,
        }
    }

    /// Whether it rests on so few DNs that chance could do it.
    #[must_use]
    pub fn is_few(&self) -> bool {
        self.p_value > super::contrast::SIGNIFICANT
    }
}

/// Attributes that separate the same DNs from the same others: the capture does not show which of
/// them matters. The first is the one an engineer can act on best.
#[derive(Clone, PartialEq, Debug)]
pub struct Group {
    /// Never empty.
    pub members: Vec<Finding>,
}

impl Group {
    /// The first member.
    #[must_use]
    pub fn lead(&self) -> Option<&Finding> {
        self.members.first()
    }

    /// All members divide the DNs alike: chance does as well as it does for the one that
    /// leaves it least room.
    pub(super) fn share_p_value(&mut self) {
        let least = self.members.iter().map(|m| m.p_value).fold(1.0, f64::min);
        self.members.iter_mut().for_each(|m| m.p_value = least);
    }

    /// The names of the members.
    pub fn names(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.members.iter().map(|m| m.attribute.name)
    }
}

/// Two conditions that separate together.
#[derive(Clone, PartialEq, Debug)]
pub struct Combination {
    /// The attributes and their conditions.
    pub parts: [(&'static Attribute, Condition); 2],
    /// Other pairs of attributes that hold for exactly the same DNs.
    pub also: Vec<[&'static str; 2]>,
    /// Youden's J, 0 to 1, of both conditions together.
    pub separation: f64,
    /// How often chance alone would add as much to the better of the two, corrected for the number
    /// of pairs tried.
    pub p_value: f64,
    /// How many DNs both hold for.
    pub support: Support,
}

/// What all failing DNs share.
#[derive(Clone, PartialEq, Debug)]
pub struct Common {
    /// The attribute.
    pub attribute: &'static Attribute,
    /// The value.
    pub value: Value,
    /// How many DNs have it.
    pub share: Share,
}
