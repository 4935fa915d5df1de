//! The arguments of `regscope watch`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::error::ErrorKind;
use clap::{Args as ClapArgs, ValueEnum};
use jiff::tz::TimeZone;

use super::args::{ColorArg, Expected, ending, expected};
use super::settings::{style, zone};
use crate::report::Style;

pub(super) const EXAMPLES: &str = ending!(
    "  sudo regscope watch -i any
  sudo regscope watch -i eth0 --expect 5001-5020 -w /var/tmp --rotate-size 100M --keep 10
  regscope watch --hep 0.0.0.0:9060 --hep-key secret --format ndjson | jq -r .dn

  SIGINT, SIGTERM and SIGHUP end it; SIGUSR1 prints the report of the moment on standard error."
);

#[derive(ClapArgs, Debug)]
pub(super) struct WatchArgs {
    /// The device to capture on, or `any`: see `regscope interfaces`
    #[cfg(feature = "live")]
    #[arg(long, short, value_name = "DEVICE")]
    interface: Option<String>,
    /// Listen for HEP agents at this address, over UDP and TCP
    #[cfg(feature = "hep")]
    #[arg(long, value_name = "ADDR:PORT")]
    hep: Option<SocketAddr>,
    /// Take only HEP packets that show this key (HEP version 3)
    #[cfg(feature = "hep")]
    #[arg(long, value_name = "KEY", requires = "hep")]
    hep_key: Option<String>,
    /// Send the SIP messages captured on the device on to a HEP collector, over UDP
    #[cfg(feature = "live")]
    #[arg(long, value_name = "HOST:PORT", requires = "interface")]
    hep_out: Option<String>,
    /// What to print
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: WatchFormat,
    /// DNs that should be there: told after 35 seconds if they were not seen
    #[arg(long, value_name = "LIST", value_parser = expected)]
    expect: Option<Expected>,
    /// End after this time: `30s`, `10m`, `8h`
    #[arg(long = "for", value_name = "DURATION", value_parser = duration)]
    duration: Option<Duration>,
    /// A libpcap filter (pcap-filter(7)) instead of the one that keeps SIP on any port and sheds media
    #[cfg(feature = "live")]
    #[arg(long, value_name = "BPF", requires = "interface")]
    filter: Option<String>,
    /// The kernel's buffer for packets
    #[cfg(feature = "live")]
    #[arg(long, value_name = "SIZE", default_value = "32M", value_parser = buffer)]
    buffer: u32,
    /// What the model may take; the least interesting DNs are forgotten first
    #[arg(long, value_name = "SIZE", default_value = "256M", value_parser = size)]
    memory: u64,
    /// Read TLS with the secrets in this file (`SSLKEYLOGFILE` format); may be repeated
    #[arg(long, value_name = "FILE")]
    keylog: Vec<PathBuf>,
    #[command(flatten)]
    record: RecordArgs,
    /// The user to become when all is open, instead of the one who called sudo, or nobody
    #[cfg(feature = "live")]
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// Go without Landlock and seccomp
    #[cfg(feature = "live")]
    #[arg(long)]
    no_fence: bool,
    /// Times in UTC instead of local time
    #[arg(long)]
    utc: bool,
}

#[derive(ClapArgs, Debug)]
struct RecordArgs {
    /// Record everything seen as pcapng: a new file, a pattern for names of files if they rotate
    /// (`trace.pcapng` gives `trace-TIME-NUMBER.pcapng`), or a directory
    #[arg(long, short, value_name = "FILE|DIR")]
    write: Option<PathBuf>,
    /// Begin another file before one is larger
    #[arg(long, value_name = "SIZE", requires = "write", value_parser = size)]
    rotate_size: Option<u64>,
    /// Begin another file when one is this old
    #[arg(long, value_name = "DURATION", requires = "write", value_parser = duration)]
    rotate_time: Option<Duration>,
    /// Keep so many files and delete older ones
    #[arg(long, value_name = "NUMBER", requires = "write", value_parser = clap::value_parser!(u32).range(1..))]
    keep: Option<u32>,
}

/// The formats of `regscope watch`.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum WatchFormat {
    /// For a person
    #[default]
    Text,
    /// One object a line
    Ndjson,
}

/// The settings of `regscope watch`.
#[derive(Debug)]
pub struct WatchSettings {
    /// The device to capture on.
    pub interface: Option<String>,
    /// Where HEP agents are listened for.
    pub hep: Option<SocketAddr>,
    /// The key they have to show.
    pub hep_key: Option<String>,
    /// The collector to send to, host and port.
    pub hep_out: Option<String>,
    /// What is printed.
    pub format: WatchFormat,
    /// The DNs that should be there.
    pub expected: Vec<String>,
    /// When it ends, if it does.
    pub duration: Option<Duration>,
    /// A libpcap filter instead of the default one.
    pub filter: Option<String>,
    /// Bytes of the kernel's buffer.
    pub buffer: u32,
    /// Bytes the model may take.
    pub memory: usize,
    /// TLS key logs.
    pub keylogs: Vec<PathBuf>,
    /// Where all that is seen is written.
    pub record: Option<RecordSettings>,
    /// The user to become.
    pub user: Option<String>,
    /// Whether to go without Landlock and seccomp.
    pub no_fence: bool,
    /// The zone of times in text.
    pub zone: TimeZone,
    /// How text looks.
    pub style: Style,
}

/// How all that is seen is written.
#[derive(Clone, Debug)]
pub struct RecordSettings {
    /// A file or a directory.
    pub target: PathBuf,
    /// Bytes of a file.
    pub max_bytes: Option<u64>,
    /// Age of a file.
    pub max_age: Option<Duration>,
    /// Files that are kept.
    pub keep: Option<usize>,
}

impl TryFrom<WatchArgs> for WatchSettings {
    type Error = clap::Error;

    fn try_from(args: WatchArgs) -> Result<Self, clap::Error> {
        let record = record(args.record)?;
        let settings = Self {
            #[cfg(feature = "live")]
            interface: args.interface,
            #[cfg(not(feature = "live"))]
            interface: None,
            #[cfg(feature = "hep")]
            hep: args.hep,
            #[cfg(not(feature = "hep"))]
            hep: None,
            #[cfg(feature = "hep")]
            hep_key: args.hep_key,
            #[cfg(not(feature = "hep"))]
            hep_key: None,
            #[cfg(feature = "live")]
            hep_out: args.hep_out,
            #[cfg(not(feature = "live"))]
            hep_out: None,
            format: args.format,
            expected: args.expect.unwrap_or_default().0,
            duration: args.duration,
            #[cfg(feature = "live")]
            filter: args.filter,
            #[cfg(not(feature = "live"))]
            filter: None,
            #[cfg(feature = "live")]
            buffer: args.buffer,
            #[cfg(not(feature = "live"))]
            buffer: 0,
            memory: usize::try_from(args.memory).unwrap_or(usize::MAX),
            keylogs: args.keylog,
            record,
            #[cfg(feature = "live")]
            user: args.user,
            #[cfg(not(feature = "live"))]
            user: None,
            #[cfg(feature = "live")]
            no_fence: args.no_fence,
            #[cfg(not(feature = "live"))]
            no_fence: true,
            zone: zone(args.utc),
            style: style(ColorArg::Never),
        };
        if settings.interface.is_none() && settings.hep.is_none() {
            let words = match (cfg!(feature = "live"), cfg!(feature = "hep")) {
                (true, true) => {
                    "nothing to watch: give a device with -i or an address with --hep\n"
                }
                (true, false) => "nothing to watch: give a device with -i\n",
                _ => "nothing to watch: give an address with --hep\n",
            };
            return Err(clap::Error::raw(ErrorKind::MissingRequiredArgument, words));
        }
        Ok(settings)
    }
}

fn record(args: RecordArgs) -> Result<Option<RecordSettings>, clap::Error> {
    let RecordArgs { write, rotate_size: max_bytes, rotate_time: max_age, keep } = args;
    if keep.is_some() && max_bytes.is_none() && max_age.is_none() {
        let words = "--keep needs files to choose from: add --rotate-size or --rotate-time\n";
        return Err(clap::Error::raw(ErrorKind::MissingRequiredArgument, words));
    }
    let keep = keep.map(|keep| keep as usize);
    Ok(write.map(|target| RecordSettings { target, max_bytes, max_age, keep }))
}

/// Reads `30s`, `10m`, `1h30m`, or a number of seconds.
fn duration(text: &str) -> Result<Duration, &'static str> {
    const WORDS: &str = "not a time like 30s, 10m or 8h";
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(Duration::from_secs(seconds)).filter(|d| !d.is_zero()).ok_or(WORDS);
    }
    let duration = text.parse::<jiff::SignedDuration>().map_err(|_| WORDS)?;
    Duration::try_from(duration).ok().filter(|d| !d.is_zero()).ok_or(WORDS)
}

/// Reads `100000`, `64K`, `32M`, `1G`.
fn size(text: &str) -> Result<u64, &'static str> {
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
