//! Logs as inputs: alone, in archives, beside captures, and what is no log.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a helper that fails fails the test"
)]

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

const GENESYS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/captures/log-genesys/input.log");

fn run(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_regscope")).args(args).output().unwrap()
}

fn report(files: &[&Path]) -> Value {
    let files = files.iter().map(|file| file.to_str().unwrap());
    let args: Vec<&str> = ["report", "--format", "json"].into_iter().chain(files).collect();
    let output = run(&args);
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    serde_json::from_slice(&output.stdout).map_err(|_| errors).unwrap()
}

fn verdicts(report: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let dns = report["dns"].as_array().unwrap().iter();
    let mut all: Vec<_> = dns.map(|dn| (text(&dn["dn"]), text(&dn["verdict"]))).collect();
    all.sort();
    all
}

fn tar(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for (name, bytes) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        // names that lead out of the archive are only shown
        header.as_gnu_mut().unwrap().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_cksum();
        archive.append(&header, *bytes).unwrap();
    }
    archive.into_inner().unwrap()
}

fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in files {
        archive.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        archive.write_all(bytes).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

fn in_dir(dir: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = dir.join(name);
    fs::write(&path, bytes).unwrap();
    path
}

#[test]
fn a_log_in_an_archive_is_the_log() {
    let dir = tempfile::tempdir().unwrap();
    let log = fs::read(GENESYS).unwrap();
    let want = verdicts(&report(&[Path::new(GENESYS)]));
    assert_eq!(want.len(), 3);
    let notes: &[u8] = b"nothing of interest\n";
    let flat = tar(&[("../../etc/notes", notes), ("logs/sip.log", &log)]);
    let zipped = zip(&[("/logs/sip.log", &log), ("notes.txt", notes)]);
    let nested = tar(&[("inner.zip", &zipped)]);
    for (name, bytes) in [("a.tar", &flat), ("a.zip", &zipped), ("b.tar", &nested)] {
        let path = in_dir(dir.path(), name, bytes);
        let found = report(&[&path]);
        assert_eq!(verdicts(&found), want, "{name}");
        let files = found["capture"]["files"].as_array().unwrap();
        assert_eq!(files.len(), 1, "{name}");
        let shown = files[0]["name"].as_str().unwrap();
        assert!(shown.ends_with("logs/sip.log") && shown.contains(name), "{shown}");
        assert_eq!(files[0]["format"], "genesys", "{name}");
    }
    let deep = tar(&[("b.tar", &nested)]);
    let deep = in_dir(dir.path(), "deep.tar", &deep);
    let output = run(&["report", deep.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&output.stderr).contains("inside two others"));
}

#[test]
fn damaged_archives_end_with_a_sentence() {
    let dir = tempfile::tempdir().unwrap();
    let log = fs::read(GENESYS).unwrap();
    let whole = tar(&[("a.log", &log), ("b.log", &log)]);
    // cut within the second member: the first counts
    let cut = in_dir(dir.path(), "cut.tar", &whole[..whole.len() - 3000]);
    let found = report(&[&cut]);
    assert_eq!(verdicts(&found).len(), 3);
    assert!(!found["capture"]["warnings"].as_array().unwrap().is_empty());
    let junk = in_dir(dir.path(), "junk.zip", b"PK\x03\x04 and nothing that makes sense");
    let output = run(&["report", junk.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&output.stderr).contains("zip archive damaged"));
}

#[test]
fn what_is_no_log_is_quoted() {
    let dir = tempfile::tempdir().unwrap();
    let path = in_dir(dir.path(), "notes.txt", b"Dear colleague, \x1b[31mplease\nsee below\n");
    let output = run(&["report", path.to_str().unwrap()]);
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(3));
    assert!(error.contains("not a capture file and no log regscope knows"), "{error}");
    assert!(error.contains("Dear colleague") && !error.contains('\u{1b}'), "{error}");
}

#[test]
fn evidence_of_a_log_is_its_line() {
    let messages = run(&["messages", "--format", "ndjson", "--dn", "5008", GENESYS]);
    let lines = String::from_utf8(messages.stdout).unwrap();
    let log = fs::read_to_string(GENESYS).unwrap();
    let log: Vec<&str> = log.lines().collect();
    let first: Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
    let line = first["line"].as_u64().unwrap() as usize;
    assert!(log[line - 1].starts_with("REGISTER "), "{first}");
    assert!(first.get("frame").is_none());
    let found = report(&[Path::new(GENESYS)]);
    let said = found["statements"].as_array().unwrap();
    let not_known = said.iter().find(|said| said["kind"] == "not_known").unwrap();
    let line = not_known["line"].as_u64().unwrap() as usize;
    assert!(log[line - 1].contains("not configured"), "{not_known}");
    // lines are folded at 80 columns
    let folded = |out: Vec<u8>| -> String {
        let text = String::from_utf8(out).unwrap();
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let text = folded(run(&["report", "--utc", GENESYS]).stdout);
    assert!(text.contains(&format!("input.log:{line}")), "{text}");
    assert!(text.contains("server said: \"18:00:09.000: DN 5008 is not configured"), "{text}");
    let explained = folded(run(&["explain", "5001", GENESYS]).stdout);
    assert!(explained.contains("under another Call-ID"), "{explained}");
    assert!(!explained.contains("no gateway"), "{explained}");
}

#[test]
fn a_message_in_two_inputs_is_one() {
    let dir = tempfile::tempdir().unwrap();
    let copy = in_dir(dir.path(), "copy.log", &fs::read(GENESYS).unwrap());
    let (once, twice) = (report(&[Path::new(GENESYS)]), report(&[Path::new(GENESYS), &copy]));
    assert_eq!(verdicts(&once), verdicts(&twice));
    for (a, b) in once["dns"].as_array().unwrap().iter().zip(twice["dns"].as_array().unwrap()) {
        assert_eq!(a["attempts_total"], b["attempts_total"], "{b}");
        let flags = b["flags"].to_string();
        assert!(flags.contains("seen_twice") && !flags.contains("captured_twice"), "{flags}");
    }
}

#[test]
fn lines_nobody_knows_are_compared_and_no_cause() {
    let compared = |args: &[&str]| {
        let output = run(&[&["compare"], args, &[GENESYS]].concat());
        let text = String::from_utf8(output.stdout).unwrap();
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let text = compared(&[]);
    assert!(text.contains("The server also said (meaning not known)"), "{text}");
    assert!(text.contains("before 0 of 1 failure and 2 of 2 successes: does not"), "{text}");
    let text = compared(&["--a", "dn=5001"]);
    assert!(text.contains("in 2 of 2 attempts of dn=5001 and 1 of 2 attempts"), "{text}");
    let json: Value = serde_json::from_str(&compared(&["--format", "json"])).unwrap();
    assert_eq!(json["said"][0]["of_working"], 2, "{json}");
}

#[test]
fn a_log_has_no_packets_to_extract() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out.pcapng");
    let output = run(&["extract", "--dn", "5008", "-o", out.to_str().unwrap(), GENESYS]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("a log has no packets"));
    assert!(!out.exists());
}
