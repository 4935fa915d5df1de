//! Reads a filter by recursive descent.
//!
//! ```text
//! any       = all { "or" all }
//! all       = one { [ "and" | "," ] one }
//! one       = ("not" | "!") one | "(" any ")" | condition
//! condition = [ field operator ] value { "," value }
//! ```

use std::cmp::Ordering;

use super::condition::{Comparison, Condition, Test};
use super::error::{Advice, FilterError, closest};
use super::field::{Field, names};
use super::{Node, Part};
use crate::compare::needle::Needle;
use crate::registration::ExtraName;

/// Bytes of a filter, at most: thousands of DNs may be named one by one.
const LONGEST: usize = 256 * 1024;
/// Parentheses and `not`s within each other, at most.
const DEEPEST: usize = 32;
/// Values and conditions, at most.
const MOST: usize = 20_000;

/// Where it is reading.
pub(super) struct Parser<'t> {
    text: &'t str,
    at: usize,
    depth: usize,
    count: usize,
}

/// A field with its operator.
struct Head<'t> {
    name: &'t str,
    at: usize,
    negated: bool,
    comparison: Comparison,
}

/// Operators, the longest first, and whether they negate.
const OPERATORS: [(&str, bool, Comparison); 9] = [
    ("!=", true, Comparison::Equals),
    ("!~", true, Comparison::Contains),
    ("<=", false, Comparison::Order(&[Ordering::Less, Ordering::Equal])),
    (">=", false, Comparison::Order(&[Ordering::Greater, Ordering::Equal])),
    ("==", false, Comparison::Equals),
    ("=", false, Comparison::Equals),
    ("~", false, Comparison::Contains),
    ("<", false, Comparison::Order(&[Ordering::Less])),
    (">", false, Comparison::Order(&[Ordering::Greater])),
];

/// Reads a filter; `None` for an empty one.
pub(super) fn parse(text: &str) -> Result<Option<Node>, FilterError> {
    let mut parser = Parser { text, at: 0, depth: 0, count: 0 };
    if text.len() > LONGEST {
        return Err(FilterError::new("", LONGEST, "too long", Advice::Example("verdict=failing")));
    }
    parser.skip(true);
    if parser.rest().is_empty() {
        return Ok(None);
    }
    let node = parser.any()?;
    match parser.rest() {
        "" => Ok(Some(node)),
        _ => Err(parser.wrong(
            parser.at,
            "a ) without its (",
            Advice::Example("(code=403 or code=404)"),
        )),
    }
}

impl<'t> Parser<'t> {
    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// Passes over spaces, and commas where they are no more than spaces.
    fn skip(&mut self, commas: bool) {
        let rest = self.rest();
        let kept = rest.trim_start_matches(|c: char| c.is_whitespace() || commas && c == ',');
        self.at += rest.len() - kept.len();
    }

    fn wrong(&self, at: usize, problem: impl Into<String>, advice: Advice) -> FilterError {
        let word = self.text.get(at..).unwrap_or_default().split_whitespace().next();
        FilterError::new(word.unwrap_or_default(), at, problem, advice)
    }

    fn any(&mut self) -> Result<Node, FilterError> {
        let mut parts = vec![self.part(Self::all)?];
        while self.takes_keyword("or") {
            parts.push(self.part(Self::all)?);
        }
        Ok(Node::of(parts, Node::Any))
    }

    fn all(&mut self) -> Result<Node, FilterError> {
        let mut parts = vec![self.part(Self::one)?];
        loop {
            self.skip(true);
            let end = self.rest().is_empty() || self.rest().starts_with(')');
            if end || self.is_keyword("or") {
                return Ok(Node::of(parts, Node::All));
            }
            self.takes_keyword("and");
            parts.push(self.part(Self::one)?);
        }
    }

    /// Reads a part, and keeps the words it is read from.
    fn part(
        &mut self,
        read: fn(&mut Self) -> Result<Node, FilterError>,
    ) -> Result<Part, FilterError> {
        self.skip(true);
        let start = self.at;
        let node = read(self)?;
        let text = self.text.get(start..self.at).unwrap_or_default();
        Ok((node, text.trim_end_matches(|c: char| c.is_whitespace() || c == ',').to_owned()))
    }

    fn one(&mut self) -> Result<Node, FilterError> {
        self.skip(true);
        let start = self.at;
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(FilterError::new(
                "",
                start,
                "too deep",
                Advice::Example("verdict=failing"),
            ));
        }
        let node = if self.takes_keyword("not") || self.takes_not() {
            Node::Not(Box::new(self.one()?))
        } else if self.rest().starts_with('(') {
            self.at += 1;
            let node = self.any()?;
            self.skip(true);
            if !self.rest().starts_with(')') {
                let example = Advice::Example("(code=403 or code=404)");
                return Err(self.wrong(start, "a ( that is not closed", example));
            }
            self.at += 1;
            node
        } else {
            self.condition()?
        };
        self.depth -= 1;
        Ok(node)
    }

    /// A `!` before something it negates, which is no operator.
    fn takes_not(&mut self) -> bool {
        let not = self.rest().strip_prefix('!').is_some_and(|rest| !rest.starts_with(['=', '~']));
        self.at += usize::from(not);
        not
    }

    /// Whether a word comes next, in any case, that has a meaning of its own.
    fn is_keyword(&self, word: &str) -> bool {
        let Some((start, after)) = self.rest().split_at_checked(word.len()) else { return false };
        start.eq_ignore_ascii_case(word)
            && after.chars().next().is_none_or(|c| c.is_whitespace() || c == '(' || c == ')')
            && !starts_with_operator(after.trim_start())
    }

    fn takes_keyword(&mut self, word: &str) -> bool {
        self.skip(true);
        let taken = self.is_keyword(word);
        self.at += if taken { word.len() } else { 0 };
        taken
    }

    fn condition(&mut self) -> Result<Node, FilterError> {
        let start = self.at;
        let Some(head) = self.head() else { return self.search() };
        let Head { name, at, negated, comparison } = head;
        let Some(field) = Field::named(name) else {
            let advice = closest(name, names())
                .map_or(Advice::Fields, |near| Advice::DidYouMean(near.to_owned()));
            let problem = format!("unknown field {}", super::error::cut(name));
            return Err(FilterError::new("", at, problem, advice));
        };
        if matches!(comparison, Comparison::Order(_)) && !field.is_ordered() {
            let advice = Advice::Example(field.example());
            return Err(self.wrong(start, format!("{name} has no order, so no < and >"), advice));
        }
        let wrong =
            |word: &str, at: usize, (problem, advice)| FilterError::new(word, at, problem, advice);
        let mut values = Vec::new();
        let operator_end = self.at;
        self.skip(false);
        // `realm= dn=5001` has no value, `ua~a=b` has one
        let spaced = self.at > operator_end;
        loop {
            let at = self.at;
            let next = values.is_empty() && spaced && self.head_ahead();
            let value = if next { "" } else { self.value()? };
            let word = if values.is_empty() {
                self.text.get(start..self.at)
            } else {
                self.text.get(at..self.at)
            };
            let word = word.unwrap_or_default().trim_end();
            let at = if values.is_empty() { start } else { at };
            self.counted()?;
            values.push(Test::parse(&field, comparison, value).map_err(|e| wrong(word, at, e))?);
            if !self.takes_comma() {
                break;
            }
        }
        let node = Node::Condition(Condition { field, comparison, values });
        Ok(if negated { Node::Not(Box::new(node)) } else { node })
    }

    /// Words to look for, any of them.
    fn search(&mut self) -> Result<Node, FilterError> {
        let mut needles = Vec::new();
        loop {
            let at = self.at;
            let operator = starts_with_operator(self.rest());
            let value = if operator { "" } else { self.value()? };
            if value.is_empty() {
                let problem =
                    if operator { "no field before the operator" } else { "nothing to look for" };
                return Err(self.wrong(at, problem, Advice::Example("verdict=failing")));
            }
            self.counted()?;
            needles.push(Needle::new(value));
            if let (1, Some(name)) = (needles.len(), ExtraName::parse(value)) {
                // alone it means that it is there
                let comparison = Comparison::Equals;
                let values = vec![Test::Text(Needle::new("absent"))];
                let absent = Condition { field: Field::Extra(name), comparison, values };
                return Ok(Node::Present(absent));
            }
            if !self.takes_comma() {
                break;
            }
        }
        Ok(Node::Search(needles))
    }

    fn counted(&mut self) -> Result<(), FilterError> {
        self.count += 1;
        if self.count > MOST {
            let advice = Advice::Example("dn=5001-5020");
            return Err(FilterError::new("", self.at, "too many conditions", advice));
        }
        Ok(())
    }

    /// A field and its operator, if they come next.
    fn head(&mut self) -> Option<Head<'t>> {
        let (at, rest) = (self.at, self.rest());
        let name_end = rest.find(|c| !is_name(c)).unwrap_or(rest.len());
        let (name, after) = rest.split_at(name_end);
        let operator = after.trim_start();
        if name.is_empty() {
            return None;
        }
        let &(sign, negated, comparison) =
            OPERATORS.iter().find(|(sign, ..)| operator.starts_with(sign))?;
        self.at += rest.len() - operator.len() + sign.len();
        Some(Head { name, at, negated, comparison })
    }

    /// Whether another condition with a field comes next, or nothing.
    fn head_ahead(&self) -> bool {
        Parser { ..*self }.head().is_some()
    }

    /// A value: a word, or what quotes hold.
    fn value(&mut self) -> Result<&'t str, FilterError> {
        let (start, rest) = (self.at, self.rest());
        if let Some(quoted) = rest.strip_prefix('"') {
            let Some(end) = quoted.find('"') else {
                let example = Advice::Example("ua~\"PBX 16\"");
                return Err(self.wrong(start, "a quote that is not closed", example));
            };
            self.at += end + 2;
            return Ok(quoted.get(..end).unwrap_or_default());
        }
        let mut open = 0_usize;
        let ends = |c: char| match c {
            '(' => {
                open += 1;
                false
            }
            // a parenthesis that the word itself opened is part of it
            ')' if open > 0 => {
                open -= 1;
                false
            }
            c => c == ')' || c == ',' || c.is_whitespace(),
        };
        let value = rest.get(..rest.find(ends).unwrap_or(rest.len())).unwrap_or_default();
        self.at += value.len();
        Ok(value)
    }

    /// Passes over a comma behind which another value comes.
    fn takes_comma(&mut self) -> bool {
        let before = self.at;
        self.skip(false);
        if self.rest().starts_with(',') {
            self.skip(true);
            let ends = self.rest().is_empty() || self.rest().starts_with(['(', ')', '!']);
            let keyword = ["or", "and", "not"].iter().any(|word| self.is_keyword(word));
            if !ends && !keyword && !self.head_ahead() {
                return true;
            }
        }
        self.at = before;
        false
    }
}

const fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '+')
}

fn starts_with_operator(text: &str) -> bool {
    OPERATORS.iter().any(|(sign, ..)| text.starts_with(sign))
}

/// The name before the first operator of a word, and where the value begins.
pub(super) fn operator_at(word: &str) -> Option<(&str, usize)> {
    let end = word.find(|c| !is_name(c))?;
    let (name, rest) = word.split_at(end);
    let (sign, ..) = OPERATORS.iter().find(|(sign, ..)| rest.starts_with(sign))?;
    (!name.is_empty()).then_some((name, end + sign.len()))
}
