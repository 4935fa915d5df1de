//! The arguments with which the program starts itself to run commands and to post; they are not for users.

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

#[derive(ClapArgs, Debug)]
pub(super) struct PostArgs {
    #[arg(long)]
    user: Option<String>,
}

/// The settings of a process that posts for `watch --webhook`; its environment has the URL.
#[derive(Debug)]
pub struct PostSettings {
    /// The user to become.
    pub user: Option<String>,
}

/// The arguments of a task, with the user to become.
fn task(name: &str, user: Option<&String>) -> Vec<OsString> {
    let user = user.map(|user| format!("--user={user}").into());
    std::iter::once(name.into()).chain(user).collect()
}

impl HookSettings {
    /// The name of the task among those of the program.
    pub const NAME: &str = "__run-commands";

    /// The arguments that give these settings.
    #[must_use]
    pub fn to_args(&self) -> Vec<OsString> {
        let mut args = task(Self::NAME, self.user.as_ref());
        args.extend(["--".into(), self.command.clone()]);
        args
    }
}

impl PostSettings {
    /// The name of the task among those of the program.
    pub const NAME: &str = "__post";

    /// The arguments that give these settings.
    #[must_use]
    pub fn to_args(&self) -> Vec<OsString> {
        task(Self::NAME, self.user.as_ref())
    }
}

impl From<HookArgs> for HookSettings {
    fn from(args: HookArgs) -> Self {
        let HookArgs { user, command } = args;
        Self { user, command }
    }
}

impl From<PostArgs> for PostSettings {
    fn from(args: PostArgs) -> Self {
        Self { user: args.user }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{Command, parse};

    #[cfg(feature = "exec")]
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

    #[cfg(feature = "webhook")]
    #[test]
    fn the_arguments_of_a_poster_come_back_too() {
        for user in [None, Some("nobody".to_owned())] {
            let mut args = PostSettings { user: user.clone() }.to_args();
            args.insert(0, "regscope".into());
            let Ok(Command::Post(read)) = parse(args) else { panic!("{user:?}") };
            assert_eq!(read.user, user);
        }
    }
}
