//! Reads the captures once more, as the model read them.

use std::io;

use crate::app::Failure;
use crate::app::evidence::Evidence;
use crate::app::progress::ProgressLine;
use crate::cli::InputSettings;
use crate::net::{Frame, FrameRef, LinkType, Timestamp};

/// Frames between two progress reports; a power of two.
const STRIDE: u64 = 1 << 14;

/// What a capture holds.
#[derive(Clone, Copy)]
pub(super) enum Part<'a> {
    /// TLS secrets, for what comes behind them.
    Secrets(&'a [u8]),
    /// A frame that the filter takes.
    Frame(&'a Frame<'a>),
}

/// Whether more frames are wanted.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    More,
    Enough,
}

/// A frame of which only the time matters.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark {
    pub time: Timestamp,
    pub at: FrameRef,
    pub link: LinkType,
    pub wire_len: u32,
}

/// The first and the last frame by time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ends {
    pub first: Mark,
    pub last: Mark,
}

impl Ends {
    fn take_in(ends: &mut Option<Self>, frame: &Frame<'_>) {
        let Frame { time, at, link, wire_len, .. } = *frame;
        let mark = Mark { time, at, link, wire_len };
        let ends = ends.get_or_insert(Self { first: mark, last: mark });
        if time < ends.first.time {
            ends.first = mark;
        }
        if time >= ends.last.time {
            ends.last = mark;
        }
    }
}

/// Hands every frame that the filter takes to `each`, and TLS secrets in their place; frames later than `until` do not count.
///
/// The ends are those of all frames, for the model's clock runs while packets are left out.
pub(super) fn follow(
    evidence: &Evidence,
    until: Timestamp,
    each: impl FnMut(Part<'_>) -> io::Result<Next>,
) -> Result<Option<Ends>, Failure> {
    match evidence {
        Evidence::Files(input) => files(input, until, each),
        #[cfg(all(feature = "tui", any(feature = "live", feature = "hep")))]
        Evidence::Kept(kept) => self::kept(kept, until, each),
    }
}

/// What is kept of live traffic passed its filter before.
#[cfg(all(feature = "tui", any(feature = "live", feature = "hep")))]
fn kept(
    kept: &crate::app::live::kept::Shared,
    until: Timestamp,
    mut each: impl FnMut(Part<'_>) -> io::Result<Next>,
) -> Result<Option<Ends>, Failure> {
    let mut ends = None;
    for frame in kept.frames().iter().filter(|frame| frame.time <= until) {
        Ends::take_in(&mut ends, &frame);
        if each(Part::Frame(&frame))? == Next::Enough {
            break;
        }
    }
    Ok(ends)
}

fn files(
    input: &InputSettings,
    until: Timestamp,
    mut each: impl FnMut(Part<'_>) -> io::Result<Next>,
) -> Result<Option<Ends>, Failure> {
    let crate::app::Opened { mut set, mut filter, .. } =
        crate::app::open(input, &crate::app::survey::Plan::default())?;
    let mut progress = ProgressLine::new(input.progress);
    let mut read: u64 = 0;
    let mut ends = None;
    loop {
        while let Some(secrets) = set.take_secrets() {
            each(Part::Secrets(&secrets))?;
        }
        let Some(frame) = set.next_frame() else { break };
        read += 1;
        if frame.time > until {
            continue;
        }
        Ends::take_in(&mut ends, &frame);
        let taken = match &mut filter {
            Some(filter) => filter.takes(frame.link, frame.bytes)?,
            None => true,
        };
        if taken && each(Part::Frame(&frame))? == Next::Enough {
            break;
        }
        if read.is_multiple_of(STRIDE) {
            progress.update(set.progress());
        }
    }
    drop(progress);
    Ok(ends)
}
