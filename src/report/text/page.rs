//! Lays out text: lines, wrapped paragraphs, marks and colors.

use std::borrow::Cow;
use std::io::{self, Write};

use crate::registration::{DnView, State};
use crate::report::Style;
use crate::wording::glyphs::Glyphs;
use crate::wording::layout::wrap;

pub(super) use crate::report::WIDTH;

/// A place for text.
pub(super) struct Page<'o> {
    out: &'o mut dyn Write,
    pub glyphs: &'static Glyphs,
    color: bool,
}

/// The meaning of a color.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Ink {
    Title,
    Bad,
    Doubtful,
    Good,
    Faint,
}

impl Ink {
    const fn code(self) -> &'static str {
        match self {
            Self::Title => "\x1b[1m",
            Self::Bad => "\x1b[31m",
            Self::Doubtful => "\x1b[33m",
            Self::Good => "\x1b[32m",
            Self::Faint => "\x1b[2m",
        }
    }
}

impl<'o> Page<'o> {
    pub(super) fn new(out: &'o mut dyn Write, style: Style) -> Self {
        let glyphs = Glyphs::of(style.unicode);
        Self { out, glyphs, color: style.color }
    }

    /// Text in a color.
    pub(super) fn paint(&self, ink: Ink, text: &str) -> String {
        if self.color { format!("{}{text}\x1b[0m", ink.code()) } else { text.to_owned() }
    }

    /// The mark of a state and its color.
    pub(super) const fn mark(&self, state: State) -> (&'static str, Ink) {
        match state {
            State::InService => (self.glyphs.in_service, Ink::Good),
            State::OutOfService => (self.glyphs.out_of_service, Ink::Bad),
            State::Unknown => (self.glyphs.unknown, Ink::Doubtful),
        }
    }

    /// The mark of a DN and its color.
    pub(super) fn mark_of(&self, dn: &DnView<'_>) -> (&'static str, Ink) {
        match dn.risk() {
            Some(_) => (self.glyphs.at_risk, Ink::Doubtful),
            None => self.mark(dn.state().state()),
        }
    }

    /// The report's own words in the character set of the terminal.
    fn spelled<'t>(&self, text: &'t str) -> Cow<'t, str> {
        if self.glyphs.section != "§" && text.contains('§') {
            return Cow::Owned(text.replace('§', self.glyphs.section));
        }
        Cow::Borrowed(text)
    }

    /// One line as it is.
    pub(super) fn line(&mut self, text: &str) -> io::Result<()> {
        self.out.write_all(text.trim_end().as_bytes())?;
        self.out.write_all(b"\n")
    }

    /// A blank line and a title.
    pub(super) fn title(&mut self, text: &str) -> io::Result<()> {
        let title = self.paint(Ink::Title, text);
        self.line("")?;
        self.line(&title)
    }

    /// A paragraph in a color.
    pub(super) fn inked(&mut self, ink: Ink, text: &str) -> io::Result<()> {
        for line in wrap(text, WIDTH, WIDTH) {
            let line = self.paint(ink, line);
            self.line(&line)?;
        }
        Ok(())
    }

    /// A paragraph: `first` before its first line, blanks of the same width before the others.
    pub(super) fn paragraph(&mut self, first: &str, text: &str) -> io::Result<()> {
        self.hanging(first, unicode_width::UnicodeWidthStr::width(first), text)
    }

    /// A paragraph behind a mark.
    pub(super) fn marked(&mut self, (mark, ink): (&str, Ink), text: &str) -> io::Result<()> {
        let mark = self.paint(ink, mark);
        self.hanging("", 2, &format!("{mark} {text}"))
    }

    /// A paragraph whose later lines are indented by `indent` columns.
    pub(super) fn hanging(&mut self, first: &str, indent: usize, text: &str) -> io::Result<()> {
        let width = unicode_width::UnicodeWidthStr::width(first);
        let text = &*self.spelled(text);
        for (place, line) in wrap(text, WIDTH - width.min(40), WIDTH - indent.min(40)).enumerate() {
            let before = if place == 0 { first.to_owned() } else { " ".repeat(indent) };
            self.line(&format!("{before}{line}"))?;
        }
        Ok(())
    }
}
