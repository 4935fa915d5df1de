//! The processes that run the commands of `watch --exec` and post for `watch --webhook`, outside the fence and
//! without rights.

use std::io::{self, BufReader, Write as _, stdin, stdout};
use std::sync::Arc;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGUSR1};
use signal_hook::flag;

use super::{Failure, Outcome};

/// Gives up all rights, then runs commands until there are no more lines.
#[cfg(feature = "exec")]
pub(super) fn run(settings: &crate::cli::HookSettings) -> Result<Outcome, Failure> {
    use crate::hook::{RunnerLimits, run as run_commands};
    if give_up_rights(settings.user.as_deref())? {
        let limits = RunnerLimits::default();
        run_commands(&settings.command, &limits, BufReader::new(stdin()), stdout())?;
        stdout().flush()?;
    }
    Ok(Outcome::Done)
}

/// Gives up all rights, then posts until there are no more lines. The URL is in the environment, which no other
/// user can read.
#[cfg(feature = "webhook")]
pub(super) fn post(settings: &crate::cli::PostSettings) -> Result<Outcome, Failure> {
    use crate::webhook::{Address, PosterLimits, run as run_poster};
    let url = std::env::var(crate::cli::WEBHOOK_VARIABLE).unwrap_or_default();
    let Some(address) = Address::parse(&url) else {
        writeln!(stdout(), "there is no URL")?;
        return Ok(Outcome::Done);
    };
    if give_up_rights(settings.user.as_deref())? {
        let ended =
            run_poster(&address, &PosterLimits::default(), BufReader::new(stdin()), stdout());
        // the process that watches has ended: it kept what was not delivered
        ended.or_else(|error| match error.kind() {
            io::ErrorKind::BrokenPipe => Ok(()),
            _ => Err(error),
        })?;
    }
    Ok(Outcome::Done)
}

/// Gives up all rights and outlives signals to the whole group; whether that went well.
fn give_up_rights(user: Option<&str>) -> io::Result<bool> {
    // keys and service managers signal the whole group; this process ends when its input does.
    // Handlers, not SIG_IGN, which commands would inherit
    for signal in [SIGINT, SIGTERM, SIGHUP, SIGUSR1] {
        flag::register(signal, Arc::default())?;
    }
    #[cfg(feature = "live")]
    {
        let options = crate::privilege::DropOptions {
            user: user.map(str::to_owned),
            executes: true,
            ..crate::privilege::DropOptions::default()
        };
        if let Err(error) = crate::privilege::drop_privileges(&options) {
            // the process that started this one reports it
            writeln!(stdout(), "{error}")?;
            return Ok(false);
        }
    }
    #[cfg(not(feature = "live"))]
    let _ = user;
    Ok(true)
}
