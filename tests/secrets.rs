//! Passwords from a file held against the digests of captures.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a helper that fails fails the test"
)]

use std::path::Path;

use assert_cmd::Command;

const CAPTURE: &str = "captures/auth-failed/input.pcap";

fn write(dir: &Path, name: &str, text: &str, mode: u32) -> String {
    let path = dir.join(name);
    std::fs::write(&path, text).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
    }
    path.to_str().unwrap().to_owned()
}

fn run(args: &[&str]) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_regscope"));
    let output = command.current_dir(env!("CARGO_MANIFEST_DIR")).args(args).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

/// The password rules of a report, `DN rule`.
fn judged(secrets: &str, capture: &str) -> Vec<String> {
    let dir = tempfile::tempdir().unwrap();
    let file = write(dir.path(), "secrets", secrets, 0o600);
    let (status, out, err) = run(&["report", "--format", "json", "--secret-file", &file, capture]);
    assert_eq!((status, err.as_str()), (0, ""));
    for password in secrets.lines().filter_map(|line| line.split_once(' ')) {
        assert!(!out.contains(password.1), "{out}");
    }
    let report: serde_json::Value = serde_json::from_str(&out).unwrap();
    let findings = report["findings"].as_array().unwrap().iter();
    let own = findings.filter(|f| f["rule"].as_str().unwrap().starts_with("password-"));
    let mut own: Vec<_> = own
        .map(|f| format!("{} {}", f["dn"].as_str().unwrap(), f["rule"].as_str().unwrap()))
        .collect();
    own.sort();
    own
}

#[test]
fn a_digest_tells_the_right_password_from_a_wrong_one() {
    // the lab gives every DN the password `pw` and its name; these phones have another
    assert_eq!(
        judged("2002 pw2002\n2102 pw2102\n2003 pw2003\n", CAPTURE),
        ["2002 password-does-not-fit", "2003 password-does-not-fit", "2102 password-does-not-fit"]
    );
    assert_eq!(judged("9999 pw9999\n", CAPTURE), Vec::<String>::new());
    let service = "captures/in-service/input.pcap";
    assert_eq!(judged("2001 pw2001\n", service), ["2001 password-fits"]);
    assert_eq!(judged("2001 pw2002\n", service), ["2001 password-does-not-fit"]);
}

#[test]
fn the_text_says_it_beside_the_cause() {
    let dir = tempfile::tempdir().unwrap();
    let file = write(dir.path(), "secrets", "2002 pw2002\n", 0o600);
    let (_, report, _) = run(&["report", "--utc", "--secret-file", &file, CAPTURE]);
    assert!(report.contains("Password: 2002: the password does not fit"), "{report}");
    let (_, story, _) = run(&["explain", "2002", "--secret-file", &file, CAPTURE]);
    assert!(story.contains("the password does not fit"), "{story}");
    for out in [report, story] {
        assert!(!out.contains("pw2002"), "{out}");
    }
}

#[cfg(unix)]
#[test]
fn a_file_others_may_read_is_worth_a_warning() {
    let dir = tempfile::tempdir().unwrap();
    let file = write(dir.path(), "secrets", "2002 pw2002\n", 0o644);
    let (status, _, err) = run(&["report", "--secret-file", &file, CAPTURE]);
    assert_eq!(status, 0);
    assert!(err.contains("can be read by others") && !err.contains("pw2002"), "{err}");
}

#[test]
fn a_file_that_is_wrong_is_one_sentence_without_its_content() {
    let dir = tempfile::tempdir().unwrap();
    let file = write(dir.path(), "secrets", "2002 pw2002\npwalone\n", 0o600);
    let (status, out, err) = run(&["report", "--secret-file", &file, CAPTURE]);
    assert_eq!((status, out.as_str()), (3, ""));
    assert!(err.contains("line 2") && !err.contains("pw"), "{err}");
    let (status, _, err) = run(&["explain", "2002", "--secret-file", "no/such", CAPTURE]);
    assert_eq!((status, err.lines().count()), (3, 1), "{err}");
}
