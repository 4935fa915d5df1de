//! Help on live traffic: one page has all its options, the other pages those that most people need.

use std::ffi::OsString;

use clap::{Arg, ArgAction, Args as _, Command, CommandFactory as _};

use super::args::Args;
use super::live::LiveArgs;

/// The word behind `help` that asks for the page.
const TOPIC: &str = "live";
/// The page's name.
const PAGE: &str = "regscope help live";
/// Commands whose options about live traffic are on a page of their own; recording is what `record` is for.
const COMMANDS: [&str; 3] = ["tui", "report", "watch"];
/// Options that every page has.
const COMMON: [&str; 6] = ["interface", "hep", "follow", "memory", "duration", "write"];
/// The heading of options about live traffic where some are left out.
const HEADING: &str = "Live traffic (all options: `regscope help live`)";

/// The command line.
pub(super) fn command() -> Command {
    let live = LiveArgs::augment_args(Command::new(PAGE));
    let ids: Vec<_> = live.get_arguments().map(|arg| arg.get_id().clone()).collect();
    let shorten = |command: Command| {
        command.mut_args(|arg| {
            if !ids.contains(arg.get_id()) {
                return arg;
            }
            let is_common = COMMON.contains(&arg.get_id().as_str());
            arg.help_heading(HEADING).hide_short_help(!is_common).hide_long_help(!is_common)
        })
    };
    let known = shorten(Args::command());
    COMMANDS.into_iter().fold(known, |command, name| {
        if command.find_subcommand(name).is_some() {
            command.mut_subcommand(name, shorten)
        } else {
            command
        }
    })
}

/// The page on live traffic, if that is what the arguments ask for: an error that prints itself.
pub(super) fn live(args: &[OsString]) -> Option<clap::Error> {
    let [_, help, topic] = args else { return None };
    if help != "help" || topic != TOPIC {
        return None;
    }
    let page = LiveArgs::augment_args(Command::new(PAGE))
        .about("The options of live traffic: of the screen, `report`, `watch` and `record`")
        .override_usage(
            "regscope [report|watch|record] -i DEVICE [OPTIONS]\n       \
             regscope [report|watch|record] --hep ADDR:PORT [OPTIONS]\n       \
             regscope [report|watch|record] --follow FILE [OPTIONS]",
        )
        .disable_help_flag(true)
        .max_term_width(100);
    page.arg(Arg::new("help").long("help").hide(true).action(ArgAction::HelpLong))
        .try_get_matches_from([PAGE, "--help"])
        .err()
}
