//! `regscope messages` for a person: one line a message.

use std::io;

use jiff::tz::TimeZone;

use super::page::Page;
use super::when::Clock;
use super::words;
use crate::net::{LogMarks, escape_bytes};
use crate::report::message::{MessageView, user};
use crate::wording::append;
use crate::wording::glyphs::Frames;

pub(super) fn write(
    view: &MessageView<'_>,
    zone: &TimeZone,
    page: &mut Page<'_>,
) -> io::Result<()> {
    let (origin, message) = (view.origin, view.message);
    let time = if origin.path.log.has(LogMarks::UNTIMED) {
        "(no clock)  ".to_owned()
    } else {
        Clock::new(zone, origin.time).precise(origin.time)
    };
    let frame = Frames::of(view.files).name(origin.frame);
    let what = match message.code() {
        Some(code) => words::status(code),
        None => "REGISTER".to_owned(),
    };
    let to = message.to();
    let dn = to.as_ref().and_then(user).unwrap_or_else(|| "-".into());
    let arrow = page.glyphs.arrow;
    let mut line =
        format!("{time} {frame:>7} {dn:<8} {what:<22} {} {arrow} {}", origin.src, origin.dst);
    if let Some(cseq) = message.cseq() {
        append!(line, " CSeq {}", cseq.number);
    }
    if let Some(seconds) = view.expires() {
        append!(line, " expires {seconds}");
    }
    if let Some(agent) = message.user_agent() {
        append!(line, " \"{}\"", escape_bytes(agent));
    }
    let marks = [
        (view.seen.retransmission, " (retransmission)"),
        (view.seen.duplicate, " (captured before)"),
        (message.is_cut(), " (cut)"),
        (origin.path.log.has(LogMarks::NOT_SENT), " (not sent)"),
        (!view.inferred().is_empty(), " (addresses inferred)"),
    ];
    line.extend(marks.into_iter().filter(|(is, _)| *is).map(|(_, mark)| mark));
    page.line(&line)
}
