//! The DN list: looks, order, groups, search, filter, marks.

use std::sync::Arc;

use crossterm::event::{KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use insta::assert_snapshot;
use regscope::app::screen::read;
use regscope::tui::{Effect, News, Palette};

use crate::session::{Session, at_each_size, case, thousand};

#[test]
fn the_incident() {
    at_each_size("dns-incident", |size| Session::new("incident", size));
}

#[test]
fn a_thousand_dns() {
    let thousand = |size| Session::with(thousand(), "thousand.pcap", size, Palette::Dark);
    at_each_size("dns-thousand", thousand);
    at_each_size("dns-thousand-grouped", |size| {
        let mut session = thousand(size);
        session.keys("gj<Enter>jj");
        session
    });
}

#[test]
fn an_empty_capture() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("empty.pcap");
    std::fs::write(&file, crate::fleet::capture(0)).unwrap();
    let mut input = case("incident");
    input.files = vec![file];
    at_each_size("dns-empty", |size| {
        Session::with(input.clone(), "empty.pcap", size, Palette::Dark)
    });
}

#[test]
fn hostile_text() {
    at_each_size("dns-hostile", |size| {
        let mut session = Session::new("hostile-text", size);
        session.keys("<F10>");
        session.keys("<Esc>");
        session
    });
}

#[test]
fn without_colours_and_on_a_light_background() {
    for (name, palette) in [("mono", Palette::Mono), ("light", Palette::Light)] {
        let mut session = Session::with(case("incident"), "incident", (80, 24), palette);
        assert_snapshot!(format!("dns-{name}"), session.styled((80, 24)));
    }
}

#[test]
fn overlays() {
    for (name, keys) in [
        ("help", "?"),
        ("filter", "<F7>verdict=failing source=192.168.210.0/24"),
        ("filter-wrong", "<F7>verdict=failling"),
        ("columns", "<F10>jj<Space>"),
        ("save", "<F2><Tab><Right>"),
    ] {
        at_each_size(&format!("dns-{name}"), |size| {
            let mut session = Session::new("incident", size);
            session.keys(keys);
            session
        });
    }
}

fn list(session: &mut Session) -> Vec<String> {
    let text = session.text((140, 40));
    let rows = text.lines().skip(4).take_while(|line| !line.starts_with('─'));
    let name = |line: &str| line.chars().skip(4).collect::<String>();
    let names = rows.filter(|line| line.len() > 4).map(name);
    names.filter_map(|line| line.split_whitespace().next().map(str::to_owned)).collect()
}

#[test]
fn search_narrows_with_every_key_and_esc_undoes_it() {
    let mut session = Session::new("incident", (140, 40));
    assert_eq!(list(&mut session), ["5001", "5002", "5008", "1002", "1003"]);
    session.keys("/genesys-soft");
    assert_eq!(list(&mut session), ["1002", "1003"]);
    session.keys("<Esc>");
    assert_eq!(list(&mut session).len(), 5);
    session.keys("/404<Enter>");
    assert_eq!(list(&mut session), ["5008"]);
    session.keys("<Esc>");
    assert_eq!(list(&mut session).len(), 5);
}

#[test]
fn search_finds_every_word_that_is_seen() {
    let cases = [
        "incident",
        "refresh-refused",
        "flapping",
        "unreachable",
        "conflict",
        "moved",
        "ipv6",
        "pending",
        "challenged",
        "auth-failed",
        "truncated",
        "expired",
        "field-own-words",
        "log-genesys",
    ];
    for case in cases {
        let mut session = Session::new(case, (140, 40));
        let text = session.text((140, 40));
        let lines = text.lines().skip(4).take_while(|line| !line.starts_with('─'));
        let lines: Vec<_> = lines.filter(|line| line.len() > 4).map(str::to_owned).collect();
        assert!(!lines.is_empty(), "{case}");
        for line in lines {
            let words: Vec<_> = line
                .chars()
                .skip(4)
                .collect::<String>()
                .split_whitespace()
                .map(str::to_owned)
                .collect();
            for word in words.iter().filter(|word| !word.ends_with('…')) {
                session.keys(&format!("/<C-u>{word}<Enter>"));
                assert!(list(&mut session).contains(&words[0]), "{case}: {word} of {line}");
            }
            session.keys("<Esc>");
        }
    }
}

#[test]
fn search_finds_more_than_is_seen_and_nothing_else() {
    let mut session = Session::new("incident", (140, 40));
    for (search, want) in [
        ("forbidden", "5001 5002"),
        ("Not Found", "5008"),
        (" 5001 ", "5001"),
        ("refused", "5001 5002 5008"),
        ("registered", "1002 1003"),
        ("rejected 403", "5001 5002"),
        ("5002-2@192", "5002"),
        ("sip:1003@192.168.210.81:5090", "1003"),
        ("192.168.210.81:5060", "5001 5002 5008 1002 1003"),
        ("without a challenge", "5001 5002"),
        ("unknown to the registrar", "5008"),
        ("UNKNOWN-DN-404", "5008"),
    ] {
        session.keys(&format!("/<C-u>{search}<Enter>"));
        assert_eq!(list(&mut session).join(" "), want, "{search}");
    }
    // what is between the fields of a row is nothing to find
    for search in ["zzz", "forbidden 15:57"] {
        session.keys(&format!("/<C-u>{search}<Enter>"));
        assert!(session.text((140, 40)).contains(&format!("search {search}: 0")), "{search}");
    }
    // the case of what was typed is kept
    session.keys("/<C-u>Genesys-Soft<Enter>");
    assert!(session.text((140, 40)).contains("search: Genesys-Soft"));
    session.keys("/");
    assert!(session.text((140, 40)).contains("Search: Genesys-Soft"));
}

#[test]
fn what_goes_on_with_a_search_is_found_as_if_it_were_typed_at_once() {
    let mut session = Session::new("incident", (140, 40));
    for word in ["refused", "forbidden", "192.168.210.81:5090", "15:57:00", "registered", "404"] {
        session.keys("/<C-u>");
        session.keys(word);
        let typed = list(&mut session);
        session.keys(&format!("<Esc><Esc>/{}", &word[..2]));
        session.keys("<C-u>");
        session.paste(word);
        assert_eq!(list(&mut session), typed, "{word}");
        session.keys("<Enter><F5>");
    }
}

#[test]
fn a_filter_takes_effect_as_it_is_typed_and_a_wrong_one_changes_nothing() {
    let mut session = Session::new("incident", (140, 40));
    session.keys("<F7>code=403");
    assert_eq!(list(&mut session), ["5001", "5002"]);
    session.keys(" or nonsense=1");
    assert_eq!(list(&mut session), ["5001", "5002"]);
    assert!(session.text((140, 40)).contains("unknown field nonsense at 13"));
    // a word may become a field: it is not searched for before Enter
    session.keys("<C-u>code=403 re");
    assert_eq!(list(&mut session), ["5001", "5002"]);
    session.keys("<C-u>code=403 or nonsense=1");
    // one that is wrong cannot be accepted
    session.keys("<Enter>");
    assert!(session.text((140, 40)).contains("Filter: code=403 or nonsense=1"));
    session.keys("<C-u>code=403 or 5008");
    assert_eq!(list(&mut session), ["5001", "5002", "5008"]);
    session.keys("<C-u><Enter>");
    assert_eq!(list(&mut session).len(), 5);
}

#[test]
fn a_filter_that_matches_nothing_says_which_condition_is_why() {
    let mut session = Session::new("incident", (80, 24));
    session.keys("<F7>code=403 verdict=working");
    // what may be half typed does not empty the list
    let text = session.text((80, 24));
    assert!(text.contains("code=403: 2, verdict=working: 2, both: 0"), "{text}");
    assert!(text.contains("5001 rejected"), "{text}");
    session.keys("<Enter>");
    let text = session.text((80, 24));
    assert!(text.contains("code=403: 2, verdict=working: 2, both: 0"), "{text}");
    assert!(text.contains("No DN matches") && !text.contains("5001 rejected"), "{text}");
    session.keys("<F7>");
    session.keys("<C-u>code=403 ua~nobody<Enter>");
    assert!(session.text((80, 24)).contains("code=403: 2, ua~nobody: 0"));
    session.keys("<F7><C-u>code=403<Enter>/5008");
    assert!(session.text((80, 24)).contains("search 5008: 1, code=403: 2, both: 0"));
}

#[test]
fn a_header_that_a_filter_names_is_read_and_becomes_a_column() {
    let mut session = Session::new("auth-failed", (140, 40));
    session.keys("<F7>hdr.max-forwards=70 hdr.authorization");
    assert_eq!(list(&mut session).len(), 3, "not before Enter");
    session.keys("<Enter>");
    let text = session.text((140, 40));
    assert!(text.contains("hdr.max-forwards") && text.contains("hdr.authorization"), "{text}");
    assert_eq!(list(&mut session), ["2002", "2003", "2102"]);
    // what is masked is neither shown nor found
    session.keys(
        "<F7><C-u>hdr.authorization~response=\"\"<Enter><F7><C-u>hdr.authorization~***<Enter>",
    );
    assert_eq!(list(&mut session).len(), 3);
    session.keys("<F7><C-u>hdr.x-none<Enter>");
    assert!(session.text((140, 40)).contains("hdr.x-none: 0"));
    session.keys("<F7><C-u>hdr.x-none=absent contact.param.ob=absent<Enter>");
    assert_eq!(list(&mut session).len(), 3);
    session.keys("<F10>");
    let text = session.text((140, 40));
    assert!(text.contains("[x] contact.param.ob  what its latest REGISTER says there"), "{text}");
}

#[test]
fn tab_completes_fields_and_the_values_that_are_present() {
    let mut session = Session::new("incident", (140, 40));
    session.keys("<F7>verd<Tab>");
    assert!(session.text((140, 40)).contains("Filter: verdict="), "the only field");
    session.keys("<Tab>");
    let text = session.text((140, 40));
    assert!(text.contains("rejected    3 DNs") && text.contains("in_service  2 DNs"), "{text}");
    // Esc closes the list, not the line
    session.keys("<Esc>");
    assert!(!session.text((140, 40)).contains("rejected    3 DNs"));
    session.keys("<Tab><Tab><Enter><Enter>");
    assert!(session.text((140, 40)).contains("2 of 5  filter: verdict=in"));
    session.keys("<F7> ua~<Tab><Enter><Enter>");
    let text = session.text((140, 40));
    assert!(text.contains("verdict=in_service ua~"), "{text}");
    for (name, keys) in [("fields", "<F7><Tab><Down><Down>"), ("values", "<F7>source=<Tab>")] {
        at_each_size(&format!("dns-complete-{name}"), |size| {
            let mut session = Session::new("incident", size);
            session.keys(keys);
            session
        });
    }
}

#[test]
fn columns_sort_both_ways_and_the_selection_stays() {
    let mut session = Session::new("incident", (140, 40));
    session.keys("jj");
    session.keys("<");
    assert_eq!(list(&mut session), ["1002", "1003", "5001", "5002", "5008"]);
    session.keys("z");
    assert_eq!(list(&mut session), ["5008", "5002", "5001", "1003", "1002"]);
    assert!(session.text((140, 40)).contains("5008 rejected 404 Not Found since"));
    session.resize((60, 15)).resize((140, 40));
    assert!(session.text((140, 40)).contains("5008 rejected 404 Not Found since"));
}

#[test]
fn groups_open_and_close() {
    let mut session = Session::new("incident", (140, 40));
    session.keys("g");
    assert_eq!(list(&mut session), ["192.168.210.54", "192.168.210.81"]);
    session.keys("<Right>");
    assert_eq!(list(&mut session).len(), 5);
    session.keys("j<Left>");
    assert_eq!(list(&mut session), ["192.168.210.54", "192.168.210.81"]);
    session.keys("ggg");
    assert_eq!(list(&mut session), ["rejected", "rejected", "in"]);
    session.keys("g");
    assert_eq!(list(&mut session).len(), 5);
}

#[test]
fn a_dn_is_copied_and_quitting_is_an_effect() {
    let mut session = Session::new("incident", (80, 24));
    session.keys("jyq");
    assert_eq!(session.effects, [Effect::Copy("5002".to_owned()), Effect::Quit]);
}

#[test]
fn saving_names_dns_form_and_file() {
    let mut session = Session::new("incident", (80, 24));
    session.keys("<Space><Space><F2><Tab><Right><Right><Enter>");
    let [Effect::Save(request)] = session.effects.as_slice() else {
        panic!("{:?}", session.effects)
    };
    assert_eq!(request.dns, [b"5001".to_vec(), b"5002".to_vec()]);
    assert_eq!(request.path.to_str(), Some("regscope-2-dns.md"));
    assert!(!request.replace);
}

#[test]
fn a_screen_too_small_says_so() {
    let mut session = Session::new("incident", (30, 8));
    assert!(session.text((30, 8)).starts_with("regscope needs 40 columns"));
}

fn mouse(session: &mut Session, kind: MouseEventKind, column: u16, row: u16) {
    let event = MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE };
    let effects = session.state.point(event);
    assert!(effects.is_empty());
}

#[test]
fn a_click_selects_and_another_opens() {
    let mut session = Session::new("incident", (140, 40));
    let click = MouseEventKind::Down(MouseButton::Left);
    mouse(&mut session, click, 6, 6);
    assert!(session.text((140, 40)).contains("5008 rejected 404 Not Found since"));
    mouse(&mut session, click, 6, 6);
    assert!(session.text((140, 40)).contains("Summary"), "the DN is open");
    // a tab leads home
    mouse(&mut session, click, 4, 2);
    assert!(!session.text((140, 40)).contains("Summary"));
    // a place without a line means nothing
    mouse(&mut session, click, 6, 20);
    assert!(session.text((140, 40)).contains("5008 rejected 404 Not Found since"));
}

#[test]
fn titles_sort_and_the_wheel_scrolls() {
    let mut session = Session::new("incident", (140, 40));
    let click = MouseEventKind::Down(MouseButton::Left);
    mouse(&mut session, click, 5, 3);
    assert_eq!(list(&mut session), ["1002", "1003", "5001", "5002", "5008"]);
    mouse(&mut session, click, 5, 3);
    assert_eq!(list(&mut session), ["5008", "5002", "5001", "1003", "1002"]);
    let mut session = Session::with(thousand(), "thousand.pcap", (80, 24), Palette::Dark);
    for _ in 0..10 {
        mouse(&mut session, MouseEventKind::ScrollDown, 10, 10);
    }
    mouse(&mut session, MouseEventKind::ScrollUp, 10, 10);
    assert!(session.text((80, 24)).contains("5189 rejected 403 Forbidden since"), "27 lines down");
}

#[test]
fn a_held_picture_stands_still_while_reading_goes_on() {
    let size = (80, 24);
    let data = |name: &str| Arc::new(read(&case(name)).unwrap());
    let mut session = Session::reading(data("incident"), size);
    assert!(session.keys("p").text(size).contains("paused"));
    session.news(News::Data(data("flapping")));
    assert!(session.text(size).contains("5001"), "what was there");
    assert!(!session.keys("p").text(size).contains("5001"), "what was read meanwhile");
    session.news(News::Finished);
    assert!(session.keys("p").text(size).contains("Nothing to pause: all input has been read"));
}

/// The cases of `captures/` that are a single trace the screen can show.
fn cases() -> Vec<String> {
    let dir = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("captures");
    let entries = dir.read_dir().unwrap().map(|entry| entry.unwrap());
    let dirs = entries.filter(|entry| entry.file_type().unwrap().is_dir());
    let mut names: Vec<_> = dirs.map(|d| d.file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn no_dn_and_no_source_is_cut() {
    for name in cases() {
        // the text of this one is hostile on purpose, and longer than any number
        let input = case(&name);
        if name == "hostile-text" || input.files.is_empty() {
            continue;
        }
        let mut session = Session::new(&name, (80, 24));
        let data = read(&input).unwrap();
        for dn in data.snapshot.dns() {
            let dn_name = String::from_utf8_lossy(dn.name()).into_owned();
            session.keys(&format!("<Esc>/{dn_name}<Enter>"));
            for size in [(80, 24), (100, 30), (140, 40)] {
                let text = session.text(size);
                let line = text.lines().skip(4).find(|line| line.contains(&dn_name));
                assert!(dn_name.len() > 15 || line.is_some(), "{name} {size:?}: {dn_name}\n{text}");
                let sources: Vec<String> =
                    dn.attempts().map(|attempt| attempt.source.addr.to_string()).collect();
                if sources.iter().all(|s| s.len() <= 15 || size.0 == 140) {
                    let whole = sources.iter().any(|source| text.contains(source));
                    assert!(whole || sources.is_empty(), "{name} {size:?}: {sources:?}\n{text}");
                }
            }
        }
    }
}

#[test]
fn the_cursor_stays_on_the_first_row_until_a_person_moves_it() {
    let size = (80, 24);
    let data = |name: &str| Arc::new(read(&case(name)).unwrap());
    let mut session = Session::reading(data("in-service"), size);
    session.news(News::Data(data("incident")));
    session.keys("<Enter>");
    assert!(session.text(size).contains("5001"), "the most urgent one is opened");
    // chosen with a key, it is followed from then on
    let mut session = Session::reading(data("incident"), size);
    session.keys("<End>");
    session.news(News::Data(data("incident")));
    session.keys("<Enter>");
    assert!(session.text(size).contains("1003"), "{}", session.text(size));
}

#[test]
fn groups_and_sources_whose_dns_are_at_risk_have_its_mark() {
    let size = (140, 40);
    for keys in ["g", "3"] {
        let text = Session::on("field-at-risk", keys, size).text(size);
        assert!(text.lines().any(|line| line.trim_start().contains("▲ 192.0.2.")), "{text}");
    }
    // a DN that is out goes before one at risk, and one in service has its own mark
    for keys in ["g", "3"] {
        let text = Session::on("in-service", keys, size).text(size);
        assert!(!text.contains("▲ 192") && text.contains("✓ 192"), "{text}");
    }
}

#[test]
fn columns_that_are_chosen_and_do_not_fit_are_marked() {
    let text = Session::on("field-at-risk", "<F10>", (80, 24)).text((80, 24));
    let marked = text.lines().filter(|line| line.contains("does not fit")).count();
    assert!(marked > 0, "{text}");
}
