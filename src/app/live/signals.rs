//! Notes the signals that end a watch or ask for a report.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGUSR1};
use signal_hook::flag;

use crate::app::interrupt;

/// The requests made by signals; handlers set flags, the main loop reads them.
#[derive(Debug)]
pub(super) struct Signals {
    end: Arc<AtomicBool>,
    report: Arc<AtomicBool>,
}

impl Signals {
    pub(super) fn register() -> io::Result<Self> {
        let new = Self { end: Arc::default(), report: Arc::default() };
        interrupt::set(&new.end, &[SIGINT, SIGTERM, SIGHUP])?;
        flag::register(SIGUSR1, Arc::clone(&new.report))?;
        Ok(new)
    }

    /// Whether it is time to end.
    pub(super) fn is_end(&self) -> bool {
        self.end.load(Ordering::Relaxed)
    }

    /// Whether a report is wanted; true once per signal.
    pub(super) fn take_report(&self) -> bool {
        self.report.swap(false, Ordering::Relaxed)
    }
}
