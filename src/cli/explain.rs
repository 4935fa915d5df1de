//! The arguments of `regscope explain`.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::{Args as ClapArgs, ValueEnum};
use jiff::tz::TimeZone;

use super::args::{AtArgs, ColorArg, ReadArgs, SecretArgs, ending};
use super::at::At;
use super::compare::is_file;
use super::settings::{InputSettings, style, zone};
use super::usage::standard_input_holds_something;
use crate::net::escape_text;
use crate::report::Style;

pub(super) const EXAMPLES: &str = ending!(
    "  regscope explain 5002 trace.pcap
  regscope explain 2002 --secret-file passwords trace.pcap
  regscope explain 5002 --format json node-a.pcap node-b.pcap"
);

#[derive(ClapArgs, Debug)]
pub(super) struct ExplainArgs {
    /// What to print
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: ExplainFormat,
    #[command(flatten)]
    secret: SecretArgs,
    /// Colors in text
    #[arg(long, value_enum, default_value_t, value_name = "WHEN")]
    color: ColorArg,
    #[command(flatten)]
    at: AtArgs,
    #[command(flatten)]
    read: ReadArgs,
    /// The DN, then captures (pcap, pcapng or snoop) and logs of servers, also gzip or zstd, directories, zip
    /// and tar archives of them, `-` for standard input; several are merged in time order
    #[arg(required = true, num_args = 1.., value_names = ["DN", "FILE"])]
    words: Vec<OsString>,
}

/// The formats of `regscope explain`.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum ExplainFormat {
    /// For a person
    #[default]
    Text,
    /// One object
    Json,
}

/// The settings of `regscope explain`.
#[derive(Debug)]
pub struct ExplainSettings {
    /// The DN; absent where only captures are named.
    pub dn: Option<String>,
    /// What is read.
    pub input: InputSettings,
    /// What is printed.
    pub format: ExplainFormat,
    /// The moment of judgment, if it is not the last packet.
    pub at: Option<At>,
    /// Passwords to hold against digests.
    pub secret_file: Option<PathBuf>,
    /// The zone of times in text.
    pub zone: TimeZone,
    /// How text looks.
    pub style: Style,
}

impl TryFrom<ExplainArgs> for ExplainSettings {
    type Error = clap::Error;

    fn try_from(args: ExplainArgs) -> Result<Self, clap::Error> {
        let ExplainArgs { format, secret, color, at, read, words } = args;
        // a single word can only be the capture, if there is one of that name
        let mut words = words;
        let of_nodes = read.logs.names_files();
        if let [dn] = &*words
            && !is_file(dn)
            && !of_nodes
            && standard_input_holds_something()
        {
            words.push(OsString::from("-"));
        }
        let dn = match &*words {
            [only] if is_file(only) => None,
            [dn] if !of_nodes => {
                let dn = escape_text(&dn.to_string_lossy()).into_owned();
                let sentence = format!("a capture is needed: regscope explain {dn} FILE\n");
                return Err(clap::Error::raw(ErrorKind::MissingRequiredArgument, sentence));
            }
            [dn, ..] => Some(dn.to_string_lossy().into_owned()),
            [] => None,
        };
        let files = words.into_iter().skip(usize::from(dn.is_some())).map(PathBuf::from).collect();
        let (zone, style) = (zone(read.utc), style(color));
        let (input, secret_file) = (InputSettings::new(files, &read), secret.secret_file);
        Ok(Self { dn, input, format, at: at.at, secret_file, zone, style })
    }
}
