//! The language that selects DNs: `source=192.168.210.0/24 verdict=failing ua~Asterisk`.
//!
//! Conditions are separated by spaces or commas and must all hold. After a comma, words without an
//! operator are further values of the condition before: `dn=5001-5020,10*` and
//! `verdict=rejected,auth_failed` mean any of them. `=` and `!=` compare whole values, without
//! case; `~` and `!~` look for the text inside. Quotes keep spaces and commas: `ua~"PBX 16"`.

use std::net::IpAddr;

use ipnet::IpNet;
use thiserror::Error;

use super::atom::{Atom, Value};
use super::attribute::{ATTRIBUTES, Attribute};
use super::facts::Facts;
use crate::net::escape_text;
use crate::registration::{DnView, Flag, Ledger, Snapshot, State, Verdict};
use crate::select::DnList;

/// What is wrong with a filter; `at` is the byte where the wrong word starts.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
#[error("{} in `{}`; for example: {example}", escape_text(problem), escape_text(word))]
pub struct FilterError {
    /// The word that is wrong.
    pub word: String,
    /// Where it starts in the filter, in bytes.
    pub at: usize,
    /// What is wrong with it.
    pub problem: String,
    /// One that would be right.
    pub example: &'static str,
}

/// Selects DNs. An empty one selects all.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    text: String,
    terms: Vec<Term>,
}

/// One condition: any of its values, or none of them when it is negated.
#[derive(Clone, Debug)]
struct Term {
    key: Key,
    negated: bool,
    contains: bool,
    values: Vec<Test>,
}

/// What a condition is about.
#[derive(Clone, Copy, Debug)]
enum Key {
    Dn,
    Source,
    Verdict,
    Code,
    Flag,
    Registrar,
    Reason,
    Owner,
    Node,
    Cti,
    Attribute(&'static Attribute),
}

/// One value to compare with.
#[derive(Clone, Debug)]
enum Test {
    Text(String),
    Dns(DnList),
    Network(IpNet),
    Code(u16),
}

/// The CTI states, and what they are called for short.
const CTI: [&[&str]; 3] = [&["in_service", "in"], &["out_of_service", "out"], &["unknown"]];

/// Short names of attributes.
const SHORT: [(&str, &str); 9] = [
    ("ua", "user_agent"),
    ("realm", "auth.realm"),
    ("contact", "contact.host"),
    ("via", "via.sent_by"),
    ("ttl", "ip.ttl"),
    ("network", "source.network"),
    ("domain", "request.to_domain"),
    ("expires", "expires.asked"),
    ("port", "source.port"),
];

impl Key {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "dn" => Self::Dn,
            "source" | "source.address" => Self::Source,
            "verdict" | "state" | "cohort" => Self::Verdict,
            "code" | "status_code" => Self::Code,
            "flag" => Self::Flag,
            "registrar" => Self::Registrar,
            "reason" => Self::Reason,
            "owner" => Self::Owner,
            "node" => Self::Node,
            "cti" => Self::Cti,
            _ => {
                let full = SHORT.iter().find(|(short, _)| *short == name).map_or(name, |s| s.1);
                Self::Attribute(Attribute::named(full)?)
            }
        })
    }

    const fn example(self) -> &'static str {
        match self {
            Self::Dn => "dn=5001-5020,10*",
            Self::Source => "source=192.168.210.0/24",
            Self::Verdict => "verdict=failing",
            Self::Code => "code=403",
            Self::Flag => "flag=nat",
            Self::Registrar => "registrar=192.168.210.81:5060",
            Self::Reason => "reason~suspended",
            Self::Owner => "owner=SIPS_DC1",
            Self::Node => "node=SIPS_DC1",
            Self::Cti => "cti=out",
            Self::Attribute(_) => "ua~Asterisk",
        }
    }
}

impl Filter {
    /// Reads a filter.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        let mut terms: Vec<Term> = Vec::new();
        for word in split(text)? {
            match operator(word.text) {
                Some(parts) => terms.push(Term::new(&word, &parts)?),
                None => match terms.last_mut().filter(|_| word.after_comma) {
                    Some(term) => term.add(&word, word.text)?,
                    None => return Err(word.wrong("no =, !=, ~ or !~", "source=192.168.210.81")),
                },
            }
        }
        Ok(Self { text: text.trim().to_owned(), terms })
    }

    /// The words it was read from.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it selects every DN.
    #[must_use]
    pub fn is_all(&self) -> bool {
        self.terms.is_empty()
    }

    /// Whether a DN of a snapshot is selected.
    #[must_use]
    pub fn matches(&self, dn: &DnView<'_>, snapshot: &Snapshot) -> bool {
        // most filters need no more than names and verdicts: the facts are read when asked for
        let mut facts = None;
        self.terms.iter().all(|term| {
            let held = match term.key {
                Key::Dn | Key::Verdict | Key::Code | Key::Flag => term.holds_of_state(dn),
                Key::Owner | Key::Node | Key::Cti => term.holds_of_nodes(dn, snapshot),
                _ => {
                    let facts = facts.get_or_insert_with(|| Facts::of(snapshot, *dn));
                    term.holds_of_facts(facts)
                }
            };
            held != term.negated
        })
    }
}

impl Term {
    fn new(word: &Word<'_>, parts: &Parts<'_>) -> Result<Self, FilterError> {
        let name = parts.name.to_ascii_lowercase();
        let Some(key) = Key::named(&name) else {
            return Err(word.wrong(&format!("unknown field {name:?}"), "verdict=failing"));
        };
        let Parts { negated, contains, .. } = *parts;
        let mut term = Self { key, negated, contains, values: Vec::new() };
        term.add(word, parts.value)?;
        Ok(term)
    }

    /// Reads one more value.
    fn add(&mut self, word: &Word<'_>, value: &str) -> Result<(), FilterError> {
        let value = unquoted(value);
        let wrong = |problem: &str| Err(word.wrong(problem, self.key.example()));
        if value.is_empty() {
            return wrong("no value");
        }
        let test = match self.key {
            _ if self.contains => Test::Text(value.to_lowercase()),
            Key::Dn => match DnList::parse(value) {
                Ok(list) => Test::Dns(list),
                Err(error) => return wrong(&error.to_string()),
            },
            Key::Source => match network(value) {
                Some(network) => Test::Network(network),
                None => return wrong("neither an address nor a network"),
            },
            Key::Code => match value.parse() {
                Ok(code) => Test::Code(code),
                Err(_) => return wrong("no status code"),
            },
            Key::Verdict if !is_verdict(value) => return wrong("no verdict, state or cohort"),
            Key::Cti if !CTI.iter().any(|names| names.contains(&value)) => {
                return wrong("neither in, out nor unknown");
            }
            Key::Flag if !Flag::ALL.iter().any(|f| f.name() == value) => return wrong("no flag"),
            _ => Test::Text(value.to_lowercase()),
        };
        self.values.push(test);
        Ok(())
    }

    fn holds_of_state(&self, dn: &DnView<'_>) -> bool {
        let state = dn.state();
        match self.key {
            Key::Dn => self.values.iter().any(|test| match test {
                Test::Dns(list) => list.contains(dn.name()),
                test => self.is_text(test, dn.name()),
            }),
            Key::Verdict => [state.verdict.name(), state.state().name(), dn.cohort().name()]
                .iter()
                .any(|name| self.any_text(name.as_bytes())),
            Key::Code => self.values.iter().any(|test| match (test, state.status_code) {
                (Test::Code(code), Some(own)) => *code == own,
                (test, Some(own)) => self.is_text(test, own.to_string().as_bytes()),
                _ => false,
            }),
            _ => dn.flags().iter().any(|flag| self.any_text(flag.name().as_bytes())),
        }
    }

    /// Whether it holds of the nodes of a cluster that have a part in a DN.
    fn holds_of_nodes(&self, dn: &DnView<'_>, snapshot: &Snapshot) -> bool {
        if matches!(self.key, Key::Cti) {
            let state = dn.state().cti().map_or(State::Unknown, |cti| cti.state);
            let names = CTI.iter().find(|names| names.contains(&state.name()));
            return names.is_some_and(|all| all.iter().any(|name| self.any_text(name.as_bytes())));
        }
        let ledger = Ledger::of(&dn.node_events());
        let name = |node| snapshot.node_name(node).unwrap_or_default();
        match self.key {
            Key::Owner => {
                let owner = ledger.owner(dn.judged_at());
                self.any_text(owner.map_or("none", |owner| name(owner.node)).as_bytes())
            }
            _ => ledger.nodes().any(|node| self.any_text(name(node).as_bytes())),
        }
    }

    fn holds_of_facts(&self, facts: &Facts<'_>) -> bool {
        match self.key {
            Key::Source => facts.attempt.is_some_and(|a| {
                let address = a.source.addr;
                self.values.iter().any(|test| match test {
                    Test::Network(network) => network.contains(&address),
                    test => self.is_text(test, address.to_string().as_bytes()),
                })
            }),
            Key::Registrar => facts.attempt.is_some_and(|a| {
                self.any_text(a.registrar.to_string().as_bytes())
                    || self.any_text(a.registrar.addr.to_string().as_bytes())
            }),
            Key::Reason => facts.attempt.is_some_and(|a| {
                let texts = [a.reason, a.own_words()].map(|sym| facts.snapshot.text(sym));
                texts.into_iter().flatten().any(|text| self.any_text(text))
            }),
            Key::Attribute(attribute) => match (attribute.value)(facts).map(Atom::value) {
                Some(Value::Text(text)) => self.any_text(&text),
                Some(Value::Absent) => self.any_text(b"absent"),
                None => false,
            },
            _ => false,
        }
    }

    fn any_text(&self, text: &[u8]) -> bool {
        self.values.iter().any(|test| self.is_text(test, text))
    }

    fn is_text(&self, test: &Test, found: &[u8]) -> bool {
        let Test::Text(wanted) = test else { return false };
        let found = String::from_utf8_lossy(found).to_lowercase();
        if self.contains { found.contains(wanted.as_str()) } else { found == *wanted }
    }
}

fn is_verdict(name: &str) -> bool {
    const OTHERS: [&str; 6] =
        ["in_service", "out_of_service", "unknown", "working", "failing", "unclear"];
    Verdict::from_name(name).is_some() || OTHERS.contains(&name)
}

fn network(text: &str) -> Option<IpNet> {
    text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
}

fn unquoted(text: &str) -> &str {
    text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text)
}

/// A condition cut at its operator.
struct Parts<'a> {
    name: &'a str,
    negated: bool,
    contains: bool,
    value: &'a str,
}

fn operator(word: &str) -> Option<Parts<'_>> {
    if word.starts_with('"') {
        return None;
    }
    let at = word.find(['=', '~'])?;
    let (name, rest) = word.split_at(at);
    let contains = rest.starts_with('~');
    let (name, negated) = name.strip_suffix('!').map_or((name, false), |name| (name, true));
    Some(Parts { name, negated, contains, value: rest.get(1..).unwrap_or_default() })
}

/// A word of a filter.
struct Word<'a> {
    text: &'a str,
    at: usize,
    after_comma: bool,
}

impl Word<'_> {
    fn wrong(&self, problem: &str, example: &'static str) -> FilterError {
        let (word, problem) = (self.text.to_owned(), problem.to_owned());
        FilterError { word, at: self.at, problem, example }
    }
}

/// Cuts a filter at spaces and commas outside quotes.
fn split(text: &str) -> Result<Vec<Word<'_>>, FilterError> {
    let mut found: Vec<Word<'_>> = Vec::new();
    let (mut start, mut quoted, mut comma) = (0, false, false);
    for (at, c) in text.char_indices().chain(std::iter::once((text.len(), ' '))) {
        if c == '"' {
            quoted = !quoted;
        }
        let at_end = at == text.len();
        if !at_end && (quoted || !(c.is_whitespace() || c == ',')) {
            continue;
        }
        let piece =
            Word { text: text.get(start..at).unwrap_or_default(), at: start, after_comma: comma };
        if at_end && quoted {
            return Err(piece.wrong("a quote that is not closed", "ua~\"PBX 16\""));
        }
        comma = c == ',' || comma && piece.text.is_empty();
        if !piece.text.is_empty() {
            found.push(piece);
        }
        start = at + c.len_utf8();
    }
    Ok(found)
}

/// The names that are allowed before an operator, for help and completion.
#[must_use]
pub fn filter_keys() -> Vec<&'static str> {
    let own =
        ["dn", "source", "registrar", "verdict", "code", "reason", "flag", "owner", "node", "cti"];
    let attributes = ATTRIBUTES.iter().map(|a| a.name);
    own.into_iter().chain(SHORT.iter().map(|s| s.0)).chain(attributes).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_named_with_its_place_and_an_example() {
        for (filter, word, at, problem, example) in [
            (
                "verdict=failing sorce=1",
                "sorce=1",
                16,
                "unknown field \"sorce\"",
                "verdict=failing",
            ),
            ("source=300.1.1.1", "source=300.1.1.1", 0, "neither an address", "source=192"),
            ("ua~x 5001", "5001", 5, "no =, !=", "source=192"),
            ("dn=5020-5001", "dn=5020-5001", 0, "backwards", "dn=5001"),
            ("verdict=broken", "verdict=broken", 0, "no verdict", "verdict=failing"),
            ("realm=", "realm=", 0, "no value", "ua~Asterisk"),
            ("ua~\"PBX 16", "ua~\"PBX 16", 0, "not closed", "ua~\"PBX 16\""),
            ("code=4o3", "code=4o3", 0, "no status code", "code=403"),
            ("cti=off", "cti=off", 0, "neither in, out nor unknown", "cti=out"),
        ] {
            let error = Filter::parse(filter).unwrap_err();
            assert_eq!((error.word.as_str(), error.at), (word, at), "{filter}");
            assert!(error.to_string().contains(problem), "{filter}: {error}");
            assert!(error.example.starts_with(example), "{filter}: {error}");
        }
    }

    #[test]
    fn commas_and_spaces_join_conditions_and_values() {
        let count = |text: &str| {
            let filter = Filter::parse(text).unwrap();
            filter.terms.iter().map(|t| t.values.len()).collect::<Vec<_>>()
        };
        assert_eq!(count(""), [] as [usize; 0]);
        assert_eq!(count("dn=5001-5020,10* transport=tcp"), [2, 1]);
        assert_eq!(count("dn=5001, 5002,verdict!=failing"), [2, 1]);
        assert_eq!(count("ua~\"PBX, 16\" , realm=lab"), [1, 1]);
    }

    #[test]
    fn every_key_is_known() {
        for key in filter_keys() {
            assert!(Key::named(key).is_some(), "{key}");
        }
    }
}
