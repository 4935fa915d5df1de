//! Checks imports against the arrows of the pipeline, pages against the files they name, and tables for completeness.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails the test")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Each module and those it may use.
const ARROWS: &[(&str, &[&str])] = &[
    ("hashing", &[]),
    ("net", &[]),
    ("select", &["hashing"]),
    ("parallel", &[]),
    ("host", &["hashing", "net"]),
    ("privilege", &["net"]),
    ("hep", &["net"]),
    ("hook", &["net"]),
    ("source", &["net", "hep"]),
    ("packet", &["hashing", "net", "hep"]),
    ("sip", &["net"]),
    ("log", &["net", "sip"]),
    ("record", &["hashing", "net"]),
    ("registration", &["hashing", "net", "packet", "sip", "log", "parallel"]),
    ("metrics", &["hashing", "net", "registration"]),
    ("cluster", &["hashing", "net", "registration"]),
    ("compare", &["hashing", "net", "sip", "log", "registration", "select", "parallel"]),
    (
        "diagnosis",
        &["hashing", "net", "sip", "log", "registration", "cluster", "compare", "parallel"],
    ),
    ("statistics", &["net", "registration"]),
    ("capture", &["net", "source", "packet", "sip", "log"]),
    (
        "wording",
        &[
            "net",
            "source",
            "packet",
            "sip",
            "log",
            "registration",
            "statistics",
            "cluster",
            "compare",
            "capture",
        ],
    ),
    (
        "report",
        &[
            "hashing",
            "net",
            "source",
            "packet",
            "sip",
            "log",
            "registration",
            "statistics",
            "cluster",
            "compare",
            "diagnosis",
            "select",
            "capture",
            "wording",
            "parallel",
        ],
    ),
    (
        "tui",
        &[
            "hashing",
            "net",
            "sip",
            "registration",
            "statistics",
            "cluster",
            "compare",
            "diagnosis",
            "select",
            "capture",
            "wording",
            "parallel",
        ],
    ),
    ("alert", &["hashing", "net", "wording"]),
    ("webhook", &["net", "hook", "alert"]),
    ("cli", &["net", "registration", "compare", "report", "select", "tui"]),
    (
        "app",
        &[
            "hashing",
            "net",
            "source",
            "packet",
            "sip",
            "log",
            "registration",
            "cluster",
            "compare",
            "diagnosis",
            "report",
            "cli",
            "select",
            "capture",
            "wording",
            "tui",
            "record",
            "host",
            "privilege",
            "hep",
            "hook",
            "alert",
            "webhook",
            "metrics",
            "parallel",
        ],
    ),
];

fn sources(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The modules named by `crate::name` and by `crate::{name, …}`.
fn used(text: &str) -> BTreeSet<String> {
    let code = text.lines().map(|line| line.split("//").next().unwrap_or_default());
    let code: String = code.collect::<Vec<_>>().join("\n");
    let mut used = BTreeSet::new();
    for after in code.split("crate::").skip(1) {
        match after.strip_prefix('{') {
            Some(group) => used.extend(first_names(group)),
            None => used.extend(name(after)),
        }
    }
    used
}

/// The identifier a text begins with.
fn name(text: &str) -> Option<String> {
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    (end > 0).then(|| text[..end].to_owned())
}

/// The first names of a group's members, up to the brace that closes it.
fn first_names(group: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut depth = 0_usize;
    let mut start = 0;
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' | '}' if depth == 0 => {
                names.extend(name(group[start..at].trim_start()));
                start = at + 1;
                if c == '}' {
                    break;
                }
            }
            _ => {}
        }
    }
    names
}

#[test]
fn imports_follow_the_arrows() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    let mut wrong = Vec::new();
    let mut seen = BTreeSet::new();
    for file in files {
        let inside = file.strip_prefix(&root).unwrap();
        let module = inside.components().next().unwrap().as_os_str().to_string_lossy();
        let module = module.trim_end_matches(".rs").to_owned();
        if matches!(module.as_str(), "lib" | "main") {
            continue;
        }
        let Some((_, allowed)) = ARROWS.iter().find(|(name, _)| *name == module) else {
            wrong.push(format!("{}: the module {module} is in no arrow", inside.display()));
            continue;
        };
        for name in used(&fs::read_to_string(&file).unwrap()) {
            let is_module = ARROWS.iter().any(|(module, _)| *module == name);
            if is_module && name != module && !allowed.contains(&name.as_str()) {
                wrong.push(format!("{}: {module} may not use {name}", inside.display()));
            }
        }
        seen.insert(module);
    }
    for (module, _) in ARROWS {
        if !seen.contains(*module) {
            wrong.push(format!("the module {module} has no file"));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn imports_are_found_in_every_spelling() {
    let names = |text| used(text).into_iter().collect::<Vec<_>>();
    assert_eq!(names("use crate::net::Frame;"), ["net"]);
    assert_eq!(names("let x = crate::sip::datagram(b);"), ["sip"]);
    assert_eq!(names("use crate::{net::Frame, sip};"), ["net", "sip"]);
    assert_eq!(names("use crate::{net::{self, Frame}, sip};"), ["net", "sip"]);
    assert_eq!(names("// crate::app is a comment"), Vec::<String>::new());
}

/// Every file below a directory, by its path from the root of the package.
fn files(dir: &Path, found: &mut Vec<PathBuf>) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for entry in fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()) {
        let skipped = ["target", ".git", "corpus"].iter().any(|name| entry.ends_with(name));
        if entry.is_dir() && !skipped {
            found.push(entry.strip_prefix(root).unwrap().to_owned());
            files(&entry, found);
        } else if !skipped {
            found.push(entry.strip_prefix(root).unwrap().to_owned());
        }
    }
}

fn package() -> Vec<PathBuf> {
    let mut found = Vec::new();
    files(Path::new(env!("CARGO_MANIFEST_DIR")), &mut found);
    found
}

fn read(path: impl AsRef<Path>) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// The pages people write; the others are made by tests.
fn pages() -> Vec<PathBuf> {
    const GENERATED: [&str; 2] = ["docs/FINDINGS.md", "docs/CASES.md"];
    let is_page = |path: &PathBuf| {
        path.starts_with("docs")
            && path.extension().is_some_and(|extension| extension == "md")
            && !GENERATED.iter().any(|generated| path == Path::new(generated))
    };
    let mut pages: Vec<_> = package().into_iter().filter(is_page).collect();
    pages.push("README.md".into());
    pages
}

/// The parts of a page between backticks that look like paths.
fn named_paths(text: &str) -> impl Iterator<Item = &str> {
    let is_path = |name: &&str| {
        let plain = |c: char| c.is_ascii_alphanumeric() || "_-./".contains(c);
        let file = [".rs", ".md", ".toml", ".yml", ".service", ".txt", ".py", ".c"];
        let known = ["src/", "tests/", "docs/", "captures/", "benches/", "contrib/", "examples/"];
        name.chars().all(plain)
            && (file.iter().any(|end| name.ends_with(end) && name.len() > end.len())
                || known.iter().any(|start| name.starts_with(start)))
    };
    text.lines().flat_map(|line| line.split('`').skip(1).step_by(2)).filter(is_path)
}

#[test]
fn pages_name_files_that_exist() {
    let package = package();
    let mut missing = Vec::new();
    for page in pages() {
        // what people call their own files in examples
        let examples = ["server.log", "input.", "captures/log-NAME"];
        for name in named_paths(&read(&page)) {
            let known = package.iter().any(|path| path.ends_with(name.trim_end_matches('/')));
            if !known && !examples.iter().any(|example| name.starts_with(example)) {
                missing.push(format!("{}: {name}", page.display()));
            }
        }
    }
    assert!(missing.is_empty(), "\n{}", missing.join("\n"));
}

/// What a heading is linked by.
fn anchor(heading: &str) -> String {
    let heading = heading.trim_start_matches('#').trim().to_lowercase();
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

#[test]
fn links_between_pages_lead_somewhere() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut broken = Vec::new();
    for page in pages() {
        for target in read(&page).split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            if target.starts_with("http") {
                continue;
            }
            let (file, heading) = target.split_once('#').unwrap_or((target, ""));
            let file = match file {
                "" => root.join(&page),
                file => root.join(&page).with_file_name(file),
            };
            let leads = file.exists()
                && (heading.is_empty()
                    || read(&file).lines().any(|l| l.starts_with('#') && anchor(l) == heading));
            if !leads {
                broken.push(format!("{}: {target}", page.display()));
            }
        }
    }
    assert!(broken.is_empty(), "\n{}", broken.join("\n"));
}

#[test]
fn no_paragraph_is_longer_than_five_lines() {
    let mut long = Vec::new();
    for page in pages().iter().filter(|page| page.starts_with("docs")) {
        let (mut code, mut lines) = (false, 0);
        for (number, line) in read(page).lines().enumerate() {
            code ^= line.trim_start().starts_with("```");
            let item = line.trim_start().starts_with(|c: char| c == '-' || c.is_ascii_digit());
            lines = match line.chars().next() {
                _ if code => 0,
                None | Some('|' | '#' | '`') => 0,
                _ if item => 1,
                _ => lines + 1,
            };
            if lines == 6 {
                long.push(format!("{}:{}", page.display(), number + 1));
            }
        }
    }
    assert!(long.is_empty(), "\n{}", long.join("\n"));
}

/// The variants of an enum without fields, as its file spells them.
fn variants(path: &str, name: &str) -> Vec<String> {
    let text = read(path);
    let (_, body) = text.split_once(&format!("enum {name} {{\n")).unwrap();
    let (body, _) = body.split_once("\n}").unwrap();
    let lines = body.lines().map(str::trim);
    let names = lines.filter_map(|line| line.strip_suffix(','));
    names.filter(|name| name.chars().all(char::is_alphanumeric)).map(str::to_owned).collect()
}

/// The modules a file declares without a body, and the files it includes by a path.
fn declared(text: &str) -> impl Iterator<Item = String> {
    let mods = text.lines().filter_map(|line| {
        let (_, after) = line.split_once("mod ")?;
        Some(after.strip_suffix(';')?.to_owned())
    });
    let paths = text.split("path = \"").skip(1).filter_map(|rest| {
        let path = rest.split('"').next()?;
        Some(Path::new(path).file_stem()?.to_str()?.to_owned())
    });
    mods.chain(paths)
}

#[test]
fn every_file_is_declared_as_a_module() {
    let mut sources: Vec<_> = package();
    sources.retain(|path| {
        path.starts_with("src") && path.extension().is_some_and(|extension| extension == "rs")
    });
    let declares: BTreeMap<_, BTreeSet<_>> =
        sources.iter().map(|path| (path.clone(), declared(&read(path)).collect())).collect();
    let mut orphans = Vec::new();
    for path in &sources {
        let (stem, dir) = (path.file_stem().unwrap(), path.parent().unwrap());
        let (name, parent) = match stem.to_str().unwrap() {
            "lib" | "main" => continue,
            "mod" => (dir.file_name().unwrap(), dir.parent().unwrap()),
            _ => (stem, dir),
        };
        let holders = ["mod.rs", "lib.rs"].map(|holder| parent.join(holder));
        let mut holders = holders.into_iter().chain([parent.with_extension("rs")]);
        let name = name.to_str().unwrap();
        let holds = |holder: PathBuf| declares.get(&holder).is_some_and(|all| all.contains(name));
        // a file included by a path is declared by one beside it, or beside its directory
        if !holders.any(holds) {
            orphans.push(path.display().to_string());
        }
    }
    assert!(orphans.is_empty(), "\n{}", orphans.join("\n"));
}

#[test]
fn what_has_a_table_or_a_list_is_in_it() {
    let mut missing = Vec::new();
    let columns = read("src/tui/columns.rs");
    for column in variants("src/tui/columns.rs", "ColumnId") {
        if !columns.contains(&format!("id: ColumnId::{column},")) {
            missing.push(format!("src/tui/columns.rs: {column} has no row in COLUMNS"));
        }
    }
    let secrets = read("tests/secrets.rs");
    for (path, name, command) in [
        ("src/cli/settings.rs", "ReportFormat", "report"),
        ("src/cli/settings.rs", "MessagesFormat", "messages"),
        ("src/cli/compare.rs", "CompareFormat", "compare"),
        ("src/cli/compare.rs", "CompareFormat", "compare 5001 5002"),
    ] {
        for format in variants(path, name) {
            let run = format!("\"{command} --format {}\"", format.to_lowercase());
            if !secrets.contains(&run) {
                missing.push(format!("tests/secrets.rs: {run} is not looked through"));
            }
        }
    }
    let package = package();
    let inside = |dir: &'static str| {
        package.iter().filter(move |path| path.parent() == Some(Path::new(dir))).map(read)
    };
    let tests: String = inside("src/log/tests").collect();
    for text in inside("src/log/dialect") {
        for name in text.split("name: \"").skip(1).filter_map(|rest| rest.split('"').next()) {
            if !tests.contains(&format!("\"{name}\"")) {
                missing.push(format!("src/log/tests: no test names the dialect {name}"));
            }
        }
    }
    assert!(missing.is_empty(), "\n{}", missing.join("\n"));
}

#[test]
fn the_page_on_filters_lists_every_field() {
    let page = read("docs/filter.md");
    let code = |names: &str| {
        let quoted = names.split(", ").filter(|name| !name.is_empty()).map(|n| format!("`{n}`"));
        quoted.collect::<Vec<_>>().join(", ")
    };
    let rows: Vec<_> = regscope::compare::filter_fields()
        .map(|(name, also, about)| format!("| `{name}` | {} | {about} |", code(&also)))
        .collect();
    let listed: Vec<_> = page.lines().skip_while(|line| *line != "## Fields").collect();
    let listed = listed.iter().filter(|line| line.starts_with("| `")).copied();
    assert!(listed.eq(rows.iter().map(String::as_str)), "it should be\n{}", rows.join("\n"));
}
