//! Turns arguments into settings; nobody else sees raw arguments.

use std::ffi::OsString;

use clap::Parser as _;

mod args;
mod at;
mod compare;
mod explain;
mod extract;
mod fail_on;
#[cfg(all(feature = "exec", any(feature = "live", feature = "hep")))]
mod hook;
#[cfg(feature = "live")]
mod interfaces;
#[cfg(any(feature = "live", feature = "hep"))]
mod live;
#[cfg(any(feature = "live", feature = "hep"))]
mod record;
mod settings;
#[cfg(feature = "tui")]
mod tui;
#[cfg(any(feature = "live", feature = "hep"))]
mod watch;

pub use at::At;
pub use compare::{CompareFormat, CompareSettings, What};
pub use explain::{ExplainFormat, ExplainSettings};
pub use extract::{ExtractFormat, ExtractSettings};
pub use fail_on::FailOn;
#[cfg(all(feature = "exec", any(feature = "live", feature = "hep")))]
pub use hook::HookSettings;
#[cfg(feature = "live")]
pub use interfaces::{InterfacesFormat, InterfacesSettings};
pub use settings::{
    Command, Input, InputSettings, MessagesFormat, MessagesSettings, ReportFormat, ReportSettings,
};

#[cfg(feature = "live")]
pub use live::HepOut;
#[cfg(any(feature = "live", feature = "hep"))]
pub use live::{LiveSettings, RecordSettings};
#[cfg(any(feature = "live", feature = "hep"))]
pub use record::RecordingSettings;
#[cfg(feature = "tui")]
pub use tui::TuiSettings;
#[cfg(any(feature = "live", feature = "hep"))]
#[cfg(all(feature = "metrics", any(feature = "live", feature = "hep")))]
pub use watch::MetricsSettings;
#[cfg(any(feature = "live", feature = "hep"))]
pub use watch::{WatchFormat, WatchSettings};

/// The settings `args` ask for, the program's name first; the error prints itself.
pub fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Command, clap::Error> {
    args::Args::try_parse_from(args).and_then(Command::try_from)
}
