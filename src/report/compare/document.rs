//! The JSON objects that `regscope compare --format json` prints.

use std::io::{self, Write};

use serde::Serialize;

use super::json::{ContrastJson, PairJson, RawPairJson};
use super::view::PairView;
use crate::capture::file_name;
use crate::compare::{Contrast, SaidLine};
use crate::net::escape_text;
use crate::report::model::SCHEMA;

/// Working against failing DNs, or two selections.
#[derive(Serialize)]
struct ContrastDoc {
    schema: u32,
    regscope: &'static str,
    contrast: ContrastJson,
    /// Lines of logs with no known meaning.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    said: Vec<SaidJson>,
}

/// A line of a log with no known meaning: in how many attempts of each side it is.
#[derive(Serialize)]
struct SaidJson {
    shape: String,
    example: String,
    failing: u32,
    of_failing: u32,
    working: u32,
    of_working: u32,
    separates: bool,
}

impl From<&SaidLine> for SaidJson {
    fn from(line: &SaidLine) -> Self {
        let ((failing, of_failing), (working, of_working)) = (line.failures, line.successes);
        Self {
            shape: escape_text(&line.shape.text).into_owned(),
            example: escape_text(&line.shape.example).into_owned(),
            failing,
            of_failing,
            working,
            of_working,
            separates: line.separates(),
        }
    }
}

/// Two DNs; `request` and `answer` are null where the messages cannot be compared.
#[derive(Serialize)]
struct PairDoc {
    schema: u32,
    regscope: &'static str,
    pair: PairJson,
    verdicts: [&'static str; 2],
    status_codes: [Option<u16>; 2],
    /// The causes, and which differences divide the other DNs too, in sentences.
    lead: Vec<String>,
    files: [Vec<String>; 2],
    /// Lines of logs with no known meaning in the exchange of one side alone.
    #[serde(skip_serializing_if = "no_lines")]
    said: [Vec<String>; 2],
    request: Option<RawPairJson>,
    answer: Option<RawPairJson>,
    notes: Vec<String>,
}

/// Writes a contrast as one object and a line end.
pub fn write_json(contrast: &Contrast, out: &mut dyn Write) -> io::Result<()> {
    let regscope = env!("CARGO_PKG_VERSION");
    let said = contrast.said.iter().map(SaidJson::from).collect();
    object(&ContrastDoc { schema: SCHEMA, regscope, contrast: contrast.into(), said }, out)
}

/// Writes a pair as one object and a line end.
pub fn write_pair_json(view: &PairView<'_>, out: &mut dyn Write) -> io::Result<()> {
    let messages = view.messages();
    let message =
        |title| messages.iter().find(|m| m.title == title).map(|m| RawPairJson::from(&m.raw));
    let doc = PairDoc {
        schema: SCHEMA,
        regscope: env!("CARGO_PKG_VERSION"),
        pair: view.pair.into(),
        verdicts: view.pair.outcomes.map(|(verdict, _)| verdict.name()),
        status_codes: view.pair.outcomes.map(|(_, code)| code),
        lead: view.lead.clone(),
        files: view.sides.each_ref().map(|side| side.files.iter().map(file_name).collect()),
        said: view.pair.lines.each_ref().map(|lines| {
            lines.iter().map(|line| escape_text(&line.example).into_owned()).collect()
        }),
        request: message("REGISTER"),
        answer: message("Response"),
        notes: view.notes(),
    };
    object(&doc, out)
}

fn no_lines(lines: &[Vec<String>; 2]) -> bool {
    lines.iter().all(Vec::is_empty)
}

fn object(value: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer(&mut *out, value).map_err(io::Error::from)?;
    out.write_all(b"\n")
}
