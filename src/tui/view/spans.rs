//! Lines in parts: folded to a width, shifted to the left, with found text set off.

use unicode_width::UnicodeWidthChar as _;

use super::paper::{Line, Span};
use super::theme::Ink;

/// Columns the rest of a folded line is set in.
const INDENT: usize = 2;

/// The lines in at most `width` columns, the rest of a long one set in.
pub(in crate::tui) fn fold(lines: Vec<Line>, width: usize) -> Vec<Line> {
    let mut out = Vec::with_capacity(lines.len());
    for line in lines {
        fold_one(line, width.max(INDENT + 2), &mut out);
    }
    out
}

fn fold_one(line: Line, width: usize, out: &mut Vec<Line>) {
    let inked = |(text, ink): (String, Option<Ink>)| {
        text.chars().map(move |c| (c, ink)).collect::<Vec<_>>()
    };
    let cells: Vec<(char, Option<Ink>)> = line.into_iter().flat_map(inked).collect();
    let mut rest = cells.as_slice();
    let mut indent = 0;
    loop {
        let (now, after) = rest.split_at(fitting(rest, width - indent));
        let mut line = Line::new();
        if indent > 0 {
            line.push((" ".repeat(indent), None));
        }
        for &(c, ink) in now {
            match line.last_mut().filter(|last| last.1 == ink) {
                Some((text, _)) => text.push(c),
                None => line.push((c.to_string(), ink)),
            }
        }
        out.push(line);
        if after.is_empty() {
            return;
        }
        (rest, indent) = (after, INDENT);
    }
}

/// How many cells fit into a line: up to a place where a value may be parted, if one is near.
fn fitting(cells: &[(char, Option<Ink>)], width: usize) -> usize {
    let mut used = 0;
    let over = cells.iter().position(|(c, _)| {
        used += c.width().unwrap_or(0);
        used > width
    });
    let Some(over) = over else { return cells.len() };
    let near = over - over / 3;
    let mut parted = cells.get(near..over).unwrap_or_default().iter();
    let parted = parted.rposition(|(c, _)| matches!(c, ' ' | ',' | ';'));
    // a wide character in a line of one column is still taken
    parted.map_or(over, |place| near + place + 1).max(1)
}

/// The line without its first `columns` columns.
pub(in crate::tui) fn shift(line: &[Span], columns: usize) -> Line {
    let mut left = columns;
    let mut out = Line::new();
    for (text, ink) in line {
        let mut rest = String::new();
        for c in text.chars() {
            let width = c.width().unwrap_or(0);
            match left {
                0 => rest.push(c),
                // half of a wide character is a blank
                1 if width == 2 => {
                    rest.push(' ');
                    left = 0;
                }
                _ => left -= width.min(left),
            }
        }
        if !rest.is_empty() {
            out.push((rest, *ink));
        }
    }
    out
}

/// Whether a line holds the text, which is in lower case.
pub(in crate::tui) fn holds(line: &[Span], wanted: &str) -> bool {
    let text: String = line.iter().map(|(text, _)| text.as_str()).collect();
    contains(&text, wanted)
}

/// Whether text holds what is searched for, which is in lower case.
pub(in crate::tui) fn contains(text: &str, wanted: &str) -> bool {
    !wanted.is_empty() && text.to_lowercase().contains(wanted)
}

/// The line with what is searched for set off; it is in lower case.
pub(in crate::tui) fn found(line: Line, wanted: &str) -> Line {
    if wanted.is_empty() {
        return line;
    }
    let mut out = Line::new();
    for (text, ink) in line {
        // offsets stay what they are: only ASCII letters change
        let lower = text.to_ascii_lowercase();
        let mut at = 0;
        while let Some(place) = lower.get(at..).and_then(|rest| rest.find(wanted)) {
            let (start, end) = (at + place, at + place + wanted.len());
            out.push((text.get(at..start).unwrap_or_default().to_owned(), ink));
            out.push((text.get(start..end).unwrap_or_default().to_owned(), Some(Ink::Match)));
            at = end;
        }
        out.push((text.get(at..).unwrap_or_default().to_owned(), ink));
    }
    out.retain(|(text, _)| !text.is_empty());
    out
}

/// Columns of a line.
pub(in crate::tui) fn width(line: &[Span]) -> usize {
    use unicode_width::UnicodeWidthStr as _;
    line.iter().map(|(text, _)| text.width()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(lines: &[Line]) -> Vec<String> {
        lines.iter().map(|line| line.iter().map(|(text, _)| text.as_str()).collect()).collect()
    }

    #[test]
    fn a_folded_line_keeps_every_character() {
        let line = vec![("abcdef".to_owned(), Some(Ink::Title)), ("日本語gh".to_owned(), None)];
        assert_eq!(text(&fold(vec![line.clone()], 8)), ["abcdef日", "  本語gh"]);
        let parted = vec![("a=1, b=22;c=333".to_owned(), None)];
        assert_eq!(text(&fold(vec![parted], 12)), ["a=1, b=22;", "  c=333"]);
        assert_eq!(text(&fold(vec![Line::new()], 8)), [""]);
        assert_eq!(text(&[shift(&line, 2)]), ["cdef日本語gh"]);
        assert_eq!(text(&[shift(&line, 7)]), [" 本語gh"]);
        assert_eq!(text(&[shift(&line, 70)]), [""]);
    }

    #[test]
    fn what_is_found_is_set_off() {
        let line = vec![("To: TOTO".to_owned(), None)];
        assert!(holds(&line, "oto") && !holds(&line, "x") && !holds(&line, ""));
        let found = found(line, "to");
        let off = found.iter().filter(|(_, ink)| *ink == Some(Ink::Match)).count();
        assert_eq!((off, text(&[found])), (3, vec!["To: TOTO".to_owned()]));
    }
}
