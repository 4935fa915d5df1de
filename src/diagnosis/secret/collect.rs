//! Gathers the credentials of a capture and says which of them fit a known password.

use std::net::IpAddr;

use crate::hashing::HashMap;

use super::super::finding::{Confidence, Evidence, Finding, Severity};
use super::super::rule::About;
use super::file::SecretFile;
use super::sample::{CredentialSample, OwnedCredentials};
use super::verify::{DigestVerdict, verify};
use crate::net::Origin;
use crate::sip::{Message, Method, NameAddr, StartLine};

/// Samples kept of a DN: the latest, for passwords change.
const PER_DN: usize = 4;
/// Realms tried.
const REALMS: usize = 64;
/// Longest body kept: `auth-int` covers it, and a REGISTER has none.
const BODY: usize = 64 << 10;

static FITS: About = About {
    id: "password-fits",
    severity: Severity::Observation,
    fragment: "password fits the digest",
    meaning: "The password given fits the digest the device sent.",
    check: "if the registrar refuses it all the same, the password or the user the registrar has",
    reference: "RFC 7616 §3.4.1",
};

static OTHER_NAME: About = About {
    id: "password-fits-other-name",
    severity: Severity::Warning,
    fragment: "digest made for another user or realm",
    meaning: "The password is right, but the digest was made for another user name or realm than \
              the credentials say.",
    check: "the authentication user and the realm configured in the device",
    reference: "RFC 7616 §3.4.2",
};

static WRONG: About = About {
    id: "password-does-not-fit",
    severity: Severity::Warning,
    fragment: "digest made with another password",
    meaning: "The digest the device sent was not made with the password given.",
    check: "the password configured in the device",
    reference: "RFC 7616 §3.4.1",
};

/// What is the same in every case of what is found here.
pub(in crate::diagnosis) static ABOUTS: [&About; 3] = [&FITS, &OTHER_NAME, &WRONG];

/// The credentials of the DNs whose password is known; filled by a pass over the messages.
#[derive(Debug)]
pub struct CredentialSamples<'s> {
    secrets: &'s SecretFile,
    samples: HashMap<Vec<u8>, Vec<(IpAddr, CredentialSample)>>,
    realms: Vec<Vec<u8>>,
}

impl<'s> CredentialSamples<'s> {
    /// None yet.
    #[must_use]
    pub fn new(secrets: &'s SecretFile) -> Self {
        Self { secrets, samples: HashMap::default(), realms: Vec::new() }
    }

    /// Takes what a message shows, whatever message it is.
    pub fn message(&mut self, origin: &Origin, message: &Message<'_>) {
        match message.start() {
            StartLine::Request { method: Method::Register, .. } => self.request(origin, message),
            StartLine::Response { .. } => {
                for challenge in message.challenges() {
                    let Some(realm) = challenge.realm else { continue };
                    if self.realms.len() < REALMS && !self.realms.iter().any(|r| r == realm) {
                        self.realms.push(realm.to_vec());
                    }
                }
            }
            StartLine::Request { .. } => {}
        }
    }

    fn request(&mut self, origin: &Origin, message: &Message<'_>) {
        let Some((to, dn)) = message.to().zip(message.dn()) else { return };
        for read in message.credentials() {
            let Some(credentials) = OwnedCredentials::of(&read) else { continue };
            let names = [&*dn, read.username.unwrap_or_default()];
            if message.is_cut() || self.secrets.of(&names).next().is_none() {
                continue;
            }
            let kept = self.samples.entry(dn.to_vec()).or_default();
            if kept.iter().any(|(_, s)| s.credentials == credentials) {
                continue;
            }
            if kept.len() >= PER_DN {
                kept.remove(0);
            }
            let body = message.body();
            let sample = CredentialSample {
                dn: dn.to_vec(),
                aor: aor(&to),
                method: b"REGISTER".to_vec(),
                body: body.get(..BODY).unwrap_or(body).to_vec(),
                credentials,
                time: origin.time,
                frame: origin.frame,
            };
            kept.push((origin.src.addr, sample));
        }
    }

    /// What the latest credentials of each DN show, in order of DN.
    #[must_use]
    pub fn findings(&self) -> Vec<Finding> {
        let mut dns: Vec<_> = self.samples.iter().collect();
        dns.sort();
        dns.into_iter().filter_map(|(_, kept)| self.finding(kept)).collect()
    }

    fn finding(&self, kept: &[(IpAddr, CredentialSample)]) -> Option<Finding> {
        let (source, sample) = kept.last()?;
        let verdict = self.judge(sample);
        let about = match &verdict {
            DigestVerdict::Right => &FITS,
            DigestVerdict::RightFor(_) => &OTHER_NAME,
            DigestVerdict::Wrong => &WRONG,
            DigestVerdict::Unverifiable => return None,
        };
        let sentence = verdict.sentence(&sample.dn, &sample.credentials);
        Some(Finding {
            dn: Some(sample.dn.clone()),
            source: Some(*source),
            evidence: vec![Evidence { time: sample.time, frame: sample.frame }],
            ..about.finding(Confidence::Certain, sentence)
        })
    }

    /// The best verdict any of the DN's passwords gives.
    fn judge(&self, sample: &CredentialSample) -> DigestVerdict {
        let user = sample.credentials.username.as_deref().unwrap_or_default();
        let secrets = [sample.dn.as_slice(), user];
        let names = [sample.dn.as_slice(), sample.aor.as_slice()];
        let realms: Vec<&[u8]> = self.realms.iter().map(Vec::as_slice).collect();
        let mut best = DigestVerdict::Unverifiable;
        for secret in self.secrets.of(&secrets) {
            let message = (sample.method.as_slice(), sample.body.as_slice());
            let found = verify(&sample.credentials, message.0, message.1, secret, &names, &realms);
            match (&found, &best) {
                (DigestVerdict::Right, _) => return found,
                (DigestVerdict::RightFor(_), _)
                | (DigestVerdict::Wrong, DigestVerdict::Unverifiable) => best = found,
                _ => {}
            }
        }
        best
    }
}

fn aor(to: &NameAddr<'_>) -> Vec<u8> {
    [&*to.uri.user_name().unwrap_or_default(), b"@", to.uri.host].concat()
}
