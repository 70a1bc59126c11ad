//! Keyed hashes of machine credentials, compared in constant time.
//!
//! Account passwords and `app_key`s are long random or machine-made strings that are checked on every connection and
//! request, so a keyed fast hash is right for them; a slow one would cap a core at a few dozen logins a second.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::account::Username;

/// The key that password and `app_key` hashes are made with. Never printed.
#[derive(Clone)]
pub struct MacKey(Hmac<Sha256>);

impl MacKey {
    /// From 32 secret random bytes.
    pub fn new(key: &[u8; 32]) -> Self {
        // HMAC pads a short key with zeros to one block (RFC 2104). Hashing that block once, here, saves two
        // compressions on every login.
        let mut block = [0; 64];
        let (head, _) = block.split_at_mut(key.len());
        head.copy_from_slice(key);
        Self(<Hmac<Sha256> as KeyInit>::new(&block.into()))
    }

    fn mac(&self, parts: &[&[u8]]) -> [u8; 32] {
        let mut mac = self.0.clone();
        for part in parts {
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }
}

impl std::fmt::Debug for MacKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MacKey(***)")
    }
}

/// A keyed hash of one account's password, bound to the account's name.
#[derive(Clone, Copy)]
pub struct PasswordMac([u8; 32]);

impl PasswordMac {
    /// Hashes what a login presented or a customer set.
    pub fn of(key: &MacKey, username: &Username, password: &[u8]) -> Self {
        Self(key.mac(&[b"password\0", username.as_str().as_bytes(), b"\0", password]))
    }

    /// From the store.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// For the store.
    pub const fn to_bytes(self) -> [u8; 32] {
        self.0
    }
}

impl PartialEq for PasswordMac {
    /// In constant time.
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for PasswordMac {}

impl std::fmt::Debug for PasswordMac {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PasswordMac(***)")
    }
}

/// A keyed hash of what a machine shows that may run gateways, to find its credential by.
pub fn node_credential_mac(key: &MacKey, secret: &str) -> [u8; 32] {
    key.mac(&[b"node_credential\0", secret.as_bytes()])
}

/// A keyed hash of what a program shows that acts for the operator, to find its token by.
pub fn operator_token_mac(key: &MacKey, secret: &str) -> [u8; 32] {
    key.mac(&[b"operator_token\0", secret.as_bytes()])
}

/// A keyed hash of an `app_key`, to find its customer by.
pub fn app_key_mac(key: &MacKey, app_key: &str) -> [u8; 32] {
    key.mac(&[b"app_key\0", app_key.as_bytes()])
}
