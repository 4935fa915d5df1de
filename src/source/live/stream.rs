//! The thread that reads a capture from standard input while another program writes it.
//!
//! ```text
//!  tcpdump -U -w - ──▶ pipe ── walk over its packets ──▶ batch ── bounded queue ──▶ consumer
//! ```
//!
//! What has arrived is handed on at once, however little it is. A full queue makes the thread wait, and the pipe
//! makes the writer wait: nothing is dropped here.

use std::fs::File;
use std::io::{self, PipeReader, Read};
use std::os::fd::AsFd as _;
use std::sync::Arc;

use crossbeam_channel::{Receiver, Sender};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::stat::{SFlag, fstat};

use super::batch::{Batch, Position};
use super::stats::Counters;
use super::{Delivery, Loss, News};
use crate::net::Timestamp;
use crate::source::file::{Reader, is_capture};

/// How long the first bytes of standard input are waited for, in milliseconds.
const PATIENCE: u16 = 3000;

/// All the thread has.
pub(super) struct Streamer {
    pub(super) input: File,
    pub(super) woken: PipeReader,
    pub(super) deliveries: Sender<Delivery>,
    pub(super) emptied: Receiver<Batch>,
    pub(super) counters: Arc<Counters>,
    pub(super) batch_bytes: usize,
}

/// Standard input, which ends when the thread is asked to stop.
struct Stoppable {
    input: File,
    woken: PipeReader,
}

impl Read for Stoppable {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let mut fds = [
            PollFd::new(self.input.as_fd(), PollFlags::POLLIN),
            PollFd::new(self.woken.as_fd(), PollFlags::POLLIN),
        ];
        while poll(&mut fds, PollTimeout::NONE) == Err(nix::Error::EINTR) {}
        let [_, woken] = fds;
        if woken.any().unwrap_or(false) {
            return Ok(0);
        }
        self.input.read(out)
    }
}

impl Streamer {
    /// Reads until the stream ends, the thread is stopped, or its receiver is gone.
    pub(super) fn run(self) {
        let Self { input, woken, deliveries, emptied, counters, batch_bytes } = self;
        let mut clock = Timestamp::default();
        let why = match Reader::new(Stoppable { input, woken }) {
            Err(error) => Some(error.to_string()),
            Ok(mut reader) => {
                reader.judge_stamps_on_arrival();
                let (mut batch, mut position) = (Batch::default(), Position::default());
                while let Some(frame) = reader.next_frame() {
                    batch.push(
                        &mut position,
                        (frame.time, frame.link, frame.wire_len),
                        frame.bytes,
                    );
                    counters.receive(1);
                    if reader.has_another() && !batch.is_full(batch_bytes) {
                        continue;
                    }
                    clock = batch.last_time().unwrap_or(clock);
                    let full = batch.replace(emptied.try_recv().unwrap_or_default(), batch_bytes);
                    let frames = full.len() as u64;
                    if deliveries.send(Delivery { clock, news: News::Frames(full) }).is_err() {
                        counters.give_up(frames);
                        return;
                    }
                }
                reader.damage().map(ToString::to_string)
            }
        };
        drop(deliveries.send(Delivery { clock, news: News::Lost(Loss::Ended(why)) }));
    }
}

/// Whether standard input is a pipe in which a capture begins, not compressed, or nothing yet: what a program
/// that captures writes into it. A file is none, and neither is a log.
///
/// The bytes stay in the pipe.
#[must_use]
pub fn standard_input_is_fed() -> bool {
    let stdin = io::stdin();
    let is_pipe = fstat(stdin.as_fd()).is_ok_and(|stat| {
        SFlag::from_bits_truncate(stat.st_mode) & SFlag::S_IFMT == SFlag::S_IFIFO
    });
    if !is_pipe {
        return false;
    }
    let mut fds = [PollFd::new(stdin.as_fd(), PollFlags::POLLIN)];
    match poll(&mut fds, PATIENCE) {
        Ok(0) => true,
        Ok(_) => first_bytes().is_ok_and(is_capture),
        Err(_) => false,
    }
}

/// The first bytes in the pipe that standard input is, which stay there.
#[cfg(target_os = "linux")]
fn first_bytes() -> io::Result<[u8; 4]> {
    use nix::fcntl::{SpliceFFlags, tee};
    let (mut copy, to) = io::pipe()?;
    let mut bytes = [0; 4];
    if tee(io::stdin(), to, bytes.len(), SpliceFFlags::empty())? == bytes.len() {
        copy.read_exact(&mut bytes)?;
    }
    Ok(bytes)
}

/// The first bytes in the pipe that standard input is: not to be had here without taking them.
#[cfg(not(target_os = "linux"))]
fn first_bytes() -> io::Result<[u8; 4]> {
    Err(io::ErrorKind::Unsupported.into())
}
