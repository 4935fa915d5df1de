//! The meaning of colors; there is a mark beside each.

use ratatui::style::{Color, Modifier, Style};

use crate::diagnosis::Severity;
use crate::registration::{Flag, FlagSet, State};
use crate::wording::glyphs::Glyphs;

/// A set of colors.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Palette {
    /// For a dark background.
    #[default]
    Dark,
    /// For a light background.
    Light,
    /// None: bold, dim and reversed only.
    Mono,
}

/// The meaning of a style.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::tui) enum Ink {
    /// Titles and names.
    Title,
    /// Out of service, errors.
    Bad,
    /// Unknown, warnings.
    Doubtful,
    /// In service.
    Good,
    /// What matters less.
    Faint,
    /// What can be acted on: keys, the current tab.
    Accent,
    /// Bars across the screen.
    Bar,
    /// A found piece of text.
    Match,
}

impl Palette {
    /// The style for a meaning.
    pub(in crate::tui) fn style(self, ink: Ink) -> Style {
        let style = Style::new();
        let coloured = |dark, light| match self {
            Self::Dark => style.fg(dark),
            Self::Light => style.fg(light),
            Self::Mono => style,
        };
        match ink {
            Ink::Title => style.add_modifier(Modifier::BOLD),
            Ink::Bad => coloured(Color::LightRed, Color::Red).add_modifier(Modifier::BOLD),
            Ink::Doubtful => coloured(Color::Yellow, Color::Magenta),
            Ink::Good => coloured(Color::Green, Color::Green),
            // bright black, the usual gray, is the background of some palettes
            Ink::Faint => style.add_modifier(Modifier::DIM),
            Ink::Accent => coloured(Color::Cyan, Color::Blue).add_modifier(Modifier::BOLD),
            Ink::Bar => style.add_modifier(Modifier::REVERSED),
            Ink::Match => style.add_modifier(Modifier::UNDERLINED | Modifier::BOLD),
        }
    }

    /// The selected line.
    #[expect(clippy::unused_self, reason = "a palette decides, though all decide alike")]
    pub(in crate::tui) fn selected(self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }

    /// The mark of a state and the meaning of its color.
    pub(in crate::tui) const fn mark(state: State, glyphs: &Glyphs) -> (&'static str, Ink) {
        match state {
            State::InService => (glyphs.in_service, Ink::Good),
            State::OutOfService => (glyphs.out_of_service, Ink::Bad),
            State::Unknown => (glyphs.unknown, Ink::Doubtful),
        }
    }

    /// The same of a DN with these flags.
    pub(in crate::tui) const fn mark_of(
        state: State,
        flags: FlagSet,
        glyphs: &Glyphs,
    ) -> (&'static str, Ink) {
        if flags.contains(Flag::AtRisk) {
            return (glyphs.at_risk, Ink::Doubtful);
        }
        Self::mark(state, glyphs)
    }

    /// The mark of a severity and the meaning of its color.
    pub(in crate::tui) const fn severity(
        severity: Severity,
        glyphs: &Glyphs,
    ) -> (&'static str, Ink) {
        match severity {
            Severity::Error => (glyphs.out_of_service, Ink::Bad),
            Severity::Warning => (glyphs.unknown, Ink::Doubtful),
            Severity::Observation => (glyphs.bullet, Ink::Faint),
        }
    }
}
