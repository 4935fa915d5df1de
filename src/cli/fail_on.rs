//! Parses what makes the program exit with status 1.

use crate::registration::{State, Verdict};

/// A verdict or a state that is named by `--fail-on`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FailOn {
    /// One verdict.
    Verdict(Verdict),
    /// Every verdict that means this state.
    State(State),
}

/// A word that is neither verdict nor state.
#[derive(Debug, thiserror::Error)]
#[error("no verdict and no state; known are failing, out_of_service, unknown, {}", verdicts())]
pub struct NotAVerdict;

fn verdicts() -> String {
    Verdict::ALL.map(Verdict::name).join(", ")
}

impl FailOn {
    /// Reads one word.
    pub fn parse(word: &str) -> Result<Self, NotAVerdict> {
        match word.trim() {
            "failing" | "out_of_service" => Ok(Self::State(State::OutOfService)),
            "unknown" => Ok(Self::State(State::Unknown)),
            word => Verdict::from_name(word).map(Self::Verdict).ok_or(NotAVerdict),
        }
    }

    /// Whether a DN with this verdict is meant.
    #[must_use]
    pub fn names(self, verdict: Verdict) -> bool {
        match self {
            Self::Verdict(named) => named == verdict,
            Self::State(state) => verdict.state() == state,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_names_a_verdict_or_all_of_a_state() {
        assert!(FailOn::parse("rejected").unwrap().names(Verdict::Rejected));
        assert!(!FailOn::parse("rejected").unwrap().names(Verdict::NoAnswer));
        assert!(FailOn::parse("failing").unwrap().names(Verdict::NoAnswer));
        assert!(FailOn::parse("unknown").unwrap().names(Verdict::NotSeen));
        assert!(!FailOn::parse("unknown").unwrap().names(Verdict::InService));
        assert!(FailOn::parse("broken").is_err());
    }
}
