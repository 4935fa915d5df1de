//! Writes capture files: pcap with microseconds, or pcapng.

use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};

/// Ethernet, in both formats.
const LINK: u16 = 1;
const SNAPLEN: u32 = 262_144;

/// Files that packets are dealt out to.
pub(super) struct Files {
    all: Vec<BufWriter<File>>,
    pcapng: bool,
    /// Bytes of their heads.
    heads: u64,
    /// Bytes of the packets written to all of them.
    pub(super) bytes: u64,
}

impl Files {
    /// Begins so many files; several have a number behind their names.
    pub(super) fn create(path: &Path, pieces: usize) -> io::Result<Self> {
        let extension = path.extension().unwrap_or_default().to_string_lossy();
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        let names: Vec<PathBuf> = match pieces {
            0 | 1 => vec![path.to_owned()],
            _ => (0..pieces)
                .map(|n| path.with_file_name(format!("{stem}-{n:03}.{extension}")))
                .collect(),
        };
        let mut files = Vec::new();
        for name in names {
            files.push(BufWriter::with_capacity(256 << 10, File::create(name)?));
        }
        let mut this = Self { all: files, pcapng: extension == "pcapng", heads: 0, bytes: 0 };
        let head = if this.pcapng { pcapng_head() } else { pcap_head() };
        for file in &mut this.all {
            file.write_all(&head)?;
            this.heads += head.len() as u64;
        }
        Ok(this)
    }

    /// Writes a packet of this time, in microseconds; those with the same `ends` meet in one file.
    pub(super) fn packet(&mut self, micros: u64, ends: u32, frame: &[u8]) -> io::Result<()> {
        let length = frame.len() as u32;
        let padding = if self.pcapng { frame.len().next_multiple_of(4) - frame.len() } else { 0 };
        let (head, tail) = if self.pcapng {
            let block = 32 + length + padding as u32;
            let time = [(micros >> 32) as u32, micros as u32];
            let head = [6, block, 0, time[0], time[1], length, length];
            (words(&head), words(&[block]))
        } else {
            let (seconds, rest) = (micros / 1_000_000, micros % 1_000_000);
            (words(&[seconds as u32, rest as u32, length, length]), Vec::new())
        };
        let turn = ends as usize % self.all.len();
        let Some(file) = self.all.get_mut(turn) else { return Ok(()) };
        let padding = [0; 3].into_iter().take(padding).collect::<Vec<u8>>();
        for part in [&head[..], frame, &padding[..], &tail[..]] {
            file.write_all(part)?;
            self.bytes += part.len() as u64;
        }
        Ok(())
    }

    /// Writes what waits; how many bytes all files have.
    pub(super) fn finish(&mut self) -> io::Result<u64> {
        for file in &mut self.all {
            file.flush()?;
        }
        Ok(self.heads + self.bytes)
    }
}

fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

/// The file header: magic, version 2.4, zone, accuracy, snaplen, link type.
fn pcap_head() -> Vec<u8> {
    words(&[0xa1b2_c3d4, 0x0004_0002, 0, 0, SNAPLEN, u32::from(LINK)])
}

/// A section of unknown length with one interface, whose times are microseconds.
fn pcapng_head() -> Vec<u8> {
    let section = [0x0a0d_0d0a, 28, 0x1a2b_3c4d, 0x0000_0001, u32::MAX, u32::MAX, 28];
    let interface = [1, 20, u32::from(LINK), SNAPLEN, 20];
    [words(&section), words(&interface)].concat()
}
