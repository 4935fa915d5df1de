//! Asks the resolver for the names of addresses, on a thread of its own, so that callers never wait.

use std::io;
use std::net::IpAddr;
use std::thread::Builder;

use crate::hashing::HashMap;
use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};

use crate::net::escape_text;

/// Questions that may wait; a resolver that does not answer takes seconds for each.
const WAITING: usize = 256;
/// Addresses whose names are kept.
const KEPT: usize = 10_000;

/// What is known of the name of an address.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Resolved<'a> {
    /// Its name, escaped.
    Name(&'a str),
    /// It has none, or the name servers did not answer.
    Nameless,
    /// The query was sent.
    Asked,
    /// Too many queries were sent or answered.
    Refused,
}

/// Names of addresses, asked for once each.
#[derive(Debug)]
pub struct Resolver {
    known: HashMap<IpAddr, Known>,
    questions: Sender<IpAddr>,
    answers: Receiver<(IpAddr, Option<String>)>,
}

#[derive(Debug)]
enum Known {
    Asked,
    Answered(Option<String>),
}

impl Resolver {
    /// Starts the thread that asks the system's resolver. It ends with its owner, or after the query
    /// in progress.
    pub fn start() -> io::Result<Self> {
        Self::with(|address| dns_lookup::lookup_addr(&address).ok())
    }

    fn with(ask: impl Fn(IpAddr) -> Option<String> + Send + 'static) -> io::Result<Self> {
        let (questions, to_ask) = bounded::<IpAddr>(WAITING);
        // an answer always has room, or the thread would not end
        let (answer, answers) = bounded(KEPT);
        Builder::new().name("resolver".to_owned()).spawn(move || {
            for address in to_ask {
                if answer.send((address, ask(address))).is_err() {
                    break;
                }
            }
        })?;
        Ok(Self { known: HashMap::default(), questions, answers })
    }

    /// The name of an address, as far as it is known now; the first call asks.
    pub fn name(&mut self, address: IpAddr) -> Resolved<'_> {
        for (address, name) in self.answers.try_iter() {
            let name = name.map(|name| escape_text(&name).into_owned());
            self.known.insert(address, Known::Answered(name));
        }
        if !self.known.contains_key(&address) {
            if self.known.len() >= KEPT {
                return Resolved::Refused;
            }
            if let Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) =
                self.questions.try_send(address)
            {
                return Resolved::Refused;
            }
            self.known.insert(address, Known::Asked);
        }
        match self.known.get(&address) {
            Some(Known::Answered(Some(name))) => Resolved::Name(name),
            Some(Known::Answered(None)) => Resolved::Nameless,
            Some(Known::Asked) | None => Resolved::Asked,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;
    use std::time::{Duration, Instant};

    use super::*;

    fn address(number: u32) -> IpAddr {
        IpAddr::V4(Ipv4Addr::from(number))
    }

    #[test]
    fn a_name_comes_later_and_nobody_waits_for_it() {
        let slow = |address: IpAddr| {
            std::thread::sleep(Duration::from_millis(20));
            (address != IpAddr::V4(Ipv4Addr::LOCALHOST)).then(|| "evil\x1b[31m.example".to_owned())
        };
        let mut resolver = Resolver::with(slow).unwrap();
        let began = Instant::now();
        let some = address(7);
        assert_eq!(resolver.name(some), Resolved::Asked);
        assert_eq!(resolver.name(IpAddr::V4(Ipv4Addr::LOCALHOST)), Resolved::Asked);
        assert!(began.elapsed() < Duration::from_millis(20));
        while resolver.name(IpAddr::V4(Ipv4Addr::LOCALHOST)) == Resolved::Asked {
            assert!(began.elapsed() < Duration::from_secs(5));
            std::thread::sleep(Duration::from_millis(5));
        }
        assert_eq!(resolver.name(IpAddr::V4(Ipv4Addr::LOCALHOST)), Resolved::Nameless);
        match resolver.name(some) {
            Resolved::Name(name) => assert!(name.contains("example") && !name.contains('\x1b')),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn too_many_questions_are_refused_and_asked_again_later() {
        let (release, held) = bounded::<()>(0);
        let stuck = move |_: IpAddr| held.recv().ok().map(|()| "x".to_owned());
        let mut resolver = Resolver::with(stuck).unwrap();
        let limit = u32::try_from(WAITING).unwrap() + 2;
        let asked = (0..limit).filter(|&n| resolver.name(address(n)) == Resolved::Asked).count();
        assert!((WAITING..=WAITING + 1).contains(&asked), "{asked}");
        assert_eq!(resolver.name(address(limit)), Resolved::Refused);
        drop(release);
        let began = Instant::now();
        while resolver.name(address(limit)) == Resolved::Refused {
            assert!(began.elapsed() < Duration::from_secs(5));
        }
    }
}
