//! Compares lines of logs with no known meaning with how the attempts around them ended.

use crate::registration::{AttemptView, DnView, Outcome, Shape, Snapshot};

/// Attempts that must have ended in each manner before a line may separate them.
const FEWEST: u32 = 2;

/// A line with no known meaning, and in how many attempts it is.
#[derive(Clone, Debug)]
pub struct SaidLine {
    /// The line.
    pub shape: Shape,
    /// Failed attempts it is in, and how many there are in logs; or those of the first of two sides.
    pub failures: (u32, u32),
    /// Accepted attempts it is in, and how many there are in logs; or those of the second of two sides.
    pub successes: (u32, u32),
}

impl SaidLine {
    /// Whether it is in all of one and none of the other: a correlation, not a cause.
    #[must_use]
    pub const fn separates(&self) -> bool {
        let (f, w) = (self.failures, self.successes);
        let enough = f.1 >= FEWEST && w.1 >= FEWEST;
        enough && (f.0 == f.1 && w.0 == 0 || f.0 == 0 && w.0 == w.1)
    }
}

/// The lines between requests and their responses, of failed attempts against accepted ones; those that
/// separate first.
#[must_use]
pub(super) fn said(snapshot: &Snapshot) -> Vec<SaidLine> {
    let side = |attempt: &AttemptView<'_>| match attempt.outcome {
        Outcome::Failed(_) => Some(0),
        Outcome::Accepted => Some(1),
        _ => None,
    };
    count(snapshot, snapshot.dns().map(|dn| (dn, side)))
}

/// The same of the attempts of two sides.
pub(super) fn said_by(snapshot: &Snapshot, sides: [&[DnView<'_>]; 2]) -> Vec<SaidLine> {
    let dns = sides.into_iter().enumerate();
    let dns = dns.flat_map(|(side, dns)| {
        dns.iter().map(move |dn| (*dn, move |_: &AttemptView<'_>| Some(side)))
    });
    count(snapshot, dns)
}

/// The shapes of the lines with no known meaning in an exchange; `None` when no log shows what was written during it.
pub(super) fn logged(dn: DnView<'_>, attempt: &AttemptView<'_>) -> Option<Vec<u16>> {
    let said: Vec<u16> = dn.said_in(attempt).collect();
    let is_logged = !said.is_empty() || dn.statements_in(attempt).next().is_some();
    is_logged.then_some(said)
}

/// Counts in how many attempts of each side each line is.
fn count<'s, S: Fn(&AttemptView<'_>) -> Option<usize>>(
    snapshot: &Snapshot,
    dns: impl Iterator<Item = (DnView<'s>, S)>,
) -> Vec<SaidLine> {
    let shapes = snapshot.shapes();
    if shapes.is_empty() {
        return Vec::new();
    }
    let mut counts = vec![[0_u32; 2]; shapes.len()];
    let mut all = [0_u32; 2];
    for (dn, side) in dns {
        for attempt in dn.attempts() {
            let Some(side) = side(&attempt) else { continue };
            let Some(said) = logged(dn, &attempt) else { continue };
            if let Some(count) = all.get_mut(side) {
                *count += 1;
            }
            for shape in said {
                let count = counts.get_mut(usize::from(shape)).and_then(|c| c.get_mut(side));
                if let Some(count) = count {
                    *count += 1;
                }
            }
        }
    }
    let [first, second] = all;
    let counted = shapes.iter().zip(counts).filter(|(_, [f, w])| f + w > 0);
    let mut lines: Vec<_> = counted
        .map(|(shape, [f, w])| SaidLine {
            shape: shape.clone(),
            failures: (f, first),
            successes: (w, second),
        })
        .collect();
    lines.sort_by_key(|line| !line.separates());
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn a_line_before_everything_separates_nothing() {
        let shape = Shape {
            text: Arc::from("no gateway is found"),
            example: Arc::from("no gateway is found"),
            at: crate::net::FrameRef::default(),
        };
        let line = |failures, successes| SaidLine { shape: shape.clone(), failures, successes };
        assert!(!line((2, 2), (12, 12)).separates());
        assert!(!line((1, 1), (0, 12)).separates(), "too few");
        assert!(line((3, 3), (0, 12)).separates());
        assert!(line((0, 3), (12, 12)).separates());
        assert!(!line((2, 3), (0, 12)).separates());
    }
}
