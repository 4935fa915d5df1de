//! What rule texts must and must not say.

use std::path::Path;

use super::*;

/// Options that are not documented, advice that is none, and what the wire never shows.
const NEVER: [&str; 15] = [
    "trusted-gateways",
    "gateway-ip-auth-mode",
    "sip.gateway-auth-mode",
    "sip.gateway-ip-list",
    "reg-mode",
    "forward-type",
    "number-type",
    "untrusted",
    "trusted gateway",
    "Switching → Gateways",
    "Switching/Gateways",
    "restart the service",
    "UPDATE ",
    "SELECT ",
    "SQL",
];

/// The text with line continuations joined.
fn joined(source: &str) -> String {
    source.replace("\\\n", " ").split_whitespace().collect::<Vec<_>>().join(" ")
}

fn sources(dir: &Path, found: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(dir).unwrap().map(|e| e.unwrap().path()) {
        let name = entry.file_name().unwrap().to_string_lossy().into_owned();
        if entry.is_dir() && name != "tests" {
            sources(&entry, found);
        } else if entry.extension().is_some_and(|e| e == "rs") {
            found.push((name, std::fs::read_to_string(&entry).unwrap()));
        }
    }
}

#[test]
fn no_rule_names_an_option_that_is_not_documented() {
    let mut found = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/diagnosis"), &mut found);
    assert!(found.len() > 50);
    for (name, source) in &found {
        let text = joined(source).to_ascii_lowercase();
        for never in NEVER.iter().filter(|n| !n.ends_with(' ') && **n != "SQL") {
            assert!(!text.contains(&never.to_ascii_lowercase()), "{name} says {never}");
        }
    }
    for about in abouts() {
        let text = [about.fragment, about.meaning, about.check, about.reference].join(" ");
        for never in NEVER {
            assert!(!text.contains(never), "{} says {never}", about.id);
        }
    }
}

#[test]
fn every_rule_has_a_name_of_its_own_in_kebab_case() {
    let mut ids: Vec<_> = abouts().map(|about| about.id).collect();
    for id in &ids {
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        assert!(id.bytes().all(plain) && !id.starts_with('-') && !id.ends_with('-'), "{id}");
    }
    let all = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), all);
}

#[test]
fn the_texts_of_rules_have_one_form() {
    for about in abouts() {
        assert!(about.meaning.ends_with('.'), "{}: a sentence", about.id);
        assert!(!about.check.ends_with('.') && !about.fragment.ends_with('.'), "{}", about.id);
        assert!(about.reference.starts_with("RFC "), "{}: {}", about.id, about.reference);
        assert!(!about.check.is_empty());
    }
}
