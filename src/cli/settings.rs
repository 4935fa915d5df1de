//! The settings the program runs by: arguments, environment and defaults resolved.

use std::env;
use std::io::{IsTerminal as _, stderr, stdout};
use std::path::PathBuf;

use jiff::tz::TimeZone;

use super::args::{
    Args, ColorArg, CommonArgs, MessagesArgs, MessagesFormatArg, ReadArgs, ReportArgs,
    ReportFormatArg, SelectArgs, Subcommands,
};
use super::at::At;
use super::compare::CompareSettings;
use super::explain::ExplainSettings;
use super::extract::ExtractSettings;
use super::fail_on::FailOn;
#[cfg(feature = "live")]
use super::interfaces::InterfacesSettings;
use super::logs::{LogSettings, NodeIs};
use crate::compare::Filter;
use crate::net::STANDARD_INPUT;
use crate::registration::ExtraName;
use crate::report::{Column, Style};
use crate::select::Selection;

/// What to do.
#[derive(Debug)]
pub enum Command {
    /// Nothing was asked for: how to ask.
    Usage(&'static str),
    /// `regscope FILE…`, `regscope tui`.
    #[cfg(feature = "tui")]
    Tui(Box<super::TuiSettings>),
    /// `regscope report`.
    Report(Box<ReportSettings>),
    /// `regscope messages`.
    Messages(MessagesSettings),
    /// `regscope compare`.
    Compare(Box<CompareSettings>),
    /// `regscope explain`.
    Explain(Box<ExplainSettings>),
    /// `regscope extract`.
    Extract(ExtractSettings),
    /// `regscope watch`.
    #[cfg(any(feature = "live", feature = "hep"))]
    Watch(Box<super::WatchSettings>),
    /// `regscope record`.
    #[cfg(any(feature = "live", feature = "hep"))]
    Record(Box<super::RecordingSettings>),
    /// The process that runs the commands of `regscope watch`.
    #[cfg(all(feature = "exec", any(feature = "live", feature = "hep")))]
    Hook(super::HookSettings),
    /// The process that posts the notifications of `regscope watch`.
    #[cfg(all(feature = "webhook", any(feature = "live", feature = "hep")))]
    Post(super::PostSettings),
    /// `regscope interfaces`.
    #[cfg(feature = "live")]
    Interfaces(InterfacesSettings),
}

/// What is read.
#[derive(Clone, Debug)]
pub enum Input {
    /// Captures.
    Files(InputSettings),
    /// What comes by now.
    #[cfg(any(feature = "live", feature = "hep"))]
    Live(Box<super::LiveSettings>),
}

/// Which captures are read, and how.
#[derive(Clone, Default, Debug)]
pub struct InputSettings {
    /// Files, directories, `-` for standard input.
    pub files: Vec<PathBuf>,
    /// A libpcap filter that packets have to pass.
    pub filter: Option<Box<str>>,
    /// TLS key logs.
    pub keylogs: Box<[PathBuf]>,
    /// What is known of logs among the files.
    pub logs: LogSettings,
    /// Headers and Contact parameters to keep, because a filter or a column names them.
    pub extras: Box<[ExtraName]>,
    /// Whether progress may be shown on standard error.
    pub progress: bool,
    /// What the program may do once all is open.
    #[cfg(feature = "live")]
    pub rights: RightsSettings,
}

/// What the program may do once all that it reads is open.
#[cfg(feature = "live")]
#[derive(Clone, Default, Debug)]
pub struct RightsSettings {
    /// The user to become.
    pub user: Option<String>,
    /// Whether to go without Landlock and seccomp.
    pub no_fence: bool,
}

/// The settings of `regscope report`.
#[derive(Debug)]
pub struct ReportSettings {
    /// What is read.
    pub input: Input,
    /// What is printed.
    pub format: ReportFormat,
    /// Which DNs.
    pub selection: Selection,
    /// Which of these.
    pub filter: Option<Filter>,
    /// The columns of rows; the usual ones if empty.
    pub columns: Vec<Column>,
    /// The DNs that should be there.
    pub expected: Vec<String>,
    /// The moment to judge at.
    pub at: Option<At>,
    /// What makes the exit status 1.
    pub fail_on: Vec<FailOn>,
    /// Passwords to hold against digests.
    pub secret_file: Option<PathBuf>,
    /// Whether DNS is asked for names.
    pub resolve: bool,
    /// The zone of times in text.
    pub zone: TimeZone,
    /// How text looks.
    pub style: Style,
}

/// The settings of `regscope messages`.
#[derive(Debug)]
pub struct MessagesSettings {
    /// What is read.
    pub input: InputSettings,
    /// What is printed.
    pub format: MessagesFormat,
    /// Which DNs.
    pub selection: Selection,
    /// The zone of times in text.
    pub zone: TimeZone,
    /// How text looks.
    pub style: Style,
}

/// The formats of `regscope report`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ReportFormat {
    /// For a person.
    Text,
    /// One JSON object.
    Json,
    /// For a ticket.
    Markdown,
    /// A row a DN.
    Csv,
}

/// The formats of `regscope messages`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MessagesFormat {
    /// For a person.
    Text,
    /// One JSON object a line.
    Ndjson,
}

impl TryFrom<Args> for Command {
    type Error = clap::Error;

    fn try_from(args: Args) -> Result<Self, clap::Error> {
        #[cfg(feature = "tui")]
        let command = match args.command {
            Some(command) => command,
            None => match super::usage::mistyped(args.tui.files()) {
                Some(error) => return Err(error),
                None => Subcommands::Tui(Box::new(args.tui)),
            },
        };
        #[cfg(not(feature = "tui"))]
        let command = args.command;
        Ok(match command {
            #[cfg(feature = "tui")]
            Subcommands::Tui(args) => Self::Tui(Box::new((*args).try_into()?)),
            Subcommands::Report(args) => Self::Report(Box::new((*args).try_into()?)),
            Subcommands::Messages(args) => Self::Messages(args.into()),
            Subcommands::Compare(args) => Self::Compare(Box::new(args.try_into()?)),
            Subcommands::Explain(args) => Self::Explain(Box::new(args.try_into()?)),
            Subcommands::Extract(args) => Self::Extract(args.try_into()?),
            #[cfg(any(feature = "live", feature = "hep"))]
            Subcommands::Watch(args) => Self::Watch(Box::new((*args).try_into()?)),
            #[cfg(any(feature = "live", feature = "hep"))]
            Subcommands::Record(args) => Self::Record(Box::new(args.try_into()?)),
            #[cfg(all(feature = "exec", any(feature = "live", feature = "hep")))]
            Subcommands::Hook(args) => Self::Hook(args.into()),
            #[cfg(all(feature = "webhook", any(feature = "live", feature = "hep")))]
            Subcommands::Post(args) => Self::Post(args.into()),
            #[cfg(feature = "live")]
            Subcommands::Interfaces(args) => Self::Interfaces(args.into()),
        })
    }
}

impl TryFrom<ReportArgs> for ReportSettings {
    type Error = clap::Error;

    fn try_from(args: ReportArgs) -> Result<Self, clap::Error> {
        let ReportArgs {
            format,
            expect,
            matching,
            columns,
            at,
            fail_on,
            all,
            statistics,
            secret,
            color,
            select,
            ..
        } = args;
        let (zone, style) = (zone(args.read.utc), Style { all, statistics, ..style(color) });
        let selection = select.into();
        #[cfg(any(feature = "live", feature = "hep"))]
        let input = Input::new(args.files, &args.read, args.live)?;
        #[cfg(not(any(feature = "live", feature = "hep")))]
        let input = Input::Files(InputSettings::new(args.files, &args.read));
        let format = match format {
            ReportFormatArg::Text => ReportFormat::Text,
            ReportFormatArg::Json => ReportFormat::Json,
            ReportFormatArg::Markdown => ReportFormat::Markdown,
            ReportFormatArg::Csv => ReportFormat::Csv,
        };
        let expected = expect.unwrap_or_default().0;
        let of_columns = columns.iter().filter_map(Column::extra).cloned();
        let of_filter = matching.iter().flat_map(Filter::extras);
        let input = input.keeping(of_columns.chain(of_filter).collect());
        Ok(Self {
            input,
            format,
            selection,
            filter: matching,
            columns,
            expected,
            at,
            fail_on,
            secret_file: secret.secret_file,
            resolve: args.names.resolve(),
            zone,
            style,
        })
    }
}

impl From<MessagesArgs> for MessagesSettings {
    fn from(args: MessagesArgs) -> Self {
        let MessagesArgs { format, common } = args;
        let (zone, style) = (zone(common.read.utc), style(ColorArg::Never));
        let (mut input, selection) = split(common);
        // messages and progress would come in between each other
        input.progress &= !stdout().is_terminal();
        let format = match format {
            MessagesFormatArg::Text => MessagesFormat::Text,
            MessagesFormatArg::Ndjson => MessagesFormat::Ndjson,
        };
        Self { input, format, selection, zone, style }
    }
}

/// What is read, and what is shown of it.
pub(super) fn split(common: CommonArgs) -> (InputSettings, Selection) {
    let input = InputSettings::new(common.files, &common.read);
    (input, common.select.into())
}

impl From<SelectArgs> for Selection {
    fn from(args: SelectArgs) -> Self {
        Self { dns: args.dn, sources: args.source }
    }
}

impl Input {
    /// The files, or live traffic if that is asked for.
    #[cfg(any(feature = "live", feature = "hep"))]
    pub(super) fn new(
        files: Vec<PathBuf>,
        read: &ReadArgs,
        live: super::live::LiveArgs,
    ) -> Result<Self, clap::Error> {
        let files = InputSettings::new(files, read);
        if live.is_asked_for() {
            return Ok(Self::Live(Box::new(live.settings(
                files.filter.map(String::from),
                files.keylogs.into_vec(),
                files.logs,
                #[cfg(feature = "live")]
                files.rights,
            )?)));
        }
        live.refuse_duration()?;
        Ok(Self::Files(files))
    }
}

impl Input {
    /// The same, with these headers and Contact parameters kept.
    pub(super) fn keeping(self, extras: Vec<ExtraName>) -> Self {
        match self {
            Self::Files(files) => Self::Files(InputSettings { extras: extras.into(), ..files }),
            #[cfg(any(feature = "live", feature = "hep"))]
            Self::Live(live) => Self::Live(Box::new(super::LiveSettings { extras, ..*live })),
        }
    }
}

impl InputSettings {
    /// How these files are to be read.
    pub(super) fn new(files: Vec<PathBuf>, read: &ReadArgs) -> Self {
        #[cfg(feature = "live")]
        let filter = read.filter.as_deref().map(Box::from);
        #[cfg(not(feature = "live"))]
        let filter = None;
        let (keylogs, logs) = (read.keylog.as_slice().into(), LogSettings::from(&read.logs));
        let of_nodes = logs.nodes.iter().filter(|node| node.is() == NodeIs::File);
        let of_nodes = of_nodes.map(|node| node.file.clone());
        let files = files.into_iter().chain(of_nodes).collect();
        Self {
            files,
            filter,
            keylogs,
            logs,
            extras: Box::default(),
            progress: !read.quiet && stderr().is_terminal(),
            #[cfg(feature = "live")]
            rights: read.rights.clone().into(),
        }
    }

    /// Whether standard input is among the files: it can be read once.
    #[must_use]
    pub fn has_standard_input(&self) -> bool {
        self.files.iter().any(|file| file.as_os_str() == STANDARD_INPUT)
    }
}

pub(super) fn zone(utc: bool) -> TimeZone {
    if utc { TimeZone::UTC } else { TimeZone::system() }
}

/// Colors if the terminal shows them, marks of the character set the locale names.
pub(super) fn style(color: ColorArg) -> Style {
    let set = |name: &str| env::var_os(name).filter(|value| !value.is_empty());
    let color = match color {
        ColorArg::Always => true,
        ColorArg::Never => false,
        ColorArg::Auto => {
            let dumb = set("TERM").is_none_or(|term| term == "dumb");
            stdout().is_terminal() && set("NO_COLOR").is_none() && !dumb
        }
    };
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(set);
    let locale = locale.unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    let unicode = locale.contains("utf-8") || locale.contains("utf8");
    Style { color, unicode, ..Style::default() }
}

/// Reads the permissions of a file: `600`, `0640`.
pub(super) fn mode(text: &str) -> Result<u32, &'static str> {
    let digits = !text.is_empty() && text.bytes().all(|b| matches!(b, b'0'..=b'7'));
    let mode = u32::from_str_radix(text, 8).ok().filter(|mode| digits && mode & !0o666 == 0);
    // what its owner cannot read and write is of no use
    mode.filter(|mode| mode & 0o600 == 0o600)
        .ok_or("not permissions of a file like 600, 640 or 644")
}
