//! The finding of a rule.

use std::net::IpAddr;

use crate::net::{FrameRef, Timestamp};

/// How bad it is for the DNs concerned.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Severity {
    /// Worth knowing; nothing fails by it.
    Observation,
    /// Something may fail by it, or cannot be seen because of it.
    Warning,
    /// Registrations fail by it.
    Error,
}

impl Severity {
    /// The word used in every output.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Observation => "observation",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// How sure the rule is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Confidence {
    /// The wire shows one sign of it.
    Possible,
    /// The wire shows it, unless something unusual is going on.
    Likely,
    /// The wire shows it.
    Certain,
}

impl Confidence {
    /// The word used in every output.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Possible => "possible",
            Self::Likely => "likely",
            Self::Certain => "certain",
        }
    }
}

/// A frame that shows it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Evidence {
    /// When it was captured.
    pub time: Timestamp,
    /// Its place.
    pub frame: FrameRef,
}

/// One case of what a rule looks for.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The rule.
    pub rule: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// How sure the rule is.
    pub confidence: Confidence,
    /// It is why its DN is not in service, or why that is unknown: one at most for each DN.
    pub is_cause: bool,
    /// The DN it is about, if it is about one.
    pub dn: Option<Vec<u8>>,
    /// The address it is about, if no DN can be named.
    pub source: Option<IpAddr>,
    /// What the wire shows, in one sentence.
    pub sentence: String,
    /// The frames that show it.
    pub evidence: Vec<Evidence>,
    /// What follows a count of findings of this rule: "3 DNs: wrong password".
    pub fragment: &'static str,
    /// What to look at next.
    pub check: &'static str,
    /// Where the behavior is described.
    pub reference: &'static str,
}

impl Finding {
    /// Whether it says how a DN's digest fits a password that the user gave.
    #[must_use]
    pub fn is_about_password(&self) -> bool {
        super::secret::ABOUTS.iter().any(|about| about.id == self.rule)
    }
}
