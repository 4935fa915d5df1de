//! Two DNs side by side with their messages: what every format of a pair is made from.

use crate::compare::pair::Pair;
use crate::compare::raw::{RawPair, raw};
use crate::net::{FrameRef, escape_bytes};

/// A message as it was captured.
#[derive(Clone, Debug)]
pub struct RawMessage {
    /// Start line and headers.
    pub bytes: Vec<u8>,
    /// Where it stands.
    pub frame: FrameRef,
    /// Whether some of it was not captured.
    pub cut: bool,
}

/// What is known of one side beside its attributes.
#[derive(Clone, Debug, Default)]
pub struct SideView {
    /// The names of the files, safe to show.
    pub files: Vec<String>,
    /// The REGISTER.
    pub request: Option<RawMessage>,
    /// Its final answer.
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
    pub frames: [String; 2],
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
            [one] => format!("{dn} in {one}"),
            many => format!("{dn} in {} files", many.len()),
        };
        let [a, b] = &dns;
        [named(a, left), named(b, right)]
    }

    /// `rejected 403`.
    pub(super) fn outcomes(&self) -> [String; 2] {
        self.pair.outcomes.map(|(verdict, code)| {
            let code = code.map_or_else(String::new, |code| format!(" {code}"));
            format!("{}{code}", verdict.name().replace('_', " "))
        })
    }

    /// The REGISTERs and the answers, where both sides have one.
    pub(super) fn messages(&self) -> Vec<Messages> {
        let [left, right] = &self.sides;
        let both = |title, left: &Option<RawMessage>, right: &Option<RawMessage>| {
            let (left, right) = (left.as_ref()?, right.as_ref()?);
            let frames = [self.frame(0, left), self.frame(1, right)];
            let raw = raw(&left.bytes, &right.bytes)?;
            Some(Messages { title, frames, raw })
        };
        let request = both("REGISTER", &left.request, &right.request);
        let answer = both("Answer", &left.answer, &right.answer);
        request.into_iter().chain(answer).collect()
    }

    /// `frame 12`, with its file when there are several.
    fn frame(&self, side: usize, message: &RawMessage) -> String {
        let files = self.sides.get(side).map_or(&[][..], |side| side.files.as_slice());
        let file = files.get(usize::from(message.frame.file().0)).filter(|_| files.len() > 1);
        let file = file.map_or_else(String::new, |file| format!(" of {file}"));
        format!("frame {}{file}", message.frame.number())
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
            for (what, message) in [("REGISTER", &side.request), ("answer", &side.answer)] {
                match message {
                    None => notes.push(format!("{name}: no {what} to compare.")),
                    Some(message) if message.cut => notes.push(format!(
                        "{name}: the {what} is cut in the capture; what seems absent may be missing."
                    )),
                    Some(_) => {}
                }
            }
        }
        notes
    }
}
