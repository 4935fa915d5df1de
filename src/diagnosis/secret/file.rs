//! Passwords, and the file they come from.

use std::fmt;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use zeroize::{Zeroize as _, Zeroizing};

/// Longest secret file that is read.
const LIMIT: u64 = 16 << 20;

/// One password and its user. `Debug` shows neither; memory is wiped when it is dropped.
pub struct Secret {
    name: Vec<u8>,
    realm: Option<Vec<u8>>,
    password: Zeroizing<Vec<u8>>,
}

impl Secret {
    /// The password of a DN or user name, for one realm or for any.
    #[must_use]
    pub fn new(name: &[u8], realm: Option<&[u8]>, password: &[u8]) -> Self {
        Self {
            name: name.to_vec(),
            realm: realm.map(<[u8]>::to_vec),
            password: Zeroizing::new(password.to_vec()),
        }
    }

    /// The DN or user name.
    #[must_use]
    pub fn name(&self) -> &[u8] {
        &self.name
    }

    /// The realm it is for, if for one only.
    #[must_use]
    pub fn realm(&self) -> Option<&[u8]> {
        self.realm.as_deref()
    }

    pub(super) fn password(&self) -> &[u8] {
        &self.password
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secret").finish_non_exhaustive()
    }
}

/// Why a secret file cannot be used; it names lines, never their content.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// It cannot be read.
    #[error("cannot read the secret file: {0}")]
    Read(#[from] io::Error),
    /// It is too long to be one.
    #[error("the secret file is longer than 16 MiB")]
    TooLong,
    /// A line without a password.
    #[error(
        "line {0} of the secret file has no password: write a DN or user name, a space, and the password"
    )]
    NoPassword(usize),
    /// A line with an empty name or realm.
    #[error("line {0} of the secret file has an empty name or realm before its password")]
    NoName(usize),
}

/// The passwords of a file.
#[derive(Debug, Default)]
pub struct SecretFile {
    secrets: Vec<Secret>,
}

impl SecretFile {
    /// Reads a file of lines `DN-or-username password` or `user@realm password`; `#` begins a
    /// comment line.
    pub fn read(path: &Path) -> Result<Self, SecretError> {
        let file = File::open(path)?;
        let mut bytes = Zeroizing::new(Vec::new());
        // room for all of it at once, so that no copy of it is left behind by growing
        let expected = usize::try_from(file.metadata()?.len().min(LIMIT)).unwrap_or(0);
        bytes.reserve_exact(expected + 1);
        file.take(LIMIT + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > LIMIT {
            return Err(SecretError::TooLong);
        }
        Self::parse(&bytes)
    }

    /// Reads the lines of a secret file.
    pub fn parse(text: &[u8]) -> Result<Self, SecretError> {
        let mut secrets = Vec::new();
        for (place, line) in text.split(|&b| b == b'\n').enumerate() {
            let line = line.strip_suffix(b"\r").unwrap_or(line).trim_ascii_start();
            if line.is_empty() || line.starts_with(b"#") {
                continue;
            }
            secrets.push(read_line(line, place + 1)?);
        }
        Ok(Self { secrets })
    }

    /// The passwords that may be those of a DN or one of these user names.
    pub fn of<'s>(&'s self, names: &'s [&[u8]]) -> impl Iterator<Item = &'s Secret> {
        self.secrets.iter().filter(|secret| {
            let user = secret.name.split(|&b| b == b'@').next().unwrap_or_default();
            names.iter().any(|&name| name == secret.name || name == user)
        })
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.secrets.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.secrets.is_empty()
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.name.zeroize();
    }
}

/// The name ends at the first blank; a password may hold blanks inside.
fn read_line(line: &[u8], number: usize) -> Result<Secret, SecretError> {
    let blank = |b: &u8| matches!(b, b' ' | b'\t');
    let end = line.iter().position(blank).ok_or(SecretError::NoPassword(number))?;
    let (name, rest) = line.split_at(end);
    let start = rest.iter().position(|b| !blank(b)).ok_or(SecretError::NoPassword(number))?;
    let password = rest.get(start..).unwrap_or_default();
    let (name, realm) = match name.iter().rposition(|&b| b == b'@') {
        Some(at) => (name.get(..at).unwrap_or_default(), name.get(at + 1..)),
        None => (name, None),
    };
    if name.is_empty() || realm.is_some_and(<[u8]>::is_empty) {
        return Err(SecretError::NoName(number));
    }
    Ok(Secret::new(name, realm, password))
}
