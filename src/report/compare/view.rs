//! Two DNs side by side with their messages: the source of every format of a pair.

use crate::capture::{file_name, is_line};
use crate::compare::pair::Pair;
use crate::compare::raw::{RawPair, raw};
use crate::net::{FrameRef, count, escape_bytes};
use crate::source::FileInfo;
use crate::wording::contrast::only_in_exchange;
use crate::wording::glyphs::Frames;
use crate::wording::words;

/// Lines with no known meaning that are shown of a side.
const LINES: usize = 8;

/// A message as it was captured.
#[derive(Clone, Debug)]
pub struct RawMessage {
    /// Start line and headers.
    pub bytes: Vec<u8>,
    /// Where it is.
    pub frame: FrameRef,
    /// Whether some of it was not captured.
    pub cut: bool,
}

/// What is known of one side beside its attributes.
#[derive(Clone, Debug, Default)]
pub struct SideView {
    /// The files it is in.
    pub files: Vec<FileInfo>,
    /// The REGISTER.
    pub request: Option<RawMessage>,
    /// Its final response.
    pub answer: Option<RawMessage>,
}

/// Two DNs side by side.
#[derive(Clone, Debug)]
pub struct PairView<'a> {
    /// Their attributes.
    pub pair: &'a Pair,
    /// Their messages.
    pub sides: [SideView; 2],
    /// What leads: the cause of each side, and which of the differences divide the other DNs too.
    pub lead: Vec<String>,
    /// Whether the sides are captures of their own.
    pub apart: bool,
    /// Whether an input can be read once only, so that there are no messages.
    pub once: bool,
}

/// A pair of messages with what each is called.
pub(super) struct Messages {
    pub title: &'static str,
    pub places: [String; 2],
    pub raw: RawPair,
}

impl PairView<'_> {
    /// `5002` or, of captures of their own, `5002 in before.pcap`.
    pub(super) fn names(&self) -> [String; 2] {
        let dns = [&self.pair.left, &self.pair.right].map(|dn| escape_bytes(dn).into_owned());
        if !self.apart {
            return dns;
        }
        let [left, right] = &self.sides;
        let named = |dn: &String, side: &SideView| match side.files.as_slice() {
            [one] => format!("{dn} in {}", file_name(one)),
            many => format!("{dn} in {} files", many.len()),
        };
        let [a, b] = &dns;
        [named(a, left), named(b, right)]
    }

    /// `rejected 403 Forbidden`; `in service, at risk: flapping`.
    pub(super) fn outcomes(&self) -> [String; 2] {
        let [left, right] = self.pair.outcomes;
        let [of_left, of_right] = self.pair.risks;
        [(left, of_left), (right, of_right)]
            .map(|((verdict, code), risk)| words::label_of(verdict, code, risk))
    }

    /// The REGISTERs and the responses, where both sides have one.
    pub(super) fn messages(&self) -> Vec<Messages> {
        let [left, right] = &self.sides;
        let both = |title, left: &Option<RawMessage>, right: &Option<RawMessage>| {
            let (left, right) = (left.as_ref()?, right.as_ref()?);
            let places = [self.place(0, left), self.place(1, right)];
            let raw = raw(&left.bytes, &right.bytes)?;
            Some(Messages { title, places, raw })
        };
        let request = both("REGISTER", &left.request, &right.request);
        let answer = both("Response", &left.answer, &right.answer);
        request.into_iter().chain(answer).collect()
    }

    /// `frame 12`, with its file when there are several; `server.log:12` of a log.
    fn place(&self, side: usize, message: &RawMessage) -> String {
        let files = self.sides.get(side).map_or(&[][..], |side| side.files.as_slice());
        let at = message.frame;
        if is_line(files, at) {
            return Frames::of(files).name(at);
        }
        let file = files.get(usize::from(at.file().0)).filter(|_| files.len() > 1);
        let file = file.map_or_else(String::new, |file| format!(" of {}", file_name(file)));
        format!("frame {}{file}", at.number())
    }

    /// The lines with no known meaning that only one of two logged exchanges has, a sentence each.
    pub(super) fn lines(&self) -> Vec<String> {
        let mut sentences = Vec::new();
        for (name, lines) in self.names().iter().zip(&self.pair.lines) {
            let shown = lines.iter().take(LINES);
            sentences.extend(shown.map(|line| only_in_exchange(line, name)));
            if let Some(more) = lines.len().checked_sub(LINES).filter(|more| *more > 0) {
                let more = count(more as u64, "more such line");
                sentences.push(format!("{more} only in the exchange of {name}"));
            }
        }
        sentences
    }

    /// What is missing, in sentences.
    pub(super) fn notes(&self) -> Vec<String> {
        if self.once {
            return vec![
                "The messages themselves are left out: standard input cannot be read a second time."
                    .to_owned(),
            ];
        }
        let mut notes = Vec::new();
        for (name, side) in self.names().iter().zip(&self.sides) {
            for (what, message) in [("REGISTER", &side.request), ("response", &side.answer)] {
                match message {
                    None => notes.push(format!("{name}: no {what} to compare.")),
                    Some(message) if message.cut => notes.push(format!(
                        "{name}: the {what} is truncated in the capture: what seems absent may not have been captured."
                    )),
                    Some(_) => {}
                }
            }
        }
        notes
    }
}
