//! The errors of a live device, as sentences that say what to do.

use std::fmt;

use super::{Interface, Kind};
use crate::net::escape_text;

/// Why a device could not be captured on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum LiveError {
    /// The user has no right to capture.
    Permission {
        /// The device.
        device: String,
    },
    /// There is no such device.
    NoDevice {
        /// The device asked for.
        device: String,
    },
    /// The filter is wrong, in libpcap's words.
    Filter {
        /// The filter.
        filter: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Something else, in libpcap's words.
    Device {
        /// The device.
        device: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The devices could not be listed, in libpcap's words.
    List(String),
    /// The thread that captures could not be started.
    Start(String),
    /// The thread that captures ended where it never should: a defect of this program.
    Thread,
}

impl LiveError {
    /// Judges an error of opening a device.
    pub(super) fn of_open(device: &str, error: &pcap::Error) -> Self {
        let (device, reason) = (device.to_owned(), words(error));
        let says = |text: &str| reason.to_ascii_lowercase().contains(text);
        if says("not permitted") || says("permission") {
            Self::Permission { device }
        } else if says("no such device") {
            Self::NoDevice { device }
        } else {
            Self::Device { device, reason }
        }
    }
}

impl fmt::Display for LiveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Permission { device } => {
                let device = escape_text(device);
                write!(f, "{device}: no permission to capture: start it with sudo, ")?;
                write!(f, "or give it the right once with {}", setcap_command())
            }
            Self::NoDevice { device } => {
                let known = super::interfaces().unwrap_or_default();
                let known: Vec<_> =
                    known.iter().filter(|i| i.kind != Kind::Other).map(name).collect();
                let device = escape_text(device);
                write!(f, "{device}: no such device")?;
                if known.is_empty() {
                    Ok(())
                } else {
                    write!(f, " (there are {})", known.join(", "))
                }
            }
            Self::Filter { filter, reason } => {
                let (filter, reason) = (escape_text(filter), escape_text(reason));
                write!(f, "the filter \"{filter}\" is wrong: {reason}")
            }
            Self::Device { device, reason } => {
                let (device, reason) = (escape_text(device), escape_text(reason));
                write!(f, "{device}: cannot be captured on: {reason}")
            }
            Self::List(reason) => {
                write!(f, "the capture devices cannot be listed: {}", escape_text(reason))
            }
            Self::Start(reason) => {
                write!(f, "cannot start the capture thread: {}", escape_text(reason))
            }
            Self::Thread => f.write_str("the capture thread failed"),
        }
    }
}

/// The command that gives this program the right to capture, without sudo from then on.
#[must_use]
pub fn setcap_command() -> String {
    let program = std::env::current_exe();
    let program = program.map_or_else(|_| "regscope".to_owned(), |path| path.display().to_string());
    format!("sudo setcap cap_net_raw,cap_net_admin=eip {}", escape_text(&program))
}

fn name(interface: &Interface) -> std::borrow::Cow<'_, str> {
    escape_text(&interface.name)
}

impl std::error::Error for LiveError {}

/// libpcap's own words, without what the binding puts before them.
#[must_use]
pub fn words(error: &pcap::Error) -> String {
    match error {
        pcap::Error::PcapError(words) => words.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(words: &str) -> LiveError {
        LiveError::of_open("eth0", &pcap::Error::PcapError(words.to_owned()))
    }

    #[test]
    fn libpcaps_words_are_understood() {
        // as libpcap 1.8 to 1.10 put them
        for words in [
            "socket: Operation not permitted",
            "You don't have permission to capture on that device (socket: Operation not permitted)",
            "(cannot open BPF device) /dev/bpf0: Permission denied",
        ] {
            assert!(matches!(of(words), LiveError::Permission { .. }), "{words}");
        }
        let gone = "eth0: No such device exists (SIOCGIFHWADDR: No such device)";
        assert!(matches!(of(gone), LiveError::NoDevice { .. }));
        assert_eq!(
            of("That device is not up").to_string(),
            "eth0: cannot be captured on: That device is not up"
        );
    }

    #[test]
    fn without_permission_both_ways_are_told_in_one_sentence() {
        let text = LiveError::Permission { device: "eth\x1b0".to_owned() }.to_string();
        assert!(text.contains("sudo") && text.contains("setcap cap_net_raw,cap_net_admin=eip /"));
        assert!(!text.contains('\x1b') && !text.contains('\n'), "{text}");
    }
}
