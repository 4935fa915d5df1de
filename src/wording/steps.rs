//! An attempt as the exchange a person sees: retransmissions, copies and further hops folded.

use smallvec::SmallVec;

use crate::registration::{AttemptView, Marks, MessageRecord};

/// How far back a retransmission or another hop of a message is looked for.
const NEAR: usize = 8;

/// One request or answer of an attempt.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    /// The status code; 0 for a request.
    pub code: u16,
    /// A request that carries credentials.
    pub credentials: bool,
    /// How often it was sent.
    pub sent: u32,
    /// Its first place.
    pub first: MessageRecord,
    /// Its last place.
    pub last: MessageRecord,
}

/// The steps of an attempt, in order.
pub(crate) fn steps(attempt: &AttemptView<'_>) -> Vec<Step> {
    steps_of(attempt.messages())
}

fn steps_of(messages: impl Iterator<Item = MessageRecord>) -> Vec<Step> {
    let mut steps = Vec::<Step>::new();
    for message in messages {
        if message.marks.has(Marks::DUPLICATE) {
            continue;
        }
        let again = message.marks.has(Marks::RETRANSMISSION);
        let other_hop = message.hop > 0;
        let same = (again || other_hop)
            .then(|| steps.iter_mut().rev().take(NEAR).find(|step| is_same(step, &message)))
            .flatten();
        if let Some(step) = same {
            if again && message.hop == step.first.hop {
                step.sent += 1;
                step.last = message;
            }
            continue;
        }
        let credentials = message.code == 0 && message.marks.has(Marks::CREDENTIALS);
        let code = message.code;
        steps.push(Step { code, credentials, sent: 1, first: message, last: message });
    }
    steps
}

/// The status codes of the steps that an attempt's messages are, in order.
pub(crate) fn codes(messages: &[MessageRecord]) -> SmallVec<[u16; 8]> {
    let folds = |m: &MessageRecord| m.hop > 0 || m.marks.has(Marks::RETRANSMISSION);
    if messages.iter().any(folds) {
        let steps = steps_of(messages.iter().copied());
        return steps.iter().map(|step| step.code).filter(|&code| code != 0).collect();
    }
    let told = messages.iter().filter(|m| m.code != 0 && !m.marks.has(Marks::DUPLICATE));
    told.map(|message| message.code).collect()
}

fn is_same(step: &Step, message: &MessageRecord) -> bool {
    step.code == message.code && step.first.cseq == message.cseq
}
