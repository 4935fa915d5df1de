//! The arguments about live traffic, the same for every command that takes a device or HEP agents.

#[cfg(feature = "hep")]
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args as ClapArgs;
use clap::error::ErrorKind;

use super::logs::{LogArgs, LogSettings, NodeFile, NodeIs};
use super::secret_arg::SecretArg;
#[cfg(feature = "live")]
use super::settings::InputSettings;
use super::settings::mode;
#[cfg(feature = "live")]
use crate::net::STANDARD_INPUT;
use crate::registration::ExtraName;

/// Where live traffic comes from.
#[derive(ClapArgs, Debug)]
#[command(next_help_heading = "Live traffic")]
pub(super) struct LiveArgs {
    #[command(flatten)]
    traffic: TrafficArgs,
    /// Take only HEP packets that show this key (HEP version 3); better in a file or in `REGSCOPE_HEP_KEY`
    #[cfg(feature = "hep")]
    #[arg(long, value_name = "KEY", requires = "hep")]
    hep_key: Option<String>,
    /// Take only HEP packets that show the key in the first line of this file
    #[cfg(feature = "hep")]
    #[arg(long, value_name = "FILE", requires = "hep", conflicts_with = "hep_key")]
    hep_key_file: Option<PathBuf>,
    #[cfg(feature = "live")]
    #[command(flatten)]
    out: HepOutArgs,
    /// The kernel's buffer for packets
    #[cfg(feature = "live")]
    #[arg(long, value_name = "SIZE", default_value = "32M", value_parser = buffer, requires = "traffic")]
    buffer: u32,
    /// The most memory for everything that is kept, beside the kernel's buffer and the program itself: the
    /// model, connections, queues. The least interesting DNs are forgotten first
    #[arg(long, value_name = "SIZE", default_value = "256M", value_parser = size, requires = "traffic")]
    memory: u64,
    /// End after this time: `30s`, `10m`, `8h`
    #[arg(long = "for", value_name = "DURATION", value_parser = duration)]
    duration: Option<Duration>,
    #[command(flatten)]
    record: RecordArgs,
}

#[derive(ClapArgs, Debug)]
#[group(id = "traffic", multiple = true)]
struct TrafficArgs {
    /// The device to capture on, or `any`: see `regscope interfaces`; `-` for a capture that another program writes
    /// into standard input
    #[cfg(feature = "live")]
    #[arg(long, short, value_name = "DEVICE", allow_hyphen_values = true)]
    interface: Option<String>,
    /// Listen for HEP agents at this address, over UDP and TCP
    #[cfg(feature = "hep")]
    #[arg(long, value_name = "ADDR:PORT")]
    hep: Option<SocketAddr>,
    /// Follow the log of a server: from its beginning, as it grows, and by its name after it is rotated; may be repeated
    #[arg(long, value_name = "FILE")]
    follow: Vec<PathBuf>,
}

impl TrafficArgs {
    /// Whether packets come from anywhere.
    fn has_packets(&self) -> bool {
        #[cfg(feature = "live")]
        let device = self.interface.is_some();
        #[cfg(not(feature = "live"))]
        let device = false;
        #[cfg(feature = "hep")]
        let agents = self.hep.is_some();
        #[cfg(not(feature = "hep"))]
        let agents = false;
        device || agents
    }
}

#[cfg(feature = "live")]
#[derive(ClapArgs, Debug)]
struct HepOutArgs {
    /// Forward REGISTERs and their responses captured on the device to a HEP collector, over UDP
    #[arg(long = "hep-out", value_name = "HOST:PORT", requires = "interface")]
    collector: Option<String>,
    /// The capture id in what is sent to that collector
    #[arg(
        long = "hep-out-id",
        value_name = "NUMBER",
        default_value_t = 2001,
        requires = "collector"
    )]
    capture_id: u32,
    /// The name of this node in what is sent to that collector; none if left out
    #[arg(
        long = "hep-out-node",
        value_name = "NAME",
        default_value = "",
        hide_default_value = true,
        requires = "collector"
    )]
    node: String,
    /// The key that collector asks for; better in a file or in `REGSCOPE_HEP_OUT_KEY`
    #[arg(long = "hep-out-key", value_name = "KEY", requires = "collector")]
    key: Option<String>,
    /// The file whose first line is the key that collector asks for
    #[arg(
        long = "hep-out-key-file",
        value_name = "FILE",
        requires = "collector",
        conflicts_with = "key"
    )]
    key_file: Option<PathBuf>,
}

#[derive(ClapArgs, Debug)]
struct RecordArgs {
    /// Record everything seen as pcapng: a new file, a pattern for names of files if they rotate
    /// (`trace.pcapng` gives `trace-TIME-NUMBER.pcapng`), or a directory
    #[arg(long, short, value_name = "FILE|DIR", requires = "traffic")]
    write: Option<PathBuf>,
    /// Record only packets that may carry SIP: no media, no other datagrams; TCP connections whole
    #[arg(long, requires = "write")]
    only_sip: bool,
    /// Begin another file before one is larger
    #[arg(long, value_name = "SIZE", requires = "write", value_parser = size)]
    rotate_size: Option<u64>,
    /// Begin another file when one is this old
    #[arg(long, value_name = "DURATION", requires = "write", value_parser = duration)]
    rotate_time: Option<Duration>,
    /// Keep so many files, those of earlier recordings under such names included, and delete older ones
    #[arg(long, value_name = "NUMBER", requires = "write", value_parser = clap::value_parser!(u32).range(1..))]
    keep: Option<u32>,
    /// Permissions of new files, less what the umask takes: recordings hold digests and passwords
    #[arg(long, value_name = "OCTAL", default_value = "600", requires = "write", value_parser = mode)]
    mode: u32,
}

/// Where live traffic comes from, and what is done about it.
#[derive(Clone, Debug)]
pub struct LiveSettings {
    /// The device to capture on.
    #[cfg(feature = "live")]
    pub interface: Option<String>,
    /// Where HEP agents are listened for.
    #[cfg(feature = "hep")]
    pub hep: Option<SocketAddr>,
    /// The key they have to show.
    #[cfg(feature = "hep")]
    pub hep_key: Option<SecretArg>,
    /// Where registration traffic is sent on to.
    #[cfg(feature = "live")]
    pub hep_out: Option<HepOut>,
    /// A libpcap filter instead of the default one.
    #[cfg(feature = "live")]
    pub filter: Option<String>,
    /// Bytes of the kernel's buffer.
    #[cfg(feature = "live")]
    pub buffer: u32,
    /// Logs that are followed.
    pub follow: Vec<PathBuf>,
    /// What the user knows of them.
    pub logs: LogSettings,
    /// Bytes that all that is held may take.
    pub memory: usize,
    /// When it ends, if it does.
    pub duration: Option<Duration>,
    /// TLS key logs.
    pub keylogs: Vec<PathBuf>,
    /// Headers and Contact parameters to keep, because a filter or a column names them.
    pub extras: Vec<ExtraName>,
    /// Where all that is seen is written.
    pub record: Option<RecordSettings>,
    /// The user to become.
    #[cfg(feature = "live")]
    pub user: Option<String>,
    /// Whether to go without Landlock and seccomp.
    #[cfg(feature = "live")]
    pub no_fence: bool,
}

/// A HEP collector, and what it is sent.
#[cfg(feature = "live")]
#[derive(Clone, Debug)]
pub struct HepOut {
    /// Its host and port.
    pub collector: String,
    /// The capture id.
    pub capture_id: u32,
    /// The name of this node; none if empty.
    pub node: String,
    /// The key, if it asks for one.
    pub key: Option<SecretArg>,
}

/// How all that is seen is written.
#[derive(Clone, Debug)]
pub struct RecordSettings {
    /// A file or a directory.
    pub target: PathBuf,
    /// Whether only what may carry SIP is written.
    pub only_sip: bool,
    /// Bytes of a file.
    pub max_bytes: Option<u64>,
    /// Age of a file.
    pub max_age: Option<Duration>,
    /// Files that are kept.
    pub keep: Option<usize>,
    /// Permissions of the files.
    pub mode: u32,
}

/// What commands that read nothing but live traffic take beside it.
#[derive(ClapArgs, Debug)]
pub(super) struct OnlyLiveArgs {
    /// A libpcap filter (pcap-filter(7)) instead of the one that keeps SIP on any port and sheds media
    #[cfg(feature = "live")]
    #[arg(long, value_name = "BPF", requires = "interface")]
    filter: Option<String>,
    /// Read TLS with the secrets in this file (`SSLKEYLOGFILE` format); may be repeated
    #[arg(long, value_name = "FILE")]
    keylog: Vec<PathBuf>,
    #[command(flatten)]
    logs: LogArgs,
    /// Times in UTC instead of local time
    #[arg(long)]
    pub(super) utc: bool,
    #[cfg(feature = "live")]
    #[command(flatten)]
    rights: super::args::RightsArgs,
    #[command(flatten)]
    live: LiveArgs,
}

impl OnlyLiveArgs {
    /// The same, standard input being the device if `is_stream`.
    #[cfg(feature = "live")]
    pub(super) fn settings_of(mut self, is_stream: bool) -> Result<LiveSettings, clap::Error> {
        if is_stream {
            self.live.take_standard_input();
        }
        self.settings()
    }

    /// The settings; an error if nothing is named to read.
    pub(super) fn settings(self) -> Result<LiveSettings, clap::Error> {
        #[cfg(feature = "live")]
        let filter = self.filter;
        #[cfg(not(feature = "live"))]
        let filter = None;
        self.live.settings(
            filter,
            self.keylog,
            LogSettings::from(&self.logs),
            #[cfg(feature = "live")]
            self.rights.into(),
        )
    }
}

impl LiveSettings {
    /// Whether the device is a capture that another program writes into standard input.
    #[cfg(feature = "live")]
    #[must_use]
    pub fn is_stream(&self) -> bool {
        self.interface.as_deref() == Some(STANDARD_INPUT)
    }

    /// The name of the device, safe to show.
    #[cfg(feature = "live")]
    #[must_use]
    pub fn device_name(&self) -> Option<String> {
        let name = if self.is_stream() { "standard input" } else { self.interface.as_deref()? };
        Some(crate::net::escape_text(name).into_owned())
    }

    /// A few words that name what is followed.
    #[must_use]
    pub fn title(&self) -> String {
        #[cfg(feature = "live")]
        let device = self.device_name();
        #[cfg(not(feature = "live"))]
        let device = None;
        #[cfg(feature = "hep")]
        let agents = self.hep.map(|address| format!("HEP {address}"));
        #[cfg(not(feature = "hep"))]
        let agents = None;
        let logs = self
            .follow
            .iter()
            .map(|log| crate::net::escape_text(&log.to_string_lossy()).into_owned());
        device.into_iter().chain(agents).chain(logs).collect::<Vec<String>>().join(" + ")
    }
}

/// The logs that are given with their nodes: they are followed.
fn followed(nodes: &[NodeFile]) -> Result<Vec<PathBuf>, clap::Error> {
    let mut logs = Vec::new();
    for node in nodes.iter().filter(|node| node.is() == NodeIs::File) {
        if !node.file.is_file() {
            let name = crate::net::escape_text(&node.node);
            let file = node.file.to_string_lossy();
            let what = if node.file.is_dir() { "is a directory" } else { "does not exist" };
            let words = format!(
                "{} {what}: in live traffic a node is a log (--node {name}=FILE), an address \
                 (--node {name}=ADDR:PORT) or a HEP agent (--node {name}=CAPTURE-ID)\n",
                crate::net::escape_text(&file)
            );
            return Err(clap::Error::raw(ErrorKind::ValueValidation, words));
        }
        logs.push(node.file.clone());
    }
    Ok(logs)
}

impl LiveArgs {
    /// Whether live traffic is asked for, and not files.
    pub(super) fn is_asked_for(&self) -> bool {
        self.traffic.has_packets() || !self.traffic.follow.is_empty()
    }

    /// Takes standard input as the device.
    #[cfg(feature = "live")]
    pub(super) fn take_standard_input(&mut self) {
        self.traffic.interface = Some(STANDARD_INPUT.to_owned());
    }

    /// The settings to follow standard input with, which would be read as `files` say; `None` if it cannot be.
    #[cfg(feature = "live")]
    pub(super) fn of_standard_input(mut self, files: InputSettings) -> Option<LiveSettings> {
        // the files of nodes are read, not followed
        if files.logs.nodes.iter().any(|node| node.is() == NodeIs::File) {
            return None;
        }
        self.take_standard_input();
        self.settings(None, files.keylogs.into_vec(), files.logs, files.rights).ok()
    }

    /// An error if what is given is about live traffic, and there is none.
    pub(super) fn refuse_duration(&self) -> Result<(), clap::Error> {
        if self.duration.is_none() {
            return Ok(());
        }
        let words = "--for needs live traffic: give a device (-i), an address for HEP agents (--hep) or a log to follow (--follow)\n";
        Err(clap::Error::raw(ErrorKind::MissingRequiredArgument, words))
    }

    /// The settings, with a filter and key logs that are arguments of their own.
    pub(super) fn settings(
        self,
        filter: Option<String>,
        keylogs: Vec<PathBuf>,
        logs: LogSettings,
        #[cfg(feature = "live")] rights: super::settings::RightsSettings,
    ) -> Result<LiveSettings, clap::Error> {
        let of_nodes = followed(&logs.nodes)?;
        if !self.is_asked_for() && of_nodes.is_empty() {
            let words = match (cfg!(feature = "live"), cfg!(feature = "hep")) {
                (true, true) => {
                    "nothing to watch: give a device with -i, an address with --hep or a log with --follow\n"
                }
                (true, false) => "nothing to watch: give a device with -i or a log with --follow\n",
                _ => "nothing to watch: give an address with --hep or a log with --follow\n",
            };
            return Err(clap::Error::raw(ErrorKind::MissingRequiredArgument, words));
        }
        if self.record.write.is_some() && !self.traffic.has_packets() {
            let words = "nothing to record: a log has no packets\n";
            return Err(clap::Error::raw(ErrorKind::MissingRequiredArgument, words));
        }
        #[cfg(not(feature = "live"))]
        drop(filter);
        let mut follow = self.traffic.follow;
        for log in of_nodes {
            if !follow.contains(&log) {
                follow.push(log);
            }
        }
        let settings = LiveSettings {
            #[cfg(feature = "live")]
            interface: self.traffic.interface,
            #[cfg(feature = "hep")]
            hep: self.traffic.hep,
            #[cfg(feature = "hep")]
            hep_key: SecretArg::of_agents(self.hep_key, self.hep_key_file)?,
            #[cfg(feature = "live")]
            hep_out: self.out.settings()?,
            #[cfg(feature = "live")]
            filter,
            #[cfg(feature = "live")]
            buffer: self.buffer,
            follow,
            logs,
            memory: usize::try_from(self.memory).unwrap_or(usize::MAX),
            duration: self.duration,
            keylogs,
            extras: Vec::new(),
            record: record(self.record)?,
            #[cfg(feature = "live")]
            user: rights.user,
            #[cfg(feature = "live")]
            no_fence: rights.no_fence,
        };
        #[cfg(feature = "live")]
        if settings.filter.is_some() && settings.is_stream() {
            let words = "--filter is for devices: filter a capture on standard input in the program that writes it\n";
            return Err(clap::Error::raw(ErrorKind::ArgumentConflict, words));
        }
        Ok(settings)
    }
}

#[cfg(feature = "live")]
impl HepOutArgs {
    fn settings(self) -> Result<Option<HepOut>, clap::Error> {
        let Self { collector, capture_id, node, key, key_file } = self;
        let Some(collector) = collector else { return Ok(None) };
        let key = SecretArg::of_collector(key, key_file)?;
        Ok(Some(HepOut { collector, capture_id, node, key }))
    }
}

fn record(args: RecordArgs) -> Result<Option<RecordSettings>, clap::Error> {
    let RecordArgs { write, only_sip, rotate_size: max_bytes, rotate_time: max_age, keep, mode } =
        args;
    if keep.is_some() && max_bytes.is_none() && max_age.is_none() {
        let words = "--keep needs files to choose from: add --rotate-size or --rotate-time\n";
        return Err(clap::Error::raw(ErrorKind::MissingRequiredArgument, words));
    }
    let keep = keep.map(|keep| keep as usize);
    Ok(write.map(|target| RecordSettings { target, only_sip, max_bytes, max_age, keep, mode }))
}

/// Reads `30s`, `10m`, `1h30m`, or a number of seconds.
pub(super) fn duration(text: &str) -> Result<Duration, &'static str> {
    const WORDS: &str = "not a time like 30s, 10m or 8h";
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(Duration::from_secs(seconds)).filter(|d| !d.is_zero()).ok_or(WORDS);
    }
    let duration = text.parse::<jiff::SignedDuration>().map_err(|_| WORDS)?;
    Duration::try_from(duration).ok().filter(|d| !d.is_zero()).ok_or(WORDS)
}

/// Reads `100000`, `64K`, `32M`, `1G`.
pub(super) fn size(text: &str) -> Result<u64, &'static str> {
    const WORDS: &str = "not a size like 64K, 32M or 1G";
    let text = text.trim_end_matches(['b', 'B']).trim_end_matches('i');
    let (number, shift) = match text.char_indices().last() {
        Some((at, 'k' | 'K')) => (text.get(..at), 10),
        Some((at, 'm' | 'M')) => (text.get(..at), 20),
        Some((at, 'g' | 'G')) => (text.get(..at), 30),
        _ => (Some(text), 0),
    };
    let number: u64 = number.and_then(|n| n.parse().ok()).ok_or(WORDS)?;
    number.checked_mul(1 << shift).filter(|&bytes| bytes > 0).ok_or(WORDS)
}

#[cfg(feature = "live")]
fn buffer(text: &str) -> Result<u32, &'static str> {
    // libpcap takes a C int
    let most = |bytes: &u32| i32::try_from(*bytes).is_ok();
    u32::try_from(size(text)?).ok().filter(most).ok_or("at most 2047M")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_times_are_read_with_their_units() {
        for (text, bytes) in [("1", 1), ("64K", 65_536), ("32M", 32 << 20), ("1GiB", 1 << 30)] {
            assert_eq!(size(text), Ok(bytes), "{text}");
        }
        for text in ["", "M", "0", "-1", "1.5G", "99999999999999G", "1T"] {
            assert!(size(text).is_err(), "{text}");
        }
        for (text, seconds) in [("30", 30), ("30s", 30), ("10m", 600), ("1h30m", 5400)] {
            assert_eq!(duration(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for text in ["", "0", "-5s", "soon", "0s"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }
}
