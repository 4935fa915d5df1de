//! The exporter's thread: takes connections, drives each as far as it goes, and closes the slow ones.

use std::collections::BTreeMap;
use std::io;
use std::net::{Shutdown, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token, Waker};

use super::connection::{Answer, Connection, Request, Step, would_block};
use super::{ExporterLimits, Page, Shared};

const WAKE: Token = Token(0);
const LISTENER: Token = Token(1);
const FIRST_CONNECTION: usize = 2;

/// Events taken at a time.
const TURN: usize = 64;
/// Time between two looks for slow clients.
const ROUND: Duration = Duration::from_millis(500);

const NUMBERS: &str = "text/plain; version=0.0.4; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";

/// Everything the thread has.
#[derive(Debug)]
pub(super) struct Server {
    poll: Poll,
    waker: Arc<Waker>,
    listener: TcpListener,
    address: SocketAddr,
    connections: BTreeMap<Token, Connection<TcpStream>>,
    next: usize,
    rounds: Instant,
    desk: Desk,
    limits: ExporterLimits,
}

/// Where answers come from.
#[derive(Debug)]
struct Desk {
    shared: Arc<Shared>,
    /// The page that was rendered last, and its text.
    rendered: (Page, Arc<[u8]>),
}

impl Server {
    pub(super) fn bind(
        address: SocketAddr,
        limits: ExporterLimits,
        shared: Arc<Shared>,
    ) -> io::Result<Self> {
        let mut listener = TcpListener::bind(address)?;
        let poll = Poll::new()?;
        let waker = Arc::new(Waker::new(poll.registry(), WAKE)?);
        poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
        Ok(Self {
            address: listener.local_addr()?,
            poll,
            waker,
            listener,
            connections: BTreeMap::new(),
            next: FIRST_CONNECTION,
            rounds: Instant::now(),
            desk: Desk { shared, rendered: (Page::default(), Arc::default()) },
            limits,
        })
    }

    pub(super) const fn address(&self) -> SocketAddr {
        self.address
    }

    pub(super) fn waker(&self) -> Arc<Waker> {
        Arc::clone(&self.waker)
    }

    /// Answers until it is stopped.
    pub(super) fn run(mut self) {
        let mut events = Events::with_capacity(TURN);
        while !self.desk.shared.stop.load(Ordering::Acquire) {
            let wait = (!self.connections.is_empty()).then_some(ROUND);
            if let Err(error) = self.poll.poll(&mut events, wait)
                && !would_block(error.kind())
            {
                break;
            }
            for event in &events {
                match event.token() {
                    WAKE => {}
                    LISTENER => self.accept(),
                    token => self.go_on(token),
                }
            }
            self.round();
        }
    }

    /// Takes the connections there are; each has a chance to be answered before the next is taken.
    fn accept(&mut self) {
        loop {
            let mut stream = match self.listener.accept() {
                Ok((stream, _)) => stream,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(error) if has_gone(&error) => continue,
                // no descriptors left: try again with the next connection
                Err(_) => return self.desk.shared.count(|counts| counts.cut += 1),
            };
            self.make_room();
            let token = Token(self.next);
            self.next += 1;
            let both = Interest::READABLE | Interest::WRITABLE;
            if self.poll.registry().register(&mut stream, token, both).is_err() {
                self.desk.shared.count(|counts| counts.cut += 1);
                continue;
            }
            self.connections.insert(token, Connection::new(stream, Instant::now()));
            self.go_on(token);
        }
    }

    /// Closes the one that has been silent longest when there is no room for another.
    fn make_room(&mut self) {
        if self.connections.len() < self.limits.connections.max(1) {
            return;
        }
        let now = Instant::now();
        let idle = self.connections.iter().max_by_key(|(_, connection)| connection.idleness(now));
        if let Some(token) = idle.map(|(token, _)| *token) {
            self.cut(token);
        }
    }

    fn go_on(&mut self, token: Token) {
        let Some(connection) = self.connections.get_mut(&token) else { return };
        let desk = &mut self.desk;
        let end = |stream: &TcpStream| {
            // a socket that is gone needs no end
            stream.shutdown(Shutdown::Write).unwrap_or_default();
        };
        match connection.go_on(&self.limits, &mut |request| desk.answer(&request), &end) {
            Step::Wait => {}
            Step::Done => self.close(token),
            Step::Cut => self.cut(token),
        }
    }

    /// Closes what is too slow, now and then.
    fn round(&mut self) {
        let now = Instant::now();
        if now.duration_since(self.rounds) < ROUND.min(self.limits.patience) {
            return;
        }
        self.rounds = now;
        let late = self.connections.iter().filter(|(_, c)| c.is_late(now, &self.limits));
        for token in late.map(|(token, _)| *token).collect::<Vec<_>>() {
            self.cut(token);
        }
    }

    /// Closes a connection that has no answer, and counts it.
    fn cut(&mut self, token: Token) {
        if self.connections.get(&token).is_some_and(|connection| !connection.has_answer()) {
            self.desk.shared.count(|counts| counts.cut += 1);
        }
        self.close(token);
    }

    fn close(&mut self, token: Token) {
        if let Some(mut connection) = self.connections.remove(&token) {
            // closing it does the same
            self.poll.registry().deregister(&mut connection.stream).unwrap_or_default();
        }
    }
}

impl Desk {
    fn answer(&mut self, request: &Request<'_>) -> Answer {
        let said = |status, words: &'static str| (status, TEXT, words.as_bytes().into());
        let mut head_only = false;
        let (status, content_type, body) = match *request {
            Request::TooLong => said("431 Request Header Fields Too Large", "too long\n"),
            Request::Broken => said("400 Bad Request", "not HTTP\n"),
            Request::Whole(method @ ("GET" | "HEAD"), target) => {
                head_only = method == "HEAD";
                match target.split('?').next() {
                    Some("/metrics") => ("200 OK", NUMBERS, self.numbers()),
                    Some("/") => said("200 OK", "regscope: the metrics are at /metrics\n"),
                    _ => said("404 Not Found", "the metrics are at /metrics\n"),
                }
            }
            Request::Whole(..) => said("405 Method Not Allowed", "GET and HEAD only\n"),
        };
        let scrape = content_type == NUMBERS;
        self.shared.count(|counts| {
            *(if scrape { &mut counts.scrapes } else { &mut counts.refused }) += 1;
        });
        Answer { status, content_type, body, head_only }
    }

    /// The latest page as text; rendered once, however many ask.
    fn numbers(&mut self) -> Arc<[u8]> {
        let page = self.shared.page();
        if !Arc::ptr_eq(&page.families, &self.rendered.0.families) {
            let text = page.render().into();
            self.rendered = (page, text);
        }
        Arc::clone(&self.rendered.1)
    }
}

/// Whether the connection to accept was gone, and there may be others.
fn has_gone(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted};
    matches!(error.kind(), Interrupted | ConnectionAborted | ConnectionReset)
}
