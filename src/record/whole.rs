//! Keeps a file that is being written whole: after a failed write it ends where its last block ends.

use std::fs::File;
use std::io::{self, Seek as _, SeekFrom, Write};

/// Where blocks are written: something that can be cut back.
pub(super) trait Target: Write {
    /// Leaves only the first `length` bytes, and goes on behind them.
    fn cut_back(&mut self, length: u64) -> io::Result<()>;
}

impl Target for File {
    fn cut_back(&mut self, length: u64) -> io::Result<()> {
        self.set_len(length)?;
        self.seek(SeekFrom::Start(length)).map(drop)
    }
}

/// A target that holds whole blocks.
#[derive(Debug)]
pub(super) struct Whole<T> {
    target: T,
    length: u64,
    /// The end may hold a part of a block.
    torn: bool,
}

impl<T: Target> Whole<T> {
    /// A target that is empty.
    pub(super) const fn new(target: T) -> Self {
        Self { target, length: 0, torn: false }
    }

    /// Bytes of whole blocks.
    pub(super) const fn length(&self) -> u64 {
        self.length
    }

    /// Appends whole blocks, all or none of them.
    pub(super) fn append(&mut self, blocks: &[u8]) -> io::Result<()> {
        self.mend()?;
        self.torn = true;
        let written = self.target.write_all(blocks);
        if let Err(error) = written {
            // if this fails too, it is tried again before the next write
            drop(self.mend());
            return Err(error);
        }
        self.torn = false;
        self.length += blocks.len() as u64;
        Ok(())
    }

    fn mend(&mut self) -> io::Result<()> {
        if self.torn {
            self.target.cut_back(self.length)?;
            self.torn = false;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A disk with room for a number of bytes; what does not fit is written in part.
    #[derive(Default)]
    struct Disk {
        bytes: Vec<u8>,
        room: usize,
        stuck: bool,
    }

    impl Write for Disk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let fits = bytes.len().min(self.room - self.bytes.len());
            self.bytes.extend(&bytes[..fits]);
            if fits == 0 { Err(io::ErrorKind::StorageFull.into()) } else { Ok(fits) }
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Target for Disk {
        fn cut_back(&mut self, length: u64) -> io::Result<()> {
            if self.stuck {
                return Err(io::ErrorKind::Other.into());
            }
            self.bytes.truncate(length as usize);
            Ok(())
        }
    }

    #[test]
    fn a_full_disk_leaves_whole_blocks() {
        let mut whole = Whole::new(Disk { room: 10, ..Disk::default() });
        whole.append(b"block 1").unwrap();
        assert_eq!(whole.append(b"block 2").unwrap_err().kind(), io::ErrorKind::StorageFull);
        assert_eq!((whole.target.bytes.as_slice(), whole.length()), (&b"block 1"[..], 7));
        whole.target.room = 20;
        whole.append(b"block 2").unwrap();
        assert_eq!(whole.target.bytes, b"block 1block 2");
    }

    #[test]
    fn what_could_not_be_cut_back_is_before_the_next_block() {
        let mut whole = Whole::new(Disk { room: 10, ..Disk::default() });
        whole.append(b"block 1").unwrap();
        whole.target.stuck = true;
        assert!(whole.append(b"block 2").is_err());
        assert_eq!(whole.target.bytes, b"block 1blo");
        whole.target.room = 20;
        assert!(whole.append(b"block 2").is_err());
        whole.target.stuck = false;
        whole.append(b"block 3").unwrap();
        assert_eq!(whole.target.bytes, b"block 1block 3");
    }
}
