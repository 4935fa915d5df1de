//! The README and the guide show what the program prints; `REGSCOPE_BLESS=1` writes it there.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails the test")]

use std::process::Command;

#[test]
fn the_output_in_readme_and_guide_is_that_of_the_program() {
    assert_eq!(shown_in("README.md"), 2);
    assert_eq!(shown_in("docs/guide.md"), 5);
}

/// How many outputs a page has; each is compared with the program's, or replaced by it.
fn shown_in(page: &str) -> usize {
    let root = env!("CARGO_MANIFEST_DIR");
    let path = format!("{root}/{page}");
    let text = std::fs::read_to_string(&path).unwrap();
    let (mut shown, mut now) = (0, text.clone());
    for part in text.split("\n`regscope ").skip(1) {
        let Some((command, rest)) = part.split_once("`:\n\n```text\n") else { continue };
        if command.contains('\n') {
            continue;
        }
        let (want, _) = rest.split_once("```\n").unwrap();
        let mut program = Command::new(env!("CARGO_BIN_EXE_regscope"));
        let program = program.current_dir(root).env("LC_ALL", "C.UTF-8");
        let output = program.args(command.split(' ')).output().unwrap();
        let have = String::from_utf8(output.stdout).unwrap();
        now = now.replacen(want, &have, 1);
        if std::env::var_os("REGSCOPE_BLESS").is_none() {
            assert_eq!(have, want, "{page}: {command}");
        }
        shown += 1;
    }
    if now != text {
        std::fs::write(path, now).unwrap();
    }
    shown
}
