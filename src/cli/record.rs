//! The arguments of `regscope record`.

use clap::Args as ClapArgs;
use clap::error::ErrorKind;
use jiff::tz::TimeZone;

use super::args::ending;
use super::live::{LiveSettings, OnlyLiveArgs};
use super::settings::zone;

pub(super) const EXAMPLES: &str = ending!(
    "  sudo regscope record -i any -w /var/tmp --rotate-size 100M --keep 20
  sudo regscope record -i eth0 -w incident.pcapng --only-sip --for 10m
  regscope record --hep 0.0.0.0:9060 -w /var/tmp --rotate-time 1h --keep 24",
    device
);

#[derive(ClapArgs, Debug)]
pub(super) struct RecordingArgs {
    #[command(flatten)]
    live: OnlyLiveArgs,
}

/// The settings of `regscope record`.
#[derive(Debug)]
pub struct RecordingSettings {
    /// What is recorded, and where.
    pub live: LiveSettings,
    /// The zone of times in text.
    pub zone: TimeZone,
}

impl TryFrom<RecordingArgs> for RecordingSettings {
    type Error = clap::Error;

    fn try_from(RecordingArgs { live }: RecordingArgs) -> Result<Self, clap::Error> {
        let zone = zone(live.utc);
        let live = live.settings()?;
        if live.record.is_none() {
            let words = "nowhere to record to: give a file or a directory with -w\n";
            return Err(clap::Error::raw(ErrorKind::MissingRequiredArgument, words));
        }
        Ok(Self { live, zone })
    }
}
