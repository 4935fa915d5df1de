//! The `contrast` of the JSON report, and what `compare --format json` prints.

use serde::Serialize;

use crate::compare::pair::{Pair, ParamRow};
use crate::compare::raw::RawPair;
use crate::compare::{
    Combination, Condition, Contrast, Finding, Group, Share, Side, Strength, Support, Value,
    ValueList,
};
use crate::net::escape_bytes;

/// A contrast. Lists are empty rather than absent.
#[derive(Clone, Debug, Serialize)]
pub struct ContrastJson {
    failing: SideJson,
    working: SideJson,
    left_out: usize,
    combinations: Vec<CombinationJson>,
    groups: Vec<GroupJson>,
    same: Vec<FindingJson>,
    mixed: Vec<FindingJson>,
    outcomes: Vec<FindingJson>,
    not_known: Vec<FindingJson>,
    common: Vec<CommonJson>,
    by_outcome: Vec<Self>,
}

#[derive(Clone, Debug, Serialize)]
struct SideJson {
    label: String,
    dns: usize,
    verdict: Option<&'static str>,
    status_code: Option<u16>,
    examples: Vec<String>,
}

#[derive(Clone, Debug, Serialize)]
struct GroupJson {
    attributes: Vec<&'static str>,
    members: Vec<FindingJson>,
}

#[derive(Clone, Debug, Serialize)]
struct FindingJson {
    attribute: &'static str,
    label: &'static str,
    kind: &'static str,
    separation: f64,
    strength: &'static str,
    p_value: f64,
    few: bool,
    condition: Option<ConditionJson>,
    support: SupportJson,
    only_failing: ValuesJson,
    only_working: ValuesJson,
    shared: ValuesJson,
}

/// `operator` is `is`, `above` or `at_most`.
#[derive(Clone, Debug, Serialize)]
struct ConditionJson {
    operator: &'static str,
    limit: Option<i64>,
    /// `null` for an absent header.
    values: Vec<Option<String>>,
    more_values: usize,
    unshared_values: bool,
}

#[derive(Clone, Debug, Serialize)]
struct CombinationJson {
    attributes: [&'static str; 2],
    conditions: [ConditionJson; 2],
    also: Vec<[&'static str; 2]>,
    separation: f64,
    strength: &'static str,
    p_value: f64,
    support: SupportJson,
}

#[derive(Clone, Copy, Debug, Serialize)]
struct SupportJson {
    failing: ShareJson,
    working: ShareJson,
}

#[derive(Clone, Copy, Debug, Serialize)]
struct ShareJson {
    n: u32,
    of: u32,
    not_known: u32,
}

#[derive(Clone, Debug, Serialize)]
struct ValuesJson {
    values: Vec<CountedJson>,
    more_values: usize,
    more_dns: u32,
}

#[derive(Clone, Debug, Serialize)]
struct CountedJson {
    value: Option<String>,
    failing: u32,
    working: u32,
}

#[derive(Clone, Debug, Serialize)]
struct CommonJson {
    attribute: &'static str,
    label: &'static str,
    value: Option<String>,
    share: ShareJson,
}

impl From<&Contrast> for ContrastJson {
    fn from(contrast: &Contrast) -> Self {
        let findings = |list: &[Finding]| list.iter().map(FindingJson::from).collect();
        let common = contrast.common.iter().map(|c| CommonJson {
            attribute: c.attribute.name,
            label: c.attribute.label,
            value: value(&c.value),
            share: c.share.into(),
        });
        Self {
            failing: (&contrast.failing).into(),
            working: (&contrast.working).into(),
            left_out: contrast.left_out,
            combinations: contrast.combinations.iter().map(Into::into).collect(),
            groups: contrast.groups.iter().map(Into::into).collect(),
            same: findings(&contrast.same),
            mixed: findings(&contrast.mixed),
            outcomes: findings(&contrast.outcomes),
            not_known: findings(&contrast.not_known),
            common: common.collect(),
            by_outcome: contrast.by_outcome.iter().map(Self::from).collect(),
        }
    }
}

/// A value as safe text; `None` for what is absent.
fn value(value: &Value) -> Option<String> {
    match value {
        Value::Absent => None,
        Value::Text(text) => Some(escape_bytes(text).into_owned()),
    }
}

impl From<&Side> for SideJson {
    fn from(side: &Side) -> Self {
        Self {
            label: crate::net::escape_text(&side.label).into_owned(),
            dns: side.dns,
            verdict: side.outcome.map(|(verdict, _)| verdict.name()),
            status_code: side.outcome.and_then(|(_, code)| code),
            examples: side.examples.iter().map(|dn| escape_bytes(dn).into_owned()).collect(),
        }
    }
}

impl From<&Group> for GroupJson {
    fn from(group: &Group) -> Self {
        Self {
            attributes: group.names().collect(),
            members: group.members.iter().map(Into::into).collect(),
        }
    }
}

impl From<&Finding> for FindingJson {
    fn from(f: &Finding) -> Self {
        Self {
            attribute: f.attribute.name,
            label: f.attribute.label,
            kind: f.attribute.kind.name(),
            separation: f.separation,
            strength: f.strength().name(),
            p_value: f.p_value,
            few: f.is_few(),
            condition: f.condition.as_ref().map(Into::into),
            support: f.support.into(),
            only_failing: (&f.only_failing).into(),
            only_working: (&f.only_working).into(),
            shared: (&f.shared).into(),
        }
    }
}

impl From<&Condition> for ConditionJson {
    fn from(condition: &Condition) -> Self {
        let limit = |operator, limit| Self {
            operator,
            limit: Some(limit),
            values: Vec::new(),
            more_values: 0,
            unshared_values: false,
        };
        match condition {
            Condition::Above(above) => limit("above", *above),
            Condition::UpTo(most) => limit("at_most", *most),
            Condition::Values { values, more, unshared } => Self {
                operator: "is",
                limit: None,
                values: values.iter().map(value).collect(),
                more_values: *more,
                unshared_values: *unshared,
            },
        }
    }
}

impl From<&Combination> for CombinationJson {
    fn from(c: &Combination) -> Self {
        let [a, b] = &c.parts;
        Self {
            attributes: [a.0.name, b.0.name],
            conditions: [(&a.1).into(), (&b.1).into()],
            also: c.also.clone(),
            separation: c.separation,
            strength: Strength::of(c.separation).name(),
            p_value: c.p_value,
            support: c.support.into(),
        }
    }
}

impl From<Support> for SupportJson {
    fn from(support: Support) -> Self {
        Self { failing: support.failing.into(), working: support.working.into() }
    }
}

impl From<Share> for ShareJson {
    fn from(share: Share) -> Self {
        Self { n: share.n, of: share.of, not_known: share.not_known }
    }
}

impl From<&ValueList> for ValuesJson {
    fn from(list: &ValueList) -> Self {
        let counted = list.values.iter().map(|v| CountedJson {
            value: value(&v.value),
            failing: v.failing,
            working: v.working,
        });
        Self { values: counted.collect(), more_values: list.more, more_dns: list.more_dns }
    }
}

/// Two DNs side by side.
#[derive(Clone, Debug, Serialize)]
pub struct PairJson {
    left: String,
    right: String,
    rows: Vec<PairRowJson>,
}

/// `kind` is `same`, `differs`, `expected`, `only_left`, `only_right` or `not_known`.
#[derive(Clone, Debug, Serialize)]
struct PairRowJson {
    name: String,
    left: Option<String>,
    right: Option<String>,
    kind: &'static str,
    params: Vec<Self>,
}

impl From<&Pair> for PairJson {
    fn from(pair: &Pair) -> Self {
        let side = |v: &Option<Value>| v.as_ref().and_then(value);
        let rows = pair.rows.iter().map(|row| PairRowJson {
            name: row.attribute.name.to_owned(),
            left: side(&row.left),
            right: side(&row.right),
            kind: row.kind.name(),
            params: row.params.iter().map(Into::into).collect(),
        });
        let name = |dn: &[u8]| escape_bytes(dn).into_owned();
        Self { left: name(&pair.left), right: name(&pair.right), rows: rows.collect() }
    }
}

/// Two messages side by side.
#[derive(Clone, Debug, Serialize)]
pub struct RawPairJson {
    same_order: bool,
    rows: Vec<PairRowJson>,
}

impl From<&RawPair> for RawPairJson {
    fn from(pair: &RawPair) -> Self {
        let rows = pair.rows.iter().map(|row| PairRowJson {
            name: escape_bytes(&row.name).into_owned(),
            left: bytes(row.left.as_ref()),
            right: bytes(row.right.as_ref()),
            kind: row.kind.name(),
            params: row.params.iter().map(Into::into).collect(),
        });
        Self { same_order: pair.same_order, rows: rows.collect() }
    }
}

impl From<&ParamRow> for PairRowJson {
    fn from(row: &ParamRow) -> Self {
        Self {
            name: escape_bytes(&row.name).into_owned(),
            left: bytes(row.left.as_ref()),
            right: bytes(row.right.as_ref()),
            kind: row.kind.name(),
            params: Vec::new(),
        }
    }
}

fn bytes(value: Option<&Vec<u8>>) -> Option<String> {
    Some(escape_bytes(value?).into_owned())
}
