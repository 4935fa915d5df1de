//! Compares parameters one by one, whatever their order.

use super::pair::Kind;

/// One parameter of two values.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ParamRow {
    /// Its name, in lower case, as bytes from the wire; `host` and the like for parts that are no
    /// parameters.
    pub name: Vec<u8>,
    /// Left; `None` when it is not there.
    pub left: Option<Vec<u8>>,
    /// Right.
    pub right: Option<Vec<u8>>,
    /// Whether they differ, and whether that is to be expected.
    pub kind: Kind,
}

/// A name and a value; a parameter without `=` has an empty one.
pub(super) type Part = (Vec<u8>, Vec<u8>);

/// A name and its values on the left and on the right.
pub(super) type Aligned = (Vec<u8>, [Option<Vec<u8>>; 2]);

/// Parameters as parts.
pub(super) fn parts<'a>(
    prefix: &str,
    params: impl Iterator<Item = (&'a [u8], Option<&'a [u8]>)>,
) -> Vec<Part> {
    let name = |name: &[u8]| [prefix.as_bytes(), &name.to_ascii_lowercase()].concat();
    params.map(|(n, value)| (name(n), value.unwrap_or_default().to_vec())).collect()
}

/// Aligns two lists of parts by name, in the order of the left one; the n-th of a name on the left
/// belongs to the n-th on the right.
pub(super) fn align(left: Vec<Part>, right: Vec<Part>) -> Vec<Aligned> {
    let mut right: Vec<Option<Part>> = right.into_iter().map(Some).collect();
    let mut rows = Vec::new();
    for (name, value) in left {
        let found = right.iter_mut().find(|r| r.as_ref().is_some_and(|r| r.0 == name));
        let other = found.and_then(Option::take).map(|r| r.1);
        rows.push((name, [Some(value), other]));
    }
    rows.extend(right.into_iter().flatten().map(|(name, value)| (name, [None, Some(value)])));
    rows
}

/// Rows of two lists of parts; `expected` says whether a difference of a name's values is one.
pub(super) fn compare(
    left: Vec<Part>,
    right: Vec<Part>,
    expected: impl Fn(&[u8], &[u8], &[u8]) -> bool,
) -> Vec<ParamRow> {
    align(left, right)
        .into_iter()
        .map(|(name, [left, right])| {
            let kind = Kind::of(left.as_deref(), right.as_deref(), |l, r| expected(&name, l, r));
            ParamRow { name, left, right, kind }
        })
        .collect()
}
