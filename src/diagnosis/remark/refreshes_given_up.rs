//! Refreshes that are challenged and not continued.

use super::super::prelude::*;
use crate::registration::AttemptView;

static ABOUT: About = About {
    id: "refreshes-given-up",
    severity: Severity::Warning,
    fragment: "refreshes challenged and given up",
    meaning: "The registrar challenges refreshes and the device does not answer the challenge; it \
            registers again only later.",
    check: "whether the device answers a challenge to a refresh (a new nonce) as it does to its first \
            REGISTER, and whether the challenge reaches it",
    reference: "RFC 3261 §10.2.4, §22.2",
};

/// Refreshes that are challenged and not continued.
pub(in crate::diagnosis) struct RefreshesGivenUp;

impl DnRule for RefreshesGivenUp {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn needs(&self) -> Signs {
        Signs::sign(Sign::GivenUp)
    }

    fn holds(&self, case: &Case<'_>) -> Held {
        Held::when(case.is(Verdict::InService) && given_up(case).count() > 1, || {
            let shown = given_up(case).flat_map(shown_by).take(8).collect();
            Proof::warning(Confidence::Certain, shown)
        })
    }

    fn sentence(&self, case: &Case<'_>) -> String {
        let Some(last) = given_up(case).last() else { return String::new() };
        let refreshes = refreshes(case).count();
        format!(
            "{}: {} of its {refreshes} refreshes were challenged ({}) by {} and given up",
            case.name(),
            given_up(case).count(),
            case.code_of(last),
            last.registrar
        )
    }
}

/// Its attempts after the first that was accepted.
fn refreshes<'c, 'a>(case: &'c Case<'a>) -> impl Iterator<Item = &'c AttemptView<'a>> {
    let mut after = case.attempts.iter().skip_while(|a| a.outcome != Outcome::Accepted);
    after.next();
    after.filter(|a| a.purpose == Purpose::Register)
}

fn given_up<'c, 'a>(case: &'c Case<'a>) -> impl Iterator<Item = &'c AttemptView<'a>> {
    refreshes(case).filter(|a| a.outcome == Outcome::Failed(Verdict::Challenged))
}
