//! How many DNs are in which state, with the mark of each.

use super::paper::Line;
use super::theme::{Ink, Palette};
use crate::net::count;
use crate::registration::State as Service;
use crate::wording::glyphs::Glyphs;

/// `5 DNs  ✗ 3 out  ✓ 2 in service  ▲ 1 at risk`, of those in service, out of service and unknown, and of
/// those at risk among the first.
pub(super) fn totals([working, out, unknown]: [usize; 3], at_risk: usize, glyphs: &Glyphs) -> Line {
    let mut line = vec![(count((working + out + unknown) as u64, "DN"), Some(Ink::Title))];
    let words = [
        (out, Service::OutOfService, "out"),
        (unknown, Service::Unknown, "unknown"),
        (working, Service::InService, "in service"),
    ];
    for (number, service, word) in words {
        if number > 0 {
            let (mark, ink) = Palette::mark(service, glyphs);
            line.push((format!("  {mark} {number} {word}"), Some(ink)));
        }
    }
    if at_risk > 0 {
        line.push((format!("  {} {at_risk} at risk", glyphs.at_risk), Some(Ink::Doubtful)));
    }
    line
}
