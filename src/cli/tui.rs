//! The arguments of `regscope FILE…` and `regscope tui`.

use std::env;
use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::{Args as ClapArgs, ValueEnum};

use super::args::{ColorArg, Expected, NamesArgs, ReadArgs, ending, expected};
use super::at::At;
#[cfg(feature = "live")]
use super::live::LiveSettings;
use super::settings::{Input, InputSettings, style, zone};
use crate::compare::Filter;
use crate::net::STANDARD_INPUT;
use crate::registration::ExtraName;
use crate::tui::{ColumnId, Options, Palette, column_names};

pub(super) const EXAMPLES: &str = ending!(
    "  regscope trace.pcap
  regscope tui --show 'verdict=failing source=192.168.210.0/24' trace.pcap
  sudo regscope -i any
  sudo regscope -i eth0 --expect 5001-5020 -w /var/tmp --rotate-size 100M --keep 10
  ssh pbx1 tcpdump -U -w - port 5060 | regscope -
  regscope --hep 0.0.0.0:9060",
    live
);

#[derive(ClapArgs, Debug)]
pub(super) struct TuiArgs {
    /// Only DNs this filter takes, at first: `failing (code=403 or ua~Asterisk)`; see docs/filter.md
    #[arg(long, visible_alias = "where", value_name = "FILTER", value_parser = show)]
    show: Option<String>,
    /// The columns of the list, in this order, separated by commas; `hdr.NAME` is any header of the
    /// REGISTER, `contact.param.NAME` any parameter of its Contact
    #[arg(long, value_name = "LIST", value_delimiter = ',', value_parser = column)]
    columns: Vec<ColumnArg>,
    /// The colors: for a dark or a light background, or none; calm ones where the terminal has 256 or more
    #[arg(long, value_enum, default_value_t, value_name = "WHICH")]
    theme: ThemeArg,
    /// DNs that should be there: those that are not seen are listed as `not_seen`
    #[arg(long, value_name = "LIST", value_parser = expected)]
    expect: Option<Expected>,
    /// Judge at this moment instead of the last packet: see `regscope report --help`
    #[arg(long, value_name = "TIME", value_parser = At::parse)]
    #[cfg_attr(any(feature = "live", feature = "hep"), arg(conflicts_with = "traffic"))]
    at: Option<At>,
    #[command(flatten)]
    names: NamesArgs,
    #[command(flatten)]
    read: ReadArgs,
    #[cfg(any(feature = "live", feature = "hep"))]
    #[command(flatten)]
    live: super::live::LiveArgs,
    /// Captures (pcap, pcapng or snoop) and logs of servers, also gzip or zstd, directories, zip and tar
    /// archives of them, `-` for standard input; several are merged in time order
    #[arg(value_name = "FILE", help_heading = "Arguments")]
    #[cfg_attr(any(feature = "live", feature = "hep"), arg(conflicts_with = "traffic"))]
    files: Vec<PathBuf>,
}

impl TuiArgs {
    /// The captures that are named.
    pub(super) fn files(&self) -> &[PathBuf] {
        &self.files
    }
}

#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Default, Debug)]
enum ThemeArg {
    /// As `NO_COLOR` and `COLORFGBG` say, else dark
    #[default]
    Auto,
    Dark,
    Light,
    Mono,
}

/// The settings of the screen.
#[derive(Debug)]
pub struct TuiSettings {
    /// What is read.
    pub input: Input,
    /// The same as live traffic, if that is standard input and a program turns out to write a capture into it.
    #[cfg(feature = "live")]
    pub stream: Option<Box<LiveSettings>>,
    /// How the screen looks and begins.
    pub options: Options,
    /// The DNs that should be there.
    pub expected: Vec<String>,
    /// The moment to judge at.
    pub at: Option<At>,
    /// Whether DNS is asked for names.
    pub resolve: bool,
}

impl TryFrom<TuiArgs> for TuiSettings {
    type Error = clap::Error;

    fn try_from(args: TuiArgs) -> Result<Self, clap::Error> {
        let TuiArgs { show, columns, theme, expect, at, .. } = args;
        let (zone, resolve) = (zone(args.read.utc), args.names.resolve());
        #[cfg(feature = "live")]
        let (input, stream) = match (&*args.files, &at, &args.read.filter) {
            ([one], None, None) if one.as_os_str() == STANDARD_INPUT => {
                let files = InputSettings::new(args.files, &args.read);
                (Input::Files(files.clone()), args.live.of_standard_input(files).map(Box::new))
            }
            _ => (Input::new(args.files, &args.read, args.live)?, None),
        };
        #[cfg(all(feature = "hep", not(feature = "live")))]
        let input = Input::new(args.files, &args.read, args.live)?;
        #[cfg(not(any(feature = "live", feature = "hep")))]
        let input = Input::Files(InputSettings::new(args.files, &args.read));
        let (title, input) = match input {
            Input::Files(files) if files.files.is_empty() => {
                let text = if cfg!(feature = "live") {
                    "nothing to show: give a file, a directory or `-`, or a device with -i\n"
                } else {
                    "nothing to show: give a file, a directory or `-`\n"
                };
                return Err(clap::Error::raw(ErrorKind::MissingRequiredArgument, text));
            }
            Input::Files(files) => {
                (title(&files.files), Input::Files(InputSettings { progress: false, ..files }))
            }
            #[cfg(any(feature = "live", feature = "hep"))]
            Input::Live(live) => (live.title(), Input::Live(live)),
        };
        let (columns, extras) = with_extras(columns, show.as_deref());
        #[cfg(feature = "live")]
        let stream = stream.map(|live| Box::new(LiveSettings { extras: extras.clone(), ..*live }));
        let input = input.keeping(extras);
        let options = Options {
            zone,
            palette: palette(theme),
            unicode: style(ColorArg::Never).unicode,
            columns,
            filter: show.unwrap_or_default(),
            title,
        };
        Ok(Self {
            input,
            #[cfg(feature = "live")]
            stream,
            options,
            expected: expect.unwrap_or_default().0,
            at,
            resolve,
        })
    }
}

/// The file's name without its directories, or how many there are.
fn title(files: &[PathBuf]) -> String {
    match files {
        [one] if one.as_os_str() == STANDARD_INPUT => "standard input".to_owned(),
        [one] => {
            let name = one.file_name().unwrap_or(one.as_os_str());
            crate::net::escape_text(&name.to_string_lossy()).into_owned()
        }
        many => format!("{} files", many.len()),
    }
}

/// What `NO_COLOR` (<https://no-color.org>) and `COLORFGBG` (rxvt and others: foreground, then
/// background, as numbers of the 16 colors) ask for, in as many colors as the terminal has.
fn palette(theme: ThemeArg) -> Palette {
    let set = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
    let rich = is_rich(set("TERM").as_deref(), set("COLORTERM").as_deref());
    let light = match theme {
        ThemeArg::Dark => false,
        ThemeArg::Light => true,
        ThemeArg::Mono => return Palette::Mono,
        ThemeArg::Auto if set("NO_COLOR").is_some() => return Palette::Mono,
        ThemeArg::Auto => {
            let colours = set("COLORFGBG").unwrap_or_default();
            matches!(colours.rsplit(';').next(), Some("7" | "15"))
        }
    };
    match (light, rich) {
        (false, false) => Palette::Dark,
        (false, true) => Palette::CalmDark,
        (true, false) => Palette::Light,
        (true, true) => Palette::CalmLight,
    }
}

/// Whether a terminal has 256 colors or more: by its name, or as it says in `COLORTERM`, which the consoles
/// of Linux and of old terminals inherit without having them.
fn is_rich(term: Option<&str>, colorterm: Option<&str>) -> bool {
    let term = term.unwrap_or_default();
    let few = ["", "dumb", "linux", "ansi", "cons25"].contains(&term) || term.starts_with("vt");
    let says_so = matches!(colorterm, Some("truecolor" | "24bit"));
    term.contains("256color") || term.ends_with("-direct") || says_so && !few
}

fn show(text: &str) -> Result<String, String> {
    Filter::parse(text).map(|_| text.to_owned()).map_err(|error| error.to_string())
}

/// A column that is asked for.
#[derive(Clone, Debug)]
enum ColumnArg {
    Named(ColumnId),
    Extra(ExtraName),
}

fn column(name: &str) -> Result<ColumnArg, String> {
    let usual = ColumnId::from_name(name.trim()).map(ColumnArg::Named);
    usual.or_else(|| ExtraName::parse(name.trim()).map(ColumnArg::Extra)).ok_or_else(|| {
        let names = column_names().collect::<Vec<_>>().join(", ");
        format!("no such column; there are {names}, hdr.NAME and contact.param.NAME")
    })
}

/// The columns, and the headers and Contact parameters that they and the filter need.
fn with_extras(columns: Vec<ColumnArg>, filter: Option<&str>) -> (Vec<ColumnId>, Vec<ExtraName>) {
    let mut extras = Vec::new();
    let columns = columns.into_iter().filter_map(|column| match column {
        ColumnArg::Named(id) => Some(id),
        ColumnArg::Extra(name) => {
            let place = u8::try_from(extras.len()).ok()?;
            extras.push(name);
            Some(ColumnId::Extra(place))
        }
    });
    let columns = columns.collect();
    let filter = filter.and_then(|text| Filter::parse(text).ok()).unwrap_or_default();
    extras.extend(filter.extras());
    (columns, extras)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn term_and_colorterm_say_how_many_colors_there_are() {
        for (term, colorterm, want) in [
            ("xterm-256color", None, true),
            ("tmux-256color", None, true),
            ("xterm-direct", None, true),
            ("xterm-kitty", Some("truecolor"), true),
            ("screen", Some("24bit"), true),
            ("xterm", None, false),
            ("screen", None, false),
            ("xterm", Some("yes"), false),
            ("linux", Some("truecolor"), false),
            ("vt220", Some("truecolor"), false),
            ("dumb", Some("truecolor"), false),
        ] {
            assert_eq!(is_rich(Some(term), colorterm), want, "{term} {colorterm:?}");
        }
        assert!(!is_rich(None, Some("truecolor")) && !is_rich(None, None));
    }
}
