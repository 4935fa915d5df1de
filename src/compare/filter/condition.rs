//! One condition of a filter: a field, an operator, and values of which any will do.

use std::cell::OnceCell;
use std::cmp::Ordering;
use std::net::IpAddr;
use std::ops::RangeInclusive;

use ipnet::IpNet;

use super::error::{Advice, closest};
use super::field::Field;
use super::verdicts::Verdicts;
use crate::compare::atom::{Atom, Value};
use crate::compare::extra::extra;
use crate::compare::facts::Facts;
use crate::compare::needle::Needle;
use crate::registration::{DnView, Flag, Ledger, Snapshot, State, natural};
use crate::select::DnList;

/// How a value is compared.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Comparison {
    /// `=`: the whole value.
    Equals,
    /// `~`: some text inside.
    Contains,
    /// `<`, `<=`, `>`, `>=`: the orderings that hold.
    Order(&'static [Ordering]),
}

/// One condition.
#[derive(Clone, Debug)]
pub(super) struct Condition {
    pub field: Field,
    pub comparison: Comparison,
    /// Any of these.
    pub values: Vec<Test>,
}

/// One value to compare with.
#[derive(Clone, Debug)]
pub(super) enum Test {
    Text(Needle),
    Dns(DnList),
    Network(IpNet),
    Codes(RangeInclusive<i64>),
    Verdicts(Verdicts),
    Number(i64),
    /// A DN that others come before or after.
    Name(Vec<u8>),
}

/// The CTI states, and what they are called for short.
const CTI: [&[&str]; 3] = [&["in_service", "in"], &["out_of_service", "out"], &["unknown"]];

/// A DN that is tried; its facts are gathered when a condition asks for them first.
pub(super) struct Subject<'f, 'a> {
    pub dn: &'f DnView<'a>,
    pub snapshot: &'a Snapshot,
    facts: OnceCell<Facts<'a>>,
}

impl<'f, 'a> Subject<'f, 'a> {
    pub(super) const fn new(dn: &'f DnView<'a>, snapshot: &'a Snapshot) -> Self {
        Self { dn, snapshot, facts: OnceCell::new() }
    }

    pub(super) fn facts(&self) -> &Facts<'a> {
        self.facts.get_or_init(|| Facts::of(self.snapshot, *self.dn))
    }
}

/// What the CTI state of a DN is called; its short name last.
pub(super) fn cti_names(dn: &DnView<'_>) -> &'static [&'static str] {
    let state = dn.state().cti().map_or(State::Unknown, |cti| cti.state);
    CTI.iter().find(|names| names.contains(&state.name())).copied().unwrap_or_default()
}

/// What is wrong with a value, and what to write instead.
type Wrong = (String, Advice);

impl Test {
    /// Reads a value of a field.
    pub(super) fn parse(field: &Field, comparison: Comparison, value: &str) -> Result<Self, Wrong> {
        let wrong = |problem: &str| (problem.to_owned(), Advice::Example(field.example()));
        if value.is_empty() {
            return Err(wrong("no value"));
        }
        let text = || Self::Text(Needle::new(value));
        Ok(match (comparison, field) {
            (Comparison::Contains, _) => text(),
            (Comparison::Order(_), Field::Dn) => Self::Name(value.as_bytes().to_vec()),
            (Comparison::Order(_), _) => {
                Self::Number(value.parse().map_err(|_| wrong("not a number"))?)
            }
            (_, Field::Dn) => {
                Self::Dns(DnList::parse(value).map_err(|error| wrong(&error.to_string()))?)
            }
            (_, Field::Source) => Self::Network(
                network(value).ok_or_else(|| wrong("neither an address nor a network"))?,
            ),
            (_, Field::Code) => {
                Self::Codes(codes(value).ok_or_else(|| wrong("not a status code"))?)
            }
            (_, Field::Attempts) => Self::Number(value.parse().map_err(|_| wrong("not a number"))?),
            (_, Field::Verdict) => Self::Verdicts(
                Verdicts::named(value).map_err(|near| known("unknown verdict", near, field))?,
            ),
            (_, Field::Flag) => {
                let is = |flag: &&Flag| flag.name().eq_ignore_ascii_case(value);
                let names = Flag::ALL.iter().map(|flag| flag.name());
                let flag = Flag::ALL.iter().find(is);
                let flag =
                    flag.ok_or_else(|| known("unknown flag", closest(value, names), field))?;
                Self::Text(Needle::new(flag.name()))
            }
            (_, Field::Cti) => {
                let lower = value.to_ascii_lowercase();
                let found = CTI.iter().any(|names| names.contains(&lower.as_str()));
                found.then(text).ok_or_else(|| wrong("neither in, out nor unknown"))?
            }
            _ => text(),
        })
    }
}

/// What is wrong with a word of which only some are known.
fn known(problem: &str, near: Option<&str>, field: &Field) -> Wrong {
    let advice = near.map_or_else(
        || Advice::Example(field.example()),
        |near| Advice::DidYouMean(near.to_owned()),
    );
    (problem.to_owned(), advice)
}

/// A status code, or all of a class: `403`, `4xx`.
fn codes(text: &str) -> Option<RangeInclusive<i64>> {
    let class = text.strip_suffix("xx").or_else(|| text.strip_suffix("XX"));
    if let Some(class) = class.and_then(|class| class.parse::<i64>().ok()) {
        return (1..=6).contains(&class).then(|| class * 100..=class * 100 + 99);
    }
    let code: u16 = text.parse().ok()?;
    Some(code.into()..=code.into())
}

fn network(text: &str) -> Option<IpNet> {
    text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
}

impl Condition {
    /// Whether it holds for a DN.
    pub(super) fn holds(&self, subject: &Subject<'_, '_>) -> bool {
        let dn = subject.dn;
        match &self.field {
            Field::Dn => self.values.iter().any(|test| match test {
                Test::Dns(list) => list.contains(dn.name()),
                Test::Name(name) => self.is_ordered(natural(dn.name(), name)),
                test => self.is_text(test, dn.name()),
            }),
            Field::Verdict => self.values.iter().any(|test| match test {
                Test::Verdicts(verdicts) => verdicts.hold(dn),
                Test::Text(needle) => super::verdicts::any_name(dn, |name| needle.is_shown(name)),
                _ => false,
            }),
            Field::Code => dn.state().status_code.is_some_and(|code| self.is_number(code.into())),
            Field::Attempts => {
                self.is_number(dn.record().map_or(0, |record| record.attempts.into()))
            }
            Field::Flag => dn.flags().iter().any(|flag| self.any_text(flag.name().as_bytes())),
            Field::CallId => {
                let text = |sym| subject.snapshot.text(sym);
                dn.attempts().any(|a| text(a.call_id).is_some_and(|id| self.any_text(id)))
            }
            Field::Owner | Field::Node | Field::Cti => self.holds_of_nodes(subject),
            Field::Extra(name) => self.holds_of_value(extra(dn, name)),
            Field::Source | Field::Registrar | Field::Reason | Field::Attribute(_) => {
                self.holds_of_facts(subject.facts())
            }
        }
    }

    /// Whether it holds of the nodes of a cluster that have a part in a DN.
    fn holds_of_nodes(&self, subject: &Subject<'_, '_>) -> bool {
        let dn = subject.dn;
        if self.field == Field::Cti {
            return cti_names(dn).iter().any(|name| self.any_text(name.as_bytes()));
        }
        let ledger = Ledger::of(&dn.node_events());
        let name = |node| subject.snapshot.node_name(node).unwrap_or_default();
        if self.field == Field::Owner {
            let owner = ledger.owner(dn.judged_at());
            return self.any_text(owner.map_or("none", |owner| name(owner.node)).as_bytes());
        }
        ledger.nodes().any(|node| self.any_text(name(node).as_bytes()))
    }

    fn holds_of_facts(&self, facts: &Facts<'_>) -> bool {
        match &self.field {
            Field::Source => facts.attempt.is_some_and(|a| {
                let address = a.source.addr;
                self.values.iter().any(|test| match test {
                    Test::Network(network) => network.contains(&address),
                    test => self.is_text(test, address.to_string().as_bytes()),
                })
            }),
            Field::Registrar => facts.attempt.is_some_and(|a| {
                self.any_text(a.registrar.to_string().as_bytes())
                    || self.any_text(a.registrar.addr.to_string().as_bytes())
            }),
            Field::Reason => facts.attempt.is_some_and(|a| {
                let texts = [a.reason, a.own_words()].map(|sym| facts.snapshot.text(sym));
                texts.into_iter().flatten().any(|text| self.any_text(text))
            }),
            Field::Attribute(attribute) => {
                self.holds_of_value((attribute.value)(facts).map(Atom::value))
            }
            _ => false,
        }
    }

    /// Whether it holds of a value; of one that is not known nothing does.
    fn holds_of_value(&self, value: Option<Value>) -> bool {
        match value {
            None => false,
            Some(value) if matches!(self.comparison, Comparison::Order(_)) => {
                number(&value).is_some_and(|number| self.is_number(number))
            }
            Some(Value::Text(text)) => self.any_text(&text),
            Some(Value::Absent) => self.any_text(b"absent"),
        }
    }

    fn any_text(&self, text: &[u8]) -> bool {
        self.values.iter().any(|test| self.is_text(test, text))
    }

    fn is_text(&self, test: &Test, found: &[u8]) -> bool {
        let Test::Text(wanted) = test else { return false };
        match self.comparison {
            Comparison::Contains => wanted.is_in(found),
            _ => wanted.equals(found),
        }
    }

    fn is_number(&self, found: i64) -> bool {
        self.values.iter().any(|test| match (test, self.comparison) {
            (Test::Number(limit), Comparison::Order(_)) => self.is_ordered(found.cmp(limit)),
            (Test::Number(number), _) => found == *number,
            (Test::Codes(codes), _) => codes.contains(&found),
            (test, _) => self.is_text(test, found.to_string().as_bytes()),
        })
    }

    fn is_ordered(&self, ordering: Ordering) -> bool {
        matches!(self.comparison, Comparison::Order(held) if held.contains(&ordering))
    }
}

/// The value as a number, if it is one.
fn number(value: &Value) -> Option<i64> {
    match value {
        Value::Absent => None,
        Value::Text(text) => std::str::from_utf8(text).ok()?.trim().parse().ok(),
    }
}
