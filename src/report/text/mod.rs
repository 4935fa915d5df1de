//! The report for a person at an 80-column terminal.
//!
//! ```text
//!  headline   how many DNs, in which state; what was read
//!  cluster    its nodes, where they lost each other, the owner of each DN
//!  rows       one line a DN, most urgent first
//!  evidence   for each DN out of service or unknown: the exchange, frame by frame, and its cause
//!  contrast   what the failing DNs share and no working DN has
//!  findings   what the rules found beside the causes
//!  sources    how many DNs each registers, scanners
//!  statistics codes, delays, retransmissions and service over time, if they are asked for
//!  limits     what this capture cannot show
//! ```

use std::io::{self, Write};

use jiff::tz::TimeZone;

use super::explain::StoryView;
use super::message::MessageView;
use super::{Style, View};
use crate::wording::when::Clock;
use crate::wording::{exchange, layout, names, when, words};

mod cluster;
mod contrast;
mod ending;
mod evidence;
mod findings;
mod headline;
#[cfg(feature = "live")]
mod interfaces;
mod limits;
mod messages;
mod page;
mod rows;
mod sources;
mod statistics;
mod story;

pub(super) use headline::summary;
use page::Page;

/// Writes the report.
pub fn write(view: &View<'_>, out: &mut dyn Write) -> io::Result<()> {
    let page = &mut Page::new(out, view.style);
    let clock = &Clock::new(view.zone, view.snapshot.at);
    headline::write(view, clock, page)?;
    cluster::write(view, clock, page)?;
    rows::write(view, clock, page)?;
    evidence::write(view, clock, page)?;
    contrast::write(view, page)?;
    findings::write(view, clock, page)?;
    sources::write(view, page)?;
    statistics::write(view, clock, page)?;
    limits::write(view, page)
}

/// Writes the capture devices of this host.
#[cfg(feature = "live")]
pub fn write_interfaces(
    devices: &[crate::source::live::Interface],
    style: Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    interfaces::write(devices, &mut Page::new(out, style))
}

/// Writes one line about a message.
pub fn write_message(
    view: &MessageView<'_>,
    zone: &TimeZone,
    style: Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    messages::write(view, zone, &mut Page::new(out, style))
}

/// Writes the story of one DN.
pub fn write_story(view: &StoryView<'_>, out: &mut dyn Write) -> io::Result<()> {
    story::write(view, &mut Page::new(out, view.style))
}
