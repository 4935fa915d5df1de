//! Decodes gzip members (RFC 1952) up to the very byte where they break.
//!
//! `flate2`'s own reader drops what the failing call had already produced, which for a small
//! capture is all of it; driving its inflater directly keeps the packets before the damage.

use std::io::{self, BufRead, Read};

use flate2::{Crc, Decompress, FlushDecompress, Status};

use super::compress::next_byte;

const FLAG_HEADER_CRC: u8 = 1 << 1;
const FLAG_EXTRA: u8 = 1 << 2;
const FLAG_NAME: u8 = 1 << 3;
const FLAG_COMMENT: u8 = 1 << 4;

enum State {
    Header { first: bool },
    Body,
    Done,
    Broken,
}

/// A decoder over every member of a gzip stream.
pub(super) struct Gzip<R> {
    input: R,
    inflate: Decompress,
    crc: Crc,
    state: State,
}

fn damaged() -> io::Error {
    io::ErrorKind::InvalidData.into()
}

impl<R: BufRead> Gzip<R> {
    pub(super) fn new(input: R) -> Self {
        let state = State::Header { first: true };
        Self { input, inflate: Decompress::new(false), crc: Crc::new(), state }
    }

    pub(super) fn input(&self) -> &R {
        &self.input
    }

    fn take<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        let mut bytes = [0; N];
        for byte in &mut bytes {
            *byte = next_byte(&mut self.input)?;
        }
        Ok(bytes)
    }

    fn header(&mut self) -> io::Result<()> {
        let [0x1f, 0x8b, 8, flags, ..] = self.take::<10>()? else {
            return Err(damaged());
        };
        if flags & FLAG_EXTRA != 0 {
            for _ in 0..u16::from_le_bytes(self.take()?) {
                next_byte(&mut self.input)?;
            }
        }
        for text in [FLAG_NAME, FLAG_COMMENT] {
            while flags & text != 0 && next_byte(&mut self.input)? != 0 {}
        }
        if flags & FLAG_HEADER_CRC != 0 {
            self.take::<2>()?;
        }
        self.inflate.reset(false);
        self.crc.reset();
        Ok(())
    }

    /// Whether only the zeros that pad tapes and disk blocks are left.
    fn only_padding(&mut self) -> io::Result<bool> {
        loop {
            let bytes = self.input.fill_buf()?;
            let length = bytes.len();
            if bytes.iter().any(|&byte| byte != 0) {
                return Ok(false);
            }
            if length == 0 {
                return Ok(true);
            }
            self.input.consume(length);
        }
    }

    fn trailer(&mut self) -> io::Result<()> {
        let sum = u32::from_le_bytes(self.take()?);
        let length = u32::from_le_bytes(self.take()?);
        if (sum, length) == (self.crc.sum(), self.crc.amount()) { Ok(()) } else { Err(damaged()) }
    }

    /// Inflates into `out`: how many bytes that gave, and whether the member is complete.
    fn body(&mut self, out: &mut [u8]) -> io::Result<(usize, bool)> {
        loop {
            let input = self.input.fill_buf()?;
            let ended = input.is_empty();
            let (in_before, out_before) = (self.inflate.total_in(), self.inflate.total_out());
            let status = self.inflate.decompress(input, out, FlushDecompress::None);
            self.input.consume((self.inflate.total_in() - in_before) as usize);
            let produced = (self.inflate.total_out() - out_before) as usize;
            self.crc.update(out.get(..produced).unwrap_or_default());
            match status {
                Ok(Status::StreamEnd) => return Ok((produced, true)),
                Err(_) if produced == 0 => return Err(damaged()),
                Err(_) => {
                    self.state = State::Broken;
                    return Ok((produced, false));
                }
                Ok(_) if produced > 0 => return Ok((produced, false)),
                Ok(_) if ended => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(_) => {}
            }
        }
    }

    fn step(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.state {
                State::Done => return Ok(0),
                State::Broken => return Err(damaged()),
                State::Header { first } => {
                    if !first && self.only_padding()? {
                        self.state = State::Done;
                        continue;
                    }
                    self.header()?;
                    self.state = State::Body;
                }
                State::Body => {
                    let (produced, complete) = self.body(out)?;
                    if complete {
                        self.state = State::Header { first: false };
                        // What the member gave is good to read even if its checksum is not.
                        if self.trailer().is_err() {
                            self.state = State::Broken;
                        }
                    }
                    if produced > 0 {
                        return Ok(produced);
                    }
                }
            }
        }
    }
}

impl<R: BufRead> Read for Gzip<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if out.is_empty() { Ok(0) } else { self.step(out) }
    }
}
