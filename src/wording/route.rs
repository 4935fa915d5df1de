//! Names the path of a REGISTER: the device, the proxy it talks to if there is one, the registrar.

use crate::registration::AttemptView;

/// `192.168.210.101:5060 → 192.168.210.82:5060 (proxy) → 192.168.210.81:5060`.
pub(crate) fn route(attempt: &AttemptView<'_>, arrow: &str) -> String {
    let proxy = match attempt.entry {
        entry if entry == attempt.registrar => String::new(),
        entry => format!("{entry} (proxy) {arrow} "),
    };
    format!("{} {arrow} {proxy}{}", attempt.source, attempt.registrar)
}
