//! Signals that set a flag, and an interrupt that ends a pipe: what was read of it so far is reported.

use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::atomic::AtomicBool;

use crate::cli::InputSettings;

/// Whether standard input has come to its end, once a signal may say so.
static ENDS: OnceLock<Arc<AtomicBool>> = OnceLock::new();

/// Sets a flag at any of these signals; a second one ends a program whose output is not read.
#[cfg(any(feature = "live", feature = "hep"))]
pub(super) fn set(flag: &Arc<AtomicBool>, signals: &[i32]) -> std::io::Result<()> {
    use signal_hook::flag;
    for signal in signals {
        flag::register_conditional_default(*signal, Arc::clone(flag))?;
        flag::register(*signal, Arc::clone(flag))?;
    }
    Ok(())
}

/// Takes SIGINT and SIGTERM for the end of standard input, where that is among the inputs.
pub(super) fn ends_standard_input(input: &InputSettings) {
    #[cfg(feature = "live")]
    if input.has_standard_input() {
        use signal_hook::consts::{SIGINT, SIGTERM};
        // if it cannot be set, the signal ends the program, as ever
        drop(set(ENDS.get_or_init(Arc::default), &[SIGINT, SIGTERM]));
    }
    let _ = input;
}

/// The flag that says whether standard input has come to its end; `None` where no signal sets it.
pub(super) fn ends() -> Option<Arc<AtomicBool>> {
    ENDS.get().cloned()
}
