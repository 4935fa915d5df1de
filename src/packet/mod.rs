//! Decodes link, tunnel, IP, fragments, UDP and TCP streams into payloads, keeping what stopped it.

mod event;

pub use event::{
    ConnectionEvent, ConnectionKind, Event, IcmpError, IcmpKind, StreamChunk, TlsSign,
};
