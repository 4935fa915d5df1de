//! The arguments with which the program starts itself to run commands; they are not for users.

use std::ffi::OsString;

use clap::Args as ClapArgs;

#[derive(ClapArgs, Debug)]
pub(super) struct HookArgs {
    #[arg(long)]
    user: Option<String>,
    #[arg(allow_hyphen_values = true)]
    command: OsString,
}

/// The settings of a process that runs commands for `watch --exec`.
#[derive(Debug)]
pub struct HookSettings {
    /// The user to become.
    pub user: Option<String>,
    /// What the shell is to run for each line.
    pub command: OsString,
}

impl HookSettings {
    /// The name of the task among those of the program.
    pub const NAME: &str = "__run-commands";

    /// The arguments that give these settings.
    #[must_use]
    pub fn to_args(&self) -> Vec<OsString> {
        let mut args = vec![Self::NAME.into()];
        args.extend(self.user.as_ref().map(|user| format!("--user={user}").into()));
        args.extend(["--".into(), self.command.clone()]);
        args
    }
}

impl From<HookArgs> for HookSettings {
    fn from(args: HookArgs) -> Self {
        let HookArgs { user, command } = args;
        Self { user, command }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{Command, parse};

    #[test]
    fn the_arguments_come_back_as_they_were() {
        for (user, command) in
            [(None, "cat"), (Some("nobody"), "--version"), (Some("-x"), "-- a 'b'")]
        {
            let user = user.map(str::to_owned);
            let settings = HookSettings { user: user.clone(), command: command.into() };
            let mut args = settings.to_args();
            args.insert(0, "regscope".into());
            let Ok(Command::Hook(read)) = parse(args) else { panic!("{settings:?}") };
            assert_eq!((read.user, read.command.to_str()), (user, Some(command)));
        }
    }
}
