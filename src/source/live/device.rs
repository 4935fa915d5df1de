//! Opens a device through libpcap and watches whether it is still there.

use nix::ifaddrs::getifaddrs;
use nix::net::if_::{InterfaceFlags, if_nametoindex};
use pcap::{Active, Capture, Linktype, Precision};

use super::error::{LiveError, words};
use super::{LiveOptions, READ_TIMEOUT};
use crate::net::{LinkType, Timestamp};

/// All devices at once, in cooked frames (pcap(3PCAP)).
pub(super) const ANY: &str = "any";

/// The link type with the device of each packet, for `any`.
pub(super) const LINUX_SLL2: Linktype = Linktype(276);

/// Linux stamps packets with nanoseconds; elsewhere libpcap would have to be asked what it agreed to.
const PRECISION: Precision =
    if cfg!(target_os = "linux") { Precision::Nano } else { Precision::Micro };

/// An open device.
pub(super) struct Device {
    pub(super) capture: Capture<Active>,
    pub(super) link: LinkType,
    /// Its index when it was opened: one that was removed and made again has another.
    index: Option<u32>,
}

/// How a device is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum State {
    Up,
    Down,
    /// Not there, or another one under the same name.
    Gone,
}

impl Device {
    /// Opens it, with the filter in the kernel, so that reading never waits.
    pub(super) fn open(options: &LiveOptions) -> Result<Self, LiveError> {
        let name = options.device.as_str();
        let failed = |error: &pcap::Error| LiveError::of_open(name, error);
        // before the device is opened, so that one that is recreated meanwhile is noticed
        let index = if name == ANY { None } else { if_nametoindex(name).ok() };
        let mut capture = activate(options, options.promiscuous && name != ANY)
            .or_else(|error| match error {
                // the binding takes libpcap's warning for an error
                error if words(&error).to_ascii_lowercase().contains("promiscuous") => {
                    activate(options, false)
                }
                error => Err(error),
            })
            .map_err(|error| failed(&error))?;
        if name == ANY {
            // older libpcap knows only the older header, which will do
            drop(capture.set_datalink(LINUX_SLL2));
        }
        capture.filter(options.filter_text(), true).map_err(|error| LiveError::Filter {
            filter: options.filter_text().to_owned(),
            reason: words(&error),
        })?;
        let capture = capture.setnonblock().map_err(|error| failed(&error))?;
        let link = link_type(capture.get_datalink());
        Ok(Self { capture, link, index })
    }

    /// How the device is now. Devices that are no network interfaces, and `any`, are always up.
    pub(super) fn state(&self, name: &str) -> State {
        let Some(index) = self.index else { return State::Up };
        match if_nametoindex(name) {
            Ok(now) if now == index => match is_up(name) {
                Some(false) => State::Down,
                _ => State::Up,
            },
            _ => State::Gone,
        }
    }
}

fn activate(options: &LiveOptions, promiscuous: bool) -> Result<Capture<Active>, pcap::Error> {
    let bytes = |size: u32| i32::try_from(size).unwrap_or(i32::MAX);
    Capture::from_device(options.device.as_str())?
        .buffer_size(bytes(options.buffer_bytes))
        .snaplen(bytes(options.snaplen))
        .timeout(i32::try_from(READ_TIMEOUT.as_millis()).unwrap_or(i32::MAX))
        .immediate_mode(false)
        .promisc(promiscuous)
        .precision(PRECISION)
        .open()
}

/// Whether an interface is up; `None` if that is unknown.
fn is_up(name: &str) -> Option<bool> {
    let mut entries = getifaddrs().ok()?.filter(|entry| entry.interface_name == name);
    entries.next().map(|entry| entry.flags.contains(InterfaceFlags::IFF_UP))
}

/// The time of a packet; its fraction is in units of [`PRECISION`].
pub(super) fn time(header: &pcap::PacketHeader) -> Timestamp {
    let nanos_per_unit = if cfg!(target_os = "linux") { 1 } else { 1000 };
    #[expect(clippy::allow_attributes, reason = "needed on some systems only")]
    #[allow(clippy::unnecessary_cast, reason = "the fields have 32 bits on some systems")]
    let (secs, fraction) = (header.ts.tv_sec as i64, header.ts.tv_usec as i64);
    Timestamp::from_parts(secs, fraction.saturating_mul(nanos_per_unit))
}

/// The link type in files for one of the running system (<https://www.tcpdump.org/linktypes.html>):
/// raw IP has a number of its own in files, all others here are the same.
pub(super) fn link_type(link: Linktype) -> LinkType {
    const RAW_BSD: i32 = 12;
    const RAW_OPENBSD: i32 = 14;
    const RAW_IN_FILES: u32 = 101;
    LinkType(match link.0 {
        RAW_BSD | RAW_OPENBSD => RAW_IN_FILES,
        other => u32::try_from(other).unwrap_or(u32::MAX),
    })
}
