//! What `verdict=` takes: keys, labels and synonyms, states, sides of a comparison, and `at_risk`.

use super::error::closest;
use crate::registration::{Cohort, DnView, Flag, State, Verdict};

/// Words that are no verdict and still say how a DN fares.
const STATES: [State; 3] = [State::InService, State::OutOfService, State::Unknown];
const SIDES: [Cohort; 3] = [Cohort::Working, Cohort::Failing, Cohort::Unclear];
const AT_RISK: &str = "at_risk";

/// What one word names.
#[derive(Clone, Debug, Default)]
pub(super) struct Verdicts {
    /// Verdicts whatever their code.
    any: Vec<Verdict>,
    /// Verdicts with a status code in their label or synonym.
    with_code: Vec<(Verdict, u16)>,
    states: Vec<State>,
    sides: Vec<Cohort>,
    at_risk: bool,
}

impl Verdicts {
    /// What a word names; else the known word that is most like it.
    pub(super) fn named(word: &str) -> Result<Self, Option<&'static str>> {
        let wanted = plain(word);
        let is = |name: &str| plain(name) == wanted;
        let mut found = Self::default();
        for verdict in Verdict::ALL {
            if is(verdict.name())
                || is(&verdict.label(None))
                || verdict.synonyms(None).iter().any(|s| is(s))
            {
                found.any.push(verdict);
            } else {
                let named = |code: &u16| {
                    is(&verdict.label(Some(*code)))
                        || verdict.synonyms(Some(*code)).iter().any(|synonym| is(synonym))
                };
                found.with_code.extend((300..700).filter(named).map(|code| (verdict, code)));
            }
        }
        found.states.extend(STATES.into_iter().filter(|state| is(state.name())));
        found.sides.extend(SIDES.into_iter().filter(|side| is(side.name())));
        found.at_risk = is(AT_RISK);
        if found.is_empty() { Err(closest(word, words())) } else { Ok(found) }
    }

    const fn is_empty(&self) -> bool {
        self.any.is_empty()
            && self.with_code.is_empty()
            && self.states.is_empty()
            && self.sides.is_empty()
            && !self.at_risk
    }

    /// Whether a DN has one of them.
    pub(super) fn hold(&self, dn: &DnView<'_>) -> bool {
        let state = dn.state();
        self.any.contains(&state.verdict)
            || state.status_code.is_some_and(|code| self.with_code.contains(&(state.verdict, code)))
            || !self.states.is_empty() && self.states.contains(&state.state())
            || !self.sides.is_empty() && self.sides.contains(&dn.cohort())
            || self.at_risk && dn.flags().contains(Flag::AtRisk)
    }
}

/// Every word that `verdict=` takes, save labels.
pub(super) fn words() -> impl Iterator<Item = &'static str> {
    let synonyms = |verdict: Verdict| verdict.synonyms(None).iter().copied();
    let verdicts = Verdict::ALL.into_iter();
    verdicts
        .flat_map(move |verdict| std::iter::once(verdict.name()).chain(synonyms(verdict)))
        .chain(STATES.map(State::name))
        .chain(SIDES.map(Cohort::name))
        .chain([AT_RISK])
}

/// Whether any of the words for how a DN fares is as wanted.
pub(super) fn any_name(dn: &DnView<'_>, is: impl Fn(&str) -> bool) -> bool {
    let state = dn.state();
    let (verdict, code) = (state.verdict, state.status_code);
    [verdict.name(), state.state().name(), dn.cohort().name()].into_iter().any(&is)
        || is(&verdict.label(code))
        || verdict.synonyms(code).iter().any(|synonym| is(synonym))
        || dn.flags().contains(Flag::AtRisk) && is(AT_RISK)
}

/// A word without what people leave out: case, spaces, hyphens, underscores.
fn plain(word: &str) -> String {
    word.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}
