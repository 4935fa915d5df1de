//! The screen Message: where it was seen, and its text as on the wire, or its bytes.

use ratatui::layout::Rect;

use super::paper::{Line, Paper};
use super::theme::Ink;
use super::{hex, regions, sip, spans};
use crate::net::count;
use crate::net::escape_text;
use crate::registration::Marks;
use crate::tui::data::{Seen, seen};
use crate::tui::effect::{Fetched, Key};
use crate::tui::state::State;
use crate::tui::state::message::Message;
use crate::tui::state::messages::Text;
use crate::wording::words;

pub(super) fn draw(state: &State, screen: &Message, _area: Rect, paper: &mut Paper<'_>) {
    let [head, text] = regions::message(state);
    draw_head(state, screen, head, paper);
    let lines = lines(state, screen);
    let shown = lines.iter().skip(screen.window.top).take(usize::from(text.height));
    for (y, line) in (0..).zip(shown) {
        let line = spans::shift(line, screen.window.left);
        paper.put_line(text, (0, y), &line);
    }
    let below = lines.len().saturating_sub(screen.window.top + usize::from(text.height));
    if below > 0 {
        let more = format!(" {below} more below ");
        paper.put_right(text, text.height.saturating_sub(1), &more, Some(Ink::Bar));
    }
}

/// The lines of the message, or a sentence in their place.
pub(in crate::tui) fn lines(state: &State, screen: &Message) -> Vec<Line> {
    let width = usize::from(regions::message(state)[1].width);
    let Some(fetched) = state.messages.fetched(&screen.key) else {
        return absent(state, &screen.key);
    };
    if screen.bytes {
        let hidden = if screen.reveal { Vec::new() } else { sip::hidden(&fetched.bytes) };
        return hex::lines(&fetched.bytes, &hidden, width);
    }
    let lines = sip::lines(&fetched.bytes, screen.reveal);
    if screen.window.wrap { spans::fold(lines, width) } else { lines }
}

/// What is said while a message is read, or when it cannot be.
pub(super) fn absent(state: &State, key: &Key) -> Vec<Line> {
    let text = match state.messages.get(key) {
        Some(Text::Gone) => {
            "No message can be read here again: the frame holds none, or the input was a pipe."
        }
        _ => "reading ...",
    };
    vec![vec![(text.to_owned(), Some(Ink::Faint))]]
}

fn draw_head(state: &State, screen: &Message, area: Rect, paper: &mut Paper<'_>) {
    let key = &screen.key;
    let fetched = state.messages.fetched(key);
    let seen = state.data.find(&key.dn).and_then(|dn| {
        let (seen, _) = seen(dn);
        let place = seen.iter().position(|seen| seen.id() == (key.frame, key.request))?;
        Some((seen.get(place).copied()?, place, seen.len()))
    });
    let mut first = Line::new();
    if let Some((seen, ..)) = &seen {
        let at = seen.record.time;
        first.push((format!("{} {}", state.clock.day(at), state.clock.time(at)), Some(Ink::Title)));
    }
    if let Some(Fetched { origin, .. }) = fetched {
        let arrow = paper.glyphs.arrow;
        first.push((format!("  {} {arrow} {}", origin.src, origin.dst), None));
        first.push((format!(" {}", origin.transport), None));
    }
    paper.put_line(area, (1, 0), &first);
    let text = facts(state, key, fetched, seen.as_ref().map(|(seen, ..)| seen));
    paper.put(area, (1, 1), &text, Some(Ink::Faint));
    rule(area, 2, &place_words(screen, seen.map(|(_, place, of)| (place, of))), true, paper);
}

/// `message 3 of 12, not wrapped, responses shown`.
fn place_words(screen: &Message, place: Option<(usize, usize)>) -> String {
    let mut words = Vec::new();
    words.extend(place.map(|(place, of)| format!("message {} of {of}", place + 1)));
    match (screen.bytes, screen.window.wrap, screen.window.left) {
        (true, ..) => words.push("bytes".to_owned()),
        (false, false, 0) => words.push("not wrapped".to_owned()),
        (false, false, left) => words.push(format!("from column {}", left + 1)),
        (false, true, _) => {}
    }
    if screen.reveal {
        words.push("secrets shown".to_owned());
    }
    words.join(", ")
}

/// `frame #9, 612 bytes, CSeq 2, retransmission, in a.pcap`.
fn facts(state: &State, key: &Key, fetched: Option<&Fetched>, seen: Option<&Seen>) -> String {
    let mut facts = vec![format!("frame {}", state.data.frame_name(key.frame))];
    if let Some(fetched) = fetched {
        facts.push(count(fetched.bytes.len() as u64, "byte"));
        if fetched.cut {
            facts.push("cut: the rest was not captured".to_owned());
        }
        if lf_alone(&fetched.bytes) {
            facts.push("lines end with LF alone".to_owned());
        }
    }
    if let Some(seen) = seen {
        facts.push(format!("CSeq {}", seen.record.cseq));
        facts.extend(remarks(seen));
    }
    let file = state.data.capture.files.get(usize::from(key.frame.file().0));
    let name = file.and_then(|file| file.path.file_name());
    facts.extend(name.map(|name| format!("in {}", escape_text(&name.to_string_lossy()))));
    facts.join(", ")
}

/// Remarks on a message.
pub(super) fn remarks(seen: &Seen) -> impl Iterator<Item = String> {
    let marks = seen.record.marks;
    let hop = seen.record.hop;
    [
        (marks.has(Marks::RETRANSMISSION), "retransmission".to_owned()),
        (marks.has(Marks::DUPLICATE), "captured before".to_owned()),
        (hop > 0, format!("hop {}", u16::from(hop) + 1)),
    ]
    .into_iter()
    .filter(|(is, _)| *is)
    .map(|(_, words)| words)
}

/// What a message is, as far as the model knows.
pub(super) fn title(seen: &Seen) -> String {
    match seen.record.code {
        0 if seen.record.marks.has(Marks::CREDENTIALS) => "REGISTER with credentials".to_owned(),
        0 => "REGISTER".to_owned(),
        code => words::status(code),
    }
}

fn lf_alone(bytes: &[u8]) -> bool {
    memchr::memchr_iter(b'\n', bytes).any(|at| at == 0 || bytes.get(at - 1) != Some(&b'\r'))
}

/// A line across with words in it.
pub(super) fn rule(area: Rect, y: u16, words: &str, focus: bool, paper: &mut Paper<'_>) {
    let line = paper.glyphs.rule;
    paper.rule(area, y, line, Some(Ink::Faint));
    if !words.is_empty() {
        let ink = if focus { Ink::Title } else { Ink::Faint };
        let room = Rect { width: area.width.saturating_sub(2), ..area };
        paper.put(room, (2, y), &format!(" {words} "), Some(ink));
    }
}
