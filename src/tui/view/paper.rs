//! Puts text on the screen: cut to its width, wrapped, padded; every string is safe before it comes here.

use std::borrow::Cow;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use unicode_width::UnicodeWidthStr as _;

use super::theme::{Ink, Palette};
use crate::wording::glyphs::Glyphs;
use crate::wording::layout::{cell, cut, wrap};

/// A part of a line and its meaning.
pub(in crate::tui) type Span = (String, Option<Ink>);

/// A line in parts.
pub(in crate::tui) type Line = Vec<Span>;

/// The screen as a region sees it.
pub(in crate::tui) struct Paper<'b> {
    buffer: &'b mut Buffer,
    pub(in crate::tui) palette: Palette,
    pub(in crate::tui) glyphs: &'static Glyphs,
}

impl<'b> Paper<'b> {
    pub(in crate::tui) const fn new(
        buffer: &'b mut Buffer,
        palette: Palette,
        glyphs: &'static Glyphs,
    ) -> Self {
        Self { buffer, palette, glyphs }
    }

    /// The style of an ink; the ordinary one for none.
    pub(in crate::tui) fn style(&self, ink: Option<Ink>) -> Style {
        ink.map_or_else(|| self.palette.plain(), |ink| self.palette.style(ink))
    }

    /// Puts text at a place of a region, cut at the region's right edge; returns the next column.
    pub(in crate::tui) fn put(
        &mut self,
        area: Rect,
        (x, y): (u16, u16),
        text: &str,
        ink: Option<Ink>,
    ) -> u16 {
        let (column, row) = (area.x.saturating_add(x), area.y.saturating_add(y));
        if row >= area.bottom() || column >= area.right() {
            return x;
        }
        let room = usize::from(area.right() - column);
        let text = cut(&self.spelled(text), room, self.glyphs.more);
        let style = self.style(ink);
        let (end, _) = self.buffer.set_stringn(column, row, &text, room, style);
        end - area.x
    }

    /// Puts text at the right edge of a region's line.
    pub(in crate::tui) fn put_right(&mut self, area: Rect, y: u16, text: &str, ink: Option<Ink>) {
        let width = u16::try_from(text.width()).unwrap_or(u16::MAX);
        self.put(area, (area.width.saturating_sub(width), y), text, ink);
    }

    /// Puts a line in parts at a place of a region; returns the next column.
    pub(in crate::tui) fn put_line(&mut self, area: Rect, at: (u16, u16), line: &[Span]) -> u16 {
        let (mut x, y) = at;
        for (text, ink) in line {
            x = self.put(area, (x, y), text, *ink);
        }
        x
    }

    /// Puts text into exactly this many columns.
    pub(in crate::tui) fn put_cell(
        &mut self,
        area: Rect,
        at: (u16, u16),
        (text, right): (&str, bool),
        width: u16,
        ink: Option<Ink>,
    ) {
        let room = usize::from(width);
        let text = if right && text.width() < room {
            format!("{}{text}", " ".repeat(room - text.width()))
        } else {
            cell(text, room, self.glyphs.more)
        };
        self.put(area, at, &text, ink);
    }

    /// The end of a text that is wider than `width`, with the mark of what is cut in front.
    pub(in crate::tui) fn end_of<'t>(&self, text: Cow<'t, str>, width: u16) -> Cow<'t, str> {
        let room = usize::from(width);
        if text.width() <= room {
            return text;
        }
        let most = room.saturating_sub(self.glyphs.more.width());
        let mut start = text.len();
        for (at, _) in text.char_indices().rev() {
            if text.get(at..).is_none_or(|end| end.width() > most) {
                break;
            }
            start = at;
        }
        format!("{}{}", self.glyphs.more, text.get(start..).unwrap_or_default()).into()
    }

    /// Puts a paragraph into a region, from its line `y` on, later lines indented; returns the line
    /// after it. What does not fit is cut with a mark.
    pub(in crate::tui) fn paragraph(
        &mut self,
        area: Rect,
        y: u16,
        indent: u16,
        text: &str,
        ink: Option<Ink>,
    ) -> u16 {
        let text = self.spelled(text).into_owned();
        let width = usize::from(area.width);
        let rest = width.saturating_sub(usize::from(indent)).max(1);
        let lines: Vec<&str> = wrap(&text, width.max(1), rest).collect();
        let mut y = y;
        for (place, line) in lines.iter().enumerate() {
            if y >= area.height {
                break;
            }
            let x = if place == 0 { 0 } else { indent };
            let end = self.put(area, (x, y), line, ink);
            if y + 1 == area.height && place + 1 < lines.len() {
                let more = self.glyphs.more;
                let more_width = u16::try_from(more.width()).unwrap_or(1);
                let at = end.min(area.width.saturating_sub(more_width));
                self.put(area, (at, y), more, ink);
            }
            y += 1;
        }
        y
    }

    /// A rule on a region's first line; returns the room below it, a column in from either side.
    pub(in crate::tui) fn pane(&mut self, area: Rect) -> Rect {
        self.rule(area, 0, self.glyphs.rule, Some(Ink::Faint));
        Rect {
            x: area.x + 1,
            y: area.y + 1,
            width: area.width.saturating_sub(2),
            height: area.height.saturating_sub(1),
        }
    }

    /// Fills a region's line with a character.
    pub(in crate::tui) fn rule(&mut self, area: Rect, y: u16, fill: &str, ink: Option<Ink>) {
        self.put(area, (0, y), &fill.repeat(usize::from(area.width)), ink);
    }

    /// Lays a style over a region, for a selected line or a bar.
    pub(in crate::tui) fn over(&mut self, area: Rect, style: Style) {
        self.buffer.set_style(area.intersection(self.buffer.area), style);
    }

    /// Empties a region.
    pub(in crate::tui) fn clear(&mut self, area: Rect) {
        let area = area.intersection(self.buffer.area);
        for position in area.positions() {
            if let Some(cell) = self.buffer.cell_mut(position) {
                cell.reset();
            }
        }
    }

    /// A framed region with a title over what is there; returns the room inside.
    pub(in crate::tui) fn frame(&mut self, area: Rect, title: &str) -> Rect {
        use ratatui::symbols::border;
        use ratatui::widgets::{Block, Clear, Widget as _};
        let area = area.intersection(self.buffer.area);
        Clear.render(area, self.buffer);
        let ascii = border::Set {
            top_left: "+",
            top_right: "+",
            bottom_left: "+",
            bottom_right: "+",
            vertical_left: "|",
            vertical_right: "|",
            horizontal_top: "-",
            horizontal_bottom: "-",
        };
        let set = if self.glyphs.unicode { border::PLAIN } else { ascii };
        let title = cut(title, usize::from(area.width).saturating_sub(4), self.glyphs.more);
        let block = Block::bordered().border_set(set).style(self.palette.plain());
        let block = block.title(format!(" {title} "));
        let inner = block.inner(area);
        block.render(area, self.buffer);
        Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner }
    }

    /// The program's own words in the character set of the terminal.
    fn spelled<'t>(&self, text: &'t str) -> std::borrow::Cow<'t, str> {
        if self.glyphs.section != "§" && text.contains('§') {
            return text.replace('§', self.glyphs.section).into();
        }
        text.into()
    }
}
