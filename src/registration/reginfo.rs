//! Registration information documents, `application/reginfo+xml` (RFC 3680 §5).

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

/// One `registration` element.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Registration {
    pub aor: String,
    /// Whether its state says that no contact is left.
    pub terminated: bool,
    /// Whether the document lists every contact.
    pub full: bool,
    pub contacts: Vec<ContactInfo>,
}

/// One `contact` element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ContactInfo {
    pub uri: String,
    pub terminated: bool,
    pub event: ContactEvent,
}

/// Why a contact changed, as far as it matters here.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum ContactEvent {
    Expired,
    Other,
}

/// The registrations of a document, at most a thousand.
pub(super) fn parse(body: &[u8]) -> Result<Vec<Registration>, quick_xml::Error> {
    let mut reader = Reader::from_reader(body);
    reader.config_mut().trim_text(true);
    let mut found = Vec::<Registration>::new();
    let (mut in_uri, mut full) = (false, false);
    loop {
        let event = reader.read_event()?;
        match &event {
            Event::Start(element) | Event::Empty(element) => match element.local_name().as_ref() {
                "registration" if found.len() < 1000 => found.push(Registration {
                    aor: attribute(element, "aor"),
                    terminated: matches!(
                        attribute(element, "state").as_str(),
                        "terminated" | "init"
                    ),
                    full,
                    contacts: Vec::new(),
                }),
                "reginfo" => full = attribute(element, "state") == "full",
                "contact" => {
                    if let Some(registration) = found.last_mut() {
                        registration.contacts.push(contact(element));
                    }
                }
                "uri" => in_uri = matches!(event, Event::Start(_)),
                _ => {}
            },
            Event::Text(text) if in_uri => {
                let last = found.last_mut().and_then(|r| r.contacts.last_mut());
                if let Some(contact) = last {
                    contact.uri.push_str(text.trim());
                }
            }
            Event::GeneralRef(reference) if in_uri => {
                let last = found.last_mut().and_then(|r| r.contacts.last_mut());
                if let Some(contact) = last {
                    contact.uri.push(if reference.as_ref() == "amp" { '&' } else { '?' });
                }
            }
            Event::End(element) if element.local_name().as_ref() == "uri" => in_uri = false,
            Event::Eof => return Ok(found),
            _ => {}
        }
    }
}

fn contact(element: &BytesStart<'_>) -> ContactInfo {
    let expired = attribute(element, "event") == "expired";
    ContactInfo {
        uri: String::new(),
        terminated: attribute(element, "state") == "terminated",
        event: if expired { ContactEvent::Expired } else { ContactEvent::Other },
    }
}

fn attribute(element: &BytesStart<'_>, name: &str) -> String {
    element
        .attributes()
        .flatten()
        .find(|a| a.key.local_name().as_ref() == name)
        .map(|a| a.value.into_owned())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_terminated_contact() {
        let body = br#"<?xml version="1.0"?><reginfo xmlns="urn:ietf:params:xml:ns:reginfo" version="0" state="full">
            <registration aor="sip:1028@192.0.2.81" id="0x1" state="terminated">
              <contact id="0x2" state="terminated" event="unregistered" expires="299"><uri>sip:1028@192.0.2.101:5060;a=b&amp;c</uri></contact>
              <contact id="0x3" state="active" event="created"><uri>sip:x@y</uri></contact>
            </registration></reginfo>"#;
        let found = parse(body).unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].aor, "sip:1028@192.0.2.81");
        assert!(found[0].terminated);
        assert_eq!(found[0].contacts[0].uri, "sip:1028@192.0.2.101:5060;a=b&c");
        assert!(found[0].contacts[0].terminated && !found[0].contacts[1].terminated);
    }

    #[test]
    fn broken_documents_give_an_error_or_nothing() {
        for body in [&b"<reginfo><registration"[..], b"\x00\xff", b"not xml", b""] {
            assert!(parse(body).map_or(true, |found| found.is_empty()), "{body:?}");
        }
    }
}
