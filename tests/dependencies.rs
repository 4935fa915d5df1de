//! Holds the dependencies against `deny.toml`: licenses, registries, crates that are refused. No network is
//! needed; `cargo deny check` looks for advisories beside that.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails the test")]

use std::path::Path;
use std::process::Command;

use serde_json::Value;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn rules() -> toml::Table {
    std::fs::read_to_string(root().join("deny.toml")).unwrap().parse().unwrap()
}

/// The texts of a list of `deny.toml`, or those that are called `key` in its tables.
fn list(rules: &toml::Table, path: [&str; 2], key: &str) -> Vec<String> {
    let text = |value: &toml::Value| {
        value.as_str().or_else(|| value.get(key)?.as_str()).map(str::to_owned)
    };
    let [table, key_of_list] = path;
    let list = rules.get(table).and_then(|table| table.get(key_of_list));
    list.unwrap().as_array().unwrap().iter().map(|value| text(value).unwrap()).collect()
}

/// The packages that are built here, as cargo lists them; none if cargo cannot list them.
fn packages() -> Option<Vec<Value>> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let host = if cfg!(target_env = "musl") { "musl" } else { "gnu" };
    let platform = format!("{}-unknown-linux-{host}", std::env::consts::ARCH);
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--locked", "--offline", "--filter-platform"])
        .arg(platform)
        .current_dir(root())
        .output()
        .unwrap();
    let all: Value = serde_json::from_slice(&output.stdout).ok()?;
    let nodes = all.pointer("/resolve/nodes")?.as_array()?;
    let used: Vec<_> = nodes.iter().map(|node| node.get("id")).collect();
    let packages = all.get("packages")?.as_array()?.iter();
    Some(packages.filter(|package| used.contains(&package.get("id"))).cloned().collect())
}

/// Whether an SPDX expression can be met with these licenses: AND binds stronger, parentheses strongest.
fn is_met(expression: &str, allowed: &[String]) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let mut words = spaced.split_whitespace().peekable();
    let met = any(&mut words, allowed);
    met && words.next().is_none()
}

type Words<'w> = std::iter::Peekable<std::str::SplitWhitespace<'w>>;

fn any(words: &mut Words<'_>, allowed: &[String]) -> bool {
    let mut met = all(words, allowed);
    while words.next_if_eq(&"OR").is_some() {
        met |= all(words, allowed);
    }
    met
}

fn all(words: &mut Words<'_>, allowed: &[String]) -> bool {
    let mut met = one(words, allowed);
    while words.next_if_eq(&"AND").is_some() {
        met &= one(words, allowed);
    }
    met
}

fn one(words: &mut Words<'_>, allowed: &[String]) -> bool {
    let Some(word) = words.next() else { return false };
    if word == "(" {
        return any(words, allowed) & (words.next() == Some(")"));
    }
    // an exception permits more, and is checked by itself
    let with = words.next_if_eq(&"WITH").and_then(|_| words.next());
    let license = with.map_or_else(|| word.to_owned(), |with| format!("{word} WITH {with}"));
    allowed.contains(&license)
}

#[test]
fn dependencies_are_what_deny_toml_allows() {
    let Some(packages) = packages() else {
        eprintln!("skipped: cargo does not have the packages of this platform at hand");
        return;
    };
    assert!(packages.len() > 50);
    let rules = rules();
    let allowed = list(&rules, ["licenses", "allow"], "");
    let clarified = list(&rules, ["licenses", "clarify"], "crate");
    let refused = list(&rules, ["bans", "deny"], "crate");
    let registries = list(&rules, ["sources", "allow-registry"], "");
    let mut wrong = Vec::new();
    for package in &packages {
        let name = package["name"].as_str().unwrap();
        match package["license"].as_str() {
            Some(license) if is_met(license, &allowed) => {}
            None if clarified.iter().any(|clear| clear == name) => {}
            license => wrong.push(format!("{name}: its license is {license:?}")),
        }
        // this package has no source
        if let Some(source) = package["source"].as_str()
            && !registries.iter().any(|registry| source.ends_with(&format!("+{registry}")))
        {
            wrong.push(format!("{name}: it comes from {source}"));
        }
        if refused.iter().any(|refused| refused == name) {
            wrong.push(format!("{name}: it is refused"));
        }
    }
    let unused = clarified.iter().filter(|name| !packages.iter().any(|p| p["name"] == **name));
    wrong.extend(unused.map(|name| format!("{name}: clarified, and not used any more")));
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn expressions_of_licenses_are_read() {
    let allowed = ["MIT", "Zlib"].map(str::to_owned);
    for met in [
        "MIT",
        "Apache-2.0 OR MIT",
        "GPL-3.0/MIT",
        "(MIT OR GPL-3.0) AND Zlib",
        "MIT AND Zlib OR X",
    ] {
        assert!(is_met(met, &allowed), "{met}");
    }
    for unmet in
        ["", "GPL-3.0", "MIT AND GPL-3.0", "(GPL-3.0 OR X) AND MIT", "MIT WITH X", "(MIT", "MIT)"]
    {
        assert!(!is_met(unmet, &allowed), "{unmet}");
    }
}
