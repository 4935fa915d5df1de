//! The arguments of `regscope extract`.

use std::path::PathBuf;

use clap::{Args as ClapArgs, ValueEnum};
use jiff::tz::TimeZone;

use super::args::{CommonArgs, ending};
use super::settings::{InputSettings, mode, split, zone};
use crate::compare::Filter;
use crate::select::Selection;

pub(super) const EXAMPLES: &str = ending!(
    "  regscope extract --dn 5002 -o 5002.pcapng trace.pcap
  regscope extract --dn 5001-5020 --source 192.168.210.54 -o ticket.pcapng captures/
  regscope extract --dn 5002 --format markdown -o ticket.md trace.pcap

  A pcapng file holds what their verdicts need: every REGISTER of theirs and
  its responses, with all IP fragments; whole TCP connections that carried
  one; ICMP errors; requests to a DN whose responses show that it is gone.
  A comment on each packet names the frame it was. If the capture begins
  earlier or ends later, an empty packet marks that moment, because what has
  expired or was not answered depends on it. The file is read again before it
  is kept; a verdict that it alone does not yield is reported."
);

#[derive(ClapArgs, Debug)]
pub(super) struct ExtractArgs {
    /// What to write
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: ExtractFormat,
    /// The file to write
    #[arg(long, short, value_name = "FILE")]
    output: PathBuf,
    /// Replace the file if it is there
    #[arg(long)]
    force: bool,
    /// Permissions of the file, less what the umask takes: packets hold digests and passwords
    #[arg(long, value_name = "OCTAL", default_value = "600", value_parser = mode)]
    mode: u32,
    /// Only DNs this filter takes: `failing (code=403 or ua~Asterisk)`; see docs/filter.md
    #[arg(long = "where", value_name = "FILTER", value_parser = Filter::parse)]
    matching: Option<Filter>,
    #[command(flatten)]
    common: CommonArgs,
}

/// What `regscope extract` writes.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum ExtractFormat {
    /// The packets
    #[default]
    Pcapng,
    /// The report for a person
    Text,
    /// The report for a ticket
    Markdown,
    /// The report as one object
    Json,
    /// A row a DN, for a spreadsheet
    Csv,
}

/// The settings of `regscope extract`.
#[derive(Debug)]
pub struct ExtractSettings {
    /// What is read.
    pub input: InputSettings,
    /// What is written.
    pub format: ExtractFormat,
    /// Which DNs.
    pub selection: Selection,
    /// Which of these.
    pub filter: Option<Filter>,
    /// Where it is written.
    pub output: PathBuf,
    /// Whether a file that is there is replaced.
    pub force: bool,
    /// Permissions of the file.
    pub mode: u32,
    /// The zone of times.
    pub zone: TimeZone,
}

impl TryFrom<ExtractArgs> for ExtractSettings {
    type Error = clap::Error;

    fn try_from(args: ExtractArgs) -> Result<Self, clap::Error> {
        let ExtractArgs { format, output, force, mode, matching, common } = args;
        let zone = zone(common.read.utc);
        let (mut input, selection) = split(common);
        input.extras = matching.iter().flat_map(Filter::extras).collect();
        if selection.is_all() && matching.is_none() {
            let words = "name the DNs with --dn LIST or --source CIDR, or select them with --where FILTER\n";
            return Err(clap::Error::raw(clap::error::ErrorKind::MissingRequiredArgument, words));
        }
        Ok(Self { input, format, selection, filter: matching, output, force, mode, zone })
    }
}
