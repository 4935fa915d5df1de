//! One client's connection: reads its request, writes the answer, and waits until it was taken.

use std::io::{ErrorKind, Read, Write};
use std::sync::Arc;
use std::time::Instant;

use super::ExporterLimits;

/// Bytes read at a time.
const CHUNK: usize = 2048;
/// Headers of a request; real clients send about ten.
const HEADERS: usize = 64;
/// Bytes read and thrown away after the request: a body that is not used.
const REST: usize = 64 << 10;

/// What is sent to a client.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Status code and reason phrase.
    pub status: &'static str,
    /// What the body is.
    pub content_type: &'static str,
    /// The body.
    pub body: Arc<[u8]>,
    /// `HEAD` asks for all but the body.
    pub head_only: bool,
}

/// How far a connection is.
#[derive(Debug)]
enum State {
    Reading(Vec<u8>),
    Writing {
        head: Vec<u8>,
        body: Arc<[u8]>,
        sent: usize,
    },
    /// The answer is sent; the client has to take it before the socket is closed, for closing with
    /// something unread would throw it away (RFC 9112 §9.6).
    Draining(usize),
}

/// The result of driving a connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step {
    /// Nothing more for now.
    Wait,
    /// It is over.
    Done,
    /// It failed, or the client went away before it had its answer.
    Cut,
}

/// A client's connection over a socket that never blocks.
#[derive(Debug)]
pub struct Connection<S> {
    /// Where the request comes from and the answer goes to.
    pub stream: S,
    state: State,
    since: Instant,
}

impl<S: Read + Write> Connection<S> {
    /// A connection accepted at `now`.
    pub const fn new(stream: S, now: Instant) -> Self {
        Self { stream, state: State::Reading(Vec::new()), since: now }
    }

    /// Goes as far as it can without waiting; `answer` is given method and path, none for what is no
    /// request, and whether it was too long; `end` ends the sending side.
    pub fn go_on(
        &mut self,
        limits: &ExporterLimits,
        answer: &mut dyn FnMut(Request<'_>) -> Answer,
        end: &dyn Fn(&S),
    ) -> Step {
        loop {
            let step = match &mut self.state {
                State::Reading(bytes) => match fill(&mut self.stream, bytes) {
                    Ok(0) => return Step::Cut,
                    Ok(_) => match request(bytes, limits.request) {
                        None => continue,
                        Some(request) => {
                            self.state = State::writing(answer(request));
                            continue;
                        }
                    },
                    Err(error) => Err(error),
                },
                State::Writing { head, body, sent } => {
                    let rest = match head.get(*sent..).filter(|rest| !rest.is_empty()) {
                        Some(rest) => rest,
                        None => body.get(sent.saturating_sub(head.len())..).unwrap_or_default(),
                    };
                    if rest.is_empty() {
                        end(&self.stream);
                        self.state = State::Draining(0);
                        continue;
                    }
                    match self.stream.write(rest) {
                        Ok(0) => return Step::Cut,
                        Ok(number) => {
                            *sent += number;
                            continue;
                        }
                        Err(error) => Err(error),
                    }
                }
                State::Draining(thrown) => match self.stream.read(&mut [0; CHUNK]) {
                    Ok(0) => return Step::Done,
                    Ok(number) => {
                        *thrown += number;
                        if *thrown > REST {
                            return Step::Done;
                        }
                        continue;
                    }
                    // a client that resets now has it, or does not want it
                    Err(error) if !would_block(error.kind()) => return Step::Done,
                    Err(error) => Err(error),
                },
            };
            match step.map_err(|error: std::io::Error| error.kind()) {
                Err(ErrorKind::WouldBlock) => return Step::Wait,
                Err(ErrorKind::Interrupted) => {}
                Err(_) => return Step::Cut,
                Ok(step) => return step,
            }
        }
    }

    /// Whether its time is over.
    pub(super) fn is_late(&self, now: Instant, limits: &ExporterLimits) -> bool {
        let age = now.duration_since(self.since);
        age >= limits.total
            || age >= limits.patience && matches!(self.state, State::Reading(_))
            || age >= limits.total / 2 && self.has_answer()
    }

    /// Whether all of the answer was sent.
    pub(super) const fn has_answer(&self) -> bool {
        matches!(self.state, State::Draining(_))
    }

    /// Which client is closed first when there are too many: the greatest.
    pub(super) fn idleness(&self, now: Instant) -> (u8, std::time::Duration) {
        let rank = match self.state {
            State::Draining(_) => 2,
            State::Reading(_) => 1,
            State::Writing { .. } => 0,
        };
        (rank, now.duration_since(self.since))
    }
}

impl State {
    fn writing(answer: Answer) -> Self {
        let Answer { status, content_type, body, head_only } = answer;
        let head = format!(
            "HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {}\r\n\
             Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n",
            body.len()
        );
        let body = if head_only { Arc::default() } else { body };
        Self::Writing { head: head.into_bytes(), body, sent: 0 }
    }
}

/// What a client asks for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Request<'b> {
    /// Method and target.
    Whole(&'b str, &'b str),
    /// It is longer than any request needs to be.
    TooLong,
    /// It is no HTTP.
    Broken,
}

/// The request that `bytes` begin with, once it is complete.
fn request(bytes: &[u8], most: usize) -> Option<Request<'_>> {
    let mut headers = [httparse::EMPTY_HEADER; HEADERS];
    let mut parsed = httparse::Request::new(&mut headers);
    match parsed.parse(bytes) {
        Ok(httparse::Status::Complete(_)) => {
            Some(Request::Whole(parsed.method.unwrap_or_default(), parsed.path.unwrap_or_default()))
        }
        Ok(httparse::Status::Partial) if bytes.len() < most => None,
        Ok(httparse::Status::Partial) | Err(httparse::Error::TooManyHeaders) => {
            Some(Request::TooLong)
        }
        Err(_) => Some(Request::Broken),
    }
}

fn fill(stream: &mut impl Read, bytes: &mut Vec<u8>) -> std::io::Result<usize> {
    let mut chunk = [0; CHUNK];
    let number = stream.read(&mut chunk)?;
    bytes.extend_from_slice(chunk.get(..number).unwrap_or_default());
    Ok(number)
}

/// Whether nothing is there yet, or a signal came: the same call is worth another try.
pub(super) fn would_block(error: ErrorKind) -> bool {
    matches!(error, ErrorKind::WouldBlock | ErrorKind::Interrupted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_known_once_it_is_complete() {
        let whole = b"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n";
        for end in 0..whole.len() {
            assert_eq!(request(&whole[..end], 8192), None, "{end}");
        }
        assert_eq!(request(whole, 8192), Some(Request::Whole("GET", "/metrics")));
        assert_eq!(request(b"GET /", 5), Some(Request::TooLong));
        assert_eq!(request(b"\x16\x03\x01\x02\x00\x01", 8192), Some(Request::Broken));
        let many = format!("GET / HTTP/1.1\r\n{}\r\n", "a: b\r\n".repeat(HEADERS + 1));
        assert_eq!(request(many.as_bytes(), 8192), Some(Request::TooLong));
    }
}
