//! Every output of every case is the same in every run, though each run hashes under a key of its own.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails the test")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Runs of each command, each under another key.
const RUNS: usize = 3;

const COMMANDS: &[&[&str]] = &[
    &["report", "--quiet", "--utc", "--format", "text"],
    &["report", "--quiet", "--utc", "--format", "json"],
    &["report", "--quiet", "--utc", "--format", "csv"],
    &["report", "--quiet", "--utc", "--format", "markdown"],
    &["messages", "--quiet", "--format", "ndjson"],
    &["compare", "--quiet", "--utc"],
];

fn output(args: &[&str], file: &Path) -> Vec<u8> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_regscope"));
    let output = command.args(args).arg(file).output().unwrap();
    [output.stdout, output.stderr].concat()
}

/// The captures of the cases.
fn captures() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures");
    let cases = fs::read_dir(root).into_iter().flatten().map(|case| case.unwrap().path());
    let files = cases.filter(|case| case.is_dir()).flat_map(|case| fs::read_dir(case).unwrap());
    let mut files: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    files.retain(|file| {
        file.file_name().is_some_and(|name| name.to_string_lossy().starts_with("input"))
    });
    files.sort();
    files
}

#[test]
fn no_output_depends_on_the_key_of_the_hashes() {
    let (captures, next) = (captures(), AtomicUsize::new(0));
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, Into::into) {
            scope.spawn(|| {
                while let Some(file) = captures.get(next.fetch_add(1, Ordering::Relaxed)) {
                    for args in COMMANDS {
                        let first = output(args, file);
                        let is_report = args.first() == Some(&"report");
                        assert!(!is_report || !first.is_empty(), "{args:?} {}", file.display());
                        for _ in 1..RUNS {
                            assert!(output(args, file) == first, "{args:?} {}", file.display());
                        }
                    }
                }
            });
        }
    });
}
