//! The capture devices of this host as one JSON object.

use std::io::{self, Write};
use std::net::IpAddr;

use serde::Serialize;

use crate::net::escape_text;
use crate::source::live::{Interface, Kind, Permitted};

/// The version of this object, counted apart from that of the report.
const SCHEMA: u32 = 1;

#[derive(Serialize)]
struct Document<'a> {
    schema: u32,
    interfaces: Vec<Device<'a>>,
}

#[derive(Serialize)]
struct Device<'a> {
    name: String,
    description: Option<String>,
    kind: &'static str,
    up: bool,
    running: bool,
    /// Whether there is a link, `null` where that is not known.
    connected: Option<bool>,
    addresses: &'a [IpAddr],
    /// `permitted`, `no_permission`, `fails` (see `reason`) or `untried`.
    capture: &'static str,
    reason: Option<String>,
    link_type: Option<u32>,
    link_name: Option<&'a str>,
}

impl<'a> From<&'a Interface> for Device<'a> {
    fn from(interface: &'a Interface) -> Self {
        let (capture, reason, link) = match &interface.permitted {
            Permitted::Yes(link) => ("permitted", None, Some(link)),
            Permitted::No => ("no_permission", None, None),
            Permitted::Fails(reason) => ("fails", Some(escape_text(reason).into_owned()), None),
            Permitted::Untried => ("untried", None, None),
        };
        Self {
            name: escape_text(&interface.name).into_owned(),
            description: interface.description.as_deref().map(|d| escape_text(d).into_owned()),
            kind: match interface.kind {
                Kind::Any => "any",
                Kind::Loopback => "loopback",
                Kind::Wireless => "wireless",
                Kind::Network => "network",
                Kind::Other => "other",
            },
            up: interface.up,
            running: interface.running,
            connected: interface.connected,
            addresses: &interface.addresses,
            capture,
            reason,
            link_type: link.map(|link| link.number.0),
            link_name: link.and_then(|link| link.name.as_deref()),
        }
    }
}

/// Writes the devices and a line end.
pub fn json(devices: &[Interface], out: &mut dyn Write) -> io::Result<()> {
    let interfaces = devices.iter().map(Device::from).collect();
    let document = Document { schema: SCHEMA, interfaces };
    serde_json::to_writer(&mut *out, &document).map_err(io::Error::from)?;
    out.write_all(b"\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::LinkType;
    use crate::source::live::Link;

    #[test]
    fn a_device_says_what_is_known_of_it_and_nothing_unescaped() {
        let link = Link { number: LinkType(276), name: Some("LINUX_SLL2".to_owned()) };
        let device = Interface {
            name: "an\x1by".to_owned(),
            description: None,
            addresses: vec!["192.0.2.1".parse().unwrap()],
            up: true,
            running: true,
            connected: None,
            kind: Kind::Any,
            permitted: Permitted::Yes(link),
        };
        let failing = Interface {
            permitted: Permitted::Fails("That device is not up".to_owned()),
            ..device.clone()
        };
        let mut out = Vec::new();
        json(&[device, failing], &mut out).unwrap();
        let value: serde_json::Value = serde_json::from_slice(&out).unwrap();
        let one = &value["interfaces"][0];
        assert!(!one["name"].as_str().unwrap().contains('\x1b'));
        assert_eq!(one["addresses"][0], "192.0.2.1");
        assert_eq!((&one["capture"], &one["link_type"]), (&"permitted".into(), &276.into()));
        assert_eq!((&one["reason"], &one["connected"]), (&().into(), &().into()));
        let two = &value["interfaces"][1];
        assert_eq!((&two["capture"], &two["link_name"]), (&"fails".into(), &().into()));
        assert_eq!(two["reason"], "That device is not up");
    }
}
