//! `regscope compare` and `regscope explain`, as a person sees them, and what they have to show.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a helper that fails fails the test"
)]

use assert_cmd::Command;
use unicode_width::UnicodeWidthStr as _;

const INCIDENT: &str = "captures/incident/input.pcap";
const REMOVED: &str = "captures/removed-by-itself/input.pcap";

fn run(args: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_regscope"));
    let command = command.current_dir(env!("CARGO_MANIFEST_DIR")).env("LC_ALL", "C.UTF-8");
    let output = command.args(args).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    let of_clock = |line: &str| line.starts_with("regscope: warning: captures/clock-");
    assert!(said.lines().all(of_clock), "{args:?}: {said}");
    assert_eq!(output.status.code(), Some(0), "{args:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn json(args: &[&str]) -> serde_json::Value {
    let out = run(&[args, &["--format", "json"]].concat());
    let value: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(value["schema"], 1);
    value
}

fn names(list: &serde_json::Value) -> Vec<&str> {
    let list = list.as_array().unwrap().iter();
    list.map(|one| one.as_str().or_else(|| one["attribute"].as_str()).unwrap()).collect()
}

#[test]
fn the_incident_compared() {
    insta::assert_snapshot!(run(&["compare", INCIDENT]));
}

#[test]
fn a_working_dn_beside_a_failing_one() {
    insta::assert_snapshot!(run(&["compare", "1003", "5002", INCIDENT]));
}

#[test]
fn the_story_of_a_dn_that_removed_itself() {
    insta::assert_snapshot!(run(&["explain", "5002", "--utc", REMOVED]));
}

#[test]
fn the_incident_has_one_coinciding_group_that_separates_perfectly() {
    for contrast in [
        json(&["compare", INCIDENT])["contrast"].clone(),
        json(&["report", INCIDENT])["contrast"].clone(),
    ] {
        let group = &contrast["groups"][0];
        let together = names(&group["attributes"]);
        for want in ["source.address", "contact.host", "via.sent_by", "user_agent"] {
            assert!(together.contains(&want), "{want} not in {together:?}");
        }
        for member in group["members"].as_array().unwrap() {
            assert_eq!(member["strength"], "perfect");
            assert_eq!(member["support"]["failing"]["n"], 3);
            assert_eq!(member["support"]["working"]["n"], 0);
        }
        let same = names(&contrast["same"]);
        for want in ["registrar", "expires.present", "auth.given"] {
            assert!(same.contains(&want), "{want} not in {same:?}");
        }
        let kinds: Vec<_> = contrast["by_outcome"].as_array().unwrap().iter().collect();
        let told = |code: u64| {
            let kind = kinds.iter().find(|k| k["failing"]["status_code"] == code).unwrap();
            names(&kind["failing"]["examples"]).join(" ")
        };
        assert_eq!((told(403), told(404)), ("5001 5002".to_owned(), "5008".to_owned()));
    }
    for text in [run(&["compare", INCIDENT]), run(&["report", INCIDENT])] {
        assert!(!text.contains("trusted"), "{text}");
    }
}

#[test]
fn the_report_keeps_kinds_of_failure_apart() {
    let text = run(&["report", "--utc", INCIDENT]);
    assert!(text.contains("\n✗ 5001, 5002: rejected 403"), "{text}");
    assert!(text.contains("\n✗ 5008: rejected 404"), "{text}");
    assert!(text.contains("What the failing DNs share and no working DN has"), "{text}");
    let removed = run(&["report", "--utc", REMOVED]);
    assert!(removed.replace("\n      ", " ").contains("de-registered by the device."), "{removed}");
}

#[test]
fn two_captures_are_one_fleet() {
    let dir = tempfile::tempdir().unwrap();
    // the same lab, at the same registrar: the one holds DNs that work, the other failing ones
    let work = dir.path().join("work.pcap");
    std::fs::copy(concat!(env!("CARGO_MANIFEST_DIR"), "/captures/in-service/input.pcap"), &work)
        .unwrap();
    let work = work.to_str().unwrap();
    let contrast = &json(&["compare", work, "captures/rejected/input.pcap"])["contrast"];
    assert!(contrast["failing"]["dns"].as_u64() > Some(0), "{contrast}");
    assert!(contrast["working"]["dns"].as_u64() > Some(0), "{contrast}");
    // DNs in different files are side by side
    let pair = json(&["compare", "1002", "5002", INCIDENT, REMOVED]);
    assert_eq!(pair["pair"]["left"], "1002");
    assert!(pair["request"]["rows"].as_array().unwrap().len() > 5);
}

#[test]
fn a_dn_before_and_after() {
    let pair = json(&["compare", "5002", "--before", REMOVED, "--after", INCIDENT]);
    assert_eq!(pair["verdicts"][0], "deregistered");
    assert_eq!(pair["verdicts"][1], "rejected");
    assert_eq!(pair["files"][1][0], INCIDENT);
    let text = run(&["compare", "5002", "--before", REMOVED, "--after", INCIDENT]);
    assert!(text.contains("5002 in"), "{text}");
}

#[test]
fn any_two_selections() {
    let args = ["compare", "--a", "source=192.168.210.81", "--b", "dn=50*", INCIDENT];
    let contrast = &json(&args)["contrast"];
    assert_eq!(contrast["failing"]["label"], "source=192.168.210.81");
    assert_eq!(contrast["failing"]["dns"], 2);
    assert_eq!(contrast["working"]["dns"], 3);
}

#[test]
fn standard_input_has_no_second_pass() {
    let capture = std::fs::read(format!("{}/{INCIDENT}", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_regscope"));
    let output = command.args(["compare", "1003", "5002", "-"]).write_stdin(capture).output();
    let text = String::from_utf8(output.unwrap().stdout).unwrap();
    assert!(text.contains("! Source address"), "{text}");
    assert!(text.contains("cannot be read"), "{text}");
    assert!(!text.contains("REGISTER  "), "{text}");
}

#[test]
fn every_format_of_a_pair_and_of_a_contrast() {
    for args in [&["compare", INCIDENT][..], &["compare", "1003", "5002", INCIDENT]] {
        let markdown = run(&[args, &["--format", "markdown"]].concat());
        assert!(markdown.starts_with("### ") && markdown.contains("|---|"), "{markdown}");
        let csv = run(&[args, &["--format", "csv"]].concat());
        let cells = csv.lines().next().unwrap().split(',').count();
        assert!(csv.lines().count() > 20 && cells >= 6, "{csv}");
        assert!(csv.contains("user_agent") && csv.ends_with("\r\n"), "{csv}");
    }
}

#[test]
fn no_line_is_wider_than_the_terminal() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/captures");
    for case in std::fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()) {
        let input = case.join("input.pcap");
        if !input.is_file() || case.ends_with("cut-file") {
            continue;
        }
        let input = input.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap().to_str().unwrap();
        let report = json(&["report", input]);
        let dns: Vec<_> =
            report["dns"].as_array().unwrap().iter().filter_map(|dn| dn["dn"].as_str()).collect();
        let mut texts = Vec::new();
        // text that a terminal cannot show has no spelling on a command line
        let plain = |dn: &&&str| dn.chars().all(|c| c.is_ascii_alphanumeric());
        let plain: Vec<_> = dns.iter().filter(plain).take(3).collect();
        for dn in &plain {
            texts.push(run(&["explain", dn, "--utc", input]));
        }
        if let [a, b, ..] = plain.as_slice() {
            texts.push(run(&["compare", a, b, input]));
        }
        for line in texts.iter().flat_map(|text| text.lines()) {
            assert!(line.width() <= 80, "{input}: {} columns: {line}", line.width());
        }
    }
}

#[test]
fn a_story_as_json() {
    let story = json(&["explain", "5002", REMOVED]);
    assert_eq!(story["events"].as_array().unwrap().len(), 2);
    assert_eq!(story["events"][1]["frames"][0]["frame"], 5);
    assert_eq!(story["findings"][0]["rule"], "deregistered-by-own-side");
    assert_eq!(story["findings"][0]["is_cause"], true);
    assert_eq!(story["findings"][0]["fragment"], "de-registered by the device");
}

/// The attributes of two DNs side by side: name, left, right, how they compare.
fn pair(left: &str, right: &str, capture: &str) -> Vec<[String; 4]> {
    let pair = json(&["compare", left, right, capture])["pair"].clone();
    let rows = pair["rows"].as_array().unwrap().iter();
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    rows.map(|row| ["name", "left", "right", "kind"].map(|key| text(&row[key]))).collect()
}

#[test]
fn domains_that_are_names_are_read_as_they_are_on_the_wire() {
    const DOMAINS: &str = "captures/domains/input.pcap";
    let rows = pair("1121", "1123", DOMAINS);
    for name in ["request.to_domain", "request.from_domain"] {
        let row = rows.iter().find(|row| row[0] == name).unwrap();
        assert_eq!(row[1..], ["east.example", "west.example", "differs"], "{row:?}");
    }
    let same = pair("1121", "1122", DOMAINS);
    let row = same.iter().find(|row| row[0] == "request.from_domain").unwrap();
    assert_eq!(row[1..], ["east.example", "east.example", "same"], "{row:?}");
}

#[test]
fn a_dn_that_is_escaped_on_the_wire_is_compared_by_its_own_messages() {
    const ESCAPED: &str = "captures/escaped-users/input.pcap";
    let rows = pair("1#", "2#", ESCAPED);
    let row = rows.iter().find(|row| row[0] == "contact.user").unwrap();
    assert_eq!(row[1..], ["the DN", "the DN", "same"], "{row:?}");
    let text = run(&["compare", "1#", "2#", ESCAPED]);
    for own in ["<sip:1%23@192.168.210.81>", "<sip:2%23@192.168.210.81>", "403 Forbidden"] {
        assert!(text.contains(own), "{own}: {text}");
    }
    // both came in one segment
    assert!(text.contains("REGISTER                frame 4                    frame 4"), "{text}");
    let rows = pair("*12#", "+4930", ESCAPED);
    let told = |name: &str| rows.iter().find(|row| row[0] == name).unwrap()[1..3].to_vec();
    assert_eq!(told("contact.user"), ["the DN", "the DN"]);
    assert_eq!(told("auth.username_is_dn")[1], "yes");
}

#[test]
fn a_line_of_the_log_in_one_exchange_alone_is_shown_and_one_in_both_is_not() {
    let log = std::fs::read_to_string("captures/log-genesys/input.log").unwrap();
    assert_eq!(
        said_alone(&log),
        Vec::<String>::new(),
        "every line of 5008 is in the exchange of 1003, too"
    );
    let answer = log.find(" 404 Not Found").unwrap();
    let envelope = log[..answer].rfind(": Sending ").unwrap();
    let line = log[..envelope].rfind('\n').unwrap() + 1;
    let more = "18:00:40.000: profile lookup for DN:5008 found nothing in tenant 7\n";
    let with_more = [&log[..line], more, &log[line..]].concat();
    let alone = said_alone(&with_more);
    assert_eq!(alone.len(), 1, "{alone:?}");
    assert!(alone[0].contains("profile lookup for DN:5008 found nothing"), "{alone:?}");
}

/// The lines that `compare` shows in the exchange of 5008 alone, against 1003.
fn said_alone(log: &str) -> Vec<String> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("server.log");
    std::fs::write(&path, log).unwrap();
    let path = path.to_str().unwrap();
    let text = run(&["compare", "5008", "1003", path]);
    assert!(text.contains("server.log:"), "messages are at lines: {text}");
    let value = json(&["compare", "5008", "1003", path]);
    let said = value.get("said");
    let [of_5008, of_1003] = [0, 1].map(|side| match said {
        Some(said) => names(&said[side]).into_iter().map(str::to_owned).collect(),
        None => Vec::new(),
    });
    // what is written once a registration is accepted; "no gateway is found" is in both exchanges
    assert_eq!(of_1003, ["18:00:01.000: SIPTS: handle registration event 0"]);
    for line in &of_5008 {
        assert!(text.contains("Only in the exchange of 5008 (meaning not known)"), "{text}");
        assert!(
            run(&["compare", "5008", "1003", path, "--format", "markdown"]).contains(&line[..30])
        );
    }
    of_5008
}

#[test]
fn a_dn_at_risk_is_compared_and_explained_by_its_failed_refresh() {
    let capture = "captures/field-at-risk/input.pcap";
    let attempts = &json(&["report", capture])["dns"];
    let dn = attempts.as_array().unwrap().iter().find(|dn| dn["at_risk"] == "refresh_refused");
    let (dn, healthy) = (dn.unwrap()["dn"].as_str().unwrap(), working(capture));
    let pair = run(&["compare", dn, &healthy, capture]);
    assert!(pair.contains("at risk:") && pair.contains("in service"), "{pair}");
    assert!(!pair.contains("? Contact host"), "its latest REGISTER is known: {pair}");
    let story = run(&["explain", dn, "--utc", capture]);
    assert!(story.starts_with(&format!("{dn} is in service at")), "{story}");
    assert!(story.lines().next().unwrap().contains(", at risk"), "{story}");
    assert!(!story.contains("registration that is in"), "{story}");
    // a DN that is in order still has that advice
    let story = run(&["explain", "1003", "--utc", INCIDENT]);
    assert!(story.contains("registration that is in") && !story.contains("at risk"), "{story}");
}

/// A DN that is in service and not at risk.
fn working(capture: &str) -> String {
    let report = json(&["report", capture]);
    let dns = report["dns"].as_array().unwrap();
    let well = |dn: &&serde_json::Value| dn["verdict"] == "in_service" && dn["at_risk"].is_null();
    dns.iter().find(well).unwrap()["dn"].as_str().unwrap().to_owned()
}
