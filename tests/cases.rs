//! Runs the program over every case under `captures/` and holds its report against what the case
//! expects.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a helper that fails fails the test"
)]

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;
use serde_json::Value;

/// What `expect.toml` says; `captures/README.md` explains the keys.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    #[serde(default)]
    options: Options,
    #[serde(default)]
    dn: Vec<Dn>,
    #[serde(default)]
    source: Vec<Source>,
    #[serde(default)]
    finding: Vec<Finding>,
    contrast: Option<Contrast>,
    #[serde(default)]
    capture: Capture,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Options {
    expect: Option<String>,
    at: Option<String>,
    /// A file of the case.
    keylog: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Dn {
    #[serde(rename = "dn")]
    name: String,
    /// The last of consecutive numbers that begin with `name`.
    to: Option<String>,
    verdict: String,
    state: String,
    status_code: Option<u64>,
    /// As JSON writes it.
    since: Option<String>,
    #[serde(default)]
    flags: Vec<String>,
    at_risk: Option<String>,
    #[serde(default)]
    findings: Vec<String>,
    #[serde(default)]
    not: Vec<String>,
    #[serde(default)]
    says: Vec<String>,
    #[serde(default)]
    never_says: Vec<String>,
    sources: Option<BTreeSet<String>>,
    transport: Option<String>,
    attempts: Option<u64>,
    #[serde(default)]
    registrations: Vec<Registration>,
}

impl Dn {
    /// The DNs that are meant: one, or consecutive numbers.
    fn names(&self) -> Vec<String> {
        let Some(to) = &self.to else { return vec![self.name.clone()] };
        let (first, last): (u64, u64) = (self.name.parse().unwrap(), to.parse().unwrap());
        (first..=last).map(|number| number.to_string()).collect()
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Registration {
    registrar: String,
    verdict: String,
    status_code: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Source {
    address: String,
    #[serde(default)]
    flags: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Finding {
    rule: String,
    source: Option<String>,
    #[serde(default)]
    says: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Contrast {
    /// One of these leads.
    #[serde(default)]
    first: BTreeSet<String>,
    #[serde(default)]
    not: BTreeSet<String>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Capture {
    format: Option<String>,
    register_messages: Option<u64>,
    warnings: Option<usize>,
    #[serde(default)]
    not: Vec<String>,
    #[serde(default)]
    never_says: Vec<String>,
}

/// Collects every mismatch of a case.
#[derive(Default)]
struct Check(Vec<String>);

impl Check {
    #[expect(clippy::needless_pass_by_value, reason = "the calls read better")]
    fn same<T: PartialEq + std::fmt::Debug>(&mut self, what: &str, have: T, want: T) {
        let (have, want) = (&have, &want);
        if have != want {
            self.0.push(format!("{what}: want {want:?}, have {have:?}"));
        }
    }

    fn holds(&mut self, what: &str, holds: bool) {
        if !holds {
            self.0.push(what.to_owned());
        }
    }
}

fn list<'v>(value: &'v Value, key: &str) -> &'v [Value] {
    value[key].as_array().map_or(&[], Vec::as_slice)
}

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value[key].as_str().unwrap_or_default()
}

fn words(value: &Value) -> BTreeSet<String> {
    let words = value.as_array().into_iter().flatten().filter_map(Value::as_str);
    words.map(str::to_owned).collect()
}

fn find<'v>(list: &'v [Value], key: &str, want: &str) -> Option<&'v Value> {
    list.iter().find(|value| value[key] == want)
}

fn input(case: &Path) -> Option<PathBuf> {
    let files = fs::read_dir(case).unwrap().map(|entry| entry.unwrap().path());
    files.filter(|p| p.file_name().unwrap().to_string_lossy().starts_with("input.")).min()
}

fn report(case: &Path, options: &Options) -> Result<Value, String> {
    let input = input(case).ok_or("no input.* in the case")?;
    let mut command = Command::new(env!("CARGO_BIN_EXE_regscope"));
    command.args(["report", "--format", "json"]);
    for (name, value) in [("--expect", &options.expect), ("--at", &options.at)] {
        command.args(value.iter().flat_map(|value| [name, value.as_str()]));
    }
    // a copy that only its owner can read: git keeps no such permissions
    let keys = options.keylog.as_ref().map(|keylog| {
        let mut private = tempfile::NamedTempFile::new().unwrap();
        private.write_all(&fs::read(case.join(keylog)).unwrap()).unwrap();
        private
    });
    if let Some(keys) = &keys {
        command.arg("--keylog").arg(keys.path());
    }
    let output = command.arg(input).output().map_err(|error| error.to_string())?;
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    if !output.status.success() || !errors.is_empty() {
        return Err(format!("{}: {errors}", output.status));
    }
    serde_json::from_slice(&output.stdout).map_err(|error| error.to_string())
}

/// Checks what is found about a DN; of one in service, whatever is more than an observation is expected.
fn check_findings(check: &mut Check, report: &Value, name: &str, want: &Dn) {
    let own: Vec<_> = list(report, "findings").iter().filter(|f| f["dn"] == name).collect();
    let rules: BTreeSet<_> = own.iter().filter_map(|f| f["rule"].as_str()).collect();
    for rule in &want.findings {
        check.holds(&format!("{name}: {rule} is not in {rules:?}"), rules.contains(rule.as_str()));
    }
    for finding in &own {
        let rule = finding["rule"].as_str().unwrap();
        let loud = want.state == "in_service" && finding["severity"] != "observation";
        let fits = !want.not.iter().any(|not| not == rule)
            && (!loud || want.findings.iter().any(|expected| expected == rule));
        check.holds(&format!("{name}: {rule} says {}", finding["sentence"]), fits);
    }
    let said: Vec<_> = own.iter().flat_map(|f| [text(f, "sentence"), text(f, "check")]).collect();
    let says = |words: &String| said.iter().any(|said| said.contains(words.as_str()));
    for words in &want.says {
        check.holds(&format!("{name}: nothing says {words:?}"), says(words));
    }
    for words in &want.never_says {
        check.holds(&format!("{name}: something says {words:?}"), !says(words));
    }
}

/// Checks what leads the contrast, and what must not be in it.
fn check_contrast(check: &mut Check, report: &Value, want: &Contrast) {
    let groups = list(&report["contrast"], "groups").iter();
    let members: Vec<_> = groups
        .flat_map(|group| list(group, "members"))
        .map(|member| text(member, "attribute"))
        .collect();
    let leads = members.first().is_some_and(|first| want.first.contains(*first));
    check.holds(&format!("the contrast is {members:?}"), want.first.is_empty() || leads);
    for attribute in members.iter().filter(|attribute| want.not.contains(**attribute)) {
        check.holds(&format!("{attribute} is in the contrast"), false);
    }
}

fn check_dn(check: &mut Check, report: &Value, name: &str, want: &Dn) {
    let Some(have) = find(list(report, "dns"), "dn", name) else {
        check.holds(&format!("{name}: not listed"), false);
        return;
    };
    check.same(&format!("{name} verdict"), text(have, "verdict"), &want.verdict);
    check.same(&format!("{name} state"), text(have, "state"), &want.state);
    if want.status_code.is_some() {
        check.same(&format!("{name} status_code"), have["status_code"].as_u64(), want.status_code);
    }
    if want.since.is_some() {
        check.same(&format!("{name} since"), have["since"].as_str(), want.since.as_deref());
        let end = list(have, "history").last().and_then(|change| change["time"].as_str());
        check.same(&format!("{name} end of its history"), end, want.since.as_deref());
    }
    check.same(&format!("{name} at_risk"), have["at_risk"].as_str(), want.at_risk.as_deref());
    check_findings(check, report, name, want);
    let flags = words(&have["flags"]);
    for flag in &want.flags {
        check.holds(&format!("{name}: flag {flag} is not in {flags:?}"), flags.contains(flag));
    }
    if let Some(sources) = &want.sources {
        let have = list(have, "sources").iter().filter_map(|s| s["address"].as_str());
        let have: BTreeSet<_> = have.map(str::to_owned).collect();
        check.same(&format!("{name} sources"), &have, sources);
    }
    if let Some(transport) = &want.transport {
        let have: BTreeSet<_> =
            list(have, "sources").iter().filter_map(|s| s["transport"].as_str()).collect();
        check.same(&format!("{name} transport"), &have, &BTreeSet::from([transport.as_str()]));
    }
    if want.attempts.is_some() {
        check.same(&format!("{name} attempts"), have["attempts_total"].as_u64(), want.attempts);
        let listed = list(have, "attempts").len() as u64;
        check.same(&format!("{name} attempts listed"), Some(listed), want.attempts);
    }
    for registration in &want.registrations {
        let at = &registration.registrar;
        let have = find(list(have, "registrations"), "registrar", at);
        let verdict = have.and_then(|r| r["verdict"].as_str());
        check.same(&format!("{name} at {at}"), verdict, Some(&registration.verdict));
        if registration.status_code.is_some() {
            let code = have.and_then(|r| r["status_code"].as_u64());
            check.same(&format!("{name} at {at}: code"), code, registration.status_code);
        }
    }
}

/// Checks the findings that are not about one DN, and the contrast.
fn check_report(check: &mut Check, report: &Value, want: &Expected) {
    for finding in &want.finding {
        let found = list(report, "findings").iter().any(|have| {
            have["rule"] == finding.rule.as_str()
                && finding.source.as_ref().is_none_or(|source| have["source"] == source.as_str())
                && finding.says.iter().all(|words| text(have, "sentence").contains(words))
        });
        let (rule, says) = (&finding.rule, &finding.says);
        check.holds(&format!("no {rule} from {:?} says {says:?}", finding.source), found);
    }
    for have in list(report, "findings") {
        let (rule, sentence) = (text(have, "rule"), text(have, "sentence"));
        let said = want.capture.never_says.iter().any(|words| sentence.contains(words));
        let fits = !said && !want.capture.not.iter().any(|not| not == rule);
        check.holds(&format!("{rule} says {sentence}"), fits);
    }
    if let Some(contrast) = &want.contrast {
        check_contrast(check, report, contrast);
    }
}

fn check_case(case: &Path) -> Vec<String> {
    let mut check = Check::default();
    let toml = fs::read_to_string(case.join("expect.toml")).unwrap();
    let want: Expected = match toml::from_str(&toml) {
        Ok(want) => want,
        Err(error) => return vec![error.to_string()],
    };
    let report = match report(case, &want.options) {
        Ok(report) => report,
        Err(error) => return vec![error],
    };
    check.same("schema", report["schema"].as_u64(), Some(1));
    let mut expected = BTreeSet::new();
    for dn in &want.dn {
        for name in dn.names() {
            check_dn(&mut check, &report, &name, dn);
            expected.insert(name);
        }
    }
    if want.source.is_empty() {
        for have in list(&report, "dns") {
            let known = expected.contains(text(have, "dn"));
            check.holds(&format!("{} is listed and not expected", have["dn"]), known);
        }
    }
    for source in &want.source {
        let have = find(list(&report, "sources"), "address", &source.address);
        let flags = have.map(|source| words(&source["flags"])).unwrap_or_default();
        for flag in &source.flags {
            let what = format!("source {}: flag {flag} is not in {flags:?}", source.address);
            check.holds(&what, flags.contains(flag));
        }
    }
    check_report(&mut check, &report, &want);
    let capture = &report["capture"];
    if want.capture.register_messages.is_some() {
        let have = capture["register_messages"].as_u64();
        check.same("register_messages", have, want.capture.register_messages);
    }
    if let Some(format) = &want.capture.format {
        let have = capture["files"][0]["format"].as_str();
        check.same("format", have, Some(format.as_str()));
    }
    check.same("warnings", list(capture, "warnings").len(), want.capture.warnings.unwrap_or(0));
    check.0
}

#[test]
fn every_case_is_judged_as_expected() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures");
    let entries = fs::read_dir(&root).map(|dir| dir.map(|e| e.unwrap().path())).unwrap();
    let mut cases: Vec<_> = entries.filter(|p| p.join("expect.toml").is_file()).collect();
    cases.sort();
    assert!(!cases.is_empty(), "no cases in {}", root.display());
    let mut failures = Vec::new();
    for case in &cases {
        let name = case.file_name().unwrap().to_string_lossy().into_owned();
        failures.extend(check_case(case).into_iter().map(|what| format!("{name}: {what}")));
    }
    assert!(failures.is_empty(), "{} cases\n{}", cases.len(), failures.join("\n"));
}

#[test]
fn the_cases_of_the_field_are_those_of_their_scenarios() {
    let make = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/field/make");
    match Command::new("python3").args(["-B"]).arg(make).arg("--check").output() {
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "make field-cases writes them: {said}");
        }
        Err(error) => eprintln!("left out, python3 cannot be run: {error}"),
    }
}
