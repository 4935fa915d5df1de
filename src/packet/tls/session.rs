//! Collects what both sides of a connection agreed on, and makes the ciphers of each from it.

use zeroize::Zeroizing;

use super::certificate;
use super::cipher::{Cipher, KeyBlock};
use super::hello::{ClientHello, ServerHello, TLS13, message, own_certificate, ticket};
use super::info::{TlsInfo, Unread};
use super::keylog::{KeyLog, Random, Secrets};
use super::schedule::{Prf, next_secret};
use super::secret::Secret;
use super::suite::{Bulk, Suite, suite};

/// One of the two directions, whichever end is the client.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::packet) enum Lane {
    First,
    Second,
}

/// Which of a direction's keys.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Stage {
    /// TLS 1.2 and before have one.
    Only,
    /// 0-RTT data.
    Early,
    Handshake,
    Application,
}

/// Why there are no keys.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Lacking {
    /// Something that may still come: a hello of the other side, or a line of the key log.
    Yet,
    /// There will be none.
    Ever(Unread),
}

/// A direction's cipher, and which record comes next.
pub(super) struct Keys {
    pub(super) cipher: Cipher,
    pub(super) stage: Stage,
    pub(super) next: u64,
    /// The secret it comes from, for the one after it.
    secret: Option<(Suite, Secret)>,
}

impl Keys {
    fn tls13(suite: Suite, stage: Stage, secret: Secret) -> Option<Self> {
        let cipher = Cipher::tls13(suite, secret.bytes())?;
        Some(Self { cipher, stage, next: 0, secret: Some((suite, secret)) })
    }

    /// The keys after an update (RFC 8446 §7.2).
    pub(super) fn updated(&self) -> Option<Self> {
        let (suite, secret) = self.secret.as_ref()?;
        Self::tls13(*suite, self.stage, next_secret(suite.hash, secret)?)
    }

    pub(super) fn is_tls13(&self) -> bool {
        self.stage != Stage::Only
    }
}

/// What both sides agreed on.
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent facts, each from one field of a hello"
)]
#[derive(Debug, Default)]
pub(super) struct Session {
    pub(super) info: TlsInfo,
    client: Option<Lane>,
    client_random: Option<Random>,
    server_random: Option<Random>,
    /// The session id: the client's, then the server's.
    shared_id: Box<[u8]>,
    /// The ticket that the client shows, and the one it is given.
    shown: Option<Box<[u8]>>,
    given: Option<Box<[u8]>>,
    /// Whether the server took up an earlier session (TLS 1.2 and before).
    resumed: bool,
    compressed: bool,
    mac_last: bool,
    early_data: bool,
}

impl Session {
    /// Whether this direction is the client's.
    pub(super) fn is_client(&self, lane: Lane) -> bool {
        self.client == Some(lane)
    }

    /// Whether this direction may begin with 0-RTT data.
    pub(super) fn expects_early_data(&self, lane: Lane) -> bool {
        self.early_data && self.is_client(lane)
    }

    /// Whether TLS 1.3 or later was agreed on, once the server said.
    pub(super) fn is_tls13(&self) -> Option<bool> {
        self.info.version.map(|version| version >= TLS13)
    }

    /// Whether both sides said what keys are made from.
    pub(super) fn has_both_hellos(&self) -> bool {
        self.client_random.is_some() && self.server_random.is_some()
    }

    /// Takes in a handshake message.
    pub(super) fn message(&mut self, lane: Lane, kind: u8, body: &[u8]) {
        match kind {
            message::CLIENT_HELLO => self.client_hello(lane, body),
            message::SERVER_HELLO => self.server_hello(lane, body),
            message::NEW_SESSION_TICKET if self.is_tls13() == Some(false) => {
                self.given = ticket(body).map(Into::into);
            }
            message::CERTIFICATE if self.client != Some(lane) => {
                let tls13 = self.is_tls13() == Some(true);
                let read = own_certificate(body, tls13).and_then(certificate::read);
                self.info.certificate = read.or_else(|| self.info.certificate.take());
            }
            _ => {}
        }
    }

    fn client_hello(&mut self, lane: Lane, body: &[u8]) {
        let Some(hello) = ClientHello::parse(body) else { return };
        self.client = Some(lane);
        // the second hello after a retry has the random of the first
        if self.client_random != Some(*hello.random) {
            self.server_random = None;
        }
        self.client_random = Some(*hello.random);
        if self.server_random.is_none() {
            self.shared_id = hello.session_id.into();
        }
        self.shown = hello.ticket.map(Into::into);
        self.given = None;
        self.early_data |= hello.early_data;
        self.info.offered = Some(hello.version);
        let server_name = hello.server_name.map(Into::into);
        self.info.server_name = server_name.or_else(|| self.info.server_name.take());
        if self.server_random.is_none() {
            self.info.alpn = hello.alpn.iter().map(|name| (*name).into()).collect();
        }
    }

    fn server_hello(&mut self, lane: Lane, body: &[u8]) {
        let Some(hello) = ServerHello::parse(body) else { return };
        self.client.get_or_insert(match lane {
            Lane::First => Lane::Second,
            Lane::Second => Lane::First,
        });
        self.info.version = Some(hello.version);
        self.info.suite = Some(hello.suite);
        if hello.is_retry() {
            return;
        }
        self.server_random = Some(*hello.random);
        self.resumed = !hello.session_id.is_empty() && *self.shared_id == *hello.session_id;
        self.shared_id = hello.session_id.into();
        self.compressed = hello.compression != 0;
        self.mac_last = hello.encrypt_then_mac;
        if let Some(protocol) = hello.alpn {
            self.info.alpn = vec![protocol.into()];
        }
    }

    /// The keys of a direction, from its first record on.
    pub(super) fn keys(&self, lane: Lane, stage: Stage, log: &mut KeyLog) -> Result<Keys, Lacking> {
        let unsupported = Lacking::Ever(Unread::Unsupported);
        let (Some(client_random), Some(server_random)) = (self.client_random, self.server_random)
        else {
            return Err(Lacking::Yet);
        };
        let version = self.info.version.unwrap_or_default();
        let suite = self.info.suite.and_then(suite).filter(|_| !self.compressed);
        let suite = suite.ok_or(unsupported)?;
        if version >= TLS13 {
            let secrets = log.find(&client_random).ok_or(Lacking::Yet)?;
            let secret = tls13_secret(secrets, self.is_client(lane), stage).ok_or(Lacking::Yet)?;
            return Keys::tls13(suite, stage, secret.clone()).ok_or(unsupported);
        }
        let master = self.master(&client_random, log).ok_or(Lacking::Yet)?;
        let randoms = [server_random, client_random];
        self.tls12(lane, suite, version, &master, randoms).ok_or(unsupported)
    }

    /// The master secret: the log's, or that of the session taken up.
    fn master(&self, random: &Random, log: &mut KeyLog) -> Option<Secret> {
        let found = log.find(random).and_then(|secrets| secrets.master.clone());
        let master = found.or_else(|| {
            let shown = self.shown.as_deref().and_then(|ticket| log.recall(ticket));
            self.resumed.then(|| shown.or_else(|| log.recall(&self.shared_id)))?
        })?;
        for name in [Some(&self.shared_id), self.given.as_ref()].into_iter().flatten() {
            log.remember(name, &master);
        }
        Some(master)
    }

    /// RFC 5246 §6.3, RFC 2246 §6.3.
    fn tls12(
        &self,
        lane: Lane,
        suite: Suite,
        version: u16,
        master: &Secret,
        randoms: [Random; 2],
    ) -> Option<Keys> {
        let (prf, mac) = match (version, suite.bulk) {
            (0x0303, Bulk::Aes128Cbc(mac) | Bulk::Aes256Cbc(mac)) => {
                (Prf::Tls12(suite.hash), mac.len())
            }
            (0x0301 | 0x0302, Bulk::Aes128Cbc(mac) | Bulk::Aes256Cbc(mac)) => {
                (Prf::Tls10, mac.len())
            }
            (0x0303, _) => (Prf::Tls12(suite.hash), 0),
            _ => return None,
        };
        let (key, iv) = (suite.bulk.key_len(), Cipher::iv_len(suite, version));
        let mut block = Zeroizing::new(vec![0; 2 * (mac + key + iv)]);
        let seed = randoms.each_ref().map(<[u8; 32]>::as_slice);
        prf.expand(master.bytes(), b"key expansion", &seed, &mut block);
        // each kind twice, the client's first
        let second = usize::from(!self.is_client(lane));
        let part = |from: usize, len: usize| block.get(from + second * len..)?.get(..len);
        let parts = KeyBlock {
            mac: part(0, mac)?,
            key: part(2 * mac, key)?,
            iv: part(2 * (mac + key), iv)?,
        };
        let cipher = Cipher::tls12(suite, parts, version, self.mac_last)?;
        Some(Keys { cipher, stage: Stage::Only, next: 0, secret: None })
    }
}

fn tls13_secret(secrets: &Secrets, client: bool, stage: Stage) -> Option<&Secret> {
    match (stage, client) {
        (Stage::Early, true) => secrets.client_early.as_ref(),
        (Stage::Handshake, true) => secrets.client_handshake.as_ref(),
        (Stage::Handshake, false) => secrets.server_handshake.as_ref(),
        (Stage::Application, true) => secrets.client_traffic.as_ref(),
        (Stage::Application, false) => secrets.server_traffic.as_ref(),
        (Stage::Early, false) | (Stage::Only, _) => None,
    }
}
