//! `docs/FINDINGS.md` is made from the rules: run the test with `REGSCOPE_BLESS=1` to write it.

use std::fmt::Write as _;
use std::path::Path;

use super::*;

fn section(out: &mut String, title: &str, rules: impl Iterator<Item = &'static About>) {
    let _ = write!(out, "\n## {title}\n");
    for rule in rules {
        let _ = write!(
            out,
            "\n### {}\n\n*{}: {}.* {}\n\n- Check: {}.\n- Reference: {}.\n",
            rule.id,
            rule.severity.name(),
            rule.fragment,
            rule.meaning,
            rule.check,
            rule.reference
        );
    }
}

fn catalogue() -> String {
    let mut out = String::from(
        "# Findings\n\nWhat regscope can find, made from the rules themselves. A finding names the \
         rule, its severity (`error`, `warning`,\n`observation`; the worst is given here), its \
         confidence (`certain`, `likely`, `possible`), one sentence with the values of\nthe case, \
         and the frames that show it. A DN that is not in service has one cause; what working DNs \
         share with it is never\nmore than an observation.\n",
    );
    section(&mut out, "Causes", cause::CAUSES.iter().map(|r| r.about()));
    section(&mut out, "Remarks on a DN", remark::REMARKS.iter().map(|r| r.about()));
    section(&mut out, "Nodes of a cluster", cluster::ABOUTS.into_iter());
    section(&mut out, "Sources, servers and the capture", capture::RULES.iter().map(|r| r.about()));
    section(&mut out, "Passwords (with `--secret-file`)", secret::ABOUTS.into_iter());
    out
}

#[test]
fn the_documentation_is_that_of_the_rules() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/FINDINGS.md");
    let want = catalogue();
    if std::env::var_os("REGSCOPE_BLESS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &want).unwrap();
    }
    let have = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(have == want, "docs/FINDINGS.md is out of date: REGSCOPE_BLESS=1 writes it");
}
