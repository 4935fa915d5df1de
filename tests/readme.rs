//! The guide shows what the program prints; `REGSCOPE_BLESS=1` writes it there.

use std::process::Command;

#[test]
fn the_output_in_the_guide_is_that_of_the_program() {
    let root = env!("CARGO_MANIFEST_DIR");
    let readme = std::fs::read_to_string(format!("{root}/docs/guide.md")).unwrap();
    let (mut shown, mut now) = (0, readme.clone());
    for part in readme.split("\n`regscope ").skip(1) {
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
            assert_eq!(have, want, "{command}");
        }
        shown += 1;
    }
    if now != readme {
        std::fs::write(format!("{root}/docs/guide.md"), now).unwrap();
    }
    assert_eq!(shown, 5);
}
