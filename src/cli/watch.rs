//! The arguments of `regscope watch`.

use clap::{Args as ClapArgs, ValueEnum};
use jiff::tz::TimeZone;

use super::args::{ColorArg, Expected, ending, expected};
use super::live::{LiveSettings, OnlyLiveArgs};
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
    /// What to print
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: WatchFormat,
    /// DNs that should be there: told after 35 seconds if they were not seen
    #[arg(long, value_name = "LIST", value_parser = expected)]
    expect: Option<Expected>,
    #[command(flatten)]
    live: OnlyLiveArgs,
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
    /// The zone of times in text.
    pub zone: TimeZone,
    /// How text looks.
    pub style: Style,
}

impl TryFrom<WatchArgs> for WatchSettings {
    type Error = clap::Error;

    fn try_from(args: WatchArgs) -> Result<Self, clap::Error> {
        let WatchArgs { format, expect, live } = args;
        let zone = zone(live.utc);
        Ok(Self {
            live: live.settings()?,
            format,
            expected: expect.unwrap_or_default().0,
            zone,
            style: style(ColorArg::Never),
        })
    }
}
