//! A source that tries passwords.

use super::super::prelude::*;
use super::super::scene::Sent;

static ABOUT: About = About {
    id: "password-cracking",
    severity: Severity::Error,
    fragment: "repeated authentication failures",
    meaning: "One source had credentials refused again and again, faster than a device repeats itself; a registration after that \
            may be a password found.",
    check: "whether the source is a device with a wrong password, which tries one DN at \
            the same pace for ever; if it then succeeded, change that password",
    reference: "RFC 3261 §26.1.1",
};

/// A source that tries passwords.
pub(in crate::diagnosis) struct PasswordCracking;

impl Rule for PasswordCracking {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn judge(&self, scene: &Scene<'_>, findings: &mut Vec<Finding>) {
        for source in scene.snapshot.sources() {
            let Some(sent) = scene.sent(source.address).filter(|s| is_cracking(s)) else {
                continue;
            };
            let then = sent.then_accepted.as_ref().map_or_else(String::new, |(dn, _)| {
                format!("; then {} was accepted: a password was found", words::text(dn))
            });
            let within = sent.refused_between.map_or(0, |(first, last)| last.nanos_since(first));
            let sentence = format!(
                "credentials from {} were refused {} within {} for {}{then}",
                source.address,
                times(sent.refusals),
                span(within),
                count(sent.credentials_refused, "DN")
            );
            let mut evidence = sent.refused.clone();
            evidence.extend(sent.then_accepted.iter().flat_map(|(_, shown)| shown.iter().copied()));
            let found = sent.then_accepted.is_some();
            let sure = source.scanner || found || sent.refusals >= 5 * MANY;
            let confidence = if sure { Confidence::Likely } else { Confidence::Possible };
            let finding = ABOUT.finding(confidence, sentence);
            let severity = if found { Severity::Error } else { Severity::Warning };
            let source = Some(source.address);
            findings.push(Finding { severity, source, evidence, ..finding });
        }
    }
}

/// Fewer refusals are a device with a wrong password.
const MANY: u32 = 20;
/// Of refusals that end in a success, this few are enough: no person types so fast.
const BEFORE_SUCCESS: u32 = 5;
/// A device with a wrong password takes its time, in nanoseconds; a person even more.
const PACE: i64 = 500_000_000;

fn is_cracking(sent: &Sent) -> bool {
    let Some((first, last)) = sent.refused_between else { return false };
    let enough = if sent.then_accepted.is_some() { BEFORE_SUCCESS } else { MANY };
    sent.refusals >= enough && last.nanos_since(first) <= i64::from(sent.refusals) * PACE
}
