//! The screen Statistics: what it shows at each size, and how it scrolls.

use regscope::tui::Effect;

use crate::session::{Session, at_each_size};

#[test]
fn numbers_of_a_capture() {
    for case in ["incident", "no-answer"] {
        at_each_size(&format!("statistics-{case}"), |size| Session::on(case, "5", size));
    }
}

#[test]
fn what_does_not_fit_is_said_and_can_be_scrolled_to() {
    let mut session = Session::on("edge-proxy-two-hops", "5", (80, 24));
    let text = session.text((80, 24));
    assert!(
        text.contains("lines 1–20 of ") && !text.contains("on the side of the device"),
        "{text}"
    );
    session.keys("<End>");
    let end = session.text((80, 24));
    assert!(end.contains("on the side of the device"), "{end}");
    session.keys("kkk<Home>");
    assert_eq!(session.text((80, 24)), text);
    session.keys("y");
    let Some(Effect::Copy(copied)) = session.effects.last() else {
        panic!("{:?}", session.effects)
    };
    assert!(
        copied.contains("2 attempts: 1 succeeded, 1 failed.") && copied.contains("RRD (RFC 6076)")
    );
    assert!(!session.text((140, 40)).contains("lines 1"));
}
