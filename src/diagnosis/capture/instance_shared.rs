//! Two devices that call themselves the same instance.

use std::collections::BTreeSet;
use std::net::IpAddr;

use crate::hashing::HashMap;

use super::super::prelude::*;
use crate::registration::{DnView, Sym};

static ABOUT: About = About {
    id: "instance-shared",
    severity: Severity::Observation,
    fragment: "one +sip.instance on several devices",
    meaning: "The same +sip.instance is registered from several addresses at the same time: to an outbound registrar they are one device.",
    check: "whether devices were cloned from one configuration or image; behind a NAT that changes \
            its address it is one device",
    reference: "RFC 5626 §4.1, RFC 5627",
};

/// Two devices that call themselves the same instance.
pub(in crate::diagnosis) struct InstanceShared;

impl Rule for InstanceShared {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn judge(&self, scene: &Scene<'_>, findings: &mut Vec<Finding>) {
        if !scene.shares_instance {
            return;
        }
        let mut seen: HashMap<Sym, (Evidence, BTreeSet<IpAddr>)> = HashMap::default();
        for view in scene.snapshot.dns() {
            if let Some((instance, evidence, source)) = holder(&view) {
                seen.entry(instance)
                    .or_insert_with(|| (evidence, BTreeSet::new()))
                    .1
                    .insert(source);
            }
        }
        let mut shared: Vec<_> = seen.into_iter().filter(|(_, (_, from))| from.len() > 1).collect();
        shared.sort_by_key(|(instance, _)| *instance);
        for (instance, (evidence, from)) in shared {
            let from: Vec<_> = from.iter().map(ToString::to_string).collect();
            let name = words::text(scene.snapshot.text(instance).unwrap_or_default());
            let sentence = format!("{} register as one instance, {name}", from.join(" and "));
            let finding = ABOUT.finding(Confidence::Possible, sentence);
            findings.push(Finding { evidence: vec![evidence], ..finding });
        }
    }
}

/// The instance of a DN that is in service, and where it registers from.
fn holder(view: &DnView<'_>) -> Option<(Sym, Evidence, IpAddr)> {
    let details = view.record()?.details.as_ref().filter(|d| !d.instance.is_none())?;
    let (_, binding) = view.bindings().next()?;
    let evidence = Evidence { time: binding.renewed, frame: details.request_frame };
    Some((details.instance, evidence, binding.source?.addr))
}
