//! The arguments of `regscope watch`.

#[cfg(feature = "metrics")]
use std::net::SocketAddr;

use clap::{Args as ClapArgs, ValueEnum};
use jiff::tz::TimeZone;

use super::args::{ColorArg, Expected, NamesArgs, ending, expected};
use super::fail_on::FailOn;
use super::live::{LiveSettings, OnlyLiveArgs};
use super::settings::{style, zone};
use crate::report::Style;

pub(super) const EXAMPLES: &str = ending!(
    "  sudo regscope watch -i any
  ssh pbx1 tcpdump -U -w - port 5060 | regscope watch -
  sudo regscope watch -i eth0 --expect 5001-5020 -w /var/tmp --rotate-size 100M --keep 10
  regscope watch --hep 0.0.0.0:9060 --hep-key-file hep.key --format ndjson | jq -r .dn
  sudo regscope watch -i any --exec 'jq -r \".title, .text\" | mail -s \"DNs\" noc@example.net'
  sudo regscope watch -i any --webhook-file url --webhook-template slack --state outages

  SIGINT, SIGTERM and SIGHUP end it with the report on standard error;
  SIGUSR1 prints it in between.",
    live,
    fail_on
);

#[derive(ClapArgs, Debug)]
pub(super) struct WatchArgs {
    /// What to print
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: WatchFormat,
    /// DNs that should be there: reported after 35 seconds if they were not seen
    #[arg(long, value_name = "LIST", value_parser = expected)]
    expect: Option<Expected>,
    /// Exit with status 1 if in the end a DN has one of these verdicts (`rejected`, `no_answer`, ...)
    /// or states (`out_of_service` or `failing`, `unknown`)
    #[arg(long, value_name = "VERDICTS", value_delimiter = ',', value_parser = FailOn::parse)]
    fail_on: Vec<FailOn>,
    /// `-`: a capture that another program writes into standard input, as with `-i -`
    #[cfg(feature = "live")]
    #[arg(value_name = "-", value_parser = ["-"], hide_possible_values = true, group = "traffic", conflicts_with = "interface")]
    stream: Option<String>,
    #[command(flatten)]
    names: NamesArgs,
    #[cfg(feature = "metrics")]
    #[command(flatten)]
    metrics: MetricsArgs,
    #[command(flatten)]
    live: OnlyLiveArgs,
    #[cfg(any(feature = "exec", feature = "webhook"))]
    #[command(flatten)]
    notify: super::notify::NotifyArgs,
}

#[cfg(feature = "metrics")]
#[derive(ClapArgs, Debug)]
struct MetricsArgs {
    /// Show numbers to Prometheus at http://ADDR:PORT/metrics, to anyone who can connect
    #[arg(long, value_name = "ADDR:PORT")]
    metrics: Option<SocketAddr>,
    /// Show there of each DN whether it is in service; of 10000 at most
    #[arg(long, requires = "metrics")]
    metrics_per_dn: bool,
}

/// Where numbers are shown, and which.
#[cfg(feature = "metrics")]
#[derive(Clone, Copy, Debug)]
pub struct MetricsSettings {
    /// Where to listen.
    pub address: SocketAddr,
    /// Whether each DN has a number of its own.
    pub per_dn: bool,
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
    /// What is watched.
    pub live: LiveSettings,
    /// What is printed.
    pub format: WatchFormat,
    /// The DNs that should be there.
    pub expected: Vec<String>,
    /// Whether DNS is asked for names.
    pub resolve: bool,
    /// What makes the exit status 1.
    pub fail_on: Vec<FailOn>,
    /// What notifications are made of, and where they go.
    #[cfg(any(feature = "exec", feature = "webhook"))]
    pub notify: super::NotifySettings,
    /// Where numbers are shown.
    #[cfg(feature = "metrics")]
    pub metrics: Option<MetricsSettings>,
    /// The zone of times in text.
    pub zone: TimeZone,
    /// How text looks.
    pub style: Style,
}

impl TryFrom<WatchArgs> for WatchSettings {
    type Error = clap::Error;

    fn try_from(args: WatchArgs) -> Result<Self, clap::Error> {
        #[cfg(feature = "metrics")]
        let MetricsArgs { metrics, metrics_per_dn: per_dn } = args.metrics;
        let zone = zone(args.live.utc);
        #[cfg(feature = "live")]
        let live = args.live.settings_of(args.stream.is_some())?;
        #[cfg(not(feature = "live"))]
        let live = args.live.settings()?;
        Ok(Self {
            live,
            format: args.format,
            expected: args.expect.unwrap_or_default().0,
            resolve: args.names.resolve(),
            fail_on: args.fail_on,
            #[cfg(any(feature = "exec", feature = "webhook"))]
            notify: args.notify.settings()?,
            #[cfg(feature = "metrics")]
            metrics: metrics.map(|address| MetricsSettings { address, per_dn }),
            zone,
            style: style(ColorArg::Never),
        })
    }
}
