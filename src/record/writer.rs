//! Writes one pcapng section into anything that takes bytes.

use std::io::{self, Write};

use super::section::{Counts, Section};
use crate::net::{FileId, Frame};

/// Bytes of blocks that are gathered before they are written.
const GATHERED: usize = 64 << 10;

/// Writes frames as pcapng: nanoseconds, one interface for each link type of each source.
///
/// ```
/// use regscope::net::{FileId, Frame, FrameRef, LinkType, Timestamp};
/// use regscope::record::PcapngWriter;
/// use regscope::source::Reader;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mut writer = PcapngWriter::new(Vec::new());
/// let time = Timestamp::from_parts(1_763_505_000, 1);
/// let frame = Frame { time, link: LinkType(1), at: FrameRef::default(), wire_len: 9, bytes: b"abc" };
/// writer.packet(&frame, Some("the only one"))?;
/// let file = writer.finish()?;
/// let mut reader = Reader::new(&*file)?;
/// let read = reader.next_frame().ok_or("no packet")?;
/// assert_eq!((read.time, read.bytes, read.wire_len), (time, &b"abc"[..], 9));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct PcapngWriter<W: Write> {
    section: Section,
    out: W,
    packets: u64,
}

impl<W: Write> PcapngWriter<W> {
    /// A writer that has not written anything yet.
    pub fn new(out: W) -> Self {
        let mut section = Section::default();
        section.begin();
        Self { section, out, packets: 0 }
    }

    /// Names a source, for those of its link types that were not written yet.
    pub fn name_source(&mut self, source: FileId, name: &str) {
        self.section.name(source, name);
    }

    /// Sets what a source counted, for the statistics at the end.
    pub fn count(&mut self, source: FileId, counts: Counts) {
        self.section.count(source, counts);
    }

    /// Adds a frame; its comment is made safe to show.
    ///
    /// An error of the output, or [`io::ErrorKind::InvalidInput`] for a link type pcapng cannot name.
    pub fn packet(&mut self, frame: &Frame<'_>, comment: Option<&str>) -> io::Result<()> {
        self.section.packet(frame, comment)?;
        self.packets += 1;
        if self.section.bytes.len() >= GATHERED { self.write_out() } else { Ok(()) }
    }

    /// How many frames were added.
    #[must_use]
    pub const fn packets(&self) -> u64 {
        self.packets
    }

    /// Adds the statistics of every interface, writes what is left and gives the output back.
    pub fn finish(mut self) -> io::Result<W> {
        self.section.end();
        self.write_out()?;
        self.out.flush()?;
        Ok(self.out)
    }

    fn write_out(&mut self) -> io::Result<()> {
        self.out.write_all(&self.section.bytes)?;
        self.section.bytes.clear();
        Ok(())
    }
}
