//! The ladder of a DN's messages.

use super::cursor::Cursor;
use super::lanes::{Ends, Lanes};
use super::made::Made;
use crate::compare::Needle;
use crate::net::FrameRef;
use crate::tui::data::{Seen, Try};
use crate::tui::effect::Key;

/// Silence within an attempt that is worth a line, in nanoseconds.
const SILENCE: i64 = 10_000_000_000;

/// The ladder of a DN's messages.
#[derive(Clone, Debug)]
pub(in crate::tui) struct Flow {
    /// The DN, as on the wire.
    pub(in crate::tui) name: Vec<u8>,
    pub(in crate::tui) cursor: Cursor,
    /// Marked messages, two at most.
    pub(in crate::tui) marks: Vec<Key>,
    pub(in crate::tui) wrap: bool,
    /// The frame to select as soon as there are rows.
    pub(in crate::tui) wanted: Option<FrameRef>,
    /// Keys scroll the text beside the ladder, not the ladder.
    pub(in crate::tui) in_text: bool,
    /// The first visible line and column of that text.
    pub(in crate::tui) text: (usize, usize),
    /// What is searched for.
    pub(in crate::tui) search: Needle,
    pub(in crate::tui) seen: Vec<Seen>,
    pub(in crate::tui) tries: Vec<Try>,
    pub(in crate::tui) rows: Vec<Row>,
    pub(in crate::tui) ends: Ends,
    pub(in crate::tui) lanes: Lanes,
    /// Columns the longest name of a frame takes.
    pub(in crate::tui) frame_width: u16,
    pub(in crate::tui) made: Made,
}

/// One line of the ladder.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::tui) enum Row {
    /// A message, by its place.
    Message(usize),
    /// An attempt begins, so long after the message before (nanoseconds).
    Attempt(usize, Option<i64>),
    /// Nothing was sent for so long (nanoseconds).
    Silence(i64),
    /// The end of an attempt without a response.
    Ending(usize),
}

impl Default for Flow {
    fn default() -> Self {
        Self {
            name: Vec::new(),
            cursor: Cursor::default(),
            marks: Vec::new(),
            wrap: true,
            wanted: None,
            in_text: false,
            text: (0, 0),
            search: Needle::default(),
            seen: Vec::new(),
            tries: Vec::new(),
            rows: Vec::new(),
            ends: Ends::default(),
            lanes: Lanes::default(),
            frame_width: 2,
            made: Made::default(),
        }
    }
}

impl Flow {
    /// The ladder of a DN, at a frame if one is named.
    pub(in crate::tui) fn at(name: &[u8], wanted: Option<FrameRef>) -> Self {
        Self { name: name.to_vec(), wanted, ..Self::default() }
    }

    /// The message of a row.
    pub(in crate::tui) fn message(&self, row: usize) -> Option<&Seen> {
        match self.rows.get(row)? {
            Row::Message(place) => self.seen.get(*place),
            _ => None,
        }
    }

    /// The selected message.
    pub(in crate::tui) fn selected(&self) -> Option<&Seen> {
        self.message(self.cursor.selected)
    }

    /// Names the selected message.
    pub(in crate::tui) fn key(&self) -> Option<Key> {
        Some(self.selected()?.key(&self.name))
    }

    /// Makes the rows of the messages.
    pub(in crate::tui) fn make_rows(&mut self) {
        self.rows.clear();
        let mut begun = vec![false; self.tries.len()];
        let mut last: Option<&Seen> = None;
        for (place, seen) in self.seen.iter().enumerate() {
            let gap = last.map(|last| seen.record.time.nanos_since(last.record.time));
            if begun.get(seen.attempt) == Some(&false) {
                self.rows.push(Row::Attempt(seen.attempt, gap));
            } else if let Some(gap) = gap.filter(|&gap| gap >= SILENCE) {
                self.rows.push(Row::Silence(gap));
            }
            if let Some(begun) = begun.get_mut(seen.attempt) {
                *begun = true;
            }
            self.rows.push(Row::Message(place));
            let attempt = self.tries.get(seen.attempt).filter(|attempt| attempt.last == place);
            if attempt.is_some_and(|attempt| attempt.ending().is_some()) {
                self.rows.push(Row::Ending(seen.attempt));
            }
            last = Some(seen);
        }
    }

    /// The row of the message nearest to a frame, and whether it is that frame's.
    pub(in crate::tui) fn row_of(&self, frame: FrameRef) -> Option<(usize, bool)> {
        let at = |seen: &Seen| {
            let own = seen.record.frame();
            (own.file(), own.number()) == (frame.file(), frame.number())
        };
        let messages = || {
            let message = |(row, _)| Some((row, self.message(row)?));
            self.rows.iter().enumerate().filter_map(message)
        };
        if let Some((row, _)) = messages().find(|(_, seen)| at(seen)) {
            return Some((row, true));
        }
        let own_file = messages().filter(|(_, seen)| seen.record.frame().file() == frame.file());
        let nearest =
            own_file.min_by_key(|(_, seen)| seen.record.frame().number().abs_diff(frame.number()));
        nearest.map(|(row, _)| (row, false))
    }

    /// Selects a message wherever it is.
    pub(in crate::tui) fn select(&mut self, id: (FrameRef, bool)) {
        let place =
            (0..self.rows.len()).find(|&row| self.message(row).is_some_and(|m| m.id() == id));
        if let Some(place) = place {
            self.cursor.selected = place;
        }
    }

    /// Moves the selection to a row that is a message, on in the direction it moved.
    pub(in crate::tui) fn land(&mut self, back: bool) {
        let at = self.cursor.selected;
        let is_message = |row: &usize| matches!(self.rows.get(*row), Some(Row::Message(_)));
        let before = (0..=at).rev().find(is_message);
        let after = (at..self.rows.len()).find(is_message);
        let found = if back { before.or(after) } else { after.or(before) };
        self.cursor.selected = found.unwrap_or(0);
        // what leads to the first message is seen with it
        if !(0..self.cursor.selected).any(|row| is_message(&row)) {
            self.cursor.top = 0;
        }
    }
}

impl Try {
    /// What came instead of a response, in words.
    pub(in crate::tui) fn ending(&self) -> Option<&'static str> {
        use crate::registration::{Outcome, Verdict};
        use crate::wording::words;
        match (self.outcome, self.icmp) {
            (Outcome::Failed(Verdict::Unreachable), Some((kind, code))) => {
                Some(words::icmp(kind, code, self.registrar.addr))
            }
            (Outcome::Failed(Verdict::Unreachable), None) => Some("connection reset"),
            (Outcome::Failed(Verdict::NoAnswer), _) => Some("no response"),
            (Outcome::Failed(Verdict::OneWay), _) => Some("response not captured"),
            (Outcome::Open, _) => Some("response pending at end of capture"),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registration::testing::Player;
    use crate::tui::data;

    fn flow(scenario: &str) -> Flow {
        let snapshot = Player::snapshot_of(scenario);
        let (seen, tries) = data::seen(snapshot.find(b"5002").unwrap());
        let mut flow = Flow { seen, tries, ..Flow::at(b"5002", None) };
        flow.make_rows();
        flow
    }

    #[test]
    fn attempts_silence_and_what_came_instead_of_an_answer_have_rows() {
        let flow = flow(
            "0 > REGISTER\n0.5 > REGISTER\n15 > REGISTER\n15.1 < 404\n\
             60 > REGISTER call=2\n60.1 ! icmp",
        );
        let want = [
            Row::Attempt(0, None),
            Row::Message(0),
            Row::Message(1),
            Row::Silence(14_500_000_000),
            Row::Message(2),
            Row::Message(3),
            Row::Attempt(1, Some(44_900_000_000)),
            Row::Message(4),
            Row::Ending(1),
        ];
        assert_eq!(flow.rows, want);
        assert_eq!(flow.tries[1].ending(), Some("ICMP port unreachable"));
    }

    #[test]
    fn only_messages_are_selected() {
        let mut flow = flow("0 > REGISTER\n0.1 < 404\n60 > REGISTER call=2\n60.1 < 404 call=2");
        for (at, back, want) in
            [(0, true, 1), (0, false, 1), (3, false, 4), (3, true, 2), (5, false, 5)]
        {
            flow.cursor.selected = at;
            flow.land(back);
            assert_eq!(flow.cursor.selected, want, "{at} {back}");
        }
        let frame = flow.message(5).unwrap().record.frame();
        assert_eq!(flow.row_of(frame), Some((5, true)));
        let other = FrameRef::new(frame.file(), frame.number() + 9);
        assert_eq!(flow.row_of(other), Some((5, false)));
    }
}
