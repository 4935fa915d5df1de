//! Held by two registrars.

use super::super::baseline::Oddity;
use super::super::prelude::*;
use crate::net::Endpoint;

static ABOUT: About = About {
    id: "conflict-two-registrars",
    severity: Severity::Warning,
    fragment: "held by two registrars at once",
    meaning: "Two registrars hold the DN at the same time: a fail-over that left a binding \
            behind, or nodes of a cluster that have lost each other, each of which goes on \
            with its own. Where both hold the same Contact it is an observation, and the DN is not at risk.",
    check: "which registrar the switch trusts; after a split each node marks the \
            other's DNs out of service though REGISTER and 200 look healthy",
    reference: "RFC 3261 §10.2.4",
};

/// Held by two registrars.
pub(in crate::diagnosis) struct TwoRegistrars;

impl DnRule for TwoRegistrars {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn needs(&self) -> Signs {
        Signs::oddity(Oddity::TwoRegistrars)
    }

    fn holds(&self, case: &Case<'_>) -> Held {
        // the nodes of a cluster have rules of their own
        let told = case.is_at_two_nodes();
        Held::when(Oddity::TwoRegistrars.is_in(case) && !told, || {
            // a fleet that registers everywhere at two places means it; two ports are mostly one
            // registrar, reached over another transport
            let first = holders(case).next().map(|registrar| registrar.addr);
            let one_host = holders(case).all(|registrar| Some(registrar.addr) == first);
            if one_host
                || !case.view.is_contested()
                || case.scene.baseline.is_usual(Oddity::TwoRegistrars)
            {
                return Proof::observation(holders_shown(case));
            }
            Proof::warning(Confidence::Certain, holders_shown(case))
        })
    }

    fn sentence(&self, case: &Case<'_>) -> String {
        let names: Vec<_> = holders(case).map(|r| r.to_string()).collect();
        let reached = if case.view.is_contested() {
            ""
        } else {
            "; both hold the same Contact, which is reached through either"
        };
        format!("{}: registered at {} at the same time{reached}", case.name(), names.join(" and "))
    }
}

/// The registrars that hold the DN.
fn holders(case: &Case<'_>) -> impl Iterator<Item = Endpoint> {
    let registrations = &case.view.state().registrations;
    registrations.iter().filter(|r| r.verdict == Verdict::InService).map(|r| r.registrar)
}

fn holders_shown(case: &Case<'_>) -> Vec<Evidence> {
    case.view.bindings().map(|(_, b)| Evidence { time: b.renewed, frame: b.frame }).collect()
}
