//! A source that tries passwords.

use super::super::prelude::*;
use super::super::scene::Sent;

static ABOUT: About = About {
    id: "password-cracking",
    severity: Severity::Warning,
    fragment: "tries passwords",
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
                format!("; then {} was accepted from there", words::text(dn))
            });
            let sentence = format!(
                "credentials from {} were refused {} for {}{then}",
                source.address,
                times(sent.refusals),
                count(sent.credentials_refused, "DN")
            );
            let mut evidence = sent.refused.clone();
            evidence.extend(sent.then_accepted.iter().flat_map(|(_, shown)| shown.iter().copied()));
            let sure = source.scanner || sent.refusals >= 5 * MANY;
            let confidence = if sure { Confidence::Likely } else { Confidence::Possible };
            let finding = ABOUT.finding(confidence, sentence);
            findings.push(Finding { source: Some(source.address), evidence, ..finding });
        }
    }
}

/// Fewer refusals are a device with a wrong password.
const MANY: u32 = 20;
/// A device with a wrong password takes its time.
const PACE: i64 = 500_000_000;

fn is_cracking(sent: &Sent) -> bool {
    let Some((first, last)) = sent.refused_between else { return false };
    sent.refusals >= MANY && last.nanos_since(first) <= i64::from(sent.refusals) * PACE
}
