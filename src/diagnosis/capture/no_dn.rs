//! REGISTERs that name no DN.

use super::super::prelude::*;

static ABOUT: About = About {
    id: "no-dn",
    severity: Severity::Observation,
    fragment: "REGISTER or answer without a DN",
    meaning: "REGISTERs or answers name no DN in To, or are cut before it: they belong to no \
            DN of the report.",
    check: "the To header of these messages, and the snapshot length of the capture",
    reference: "RFC 3261 §10.2, §20.39",
};

/// REGISTERs that name no DN.
pub(in crate::diagnosis) struct NoDn;

impl Rule for NoDn {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn judge(&self, scene: &Scene<'_>, findings: &mut Vec<Finding>) {
        let counts = scene.snapshot.counts;
        let n = counts.without_dn + counts.cut_without_dn;
        if n > 0 {
            let cut = match counts.cut_without_dn {
                0 => String::new(),
                cut => format!(", {cut} of them cut before To"),
            };
            let sentence = format!(
                "{} no DN{cut}",
                match n {
                    1 => "1 REGISTER or answer names".to_owned(),
                    n => format!("{n} REGISTERs or answers name"),
                }
            );
            findings.push(ABOUT.finding(Confidence::Certain, sentence));
        }
    }
}
