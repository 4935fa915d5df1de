//! Shows the progress of reading on standard error.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::source::Progress;

/// Takes how far the reading is, now and then.
pub(super) type Listener = Box<dyn FnMut(Progress) + Send>;

/// What takes no longer needs no bar.
const PATIENCE: Duration = Duration::from_millis(500);

/// A bar that appears when reading takes long.
pub(super) struct ProgressLine {
    started: Instant,
    wanted: bool,
    bar: Option<ProgressBar>,
}

impl ProgressLine {
    /// A bar that may appear if `wanted`.
    pub(super) fn new(wanted: bool) -> Self {
        Self { started: Instant::now(), wanted, bar: None }
    }

    /// A bar that may appear if `wanted`, listening.
    pub(super) fn listener(wanted: bool) -> Listener {
        let mut line = Self::new(wanted);
        Box::new(move |progress| line.update(progress))
    }

    /// Shows how far the reading is.
    pub(super) fn update(&mut self, progress: Progress) {
        if !self.wanted || (self.bar.is_none() && self.started.elapsed() < PATIENCE) {
            return;
        }
        let bar = self.bar.get_or_insert_with(|| bar(progress.total_bytes));
        bar.set_position(progress.bytes_read);
    }
}

impl Drop for ProgressLine {
    /// Takes the bar away.
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

#[expect(
    clippy::literal_string_with_formatting_args,
    reason = "indicatif has its own placeholders"
)]
fn bar(total: Option<u64>) -> ProgressBar {
    let template = match total {
        Some(_) => "reading {bar:30} {bytes} of {total_bytes}, {eta} left",
        None => "reading {spinner} {bytes}, {bytes_per_sec}",
    };
    let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::stderr_with_hz(8));
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style.progress_chars("#>-")),
        Err(_) => bar,
    }
}
