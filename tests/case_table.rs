//! `docs/CASES.md` is made from the program's own reports on `captures/`: run the test with
//! `REGSCOPE_BLESS=1` to write it.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails the test")]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

const HEAD: &str = "# Cases and what is found in them

Made from the reports on `captures/`, and held against them by a test. For every DN its verdict and the finding that is
its cause; beside it whatever else is found that is more than an observation. A DN in service has such a finding only where
its case expects it. [FINDINGS.md](FINDINGS.md) describes each finding.

| case | DN | verdict | cause | further findings above an observation |
|---|---|---|---|---|
";

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn cases() -> Vec<(String, PathBuf)> {
    let dirs = fs::read_dir(root().join("captures")).unwrap().map(|entry| entry.unwrap().path());
    let mut cases = Vec::new();
    for dir in dirs.filter(|dir| dir.join("expect.toml").is_file()) {
        let files = fs::read_dir(&dir).unwrap().map(|entry| entry.unwrap().path());
        let is_input = |p: &PathBuf| p.file_name().unwrap().to_string_lossy().starts_with("input.");
        let name = dir.file_name().unwrap().to_string_lossy().into_owned();
        cases.extend(files.filter(is_input).min().map(|input| (name, input)));
    }
    cases.sort();
    cases
}

/// The options a case asks for.
fn options(case: &Path) -> Vec<String> {
    let text = fs::read_to_string(case.join("expect.toml")).unwrap();
    let expected: toml::Table = toml::from_str(&text).unwrap();
    let options = expected.get("options").and_then(toml::Value::as_table);
    let of = |(name, value): (&String, &toml::Value)| {
        let value = value.as_str().unwrap();
        // a file of the case
        let file = || case.join(value).to_string_lossy().into_owned();
        [format!("--{name}"), if name == "keylog" { file() } else { value.to_owned() }]
    };
    options.into_iter().flatten().flat_map(of).collect()
}

fn report(input: &Path) -> Value {
    let mut command = Command::new(env!("CARGO_BIN_EXE_regscope"));
    command.args(["report", "--format", "json"]).args(options(input.parent().unwrap()));
    serde_json::from_slice(&command.arg(input).output().unwrap().stdout).unwrap()
}

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value[key].as_str().unwrap_or_default()
}

/// The rules of these findings, each once.
fn rules<'v>(findings: impl Iterator<Item = &'v Value>) -> Vec<String> {
    let mut rules = Vec::new();
    for finding in findings {
        let rule = format!("`{}` ({})", text(finding, "rule"), text(finding, "severity"));
        if !rules.contains(&rule) {
            rules.push(rule);
        }
    }
    rules
}

/// So many DNs of a case in a row that fare alike are one line.
const RUN: usize = 6;

fn rows(case: &str, report: &Value) -> String {
    let findings = report["findings"].as_array().unwrap();
    let loud = |f: &&Value| text(f, "severity") != "observation" && f["is_cause"] == false;
    let row = |dn: &Value| {
        let own = || findings.iter().filter(|f| f["dn"] == dn["dn"]);
        let why = rules(own().filter(|f| f["is_cause"] == true)).join(", ");
        let further = rules(own().filter(loud)).join(", ");
        let code = dn["status_code"].as_u64().map_or_else(String::new, |c| format!(" {c}"));
        let verdict = text(dn, "verdict");
        (text(dn, "dn").replace('|', "\\|"), format!("{verdict}{code} | {why} | {further}"))
    };
    let mut out = String::new();
    let rows: Vec<_> = report["dns"].as_array().unwrap().iter().map(row).collect();
    for run in rows.chunk_by(|a, b| a.1 == b.1) {
        let folded = run.len() >= RUN;
        for (name, outcome) in run.iter().take(if folded { 1 } else { run.len() }) {
            let more = if folded { format!(" and {} more", run.len() - 1) } else { String::new() };
            let _ = writeln!(out, "| {case} | {name}{more} | {outcome} |");
        }
    }
    let whole = rules(findings.iter().filter(|f| f["dn"].is_null()).filter(loud)).join(", ");
    if !whole.is_empty() {
        let _ = writeln!(out, "| {case} | – | | | {whole} |");
    }
    out.replace("|  |", "| |").replace("|  |", "| |")
}

#[test]
fn the_table_of_cases_is_that_of_the_reports() {
    let mut table = HEAD.to_owned();
    let mut wrong = Vec::new();
    for (case, input) in cases() {
        let report = report(&input);
        table.push_str(&rows(&case, &report));
        for dn in report["dns"].as_array().unwrap() {
            let findings = report["findings"].as_array().unwrap().iter();
            let own: Vec<_> = findings.filter(|f| f["dn"] == dn["dn"]).collect();
            let causes = own.iter().filter(|f| f["is_cause"] == true).count();
            if causes != usize::from(dn["state"] != "in_service") {
                wrong.push(format!("{case}: {} has {causes} causes", dn["dn"]));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let path = root().join("docs/CASES.md");
    if std::env::var_os("REGSCOPE_BLESS").is_some() {
        fs::write(&path, &table).unwrap();
    }
    let have = fs::read_to_string(&path).unwrap_or_default();
    assert!(have == table, "docs/CASES.md is out of date: REGSCOPE_BLESS=1 writes it");
}
