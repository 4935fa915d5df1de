//! A source that tries DNs which are not its own.

use super::super::prelude::*;

static ABOUT: About = About {
    id: "scanner",
    severity: Severity::Warning,
    fragment: "scans for DNs",
    meaning: "A source tries DNs that are not its own: its User-Agent is a scanning tool's, \
            or it tries very many DNs once each, nearly all unknown.",
    check: "whether the address is allowed to reach the registrar at all",
    reference: "RFC 3261 §26.1.1",
};

/// A source that tries DNs which are not its own.
pub(in crate::diagnosis) struct Scanner;

impl Rule for Scanner {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn judge(&self, scene: &Scene<'_>, findings: &mut Vec<Finding>) {
        for source in scene.snapshot.sources().iter().filter(|s| s.scanner) {
            let totals = &source.totals;
            let agent = totals.user_agents.first().and_then(|&s| scene.snapshot.text(s));
            let agent =
                agent.map_or_else(String::new, |a| format!(" (User-Agent \"{}\")", words::text(a)));
            let sentence = format!(
                "{}{agent} tried {} in {}, {} unknown to the registrar, {} accepted",
                source.address,
                count(totals.dns, "DN"),
                count(totals.attempts, "attempt"),
                totals.unknown_dn,
                totals.registered
            );
            let finding = ABOUT.finding(Confidence::Likely, sentence);
            findings.push(Finding { source: Some(source.address), ..finding });
        }
    }
}
