//! The keys that secrets are hashed and sealed with, all derived from one master key.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use turnpike_domain::secret::MacKey;
use zeroize::Zeroizing;

/// The keys. Never printed, never in the database.
#[derive(Clone)]
pub struct Keys {
    pub(crate) mac: MacKey,
    /// The same, as gateways on other machines get it.
    raw_mac: Zeroizing<[u8; 32]>,
    pub(crate) seal: Zeroizing<[u8; 32]>,
    /// Signs sessions.
    pub(crate) session: Zeroizing<[u8; 32]>,
    /// Hashes requests that are carried out once.
    pub(crate) once: Zeroizing<[u8; 32]>,
}

impl Keys {
    /// Derives the keys from 32 secret random bytes that are kept outside the database.
    pub fn derive(master: &[u8; 32]) -> Self {
        let raw_mac = expand(master, b"turnpike/1/mac");
        Self {
            mac: MacKey::new(&raw_mac),
            raw_mac,
            seal: expand(master, b"turnpike/1/seal"),
            session: expand(master, b"turnpike/1/session"),
            once: expand(master, b"turnpike/1/once"),
        }
    }

    /// The key for keyed hashes, which gateways check logins with.
    pub const fn passwords(&self) -> &MacKey {
        &self.mac
    }

    /// That key, for a gateway on another machine. Whoever has it can tell whether a password that it sees is the right
    /// one, and no more.
    pub fn reveal_passwords(&self) -> &[u8; 32] {
        &self.raw_mac
    }
}

/// HMAC-SHA-256 over parts. Whoever has parts of any length writes their lengths among them.
pub(crate) fn hmac(key: &[u8; 32], parts: &[&[u8]]) -> Hmac<Sha256> {
    let mut block = [0; 64];
    let (head, _) = block.split_at_mut(key.len());
    head.copy_from_slice(key);
    let mut mac = <Hmac<Sha256> as KeyInit>::new(&block.into());
    zeroize::Zeroize::zeroize(&mut block);
    for part in parts {
        mac.update(part);
    }
    mac
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keys(***)")
    }
}

/// One block of HKDF-Expand (RFC 5869); the master key is uniformly random, so there is nothing to extract.
fn expand(master: &[u8; 32], label: &[u8]) -> Zeroizing<[u8; 32]> {
    Zeroizing::new(hmac(master, &[label, &[1]]).finalize().into_bytes().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_label_and_every_master_key_has_its_own() {
        let (one, two) = ([1; 32], [2; 32]);
        assert_ne!(expand(&one, b"turnpike/1/mac"), expand(&one, b"turnpike/1/seal"));
        assert_ne!(expand(&one, b"turnpike/1/mac"), expand(&two, b"turnpike/1/mac"));
    }
}
