//! The report as Markdown and as CSV: whole on one case, safe and well formed on all.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails the test")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn report(format: &str, args: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_regscope"));
    let command = command.current_dir(env!("CARGO_MANIFEST_DIR"));
    let output = command.args(["report", "--utc", "--format", format]).args(args).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The capture of each case.
fn cases() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures");
    let Ok(dirs) = fs::read_dir(root) else { return Vec::new() };
    let mut cases = Vec::new();
    for dir in dirs.map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()) {
        let files = fs::read_dir(&dir).unwrap().map(|entry| entry.unwrap().path());
        let is_input = |p: &PathBuf| p.file_name().unwrap().to_string_lossy().starts_with("input.");
        cases.extend(files.filter(is_input).min());
    }
    cases
}

#[test]
fn the_incident_for_a_ticket_and_for_a_spreadsheet() {
    let file = "captures/incident/input.pcap";
    if Path::new(env!("CARGO_MANIFEST_DIR")).join(file).exists() {
        insta::assert_snapshot!("incident_markdown", report("markdown", &[file]));
        insta::assert_snapshot!("incident_csv", report("csv", &[file]));
        insta::assert_snapshot!("one_dn_markdown", report("markdown", &["--dn", "1003", file]));
    }
}

#[test]
fn nothing_to_report_is_said() {
    let file = "captures/incident/input.pcap";
    if Path::new(env!("CARGO_MANIFEST_DIR")).join(file).exists() {
        let args = ["--source", "203.0.113.0/24", file];
        assert!(report("markdown", &args).starts_with("### None of the 5 DNs in this capture"));
        assert_eq!(report("csv", &args).lines().count(), 1);
        let expected = report("csv", &["--expect", "+49301234", "--dn", "+49301234", file]);
        assert!(expected.contains("\n'+49301234,unknown,not_seen,,"), "{expected}");
    }
}

#[test]
fn markdown_of_every_case_has_whole_tables_and_no_html() {
    for file in cases() {
        let text = report("markdown", &[file.to_str().unwrap()]);
        let mut columns = 0;
        for line in text.lines() {
            let bars = line.replace("\\|", "").matches('|').count();
            if line.starts_with('|') {
                assert!(columns == 0 || bars == columns, "{}: {line}", file.display());
                columns = bars;
            } else {
                assert_eq!(bars, 0, "{}: {line}", file.display());
                columns = 0;
            }
            assert!(!line.contains(['<', '>']), "{}: {line}", file.display());
            assert!(!line.chars().any(char::is_control), "{}: {line}", file.display());
            // a number sign makes a title, or names a frame as code
            let title = line.starts_with("### ") || line.starts_with("#### ");
            let plain: String = line.split('`').step_by(2).collect();
            let plain = plain.replace("\\#", "");
            assert!(!plain.trim_start_matches('#').contains('#'), "{}: {line}", file.display());
            assert!(title || !plain.starts_with('#'), "{}: {line}", file.display());
        }
    }
}

#[test]
fn csv_of_every_case_has_a_row_a_dn_and_no_formula() {
    for file in cases() {
        let file = file.to_str().unwrap();
        let text = report("csv", &[file]);
        let rows: Vec<_> = text.split_terminator("\r\n").map(cells).collect();
        let json = report("json", &[file]);
        let dns = serde_json::from_str::<serde_json::Value>(&json).unwrap();
        let dns: Vec<_> =
            dns["dns"].as_array().unwrap().iter().map(|dn| dn["verdict"].clone()).collect();
        let verdicts: Vec<_> = rows.iter().skip(1).filter_map(|row| row.get(2).cloned()).collect();
        assert_eq!(verdicts, dns, "{file}");
        for row in &rows {
            assert_eq!(row.len(), 19, "{file}: {row:?}");
            for cell in row {
                assert!(!cell.trim_start().starts_with(['=', '+', '-', '@']), "{file}: {cell}");
                assert!(!cell.chars().any(char::is_control), "{file}: {cell}");
            }
        }
    }
}

/// The cells of a line (RFC 4180); no cell here holds a line end.
fn cells(line: &str) -> Vec<String> {
    let (mut cells, mut cell, mut quoted) = (Vec::new(), String::new(), false);
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => cell.extend(chars.next()),
            '"' => quoted = !quoted,
            ',' if !quoted => cells.push(std::mem::take(&mut cell)),
            c => cell.push(c),
        }
    }
    cells.push(cell);
    cells
}
