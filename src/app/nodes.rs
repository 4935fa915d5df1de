//! Finds out which cluster nodes the inputs are of.

use std::path::Path;

use crate::capture::{Capture, LogInfo};
use crate::cli::LogSettings;
use crate::net::{FileId, escape_text};
use crate::registration::{NodeSource, Tracker};

/// The dialects whose server may be a node of a cluster though nobody says so.
const OF_CLUSTERS: &str = "genesys";

/// Names the nodes of the inputs: as the user does, or the header of a log, or the log by its file.
///
/// A capture is a node's only if the user says so: most often several captures are of one server.
pub(super) fn name(tracker: &mut Tracker, capture: &Capture, known: &LogSettings) {
    for given in &known.nodes {
        if let Some(address) = given.address() {
            tracker.node_address(&given.node, address);
        }
    }
    let files = || (0..).map(FileId).zip(&capture.files);
    let mut nameless = Vec::new();
    for (file, info) in files() {
        let log = capture.log(file);
        let header = log.and_then(|log| log.profile.node.as_deref());
        match known.node_of(&info.path).or(header) {
            Some(name) => tracker.node_file(&source(file, log, name, true)),
            None => nameless.extend(log.map(|log| (file, info, log))),
        }
    }
    for (file, info, log) in nameless {
        if log.profile.dialect.starts_with(OF_CLUSTERS) {
            let name = of_file(&info.path);
            tracker.node_file(&source(file, Some(log), &name, false));
        }
    }
}

fn source<'a>(
    file: FileId,
    log: Option<&'a LogInfo>,
    name: &'a str,
    is_named: bool,
) -> NodeSource<'a> {
    let addresses = log.map_or(&[][..], |log| &log.profile.local);
    NodeSource { name, file, addresses, is_named }
}

/// The name of a node whose log is `NAME-001.YYYYMMDD_HHMMSS_mmm.log`, as far as there is that much.
fn of_file(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let is_of_time = |part: &str| part.bytes().all(|b| b.is_ascii_digit() || b == b'_');
    let is_ending = |part: &str| matches!(part, "log" | "txt" | "gz" | "zst") || is_of_time(part);
    let mut name = &*name;
    while let Some((rest, ending)) = name.rsplit_once('.')
        && is_ending(ending)
        && !rest.is_empty()
    {
        name = rest;
    }
    if let Some((rest, thread)) = name.rsplit_once('-')
        && thread.len() == 3
        && is_of_time(thread)
        && !rest.is_empty()
    {
        name = rest;
    }
    escape_text(name).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_logs_of_a_server_have_one_name() {
        for file in [
            "SIPC_A.log",
            "/var/log/SIPC_A-001.20261125_085930_000.log",
            "SIPC_A.20261125_085930_000.log.gz",
            "SIPC_A-001.log.1",
        ] {
            assert_eq!(of_file(Path::new(file)), "SIPC_A", "{file}");
        }
        assert_eq!(of_file(Path::new("sip-12.log")), "sip-12");
        assert_eq!(of_file(Path::new("..log")), ".");
    }
}
