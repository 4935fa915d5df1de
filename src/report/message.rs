//! One message as the outputs show it.

use std::borrow::Cow;

use crate::capture::{file_name, is_line};
use crate::net::password::without_bare_password;
use crate::net::{Endpoint, LogMarks, Origin, escape_bytes};
use crate::registration::Ingested;
use crate::select::Selection;
use crate::sip::{Contact, Message, NameAddr, Scheme};
use crate::source::FileInfo;

/// A message with all that is known of it.
#[derive(Clone, Copy, Debug)]
pub struct MessageView<'a> {
    /// Where and how it was seen.
    pub origin: &'a Origin,
    /// The message.
    pub message: &'a Message<'a>,
    /// What it was to the model.
    pub seen: Ingested,
    /// The files.
    pub files: &'a [FileInfo],
}

impl<'a> MessageView<'a> {
    /// Whether it is asked for, by the DN in its To and the address of its device.
    #[must_use]
    pub fn is_selected(&self, selection: &Selection) -> bool {
        if selection.is_all() {
            return true;
        }
        let name = self.message.dn().unwrap_or_default();
        selection.takes_source(self.device().addr) && selection.takes_name(&name)
    }

    /// The end on the device's side: the sender of a request, or the receiver of a response.
    fn device(&self) -> Endpoint {
        if self.message.is_request() { self.origin.src } else { self.origin.dst }
    }

    /// The name of the file it is in.
    pub(super) fn file(&self) -> String {
        let file = self.files.get(usize::from(self.origin.frame.file().0));
        file.map(file_name).unwrap_or_default()
    }

    /// Its frame, or its line in a log.
    pub(super) fn place(&self) -> (Option<u64>, Option<u64>) {
        let number = self.origin.frame.number();
        if is_line(self.files, self.origin.frame) {
            (None, Some(number))
        } else {
            (Some(number), None)
        }
    }

    /// What its log leaves out, so that it was inferred.
    pub(super) fn inferred(&self) -> Vec<&'static str> {
        inferred(self.origin.path.log)
    }

    /// The URIs of its Contacts, or `*`.
    pub(super) fn contacts(&self) -> impl Iterator<Item = Cow<'a, str>> + '_ {
        self.message.contacts().map(|contact| match contact {
            Contact::Star => Cow::Borrowed("*"),
            Contact::Address(address) => {
                let uri = without_bare_password(address.uri.raw);
                Cow::Owned(escape_bytes(&uri).into_owned())
            }
        })
    }

    /// Seconds of the Expires header, else of the first Contact that has some.
    pub(super) fn expires(&self) -> Option<u32> {
        let of_contact =
            || self.message.contacts().find_map(|c| c.address().and_then(NameAddr::expires));
        self.message.expires().or_else(of_contact)
    }
}

/// What a log left out of a message, by the names of the fields.
pub(super) fn inferred(log: LogMarks) -> Vec<&'static str> {
    let marks = [
        (LogMarks::SRC_INFERRED, "src"),
        (LogMarks::DST_INFERRED, "dst"),
        (LogMarks::TRANSPORT_INFERRED, "transport"),
    ];
    marks.into_iter().filter(|(mark, _)| log.has(*mark)).map(|(_, name)| name).collect()
}

/// The user an address names, as spelled; a telephone number with its scheme.
pub(super) fn user<'a>(address: &NameAddr<'a>) -> Option<Cow<'a, str>> {
    let uri = &address.uri;
    if uri.scheme == Scheme::Tel {
        return uri.raw.split(|&b| b == b';').next().map(escape_bytes);
    }
    uri.user.map(escape_bytes)
}
