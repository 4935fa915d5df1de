//! Turns arguments into settings; no other module sees raw arguments.

use std::ffi::OsString;

use clap::FromArgMatches as _;

mod args;
mod at;
mod compare;
mod explain;
mod extract;
mod fail_on;
#[cfg(any(feature = "live", feature = "hep"))]
mod help;
#[cfg(all(any(feature = "exec", feature = "webhook"), any(feature = "live", feature = "hep")))]
mod hook;
#[cfg(feature = "live")]
mod interfaces;
#[cfg(any(feature = "live", feature = "hep"))]
mod live;
mod logs;
#[cfg(all(any(feature = "exec", feature = "webhook"), any(feature = "live", feature = "hep")))]
mod notify;
#[cfg(any(feature = "live", feature = "hep"))]
mod record;
#[cfg(any(feature = "live", feature = "hep"))]
mod secret_arg;
mod settings;
#[cfg(feature = "tui")]
mod tui;
mod usage;
#[cfg(any(feature = "live", feature = "hep"))]
mod watch;

pub use at::At;
pub use compare::{CompareFormat, CompareSettings, What};
pub use explain::{ExplainFormat, ExplainSettings};
pub use extract::{ExtractFormat, ExtractSettings};
pub use fail_on::FailOn;
#[cfg(all(
    any(feature = "exec", feature = "webhook"),
    any(feature = "live", feature = "hep")
))]
pub use hook::{HookSettings, PostSettings};
#[cfg(feature = "live")]
pub use interfaces::{InterfacesFormat, InterfacesSettings};
pub use logs::{LogSettings, NodeFile, NodeIs};
#[cfg(all(feature = "webhook", any(feature = "live", feature = "hep")))]
pub use notify::WebhookSettings;
#[cfg(all(
    any(feature = "exec", feature = "webhook"),
    any(feature = "live", feature = "hep")
))]
pub use notify::{NotifyOn, NotifySettings};
pub use settings::{
    Command, Input, InputSettings, MessagesFormat, MessagesSettings, ReportFormat, ReportSettings,
};

#[cfg(feature = "live")]
pub use live::HepOut;
#[cfg(any(feature = "live", feature = "hep"))]
pub use live::{LiveSettings, RecordSettings};
#[cfg(any(feature = "live", feature = "hep"))]
pub use record::RecordingSettings;
#[cfg(any(feature = "live", feature = "hep"))]
pub use secret_arg::{SECRET_VARIABLES, SecretArg, WEBHOOK_VARIABLE, without_secrets};
#[cfg(feature = "tui")]
pub use tui::TuiSettings;
#[cfg(any(feature = "live", feature = "hep"))]
#[cfg(all(feature = "metrics", any(feature = "live", feature = "hep")))]
pub use watch::MetricsSettings;
#[cfg(any(feature = "live", feature = "hep"))]
pub use watch::{WatchFormat, WatchSettings};

/// The settings `args` ask for, the program's name first; the error prints itself.
///
/// Standard input is the input where none is named and it holds something.
pub fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Command, clap::Error> {
    let args: Vec<_> = args.into_iter().collect();
    #[cfg(any(feature = "live", feature = "hep"))]
    if let Some(page) = help::live(&args) {
        return Err(page);
    }
    let mut parsed = raw(&args);
    if let Err(error) = &parsed
        && usage::lacks_input(error)
    {
        if usage::standard_input_holds_something() {
            let piped = raw(&usage::with_standard_input(&args));
            parsed = piped.or(parsed);
        } else if args.len() <= 1 {
            return Ok(Command::Usage(usage::SHORT));
        }
    }
    parsed.and_then(Command::try_from)
}

/// The raw arguments.
fn raw(args: &[OsString]) -> Result<args::Args, clap::Error> {
    #[cfg(any(feature = "live", feature = "hep"))]
    let mut command = help::command();
    #[cfg(not(any(feature = "live", feature = "hep")))]
    let mut command = <args::Args as clap::CommandFactory>::command();
    let mut matches = command.try_get_matches_from_mut(args)?;
    args::Args::from_arg_matches_mut(&mut matches).map_err(|error| error.format(&mut command))
}
