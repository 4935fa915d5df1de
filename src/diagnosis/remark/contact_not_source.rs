//! A Contact elsewhere than the source.

use super::super::baseline::{self, Oddity};
use super::super::prelude::*;

static ABOUT: About = About {
    id: "contact-not-source",
    severity: Severity::Warning,
    fragment: "Contact differs from the source address",
    meaning: "The Contact names another address or port than the REGISTER came from: a NAT, \
            an ALG or a proxy. It counts only where failing DNs have it and working ones \
            do not.",
    check: "what translates the address between device and registrar",
    reference: "RFC 3261 §8.1.1.8, RFC 3581 §4",
};

/// A Contact elsewhere than the source.
pub(in crate::diagnosis) struct ContactNotSource;

impl DnRule for ContactNotSource {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn needs(&self) -> Signs {
        Signs::oddity(Oddity::ContactElsewhere)
    }

    fn holds(&self, case: &Case<'_>) -> Held {
        Oddity::ContactElsewhere.judge(case)
    }

    fn sentence(&self, case: &Case<'_>) -> String {
        let named = baseline::contact_elsewhere(case).map(|e| e.to_string()).unwrap_or_default();
        let source = case
            .attempts
            .iter()
            .rev()
            .find(|a| a.purpose == Purpose::Register)
            .map(|a| a.source.to_string())
            .unwrap_or_default();
        format!(
            "{}: its Contact names {named} and its REGISTER comes from {source}{}",
            case.name(),
            Oddity::ContactElsewhere.in_the_fleet(case)
        )
    }

    fn is_ordinary(&self) -> bool {
        true
    }
}
