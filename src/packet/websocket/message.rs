//! Joins the frames of a WebSocket message, inflates it, and hands it on if it may be SIP.

use super::super::event::Event;
use super::super::payload::may_be_sip;
use super::super::tcp::Desk;
use super::deflate::{Context, Failure};
use super::frame::{self, Header, Kind};
use crate::net::{Cut, Origin};

/// The unfinished message.
#[derive(Debug, Default)]
enum Message {
    /// None.
    #[default]
    None,
    /// Its frames so far, unmasked.
    Open { bytes: Vec<u8>, compressed: bool },
    /// One that is passed over: reported already, cut or counted.
    Passed,
}

/// The unfinished message of a direction, and what compressed ones refer to.
#[derive(Debug, Default)]
pub(super) struct Assembly {
    message: Message,
    context: Context,
}

impl Assembly {
    /// Bytes kept.
    pub(super) fn held(&self) -> usize {
        let open =
            if let Message::Open { bytes, .. } = &self.message { bytes.capacity() } else { 0 };
        open + self.context.held()
    }

    /// A frame of a message begins; `last` is where the bytes before it were seen.
    pub(super) fn begin(
        &mut self,
        header: &Header,
        last: Option<&Origin>,
        desk: &mut Desk<'_, '_>,
    ) {
        if header.kind == Kind::First {
            if let Message::Open { .. } = self.message {
                self.cut(last, desk);
            }
            self.message = Message::Open { bytes: Vec::new(), compressed: header.compressed };
        }
        match &self.message {
            Message::None => {
                desk.stats.websocket_unreadable += 1;
                self.message = Message::Passed;
            }
            Message::Open { bytes, .. } => {
                let length = header.length.saturating_add(bytes.len() as u64);
                if length > desk.limits.websocket_message as u64 {
                    self.give_up(desk);
                }
            }
            Message::Passed => {}
        }
    }

    /// Takes in bytes of a frame's payload, which begin `phase` bytes into its mask.
    pub(super) fn extend(&mut self, masked: &[u8], mask: [u8; 4], phase: usize) {
        if let Message::Open { bytes, .. } = &mut self.message {
            let from = bytes.len();
            bytes.extend_from_slice(masked);
            frame::unmask(bytes.get_mut(from..).unwrap_or_default(), mask, phase);
        }
    }

    /// The message ended, in the packet of `origin` if that was captured.
    pub(super) fn complete(&mut self, origin: Option<&Origin>, desk: &mut Desk<'_, '_>) {
        let message = std::mem::take(&mut self.message);
        let Message::Open { mut bytes, compressed } = message else { return };
        let Some(origin) = origin else { return };
        if compressed {
            bytes = match self.context.inflate(&mut bytes, desk.limits.websocket_message) {
                Ok(text) => text,
                Err(Failure::TooLong) => return desk.stats.websocket_too_long += 1,
                Err(Failure::Unreadable) => return desk.stats.websocket_unreadable += 1,
            };
        }
        hand_on(&bytes, origin, None, desk);
    }

    /// Bytes of the message are missing from here on; the part before, in the packet of
    /// `last`, is handed on.
    pub(super) fn cut(&mut self, last: Option<&Origin>, desk: &mut Desk<'_, '_>) {
        if let Message::Open { bytes, compressed } = &mut self.message {
            let mut bytes = std::mem::take(bytes);
            if *compressed {
                bytes = self.context.inflate_start(&bytes, desk.limits.websocket_message);
            }
            match last {
                Some(last) if !bytes.is_empty() => {
                    hand_on(&bytes, last, Some(Cut::LostSegments), desk);
                }
                _ => desk.stats.websocket_unreadable += 1,
            }
            self.message = Message::Passed;
        }
        self.context.forget();
    }

    /// Gives up what is kept, to stay within the limits.
    pub(super) fn give_up(&mut self, desk: &mut Desk<'_, '_>) {
        if let Message::Open { .. } = self.message {
            desk.stats.websocket_too_long += 1;
            self.message = Message::Passed;
        }
        self.context.forget();
    }
}

/// Hands a message on as a datagram: it needs no Content-Length (RFC 7118 §5.2).
fn hand_on(bytes: &[u8], origin: &Origin, cut: Option<Cut>, desk: &mut Desk<'_, '_>) {
    // a keep-alive (RFC 5626 §3.5.1) is no message either
    if bytes.trim_ascii().is_empty() || !may_be_sip(bytes) {
        desk.stats.websocket_not_sip += 1;
        return;
    }
    desk.stats.websocket_messages += 1;
    let mut origin = *origin;
    origin.transport = origin.transport.upgraded();
    // the packet may have been cut behind a message that is whole
    origin.path.cut = cut.map(|why| origin.path.cut.unwrap_or(why));
    (desk.sink)(Event::Datagram { origin: &origin, bytes });
}
