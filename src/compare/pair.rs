//! Two DNs side by side, one before and after, or one in two captures.

use super::atom::{Atom, Value};
use super::attribute::{ATTRIBUTES, Attribute};
use super::facts::Facts;
use super::params::{self, Part};
use super::said;
use crate::net::FrameRef;
use crate::registration::{AttemptView, DnView, Marks, Risk, Shape, Snapshot, Sym, Verdict};
use crate::sip::Uri;

pub use super::params::ParamRow;

/// How two values compare.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Equal.
    Same,
    /// Different.
    Differs,
    /// Different as any two registrations are: the DN itself, tags, nonces, ephemeral ports.
    Expected,
    /// Only on the left.
    OnlyLeft,
    /// Only on the right.
    OnlyRight,
    /// The capture does not show at least one of them.
    NotKnown,
}

impl Kind {
    /// The word used in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Differs => "differs",
            Self::Expected => "expected",
            Self::OnlyLeft => "only_left",
            Self::OnlyRight => "only_right",
            Self::NotKnown => "not_known",
        }
    }

    /// Whether it is a difference worth looking at.
    #[must_use]
    pub const fn is_difference(self) -> bool {
        matches!(self, Self::Differs | Self::OnlyLeft | Self::OnlyRight)
    }

    /// Compares what may be absent.
    pub(super) fn of(
        left: Option<&[u8]>,
        right: Option<&[u8]>,
        expected: impl Fn(&[u8], &[u8]) -> bool,
    ) -> Self {
        match (left, right) {
            (Some(left), Some(right)) if left == right => Self::Same,
            (Some(left), Some(right)) if expected(left, right) => Self::Expected,
            (Some(_), Some(_)) => Self::Differs,
            (Some(_), None) => Self::OnlyLeft,
            (None, Some(_)) => Self::OnlyRight,
            (None, None) => Self::Same,
        }
    }
}

/// One side of a pair.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The snapshot it is in.
    pub snapshot: &'a Snapshot,
    /// The DN.
    pub dn: DnView<'a>,
    /// One of its attempts; the one that decided its state if absent.
    pub attempt: Option<AttemptView<'a>>,
}

impl<'a> Subject<'a> {
    /// A DN at the moment of the snapshot.
    #[must_use]
    pub const fn new(snapshot: &'a Snapshot, dn: DnView<'a>) -> Self {
        Self { snapshot, dn, attempt: None }
    }

    /// A DN in one of its attempts. Of attempts before the latest the model keeps addresses,
    /// Via, Contact, User-Agent, Expires and credentials; what else there is is not known.
    #[must_use]
    pub const fn at_attempt(
        snapshot: &'a Snapshot,
        dn: DnView<'a>,
        attempt: AttemptView<'a>,
    ) -> Self {
        Self { snapshot, dn, attempt: Some(attempt) }
    }

    /// The frames of its request, the latest one that is no retransmission, and of the final response.
    #[must_use]
    pub fn frames(&self) -> [Option<FrameRef>; 2] {
        let facts = self.facts();
        let Some(attempt) = facts.attempt else { return [None, None] };
        let (mut request, mut answer) = (None, None);
        for message in attempt.messages() {
            let copy = message.marks.has(Marks::DUPLICATE);
            let again = copy || message.marks.has(Marks::RETRANSMISSION);
            if message.code == 0 && message.hop == 0 && !again {
                request = Some(message.frame());
            } else if message.code != 0 && message.code == attempt.code && !copy {
                answer = Some(message.frame());
            }
        }
        [facts.details.map(|details| details.request_frame).or(request), answer]
    }

    fn facts(&self) -> Facts<'a> {
        match self.attempt {
            Some(attempt) => Facts::of_attempt(self.snapshot, self.dn, Some(attempt)),
            None => Facts::of(self.snapshot, self.dn),
        }
    }
}

/// One attribute of two DNs.
#[derive(Clone, PartialEq, Debug)]
pub struct Row {
    /// The attribute.
    pub attribute: &'static Attribute,
    /// Left; `None` when the capture does not show it.
    pub left: Option<Value>,
    /// Right.
    pub right: Option<Value>,
    /// How they compare.
    pub kind: Kind,
    /// Of parameters and credentials: each one alone.
    pub params: Vec<ParamRow>,
}

/// Two DNs side by side.
#[derive(Clone, PartialEq, Debug)]
pub struct Pair {
    /// The left DN, as on the wire.
    pub left: Vec<u8>,
    /// The right DN.
    pub right: Vec<u8>,
    /// Verdicts and status codes.
    pub outcomes: [(Verdict, Option<u16>); 2],
    /// What puts each at risk, if anything does.
    pub risks: [Option<Risk>; 2],
    /// Every attribute that applies, in the order of [`ATTRIBUTES`].
    pub rows: Vec<Row>,
    /// Lines of logs with no known meaning in the exchange of one side alone, left and right.
    pub lines: [Vec<Shape>; 2],
}

impl Pair {
    /// The rows that differ without being expected to.
    pub fn differences(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(|row| row.kind.is_difference())
    }
}

/// Compares every attribute of two subjects.
#[must_use]
pub fn pair(left: &Subject<'_>, right: &Subject<'_>) -> Pair {
    let (l, r) = (left.facts(), right.facts());
    let asked = |a: &&Attribute| a.applies(l.snapshot) || a.applies(r.snapshot);
    let rows = ATTRIBUTES.iter().filter(asked).map(|attribute| row(attribute, &l, &r)).collect();
    let outcome = |dn: DnView<'_>| (dn.state().verdict, dn.state().status_code);
    Pair {
        left: left.dn.name().to_vec(),
        right: right.dn.name().to_vec(),
        outcomes: [outcome(left.dn), outcome(right.dn)],
        risks: [left.dn.risk(), right.dn.risk()],
        rows,
        lines: lines(&l, &r),
    }
}

/// The lines of logs with no known meaning that only one of two exchanges has; none unless a log shows both.
fn lines<'a>(l: &Facts<'a>, r: &Facts<'a>) -> [Vec<Shape>; 2] {
    let logged = |facts: &Facts<'a>| -> Option<Vec<&'a Shape>> {
        let shapes = facts.snapshot.shapes().iter().enumerate();
        let said = said::logged(facts.dn, facts.attempt.as_ref()?)?;
        let is_said = |place: usize| said.iter().any(|shape| usize::from(*shape) == place);
        Some(shapes.filter(|(place, _)| is_said(*place)).map(|(_, shape)| shape).collect())
    };
    let (Some(left), Some(right)) = (logged(l), logged(r)) else { return [Vec::new(), Vec::new()] };
    let alone = |these: &[&Shape], others: &[&Shape]| {
        let has = |shape: &Shape| others.iter().any(|other| other.text == shape.text);
        these.iter().filter(|shape| !has(shape)).map(|shape| (*shape).clone()).collect()
    };
    [alone(&left, &right), alone(&right, &left)]
}

fn row(attribute: &'static Attribute, l: &Facts<'_>, r: &Facts<'_>) -> Row {
    let read = |facts: &Facts<'_>| (attribute.value)(facts).map(Atom::value);
    let (left, right) = (read(l), read(r));
    let mut kind = match (&left, &right) {
        (Some(left), Some(right)) => Kind::of(text(left), text(right), |_, _| false),
        _ => Kind::NotKnown,
    };
    if kind == Kind::Differs && is_ephemeral(attribute.name, l) && is_ephemeral(attribute.name, r) {
        kind = Kind::Expected;
    }
    let both = |parts: fn(&str, &Facts<'_>) -> Vec<Part>| {
        let (left, right) = (parts(attribute.name, l), parts(attribute.name, r));
        params::compare(left, right, |_, _, _| false)
    };
    let known = kind != Kind::NotKnown;
    let params = if known { both(parts_of) } else { Vec::new() };
    Row { attribute, left, right, kind, params }
}

const fn text(value: &Value) -> Option<&[u8]> {
    match value {
        Value::Absent => None,
        Value::Text(text) => Some(text.as_slice()),
    }
}

/// A TCP client takes any free port (RFC 3261 §18.1.1): from 1024 on it means nothing.
fn is_ephemeral(name: &str, facts: &Facts<'_>) -> bool {
    name == "source.port"
        && facts.attempt.is_some_and(|a| a.transport.is_reliable() && a.source.port >= 1024)
}

/// What an attribute is made of, where it is made of parts.
fn parts_of(name: &str, facts: &Facts<'_>) -> Vec<Part> {
    let Some(details) = facts.details else { return Vec::new() };
    let of_sym = |sym: Sym| {
        // parameters are read as those of a URI
        let uri = [b"sip:x;", facts.text(sym)].concat();
        Uri::parse(&uri).map_or_else(Vec::new, |uri| params::parts("", uri.params.iter()))
    };
    let trimmed = |sym: Sym| {
        let text = facts.text(sym);
        let uri = [b"sip:x", text].concat();
        Uri::parse(&uri).map_or_else(Vec::new, |uri| params::parts("", uri.params.iter()))
    };
    match name {
        "contact.uri_params" => of_sym(details.form.contact_uri_params),
        "contact.params" => trimmed(details.form.contact_params),
        "auth.given" => {
            let fields = [
                ("realm", details.form.auth_realm),
                ("algorithm", details.form.auth_algorithm),
                ("qop", details.form.auth_qop),
            ];
            let given = fields.into_iter().filter(|(_, sym)| !sym.is_none());
            given.map(|(name, sym)| (name.into(), facts.text(sym).to_vec())).collect()
        }
        _ => Vec::new(),
    }
}
