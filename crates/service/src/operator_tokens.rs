//! Tokens of programs that act for the operator: made, listed, revoked, and checked on every request.

use turnpike_domain::ids::TokenId;
use turnpike_domain::scope::Scopes;
use turnpike_domain::time::Span;
use turnpike_store::audit::AuditEntry;
use turnpike_store::operator_token::{self, NewToken, Token};
use turnpike_store::{StoreError, Tx, audit};

use crate::actor::Actor;
use crate::error::ServiceError;
use crate::service::Service;
use crate::source::draw;

/// What a token's secret begins with, so that people and scanners know it when they see one.
const PREFIX: &str = "tpo_";
/// The longest name, in bytes.
const LONGEST_NAME: usize = 63;
/// The longest life.
const LONGEST_DAYS: u16 = 3650;

/// A token to be.
#[derive(Clone, Debug)]
pub struct TokenWish {
    /// What the operator calls it: 1 to 63 letters, digits, `-`, `_` or `.`.
    pub name: String,
    /// What it may do.
    pub scopes: Scopes,
    /// How many days of 24 hours it lasts: 1 to 3650.
    pub days: u16,
}

/// A token that was just made.
#[derive(Clone, PartialEq, Eq)]
pub struct AddedToken {
    /// The token.
    pub token: Token,
    /// What the program shows. Not shown again.
    pub secret: String,
}

/// What a secret turns out to be worth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenAccess {
    /// It is in force.
    Granted(Token),
    /// Its time is over.
    Expired,
    /// It was revoked.
    Revoked,
    /// Nobody ever gave it out.
    Unknown,
}

struct Addition {
    service: Service,
    token: NewToken,
    actor: Actor,
}

impl Service {
    /// Makes a token.
    ///
    /// # Errors
    /// [`ServiceError::TokenName`], [`ServiceError::TokenDays`]; [`ServiceError::TokenNameTaken`] by a token that is not
    /// revoked.
    pub async fn add_token(&self, actor: &Actor, wish: TokenWish) -> Result<AddedToken, ServiceError> {
        let TokenWish { name, scopes, days } = wish;
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        if name.is_empty() || name.len() > LONGEST_NAME || !name.bytes().all(plain) {
            return Err(ServiceError::TokenName);
        }
        if !(1..=LONGEST_DAYS).contains(&days) {
            return Err(ServiceError::TokenDays);
        }
        let created_at = self.now();
        let expires_at = created_at.plus(Span::from_days(i64::from(days)));
        let token = NewToken { name, scopes, created_at, expires_at };
        let addition = Addition { service: self.clone(), token, actor: actor.clone() };
        self.store.write(addition, |addition, tx| Box::pin(add(addition, tx))).await
    }

    /// At most so many tokens after that one, oldest first, void ones included.
    ///
    /// # Errors
    /// Only the store's.
    pub async fn list_tokens(&self, after: Option<TokenId>, most: u32) -> Result<Vec<Token>, ServiceError> {
        let after = after.map_or(0, TokenId::get);
        Ok(self.store.read(async |tx: &mut Tx| operator_token::page(tx, after, most).await).await?)
    }

    /// One token.
    ///
    /// # Errors
    /// [`ServiceError::NoSuchToken`], or the store's.
    pub async fn find_token(&self, token: TokenId) -> Result<Token, ServiceError> {
        let found = self.store.read(async |tx: &mut Tx| operator_token::by_id(tx, token).await).await?;
        found.ok_or(ServiceError::NoSuchToken)
    }

    /// The number of the token of that name that is not revoked.
    ///
    /// # Errors
    /// [`ServiceError::NoSuchToken`], or the store's.
    pub async fn find_token_by_name(&self, name: &str) -> Result<TokenId, ServiceError> {
        let found = self.store.read(async |tx: &mut Tx| operator_token::live_of_name(tx, name).await).await?;
        found.ok_or(ServiceError::NoSuchToken)
    }

    /// Makes a token void at once.
    ///
    /// # Errors
    /// [`ServiceError::NoSuchToken`] when there is none, or it was revoked before.
    pub async fn revoke_token(&self, actor: &Actor, token: TokenId) -> Result<Token, ServiceError> {
        let revoked = actor.did_overall("token.revoke", String::new(), self.now());
        self.store.write((token, revoked), |(token, audit), tx| Box::pin(revoke(*token, audit, tx))).await
    }

    /// What a program's secret is worth, now. It is found by keyed hash, so how long the search takes tells nothing of
    /// secrets that are nearly right. The first use on a day is noted.
    ///
    /// # Errors
    /// Only the store's.
    pub async fn authenticate_token(&self, secret: &str) -> Result<TokenAccess, ServiceError> {
        let mac = self.shared.vault.operator_token_mac(secret);
        let found = self.store.read(async |tx: &mut Tx| operator_token::by_mac(tx, mac).await).await?;
        let now = self.now();
        let token = match found {
            None => return Ok(TokenAccess::Unknown),
            Some(token) if token.revoked_at.is_some() => return Ok(TokenAccess::Revoked),
            Some(token) if token.expires_at <= now => return Ok(TokenAccess::Expired),
            Some(token) => token,
        };
        let today = self.zone().day_of(now);
        if token.used_on < Some(today) {
            let id = token.id;
            self.store.write(today, move |day, tx| Box::pin(operator_token::note_use(tx, id, *day))).await?;
        }
        Ok(TokenAccess::Granted(token))
    }
}

async fn add(addition: &Addition, tx: &mut Tx) -> Result<AddedToken, ServiceError> {
    let Addition { service, token, actor } = addition;
    let secret = format!("{PREFIX}{}", hex::encode(draw::<32>(service.random())));
    let mac = service.shared.vault.operator_token_mac(&secret);
    let id = match operator_token::insert(tx, token, mac).await {
        Ok(id) => id,
        Err(StoreError::Conflict) => return Err(ServiceError::TokenNameTaken),
        Err(error) => return Err(error.into()),
    };
    let NewToken { name, scopes, created_at, expires_at } = token.clone();
    audit::insert(tx, &actor.did_overall("token.add", format!("{name}: {scopes}"), created_at)).await?;
    let token = Token { id, name, scopes, created_at, expires_at, revoked_at: None, used_on: None };
    Ok(AddedToken { token, secret })
}

async fn revoke(token: TokenId, audit: &AuditEntry, tx: &mut Tx) -> Result<Token, ServiceError> {
    if !operator_token::revoke(tx, token, audit.at).await? {
        return Err(ServiceError::NoSuchToken);
    }
    let token = operator_token::by_id(tx, token).await?.ok_or(ServiceError::NoSuchToken)?;
    audit::insert(tx, &AuditEntry { detail: token.name.clone(), ..audit.clone() }).await?;
    Ok(token)
}

impl std::fmt::Debug for AddedToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AddedToken").field("token", &self.token).finish_non_exhaustive()
    }
}
