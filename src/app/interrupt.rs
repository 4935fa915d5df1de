//! An interrupt ends a pipe that is read, and what was read of it so far is reported.

use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::atomic::AtomicBool;

use crate::cli::InputSettings;

/// What a signal sets, once it is looked for.
static ENDS: OnceLock<Arc<AtomicBool>> = OnceLock::new();

/// Takes SIGINT and SIGTERM for the end of standard input, where that is among the inputs; a second one ends the
/// program.
pub(super) fn ends_standard_input(input: &InputSettings) {
    if !input.has_standard_input() {
        return;
    }
    let ends = ENDS.get_or_init(Arc::default);
    #[cfg(feature = "live")]
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        use signal_hook::flag;
        // without it a signal ends the program, as ever
        if flag::register_conditional_default(signal, Arc::clone(ends)).is_ok() {
            drop(flag::register(signal, Arc::clone(ends)));
        }
    }
    let _ = ends;
}

/// What says that standard input has come to its end; `None` where no signal does.
pub(super) fn ends() -> Option<Arc<AtomicBool>> {
    ENDS.get().cloned()
}
