//! Renders a snapshot as versioned output, one format a file.
