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

#[test]
fn the_logs_of_nodes_are_followed_and_what_they_state_is_the_state() {
    let dir = tempfile::tempdir().unwrap();
    let case = concat!(env!("CARGO_MANIFEST_DIR"), "/captures/cluster-split/");
    let mut rest = Vec::new();
    for site in ["dc1", "dc2"] {
        let log = dir.path().join(site);
        let text = fs::read_to_string(format!("{case}{site}.log")).unwrap();
        // up to a moment after the nodes lost each other
        let place = text.find("(16:15:20)").or_else(|| text.find("(17:15:20)"));
        let place = place.or_else(|| text.find("(11:15:20)")).unwrap();
        let cut = text[..place].rfind('@').unwrap();
        fs::write(&log, &text[..cut]).unwrap();
        rest.push((log, text[cut..].to_owned()));
    }
    let node = |site: &str| format!("{site}={}", dir.path().join(site).to_str().unwrap());
    let (one, two) = (node("dc1"), node("dc2"));
    // nothing else is to be watched
    let watch = Watch::start(&["--node", &one, "--node", &two, "--format", "ndjson"]);
    let (_, agent) = watch.wait_change("2001", "cti_only");
    assert_eq!(agent["to"]["state"], "in_service", "{agent}");
    let told = |words: &str| {
        let began = Instant::now();
        loop {
            let lines = watch.lines();
            let mut split = lines.iter().filter(|(_, line)| line["rule"] == "cluster-split");
            if split.any(|(_, line)| line["sentence"].as_str().unwrap().contains(words)) {
                return;
            }
            assert!(began.elapsed() < WAIT, "no {words:?}: {lines:#?}");
            sleep(Duration::from_millis(20));
        }
    };
    told(
        "dc1 and dc2 have lost each other: dc1 states 1002 out of service and dc2 states 1001, 2001",
    );
    for (log, text) in rest {
        append(&log, &text);
    }
    told("dc1 and dc2 lost each other for 8 min");
    let (status, err) = watch.end("-INT");
    assert_eq!(status, Some(0), "{err}");
}
