//! Folds messages into transactions, attempts, bindings and DN states on the trace's own clock.
