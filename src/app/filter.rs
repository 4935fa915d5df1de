//! libpcap's filters, applied to the packets of files.

use pcap::{BpfProgram, Capture, Linktype};

use super::Failure;
use crate::net::LinkType;
pub(super) use crate::source::live::loses_fragments;
use crate::source::live::words;

/// A filter, compiled for every link type met so far.
pub(super) struct Filter {
    text: String,
    programs: Vec<(LinkType, BpfProgram)>,
}

impl Filter {
    /// Compiles a filter for these link types, or for Ethernet if there are none yet.
    pub(super) fn new<'l>(
        text: &str,
        links: impl Iterator<Item = &'l LinkType>,
    ) -> Result<Self, Failure> {
        const ETHERNET: LinkType = LinkType(1);
        let mut filter = Self { text: text.to_owned(), programs: Vec::new() };
        for &link in links {
            filter.add(link)?;
        }
        if filter.programs.is_empty() {
            filter.add(ETHERNET)?;
        }
        Ok(filter)
    }

    /// Whether a packet passes; an error if the filter makes no sense for its link type.
    pub(super) fn takes(&mut self, link: LinkType, bytes: &[u8]) -> Result<bool, Failure> {
        if let Some((_, program)) = self.programs.iter().find(|(known, _)| *known == link) {
            return Ok(program.filter(bytes));
        }
        self.add(link)?;
        self.takes(link, bytes)
    }

    fn add(&mut self, link: LinkType) -> Result<(), Failure> {
        if self.programs.iter().any(|(known, _)| *known == link) {
            return Ok(());
        }
        let program = Capture::dead(data_link(link))
            .and_then(|capture| capture.compile(&self.text, true))
            .map_err(|error| {
                let (text, reason) = (&self.text, words(&error));
                Failure::Usage(format!("the filter \"{text}\" is wrong: {reason}"))
            })?;
        self.programs.push((link, program));
        Ok(())
    }
}

/// The name a compiler of filters has for a link type of files (pcap-linktype(7)).
fn data_link(link: LinkType) -> Linktype {
    const RAW_IN_FILES: u32 = 101;
    const RAW: i32 = 12;
    Linktype(match link.0 {
        RAW_IN_FILES => RAW,
        other => i32::try_from(other).unwrap_or(i32::MAX),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_is_compiled_for_the_link_type_of_the_packet() {
        let mut ip = vec![0x45, 0, 0, 28, 0, 0, 0, 0, 64, 17, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2];
        ip.extend([0x13, 0xc4, 0x13, 0xc4, 0, 8, 0, 0]);
        let ethernet = [&[0; 12][..], &[8, 0], &ip].concat();
        let mut filter = Filter::new("udp port 5060", [].iter()).unwrap();
        assert!(filter.takes(LinkType(1), &ethernet).unwrap());
        assert!(filter.takes(LinkType(101), &ip).unwrap());
        let mut other = Filter::new("udp port 5061", [LinkType(1)].iter()).unwrap();
        assert!(!other.takes(LinkType(1), &ethernet).unwrap());
    }

    #[test]
    fn a_wrong_filter_is_bad_usage_in_the_words_of_libpcap() {
        let wrong = Filter::new("udp prot 5060", [].iter()).err().unwrap();
        assert_eq!(wrong.exit_status(), 2);
        assert!(wrong.to_string().contains("syntax error"), "{wrong}");
    }
}
