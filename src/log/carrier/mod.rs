//! Undoes what the lines of a log traveled in, before any dialect sees them.
//!
//! Colors, prompts and carriage returns are undone in every log; the carriers of the table where the first lines show them.

use memchr::{memchr, memmem};

use super::Place;
use super::stamp::Stamp;

mod audiocodes;
mod console;
mod json;
mod stack;
mod syslog;
mod text;

pub(super) use stack::{Record, Stack};

/// Which part of a line a line is.
type PartOf = fn(&[u8]) -> Option<Part<'_>>;

/// One kind of wrapping.
#[derive(Debug)]
struct Carrier {
    /// Its name in `capture.files[].carriers`.
    name: &'static str,
    /// How many of a hundred lines must look like it, so that the file is taken to be in it.
    share: usize,
    /// Whether a line looks like it.
    fits: fn(&[u8]) -> bool,
    /// Appends what it carries; `false` when it carries nothing, which leaves the line as it is.
    undo: fn(&[u8], &mut Undone) -> bool,
    /// Where it cuts long lines in parts: which part a line is.
    part: Option<PartOf>,
}

/// What a line carried.
#[derive(Debug, Default)]
struct Undone {
    /// One line, or several with line feeds between them.
    text: Vec<u8>,
    /// The carrier's own time.
    stamp: Option<Stamp>,
}

/// A part of a line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Part<'a> {
    /// Its number.
    number: u64,
    /// What all parts of a line share.
    of: &'a [u8],
    /// It is the first.
    first: bool,
}

/// Every carrier, in the order in which they are looked for.
const ALL: &[Carrier] = &[
    json::DOCKER,
    json::JOURNALD,
    json::ASTERISK,
    text::QUOTE,
    syslog::RFC5424,
    syslog::SYSLOG,
    syslog::JOURNALD,
    audiocodes::PARTS,
    console::CONTAINER_TIME,
    console::TIME,
    syslog::ESCAPES,
    text::ENTITIES,
    text::CARET,
];

/// `line` without blanks at its start.
fn trim_start(line: &[u8]) -> &[u8] {
    let blanks = line.iter().take_while(|byte| **byte == b' ').count();
    line.get(blanks..).unwrap_or_default()
}

/// Whether `text` contains `what`.
fn contains(text: &[u8], what: &[u8]) -> bool {
    memmem::find(text, what).is_some()
}

/// `text` around its first `at`.
fn split(text: &[u8], at: u8) -> Option<(&[u8], &[u8])> {
    let place = memchr(at, text)?;
    Some((text.get(..place)?, text.get(place + 1..)?))
}
