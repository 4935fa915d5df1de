//! Saves chosen DNs into a file: their packets, or a report about them.
//!
//! The model keeps no packet, so packets are read again: once to learn which frames the messages came
//! in, once more for the rest of their TCP connections, and once to copy them.

use std::io::{self, Write};
use std::path::PathBuf;

use super::Failure;
use super::evidence::Evidence;
use crate::cli::ExtractFormat as Format;
use crate::report::{Style, View, csv, json, markdown, text};
use crate::source::Format as FileFormat;

mod closure;
mod file;
mod follow;
mod frames;
mod packets;
mod summary;

pub(super) use file::refuse;
pub(super) use summary::Summary;

/// What is wanted where.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Export {
    /// What the file is to hold.
    pub format: Format,
    /// The file.
    pub path: PathBuf,
    /// Whether a file that is there is replaced.
    pub force: bool,
    /// Permissions of the file, less what the umask takes.
    pub mode: u32,
}

impl Export {
    /// Permissions that keep a file to its owner.
    #[cfg(feature = "tui")]
    pub(super) const PRIVATE: u32 = 0o600;
}

/// Saves the DNs that `view` selects.
///
/// The file appears when it is complete; on any error there is none, and one that was there is as it
/// was. Packets can be saved of files, and of live traffic as far as it is kept: standard input cannot be
/// read a second time.
pub(super) fn export(
    export: &Export,
    view: &View<'_>,
    evidence: &Evidence,
) -> Result<Summary, Failure> {
    refuse(export, evidence.files(), &view.capture.files)?;
    let files = &view.capture.files;
    let logs = !files.is_empty() && files.iter().all(|file| file.format == FileFormat::Log);
    if export.format == Format::Pcapng && logs {
        return Err(Failure::Usage(
            "a log has no packets: --format text, markdown, json or csv saves the report"
                .to_owned(),
        ));
    }
    let dns = view.dns().count();
    if dns == 0 {
        let all = view.snapshot.dns().len();
        return Err(Failure::Usage(format!("none of the {all} DNs here is selected")));
    }
    let mut new = file::NewFile::create(export)?;
    let mut summary = Summary { dns, ..Summary::new(export) };
    if export.format == Format::Pcapng {
        packets::write(view, evidence, &mut new, &mut summary)?;
    } else {
        let mut out = io::BufWriter::new(new.file());
        report(export.format, view, &mut out)
            .and_then(|()| out.flush())
            .map_err(|e| export.failed(e))?;
    }
    summary.bytes = new.keep(export)?;
    Ok(summary)
}

fn report(format: Format, view: &View<'_>, out: &mut dyn Write) -> io::Result<()> {
    let style = Style { color: false, unicode: true, all: true, statistics: false };
    let view = &View { style, ..*view };
    match format {
        Format::Text => text::write(view, out),
        Format::Markdown => markdown::write(view, out),
        Format::Json => json::write(view, out),
        Format::Csv => csv::write(view, out),
        Format::Pcapng => Ok(()),
    }
}

impl Export {
    /// The failure to write it.
    fn failed(&self, error: io::Error) -> Failure {
        Failure::Export { path: self.path.clone(), error }
    }
}
