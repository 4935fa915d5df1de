//! Reports what was saved, and what the user should know about it.

use std::path::PathBuf;

use super::Export;
use crate::cli::ExtractFormat as Format;
use crate::net::count;
use crate::net::{escape_bytes, escape_text};
use crate::registration::Verdict;
use crate::wording::names;

/// A verdict with its status code.
pub(in crate::app) type Outcome = (Verdict, Option<u16>);

/// DNs reported one by one because their verdict differs in the file, at most.
const TOLD: usize = 5;

/// A DN of which the saved packets alone say something else.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::app) struct Differing {
    /// The DN.
    pub dn: Vec<u8>,
    /// Its verdict here.
    pub here: Outcome,
    /// That of the file; none if it is not listed there.
    pub alone: Option<Outcome>,
}

/// What was saved.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::app) struct Summary {
    /// The file.
    pub path: PathBuf,
    /// What it holds.
    pub format: Format,
    /// Its size, in bytes.
    pub bytes: u64,
    /// How many DNs were selected.
    pub dns: usize,
    /// How many packets were copied.
    pub packets: u64,
    /// Of how many.
    pub of_packets: u64,
    /// Packets that would belong to it and are not kept any more.
    pub gone: u64,
    /// DNs that were not selected and are in the packets too.
    pub others: usize,
    /// DNs of which the packets alone say something else.
    pub differing: Vec<Differing>,
}

impl Summary {
    pub(in crate::app) fn new(export: &Export) -> Self {
        Self {
            path: export.path.clone(),
            format: export.format,
            bytes: 0,
            dns: 0,
            packets: 0,
            of_packets: 0,
            gone: 0,
            others: 0,
            differing: Vec::new(),
        }
    }

    /// What there is to say, a sentence each; the first one is about the file.
    pub(in crate::app) fn sentences(&self) -> Vec<String> {
        let path = escape_text(&self.path.to_string_lossy()).into_owned();
        let mut said = vec![match self.format {
            Format::Pcapng => format!(
                "{path}: {} of {} for {}, {}",
                self.packets,
                count(self.of_packets, "packet"),
                count(self.dns as u64, "DN"),
                count(self.bytes, "byte")
            ),
            _ => format!("{path}: {}, {}", count(self.dns as u64, "DN"), count(self.bytes, "byte")),
        }];
        if self.gone > 0 {
            let gone = count(self.gone, "earlier packet");
            said.push(format!("{gone} of them are not kept any more: record with -w to keep all"));
        }
        if self.others > 0 {
            let others = count(self.others as u64, "more DN");
            said.push(format!(
                "{others} came over the same connections and can be read in the file"
            ));
        }
        said.extend(self.differing.iter().take(TOLD).map(Differing::sentence));
        if let Some(more) = self.differing.get(TOLD..).filter(|more| !more.is_empty()) {
            let dns: Vec<&[u8]> = more.iter().map(|one| one.dn.as_slice()).collect();
            said.push(format!("the same is true of {}", names::list(&dns)));
        }
        said
    }
}

impl Differing {
    fn sentence(&self) -> String {
        let words = |(verdict, code): Outcome| {
            let code = code.map_or_else(String::new, |code| format!(" {code}"));
            format!("{}{code}", verdict.name())
        };
        let alone = self.alone.map_or_else(|| "not listed".to_owned(), words);
        format!(
            "{} is {} in the whole capture and {alone} by these packets alone: what decides it is in \
             the traffic of others, or in a time after the last packet",
            escape_bytes(&self.dn),
            words(self.here)
        )
    }
}
