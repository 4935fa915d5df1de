//! Logs that are followed: they grow, are rotated and emptied, and nothing is lost.

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;

use super::*;

const GENESYS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/captures/log-genesys/input.log");

fn append(path: &Path, text: &str) {
    let mut file = OpenOptions::new().append(true).open(path).unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

fn follow(log: &Path, extra: &[&str]) -> Watch {
    let log = log.to_str().unwrap();
    Watch::start(&[&["--follow", log, "--format", "ndjson"], extra].concat())
}

#[test]
fn a_log_is_followed_as_it_grows_and_after_rotation() {
    let dir = tempfile::tempdir().unwrap();
    let text = fs::read_to_string(GENESYS).unwrap();
    // within the header of a message
    let cuts = [text.find("DN 5008").unwrap() - 900, text.rfind("CSeq: ").unwrap()];
    let (log, old) = (dir.path().join("sip.log"), dir.path().join("sip.log.1"));
    fs::write(&log, &text[..cuts[0]]).unwrap();
    let watch = follow(&log, &[]);
    let (_, first) = watch.wait_change("1003", "in_service");
    assert!(first["line"].is_u64() && first["frame"].is_null(), "{first}");
    assert!(first["input"].as_str().unwrap().ends_with("sip.log"), "{first}");
    append(&log, &text[cuts[0]..cuts[1]]);
    fs::rename(&log, &old).unwrap();
    // what is still written into the file that was renamed counts
    append(&old, "");
    fs::write(&log, &text[cuts[1]..]).unwrap();
    let (_, refused) = watch.wait_change("5008", "rejected");
    assert_eq!(refused["to"]["status_code"], 404);
    assert_eq!(refused["to"]["basis"], "wire");
    let said = watch.wait_err("rotated");
    assert!(said.contains("reading on in the new file"), "{said}");
    // emptied in place, and written again
    File::create(&log).unwrap();
    watch.wait_err("emptied");
    append(&log, &text.replace("1003", "2003"));
    // long ago by this host's clock
    watch.wait_change("2003", "expired");
    let (status, err) = watch.end("-INT");
    assert_eq!(status, Some(0), "{err}");
}

#[test]
fn a_log_that_says_nothing_yet_is_waited_for() {
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("new.log");
    fs::write(&log, "starting\n").unwrap();
    let watch = follow(&log, &[]);
    watch.wait_err("nothing that regscope knows in it so far");
    append(&log, &fs::read_to_string(GENESYS).unwrap());
    watch.wait_change("5001", "deregistered");
    let (status, err) = watch.end("-INT");
    assert_eq!(status, Some(0), "{err}");
    let missing = dir.path().join("no.log");
    let output = Command::new(env!("CARGO_BIN_EXE_regscope"))
        .args([Path::new("watch"), Path::new("--follow"), &missing])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&output.stderr).contains("cannot follow"));
}
