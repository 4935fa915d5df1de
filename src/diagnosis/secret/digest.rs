//! The composition of a digest response (RFC 2069 §2.1.1, RFC 2617 §3.2.2, RFC 7616 §3.4).

use zeroize::Zeroizing;

use super::algorithm::Algorithm;
use super::sample::OwnedCredentials;

/// The response that `names` (user name, realm and password) give; `None` where the credentials lack a part
/// or name an algorithm or protection this does not know.
pub(super) fn response(
    given: &OwnedCredentials,
    names: (&[u8], &[u8], &[u8]),
    (method, body): (&[u8], &[u8]),
    nc: &[u8],
) -> Option<Zeroizing<String>> {
    let algorithm = Algorithm::named(given.algorithm.as_deref().unwrap_or_default())?;
    let (nonce, uri) = (given.nonce.as_deref()?, given.uri.as_deref()?);
    let mut key = algorithm.hash(&[names.0, names.1, names.2]);
    if algorithm.session {
        key = algorithm.hash(&[key.as_bytes(), nonce, given.cnonce.as_deref()?]);
    }
    let qop = given.qop.as_deref().unwrap_or_default().trim_ascii();
    let request = if qop.eq_ignore_ascii_case(b"auth-int") {
        let body = algorithm.hash(&[body]);
        algorithm.hash(&[method, uri, body.as_bytes()])
    } else {
        algorithm.hash(&[method, uri])
    };
    if qop.is_empty() {
        return Some(algorithm.hash(&[key.as_bytes(), nonce, request.as_bytes()]));
    }
    if !qop.eq_ignore_ascii_case(b"auth") && !qop.eq_ignore_ascii_case(b"auth-int") {
        return None;
    }
    let cnonce = given.nc.and(given.cnonce.as_deref())?;
    Some(algorithm.hash(&[key.as_bytes(), nonce, nc, cnonce, qop, request.as_bytes()]))
}
