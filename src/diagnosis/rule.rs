//! Defines a rule: what it is about, whether it holds, and the sentence for the case.

use super::case::Case;
use super::finding::{Confidence, Evidence, Finding, Severity};
use super::scene::Scene;
use super::signs::Signs;

/// What is the same in every case of a rule; the documentation is made from it.
#[derive(Debug)]
pub struct About {
    /// The rule's name in every output, in kebab case; it never changes.
    pub id: &'static str,
    /// The worst a case of it can be.
    pub severity: Severity,
    /// What follows a count: "3 DNs: wrong password".
    pub fragment: &'static str,
    /// What it means, in one sentence.
    pub meaning: &'static str,
    /// What to look at next.
    pub check: &'static str,
    /// Where the behavior is described.
    pub reference: &'static str,
}

/// Whether a rule holds for a DN.
pub(super) enum Held {
    /// It does not.
    No,
    /// The capture does not hold enough to decide.
    NotEnough,
    /// It does, and these frames show it.
    Yes(Proof),
}

/// How bad it is, how sure, and what shows it.
pub(super) struct Proof {
    pub severity: Severity,
    pub confidence: Confidence,
    pub evidence: Vec<Evidence>,
}

impl Held {
    /// It holds if `on`; `proof` is asked for only then.
    pub(super) fn when(on: bool, proof: impl FnOnce() -> Proof) -> Self {
        if on { Self::Yes(proof()) } else { Self::No }
    }
}

impl Proof {
    /// A proof of an error.
    pub(super) const fn error(confidence: Confidence, evidence: Vec<Evidence>) -> Self {
        Self { severity: Severity::Error, confidence, evidence }
    }

    /// A proof of something that may do harm, or hides something.
    pub(super) const fn warning(confidence: Confidence, evidence: Vec<Evidence>) -> Self {
        Self { severity: Severity::Warning, confidence, evidence }
    }

    /// A proof of something worth knowing.
    pub(super) const fn observation(evidence: Vec<Evidence>) -> Self {
        Self { severity: Severity::Observation, confidence: Confidence::Certain, evidence }
    }
}

/// A rule about one DN.
pub(super) trait DnRule: Sync {
    /// What is the same in every case.
    fn about(&self) -> &About;

    /// It holds for no DN that shows none of these.
    fn needs(&self) -> Signs;

    /// Whether it holds.
    fn holds(&self, case: &Case<'_>) -> Held;

    /// The sentence for this case; asked for only where the rule holds.
    fn sentence(&self, case: &Case<'_>) -> String;

    /// Whether its observations are normal in a working fleet, so reported only for DNs that are failing.
    fn is_ordinary(&self) -> bool {
        false
    }

    /// The finding, if the rule holds.
    fn judge(&self, case: &Case<'_>) -> Option<Finding> {
        let Held::Yes(proof) = self.holds(case) else { return None };
        let about = self.about();
        Some(Finding {
            rule: about.id,
            severity: proof.severity,
            confidence: proof.confidence,
            is_cause: false,
            dn: Some(case.raw_name().to_vec()),
            source: None,
            sentence: self.sentence(case),
            evidence: proof.evidence,
            fragment: about.fragment,
            check: about.check,
            reference: about.reference,
        })
    }
}

/// A rule about a source, a server or the capture.
pub trait Rule: Sync {
    /// What is the same in every case.
    fn about(&self) -> &About;

    /// Adds a finding for every case of it.
    fn judge(&self, scene: &Scene<'_>, findings: &mut Vec<Finding>);
}

impl About {
    /// A finding about a source or the capture.
    pub(super) fn finding(&self, confidence: Confidence, sentence: String) -> Finding {
        Finding {
            rule: self.id,
            severity: self.severity,
            confidence,
            is_cause: false,
            dn: None,
            source: None,
            sentence,
            evidence: Vec::new(),
            fragment: self.fragment,
            check: self.check,
            reference: self.reference,
        }
    }
}
