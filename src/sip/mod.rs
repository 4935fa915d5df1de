//! Finds and parses SIP messages, keeping order and wire spelling, and never gives up on a bad header.
