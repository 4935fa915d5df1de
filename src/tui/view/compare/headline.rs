//! What the failing DNs share and no working one has, in three lines; or why nothing separates them.

use ratatui::layout::Rect;

use super::super::bar::bar;
use super::super::paper::Paper;
use super::super::theme::Ink;
use super::{inks, marks};
use crate::compare::{Contrast, Leading, Share, Strength, Support};
use crate::net::count;
use crate::tui::state::State;
use crate::tui::state::compare::Part;
use crate::wording::contrast::{both_in, condition_in, labels};

/// Columns of the bar of a side.
const BAR: u16 = 10;

/// Values named in the headline; the lines below have them all.
const NAMED: usize = 3;

/// What leads, in the words and numbers of the headline.
struct Lead {
    sentence: String,
    support: Support,
    separation: f64,
    few: bool,
    /// Attributes that coincide with it.
    coincide: usize,
}

pub(super) fn draw(state: &State, contrast: &Contrast, area: Rect, paper: &mut Paper<'_>) {
    let inside = Rect { x: area.x + 3, width: area.width.saturating_sub(4), ..area };
    let Some(lead) = lead(contrast) else { return nothing(state, contrast, area, paper) };
    let [mark, _] = marks(&state.compare.part, paper);
    let [ink, _] = inks(&state.compare.part);
    paper.put(area, (1, 0), mark, Some(ink));
    // two lines for the sentence where there is still room for the notes below it
    let room = Rect { height: area.height.saturating_sub(2).max(1), ..inside };
    let y = paper.paragraph(room, 0, 0, &lead.sentence, Some(Ink::Title));
    sides(state, contrast, &lead, Rect { y: inside.y + y, height: 1, ..inside }, paper);
    let mut notes = Vec::new();
    if lead.few {
        notes.push("Small sample: may be coincidence".to_owned());
    }
    if lead.coincide > 0 {
        notes.push(match lead.coincide {
            1 => "1 other coincides with it".to_owned(),
            n => format!("{n} others coincide with it"),
        });
    }
    if !notes.is_empty() && y + 1 < area.height {
        if lead.few {
            paper.put(area, (1, y + 1), paper.glyphs.unknown, Some(Ink::Doubtful));
        }
        paper.put(inside, (0, y + 1), &notes.join("; "), Some(Ink::Doubtful).filter(|_| lead.few));
    }
}

/// `failing ██████████ all 3   working · 0 of 2   perfect 1.00`.
fn sides(state: &State, contrast: &Contrast, lead: &Lead, area: Rect, paper: &mut Paper<'_>) {
    let names = labels(contrast);
    let shares = [lead.support.failing, lead.support.working];
    let unicode = paper.glyphs.unicode;
    let bar_width = if area.width < 70 { BAR / 2 } else { BAR };
    let mut x = 0;
    for ((name, share), ink) in names.iter().zip(shares).zip(inks(&state.compare.part)) {
        let at = paper.put(area, (x, 0), name, Some(Ink::Faint)) + 1;
        let text = bar(share.n.into(), share.of.into(), usize::from(bar_width), unicode);
        paper.put(area, (at, 0), &text, Some(ink));
        let at = at + if share.n == 0 { 2 } else { bar_width + 1 };
        x = paper.put(area, (at, 0), &words(share), Some(Ink::Title)) + 3;
    }
    let word = Strength::of(lead.separation).name();
    paper.put(area, (x, 0), &format!("{word} {:.2}", lead.separation), Some(Ink::Accent));
}

/// `all 12`, `3 of 12`, `3 of 12 (2 not known)`.
fn words(share: Share) -> String {
    let unknown = match share.not_known {
        0 => String::new(),
        n => format!(" ({n} not known)"),
    };
    match share.n {
        n if n == share.of && n > 1 => format!("all {n}{unknown}"),
        n => format!("{n} of {}{unknown}", share.of),
    }
}

fn lead(contrast: &Contrast) -> Option<Lead> {
    Some(match contrast.leading()? {
        Leading::Group(group) => {
            let (lead, others) = group.members.split_first()?;
            let words =
                lead.condition.as_ref().map_or_else(String::new, |c| condition_in(c, NAMED));
            Lead {
                sentence: format!("{} {words}", lead.attribute.label),
                support: lead.support,
                separation: lead.separation,
                few: lead.is_few(),
                coincide: others.len(),
            }
        }
        Leading::Combination(found) => Lead {
            sentence: both_in(found, 1),
            support: found.support,
            separation: found.separation,
            few: false,
            coincide: 0,
        },
    })
}

/// Why nothing leads, and what can be done.
fn nothing(state: &State, contrast: &Contrast, area: Rect, paper: &mut Paper<'_>) {
    let inside = Rect { x: area.x + 3, width: area.width.saturating_sub(4), ..area };
    let (failing, working) = (contrast.failing.dns, contrast.working.dns);
    let names = labels(contrast);
    let hints = contrast.mixed.iter().any(|f| f.strength() > Strength::None);
    let own = matches!(state.compare.part, Part::Marked | Part::Listed);
    let mark = paper.glyphs.unknown;
    let [sentence, advice] = match (failing, working) {
        (0, 0) => [
            "There is nothing to compare.".to_owned(),
            match contrast.left_out {
                0 => "No DN was seen.".to_owned(),
                n => format!(
                    "Of {} none certainly works and none certainly fails: the list tells why.",
                    count(n as u64, "DN")
                ),
            },
        ],
        (f, w) if own && f.min(w) == 0 => [
            "There is nothing to compare: one side has no DN.".to_owned(),
            "Mark some DNs with Space in the list, or filter it with F7, but not all.".to_owned(),
        ],
        (0, w) => [
            format!(
                "No DN is failing, so there is nothing to compare with the {}.",
                count(w as u64, "working DN")
            ),
            format!(
                "{}Mark some DNs in the list with Space, or filter it with F7, to compare them with \
                 the others here.",
                match contrast.left_out {
                    0 => String::new(),
                    n => format!(
                        "At risk or unknown, and on neither side: {}. ",
                        count(n as u64, "DN")
                    ),
                }
            ),
        ],
        (f, 0) => [
            format!(
                "No DN works: nothing to compare the {} that fail with.",
                count(f as u64, "DN")
            ),
            "A capture in which others work can be read together with this one: regscope FILE \
             FILE. What all failing DNs share is below."
                .to_owned(),
        ],
        (f, w) if f.min(w) < 2 && contrast.mixed.is_empty() => [
            format!("Too few to tell: {f} {}, {w} {}.", names[0], names[1]),
            "Nothing differs in what was captured.".to_owned(),
        ],
        (f, w) if f.min(w) < 2 || hints => [
            format!("Too few to tell: {f} {}, {w} {}.", names[0], names[1]),
            "What differs most comes first below. Two DNs marked with Space in the list are put \
             side by side with c."
                .to_owned(),
        ],
        (f, w) => [
            format!("No attribute separates {} ({f}) from {} ({w}).", names[0], names[1]),
            "The difference is not in what the REGISTERs say or where they come from: look at \
             the findings (4), and at the registrar's own configuration."
                .to_owned(),
        ],
    };
    paper.put(area, (1, 0), mark, Some(Ink::Doubtful));
    let y = paper.paragraph(inside, 0, 0, &sentence, Some(Ink::Title));
    paper.paragraph(inside, y, 0, &advice, None);
}
