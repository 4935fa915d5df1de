//! The screens in the guide are those of the program; `REGSCOPE_BLESS=1` writes them.

use std::path::Path;

use crate::console::Console;

/// What precedes a screen: the case, if it is not the incident, and the keys that lead there.
const MARK: &str = "<!-- screen: ";
const BEGIN: &str = " -->\n```text\n";
const END: &str = "```\n";

#[test]
fn the_screens_in_the_guide_are_those_of_the_program() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = root.join("docs/guide.md");
    let readme = std::fs::read_to_string(&path).unwrap();
    let mut parts = readme.split(MARK);
    let mut now = parts.next().unwrap().to_owned();
    let mut shown = 0;
    for part in parts {
        let (keys, rest) = part.split_once(BEGIN).unwrap();
        let (_, after) = rest.split_once(END).unwrap();
        now.extend([MARK, keys, BEGIN, &screen(root, keys), END, after]);
        shown += 1;
    }
    assert_eq!(shown, 5);
    if std::env::var_os("REGSCOPE_BLESS").is_some() {
        std::fs::write(&path, now).unwrap();
    } else {
        assert_eq!(now, readme, "REGSCOPE_BLESS=1 cargo test --test pty writes the screens");
    }
}

/// The files of a case: its input, or those of each node.
fn files(root: &Path, case: &str) -> Vec<String> {
    let directory = format!("captures/{case}");
    let entries = std::fs::read_dir(root.join(&directory)).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let is_input = |name: &String| name.starts_with("input.") || name.starts_with("dc");
    let mut files: Vec<_> =
        names.filter(is_input).map(|name| format!("{directory}/{name}")).collect();
    files.sort();
    files
}

/// What 80 columns and 24 lines show of a case after these keys.
fn screen(root: &Path, keys: &str) -> String {
    let mut keys: Vec<&str> = keys.split_whitespace().filter(|key| *key != "none").collect();
    let case = match keys.first() {
        Some(first) if root.join("captures").join(first).is_dir() => keys.remove(0),
        _ => "incident",
    };
    let files = files(root, case);
    let args: Vec<&str> =
        std::iter::once("--utc").chain(files.iter().map(String::as_str)).collect();
    let mut console = Console::start(root, &args, (80, 24));
    let is_read = |screen: &str| screen.contains(" DNs ") && !screen.contains("reading");
    console.wait("the capture", is_read);
    for key in keys {
        console.keys(match key {
            "Enter" => "\r",
            "Space" => " ",
            "Down" => "\u{1b}[B",
            key => key,
        });
        console.wait("the screen", |screen| !screen.contains("reading"));
    }
    let text = console.text();
    console.keys("q");
    assert_eq!(console.end(), 0);
    let lines = text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n");
    format!("{}\n", lines.trim_end())
}
