use crate::compare::tests::fleet::incident;
use crate::tui::view::testing::{press, screen, text};

#[test]
fn look() {
    let mut state = screen(incident(true), (80, 24), true);
    press(&mut state, "2");
    println!("{}", text(&state));
    press(&mut state, "<Down>");
    println!("{}", text(&state));
    press(&mut state, "<End>");
    println!("{}", text(&state));
    press(&mut state, "<Home>]");
    println!("{}", text(&state));
}
