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

    /// Whether a DN with this verdict, in this state, is meant.
    #[must_use]
    pub fn names(self, (verdict, state): (Verdict, State)) -> bool {
        match self {
            Self::Verdict(named) => named == verdict,
            Self::State(named) => named == state,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_names_a_verdict_or_all_of_a_state() {
        let names = |word: &str, verdict: Verdict, state: State| {
            FailOn::parse(word).unwrap().names((verdict, state))
        };
        assert!(names("rejected", Verdict::Rejected, State::OutOfService));
        assert!(!names("rejected", Verdict::NoAnswer, State::OutOfService));
        assert!(names("failing", Verdict::NoAnswer, State::OutOfService));
        assert!(names("unknown", Verdict::NotSeen, State::Unknown));
        assert!(!names("unknown", Verdict::InService, State::InService));
        // a DN known from CTI only is what its owner states
        assert!(names("failing", Verdict::CtiOnly, State::OutOfService));
        assert!(!names("unknown", Verdict::CtiOnly, State::InService));
        assert!(FailOn::parse("broken").is_err());
    }
}
