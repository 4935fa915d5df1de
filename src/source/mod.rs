//! Yields timestamped frames from capture files.
