//! Checks whether a password fits a digest, and if not as sent, whether it would under another name.

use super::digest::response;
use super::file::Secret;
use super::sample::OwnedCredentials;

/// What a digest shows of a password.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum DigestVerdict {
    /// The password is right.
    Right,
    /// It is right, and the digest was made for other names than the credentials say.
    RightFor(Fit),
    /// It does not fit under any name that was tried.
    Wrong,
    /// The credentials cannot be verified: a part is missing, or the algorithm is not known.
    Unverifiable,
}

/// The names under which a password fits.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fit {
    /// The user name, if it is not the one of the credentials.
    pub username: Option<Vec<u8>>,
    /// The realm, if it is not the one of the credentials.
    pub realm: Option<Vec<u8>>,
}

/// Whether `secret` is the password behind these credentials.
///
/// `usernames` (the DN, spellings of the address-of-record) and `realms` (those of the challenges)
/// are tried when it does not fit as sent, for a device may hash other names than it sends.
#[must_use]
pub fn verify(
    given: &OwnedCredentials,
    method: &[u8],
    body: &[u8],
    secret: &Secret,
    usernames: &[&[u8]],
    realms: &[&[u8]],
) -> DigestVerdict {
    let own_user = given.username.as_deref().unwrap_or_default();
    let own_realm = given.realm.as_deref().unwrap_or_default();
    let users = std::iter::once(own_user).chain(usernames.iter().copied()).chain([secret.name()]);
    let mut known = false;
    for user in users {
        let realms = std::iter::once(own_realm).chain(realms.iter().copied());
        for realm in realms.chain(secret.realm()) {
            let names = (user, realm, secret.password());
            let Some(fits) = fits(given, names, (method, body)) else { continue };
            known = true;
            if !fits {
                continue;
            }
            if user == own_user && realm == own_realm {
                return DigestVerdict::Right;
            }
            return DigestVerdict::RightFor(Fit {
                username: (user != own_user).then(|| user.to_vec()),
                realm: (realm != own_realm).then(|| realm.to_vec()),
            });
        }
    }
    if known { DigestVerdict::Wrong } else { DigestVerdict::Unverifiable }
}

/// Whether these names and this password give the response; `None` if that is unknown.
fn fits(
    given: &OwnedCredentials,
    names: (&[u8], &[u8], &[u8]),
    message: (&[u8], &[u8]),
) -> Option<bool> {
    let nc = given.nc.unwrap_or_default();
    let sent = given.response.as_deref().unwrap_or_default();
    // the digest covers the nonce count as it was spelled; not everyone writes eight digits
    for spelling in [format!("{nc:08x}"), format!("{nc:x}"), format!("{nc:08X}")] {
        if is_same(response(given, names, message, spelling.as_bytes())?.as_bytes(), sent) {
            return Some(true);
        }
    }
    Some(false)
}

/// Hexadecimal digits compared in any case.
fn is_same(computed: &[u8], sent: &[u8]) -> bool {
    !sent.is_empty() && computed.eq_ignore_ascii_case(sent.trim_ascii())
}

impl DigestVerdict {
    /// The sentence for it, with the DN and the user name of the credentials.
    #[must_use]
    pub fn sentence(&self, dn: &[u8], given: &OwnedCredentials) -> String {
        let text = |bytes: &[u8]| crate::net::escape_bytes(bytes).into_owned();
        let dn = text(dn);
        let user = text(given.username.as_deref().unwrap_or_default());
        let realm = text(given.realm.as_deref().unwrap_or_default());
        match self {
            Self::Right => {
                format!("{dn}: the password fits the digest of user \"{user}\", realm \"{realm}\"")
            }
            Self::RightFor(fit) => {
                let mut names = Vec::new();
                names.extend(fit.username.as_deref().map(|u| format!("user \"{}\"", text(u))));
                names.extend(fit.realm.as_deref().map(|r| format!("realm \"{}\"", text(r))));
                format!(
                    "{dn}: the password is right, but the digest was made for {} while the \
                     credentials say user \"{user}\", realm \"{realm}\"",
                    names.join(", ")
                )
            }
            Self::Wrong => format!(
                "{dn}: the password does not fit the digest of user \"{user}\", realm \
                 \"{realm}\": the device uses another one"
            ),
            Self::Unverifiable => {
                format!("{dn}: the digest of user \"{user}\" cannot be verified here")
            }
        }
    }
}
