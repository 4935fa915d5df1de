//! The arguments about logs of servers: what their lines leave out.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use clap::Args as ClapArgs;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::net::Endpoint;

/// What the user knows of logs.
#[derive(ClapArgs, Clone, Default, Debug)]
pub struct LogArgs {
    /// Read logs as of this kind (`genesys`, `asterisk_pjsip`, ...) instead of finding it out
    #[arg(long, value_name = "NAME", help_heading = "Logs")]
    log_format: Option<String>,
    /// The time zone of logs that name none: `Europe/Berlin`, `+05:30`, `UTC`
    #[arg(long, value_name = "ZONE", value_parser = parse_zone, help_heading = "Logs")]
    log_zone: Option<TimeZone>,
    /// The date of the first line of logs that give times of day only
    #[arg(long, value_name = "YYYY-MM-DD", help_heading = "Logs")]
    log_date: Option<Date>,
    /// The address and port of the server that wrote the logs, where their lines leave it out
    #[arg(long, value_name = "ADDR:PORT", value_parser = parse_local, help_heading = "Logs")]
    local: Option<Endpoint>,
    /// A log, a capture or a directory of this cluster node, its address, or the capture id of its HEP agent; may be
    /// repeated, several a node
    #[arg(long = "node", value_name = "NAME=FILE|ADDR|ID", value_parser = parse_node, help_heading = "Logs")]
    node_logs: Vec<NodeFile>,
}

/// A log, a capture, a directory, an address or a HEP agent of a cluster node.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NodeFile {
    /// The node's name.
    pub node: String,
    /// What is given of it; [`NodeFile::is`] says what that is.
    pub file: PathBuf,
}

/// What is given of a cluster node.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NodeIs {
    /// An address, and a port if there is one.
    Address(IpAddr, Option<u16>),
    /// The capture id of a HEP agent.
    Agent(u32),
    /// A log, a capture or a directory.
    File,
}

/// What the user knows of logs.
#[derive(Clone, Default, Debug)]
pub struct LogSettings {
    /// The dialect to assume.
    pub format: Option<String>,
    /// The zone to assume.
    pub zone: Option<TimeZone>,
    /// The date of the first line.
    pub date: Option<Date>,
    /// The local side.
    pub local: Option<Endpoint>,
    /// Which files belong to which node.
    pub nodes: Vec<NodeFile>,
}

impl NodeFile {
    /// What it is: a file if there is one of that name.
    #[must_use]
    pub fn is(&self) -> NodeIs {
        let Some(text) = self.file.to_str().filter(|_| !self.file.exists()) else {
            return NodeIs::File;
        };
        if let Ok(end) = text.parse::<SocketAddr>() {
            return NodeIs::Address(end.ip(), Some(end.port()));
        }
        let bare = text.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        let agent = || text.parse().map_or(NodeIs::File, NodeIs::Agent);
        bare.map_or_else(|_| agent(), |addr| NodeIs::Address(addr, None))
    }
}

impl LogArgs {
    /// Whether files are given with their nodes.
    pub(super) fn names_files(&self) -> bool {
        self.node_logs.iter().any(|node| node.is() == NodeIs::File)
    }
}

impl LogSettings {
    /// The node that the user says a file is of, by its own name or that of a directory above it.
    #[must_use]
    pub fn node_of(&self, file: &Path) -> Option<&str> {
        let given = self.nodes.iter().filter(|given| file.starts_with(&given.file));
        let nearest = given.max_by_key(|given| given.file.components().count());
        nearest.map(|given| given.node.as_str())
    }
}

impl From<&LogArgs> for LogSettings {
    fn from(args: &LogArgs) -> Self {
        let LogArgs { log_format, log_zone, log_date, local, node_logs } = args.clone();
        Self { format: log_format, zone: log_zone, date: log_date, local, nodes: node_logs }
    }
}

/// Reads a zone by its name or as an offset.
fn parse_zone(text: &str) -> Result<TimeZone, String> {
    if text.eq_ignore_ascii_case("utc") || text == "Z" {
        return Ok(TimeZone::UTC);
    }
    if let Some(offset) = parse_offset(text) {
        return Ok(TimeZone::fixed(offset));
    }
    TimeZone::get(text)
        .map_err(|_| "neither the name of a zone nor an offset like +05:30".to_owned())
}

/// `+05:30`, `-0800`, `+1`.
fn parse_offset(text: &str) -> Option<jiff::tz::Offset> {
    let (sign, digits) = match text.split_at_checked(1)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let (hours, minutes) = match digits.split_once(':') {
        Some(parts) => parts,
        None if digits.len() == 4 => digits.split_at_checked(2)?,
        None => (digits, "0"),
    };
    let (hours, minutes): (i32, i32) = (hours.parse().ok()?, minutes.parse().ok()?);
    let seconds = (hours * 60 + minutes).checked_mul(60)?;
    (hours < 24 && minutes < 60).then(|| jiff::tz::Offset::from_seconds(sign * seconds).ok())?
}

/// Reads an address with a port, or without one for 5060.
fn parse_local(text: &str) -> Result<Endpoint, &'static str> {
    if let Ok(socket) = text.parse::<SocketAddr>() {
        return Ok(Endpoint::new(socket.ip(), socket.port()));
    }
    let address = text.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    address.map(|addr| Endpoint::new(addr, 5060)).map_err(|_| "no address like 192.0.2.10:5060")
}

/// What is wrong with what names no node.
const NOT_A_NODE: &str = "neither NAME=FILE, NAME=ADDR:PORT nor NAME=CAPTURE-ID";

pub(super) fn parse_node(text: &str) -> Result<NodeFile, &'static str> {
    let (node, file) = text.split_once('=').ok_or(NOT_A_NODE)?;
    if node.is_empty() || file.is_empty() {
        return Err(NOT_A_NODE);
    }
    Ok(NodeFile { node: node.to_owned(), file: PathBuf::from(file) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_are_names_or_offsets() {
        for (text, seconds) in [("+05:30", 19_800), ("-0800", -28_800), ("+1", 3600), ("UTC", 0)] {
            let zone = parse_zone(text).unwrap();
            assert_eq!(zone.to_offset(jiff::Timestamp::UNIX_EPOCH).seconds(), seconds, "{text}");
        }
        assert!(parse_zone("Europe/Berlin").is_ok());
        for wrong in ["", "Nowhere/Land", "+25", "+05:75", "5"] {
            assert!(parse_zone(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_local_side_has_a_port() {
        assert_eq!(parse_local("192.0.2.1").unwrap().port, 5060);
        assert_eq!(parse_local("[2001:db8::1]:5061").unwrap().port, 5061);
        assert!(parse_local("pbx.example").is_err());
    }

    #[test]
    fn files_are_of_the_nearest_node() {
        let given = |text| parse_node(text).unwrap();
        let nodes = vec![given("A=logs"), given("B=logs/b"), given("C=c.log")];
        let settings = LogSettings { nodes, ..LogSettings::default() };
        for (file, node) in [
            ("logs/a.log", Some("A")),
            ("logs/b/b.log", Some("B")),
            ("c.log", Some("C")),
            ("logs2/a.log", None),
            ("c.log.1", None),
        ] {
            assert_eq!(settings.node_of(Path::new(file)), node, "{file}");
        }
    }

    #[test]
    fn a_node_has_a_name_and_a_file() {
        assert_eq!(parse_node("A=x=y").unwrap().file, PathBuf::from("x=y"));
        assert!(parse_node("=x").is_err() && parse_node("A").is_err());
        let is = |text| parse_node(text).unwrap().is();
        assert_eq!(is("A=192.0.2.1:5070"), NodeIs::Address([192, 0, 2, 1].into(), Some(5070)));
        assert_eq!(is("A=[2001:db8::1]"), NodeIs::Address("2001:db8::1".parse().unwrap(), None));
        assert_eq!(is("A=2101"), NodeIs::Agent(2101));
        assert_eq!(is("A=node.log"), NodeIs::File);
    }
}
