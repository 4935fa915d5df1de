//! Reads what a user types or keeps in a file: the filter language, DN patterns, moments, passwords. The
//! first byte says which. Nothing may panic or run on, and no error message may drive a terminal.
#![no_main]

use jiff::tz::TimeZone;
use libfuzzer_sys::fuzz_target;
use regscope::cli::At;
use regscope::compare::Filter;
use regscope::diagnosis::secret::SecretFile;
use regscope::net::{Timestamp, escape_text};
use regscope::registration::{SnapshotOptions, Tracker};
use regscope::select::DnList;

/// An error in words, as it is printed.
fn said(error: &impl std::fmt::Display) {
    let words = error.to_string();
    // the caller escapes them once more; they must be bounded anyway
    assert!(escape_text(&words).len() < 100_000);
}

fuzz_target!(|data: &[u8]| {
    let [which, data @ ..] = data else { return };
    let text = String::from_utf8_lossy(data);
    match which % 4 {
        0 => match Filter::parse(&text) {
            Ok(filter) => {
                let snapshot = Tracker::new().finish(&SnapshotOptions {
                    at: None,
                    expected: vec!["5001".to_owned(), String::new()],
                });
                for dn in snapshot.dns() {
                    let first = filter.matches(&dn, &snapshot);
                    assert_eq!(first, filter.matches(&dn, &snapshot));
                }
                assert!(Filter::parse(filter.text()).is_ok());
            }
            Err(error) => said(&error),
        },
        1 => match DnList::parse(&text) {
            Ok(list) => {
                let _ = (list.contains(b"5001"), list.contains(data));
                match list.names() {
                    // a list of names holds each of them
                    Ok(names) => assert!(names.iter().all(|name| list.contains(name.as_bytes()))),
                    Err(error) => said(&error),
                }
            }
            Err(error) => said(&error),
        },
        2 => match At::parse(&text) {
            Ok(at) => {
                for first in [0, 1_763_505_000, 4_000_000_000] {
                    let _ = at.resolve(Timestamp::from_parts(first, 0), &TimeZone::UTC);
                }
            }
            Err(error) => said(&error),
        },
        _ => match SecretFile::parse(data) {
            Ok(secrets) => {
                assert!(secrets.len() <= data.len());
                let shown = format!("{secrets:?}");
                let _ = (secrets.of(&[b"5001"]).count(), shown.len());
            }
            Err(error) => said(&error),
        },
    }
});
