//! Secrets that must be shown again: sealed with XChaCha20-Poly1305, each bound to its owner and its place.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hmac::Mac as _;
use turnpike_domain::account::{AccountPassword, Username};
use turnpike_domain::exit::{ExitName, UpstreamPassword};
use turnpike_domain::ids::CustomerId;
use turnpike_domain::secret::{PasswordMac, app_key_mac, node_credential_mac, operator_token_mac};
use turnpike_store::account::Credentials;
use zeroize::Zeroizing;

use crate::keys::{Keys, hmac};
use crate::source::{Random, draw};

/// The key that everything is sealed with, as the blob's first byte, so that another can take its place one day.
const KEY_ID: u8 = 1;
const NONCE_LENGTH: usize = 24;

/// Seals, opens and hashes.
pub(crate) struct Vault {
    keys: Keys,
    cipher: XChaCha20Poly1305,
}

/// What a secret is and whose: goes into its seal, so that a blob moved to another row or column does not open.
#[derive(Clone, Copy)]
enum Place<'a> {
    AccountPassword(CustomerId, &'a Username),
    AppKey(CustomerId),
    ExitPassword(&'a ExitName),
    /// Scope and key of the request it answers.
    Answer(&'a str, &'a str),
}

impl Place<'_> {
    /// Without ambiguity: the fixed label ends with a NUL, the number or length is 8 bytes, the name is the rest.
    fn bytes(self) -> Vec<u8> {
        let (column, number, owner, row): (&[u8], _, _, _) = match self {
            Self::AccountPassword(customer, username) => {
                (b"account.password_sealed\0", customer.get(), "", username.as_str())
            }
            Self::AppKey(customer) => (b"app_key.sealed\0", customer.get(), "", ""),
            Self::ExitPassword(name) => (b"exit.password_sealed\0", 0, "", name.as_str()),
            Self::Answer(scope, key) => (b"once.answer\0", i64::try_from(scope.len()).unwrap_or(i64::MAX), scope, key),
        };
        [column, &number.to_be_bytes(), owner.as_bytes(), row.as_bytes()].concat()
    }
}

impl Vault {
    pub(crate) fn new(keys: Keys) -> Self {
        let cipher = XChaCha20Poly1305::new((&*keys.seal).into());
        Self { keys, cipher }
    }

    pub(crate) const fn keys(&self) -> &Keys {
        &self.keys
    }

    /// An account's name with its password, hashed and sealed.
    pub(crate) fn credentials(
        &self,
        random: &dyn Random,
        customer: CustomerId,
        username: Username,
        password: &AccountPassword,
    ) -> Result<Credentials, VaultError> {
        let clear = password.reveal().as_bytes();
        let password_sealed = self.seal(random, Place::AccountPassword(customer, &username), clear)?;
        let password_mac = PasswordMac::of(&self.keys.mac, &username, clear);
        Ok(Credentials { username, password_mac, password_sealed })
    }

    pub(crate) fn account_password(
        &self,
        customer: CustomerId,
        username: &Username,
        sealed: &[u8],
    ) -> Result<AccountPassword, VaultError> {
        let clear = self.open(Place::AccountPassword(customer, username), sealed)?;
        AccountPassword::parse(text(&clear)?).map_err(|_| VaultError)
    }

    pub(crate) fn app_key_mac(&self, app_key: &str) -> [u8; 32] {
        app_key_mac(&self.keys.mac, app_key)
    }

    pub(crate) fn node_credential_mac(&self, secret: &str) -> [u8; 32] {
        node_credential_mac(&self.keys.mac, secret)
    }

    pub(crate) fn operator_token_mac(&self, secret: &str) -> [u8; 32] {
        operator_token_mac(&self.keys.mac, secret)
    }

    pub(crate) fn seal_app_key(
        &self,
        random: &dyn Random,
        customer: CustomerId,
        app_key: &str,
    ) -> Result<Vec<u8>, VaultError> {
        self.seal(random, Place::AppKey(customer), app_key.as_bytes())
    }

    pub(crate) fn open_app_key(&self, customer: CustomerId, sealed: &[u8]) -> Result<String, VaultError> {
        let clear = self.open(Place::AppKey(customer), sealed)?;
        text(&clear).map(str::to_owned)
    }

    /// An upstream's password, by the exit it is behind.
    pub(crate) fn seal_upstream_password(
        &self,
        random: &dyn Random,
        exit: &ExitName,
        password: &UpstreamPassword,
    ) -> Result<Vec<u8>, VaultError> {
        self.seal(random, Place::ExitPassword(exit), password.reveal().as_bytes())
    }

    pub(crate) fn open_upstream_password(
        &self,
        exit: &ExitName,
        sealed: &[u8],
    ) -> Result<UpstreamPassword, VaultError> {
        let clear = self.open(Place::ExitPassword(exit), sealed)?;
        UpstreamPassword::new(text(&clear)?.to_owned()).ok_or(VaultError)
    }

    pub(crate) fn seal_answer(
        &self,
        random: &dyn Random,
        scope: &str,
        key: &str,
        answer: &[u8],
    ) -> Result<Vec<u8>, VaultError> {
        self.seal(random, Place::Answer(scope, key), answer)
    }

    pub(crate) fn open_answer(&self, scope: &str, key: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        self.open(Place::Answer(scope, key), sealed)
    }

    /// A keyed hash over what is asked for: passwords may be among it.
    pub(crate) fn request_hash(&self, parts: &[&[u8]]) -> [u8; 32] {
        hmac(&self.keys.once, parts).finalize().into_bytes().into()
    }

    fn seal(&self, random: &dyn Random, place: Place<'_>, clear: &[u8]) -> Result<Vec<u8>, VaultError> {
        let nonce: [u8; NONCE_LENGTH] = draw(random);
        let payload = Payload { msg: clear, aad: &place.bytes() };
        let sealed = self.cipher.encrypt(&XNonce::from(nonce), payload).map_err(|_| VaultError)?;
        Ok([&[KEY_ID], nonce.as_slice(), &sealed].concat())
    }

    fn open(&self, place: Place<'_>, blob: &[u8]) -> Result<Zeroizing<Vec<u8>>, VaultError> {
        let (key_id, rest) = blob.split_first().ok_or(VaultError)?;
        let (nonce, sealed) = rest.split_first_chunk::<NONCE_LENGTH>().ok_or(VaultError)?;
        if *key_id != KEY_ID {
            return Err(VaultError);
        }
        let payload = Payload { msg: sealed, aad: &place.bytes() };
        self.cipher.decrypt(&XNonce::from(*nonce), payload).map(Zeroizing::new).map_err(|_| VaultError)
    }
}

fn text(clear: &[u8]) -> Result<&str, VaultError> {
    std::str::from_utf8(clear).map_err(|_| VaultError)
}

/// A sealed secret does not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a sealed secret does not open: is this the master key the database was written with?")]
pub struct VaultError;

#[cfg(test)]
mod tests {
    use super::*;

    fn vault(master: u8) -> Vault {
        Vault::new(Keys::derive(&[master; 32]))
    }

    fn nonce(bytes: &mut [u8]) {
        bytes.fill(7);
    }

    fn name(text: &str) -> Username {
        Username::parse(text).unwrap()
    }

    #[test]
    fn a_password_opens_only_in_its_own_place_and_with_its_own_key() {
        let (vault_one, anna) = (vault(1), CustomerId::new(1));
        let password = AccountPassword::parse("secret1").unwrap();
        let sealed = vault_one.credentials(&nonce, anna, name("a1"), &password).unwrap().password_sealed;
        assert_eq!(vault_one.account_password(anna, &name("a1"), &sealed), Ok(password));
        assert_eq!(vault_one.account_password(anna, &name("a2"), &sealed), Err(VaultError));
        assert_eq!(vault_one.account_password(CustomerId::new(2), &name("a1"), &sealed), Err(VaultError));
        assert_eq!(vault_one.open_app_key(anna, &sealed), Err(VaultError));
        assert_eq!(vault(2).account_password(anna, &name("a1"), &sealed), Err(VaultError));
    }

    #[test]
    fn a_blob_that_was_touched_does_not_open() {
        let vault = vault(1);
        let sealed = vault.seal_app_key(&nonce, CustomerId::new(1), "0123456789abcdef").unwrap();
        for place in 0..sealed.len() {
            let mut touched = sealed.clone();
            touched[place] ^= 1;
            assert_eq!(vault.open_app_key(CustomerId::new(1), &touched), Err(VaultError), "byte {place}");
            assert_eq!(vault.open_app_key(CustomerId::new(1), &sealed[..place]), Err(VaultError), "cut at {place}");
        }
        assert_eq!(vault.open_app_key(CustomerId::new(1), &sealed).as_deref(), Ok("0123456789abcdef"));
    }

    #[test]
    fn a_sealed_blob_does_not_show_the_secret() {
        let sealed = vault(1).seal_app_key(&nonce, CustomerId::new(1), "0123456789abcdef").unwrap();
        assert!(!sealed.windows(4).any(|window| window == b"4567"));
    }
}
