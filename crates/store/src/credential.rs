//! Credentials of machines that may run gateways, found by keyed hash.

use turnpike_domain::ids::{CredentialId, NodeId};
use turnpike_domain::time::Timestamp;

use crate::db::Tx;
use crate::error::StoreError;

/// A credential, without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    /// Which one.
    pub id: CredentialId,
    /// What the operator calls the machine.
    pub name: String,
    /// When it was made.
    pub enrolled_at: Timestamp,
    /// Since when it is void.
    pub revoked_at: Option<Timestamp>,
}

#[derive(sqlx::FromRow)]
struct CredentialRow {
    id: i64,
    name: String,
    enrolled_at: i64,
    revoked_at: Option<i64>,
}

impl From<CredentialRow> for Credential {
    fn from(row: CredentialRow) -> Self {
        Self {
            id: CredentialId::new(row.id),
            name: row.name,
            enrolled_at: Timestamp::from_ms(row.enrolled_at),
            revoked_at: row.revoked_at.map(Timestamp::from_ms),
        }
    }
}

const INSERT: &str = "INSERT INTO node_credential (name, mac, enrolled_at) VALUES ($1, $2, $3) RETURNING id";

/// Keeps a new credential.
///
/// # Errors
/// [`StoreError::Conflict`] when a credential that is not revoked has the name.
pub async fn insert(tx: &mut Tx, name: &str, mac: [u8; 32], now: Timestamp) -> Result<CredentialId, StoreError> {
    let (id,) = one!((i64,), tx, INSERT, name, mac.as_slice(), now.ms())?;
    Ok(CredentialId::new(id))
}

const BY_MAC: &str = "SELECT id, name, enrolled_at, revoked_at FROM node_credential WHERE mac = $1";

/// The credential with this keyed hash, also when it is revoked.
///
/// # Errors
/// Only the database's own.
pub async fn by_mac(tx: &mut Tx, mac: [u8; 32]) -> Result<Option<Credential>, StoreError> {
    Ok(optional!(CredentialRow, tx, BY_MAC, mac.as_slice())?.map(Credential::from))
}

const LIST: &str = "SELECT id, name, enrolled_at, revoked_at FROM node_credential ORDER BY id";

/// All of them, oldest first.
///
/// # Errors
/// Only the database's own.
pub async fn list(tx: &mut Tx) -> Result<Vec<Credential>, StoreError> {
    Ok(all!(CredentialRow, tx, LIST)?.into_iter().map(Credential::from).collect())
}

const REVOKE: &str = "\
    UPDATE node_credential SET revoked_at = $2 WHERE name = $1 AND revoked_at IS NULL";

/// Makes the credential of that name void; false when there is none.
///
/// # Errors
/// Only the database's own.
pub async fn revoke(tx: &mut Tx, name: &str, now: Timestamp) -> Result<bool, StoreError> {
    Ok(exec!(tx, REVOKE, name, now.ms())? > 0)
}

const CLAIM: &str = "\
    INSERT INTO node (id, credential_id, first_contact, last_contact) VALUES ($1, $2, $3, $3)
    ON CONFLICT (id) DO NOTHING";
const OWNER: &str = "SELECT credential_id FROM node WHERE id = $1";

/// Gives a gateway that was never heard of to a credential: whether the gateway is that credential's now.
///
/// # Errors
/// Only the database's own.
pub async fn claim(tx: &mut Tx, id: CredentialId, node: NodeId, now: Timestamp) -> Result<bool, StoreError> {
    exec!(tx, CLAIM, node.get(), id.get(), now.ms())?;
    let (owner,) = one!((Option<i64>,), tx, OWNER, node.get())?;
    Ok(owner == Some(id.get()))
}
