//! The command line: what it refuses, in which words, and with which exit status.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails the test")]

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use assert_cmd::Command;

const INCIDENT: &str = "captures/incident/input.pcap";

fn regscope(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_regscope"));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).args(args);
    command
}

/// Exit status, standard output, standard error.
fn run(args: &[&str]) -> (i32, String, String) {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_regscope"));
    command.current_dir(env!("CARGO_MANIFEST_DIR")).args(args);
    let output = command.stdin(Stdio::null()).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

/// Fails with this status, one sentence that holds `words`, and nothing on standard output.
fn refused(args: &[&str], status: i32, words: &str) {
    let (have, out, err) = run(args);
    assert_eq!(have, status, "{args:?}: {err}");
    assert_eq!(out, "", "{args:?}");
    assert!(err.contains(words), "{args:?}: {err}");
    if status == 3 {
        assert_eq!(err.trim_end().lines().count(), 1, "{args:?}: {err}");
    }
}

fn in_dir(dir: &Path, name: &str, bytes: &[u8]) -> String {
    let path = dir.join(name);
    fs::write(&path, bytes).unwrap();
    path.to_str().unwrap().to_owned()
}

fn incident() -> Vec<u8> {
    fs::read(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(INCIDENT)).unwrap()
}

#[test]
fn without_a_command_there_is_help() {
    let (status, out, err) = run(&[]);
    assert_eq!((status, out.as_str()), (2, ""));
    assert!(err.contains("regscope report FILE") && err.lines().count() <= 10, "{err}");
    for args in [
        &["--help"][..],
        &["report", "--help"],
        &["messages", "--help"],
        &["compare", "--help"],
        &["explain", "--help"],
        &["extract", "--help"],
        #[cfg(any(feature = "live", feature = "hep"))]
        &["watch", "--help"],
        #[cfg(feature = "live")]
        &["interfaces", "--help"],
    ] {
        let (status, out, _) = run(args);
        assert_eq!(status, 0);
        assert!(out.contains("EXAMPLES") && out.contains("EXIT STATUS"), "{out}");
        let statuses = out.split("EXIT STATUS").nth(1).unwrap();
        assert_eq!(statuses.contains("--fail-on"), out.contains("--fail-on <"), "{args:?}: {out}");
        let takes_devices = out.contains("--interface <");
        assert_eq!(statuses.contains("device"), takes_devices, "{args:?}: {out}");
    }
}

#[cfg(all(feature = "live", feature = "hep"))]
#[cfg(all(feature = "live", feature = "hep"))]
#[test]
fn exit_statuses_fit_80_columns_and_name_what_the_command_can_do() {
    for command in ["report", "messages", "compare", "explain", "extract", "watch", "record"] {
        let (_, page, _) = run(&[command, "--help"]);
        let (_, statuses) = page.split_once("EXIT STATUS:").unwrap();
        assert!(statuses.lines().all(|line| line.len() <= 78), "{command}: {statuses}");
        let names_dns = command != "record";
        assert_eq!(statuses.contains("a requested DN"), names_dns, "{command}: {statuses}");
        assert_eq!(statuses.contains("an input"), names_dns, "{command}: {statuses}");
    }
    let (_, page, _) = run(&["interfaces", "--help"]);
    assert!(!page.contains("requested DN") && !page.contains("an input"), "{page}");
    let (_, page, _) = run(&["extract", "--help"]);
    let (_, about) = page.split_once("  A pcapng file holds").unwrap();
    assert!(about.lines().all(|line| line.len() <= 78), "{about}");
}

#[test]
fn the_options_of_live_traffic_have_a_page_of_their_own() {
    let (status, page, err) = run(&["help", "live"]);
    assert_eq!((status, err.as_str()), (0, ""));
    let help = |command: &[&str]| run(&[command, &["--help"]].concat()).1;
    for option in ["--interface", "--hep-key-file", "--hep-out-node", "--buffer", "--rotate-time"] {
        assert!(page.contains(option), "{option}");
        assert!(help(&["record"]).contains(option), "record and {option}");
    }
    for command in [&[][..], &["report"], &["watch"]] {
        let help = help(command);
        assert!(help.contains("--interface") && help.contains("regscope help live"), "{help}");
        assert!(!help.contains("--hep-out-node"), "{help}");
    }
    // what the other pages leave out is taken all the same
    refused(&["watch", "--rotate-time", "1h"], 2, "--write");
}

#[test]
fn explain_and_compare_judge_at_a_moment() {
    let story = ["explain", "--utc", "1003", "--at", "2025-11-18 16:30", INCIDENT];
    let (status, out, _) = run(&story);
    assert!(status == 0 && out.contains("expired"), "{out}");
    let (status, out, _) = run(&["compare", "--at", "2025-11-18 16:30", "1003", "5002", INCIDENT]);
    assert!(status == 0 && out.contains("expired"), "{out}");
    refused(
        &["compare", "5002", "--before", INCIDENT, "--after", INCIDENT, "--at", "16:30"],
        2,
        "--at",
    );
}

#[test]
fn input_that_is_no_capture_is_one_sentence_and_status_3() {
    let dir = tempfile::tempdir().unwrap();
    let empty = in_dir(dir.path(), "empty", b"");
    let text = in_dir(dir.path(), "notes.txt", b"\x1b[31mhello, this is no capture\n");
    refused(&["report", &empty], 3, "empty file");
    refused(&["report", &text], 3, "not a capture");
    refused(&["messages", &text], 3, "not a capture");
    refused(&["report", "no/such/file"], 3, "no such file");
    refused(&["report", dir.path().to_str().unwrap()], 3, "no captures or logs");
    refused(&["report", &empty, &text], 3, "1 more");
    assert!(!run(&["report", &text]).2.contains('\u{1b}'));
}

#[test]
fn standard_input_may_be_empty_closed_or_a_capture() {
    let output = regscope(&["report", "-"]).write_stdin("").output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_regscope"));
    let output = command.args(["report", "-"]).stdin(Stdio::null()).output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    let output = regscope(&["report", "--utc", "-"]).write_stdin(incident()).output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(String::from_utf8_lossy(&output.stdout).starts_with("5 DNs: "));
}

#[test]
fn a_cut_file_counts_as_far_as_it_goes() {
    let dir = tempfile::tempdir().unwrap();
    let mut bytes = incident();
    bytes.truncate(bytes.len() - 10);
    let cut = in_dir(dir.path(), "cut.pcap", &bytes);
    let (status, out, err) = run(&["report", "--utc", &cut]);
    assert_eq!((status, err.as_str()), (0, ""));
    assert!(out.contains("What this capture cannot show") && out.contains("byte"), "{out}");
    // the output of messages has no place for it
    let (status, _, err) = run(&["messages", "--format", "ndjson", &cut]);
    assert_eq!(status, 0);
    assert!(err.contains("warning") && err.contains("cut"), "{err}");
}

#[test]
fn a_named_file_that_cannot_be_read_is_status_3_and_the_others_count() {
    for (args, some) in [
        (&["report", "--utc"][..], "5 DNs: "),
        (&["report", "--format", "json"], "\"dn\""),
        (&["report", "--fail-on", "failing", "--utc"], "5 DNs: "),
        (&["messages"], "REGISTER"),
        (&["explain", "5002"], "5002"),
        (&["explain", "--format", "json", "5002"], "5002"),
        (&["compare", "--a", "dn=5002"], "5002"),
    ] {
        let (status, out, err) = run(&[args, &[INCIDENT, "no/such/file"]].concat());
        assert_eq!(status, 3, "{args:?}: {err}");
        assert!(out.contains(some), "{args:?}: {out}");
        assert_eq!(err, "regscope: warning: no/such/file: no such file or directory\n", "{args:?}");
    }
    let out = run(&["report", "--utc", INCIDENT, "no/such/file"]).1;
    assert!(out.contains("no/such/file: no such file"), "{out}");
    // files of a directory that hold no capture are no mistake of the user's
    let dir = tempfile::tempdir().unwrap();
    in_dir(dir.path(), "a.pcap", &incident());
    in_dir(dir.path(), "notes.txt", b"hello, this is no capture");
    assert_eq!(run(&["report", dir.path().to_str().unwrap()]).0, 0);
}

#[cfg(feature = "tui")]
#[test]
fn a_mistyped_command_is_no_file() {
    refused(&["repot", INCIDENT], 2, "no such file or command `repot`; did you mean `report`?");
    refused(&["explian", "5002", INCIDENT], 2, "did you mean `explain`?");
    refused(&["qqq"], 2, "no such file or command `qqq`");
    assert!(!run(&["qqq"]).2.contains("did you mean"));
    assert!(!run(&["\u{1b}[31m"]).2.contains('\u{1b}'));
    // a path stays a path
    assert!(!run(&["no/such/report"]).2.contains("command"));
    assert!(!run(&["report.pcap"]).2.contains("command"));
}

#[test]
fn a_dn_that_is_absent_is_status_2_and_the_closest_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("x.pcapng");
    let to = file.to_str().unwrap();
    let close = "500 is not a DN of this capture; close: 5001, 5002, 5008";
    for args in [
        &["report", "--dn", "500"][..],
        &["report", "--format", "json", "--dn", "500"],
        &["messages", "--dn", "500"],
        &["explain", "500"],
        &["compare", "500", "5002"],
        &["extract", "-o", to, "--dn", "500"],
    ] {
        refused(&[args, &[INCIDENT]].concat(), 2, close);
    }
    assert!(!file.exists());
    let all = "9999 is not a DN of this capture; there are 1002, 1003, 5001, 5002, 5008";
    refused(&["report", "--dn", "9999", INCIDENT], 2, all);
    let none = "no DN of this capture matches --dn; there are 1002";
    refused(&["messages", "--dn", "7*,8000-8010", INCIDENT], 2, none);
    refused(&["report", "--dn", "5001..5020", INCIDENT], 2, "5001-5020");
    refused(&["explain", INCIDENT], 2, "which DN? Out of service: 5001, 5002, 5008");
    refused(&["explain", "captures/in-service/input.pcap"], 2, "None is out of service");
    // one of two is enough, and so is a DN that is expected
    assert_eq!(run(&["report", "--dn", "5002,9999", INCIDENT]).0, 0);
    assert_eq!(run(&["report", "--dn", "9999", "--expect", "9999", INCIDENT]).0, 0);
    // a source without DNs is no mistake in a name
    assert_eq!(run(&["report", "--source", "203.0.113.0/24", INCIDENT]).0, 0);
}

#[test]
fn messages_says_why_it_prints_nothing() {
    let log = "captures/log-asterisk-notices/input.log";
    let (status, out, err) = run(&["messages", log]);
    assert_eq!((status, out.as_str()), (0, ""));
    assert!(err.contains("Only log statements, no SIP messages (6 statements)."), "{err}");
    let (status, out, err) = run(&["messages", INCIDENT]);
    assert!(status == 0 && !out.is_empty() && err.is_empty(), "{err}");
}

#[test]
fn standard_input_is_the_input_when_none_is_named_and_it_holds_something() {
    for args in [
        &["report", "--utc"][..],
        &["messages"],
        &["explain", "5002"],
        &["compare", "1003", "5002"],
    ] {
        let piped = regscope(args).write_stdin(incident()).output().unwrap();
        assert_eq!(piped.status.code(), Some(0), "{args:?}");
        assert!(String::from_utf8_lossy(&piped.stdout).contains("5002"), "{args:?}");
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_regscope"));
        let nothing = command.args(args).stdin(Stdio::null()).output().unwrap();
        assert_eq!(nothing.status.code(), Some(2), "{args:?}");
    }
}

#[test]
fn one_side_alone_is_compared_with_all_others() {
    let (status, out, _) = run(&["compare", "--a", "dn=50*", INCIDENT]);
    assert_eq!(status, 0);
    assert!(out.contains("all others"), "{out}");
    refused(&["compare", "--a", "ua=Asterisk", INCIDENT], 2, "no DN of this capture matches --a");
    refused(&["compare", "--b", "dn=1*", INCIDENT], 2, "--a");
}

#[test]
fn a_filter_selects_what_is_reported_and_says_what_is_wrong_with_it() {
    let names = |filter: &str| {
        let (status, out, err) = run(&["report", "--format", "csv", "--where", filter, INCIDENT]);
        assert_eq!((status, err.as_str()), (0, ""), "{filter}");
        let names = out.lines().skip(1).filter_map(|line| line.split(',').next());
        names.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(names("code=403 or 5008"), "5001 5002 5008");
    assert_eq!(names("(code=403 or code=404) not dn=5001"), "5002 5008");
    assert_eq!(names("forbidden"), "5001 5002");
    assert_eq!(names("genesys-softphone"), "1002 1003");
    for (option, words) in [("--where", "report"), ("--a", "compare")] {
        let none = "(code=403: 2, verdict=working: 2, both: 0)";
        let args = [words, option, "code=403 verdict=working", INCIDENT];
        refused(&args, 2, &format!("no DN of this capture matches {option} {none}"));
        let mistake = "unknown field sorce at 9; did you mean source?";
        refused(&[words, option, "failing sorce=1", INCIDENT], 2, mistake);
    }
    let both = ["compare", "--a", "dn=5001", "--b", "dn=500*", INCIDENT];
    refused(&both, 2, "every DN that matches --a is on the other side too");
}

#[test]
fn any_header_is_a_column_and_a_field_and_secrets_stay_masked() {
    const AUTH: &str = "captures/auth-failed/input.pcap";
    let report = |args: &[&str]| {
        let (status, out, err) = run(&[&["report"], args].concat());
        assert_eq!((status, err.as_str()), (0, ""), "{args:?}");
        out
    };
    let columns = "dn,hdr.MAX-forwards,hdr.m,contact.param.expires,hdr.X-None";
    let out = report(&["--format", "csv", "--columns", columns, INCIDENT]);
    let lines: Vec<_> = out.lines().collect();
    assert_eq!(lines[0].trim_end(), columns);
    assert_eq!(lines[1].trim_end(), "5001,70,<sip:5001@192.168.210.54:5060>,absent,absent");
    let text = report(&["--columns", "hdr.Max-Forwards", INCIDENT]);
    assert!(text.contains("hdr.Max-Forwards") && text.contains("192.168.210.54  70"), "{text}");
    let credentials = ["--format", "csv", "--columns", "dn,hdr.Authorization", AUTH];
    let out = report(&credentials);
    assert!(out.contains("response=\"\"***\"\"") && out.contains("2002"), "{out}");
    let names = |filter: &str| {
        report(&["--format", "csv", "--columns", "dn", "--where", filter, AUTH]).lines().count() - 1
    };
    assert_eq!(names("hdr.Authorization"), 3);
    assert_eq!(names("hdr.authorization~*** hdr.max-forwards>=70"), 3);
    assert_eq!(names("hdr.authorization~response=\"*"), 3);
    // no digit of a response is found
    let digits: Vec<_> = "0123456789abcdef".chars().collect();
    for digit in digits {
        let filter = format!("hdr.authorization~response=\"{digit}");
        let (status, ..) = run(&["report", "--where", &filter, AUTH]);
        assert_eq!(status, 2, "{filter}");
    }
    refused(&["report", "--columns", "nothing", AUTH], 2, "no such column; there are dn, state");
}

#[test]
fn what_fail_on_names_is_status_1() {
    for (words, status) in [
        ("rejected", 1),
        ("failing", 1),
        ("out_of_service", 1),
        ("no_answer,rejected", 1),
        ("no_answer", 0),
        ("unknown", 0),
        ("in_service", 1),
    ] {
        assert_eq!(run(&["report", "--fail-on", words, INCIDENT]).0, status, "{words}");
    }
    let args = ["report", "--fail-on", "failing", "--dn", "1002-1003", INCIDENT];
    assert_eq!(run(&args).0, 0, "only what is selected counts");
    let args = ["report", "--fail-on", "not_seen", "--expect", "1001-1003", INCIDENT];
    assert_eq!(run(&args).0, 1);
    refused(&["report", "--fail-on", "broken", INCIDENT], 2, "no verdict");
}

#[test]
fn lists_that_make_no_sense_are_bad_usage() {
    refused(&["report", "--dn", "5020-5001", INCIDENT], 2, "runs backwards");
    refused(&["report", "--dn", "5001,,5002", INCIDENT], 2, "empty name");
    refused(&["report", "--expect", "50*", INCIDENT], 2, "wildcard");
    refused(&["report", "--expect", "1-100001", INCIDENT], 2, "more than 100000");
    refused(&["report", "--source", "192.0.2.0/33", INCIDENT], 2, "network");
    refused(&["report", "--at", "soon", INCIDENT], 2, "RFC 3339");
    refused(&["report"], 2, "FILE");
}

#[test]
fn what_cannot_be_compared_is_bad_usage() {
    let neither = "nosuch is not a DN of this capture";
    refused(&["compare", "nosuch", "5002", INCIDENT], 2, neither);
    refused(&["compare", "1003", "nosuch", INCIDENT], 2, neither);
    assert_eq!(run(&["compare", "nosuch", "5002", INCIDENT]).2.lines().count(), 1);
    refused(&["compare", "5002", INCIDENT], 2, "a second DN");
    refused(&["compare", "5002", "5002", INCIDENT], 2, "--before and --after");
    refused(&["compare", "1", "2", "3", INCIDENT], 2, "two DNs");
    refused(&["compare", "5002"], 2, "a capture is needed");
    refused(&["compare", INCIDENT, "5002"], 2, "before the files");
    refused(&["compare"], 2, "DN|FILE");
    refused(&["compare", "--a", "colour=red", "--b", "dn=1", INCIDENT], 2, "unknown field");
    refused(&["compare", "5002", "--before", INCIDENT], 2, "--after");
    let pair = ["compare", "nosuch", "--before", INCIDENT, "--after", INCIDENT];
    refused(&pair, 2, "nosuch is not a DN of the capture before");
    let pair = ["compare", "5002", "--before", "no/such", "--after", INCIDENT];
    refused(&pair, 3, "no such file");
}

#[test]
fn a_dn_that_is_not_there_has_no_story() {
    refused(&["explain", "nosuch", INCIDENT], 2, "nosuch is not a DN of this capture");
    assert_eq!(run(&["explain", "nosuch", INCIDENT]).2.lines().count(), 1);
    assert!(!run(&["explain", "\u{1b}[31m", INCIDENT]).2.contains('\u{1b}'));
    refused(&["explain", "5002"], 2, "a capture is needed: regscope explain 5002 FILE");
    refused(&["explain", "5002", "no/such/file"], 3, "no such file");
}

#[test]
fn a_secret_is_never_an_argument() {
    for command in [&["report"][..], &["explain", "5002"]] {
        refused(&[command, &["--secret", "5002=pw", INCIDENT]].concat(), 2, "--secret");
    }
    refused(&["report", "--secret-file", "no/such/file", INCIDENT], 3, "secret file");
}

#[test]
fn a_selection_shows_what_is_asked_for() {
    let names = |args: &[&str]| {
        let out = run(&[&["report", "--format", "json"], args, &[INCIDENT]].concat()).1;
        let report: serde_json::Value = serde_json::from_str(&out).unwrap();
        let dns = report["dns"].as_array().unwrap().clone();
        dns.iter().map(|dn| dn["dn"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names(&["--dn", "5001-5002"]), ["5001", "5002"]);
    assert_eq!(names(&["--dn", "10*"]), ["1002", "1003"]);
    assert_eq!(names(&["--source", "192.168.210.81"]), ["1002", "1003"]);
    assert_eq!(names(&["--source", "192.168.210.0/26", "--dn", "5008"]), ["5008"]);
    assert_eq!(names(&["--expect", "7001", "--dn", "7*"]), ["7001"]);
}

#[test]
fn a_moment_before_the_end_hides_what_came_later() {
    let packets = |args: &[&str]| {
        let out = run(&[&["report", "--utc", "--format", "json"], args, &[INCIDENT]].concat()).1;
        let report: serde_json::Value = serde_json::from_str(&out).unwrap();
        (report["capture"]["register_messages"].as_u64().unwrap(), report["dns"].clone())
    };
    let all = packets(&[]).0;
    let (some, _) = packets(&["--at", "15:57:01"]);
    assert!(some > 0 && some < all, "{some} of {all}");
    assert_eq!(packets(&["--at", "2025-11-18 15:57:01"]).0, some);
    assert_eq!(packets(&["--at", "2025-11-18T15:57:01Z"]).0, some);
    assert_eq!(packets(&["--at", "1763481421"]).0, some);
    let (_, early, _) = run(&["report", "--utc", "--at", "1763400000", INCIDENT]);
    assert!(early.starts_with("Nothing was captured up to that moment"), "{early}");
    let (_, later) = packets(&["--at", "2025-11-19 00:00"]);
    assert!(later.as_array().unwrap().iter().all(|dn| dn["verdict"] != "in_service"));
}

#[test]
fn every_message_is_a_line_of_json() {
    let (status, out, err) = run(&["messages", "--format", "ndjson", INCIDENT]);
    assert_eq!((status, err.as_str()), (0, ""));
    let lines: Vec<serde_json::Value> =
        out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 26);
    let keys = [
        "file",
        "frame",
        "time",
        "transport",
        "src",
        "src_port",
        "dst",
        "dst_port",
        "kind",
        "method",
        "status_code",
        "cseq",
        "call_id",
        "branch",
        "to_user",
        "from_user",
        "contacts",
        "expires",
        "user_agent",
        "retransmission",
    ];
    for (number, line) in lines.iter().enumerate() {
        for key in keys {
            assert!(line.get(key).is_some(), "line {number} lacks {key}");
        }
    }
    let of_5008 = run(&["messages", "--utc", "--dn", "5008", INCIDENT]).1;
    assert_eq!(of_5008.lines().count(), 6, "{of_5008}");
    assert!(of_5008.contains("404 Not Found"), "{of_5008}");
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let scanner = "captures/scanner/input.pcap";
    for args in [&["messages", scanner][..], &["report", scanner], &["--help"]] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_regscope"));
        command.current_dir(env!("CARGO_MANIFEST_DIR")).args(args).stdout(writer);
        let output = command.stderr(Stdio::piped()).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{args:?}");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{args:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_an_error() {
    for args in [&["messages", INCIDENT][..], &["report", INCIDENT]] {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_regscope"));
        command.current_dir(env!("CARGO_MANIFEST_DIR")).args(args).stdout(full);
        let output = command.stderr(Stdio::piped()).output().unwrap();
        assert_eq!(output.status.code(), Some(3), "{args:?}");
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(error.contains("cannot write the output"), "{args:?}: {error}");
    }
}

#[cfg(unix)]
#[test]
fn a_file_nobody_may_read_is_an_error() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempfile::tempdir().unwrap();
    let path = in_dir(dir.path(), "secret.pcap", &incident());
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    // the superuser reads everything
    if File::open(&path).is_err() {
        refused(&["report", &path], 3, "permission denied");
    }
}

#[cfg(feature = "live")]
#[test]
fn a_filter_decides_before_anything_else() {
    let (status, out, err) = run(&["report", "--utc", "--filter", "host 192.168.210.54", INCIDENT]);
    assert_eq!((status, err.as_str()), (0, ""));
    assert!(out.starts_with("3 DNs: ") && out.contains("not taken by the filter"), "{out}");
    let (status, _, err) = run(&["report", "--filter", "udp port 5060", INCIDENT]);
    assert_eq!(status, 0);
    assert!(err.contains("fragments"), "{err}");
    refused(&["report", "--filter", "udp prot 5060", INCIDENT], 2, "syntax error");
}

#[test]
fn damage_before_the_first_packet_is_status_3() {
    let dir = tempfile::tempdir().unwrap();
    let mut bytes = incident();
    bytes[32..36].copy_from_slice(&[0xff, 0xff, 0xff, 0x7f]);
    let lying = in_dir(dir.path(), "lying.pcap", &bytes);
    refused(&["report", &lying], 3, "at byte 24");
    // with another file beside it, that one counts and the damage is a warning
    let (status, out, _) = run(&["report", "--format", "json", &lying, INCIDENT]);
    assert_eq!(status, 0);
    let report: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(report["capture"]["packets"], 26);
    assert_eq!(report["capture"]["warnings"].as_array().unwrap().len(), 1);
}

#[cfg(feature = "live")]
#[test]
fn interfaces_are_listed_with_and_without_rights() {
    let (status, out, err) = run(&["interfaces", "--format", "json"]);
    assert_eq!((status, err.as_str()), (0, ""));
    let value: serde_json::Value = serde_json::from_str(&out).unwrap();
    let listed = value["interfaces"].as_array().unwrap();
    let lo = listed.iter().find(|i| i["kind"] == "loopback" && i["up"] == true).unwrap();
    assert!(["permitted", "no_permission"].contains(&lo["capture"].as_str().unwrap()), "{lo}");
    let local = |a: &serde_json::Value| a == "127.0.0.1" || a == "::1";
    assert!(lo["addresses"].as_array().unwrap().iter().any(local), "{lo}");
    let (status, out, _) = run(&["interfaces", "--color", "never"]);
    assert_eq!(status, 0);
    assert!(out.contains("127.0.0.1") || out.contains("::1"), "{out}");
    let denied = lo["capture"] == "no_permission";
    assert_eq!(out.contains("setcap cap_net_raw,cap_net_admin=eip"), denied, "{out}");
    refused(&["interfaces", "eth0"], 2, "unexpected argument");
}
