//! A REGISTER that names no time.

use super::super::odd;
use super::super::prelude::*;

static ABOUT: About = About {
    id: "register-names-no-expires",
    severity: Severity::Warning,
    fragment: "asked for no time",
    meaning: "The REGISTER has neither Expires nor an expires in its Contact, so the registrar grants \
            its own default, which may be much shorter than what the device had before and reckons \
            with.",
    check: "why the device leaves its expiry out (some do after a challenge or a reload), and the \
            default of the registrar",
    reference: "RFC 3261 §10.2.1.1, §10.3 step 7",
};

/// A REGISTER that names no time.
pub(in crate::diagnosis) struct NoExpires;

impl DnRule for NoExpires {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn needs(&self) -> Signs {
        Signs::sign(Sign::Odd)
    }

    fn holds(&self, case: &Case<'_>) -> Held {
        let Some((last, before)) = odd::names_no_expires(case) else { return Held::No };
        if !case.is_failing() && before.is_none() {
            return Held::No;
        }
        let lapsed = case.is_failing() && before.is_some();
        Held::Yes(if lapsed {
            Proof::warning(Confidence::Likely, shown_by(last))
        } else {
            Proof::observation(shown_by(last))
        })
    }

    fn sentence(&self, case: &Case<'_>) -> String {
        let Some((last, before)) = odd::names_no_expires(case) else { return String::new() };
        let before = before.map_or_else(String::new, |a| {
            let (asked, granted) = (a.asked.unwrap_or(0), a.granted.unwrap_or(0));
            format!("; before, it had asked for {asked} s and got {granted} s")
        });
        format!(
            "{}: the latest REGISTER from {} has no Expires, and {} granted {} s{before}",
            case.name(),
            last.source.addr,
            last.registrar,
            last.granted.unwrap_or(0)
        )
    }
}
