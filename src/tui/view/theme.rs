//! The meaning of colors; there is a mark beside each.
//!
//! Three levels of emphasis: what matters (titles, names, states), context, and hints (names of parts of the
//! screen, keys' words, rules). Terminals of 16 colors show them as bold, plain and dim, in the colors that
//! their user chose; those of 256 colors or more by fixed calm ones, each with a contrast of at least 4.5:1 to
//! the usual grounds (WCAG 2.1, success criterion 1.4.3).

use ratatui::style::{Color, Modifier, Style};

use crate::diagnosis::Severity;
use crate::registration::State;
use crate::wording::glyphs::Glyphs;

/// A set of colors.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Palette {
    /// The terminal's 16 colors, for a dark background.
    #[default]
    Dark,
    /// The terminal's 16 colors, for a light background.
    Light,
    /// Calm colors for a dark background, where there are 256 colors or more.
    CalmDark,
    /// The same for a light background.
    CalmLight,
    /// None: bold, dim and reversed only.
    Mono,
}

/// The meaning of a style.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::tui) enum Ink {
    /// Titles and names.
    Title,
    /// Names of parts of the screen: columns, sections.
    Heading,
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

/// Calm colors, as numbers of the 256: those from 16 on are the same on every terminal.
struct Calm {
    matters: u8,
    context: u8,
    hint: u8,
    bad: u8,
    doubtful: u8,
    good: u8,
    accent: u8,
    /// Text on a ground of its own, and that ground: of the selected line, and of the current tab.
    on: u8,
    selected: u8,
    bar: u8,
}

const CALM_DARK: Calm = Calm {
    matters: 255,
    context: 250,
    hint: 246,
    bad: 210,
    doubtful: 179,
    good: 108,
    accent: 110,
    on: 231,
    selected: 24,
    bar: 240,
};

const CALM_LIGHT: Calm = Calm {
    matters: 232,
    context: 238,
    hint: 241,
    bad: 124,
    doubtful: 94,
    good: 22,
    accent: 25,
    on: 231,
    selected: 25,
    bar: 240,
};

impl Palette {
    /// The calm colors, if it is made of them.
    const fn calm(self) -> Option<&'static Calm> {
        match self {
            Self::CalmDark => Some(&CALM_DARK),
            Self::CalmLight => Some(&CALM_LIGHT),
            Self::Dark | Self::Light | Self::Mono => None,
        }
    }

    /// The style for a meaning.
    pub(in crate::tui) fn style(self, ink: Ink) -> Style {
        if let Some(calm) = self.calm() {
            return calm.style(ink);
        }
        let style = Style::new();
        let coloured = |dark, light| match self {
            Self::Light => style.fg(light),
            Self::Mono => style,
            _ => style.fg(dark),
        };
        match ink {
            Ink::Title | Ink::Heading => style.add_modifier(Modifier::BOLD),
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

    /// The style of text without a meaning of its own.
    pub(in crate::tui) fn plain(self) -> Style {
        self.calm().map_or_else(Style::new, |calm| Style::new().fg(Color::Indexed(calm.context)))
    }

    /// The selected line.
    pub(in crate::tui) fn selected(self) -> Style {
        match self.calm() {
            Some(calm) => calm.on(calm.selected),
            None => Style::new().add_modifier(Modifier::REVERSED),
        }
    }

    /// The mark of a state and the meaning of its color.
    pub(in crate::tui) const fn mark(state: State, glyphs: &Glyphs) -> (&'static str, Ink) {
        match state {
            State::InService => (glyphs.in_service, Ink::Good),
            State::OutOfService => (glyphs.out_of_service, Ink::Bad),
            State::Unknown => (glyphs.unknown, Ink::Doubtful),
        }
    }

    /// The same of something that is at risk or not, which shows only where nothing is worse.
    pub(in crate::tui) const fn mark_of(
        state: State,
        at_risk: bool,
        glyphs: &Glyphs,
    ) -> (&'static str, Ink) {
        match (state, at_risk) {
            (State::InService, true) => (glyphs.at_risk, Ink::Doubtful),
            _ => Self::mark(state, glyphs),
        }
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

impl Calm {
    fn style(&self, ink: Ink) -> Style {
        let fg = |color| Style::new().fg(Color::Indexed(color));
        match ink {
            Ink::Title => fg(self.matters).add_modifier(Modifier::BOLD),
            Ink::Heading | Ink::Faint => fg(self.hint),
            // the only color that is bold: bad news is seen without seeing colors
            Ink::Bad => fg(self.bad).add_modifier(Modifier::BOLD),
            Ink::Doubtful => fg(self.doubtful),
            Ink::Good => fg(self.good),
            Ink::Accent => fg(self.accent),
            Ink::Bar => self.on(self.bar),
            Ink::Match => fg(self.matters).add_modifier(Modifier::UNDERLINED | Modifier::BOLD),
        }
    }

    /// Text on a ground of its own.
    const fn on(&self, ground: u8) -> Style {
        Style::new().fg(Color::Indexed(self.on)).bg(Color::Indexed(ground))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Rgb = [u8; 3];

    /// Usual grounds: black, of GNOME, VS Code, Solarized, One Dark, Dracula and Ubuntu.
    const DARK: [Rgb; 7] = [
        [0, 0, 0],
        [0x17, 0x14, 0x21],
        [0x1e, 0x1e, 0x1e],
        [0x00, 0x2b, 0x36],
        [0x28, 0x2c, 0x34],
        [0x28, 0x2a, 0x36],
        [0x30, 0x0a, 0x24],
    ];
    /// White, of Solarized, GitHub and One Light, and a gray one.
    const LIGHT: [Rgb; 5] =
        [[255; 3], [0xfd, 0xf6, 0xe3], [0xf6, 0xf8, 0xfa], [0xfa, 0xfa, 0xfa], [0xee, 0xee, 0xee]];
    const INKS: [Ink; 9] = [
        Ink::Title,
        Ink::Heading,
        Ink::Bad,
        Ink::Doubtful,
        Ink::Good,
        Ink::Faint,
        Ink::Accent,
        Ink::Bar,
        Ink::Match,
    ];

    /// A color from 16 on: a cube of 6 steps a side, then grays.
    fn rgb(color: Color) -> Rgb {
        let Color::Indexed(number @ 16..) = color else { panic!("{color} differs by terminal") };
        let level = |step: u8| if step == 0 { 0 } else { 55 + 40 * step };
        match number {
            16..232 => [(number - 16) / 36, (number - 16) / 6 % 6, (number - 16) % 6].map(level),
            _ => [8 + 10 * (number - 232); 3],
        }
    }

    /// The relative luminance of WCAG 2.1.
    fn luminance(color: Rgb) -> f64 {
        let linear = color.map(|channel| match f64::from(channel) / 255.0 {
            low if low <= 0.04045 => low / 12.92,
            high => ((high + 0.055) / 1.055).powf(2.4),
        });
        linear.iter().zip([0.2126, 0.7152, 0.0722]).map(|(channel, part)| channel * part).sum()
    }

    /// The contrast ratio of WCAG 2.1, 1 to 21.
    fn contrast(a: Rgb, b: Rgb) -> f64 {
        let (a, b) = (luminance(a) + 0.05, luminance(b) + 0.05);
        if a > b { a / b } else { b / a }
    }

    #[test]
    fn the_contrast_is_that_of_the_standard() {
        assert!((contrast([0; 3], [255; 3]) - 21.0).abs() < 1e-9);
        // the gray that is just enough on white
        assert!((contrast([0x76; 3], [255; 3]) - 4.54).abs() < 0.01);
        assert_eq!(rgb(Color::Indexed(16)), [0; 3]);
        assert_eq!(rgb(Color::Indexed(110)), [135, 175, 215]);
        assert_eq!(rgb(Color::Indexed(255)), [238; 3]);
    }

    #[test]
    fn every_calm_color_can_be_read_on_every_usual_ground() {
        for (palette, grounds) in [(Palette::CalmDark, &DARK[..]), (Palette::CalmLight, &LIGHT)] {
            let inks = INKS.map(|ink| palette.style(ink));
            for style in inks.into_iter().chain([palette.plain(), palette.selected()]) {
                let text = rgb(style.fg.unwrap());
                for ground in grounds {
                    let ground = style.bg.map_or(*ground, rgb);
                    let contrast = contrast(text, ground);
                    assert!(contrast >= 4.5, "{palette:?}: {text:?} on {ground:?}: {contrast:.2}");
                }
            }
        }
    }

    #[test]
    fn there_are_three_levels_of_emphasis() {
        for (palette, ground) in [(Palette::CalmDark, DARK[0]), (Palette::CalmLight, LIGHT[0])] {
            let levels = [palette.style(Ink::Title), palette.plain(), palette.style(Ink::Faint)];
            let [matters, context, hint] = levels.map(|own| contrast(rgb(own.fg.unwrap()), ground));
            assert!(matters > 1.3 * context && context > 1.3 * hint, "{matters} {context} {hint}");
            // names of parts of the screen are dimmer than their contents
            assert_eq!(palette.style(Ink::Heading), palette.style(Ink::Faint));
        }
    }

    #[test]
    fn states_differ_without_colors() {
        for glyphs in [Glyphs::of(true), Glyphs::of(false)] {
            let states = [State::InService, State::OutOfService, State::Unknown];
            let mut marks = states.map(|state| Palette::mark(state, glyphs).0).to_vec();
            marks.push(glyphs.at_risk);
            marks.sort_unstable();
            marks.dedup();
            assert_eq!(marks.len(), 4);
        }
        for palette in [Palette::Dark, Palette::Light, Palette::CalmDark, Palette::CalmLight] {
            let is_bold = |ink| palette.style(ink).add_modifier.contains(Modifier::BOLD);
            assert!(is_bold(Ink::Bad) && !is_bold(Ink::Good) && !is_bold(Ink::Doubtful));
        }
    }
}
