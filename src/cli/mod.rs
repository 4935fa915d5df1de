//! Turns arguments into settings; nobody else sees raw arguments.
