//! The process that runs the commands of `watch --exec`, outside the fence and without rights.

use std::io::{BufReader, Write as _, stdin, stdout};
use std::sync::Arc;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGUSR1};
use signal_hook::flag;

use super::{Failure, Outcome};
use crate::cli::HookSettings;
use crate::hook::{RunnerLimits, run as run_commands};

/// Gives up all rights, then runs commands until there are no more lines.
pub(super) fn run(settings: &HookSettings) -> Result<Outcome, Failure> {
    // keys and service managers signal the whole group; this process ends when its input does.
    // Handlers, not SIG_IGN, which commands would inherit
    for signal in [SIGINT, SIGTERM, SIGHUP, SIGUSR1] {
        flag::register(signal, Arc::default())?;
    }
    #[cfg(feature = "live")]
    {
        let options = crate::privilege::DropOptions {
            user: settings.user.clone(),
            executes: true,
            ..crate::privilege::DropOptions::default()
        };
        if let Err(error) = crate::privilege::drop_privileges(&options) {
            // the process that started this one reports it
            writeln!(stdout(), "{error}")?;
            return Ok(Outcome::Done);
        }
    }
    let limits = RunnerLimits::default();
    run_commands(&settings.command, &limits, BufReader::new(stdin()), stdout())?;
    stdout().flush()?;
    Ok(Outcome::Done)
}
