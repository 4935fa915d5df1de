//! Serves numbers to Prometheus: their names, their text format, and the HTTP server.
//!
//! ```text
//!  Families, DnGauges ── Page ──▶ Exporter ── one thread ──▶ GET /metrics
//! ```
//!
//! The owner of the numbers publishes a [`Page`] now and then and never waits; the thread renders the
//! latest one when it is asked for, once however many ask.

mod cluster;
mod connection;
mod dns;
mod families;
mod server;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use mio::Waker;

pub use cluster::ClusterGauges;
#[doc(hidden)]
pub use connection::{Answer, Connection, Request, Step};
pub use dns::DnGauges;
pub use families::{Families, Labels};
use server::Server;

/// What is shown; copies share their contents.
#[derive(Clone, Default, Debug)]
pub struct Page {
    /// The numbers.
    pub families: Arc<Families>,
    /// Whether each DN is in service, where that was asked for.
    pub dns: Option<Arc<BTreeMap<Arc<str>, bool>>>,
}

/// How much clients may take.
#[derive(Clone, Debug)]
pub struct ExporterLimits {
    /// Connections at a time; for another one the one that has been silent longest is closed.
    pub connections: usize,
    /// Bytes of a request.
    pub request: usize,
    /// How long a request may take to come.
    pub patience: Duration,
    /// How long all of a connection may take.
    pub total: Duration,
}

impl Default for ExporterLimits {
    fn default() -> Self {
        Self {
            connections: 64,
            request: 8 << 10,
            patience: Duration::from_secs(5),
            // Prometheus gives up after 10 s
            total: Duration::from_secs(20),
        }
    }
}

/// What clients asked for, and what became of it.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct ExporterCounts {
    /// Answers with the numbers.
    pub scrapes: u64,
    /// Other answers: they asked for something else, or cannot be understood.
    pub refused: u64,
    /// Connections closed before they had an answer: slow, silent, too many, or broken.
    pub cut: u64,
}

/// What the exporter and its thread share.
#[derive(Default, Debug)]
struct Shared {
    stop: AtomicBool,
    page: Mutex<Page>,
    counts: Mutex<ExporterCounts>,
}

impl Shared {
    fn page(&self) -> Page {
        self.page.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn count(&self, change: impl FnOnce(&mut ExporterCounts)) {
        change(&mut self.counts.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

/// A socket whose clients are not answered yet.
#[derive(Debug)]
pub struct Bound {
    server: Server,
    shared: Arc<Shared>,
}

impl Bound {
    /// Listens at an address; port 0 picks one. Rights can be dropped afterwards.
    pub fn open(address: SocketAddr, limits: ExporterLimits) -> io::Result<Self> {
        let shared = Arc::new(Shared::default());
        Ok(Self { server: Server::bind(address, limits, Arc::clone(&shared))?, shared })
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// Starts the thread that answers.
    pub fn start(self) -> io::Result<Exporter> {
        let Self { server, shared } = self;
        let waker = server.waker();
        let thread =
            std::thread::Builder::new().name("metrics".to_owned()).spawn(move || server.run())?;
        Ok(Exporter { shared, waker, thread: Some(thread) })
    }
}

/// Answers every client that asks for the numbers; dropping it ends that.
#[derive(Debug)]
pub struct Exporter {
    shared: Arc<Shared>,
    waker: Arc<Waker>,
    thread: Option<JoinHandle<()>>,
}

impl Exporter {
    /// Shows other numbers from now on.
    pub fn publish(&self, page: Page) {
        let before = {
            let mut shown = self.shared.page.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::replace(&mut *shown, page)
        };
        // not while the page is locked
        drop(before);
    }

    /// Whether the thread ended by itself: no client is answered any more.
    #[must_use]
    pub fn has_failed(&self) -> bool {
        self.thread.as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// What was asked for so far.
    #[must_use]
    pub fn counts(&self) -> ExporterCounts {
        *self.shared.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Exporter {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take()
            && self.waker.wake().is_ok()
        {
            // a thread that panicked has nothing left to close
            thread.join().unwrap_or_default();
        }
    }
}
