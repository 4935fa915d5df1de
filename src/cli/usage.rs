//! Handles incomplete command lines: a short usage, a mistyped command, standard input without its `-`.

use std::ffi::OsString;
use std::fs::File;
use std::io::stdin;
use std::os::fd::AsFd as _;
use std::os::unix::fs::FileTypeExt as _;
#[cfg(feature = "tui")]
use std::path::{Path, PathBuf};

#[cfg(feature = "tui")]
use clap::CommandFactory as _;
use clap::error::ErrorKind;

#[cfg(feature = "tui")]
use super::args::Args;
#[cfg(feature = "tui")]
use crate::net::escape_text;

/// How to ask, in ten lines.
pub(super) const SHORT: &str = "\
regscope reads SIP registration traffic and says why a DN is in or out of service.

  regscope FILE...                       the screen on captures
  regscope report FILE...                the state of every DN and the reason
  regscope explain DN FILE...            the story of one DN
  regscope compare [DN DN] FILE...       what failing DNs have in common, or two side by side
  sudo regscope -i any                   the screen on live traffic (see `regscope interfaces`)
  sudo regscope watch -i any             every change of state as it happens

All commands and options: regscope --help, regscope COMMAND --help";

/// How alike a word and a command have to be for the command to be offered.
#[cfg(feature = "tui")]
const ALIKE: f64 = 0.7;

/// Whether standard input is a pipe, a socket or a file: something that holds a capture. A terminal is
/// not, and neither is `/dev/null`.
pub(super) fn standard_input_holds_something() -> bool {
    let file = stdin().as_fd().try_clone_to_owned().map(File::from);
    let kind = file.and_then(|file| file.metadata()).map(|meta| meta.file_type());
    kind.is_ok_and(|kind| kind.is_fifo() || kind.is_socket() || kind.is_file())
}

/// Whether the arguments lack an input and nothing else that clap can see.
pub(super) fn lacks_input(error: &clap::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::MissingRequiredArgument | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand
    )
}

/// The error for a first word that is neither a file nor a command.
#[cfg(feature = "tui")]
pub(super) fn mistyped(files: &[PathBuf]) -> Option<clap::Error> {
    let word = files.first()?;
    let text = word.to_str()?;
    if text == "-" || text.contains(['/', '.']) || Path::new(word).exists() {
        return None;
    }
    let command = Args::command();
    let names = command.get_subcommands().filter(|c| !c.is_hide_set()).map(clap::Command::get_name);
    let scored = names.map(|name| (strsim::jaro(text, name), name));
    let best = scored.filter(|(score, _)| *score > ALIKE).max_by(|a, b| a.0.total_cmp(&b.0));
    let offer = best.map(|(_, name)| format!("; did you mean `{name}`?")).unwrap_or_default();
    let text = escape_text(text);
    let sentence = format!("no such file or command `{text}`{offer}\n");
    Some(clap::Error::raw(ErrorKind::InvalidSubcommand, sentence))
}

/// These arguments, with standard input as the input.
pub(super) fn with_standard_input(args: &[OsString]) -> Vec<OsString> {
    args.iter().cloned().chain([OsString::from("-")]).collect()
}
