//! SIP over TLS, which the capture cannot show.

use super::super::prelude::*;
use super::connection::cases;
use super::tls_words;
use crate::registration::{ConnectionFault, Unread};

static ABOUT: About = About {
    id: "encrypted",
    severity: Severity::Warning,
    fragment: "encrypted with TLS",
    meaning: "Connections carry TLS data: DNs inside them are not in the report.",
    check: "the registrar's own log or table for the DNs of this source; with a TLS key log of the \
            phone or the registrar (--keylog) it can be read",
    reference: "RFC 8446 §5.2",
};

/// Connections that carry TLS application data: DNs inside them are not in the report.
pub(in crate::diagnosis) struct Encrypted;

impl Rule for Encrypted {
    fn about(&self) -> &About {
        &ABOUT
    }

    fn judge(&self, scene: &Scene<'_>, findings: &mut Vec<Finding>) {
        for case in cases(scene.snapshot, ConnectionFault::Encrypted) {
            let (client, server) = (case.record.client, case.record.server);
            findings.push(case.finding(
                &ABOUT,
                format!(
                    "{client} speaks TLS with {server} ({}{}): what is registered inside cannot be \
                     read here{}",
                    case.count(),
                    tls_words::shown(case.record),
                    why(&case.record.unread),
                ),
                check(case.record.unread),
            ));
        }
    }
}

/// How often each reason holds.
type Counts = [u64; Unread::ALL.len()];

/// Why it was not read although keys were given; nothing if none were.
fn why(counts: &Counts) -> String {
    let reasons = Unread::ALL.into_iter().zip(counts).filter(|(_, count)| **count > 0);
    let reasons: Vec<_> = reasons.filter_map(|(why, count)| Some((words(why)?, count))).collect();
    match reasons.as_slice() {
        [] => String::new(),
        [(words, _)] => format!(", for {words}"),
        several => {
            let each = several.iter().map(|(words, count)| format!("{words} ({count})"));
            format!(", for {}", each.collect::<Vec<_>>().join(", "))
        }
    }
}

const fn words(why: Unread) -> Option<&'static str> {
    Some(match why {
        Unread::NoKeys => return None,
        Unread::OtherKeys => "none of the keys given is for it",
        Unread::KeysDoNotFit => "the keys given for it do not fit",
        Unread::Unsupported => "its cipher suite is not supported here",
        Unread::NoBeginning => "its beginning, which tells the keys, was not captured",
        Unread::Lost => "bytes of it were not captured",
    })
}

/// What helps most of them.
fn check(counts: Counts) -> &'static str {
    let most = Unread::ALL.into_iter().zip(counts).max_by_key(|(_, count)| *count);
    match most.map(|(why, _)| why) {
        Some(Unread::OtherKeys | Unread::KeysDoNotFit) => {
            "whether the key log is of this capture's time, and of one end of this connection"
        }
        Some(Unread::NoBeginning) => {
            "capture from before the connection is made: restart the phone's registration while \
             capturing"
        }
        _ => ABOUT.check,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_told_once_keys_were_given() {
        assert_eq!(why(&[3, 0, 0, 0, 0, 0]), "");
        assert_eq!(why(&[0, 2, 0, 0, 0, 0]), ", for none of the keys given is for it");
        let both = ", for none of the keys given is for it (2), its beginning, which tells \
                    the keys, was not captured (1)";
        assert_eq!(why(&[0, 2, 0, 0, 1, 0]), both);
        assert!(check([0, 1, 0, 0, 3, 0]).starts_with("capture from before"));
        assert_eq!(check([1, 0, 0, 0, 0, 0]), ABOUT.check);
    }
}
