//! Tokens of programs that act for the operator, found by keyed hash.

use turnpike_domain::calendar::Day;
use turnpike_domain::ids::TokenId;
use turnpike_domain::scope::Scopes;
use turnpike_domain::time::Timestamp;

use crate::db::Tx;
use crate::error::StoreError;

/// A token, without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Which one.
    pub id: TokenId,
    /// What the operator calls it.
    pub name: String,
    /// What it may do.
    pub scopes: Scopes,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on it is void.
    pub expires_at: Timestamp,
    /// Since when it was made void before its time.
    pub revoked_at: Option<Timestamp>,
    /// The last day on which it was used.
    pub used_on: Option<Day>,
}

#[derive(sqlx::FromRow)]
struct TokenRow {
    id: i64,
    name: String,
    scopes: String,
    created_at: i64,
    expires_at: i64,
    revoked_at: Option<i64>,
    used_on: Option<i64>,
}

impl TryFrom<TokenRow> for Token {
    type Error = StoreError;

    fn try_from(row: TokenRow) -> Result<Self, StoreError> {
        let corrupt = |column| StoreError::Corrupt { table: "operator_token", column, id: row.id };
        let day = |column| Day::from_column(column).ok_or(corrupt("used_on"));
        Ok(Self {
            id: TokenId::new(row.id),
            name: row.name,
            scopes: Scopes::parse(&row.scopes).ok_or(corrupt("scopes"))?,
            created_at: Timestamp::from_ms(row.created_at),
            expires_at: Timestamp::from_ms(row.expires_at),
            revoked_at: row.revoked_at.map(Timestamp::from_ms),
            used_on: row.used_on.map(day).transpose()?,
        })
    }
}

/// A token to be.
#[derive(Clone, Debug)]
pub struct NewToken {
    /// What the operator calls it.
    pub name: String,
    /// What it may do.
    pub scopes: Scopes,
    /// When it is made.
    pub created_at: Timestamp,
    /// From when on it is void.
    pub expires_at: Timestamp,
}

const INSERT: &str = "\
    INSERT INTO operator_token (name, mac, scopes, created_at, expires_at) VALUES ($1, $2, $3, $4, $5) RETURNING id";

/// Keeps a new token.
///
/// # Errors
/// [`StoreError::Conflict`] when a token that is not revoked has the name.
pub async fn insert(tx: &mut Tx, token: &NewToken, mac: [u8; 32]) -> Result<TokenId, StoreError> {
    let (name, scopes) = (token.name.as_str(), token.scopes.to_string());
    let (created, expires) = (token.created_at.ms(), token.expires_at.ms());
    let (id,) = one!((i64,), tx, INSERT, name, mac.as_slice(), scopes.as_str(), created, expires)?;
    Ok(TokenId::new(id))
}

const BY_MAC: &str = "\
    SELECT id, name, scopes, created_at, expires_at, revoked_at, used_on FROM operator_token WHERE mac = $1";

/// The token with this keyed hash, also when it is void.
///
/// # Errors
/// [`StoreError::Corrupt`], or the database's own.
pub async fn by_mac(tx: &mut Tx, mac: [u8; 32]) -> Result<Option<Token>, StoreError> {
    optional!(TokenRow, tx, BY_MAC, mac.as_slice())?.map(Token::try_from).transpose()
}

const BY_ID: &str = "\
    SELECT id, name, scopes, created_at, expires_at, revoked_at, used_on FROM operator_token WHERE id = $1";

/// One token, also when it is void.
///
/// # Errors
/// [`StoreError::Corrupt`], or the database's own.
pub async fn by_id(tx: &mut Tx, token: TokenId) -> Result<Option<Token>, StoreError> {
    optional!(TokenRow, tx, BY_ID, token.get())?.map(Token::try_from).transpose()
}

const PAGE: &str = "\
    SELECT id, name, scopes, created_at, expires_at, revoked_at, used_on FROM operator_token
    WHERE id > $1 ORDER BY id LIMIT $2";

/// At most so many tokens after that one, oldest first.
///
/// # Errors
/// [`StoreError::Corrupt`], or the database's own.
pub async fn page(tx: &mut Tx, after: i64, most: u32) -> Result<Vec<Token>, StoreError> {
    all!(TokenRow, tx, PAGE, after, i64::from(most))?.into_iter().map(Token::try_from).collect()
}

const REVOKE: &str = "UPDATE operator_token SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL";

/// Makes a token void; false when there is none, or it was revoked before.
///
/// # Errors
/// Only the database's own.
pub async fn revoke(tx: &mut Tx, token: TokenId, now: Timestamp) -> Result<bool, StoreError> {
    Ok(exec!(tx, REVOKE, token.get(), now.ms())? == 1)
}

const LIVE_OF_NAME: &str = "SELECT id FROM operator_token WHERE name = $1 AND revoked_at IS NULL";

/// The token of that name that is not revoked.
///
/// # Errors
/// Only the database's own.
pub async fn live_of_name(tx: &mut Tx, name: &str) -> Result<Option<TokenId>, StoreError> {
    Ok(optional!((i64,), tx, LIVE_OF_NAME, name)?.map(|(id,)| TokenId::new(id)))
}

const NOTE_USE: &str = "UPDATE operator_token SET used_on = $2 WHERE id = $1 AND (used_on IS NULL OR used_on < $2)";

/// Notes that a token was used on that day.
///
/// # Errors
/// Only the database's own.
pub async fn note_use(tx: &mut Tx, token: TokenId, day: Day) -> Result<(), StoreError> {
    exec!(tx, NOTE_USE, token.get(), day.to_column())?;
    Ok(())
}
