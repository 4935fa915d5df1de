//! Connects the sources, the engine and one front end.

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, BufWriter, Write, stderr, stdout};
use std::os::fd::AsFd as _;
use std::path::PathBuf;
use std::sync::{Once, OnceLock};

use crate::cli::{self, Command, InputSettings};
use crate::cluster::flag_splits;
use crate::registration::Snapshot;
use crate::source::{Archives, CaptureSet, OpenOptions, Others};

#[cfg(feature = "tui")]
mod around;
mod asked;
mod batch;
mod compare;
mod continuity;
mod coverage;
mod evidence;
mod explain;
mod export;
mod extract;
mod failure;
mod fetch;
#[cfg_attr(feature = "live", path = "filter.rs")]
#[cfg_attr(not(feature = "live"), path = "no_filter.rs")]
mod filter;
mod finder;
#[cfg(all(any(feature = "exec", feature = "webhook"), any(feature = "live", feature = "hep")))]
mod hook;
#[cfg(feature = "live")]
mod hosts;
#[cfg(feature = "live")]
mod interfaces;
mod interrupt;
mod keys;
#[cfg(any(feature = "live", feature = "hep"))]
mod live;
mod logs;
mod messages;
mod nodes;
mod pipeline;
mod private;
mod progress;
mod reader;
#[cfg(test)]
mod replay;
mod report;
#[cfg_attr(feature = "live", path = "rights.rs")]
#[cfg_attr(not(feature = "live"), path = "no_rights.rs")]
mod rights;
mod rotation;
#[cfg(feature = "tui")]
pub mod screen;
mod secrets;
mod survey;
mod worker;

pub use failure::Failure;

/// How a run that did not fail ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// All is done.
    Done,
    /// A DN has a verdict that `--fail-on` names.
    Found,
    /// All is done that could be, and an input that was named could not be read.
    Incomplete,
}

/// Does what the arguments ask for, the program's name first.
pub fn run(args: impl IntoIterator<Item = OsString>) -> Result<Outcome, Failure> {
    let args: Vec<OsString> = args.into_iter().collect();
    let command = cli::parse(args.iter().cloned())?;
    #[cfg(all(unix, any(feature = "live", feature = "hep")))]
    private::hide_secrets(&args);
    match command {
        Command::Usage(text) => Err(Failure::NoCommand(text)),
        #[cfg(feature = "tui")]
        Command::Tui(settings) => screen::run(&settings),
        Command::Report(settings) => report::run(&settings),
        Command::Messages(settings) => messages::run(&settings),
        Command::Compare(settings) => compare::run(&settings),
        Command::Explain(settings) => explain::run(&settings),
        Command::Extract(settings) => extract::run(&settings),
        #[cfg(any(feature = "live", feature = "hep"))]
        Command::Watch(settings) => live::watch::run(&settings),
        #[cfg(all(feature = "exec", any(feature = "live", feature = "hep")))]
        Command::Hook(settings) => hook::run(&settings),
        #[cfg(all(feature = "webhook", any(feature = "live", feature = "hep")))]
        Command::Post(settings) => hook::post(&settings),
        #[cfg(any(feature = "live", feature = "hep"))]
        Command::Record(settings) => live::record::run(&settings),
        #[cfg(feature = "live")]
        Command::Interfaces(settings) => interfaces::run(&settings),
    }
}

/// What is wrong with a filter by port.
const LOSES_FRAGMENTS: &str = "the filter names a port, which only the first fragment of a packet has: \
                               REGISTERs in IP fragments will be cut";

/// A faulty filter is reported once: a second pass opens the captures again.
static TOLD: Once = Once::new();

/// What archives held, for passes that read the inputs again.
static ARCHIVES: OnceLock<Archives> = OnceLock::new();

/// Inputs that are open.
struct Opened {
    /// The captures.
    set: CaptureSet,
    /// The filter for them.
    filter: Option<filter::Filter>,
    /// The logs.
    logs: logs::Logs,
}

/// Opens the captures and logs and compiles the filter for them; `plan` says what is known of the logs.
fn open(input: &InputSettings, plan: &survey::Plan) -> Result<Opened, Failure> {
    if let Some(name) = &input.logs.format
        && !crate::log::formats().any(|format| format == name)
    {
        let known: Vec<_> = crate::log::formats().collect();
        let name = crate::net::escape_text(name);
        let known = known.join(", ");
        return Err(Failure::Usage(format!("no log format is called {name}; there are {known}")));
    }
    let mut logs = logs::Logs::new(input, plan);
    let set = open_with(&input.files, &mut logs)?;
    logs.begin();
    let Some(text) = &input.filter else { return Ok(Opened { set, filter: None, logs }) };
    let filter = filter::Filter::new(text, set.files().iter().flat_map(|file| &file.links))?;
    if filter::loses_fragments(text) {
        TOLD.call_once(|| warn(LOSES_FRAGMENTS));
    }
    Ok(Opened { set, filter: Some(filter), logs })
}

/// Opens inputs; `others` takes what is no capture.
fn open_with(files: &[PathBuf], others: &mut dyn Others) -> Result<CaptureSet, Failure> {
    let options = OpenOptions {
        held: rights::held().cloned(),
        archives: ARCHIVES.get_or_init(Archives::default).clone(),
        witness: Some(continuity::WITNESS),
        ends: interrupt::ends(),
        ..OpenOptions::default()
    };
    Ok(CaptureSet::open_with(files, options, others)?)
}

/// A snapshot as it is shown: a split of the cluster is flagged on its DNs, which the model alone cannot see.
fn shown(mut snapshot: Snapshot) -> Snapshot {
    flag_splits(&mut snapshot);
    snapshot
}

/// Standard output, buffered.
fn output() -> BufWriter<Standard> {
    let file = stdout().as_fd().try_clone_to_owned().ok().map(File::from);
    BufWriter::with_capacity(64 << 10, Standard(file))
}

/// Standard output as a file; `Stdout` would look for line ends in all that is written.
struct Standard(Option<File>);

impl Write for Standard {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.0 {
            Some(file) => file.write(bytes),
            // it is closed, or there are too many open files
            None => stdout().write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.0.is_some() { Ok(()) } else { stdout().flush() }
    }
}

/// Says on standard error why there is no output.
fn note(sentence: &str) {
    // without standard error there is nothing to do
    drop(writeln!(stderr(), "regscope: {sentence}"));
}

/// Says something on standard error that the output itself cannot say.
fn warn(sentence: &str) {
    // without standard error there is nothing to do
    drop(writeln!(stderr(), "regscope: warning: {sentence}"));
}
