//! Finds out the sender and the receiver of a message, where its envelope leaves them out.

use std::net::{IpAddr, Ipv4Addr};

use super::address::{Address, transport};
use super::collect::{Fields, Framed};
use super::dialect::Takes;
use super::{Direction, Side};
use crate::net::{Endpoint, Transport};
use crate::sip::{Message, Method, Uri, Via};

/// The most addresses of its own that a host is taken to have.
const MAX_LOCAL: usize = 16;

/// The addresses of the host that wrote a log.
#[derive(Clone, Debug, Default)]
pub(super) struct Local {
    /// Its addresses; the first is the one to use.
    pub all: Vec<Endpoint>,
    /// How they are known.
    pub from: Option<&'static str>,
}

/// How an address of the host is known, best first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Known {
    /// The user gave it.
    Given,
    /// The log states it.
    Stated,
    /// It is in the top Via of a request that was sent.
    Via,
    /// It is in the Request-URI of a REGISTER that was received.
    RequestUri,
}

impl Known {
    /// Its name in `capture.files[].local_from`.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Given => "given",
            Self::Stated => "stated",
            Self::Via => "via",
            Self::RequestUri => "request-uri",
        }
    }
}

/// Addresses as they are found, each with how often.
#[derive(Debug, Default)]
pub(super) struct Found {
    all: Vec<(Known, Endpoint, u32)>,
}

impl Found {
    /// Adds one.
    pub(super) fn add(&mut self, known: Known, endpoint: Endpoint) {
        if endpoint.addr.is_unspecified() {
            return;
        }
        if let Some((.., times)) =
            self.all.iter_mut().find(|(k, e, _)| (*k, *e) == (known, endpoint))
        {
            *times += 1;
        } else if self.all.len() < 4 * MAX_LOCAL {
            self.all.push((known, endpoint, 1));
        }
    }

    /// Adds what a message shows.
    pub(super) fn message(&mut self, framed: &Framed, message: &Message<'_>) {
        if let Some(local) = framed.fields.local.and_then(Address::endpoint) {
            self.add(Known::Stated, local);
        }
        let direction = direction(framed.takes);
        let sides = (framed.fields.src, framed.fields.dst, direction);
        if let (Some(src), _, Some(Direction::Sent)) = sides
            && let Some(endpoint) = src.endpoint()
        {
            self.add(Known::Stated, endpoint);
        } else if let (_, Some(dst), Some(Direction::Received)) = sides
            && let Some(endpoint) = dst.endpoint()
        {
            self.add(Known::Stated, endpoint);
        }
        match direction {
            Some(Direction::Sent) if message.is_request() => {
                if let Some(endpoint) = message.top_via().and_then(|via| sent_by(&via)) {
                    self.add(Known::Via, endpoint);
                }
            }
            Some(Direction::Sent) => {}
            // a pasted message has no direction
            Some(Direction::Received) | None => {
                let is_register =
                    message.is_request() && message.method() == Some(Method::Register);
                let counts = direction.is_some() || framed.dialect.is_none();
                let uri = message.request_uri().and_then(Uri::parse);
                if is_register
                    && counts
                    && let Some(endpoint) = uri.and_then(|uri| uri.endpoint())
                {
                    self.add(Known::RequestUri, endpoint);
                }
            }
        }
    }

    /// The best known addresses; those known as well are aliases.
    pub(super) fn settle(mut self, given: Option<Endpoint>) -> Local {
        if let Some(given) = given {
            return Local { all: vec![given], from: Some(Known::Given.name()) };
        }
        let Some(best) = self.all.iter().map(|(known, ..)| *known).min() else {
            return Local::default();
        };
        self.all.retain(|(known, ..)| *known == best);
        self.all.sort_by_key(|(_, _, times)| std::cmp::Reverse(*times));
        let all = self.all.into_iter().map(|(_, endpoint, _)| endpoint).take(MAX_LOCAL).collect();
        Local { all, from: Some(best.name()) }
    }
}

/// Which direction a message took.
pub(super) const fn direction(takes: Takes) -> Option<Direction> {
    match takes {
        Takes::Received => Some(Direction::Received),
        Takes::Sent => Some(Direction::Sent),
        Takes::Seen | Takes::Copy => None,
    }
}

/// Where a hop says it is, if that is an address.
fn sent_by(via: &Via<'_>) -> Option<Endpoint> {
    let ip: IpAddr = std::str::from_utf8(via.host).ok()?.parse().ok()?;
    let carried = transport(via.transport).unwrap_or(Transport::Udp);
    Some(Endpoint::new(ip, via.port.unwrap_or_else(|| carried.default_port())))
}

/// Where a hop was reached: `received` and `rport`, else what it says itself.
fn reached(via: &Via<'_>) -> Option<Endpoint> {
    let said = sent_by(via);
    let received = via.received().and_then(|ip| std::str::from_utf8(ip).ok()?.parse().ok());
    let addr = received.or_else(|| said.map(|said| said.addr))?;
    let carried = transport(via.transport).unwrap_or(Transport::Udp);
    let port = via.rport().flatten().or(via.port).unwrap_or_else(|| carried.default_port());
    Some(Endpoint::new(addr, port))
}

/// Both sides of a message, and what carried it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Sides {
    /// The sender.
    pub src: Side,
    /// The receiver.
    pub dst: Side,
    /// What carried it.
    pub transport: Transport,
    /// Whether that is a guess.
    pub transport_inferred: bool,
}

impl Sides {
    /// The sides in the envelope of a message that cannot be read.
    pub(super) fn unknown(fields: &Fields) -> Self {
        let nobody = Guess::of(None);
        let transport = fields.transport.unwrap_or(Transport::Udp);
        Self {
            src: side(fields.src.or(fields.peer), nobody, transport),
            dst: side(fields.dst, nobody, transport),
            transport,
            transport_inferred: fields.transport.is_none(),
        }
    }
}

/// Finds the sides of a message in a log of the host at `local`.
pub(super) fn sides(framed: &Framed, message: &Message<'_>, local: &Local) -> Sides {
    let fields = &framed.fields;
    let via = message.top_via();
    let named = fields.transport;
    let transport = named.or_else(|| transport(via?.transport)).unwrap_or(Transport::Udp);
    let here = own(fields, message, framed.takes, via.as_ref(), local);
    let there = other(fields, message, framed.takes, via.as_ref());
    let (src, dst) = match framed.takes {
        Takes::Sent => (here, there),
        Takes::Received => (there, here),
        Takes::Seen | Takes::Copy => bystander(message, via.as_ref(), local),
    };
    Sides {
        src: side(fields.src, src, transport),
        dst: side(fields.dst, dst, transport),
        transport,
        transport_inferred: named.is_none(),
    }
}

/// The own side of a message.
///
/// The top Via of a request sent, and of a response received, is this host's, so that two ports stay two flows.
fn own(
    fields: &Fields,
    message: &Message<'_>,
    takes: Takes,
    via: Option<&Via<'_>>,
    local: &Local,
) -> Guess {
    if let Some(stated) = fields.local {
        return Guess { address: stated, inferred: false };
    }
    let is_own_via = message.is_request() == (takes == Takes::Sent);
    let from_via = if is_own_via { via.and_then(sent_by) } else { None };
    let known = local.all.first().copied();
    let listed = from_via.filter(|endpoint| local.all.contains(endpoint));
    let stated = matches!(local.from, Some("given" | "stated"));
    let endpoint = if stated { listed.or(known) } else { from_via.or(known) };
    // nothing is known of the own side: no address and no port, so that it differs from every other
    Guess::of(endpoint.or(Some(Endpoint::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0))))
}

/// The other side of a message.
fn other(fields: &Fields, message: &Message<'_>, takes: Takes, via: Option<&Via<'_>>) -> Guess {
    if let Some(peer) = fields.peer {
        return Guess { address: peer, inferred: false };
    }
    let is_their_via = message.is_request() == (takes == Takes::Received);
    if is_their_via {
        return Guess::of(via.and_then(reached));
    }
    let uri = message.request_uri().and_then(Uri::parse);
    Guess::of(uri.and_then(|uri| uri.endpoint()))
}

/// Both sides of a message that nothing is known of: a request comes from its top Via, a response goes there.
fn bystander(message: &Message<'_>, via: Option<&Via<'_>>, local: &Local) -> (Guess, Guess) {
    let device = Guess::of(via.and_then(reached));
    let uri = message.request_uri().and_then(Uri::parse).and_then(|uri| uri.endpoint());
    let server = Guess::of(local.all.first().copied().or(uri));
    if message.is_request() { (device, server) } else { (server, device) }
}

/// An address, and whether it is a guess.
#[derive(Clone, Copy, Debug)]
struct Guess {
    address: Address,
    inferred: bool,
}

impl Guess {
    /// A guess.
    fn of(endpoint: Option<Endpoint>) -> Self {
        let address = Address { ip: endpoint.map(|e| e.addr), port: endpoint.map(|e| e.port) };
        Self { address, inferred: true }
    }
}

/// One side: the envelope's, filled up with the guess.
fn side(stated: Option<Address>, guess: Guess, transport: Transport) -> Side {
    let (address, inferred) = match stated {
        Some(address) => (address, false),
        None => (guess.address, guess.inferred),
    };
    let whole = address.ip.is_some() && address.port.is_some();
    let addr = address.ip.or(guess.address.ip).unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
    let port = address.port.or(guess.address.port).unwrap_or_else(|| transport.default_port());
    Side { endpoint: Endpoint::new(addr, port), inferred: inferred || !whole }
}
