//! The arguments of `regscope explain`.

use std::path::PathBuf;

use clap::{Args as ClapArgs, ValueEnum};
use jiff::tz::TimeZone;

use super::args::{ColorArg, ReadArgs, SecretArgs, ending};
use super::settings::{InputSettings, style, zone};
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
    /// Colours in text
    #[arg(long, value_enum, default_value_t, value_name = "WHEN")]
    color: ColorArg,
    #[command(flatten)]
    read: ReadArgs,
    /// The DN
    #[arg(value_name = "DN")]
    dn: String,
    /// Captures (pcap, pcapng or snoop, also gzip or zstd), directories of them, `-` for standard input;
    /// several are merged in time order
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
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
    /// The DN.
    pub dn: String,
    /// What is read.
    pub input: InputSettings,
    /// What is printed.
    pub format: ExplainFormat,
    /// Passwords to hold against digests.
    pub secret_file: Option<PathBuf>,
    /// The zone of times in text.
    pub zone: TimeZone,
    /// How text looks.
    pub style: Style,
}

impl From<ExplainArgs> for ExplainSettings {
    fn from(args: ExplainArgs) -> Self {
        let ExplainArgs { format, secret, color, read, dn, files } = args;
        let (zone, style) = (zone(read.utc), style(color));
        let (input, secret_file) = (InputSettings::new(files, &read), secret.secret_file);
        Self { dn, input, format, secret_file, zone, style }
    }
}
