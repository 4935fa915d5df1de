//! The text report, whole, as a person sees it.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails the test")]

use std::process::Command;

fn report(case: &str, args: &[&str], locale: &str) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_regscope"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("LC_ALL", locale)
        .args(["report", "--utc"])
        .args(args)
        .arg(format!("captures/{case}/input.pcap"))
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_incident() {
    insta::assert_snapshot!(report("incident", &[], "C.UTF-8"));
}

#[test]
fn a_dn_removed_by_its_own_side() {
    insta::assert_snapshot!(report("removed-by-itself", &[], "C.UTF-8"));
}

#[test]
fn credentials_that_are_refused() {
    insta::assert_snapshot!(report("auth-failed", &[], "C.UTF-8"));
}

#[test]
fn a_connection_that_is_refused() {
    insta::assert_snapshot!(report("tcp-refused", &[], "C.UTF-8"));
}

#[test]
fn text_from_the_wire_cannot_drive_a_terminal() {
    let text = report("hostile-text", &[], "C.UTF-8");
    assert!(!text.contains(|c: char| c.is_control() && c != '\n'), "{text}");
    insta::assert_snapshot!(text);
}

#[test]
fn marks_and_colours_follow_the_terminal() {
    let plain = report("incident", &[], "C");
    assert!(plain.is_ascii(), "{plain}");
    assert!(plain.contains("\nX 5001"), "{plain}");
    let coloured = report("incident", &["--color", "always"], "C.UTF-8");
    assert!(coloured.contains("\u{1b}[31m✗\u{1b}[0m 5001"), "{coloured}");
    assert!(!report("incident", &["--color", "never"], "C.UTF-8").contains('\u{1b}'));
}

#[test]
fn no_line_is_wider_than_the_terminal() {
    let captures = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/captures")).unwrap();
    for case in captures.map(|entry| entry.unwrap().path()) {
        if !case.join("input.pcap").is_file() {
            continue;
        }
        let name = case.file_name().unwrap().to_string_lossy().into_owned();
        for line in report(&name, &[], "C.UTF-8").lines() {
            let width = unicode_width::UnicodeWidthStr::width(line);
            assert!(width <= 80, "{name}: {width} columns: {line}");
        }
    }
}
