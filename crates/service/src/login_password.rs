//! People's login passwords: hashed slowly with Argon2id, a few at a time.

use std::sync::Arc;

use argon2::Argon2;
use argon2::password_hash::PasswordHasher;
use argon2::password_hash::PasswordVerifier;
use argon2::password_hash::phc::PasswordHash;
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

use crate::source::{Random, draw};

/// How many are hashed at once: each takes 19 MiB and some 50 ms of a core.
const AT_ONCE: usize = 2;
/// How many more may wait for that; further ones are turned away.
const MOST_WAITING: usize = 64;
/// The shortest and longest password, in characters and bytes.
const SHORTEST: usize = 8;
const LONGEST: usize = 256;

/// A person's login password. Never printed.
#[derive(Clone)]
pub struct LoginPassword(Zeroizing<String>);

impl LoginPassword {
    /// Checks a new password.
    ///
    /// # Errors
    /// [`LoginPasswordError::Length`].
    pub fn parse(text: &str) -> Result<Self, LoginPasswordError> {
        if text.chars().count() < SHORTEST || text.len() > LONGEST {
            return Err(LoginPasswordError::Length);
        }
        Ok(Self(Zeroizing::new(text.to_owned())))
    }
}

impl std::fmt::Debug for LoginPassword {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LoginPassword(***)")
    }
}

/// Why a login password is refused, or could not be hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LoginPasswordError {
    /// Too short or too long.
    #[error("a login password must have 8 to 256 characters")]
    Length,
    /// Too many are being hashed or wait for it.
    #[error("too many login passwords are being checked")]
    Busy,
    /// The hash could not be made or read.
    #[error("a login password could not be hashed")]
    Hash,
}

/// Hashes and checks login passwords away from the tasks that serve.
#[derive(Clone)]
pub(crate) struct LoginPasswords {
    room: Arc<Semaphore>,
    queue: Arc<Semaphore>,
}

impl LoginPasswords {
    pub(crate) fn new() -> Self {
        Self { room: Arc::new(Semaphore::new(AT_ONCE)), queue: Arc::new(Semaphore::new(AT_ONCE + MOST_WAITING)) }
    }

    /// The hash to keep, with its salt and cost in it.
    pub(crate) async fn hash(
        &self,
        random: &dyn Random,
        password: LoginPassword,
    ) -> Result<String, LoginPasswordError> {
        let salt: [u8; 16] = draw(random);
        self.apart(move || {
            let hash: PasswordHash = Argon2::default()
                .hash_password_with_salt(password.0.as_bytes(), &salt)
                .map_err(|_| LoginPasswordError::Hash)?;
            Ok(hash.to_string())
        })
        .await
    }

    /// Whether `text` is the password of this hash.
    pub(crate) async fn check(&self, text: &str, hash: String) -> Result<bool, LoginPasswordError> {
        let text = Zeroizing::new(text.to_owned());
        self.apart(move || {
            let hash = PasswordHash::new(&hash).map_err(|_| LoginPasswordError::Hash)?;
            Ok(Argon2::default().verify_password(text.as_bytes(), &hash).is_ok())
        })
        .await
    }

    /// Takes as long as [`LoginPasswords::check`].
    pub(crate) async fn check_nothing(&self, text: &str) -> Result<(), LoginPasswordError> {
        let text = Zeroizing::new(text.to_owned());
        let hash = move || -> Result<PasswordHash, LoginPasswordError> {
            Argon2::default().hash_password_with_salt(text.as_bytes(), &[0; 16]).map_err(|_| LoginPasswordError::Hash)
        };
        self.apart(hash).await.map(drop)
    }

    async fn apart<T, W>(&self, work: W) -> Result<T, LoginPasswordError>
    where
        T: Send + 'static,
        W: FnOnce() -> Result<T, LoginPasswordError> + Send + 'static,
    {
        let place = Arc::clone(&self.queue).try_acquire_owned().map_err(|_| LoginPasswordError::Busy)?;
        let room = Arc::clone(&self.room).acquire_owned().await.map_err(|_| LoginPasswordError::Hash)?;
        let hashing = tokio::task::spawn_blocking(move || {
            let outcome = work();
            drop((room, place));
            outcome
        });
        hashing.await.map_err(|_| LoginPasswordError::Hash)?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_hash_knows_its_password_and_no_other() {
        let passwords = LoginPasswords::new();
        let salt = |bytes: &mut [u8]| bytes.fill(3);
        let hash = passwords.hash(&salt, LoginPassword::parse("correct horse").unwrap()).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert_eq!(passwords.check("correct horse", hash.clone()).await, Ok(true));
        assert_eq!(passwords.check("correct horsf", hash).await, Ok(false));
    }

    #[test]
    fn short_and_endless_passwords_are_refused() {
        assert_eq!(LoginPassword::parse("seven77").err(), Some(LoginPasswordError::Length));
        assert_eq!(LoginPassword::parse(&"x".repeat(257)).err(), Some(LoginPasswordError::Length));
        assert!(LoginPassword::parse("geheim€€").is_ok());
    }
}
