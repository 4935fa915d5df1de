use crate::compare::tests::fleet::incident;
use crate::tui::effect::{Effect, Fetched, News};
use crate::tui::update::{Input, update};
use crate::tui::view::testing::{press, screen, text};

#[test]
fn look() {
    let mut state = screen(incident(true), (80, 24), true);
    press(&mut state, "<Down> <Down> c");
    println!("{}", text(&state));
    press(&mut state, "e");
    println!("{}", text(&state));
    let effects = press(&mut state, "er");
    println!("{effects:?}");
    println!("{}", text(&state));
}
