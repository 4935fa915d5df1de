//! The arguments of `regscope compare`, and what they ask to be compared.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use clap::error::ErrorKind;
use clap::{Args as ClapArgs, ValueEnum};
use jiff::tz::TimeZone;

use super::args::{AtArgs, ReadArgs, ending};
use super::at::At;
use super::settings::{InputSettings, zone};
use super::usage::standard_input_holds_something;
use crate::compare::Filter;

pub(super) const EXAMPLES: &str = ending!(
    "  regscope compare trace.pcap                       failing DNs against working ones
  regscope compare 1003.pcap 5002.pcap              the same over two captures
  regscope compare 1003 5002 trace.pcap             two DNs side by side
  regscope compare 5002 --before 1.pcap --after 2.pcap
  regscope compare --a 'source=192.168.210.81' --b 'dn=50* code=403' trace.pcap

  A word that names a file is a file, any other a DN; DNs come before the
  files. For DNs that are called like a file: --a dn=NAME --b dn=NAME.
  Conditions of --a and --b: dn, source, verdict, code, reason, flag,
  registrar, ua, realm, contact, ... with = != ~ !~ < <= > >=, `or`, `not` and
  parentheses; a bare word is searched for. docs/filter.md lists every field."
);

#[derive(ClapArgs, Debug)]
pub(super) struct CompareArgs {
    /// What to print
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: CompareFormat,
    /// Compare the DNs that these conditions select ...
    #[arg(long, value_name = "CONDITIONS", value_parser = Filter::parse)]
    a: Option<Filter>,
    /// ... with the DNs that these select; with all others if it is left out
    #[arg(long, value_name = "CONDITIONS", requires = "a", value_parser = Filter::parse)]
    b: Option<Filter>,
    /// Compare a DN as it is in this capture ...
    #[arg(long, value_name = "FILE", requires = "after", conflicts_with_all = ["a", "b", "at"])]
    before: Option<PathBuf>,
    /// ... with the same DN in this one
    #[arg(long, value_name = "FILE", requires = "before")]
    after: Option<PathBuf>,
    #[command(flatten)]
    at: AtArgs,
    #[command(flatten)]
    read: ReadArgs,
    /// At most two DNs, then captures (pcap, pcapng or snoop) and logs of servers, also gzip or zstd,
    /// directories, zip and tar archives of them, `-` for standard input; several are merged in time order
    #[arg(required = true, value_name = "DN|FILE")]
    words: Vec<OsString>,
}

/// The formats of `regscope compare`.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum CompareFormat {
    /// For a person
    #[default]
    Text,
    /// One object
    Json,
    /// For a ticket
    Markdown,
    /// For a spreadsheet
    Csv,
}

/// The settings of `regscope compare`.
#[derive(Debug)]
pub struct CompareSettings {
    /// What is compared with what.
    pub what: What,
    /// What is printed.
    pub format: CompareFormat,
    /// The moment of judgment, if it is not the last packet.
    pub at: Option<At>,
    /// The zone of times in text.
    pub zone: TimeZone,
}

/// What is compared with what.
#[derive(Debug)]
pub enum What {
    /// Failing DNs with working ones.
    Cohorts(InputSettings),
    /// The DNs of one filter with those of another, or with all others.
    Selected(InputSettings, Box<(Filter, Option<Filter>)>),
    /// Two DNs.
    Pair(InputSettings, [String; 2]),
    /// One DN in two captures.
    BeforeAfter([InputSettings; 2], String),
}

impl TryFrom<CompareArgs> for CompareSettings {
    type Error = clap::Error;

    fn try_from(args: CompareArgs) -> Result<Self, clap::Error> {
        let CompareArgs { format, a, b, before, after, at, read, words } = args;
        let zone = zone(read.utc);
        let what = match (a, before.zip(after)) {
            (Some(a), _) => {
                let files = words.into_iter().map(PathBuf::from).collect();
                let extras = [Some(&a), b.as_ref()].into_iter().flatten().flat_map(Filter::extras);
                let input =
                    InputSettings { extras: extras.collect(), ..InputSettings::new(files, &read) };
                What::Selected(input, Box::new((a, b)))
            }
            (None, Some((before, after))) => {
                let [dn] = words.as_slice() else {
                    return Err(wrong("--before and --after take one DN and no other file"));
                };
                let before = InputSettings::new(vec![before], &read);
                let after = InputSettings { files: vec![after], ..before.clone() };
                What::BeforeAfter([before, after], name(dn))
            }
            (None, None) => {
                let mut words = words;
                if !words.iter().any(|word| is_file(word)) && standard_input_holds_something() {
                    words.push(OsString::from("-"));
                }
                by_words(&words, &read, is_file)?
            }
        };
        Ok(Self { what, format, at: at.at, zone })
    }
}

/// Separates DNs from files: a word that is no file and comes before the files is a DN.
fn by_words(
    words: &[OsString],
    read: &ReadArgs,
    is_file: impl Fn(&OsStr) -> bool,
) -> Result<What, clap::Error> {
    let first = words.iter().position(|word| is_file(word)).unwrap_or(words.len());
    let (dns, files) = words.split_at(first);
    let dns: Vec<String> = dns.iter().map(|dn| name(dn)).collect();
    let named = dns.join(", ");
    if files.is_empty() {
        return Err(wrong(&format!("{named}: no such file, and a capture is needed")));
    }
    if let Some(late) = files.iter().find(|word| !is_file(word)) {
        let late = name(late);
        return Err(wrong(&format!("{late}: no such file (DNs come before the files)")));
    }
    let input = InputSettings::new(files.iter().map(PathBuf::from).collect(), read);
    match <[String; 2]>::try_from(dns) {
        Ok([a, b]) if a == b => Err(wrong(&format!(
            "{a} twice: to compare a DN with itself in two captures use --before and --after"
        ))),
        Ok(pair) => Ok(What::Pair(input, pair)),
        Err(none) if none.is_empty() => Ok(What::Cohorts(input)),
        Err(one) if one.len() == 1 => Err(wrong(&format!(
            "{named}: no such file; a DN takes a second DN beside it, or --before and --after"
        ))),
        Err(_) => Err(wrong(&format!(
            "{named}: no such files, and two DNs are compared at a time; --a and --b select more"
        ))),
    }
}

pub(super) fn is_file(word: &OsStr) -> bool {
    word == "-" || Path::new(word).exists()
}

fn name(word: &OsStr) -> String {
    word.to_string_lossy().into_owned()
}

fn wrong(sentence: &str) -> clap::Error {
    let sentence = crate::net::escape_text(sentence);
    clap::Error::raw(ErrorKind::ValueValidation, format!("{sentence}\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(words: &str) -> String {
        let read = ReadArgs {
            utc: true,
            #[cfg(feature = "live")]
            filter: None,
            keylog: Vec::new(),
            logs: super::super::logs::LogArgs::default(),
            quiet: true,
            #[cfg(feature = "live")]
            rights: crate::cli::args::RightsArgs::default(),
        };
        let words: Vec<_> = words.split_whitespace().map(OsString::from).collect();
        match by_words(&words, &read, |word| word == "-" || word.to_string_lossy().contains('.')) {
            Ok(What::Pair(input, dns)) => format!("pair {dns:?} in {}", input.files.len()),
            Ok(What::Cohorts(input)) => format!("cohorts in {}", input.files.len()),
            Ok(other) => format!("{other:?}"),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn dns_stand_before_the_files() {
        for (words, want) in [
            ("a.pcap", "cohorts in 1"),
            ("a.pcap -", "cohorts in 2"),
            ("1003 5002 a.pcap", "pair [\"1003\", \"5002\"] in 1"),
            ("1003 5002 a.pcap b.pcap", "pair [\"1003\", \"5002\"] in 2"),
            ("5002 a.pcap", "error: 5002: no such file; a DN takes a second DN"),
            ("1 2 3 a.pcap", "error: 1, 2, 3: no such files, and two DNs"),
            ("5002", "error: 5002: no such file, and a capture is needed"),
            ("a.pcap 5002", "error: 5002: no such file (DNs come before"),
            ("5002 5002 a.pcap", "error: 5002 twice"),
        ] {
            assert!(told(words).starts_with(want), "{words}: {}", told(words));
        }
    }
}
