//! The raw arguments, as clap reads them.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use ipnet::IpNet;

use super::at::At;
use super::compare::CompareArgs;
use super::explain::ExplainArgs;
use super::extract::ExtractArgs;
use super::fail_on::FailOn;
#[cfg(feature = "live")]
use super::interfaces::InterfacesArgs;
use crate::compare::Filter;
use crate::report::Column;
use crate::select::{DnList, DnListError};

/// Examples, followed by the exit statuses that the command has.
macro_rules! ending {
    ($examples:literal) => {
        $crate::cli::args::ending!(
            $examples,
            "",
            ", or a requested DN is not there",
            "an input could not be read (the others still count),\n     or "
        )
    };
    ($examples:literal, live) => {
        $crate::cli::args::ending!(
            $examples,
            "",
            ", or a requested DN is not there",
            "an input could not be read (the others still count),\n     the device could not be opened, or "
        )
    };
    ($examples:literal, live, fail_on) => {
        $crate::cli::args::ending!(
            $examples,
            "  1  something that --fail-on names was found\n",
            ", or a requested DN is not there",
            "an input could not be read (the others still count),\n     the device could not be opened, or "
        )
    };
    ($examples:literal, device) => {
        $crate::cli::args::ending!($examples, "", "", "the device could not be opened, or ")
    };
    ($examples:literal, devices) => {
        $crate::cli::args::ending!($examples, "", "", "the interfaces could not be listed, or ")
    };
    ($examples:literal, $found:literal, $absent:literal, $unread:literal) => {
        concat!(
            "EXAMPLES:\n",
            $examples,
            "\n\nEXIT STATUS:\n",
            "  0  done\n",
            $found,
            "  2  bad usage",
            $absent,
            "\n  3  ",
            $unread,
            "the output could not be written",
        )
    };
}

pub(super) use ending;

const EXAMPLES: &str = ending!(
    "  regscope trace.pcap
  regscope report trace.pcap
  regscope compare 1003 5002 trace.pcap
  regscope explain 5002 trace.pcap
  sudo regscope -i any",
    live
);
const REPORT_EXAMPLES: &str = ending!(
    "  regscope report --expect 5001-5020 --fail-on failing,not_seen before.pcap.gz
  regscope report --format json captures/ | jq '.dns[] | select(.state != \"in_service\")'
  sudo regscope report -i eth0 --for 60s",
    live,
    fail_on
);
const MESSAGES_EXAMPLES: &str = ending!(
    "  regscope messages --dn 5002 trace.pcap
  regscope messages --format ndjson node-a.pcap node-b.pcap | jq -r .call_id | sort -u"
);

/// Shows for every SIP DN in a capture or log whether it is in service, and if not, why.
#[derive(Parser, Debug)]
#[command(
    name = "regscope",
    version,
    arg_required_else_help = true,
    args_conflicts_with_subcommands = cfg!(feature = "tui"),
    after_help = EXAMPLES,
    max_term_width = 100
)]
pub(super) struct Args {
    #[cfg(feature = "tui")]
    #[command(subcommand)]
    pub command: Option<Subcommands>,
    #[cfg(not(feature = "tui"))]
    #[command(subcommand)]
    pub command: Subcommands,
    #[cfg(feature = "tui")]
    #[command(flatten)]
    pub tui: super::tui::TuiArgs,
}

#[derive(Subcommand, Debug)]
pub(super) enum Subcommands {
    /// The screen: DNs, what failing ones share, messages; `regscope FILE` opens it too
    #[cfg(feature = "tui")]
    #[command(after_help = super::tui::EXAMPLES)]
    Tui(Box<super::tui::TuiArgs>),
    /// The state of every DN at the end of the capture, and the evidence for it
    #[command(after_help = REPORT_EXAMPLES)]
    Report(Box<ReportArgs>),
    /// Every REGISTER and its responses, in capture order
    #[command(after_help = MESSAGES_EXAMPLES)]
    Messages(MessagesArgs),
    /// What failing DNs share and working ones do not, or two DNs side by side
    #[command(after_help = super::compare::EXAMPLES)]
    Compare(CompareArgs),
    /// One DN's registration history, the cause and what to check
    #[command(after_help = super::explain::EXAMPLES)]
    Explain(ExplainArgs),
    /// Copy the packets of selected DNs to a file that yields the same verdicts
    #[command(after_help = super::extract::EXAMPLES)]
    Extract(ExtractArgs),
    /// Every change of a DN's state as it happens, from a device or from HEP agents
    #[cfg(any(feature = "live", feature = "hep"))]
    #[command(after_help = super::watch::EXAMPLES)]
    Watch(Box<super::watch::WatchArgs>),
    /// Record what a device or HEP agents give, in files that rotate
    #[cfg(any(feature = "live", feature = "hep"))]
    #[command(after_help = super::record::EXAMPLES)]
    Record(super::record::RecordingArgs),
    #[cfg(all(feature = "exec", any(feature = "live", feature = "hep")))]
    #[command(name = super::hook::HookSettings::NAME, hide = true)]
    Hook(super::hook::HookArgs),
    #[cfg(all(feature = "webhook", any(feature = "live", feature = "hep")))]
    #[command(name = super::hook::PostSettings::NAME, hide = true)]
    Post(super::hook::PostArgs),
    /// The devices that can be captured on, and whether this user may
    #[cfg(feature = "live")]
    #[command(after_help = super::interfaces::EXAMPLES)]
    Interfaces(InterfacesArgs),
}

#[derive(ClapArgs, Debug)]
pub(super) struct ReportArgs {
    /// What to print
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub format: ReportFormatArg,
    /// DNs that should be there: those that are not seen are listed as `not_seen`
    #[arg(long, value_name = "LIST", value_parser = expected)]
    pub expect: Option<Expected>,
    /// Only DNs this filter takes: `failing (code=403 or ua~Asterisk)`; see docs/filter.md
    #[arg(long = "where", value_name = "FILTER", value_parser = Filter::parse)]
    pub matching: Option<Filter>,
    /// The columns of `csv`, in this order; `text` shows those that are headers or Contact parameters in
    /// place of the User-Agent: `dn,verdict,hdr.X-Site,contact.param.ob`
    #[arg(long, value_name = "LIST", value_delimiter = ',', value_parser = Column::parse)]
    pub columns: Vec<Column>,
    /// Judge at this moment instead of the last packet: RFC 3339, `2026-11-22 21:04[:05]`,
    /// epoch seconds, or `21:04:05` on the day of the first packet (the next day if that is earlier)
    #[arg(long, value_name = "TIME", value_parser = At::parse)]
    #[cfg_attr(any(feature = "live", feature = "hep"), arg(conflicts_with = "traffic"))]
    pub at: Option<At>,
    /// Exit with status 1 if a DN has one of these verdicts (`rejected`, `no_answer`, ...) or
    /// states (`out_of_service` or `failing`, `unknown`)
    #[arg(long, value_name = "VERDICTS", value_delimiter = ',', value_parser = FailOn::parse)]
    pub fail_on: Vec<FailOn>,
    /// A row for every DN, however many there are
    #[arg(long)]
    pub all: bool,
    /// Response codes, delays, retransmissions, registrars and sources in numbers, in text and Markdown
    /// too (JSON always has them)
    #[arg(long)]
    pub statistics: bool,
    #[command(flatten)]
    pub secret: SecretArgs,
    #[command(flatten)]
    pub names: NamesArgs,
    /// Colors in text
    #[arg(long, value_enum, default_value_t, value_name = "WHEN")]
    pub color: ColorArg,
    #[command(flatten)]
    pub select: SelectArgs,
    #[command(flatten)]
    pub read: ReadArgs,
    #[cfg(any(feature = "live", feature = "hep"))]
    #[command(flatten)]
    pub live: super::live::LiveArgs,
    /// Captures (pcap, pcapng or snoop) and logs of servers, also gzip or zstd, directories, zip and tar
    /// archives of them, `-` for standard input; several are merged in time order
    #[arg(value_name = "FILE", help_heading = "Arguments", required_unless_present = "node_logs")]
    #[cfg_attr(
        any(feature = "live", feature = "hep"),
        arg(required_unless_present_any = ["traffic", "node_logs"], conflicts_with = "traffic")
    )]
    pub files: Vec<PathBuf>,
}

#[derive(ClapArgs, Debug)]
pub(super) struct SecretArgs {
    /// Report whether digests fit the passwords in this file: lines of a DN or user name (`user@realm`
    /// for one realm only), a space, and the password; no password is ever shown
    #[arg(long, value_name = "FILE")]
    pub secret_file: Option<PathBuf>,
}

/// The moment of judgment, for commands that read nothing but files.
#[derive(ClapArgs, Debug)]
pub(super) struct AtArgs {
    /// Judge at this moment instead of the last packet: see `regscope report --help`
    #[arg(long, value_name = "TIME", value_parser = At::parse)]
    pub at: Option<At>,
}

/// What is asked of others than the capture.
#[derive(ClapArgs, Debug)]
pub(super) struct NamesArgs {
    /// Ask DNS for the names of sources and registrars; nothing waits long for it
    #[cfg(feature = "live")]
    #[arg(long)]
    resolve: bool,
}

impl NamesArgs {
    pub(super) const fn resolve(&self) -> bool {
        #[cfg(feature = "live")]
        let resolve = self.resolve;
        #[cfg(not(feature = "live"))]
        let resolve = false;
        let _ = self;
        resolve
    }
}

#[derive(ClapArgs, Debug)]
pub(super) struct MessagesArgs {
    /// What to print
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub format: MessagesFormatArg,
    #[command(flatten)]
    pub common: CommonArgs,
}

/// Which DNs are shown.
#[derive(ClapArgs, Debug)]
pub(super) struct SelectArgs {
    /// Only these DNs, separated by commas: `5001`, `5001-5020`, `10*`, `50?2`
    #[arg(long, value_name = "LIST", value_parser = DnList::parse)]
    pub dn: Option<DnList>,
    /// Only DNs registered from this address or network; may be repeated
    #[arg(long, value_name = "CIDR", value_parser = parse_net)]
    pub source: Vec<IpNet>,
}

/// What commands that read nothing but files take.
#[derive(ClapArgs, Debug)]
pub(super) struct CommonArgs {
    #[command(flatten)]
    pub select: SelectArgs,
    #[command(flatten)]
    pub read: ReadArgs,
    /// Captures (pcap, pcapng or snoop) and logs of servers, also gzip or zstd, directories, zip and tar
    /// archives of them, `-` for standard input; several are merged in time order
    #[arg(required_unless_present = "node_logs", value_name = "FILE")]
    pub files: Vec<PathBuf>,
}

/// How captures are read, whatever is asked of them.
#[derive(ClapArgs, Debug)]
pub(super) struct ReadArgs {
    /// Times in UTC instead of local time
    #[arg(long)]
    pub utc: bool,
    /// Only packets this libpcap filter takes (see pcap-filter(7)); `port` loses IP fragments
    #[cfg(feature = "live")]
    #[arg(long, value_name = "BPF")]
    pub filter: Option<String>,
    /// Read TLS with the secrets in this file (`SSLKEYLOGFILE` format); may be repeated. Secrets in
    /// pcapng files are used without being asked for
    #[arg(long, value_name = "FILE")]
    pub keylog: Vec<PathBuf>,
    #[command(flatten)]
    pub logs: super::logs::LogArgs,
    /// No progress on standard error
    #[arg(long, short)]
    pub quiet: bool,
    #[cfg(feature = "live")]
    #[command(flatten)]
    pub rights: RightsArgs,
}

/// What the program may do once all that it reads is open.
#[cfg(feature = "live")]
#[derive(ClapArgs, Clone, Default, Debug)]
pub(super) struct RightsArgs {
    /// The user that root becomes when all is open, instead of the one who called sudo, or nobody (or, to
    /// write a file, the owner of its directory)
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// Run without the Landlock and seccomp sandbox
    #[arg(long)]
    no_fence: bool,
}

#[cfg(feature = "live")]
impl From<RightsArgs> for super::settings::RightsSettings {
    fn from(RightsArgs { user, no_fence }: RightsArgs) -> Self {
        Self { user, no_fence }
    }
}

#[derive(ValueEnum, Clone, Copy, Default, Debug)]
pub(super) enum ReportFormatArg {
    /// For a person
    #[default]
    Text,
    /// One object
    Json,
    /// For a ticket
    Markdown,
    /// For a spreadsheet: a row a DN
    Csv,
}

#[derive(ValueEnum, Clone, Copy, Default, Debug)]
pub(super) enum MessagesFormatArg {
    /// For a person
    #[default]
    Text,
    /// One object a line
    Ndjson,
}

#[derive(ValueEnum, Clone, Copy, Default, Debug)]
pub(super) enum ColorArg {
    /// On a terminal, unless `NO_COLOR` is set
    #[default]
    Auto,
    Always,
    Never,
}

/// DNs named one by one.
#[derive(Clone, Default, Debug)]
pub(super) struct Expected(pub Vec<String>);

pub(super) fn expected(list: &str) -> Result<Expected, DnListError> {
    DnList::parse(list)?.names().map(Expected)
}

/// Reads a network, or an address as the network of that one address.
fn parse_net(text: &str) -> Result<IpNet, &'static str> {
    let net = text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
    net.map_err(|_| "neither an address nor a network like 192.0.2.0/24")
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_arguments_are_consistent() {
        Args::command().debug_assert();
    }

    #[test]
    fn a_source_is_an_address_or_a_network() {
        assert_eq!(parse_net("192.0.2.1").unwrap().prefix_len(), 32);
        assert_eq!(parse_net("2001:db8::/32").unwrap().prefix_len(), 32);
        assert!(parse_net("192.0.2.300").is_err());
        assert!(parse_net("192.0.2.0/33").is_err());
    }
}
