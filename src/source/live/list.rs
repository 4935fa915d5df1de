//! Lists the devices libpcap can capture on, and whether this user may.

use std::net::IpAddr;

use nix::net::if_::if_nametoindex;
use pcap::{Capture, ConnectionStatus};

use super::device::{ANY, LINUX_SLL2, link_type};
use super::error::{LiveError, words};
use crate::net::LinkType;

/// A capture device.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Interface {
    /// Its name, as `--interface` takes it.
    pub name: String,
    /// libpcap's description.
    pub description: Option<String>,
    /// Its addresses.
    pub addresses: Vec<IpAddr>,
    /// Whether it is up.
    pub up: bool,
    /// Whether it is running.
    pub running: bool,
    /// Whether it has a link; none where that is unknown or means nothing.
    pub connected: Option<bool>,
    /// What kind of device it is.
    pub kind: Kind,
    /// Whether this user may capture on it.
    pub permitted: Permitted,
}

/// A kind of device.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// All network interfaces together.
    Any,
    /// The loopback interface.
    Loopback,
    /// A wireless interface.
    Wireless,
    /// Another network interface.
    Network,
    /// A bus or a log: no network interface at all.
    Other,
}

/// Whether a device can be captured on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Permitted {
    /// It can; its frames have this link type.
    Yes(Link),
    /// The user has no right to.
    No,
    /// It cannot for another reason, in libpcap's words.
    Fails(String),
    /// Not tried: opening a device that is no network interface may take packets away from others.
    Untried,
}

/// A link type and libpcap's name of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Link {
    /// The number in capture files.
    pub number: LinkType,
    /// The name, such as `EN10MB`, where libpcap has one.
    pub name: Option<String>,
}

/// The devices, in libpcap's order: those that are up and running first.
pub fn interfaces() -> Result<Vec<Interface>, LiveError> {
    let devices = pcap::Device::list().map_err(|error| LiveError::List(words(&error)))?;
    Ok(devices.into_iter().map(Interface::from).collect())
}

impl Interface {
    /// Opens the device for a moment to learn whether that is permitted.
    #[must_use]
    pub fn tried(mut self) -> Self {
        if self.kind != Kind::Other {
            self.permitted = permitted(&self.name);
        }
        self
    }
}

impl From<pcap::Device> for Interface {
    fn from(device: pcap::Device) -> Self {
        let flags = device.flags;
        let mut addresses: Vec<_> = device.addresses.iter().map(|a| a.addr).collect();
        addresses.dedup();
        Self {
            up: flags.is_up(),
            running: flags.is_running(),
            connected: match flags.connection_status {
                ConnectionStatus::Connected => Some(true),
                ConnectionStatus::Disconnected => Some(false),
                ConnectionStatus::Unknown | ConnectionStatus::NotApplicable => None,
            },
            kind: match device.name.as_str() {
                ANY => Kind::Any,
                name if if_nametoindex(name).is_err() => Kind::Other,
                _ if flags.is_loopback() => Kind::Loopback,
                _ if flags.is_wireless() => Kind::Wireless,
                _ => Kind::Network,
            },
            name: device.name,
            description: device.desc,
            addresses,
            permitted: Permitted::Untried,
        }
    }
}

fn permitted(name: &str) -> Permitted {
    match Capture::from_device(name).and_then(|capture| capture.buffer_size(1 << 20).open()) {
        Ok(mut capture) => {
            if name == ANY {
                // as it will be captured
                drop(capture.set_datalink(LINUX_SLL2));
            }
            let link = capture.get_datalink();
            Permitted::Yes(Link { number: link_type(link), name: link.get_name().ok() })
        }
        Err(error) => match LiveError::of_open(name, &error) {
            LiveError::Permission { .. } => Permitted::No,
            _ => Permitted::Fails(words(&error)),
        },
    }
}
