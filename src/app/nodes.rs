//! Finds out which cluster nodes the inputs are of.

use std::collections::BTreeMap;
use std::path::Path;

use crate::capture::{Capture, LogInfo};
use crate::cli::{LogSettings, NodeIs};
use crate::net::{FileId, escape_text};
use crate::registration::{NodeSource, Tracker};

/// The dialects whose server may be a node of a cluster even if neither the user nor the log says so.
const OF_CLUSTERS: &str = "genesys";

/// Names the nodes that the user gives by an address or by a HEP agent, before anything is read.
pub(super) fn announce(tracker: &mut Tracker, known: &LogSettings) {
    for given in &known.nodes {
        match given.is() {
            NodeIs::Address(addr, port) => tracker.node_address(&given.node, (addr, port)),
            NodeIs::Agent(id) => tracker.node_agent(&given.node, id),
            NodeIs::File => {}
        }
    }
}

/// Names the nodes of the inputs: as the user does, or the header of a log, or the log by its file.
///
/// A capture is a node's only if the user says so: most often several captures are of one server.
pub(super) fn name(tracker: &mut Tracker, capture: &Capture, known: &LogSettings) {
    let mut names = Names::default();
    for input in inputs(capture) {
        if let (Some(header), Some(given)) = (input.header(), input.given(known)) {
            names.by_header.insert(header, given);
        }
    }
    let mut nameless = Vec::new();
    for input in inputs(capture) {
        match input.given(known).or_else(|| names.of_header(&input)) {
            Some(name) => {
                names.by_stem.insert((input.path.parent(), of_file(input.path)), name);
                tracker.node_file(&input.source(name, true));
            }
            None if input.is_of_cluster() => nameless.push(input),
            None => {}
        }
    }
    for input in &nameless {
        let stem = of_file(input.path);
        let beside = names.by_stem.get(&(input.path.parent(), stem.clone()));
        if let Some(name) = beside {
            tracker.node_file(&input.source(name, true));
        } else {
            let name = name_by_file(input.path, stem, &nameless);
            tracker.node_file(&input.source(&name, false));
        }
    }
}

/// The names that are known of nodes.
#[derive(Default)]
struct Names<'a> {
    /// What the user calls the node of that header.
    by_header: BTreeMap<&'a str, &'a str>,
    /// The node of the logs of that name in a directory: a server writes several.
    by_stem: BTreeMap<(Option<&'a Path>, String), &'a str>,
}

impl<'a> Names<'a> {
    /// The node that the header of a log names, as the user calls it.
    fn of_header(&self, input: &Input<'a>) -> Option<&'a str> {
        let header = input.header()?;
        Some(self.by_header.get(header).copied().unwrap_or(header))
    }
}

/// A file, and what was found out about it if it is a log.
struct Input<'a> {
    file: FileId,
    path: &'a Path,
    log: Option<&'a LogInfo>,
}

fn inputs(capture: &Capture) -> impl Iterator<Item = Input<'_>> {
    let files = (0..).map(FileId).zip(&capture.files);
    files.map(|(file, info)| Input { file, path: &info.path, log: capture.log(file) })
}

impl<'a> Input<'a> {
    /// What the user calls its node: of a log that goes on in another file, that of the log.
    fn given(&self, known: &'a LogSettings) -> Option<&'a str> {
        known.node_of(self.path).or_else(|| self.log?.node.as_deref())
    }

    /// The node that the log names in its header.
    fn header(&self) -> Option<&'a str> {
        self.log?.profile.node.as_deref()
    }

    /// Whether its server may be a node even if neither the user nor the log says so.
    fn is_of_cluster(&self) -> bool {
        self.log.is_some_and(|log| log.profile.dialect.starts_with(OF_CLUSTERS))
    }

    fn source<'n>(&self, name: &'n str, is_named: bool) -> NodeSource<'n>
    where
        'a: 'n,
    {
        let addresses = self.log.map_or(&[][..], |log| &log.profile.local);
        NodeSource { name, file: self.file, addresses, is_named }
    }
}

/// The name of a log's node by its file, with its directory where logs in several have that name.
fn name_by_file(path: &Path, stem: String, nameless: &[Input<'_>]) -> String {
    let parent = path.parent();
    let elsewhere =
        |other: &Input<'_>| other.path.parent() != parent && of_file(other.path) == stem;
    let directory = parent.and_then(Path::file_name).map(|name| name.to_string_lossy());
    match directory.filter(|_| nameless.iter().any(elsewhere)) {
        Some(directory) => format!("{}/{stem}", escape_text(&directory)),
        None => stem,
    }
}

/// The name of a node whose log is `NAME-001.YYYYMMDD_HHMMSS_mmm.log`, from as much of that as there is.
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
