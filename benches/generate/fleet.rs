//! Phones that register: what each of them does next, and what it is in the end.

use super::queue::{Queue, Sent};
use super::random::Random;
use super::texts::{Digest, Phone, Site, Turn};
use super::truth::Truth;

/// Microseconds.
const MS: u64 = 1000;
pub(super) const SECOND: u64 = 1_000_000;
/// When the captures begin.
pub(super) const START: u64 = 1_793_700_000 * SECOND;
/// When a client repeats a request over UDP, and when it gives up (RFC 3261 §17.1.2.2).
const TIMER_E: [u64; 11] =
    [0, 500, 1500, 3500, 7500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500];
const TIMER_F: u64 = 32 * SECOND;

/// What becomes of an exchange.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Silence,
    /// Refused without a challenge: 404.
    Unknown,
    /// Credentials that are refused: 403.
    Refused,
    Kept,
    Removed,
}

impl Fate {
    /// The verdict while no binding runs.
    fn verdict(self) -> &'static str {
        match self {
            Self::Silence => "no_answer",
            Self::Unknown => "rejected",
            Self::Refused => "auth_failed",
            Self::Kept => "expired",
            Self::Removed => "deregistered",
        }
    }
}

/// How far a phone is.
#[derive(Clone, Copy, Default)]
struct Progress {
    /// Until when the granted time runs, in microseconds.
    serves_until: u64,
    /// Nothing new begins before.
    busy_until: u64,
    last: Option<Fate>,
}

/// When an exchange begins, and how long both sides take, in microseconds.
#[derive(Clone, Copy)]
pub(super) struct Pace {
    pub(super) at: u64,
    pub(super) answer: u64,
    pub(super) think: u64,
}

impl Pace {
    pub(super) fn random(at: u64, random: &mut Random) -> Self {
        Self { at, answer: 800 + random.below(30_000), think: 1000 + random.below(20_000) }
    }
}

pub(super) struct Fleet {
    pub(super) random: Random,
    pub(super) sites: Vec<Site>,
    pub(super) phones: Vec<Phone>,
    progress: Vec<Progress>,
    transport: &'static str,
    pub(super) truth: Truth,
}

impl Fleet {
    /// So many phones behind so many addresses.
    pub(super) fn new(phones: u64, sites: u64, transport: &'static str, seed: u64) -> Self {
        let mut random = Random::new(seed);
        let mut site = |number: u64| {
            // every fifth is behind a NAT
            let port = (number % 5 == 4).then(|| 10_240 + random.below(50_000) as u16);
            Site::new(number as usize, port)
        };
        let sites: Vec<Site> = (0..sites.min(phones)).map(&mut site).collect();
        let mut phone = |number: u64| {
            let site = (number % sites.len() as u64) as usize;
            let host = sites.get(site).map(|site| site.end.ip().to_string());
            let mut call_id = random.hex(24);
            if let (Some(host), false) = (host, number.is_multiple_of(3)) {
                call_id = format!("{call_id}@{host}");
            }
            let cseq = 100 + random.below(5000) as u32;
            Phone { number, site, call_id, tag: random.hex(10), cseq }
        };
        let phones: Vec<Phone> = (0..phones).map(&mut phone).collect();
        let progress = vec![Progress::default(); phones.len()];
        Self { random, sites, phones, progress, transport, truth: Truth::default() }
    }

    /// Whether a phone still waits for something at this time.
    pub(super) fn is_busy(&self, phone: usize, at: u64) -> bool {
        self.progress.get(phone).is_none_or(|progress| progress.busy_until >= at)
    }

    /// What becomes of the next exchange: so many of a thousand fail, are repeated, or end service.
    fn fate(&mut self, serves: bool) -> (Fate, bool) {
        match self.random.below(1000) {
            0..8 => (Fate::Silence, false),
            8..28 => (Fate::Kept, self.transport == "UDP"),
            28..48 => (Fate::Unknown, false),
            48..78 => (Fate::Refused, false),
            990.. if serves => (Fate::Removed, false),
            _ => (Fate::Kept, false),
        }
    }

    /// Plans one exchange of a phone that is not busy.
    pub(super) fn exchange(&mut self, phone: usize, pace: Pace, queue: &mut Queue) {
        let serves = self.progress.get(phone).is_some_and(|known| known.serves_until > pace.at);
        let (fate, repeated) = self.fate(serves);
        let all = fate == Fate::Removed && self.random.per_mille(500);
        let trying = self.random.per_mille(50);
        let mut talk = Talk::new(self, phone, queue, fate == Fate::Removed, all);
        talk.ask(pace.at, None);
        let mut asked = pace.at;
        let ended = if fate == Fate::Silence {
            if talk.fleet.transport == "UDP" {
                TIMER_E.iter().skip(1).for_each(|ms| talk.ask_again(pace.at + ms * MS));
            }
            pace.at + TIMER_F
        } else {
            if repeated {
                asked += 500 * MS;
                talk.ask_again(asked);
            }
            talk.end(Pace { at: asked, ..pace }, fate, trying)
        };
        self.truth.attempts += 1;
        self.note(phone, fate, ended);
    }

    /// An exchange of one request and its answer, without credentials.
    pub(super) fn simple(&mut self, phone: usize, pace: Pace, code: u16, queue: &mut Queue) {
        let mut talk = Talk::new(self, phone, queue, false, false);
        talk.ask(pace.at, None);
        talk.answer(pace.at + pace.answer, code);
        self.truth.attempts += 1;
        let fate = if code == 200 { Fate::Kept } else { Fate::Unknown };
        self.note(phone, fate, pace.at + pace.answer);
    }

    /// Remembers how an exchange ended, and when.
    fn note(&mut self, phone: usize, fate: Fate, at: u64) {
        let expires = self.phones.get(phone).map_or(0, Phone::expires);
        let Some(progress) = self.progress.get_mut(phone) else { return };
        match fate {
            Fate::Kept => progress.serves_until = at + u64::from(expires) * SECOND,
            Fate::Removed => progress.serves_until = 0,
            _ => {}
        }
        progress.busy_until = at;
        progress.last = Some(fate);
    }

    /// What is known at the end of the capture, in microseconds.
    pub(super) fn into_truth(mut self, end: u64) -> Truth {
        for progress in &self.progress {
            if let Some(last) = progress.last {
                let serves = progress.serves_until > end;
                self.truth.dn(if serves { "in_service" } else { last.verdict() });
            }
        }
        self.truth
    }
}

/// The messages of one exchange.
struct Talk<'f> {
    fleet: &'f mut Fleet,
    queue: &'f mut Queue,
    phone: usize,
    site: usize,
    branch: String,
    digest: Digest,
    to_tag: String,
    expires: Option<u32>,
    all: bool,
    /// The latest request.
    request: Vec<u8>,
}

impl<'f> Talk<'f> {
    fn new(
        fleet: &'f mut Fleet,
        phone: usize,
        queue: &'f mut Queue,
        removes: bool,
        all: bool,
    ) -> Self {
        let digest = Digest { nonce: fleet.random.hex(40), response: fleet.random.hex(32) };
        let to_tag = fleet.random.hex(12);
        let site = fleet.phones.get(phone).map_or(0, |phone| phone.site);
        let expires = removes.then_some(0);
        let (branch, request) = (String::new(), Vec::new());
        Self { fleet, queue, phone, site, branch, digest, to_tag, expires, all, request }
    }

    fn turn(&self) -> Option<Turn<'_>> {
        let phone = self.fleet.phones.get(self.phone)?;
        Some(Turn {
            site: self.fleet.sites.get(self.site)?,
            phone,
            transport: self.fleet.transport,
            branch: &self.branch,
            expires: self.expires.unwrap_or_else(|| phone.expires()),
            all: self.all,
        })
    }

    /// A new request.
    fn ask(&mut self, at: u64, digest: Option<&Digest>) {
        self.branch = format!("z9hG4bK{}", self.fleet.random.hex(16));
        if let Some(phone) = self.fleet.phones.get_mut(self.phone) {
            phone.cseq += 1;
        }
        self.request = self.turn().map(|turn| turn.request(digest)).unwrap_or_default();
        self.ask_again(at);
    }

    fn ask_with_credentials(&mut self, at: u64) {
        let Digest { nonce, response } = &self.digest;
        let digest = Digest { nonce: nonce.clone(), response: response.clone() };
        self.ask(at, Some(&digest));
    }

    /// The answers to what was asked last at `pace.at`, credentials in between; when they end.
    fn end(&mut self, pace: Pace, fate: Fate, trying: bool) -> u64 {
        let at = pace.at + pace.answer;
        if fate == Fate::Unknown {
            self.answer(at, 404);
            return at;
        }
        if trying {
            self.answer(at - pace.answer / 2, 100);
        }
        self.answer(at, 401);
        self.ask_with_credentials(at + pace.think);
        let at = at + pace.think + pace.answer;
        self.answer(at, if fate == Fate::Refused { 403 } else { 200 });
        at
    }

    /// The latest request as it was.
    fn ask_again(&mut self, at: u64) {
        self.fleet.truth.register_messages += 1;
        self.fleet.truth.sip_messages += 1;
        self.queue.push(Sent { at, site: self.site, asks: true, text: self.request.clone() });
    }

    fn answer(&mut self, at: u64, code: u16) {
        self.fleet.truth.register_answers += 1;
        self.fleet.truth.sip_messages += 1;
        let text = self.turn().map(|turn| turn.answer(code, &self.to_tag, &self.digest.nonce));
        let text = text.unwrap_or_default();
        self.queue.push(Sent { at, site: self.site, asks: false, text });
    }
}
