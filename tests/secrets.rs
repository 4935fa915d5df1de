//! Secrets: passwords from a file are compared with the digests of captures, and none of any origin is in an output.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a helper that fails fails the test"
)]

use std::net::Ipv4Addr;
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
    assert_eq!(err.lines().count(), 1, "{err}");
    let log = write(dir.path(), "keys", "CLIENT_RANDOM 00 11\n", 0o640);
    let (_, _, err) = run(&["report", "--keylog", &log, CAPTURE]);
    assert!(err.contains("the key log can be read by others: `chmod 600"), "{err}");
    let log = write(dir.path(), "keys", "CLIENT_RANDOM 00 11\n", 0o600);
    let (_, _, err) = run(&["report", "--keylog", &log, CAPTURE]);
    assert!(!err.contains("can be read by others"), "{err}");
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

/// A capture of datagrams between two hosts: IPv4 without a link layer, one a second.
fn capture(datagrams: &[(bool, String)]) -> Vec<u8> {
    let word = |n: u32| n.to_le_bytes();
    let mut out = [0xa1b2_c3d4, 0x0004_0002, 0, 0, 262_144, 101].map(word).concat();
    for (place, (from_phone, text)) in (0_u32..).zip(datagrams) {
        let (phone, server) = (Ipv4Addr::new(10, 0, 0, 1), Ipv4Addr::new(10, 0, 0, 9));
        let [src, dst] = if *from_phone { [phone, server] } else { [server, phone] };
        let udp = 8 + text.len() as u16;
        let mut packet = vec![0x45, 0];
        packet.extend((20 + udp).to_be_bytes());
        packet.extend([0, 0, 0, 0, 64, 17, 0, 0]);
        packet.extend(src.octets().into_iter().chain(dst.octets()));
        packet.extend([5060_u16, 5060, udp, 0].map(u16::to_be_bytes).concat());
        packet.extend(text.as_bytes());
        let len = packet.len() as u32;
        out.extend([1_763_000_000 + place, 0, len, len].map(word).concat());
        out.extend(packet);
    }
    out
}

/// REGISTERs of two DNs with `SECRET` in every place a URI or credentials can have one, one of them accepted
/// and one rejected.
fn planted(uri: impl Fn(&str) -> String) -> Vec<(bool, String)> {
    let mut datagrams = Vec::new();
    for (dn, status) in [("5001", "200 OK"), ("5002", "403 sip:5002:SECRET@reason")] {
        for cseq in 1..=2 {
            let own = uri(dn);
            // without a scheme only an address shows a password, a parameter does not
            let bare = own.starts_with(dn);
            let shown = if bare { "Phone" } else { &own };
            let hidden = if bare { String::new() } else { format!(";x=\"{own}\"") };
            let common = format!(
                "Via: SIP/2.0/UDP {dn}:SECRET@10.0.0.1:5060;branch=z9hG4bK{dn}{cseq};rport\r\n\
                 v: SIP/2.0/UDP 10.0.0.2;branch=z9hG4bKb{hidden}\r\n\
                 f: \"{shown}\" <{own}>;tag=1\r\nt: <{own}>\r\nCall-ID: {dn}@10.0.0.1\r\n\
                 CSeq: {cseq} REGISTER\r\n"
            );
            let headers: String = [
                "Path",
                "Route",
                "Record-Route",
                "Refer-To",
                "Referred-By",
                "P-Asserted-Identity",
                "Call-Info",
                "Supported",
                "Require",
                "Allow",
                "X-Odd",
                "User-Agent",
                "Warning",
                "Reason",
                "Server",
                "Service-Route",
            ]
            .map(|name| format!("{name}: <{own}>\r\n"))
            .concat();
            let contacts = if bare {
                format!("m: <{own}>;expires=300\r\n")
            } else {
                format!("m: <{own};ob=\"{own}\">;expires=300;+sip.instance=\"<{own}>\";x={own}\r\n")
            };
            let auth = format!(
                "Authorization: Digest username=\"{dn}\", realm=\"<{own}>\", nonce=\"{shown}\", uri=\"{own}\", \
                 response=\"SECRET\", algorithm=MD5\r\n"
            );
            datagrams.push((
                true,
                format!("REGISTER {own} SIP/2.0\r\n{common}{headers}{contacts}{auth}Expires: 300\r\n\r\n"),
            ));
            datagrams.push((
                false,
                format!("SIP/2.0 {status}\r\n{common}{headers}{contacts}\r\n<{own}>"),
            ));
        }
    }
    datagrams
}

/// Every output of a capture; what each came from.
fn outputs(capture: &str, dir: &Path) -> Vec<(String, String)> {
    let commands = [
        "report --format text",
        "report --format json",
        "report --format csv",
        "report --format markdown",
        "messages --format text",
        "messages --format ndjson",
        "compare --format text",
        "compare --format json",
        "compare --format csv",
        "compare --format markdown",
        "compare 5001 5002 --format text",
        "compare 5001 5002 --format json",
        "compare 5001 5002 --format csv",
        "compare 5001 5002 --format markdown",
        "explain 5001",
        "explain 5002",
        "explain 5002 --format json",
    ];
    let mut all = Vec::new();
    for command in commands {
        let args: Vec<&str> = command.split(' ').chain([capture]).collect();
        let (status, out, err) = run(&args);
        assert!(matches!(status, 0 | 1), "{command}: {err}");
        assert!(!out.is_empty(), "{command}");
        all.push((command.to_owned(), out + &err));
    }
    for format in ["text", "markdown", "json", "csv"] {
        let file = dir.join(format!("saved.{format}"));
        let output = file.to_str().unwrap();
        let (status, out, err) = run(&[
            "extract",
            "--dn",
            "5001,5002",
            "--force",
            "--format",
            format,
            "-o",
            output,
            capture,
        ]);
        assert_eq!(status, 0, "{format}: {err}");
        all.push((
            format!("extract {format}"),
            std::fs::read_to_string(&file).unwrap() + &out + &err,
        ));
    }
    all
}

#[test]
fn a_password_in_a_uri_is_in_no_output() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("planted.pcap");
    for (spelled, uri) in [
        (
            "plain",
            &(|dn: &str| format!("sip:{dn}:SECRET@10.0.0.1:5060")) as &dyn Fn(&str) -> String,
        ),
        ("upper case", &|dn| format!("SIPS:{dn}:SECRET@pbx.example;transport=tcp")),
        ("escaped", &|dn| format!("sip:{dn}:%53SECRET%40x@10.0.0.1")),
        ("with an @", &|dn| format!("sip:{dn}:p@SECRET@10.0.0.1")),
        ("without a scheme", &|dn| format!("{dn}:SECRET@10.0.0.1")),
        ("inside another", &|dn| format!("sip:{dn}@10.0.0.1?Route=%3Csip%3Aa%3ASECRET%40h%3E")),
    ] {
        std::fs::write(&file, capture(&planted(uri))).unwrap();
        for (output, text) in outputs(file.to_str().unwrap(), dir.path()) {
            // without a scheme and brackets it is a password in an address only, not in any text
            let text = if spelled == "without a scheme" { addresses_of(&text) } else { text };
            let at = text.find("SECRET").map(|at| text[at.saturating_sub(60)..].to_owned());
            let at = at.map(|text| text.chars().take(120).collect::<String>());
            assert_eq!(at, None, "{spelled}: {output}");
        }
    }
}

/// The text without values that are no addresses: a password in them is like any other word.
fn addresses_of(text: &str) -> String {
    text.lines()
        .filter(|line| line.contains("ontact") || line.contains("To") || line.contains("From"))
        .fold(String::new(), |all, line| all + line + "\n")
}

#[test]
fn hosts_and_users_stay_where_a_password_is_masked() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("planted.pcap");
    std::fs::write(&file, capture(&planted(|dn| format!("sip:{dn}:SECRET@10.0.0.1:5060"))))
        .unwrap();
    let (_, json, _) = run(&["report", "--format", "json", file.to_str().unwrap()]);
    assert!(json.contains("sip:5001:***@10.0.0.1:5060"), "{json}");
    let (_, messages, _) = run(&["messages", "--format", "ndjson", file.to_str().unwrap()]);
    assert!(messages.contains("5002@10.0.0.1"), "{messages}");
}

#[cfg(unix)]
#[test]
fn what_is_saved_is_its_owners_unless_others_are_named() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempfile::tempdir().unwrap();
    for (format, mode, want) in [
        ("pcapng", None, 0o600),
        ("json", None, 0o600),
        ("pcapng", Some("640"), 0o640),
        ("markdown", Some("0600"), 0o600),
    ] {
        let output = dir.path().join("saved");
        let output = output.to_str().unwrap();
        let mut args =
            vec!["extract", "--dn", "2002", "--force", "--format", format, "-o", output, CAPTURE];
        args.extend(mode.into_iter().flat_map(|mode| ["--mode", mode]));
        let (status, _, err) = run(&args);
        assert_eq!(status, 0, "{err}");
        let found = std::fs::metadata(output).unwrap().permissions().mode() & 0o777;
        assert_eq!(found, want, "{format} {mode:?}");
    }
    let (status, _, err) = run(&["extract", "--dn", "1", "-o", "x", "--mode", "999", CAPTURE]);
    assert!(status == 2 && err.contains("not permissions"), "{err}");
}

#[test]
fn what_an_error_repeats_is_made_safe() {
    for args in [
        ["compare", "--a", "ua~\u{1b}[31m\u{202e} x", CAPTURE],
        ["report", "--at", "\u{1b}[31m", CAPTURE],
        ["report", "--\u{1b}[31m", "x", CAPTURE],
    ] {
        let (status, _, err) = run(&args);
        assert_eq!(status, 2, "{err}");
        assert!(!err.contains('\u{1b}') && !err.contains('\u{202e}'), "{err:?}");
    }
}

#[cfg(all(target_os = "linux", feature = "hep"))]
#[test]
fn a_hep_key_is_in_no_list_of_processes() {
    use std::process::{Command, Stdio};
    use std::time::{Duration, Instant};
    let mut command = Command::new(env!("CARGO_BIN_EXE_regscope"));
    command.args(["watch", "--hep", "127.0.0.1:0", "--hep-key", "KEYOFAGENTS"]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let list = format!("/proc/{}/cmdline", child.id());
    let began = Instant::now();
    let mut seen = String::new();
    while began.elapsed() < Duration::from_secs(20) {
        seen = String::from_utf8_lossy(&std::fs::read(&list).unwrap()).into_owned();
        if seen.contains("--hep") && !seen.contains("KEYOFAGENTS") {
            break;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let runs = child.try_wait().unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(runs, None);
    assert!(seen.contains("127.0.0.1:0") && !seen.contains("KEYOFAGENTS"), "{seen:?}");
}
