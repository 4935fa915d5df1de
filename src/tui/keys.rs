//! The keys: one table that drives their actions, the footer and the help.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// What a key does; screens give the common ones their meaning.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Action {
    Up,
    Down,
    PageUp,
    PageDown,
    First,
    Last,
    Left,
    Right,
    Open,
    Back,
    Mark,
    Help,
    Save,
    Search,
    Clear,
    Filter,
    Group,
    SortNext,
    SortBefore,
    Reverse,
    Columns,
    Pause,
    Quit,
    Compare,
    Flow,
    Raw,
    Same,
    Wrap,
    Bytes,
    Copy,
    Tab(u8),
    NextTab,
    NextPart,
    NextOne,
    OneBefore,
    Reveal,
    Suspend,
    Redraw,
}

/// Where a key means something.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) enum Place {
    Dns,
    Dn,
    Compare,
    Pair,
    Flow,
    Message,
    Log,
    Sources,
    Findings,
    Statistics,
    Cluster,
}

/// One row of the table.
pub(super) struct Binding {
    pub keys: &'static [Chord],
    /// The keys as help and footer show them.
    pub shown: &'static str,
    pub action: Action,
    /// Where it holds; everywhere if empty.
    pub places: &'static [Place],
    /// What it does, for the help.
    pub help: &'static str,
    /// In the footer of its places, if it is there.
    pub footer: Option<&'static str>,
}

/// A key with its modifiers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Chord(KeyCode, KeyModifiers);

const fn key(code: KeyCode) -> Chord {
    Chord(code, KeyModifiers::NONE)
}

const fn ch(c: char) -> Chord {
    key(KeyCode::Char(c))
}

const fn f(n: u8) -> Chord {
    key(KeyCode::F(n))
}

const fn ctrl(c: char) -> Chord {
    Chord(KeyCode::Char(c), KeyModifiers::CONTROL)
}

use Place::{Cluster, Compare, Dn, Dns, Findings, Flow, Log, Message, Pair, Sources, Statistics};

const ANY: &[Place] = &[];
const LISTS: &[Place] = &[Dns, Dn, Compare, Flow, Sources, Findings];

macro_rules! bind {
    ($shown:literal, [$($key:expr),+], $action:expr, $places:expr, $help:literal) => {
        Binding {
            keys: &[$($key),+], shown: $shown, action: $action, places: $places,
            help: $help, footer: None,
        }
    };
    ($shown:literal, [$($key:expr),+], $action:expr, $places:expr, $help:literal, $footer:literal) => {
        Binding {
            keys: &[$($key),+], shown: $shown, action: $action, places: $places,
            help: $help, footer: Some($footer),
        }
    };
}

/// Every key, in the order of the help. Of two that hold in a place the first counts.
pub(super) static KEYS: &[Binding] = &[
    bind!("F1", [f(1), ch('?'), ch('h')], Action::Help, ANY, "this help", "Help"),
    bind!("Enter", [key(KeyCode::Enter)], Action::Open, &[Dns], "open the DN, or the group"),
    bind!("Enter", [key(KeyCode::Enter)], Action::Open, &[Sources], "the DNs of the source", "DNs"),
    bind!(
        "Enter",
        [key(KeyCode::Enter)],
        Action::Open,
        &[Dn],
        "go to the message, or the attempt's messages",
        "Messages"
    ),
    bind!(
        "Enter",
        [key(KeyCode::Enter)],
        Action::Open,
        &[Compare],
        "show the values behind the attribute; on a value, its DNs",
        "Values"
    ),
    bind!(
        "Enter",
        [key(KeyCode::Enter)],
        Action::Open,
        &[Flow],
        "the message alone; of two marked ones what differs",
        "Message"
    ),
    bind!(
        "Enter",
        [key(KeyCode::Enter)],
        Action::Open,
        &[Message],
        "of a log: the lines around the message"
    ),
    bind!(
        "Enter",
        [key(KeyCode::Enter)],
        Action::Open,
        &[Findings],
        "go to the message that shows it",
        "Evidence"
    ),
    bind!(
        "Enter",
        [key(KeyCode::Enter)],
        Action::Open,
        &[Cluster],
        "the story of the DN, at every node",
        "Story"
    ),
    bind!(
        "Esc",
        [key(KeyCode::Esc), key(KeyCode::Backspace)],
        Action::Back,
        &[Dn, Pair, Flow, Message, Log],
        "back",
        "Back"
    ),
    bind!(
        "Esc",
        [key(KeyCode::Esc), key(KeyCode::Backspace)],
        Action::Back,
        &[Dns, Compare, Sources, Findings],
        "undo the search, the filter, the groups"
    ),
    bind!(
        "Space",
        [ch(' ')],
        Action::Mark,
        &[Dns, Flow],
        "mark (two marked ones can be compared)",
        "Mark"
    ),
    bind!(
        "F2",
        [f(2)],
        Action::Save,
        ANY,
        "save DNs as pcapng, text, Markdown, JSON or CSV",
        "Save"
    ),
    bind!("F3 /", [f(3), ch('/')], Action::Search, LISTS, "search as you type", "Search"),
    bind!(
        "F4 c",
        [f(4), ch('c')],
        Action::Compare,
        &[Dns, Dn, Sources, Findings],
        "compare: two marked DNs, a marked one and this, or all",
        "Compare"
    ),
    bind!("F5", [f(5)], Action::Clear, ANY, "clear search and filter; again the marks"),
    bind!("F6 r", [f(6), ch('r')], Action::Raw, &[Dn, Pair, Flow], "raw messages", "Raw"),
    bind!(
        "F7",
        [f(7)],
        Action::Filter,
        &[Dns, Compare],
        "filter: words, field=value, ~ < >, or, not, ( )",
        "Filter"
    ),
    bind!(
        "F7",
        [f(7)],
        Action::Filter,
        &[Findings],
        "errors alone, errors and warnings, or all",
        "Severity"
    ),
    bind!(
        "g",
        [ch('g')],
        Action::Group,
        &[Dns],
        "group by source, registrar, User-Agent, state, or not",
        "Group"
    ),
    bind!("F10 t", [f(10), ch('t')], Action::Columns, &[Dns], "choose and order columns"),
    bind!("<", [ch('<')], Action::SortBefore, &[Dns, Sources], "sort by the previous column"),
    bind!(">", [ch('>')], Action::SortNext, &[Dns, Sources], "sort by the next column", "Sort"),
    bind!("z", [ch('z')], Action::Reverse, &[Dns, Sources], "reverse the order"),
    bind!(
        "f",
        [ch('f')],
        Action::Flow,
        &[Dns, Dn, Findings, Cluster],
        "the messages as a ladder",
        "Flow"
    ),
    bind!(
        "[",
        [ch('[')],
        Action::Left,
        &[Compare],
        "the comparison before: all failing, each kind, marked, listed"
    ),
    bind!("]", [ch(']')], Action::Right, &[Compare], "the next comparison", "Kind"),
    bind!("e", [ch('e')], Action::Same, &[Compare, Pair], "show or hide what is the same", "Same"),
    bind!(
        "w",
        [ch('w')],
        Action::Wrap,
        &[Message, Flow, Pair, Log],
        "wrap long lines, or not",
        "Wrap"
    ),
    bind!("b", [ch('b')], Action::Bytes, &[Message], "bytes, or text", "Bytes"),
    bind!(
        "x",
        [ch('x')],
        Action::Reveal,
        &[Message],
        "show passwords and digest responses, or mask them"
    ),
    bind!(
        "n Tab",
        [ch('n'), key(KeyCode::Tab)],
        Action::NextOne,
        &[Message],
        "the next message of the DN",
        "Next"
    ),
    bind!("N", [ch('N')], Action::OneBefore, &[Message], "the message before"),
    bind!("n", [ch('n')], Action::NextOne, &[Dn, Flow], "next match"),
    bind!("N", [ch('N')], Action::OneBefore, &[Dn, Flow], "previous match"),
    bind!(
        "y",
        [ch('y')],
        Action::Copy,
        ANY,
        "copy the DN, message or finding to your clipboard (OSC 52)",
        "Copy"
    ),
    bind!("p", [ch('p')], Action::Pause, ANY, "pause or resume"),
    bind!("1", [ch('1')], Action::Tab(0), ANY, "the DNs"),
    bind!("2", [ch('2')], Action::Tab(1), ANY, "failing against working DNs"),
    bind!("3", [ch('3')], Action::Tab(2), ANY, "the sources"),
    bind!("4", [ch('4')], Action::Tab(3), ANY, "all findings"),
    bind!(
        "5",
        [ch('5')],
        Action::Tab(4),
        ANY,
        "statistics: codes, delays, retransmissions over time"
    ),
    bind!("6", [ch('6')], Action::Tab(5), ANY, "the nodes of a cluster, if there is one"),
    bind!(
        "Tab",
        [key(KeyCode::Tab)],
        Action::NextPart,
        &[Dn, Flow, Pair],
        "the next part of the screen",
        "Part"
    ),
    bind!(
        "Tab",
        [key(KeyCode::Tab)],
        Action::NextTab,
        &[Dns, Compare, Sources, Findings, Statistics, Cluster],
        "the next of these screens"
    ),
    bind!("Up k", [key(KeyCode::Up), ch('k')], Action::Up, ANY, "up"),
    bind!("Down j", [key(KeyCode::Down), ch('j')], Action::Down, ANY, "down"),
    bind!("PgUp", [key(KeyCode::PageUp), ctrl('b')], Action::PageUp, ANY, "a page up"),
    bind!("PgDn", [key(KeyCode::PageDown), ctrl('f')], Action::PageDown, ANY, "a page down"),
    bind!("Home", [key(KeyCode::Home)], Action::First, ANY, "the first"),
    bind!("End G", [key(KeyCode::End), ch('G')], Action::Last, ANY, "the last"),
    bind!("Left", [key(KeyCode::Left)], Action::Left, ANY, "close the group; scroll to the left"),
    bind!(
        "Right",
        [key(KeyCode::Right), ch('l')],
        Action::Right,
        ANY,
        "open the group; scroll to the right"
    ),
    bind!("Ctrl-L", [ctrl('l')], Action::Redraw, ANY, "redraw"),
    bind!("Ctrl-Z", [ctrl('z')], Action::Suspend, ANY, "to the shell; fg comes back"),
    bind!("q", [ch('q'), ctrl('c')], Action::Quit, ANY, "quit", "Quit"),
];

/// What a key does in a place.
pub(super) fn action(event: KeyEvent, place: Place) -> Option<Action> {
    // a capital letter comes with Shift on some terminals and without on others
    let modifiers = match event.code {
        KeyCode::Char(_) => event.modifiers - KeyModifiers::SHIFT,
        _ => event.modifiers,
    };
    let chord = Chord(event.code, modifiers);
    KEYS.iter()
        .find(|binding| binding.keys.contains(&chord) && holds_in(binding, place))
        .map(|binding| binding.action)
}

/// Whether a key means something in a place.
pub(super) fn holds_in(binding: &Binding, place: Place) -> bool {
    binding.places.is_empty() || binding.places.contains(&place)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACES: [Place; 11] =
        [Dns, Dn, Compare, Pair, Flow, Message, Log, Sources, Findings, Statistics, Cluster];

    #[test]
    fn no_key_means_two_things_in_one_place() {
        for place in PLACES {
            let mut seen = Vec::new();
            for binding in KEYS.iter().filter(|b| holds_in(b, place)) {
                for key in binding.keys {
                    assert!(!seen.contains(key), "{key:?} twice in {place:?}");
                    seen.push(*key);
                }
            }
        }
    }

    #[test]
    fn help_fits_a_line_and_names_each_key() {
        for binding in KEYS {
            assert!(binding.help.len() <= 62, "{}", binding.help);
            assert!(!binding.shown.is_empty() && binding.shown.len() <= 7);
        }
    }

    #[test]
    fn shift_of_a_letter_changes_nothing() {
        let event = KeyEvent::new(KeyCode::Char('G'), KeyModifiers::SHIFT);
        assert_eq!(action(event, Dns), Some(Action::Last));
        let enter = KeyEvent::new(KeyCode::Enter, KeyModifiers::NONE);
        assert_eq!(action(enter, Dns), Some(Action::Open));
        assert_eq!(action(KeyEvent::new(KeyCode::Char('q'), KeyModifiers::ALT), Dns), None);
    }
}
