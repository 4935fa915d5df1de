//! `regscope messages`.

use std::io::Write as _;

use super::asked::{ending_with_all, some_match};
use super::interrupt;
use super::pipeline::Plan;
use super::rights::{self, Needs};
use super::{Failure, Outcome, note};
use crate::cli::{MessagesFormat, MessagesSettings};
use crate::net::Origin;
use crate::registration::{Ingested, Snapshot, SnapshotOptions};
use crate::report::{MessageView, ndjson, text};
use crate::sip::Message;
use crate::wording::words::only_statements;

/// Prints every REGISTER and every response to one while it reads.
pub(super) fn run(settings: &MessagesSettings) -> Result<Outcome, Failure> {
    rights::begin();
    interrupt::ends_standard_input(&settings.input);
    let plan = Plan::new(&settings.input, None, &settings.zone)?;
    rights::give_up(&settings.input, plan.inputs(), &Needs::default())?;
    let files = plan.inputs().to_vec();
    let mut out = super::output();
    let mut shown = false;
    let mut print = |origin: &Origin, message: &Message<'_>, seen: Ingested| {
        let view = MessageView { origin, message, seen, files: &files };
        if !view.is_selected(&settings.selection) {
            return Ok(());
        }
        shown = true;
        match settings.format {
            MessagesFormat::Ndjson => ndjson::write(&view, &mut out),
            MessagesFormat::Text => {
                text::write_message(&view, &settings.zone, settings.style, &mut out)
            }
        }
    };
    let trace = plan.run(Some(&mut print))?;
    out.flush()?;
    if !shown {
        let snapshot = trace.tracker.finish(&SnapshotOptions::default());
        some_match(&snapshot, settings.selection.dns.as_ref())?;
        note(&no_messages(&snapshot, settings.selection.dns.is_some()));
    }
    Ok(ending_with_all(&trace.capture.warnings, Outcome::Done))
}

/// Why nothing was printed.
fn no_messages(snapshot: &Snapshot, some: bool) -> String {
    match (snapshot.counts.register_requests, snapshot.counts.statements) {
        (0, n @ 1..) => only_statements(n),
        (0, 0) => "No REGISTER was seen, and no response to one.".to_owned(),
        _ if some => "No REGISTER of the chosen DNs was seen, and no response to one.".to_owned(),
        _ => "No REGISTER is of the chosen addresses, and no response to one.".to_owned(),
    }
}
