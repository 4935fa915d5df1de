//! A trunk that registers many numbers at once.

use super::super::prelude::*;

static ABOUT: About = About {
    id: "bulk-registration",
    severity: Severity::Observation,
    fragment: "bulk registration of a trunk (gin)",
    meaning: "The REGISTER requires gin: one registration is for many numbers.",
    check: "Contact with bnc, and gin in Require and in Proxy-Require; every hop has to \
            support it",
    reference: "RFC 6140 §5",
};

/// A trunk that registers many numbers at once.
pub(in crate::diagnosis) struct BulkNumbers;

impl DnRule for BulkNumbers {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn needs(&self) -> Signs {
        Signs::sign(Sign::Requires)
    }

    fn holds(&self, case: &Case<'_>) -> Held {
        Held::when(case.details().is_some_and(|d| requires_gin(case.bytes(d.form.require))), || {
            Proof::observation(case.shown_by_latest())
        })
    }

    fn sentence(&self, case: &Case<'_>) -> String {
        let has_bnc = case.details().is_some_and(|d| {
            let mut params = case.bytes(d.form.contact_uri_params).split(|&b| b == b';');
            params.any(|p| p.trim_ascii().eq_ignore_ascii_case(b"bnc"))
        });
        let contact = if has_bnc { "has bnc, as it should" } else { "lacks bnc, which it needs" };
        format!(
            "{}: registers many numbers at once (Require: gin); its Contact {contact}",
            case.name()
        )
    }
}

fn requires_gin(require: &[u8]) -> bool {
    require.split(|&b| b == b',').any(|tag| tag.trim_ascii().eq_ignore_ascii_case(b"gin"))
}
