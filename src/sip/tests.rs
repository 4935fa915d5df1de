//! The tests that concern several files of this module; each file tests itself as well.
