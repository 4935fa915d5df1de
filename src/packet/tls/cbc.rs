//! Opens CBC records: MAC before or behind the encryption (RFC 5246 §6.2.3.2, RFC 7366).

use aes::cipher::{Block, BlockModeDecrypt, KeyIvInit};
use aes::{Aes128, Aes256};
use cbc::Decryptor;
use hmac::digest::KeyInit;
use hmac::{Hmac, Mac};
use sha1::Sha1;
use sha2::{Sha256, Sha384};
use zeroize::Zeroizing;

use super::cipher::{KeyBlock, associated};
use super::record::Record;
use super::suite::MacHash;

const BLOCK: usize = 16;
/// The last version whose records continue the chain of the one before (RFC 4346 §1.1).
const CHAINED: u16 = 0x0301;

/// AES in CBC mode with an HMAC.
pub(super) struct Cbc {
    key: Zeroizing<Vec<u8>>,
    mac_key: Zeroizing<Vec<u8>>,
    mac: MacHash,
    /// The MAC covers the ciphertext and follows it.
    mac_last: bool,
    /// The last block of ciphertext, where the next record's IV is that.
    chain: Option<[u8; BLOCK]>,
}

impl Cbc {
    pub(super) fn new(
        mac: MacHash,
        block: KeyBlock<'_>,
        version: u16,
        mac_last: bool,
    ) -> Option<Self> {
        let chain = match Self::iv_len(version) {
            0 => None,
            _ => Some(block.iv.try_into().ok()?),
        };
        let key = Zeroizing::new(block.key.to_vec());
        let mac_key = Zeroizing::new(block.mac.to_vec());
        Some(Self { key, mac_key, mac, mac_last, chain })
    }

    /// Bytes of the IV in the key block.
    pub(super) fn iv_len(version: u16) -> usize {
        if version <= CHAINED { BLOCK } else { 0 }
    }

    pub(super) fn is_chained(&self) -> bool {
        self.chain.is_some()
    }

    /// Opens a record as that of this number; false if it is not.
    pub(super) fn open(&mut self, number: u64, record: &Record<'_>, out: &mut Vec<u8>) -> bool {
        let last =
            record.fragment.len().checked_sub(if self.mac_last { self.mac.len() } else { 0 });
        let ciphertext = last.and_then(|last| record.fragment.get(..last)).unwrap_or_default();
        let opened = self.plaintext(number, record, ciphertext, out).is_some();
        if opened && self.chain.is_some() {
            self.chain = ciphertext.last_chunk().copied();
        }
        opened
    }

    fn plaintext(
        &self,
        number: u64,
        record: &Record<'_>,
        ciphertext: &[u8],
        out: &mut Vec<u8>,
    ) -> Option<()> {
        let (iv, enciphered) = match self.chain {
            Some(chain) => (chain, ciphertext),
            None => ciphertext.split_first_chunk().map(|(iv, rest)| (*iv, rest))?,
        };
        if self.mac_last {
            let tag = record.fragment.get(ciphertext.len()..)?;
            let associated = associated(number, record.header, ciphertext.len());
            self.verify(&associated, ciphertext, tag).then_some(())?;
        }
        out.clear();
        out.extend_from_slice(enciphered);
        self.decipher(&iv, out)?;
        unpad(out)?;
        if !self.mac_last {
            let len = out.len().checked_sub(self.mac.len())?;
            let (content, tag) = out.split_at_checked(len)?;
            self.verify(&associated(number, record.header, len), content, tag).then_some(())?;
            out.truncate(len);
        }
        Some(())
    }

    fn decipher(&self, iv: &[u8; BLOCK], bytes: &mut [u8]) -> Option<()> {
        let (blocks, []) = Block::<Aes128>::slice_as_chunks_mut(bytes) else { return None };
        if self.key.len() == BLOCK {
            Decryptor::<Aes128>::new_from_slices(&self.key, iv).ok()?.decrypt_blocks(blocks);
        } else {
            Decryptor::<Aes256>::new_from_slices(&self.key, iv).ok()?.decrypt_blocks(blocks);
        }
        Some(())
    }

    fn verify(&self, associated: &[u8], content: &[u8], tag: &[u8]) -> bool {
        fn holds<M: Mac + KeyInit>(key: &[u8], parts: [&[u8]; 2], tag: &[u8]) -> bool {
            <M as KeyInit>::new_from_slice(key).is_ok_and(|mut mac| {
                mac.update(parts[0]);
                mac.update(parts[1]);
                mac.verify_slice(tag).is_ok()
            })
        }
        let parts = [associated, content];
        match self.mac {
            MacHash::Sha1 => holds::<Hmac<Sha1>>(&self.mac_key, parts, tag),
            MacHash::Sha256 => holds::<Hmac<Sha256>>(&self.mac_key, parts, tag),
            MacHash::Sha384 => holds::<Hmac<Sha384>>(&self.mac_key, parts, tag),
        }
    }
}

/// Takes off the padding: the last byte says how many precede it, each equal to it.
fn unpad(bytes: &mut Vec<u8>) -> Option<()> {
    let count = bytes.last().copied()?;
    let len = bytes.len().checked_sub(usize::from(count) + 1)?;
    bytes.get(len..)?.iter().all(|byte| *byte == count).then_some(())?;
    bytes.truncate(len);
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padding() {
        let cases: [(&[u8], Option<&[u8]>); 5] = [
            (&[7, 0], Some(&[7])),
            (&[7, 2, 2, 2], Some(&[7])),
            (&[7, 1, 2, 2], None),
            (&[3, 3, 3], None),
            (&[], None),
        ];
        for (padded, content) in cases {
            let mut bytes = padded.to_vec();
            let have = unpad(&mut bytes).map(|()| bytes.as_slice());
            assert_eq!(have, content, "{padded:?}");
        }
    }
}
