//! Registered from elsewhere than before.

use super::super::prelude::*;

static ABOUT: About = About {
    id: "moved",
    severity: Severity::Observation,
    fragment: "moved to another source or registrar",
    meaning: "Another source took the binding over, or the registration went on at another \
            registrar.",
    check: "whether the device moved, changed its address, or failed over",
    reference: "RFC 3261 §10.2.4",
};

/// Registered from elsewhere than before.
pub(in crate::diagnosis) struct Moved;

impl DnRule for Moved {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn needs(&self) -> Signs {
        Signs::flag(Flag::Moved).or(Signs::flag(Flag::MovedRegistrar))
    }

    fn holds(&self, case: &Case<'_>) -> Held {
        let moved = case.has(Flag::Moved) || case.has(Flag::MovedRegistrar);
        Held::when(moved && !case.has(Flag::Conflict), || Proof::observation(case.shown()))
    }

    fn sentence(&self, case: &Case<'_>) -> String {
        let mut was = None;
        for attempt in case.attempts.iter().filter(|a| a.outcome == Outcome::Accepted) {
            let place = (attempt.source.addr, attempt.registrar);
            was = match was {
                Some((_, now)) if now == place => was,
                Some((_, now)) => Some((Some(now), place)),
                None => Some((None, place)),
            };
        }
        match was {
            Some((Some((source, registrar)), (new_source, new_registrar))) => {
                let (from, to) = if source == new_source {
                    (format!("at {registrar}"), format!("at {new_registrar}"))
                } else {
                    (format!("from {source}"), format!("from {new_source}"))
                };
                format!("{}: was registered {from} and is now {to}", case.name())
            }
            _ => format!("{}: is registered from elsewhere than before", case.name()),
        }
    }
}
