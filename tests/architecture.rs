//! Holds the imports against the arrows of the pipeline: data flows one way.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails the test")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Each module and those it may use.
const ARROWS: &[(&str, &[&str])] = &[
    ("hashing", &[]),
    ("net", &[]),
    ("select", &["hashing"]),
    ("parallel", &[]),
    ("host", &["hashing", "net"]),
    ("privilege", &["net"]),
    ("hep", &["net"]),
    ("hook", &["net"]),
    ("source", &["net", "hep"]),
    ("packet", &["hashing", "net", "hep"]),
    ("sip", &["net"]),
    ("log", &["net", "sip"]),
    ("record", &["hashing", "net"]),
    ("registration", &["hashing", "net", "packet", "sip", "log", "parallel"]),
    ("metrics", &["hashing", "net", "registration"]),
    ("cluster", &["hashing", "net", "registration"]),
    ("compare", &["hashing", "net", "sip", "log", "registration", "select", "parallel"]),
    (
        "diagnosis",
        &["hashing", "net", "sip", "log", "registration", "cluster", "compare", "parallel"],
    ),
    ("capture", &["net", "source", "packet", "sip", "log"]),
    (
        "wording",
        &["net", "source", "packet", "sip", "log", "registration", "cluster", "compare", "capture"],
    ),
    (
        "report",
        &[
            "hashing",
            "net",
            "source",
            "packet",
            "sip",
            "log",
            "registration",
            "cluster",
            "compare",
            "diagnosis",
            "select",
            "capture",
            "wording",
            "parallel",
        ],
    ),
    (
        "tui",
        &[
            "hashing",
            "net",
            "sip",
            "registration",
            "cluster",
            "compare",
            "diagnosis",
            "select",
            "capture",
            "wording",
        ],
    ),
    ("cli", &["net", "registration", "compare", "report", "select", "tui"]),
    (
        "app",
        &[
            "hashing",
            "net",
            "source",
            "packet",
            "sip",
            "log",
            "registration",
            "cluster",
            "compare",
            "diagnosis",
            "report",
            "cli",
            "select",
            "capture",
            "wording",
            "tui",
            "record",
            "host",
            "privilege",
            "hep",
            "hook",
            "metrics",
            "parallel",
        ],
    ),
];

fn sources(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The modules named by `crate::name` and by `crate::{name, …}`.
fn used(text: &str) -> BTreeSet<String> {
    let code = text.lines().map(|line| line.split("//").next().unwrap_or_default());
    let code: String = code.collect::<Vec<_>>().join("\n");
    let mut used = BTreeSet::new();
    for after in code.split("crate::").skip(1) {
        match after.strip_prefix('{') {
            Some(group) => used.extend(first_names(group)),
            None => used.extend(name(after)),
        }
    }
    used
}

/// The identifier a text begins with.
fn name(text: &str) -> Option<String> {
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    (end > 0).then(|| text[..end].to_owned())
}

/// The first names of a group's members, up to the brace that closes it.
fn first_names(group: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut depth = 0_usize;
    let mut start = 0;
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' | '}' if depth == 0 => {
                names.extend(name(group[start..at].trim_start()));
                start = at + 1;
                if c == '}' {
                    break;
                }
            }
            _ => {}
        }
    }
    names
}

#[test]
fn imports_follow_the_arrows() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    let mut wrong = Vec::new();
    let mut seen = BTreeSet::new();
    for file in files {
        let inside = file.strip_prefix(&root).unwrap();
        let module = inside.components().next().unwrap().as_os_str().to_string_lossy();
        let module = module.trim_end_matches(".rs").to_owned();
        if matches!(module.as_str(), "lib" | "main") {
            continue;
        }
        let Some((_, allowed)) = ARROWS.iter().find(|(name, _)| *name == module) else {
            wrong.push(format!("{}: the module {module} is in no arrow", inside.display()));
            continue;
        };
        for name in used(&fs::read_to_string(&file).unwrap()) {
            let is_module = ARROWS.iter().any(|(module, _)| *module == name);
            if is_module && name != module && !allowed.contains(&name.as_str()) {
                wrong.push(format!("{}: {module} may not use {name}", inside.display()));
            }
        }
        seen.insert(module);
    }
    for (module, _) in ARROWS {
        if !seen.contains(*module) {
            wrong.push(format!("the module {module} has no file"));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn imports_are_found_in_every_spelling() {
    let names = |text| used(text).into_iter().collect::<Vec<_>>();
    assert_eq!(names("use crate::net::Frame;"), ["net"]);
    assert_eq!(names("let x = crate::sip::datagram(b);"), ["sip"]);
    assert_eq!(names("use crate::{net::Frame, sip};"), ["net", "sip"]);
    assert_eq!(names("use crate::{net::{self, Frame}, sip};"), ["net", "sip"]);
    assert_eq!(names("// crate::app is a comment"), Vec::<String>::new());
}
