//! The screen Log: the lines around one that is evidence, as they are in the log.

use super::message::rule;
use super::paper::{Line, Paper};
use super::theme::Ink;
use super::{regions, spans};
use crate::net::escape_text;
use crate::tui::state::State;
use crate::tui::state::log::Log;

pub(super) fn draw(state: &State, screen: &Log, paper: &mut Paper<'_>) {
    let [head, text] = regions::message(state);
    let file = state.data.capture.files.get(usize::from(screen.place.file().0));
    let name = file.and_then(|file| file.path.file_name()).unwrap_or_default();
    paper.put(head, (1, 0), &escape_text(&name.to_string_lossy()), Some(Ink::Title));
    paper.put(head, (1, 1), &range(screen), Some(Ink::Faint));
    rule(head, 2, if screen.window.wrap { "" } else { "not wrapped" }, true, paper);
    let lines = lines(state, screen);
    let shown = lines.iter().skip(screen.window.top).take(usize::from(text.height));
    for (y, line) in (0..).zip(shown) {
        paper.put_line(text, (0, y), &spans::shift(line, screen.window.left));
    }
}

/// `line 84, shown with lines 64 to 104`.
fn range(screen: &Log) -> String {
    let number = screen.place.number();
    let around = screen.lines.as_ref().and_then(|lines| lines.as_ref().ok());
    match around.and_then(|lines| lines.first().zip(lines.last())) {
        Some((first, last)) => {
            format!("line {number}, shown with lines {} to {}", first.number, last.number)
        }
        None => format!("line {number}"),
    }
}

/// The lines of the screen: the numbers, and the text as it is in the log.
pub(in crate::tui) fn lines(state: &State, screen: &Log) -> Vec<Line> {
    let lines = rows(screen);
    let width = usize::from(regions::message(state)[1].width);
    if screen.window.wrap { spans::fold(lines, width) } else { lines }
}

/// The row in which the line begins that is shown.
pub(in crate::tui) fn row_of_place(state: &State, screen: &Log) -> usize {
    let Some(Ok(around)) = &screen.lines else { return 0 };
    let before = around.iter().take_while(|line| line.number < screen.place.number()).count();
    let width = usize::from(regions::message(state)[1].width);
    let rows: Vec<Line> = rows(screen).into_iter().take(before).collect();
    if screen.window.wrap { spans::fold(rows, width).len() } else { before }
}

fn rows(screen: &Log) -> Vec<Line> {
    let faint = |text: String| vec![vec![(text, Some(Ink::Faint))]];
    let lines = match &screen.lines {
        None => return faint("reading ...".to_owned()),
        Some(Err(why)) => return faint(why.clone()),
        Some(Ok(lines)) => lines,
    };
    let digits = lines.last().map_or(1, |line| line.number.to_string().len());
    let row = |line: &crate::tui::effect::LogLine| {
        let is_it = line.number == screen.place.number();
        let (mark, ink) = if is_it { (">", Some(Ink::Title)) } else { (" ", None) };
        let number = format!("{mark} {:>digits$}  ", line.number);
        vec![(number, Some(if is_it { Ink::Accent } else { Ink::Faint })), (line.text.clone(), ink)]
    };
    lines.iter().map(row).collect()
}
