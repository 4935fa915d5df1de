//! Connects a source, the engine and a front end.
