//! The operator lets machines run gateways, and what such a machine shows.

use turnpike_domain::ids::{CredentialId, NodeId};
use turnpike_domain::time::Span;
use turnpike_store::audit::AuditEntry;
use turnpike_store::credential::{self, Credential};
use turnpike_store::feed::Changed;
use turnpike_store::node_state::{self, NodeState};
use turnpike_store::{StoreError, Tx, audit};

use crate::actor::Actor;
use crate::error::ServiceError;
use crate::service::Service;
use crate::source::draw;

/// The longest name of a machine, in bytes.
const LONGEST_NAME: usize = 63;
/// For how long a gateway is listed after it was last heard of.
const LISTED_FOR: Span = Span::from_days(30);

/// What a credential turns out to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NodeAccess {
    /// It may run gateways.
    Granted(CredentialId),
    /// It might once.
    Revoked,
    /// Nobody ever gave it out.
    Unknown,
}

struct Enrolment {
    name: String,
    mac: [u8; 32],
    audit: AuditEntry,
}

impl Service {
    /// Makes a credential for a machine: 64 hex characters, which are not shown again.
    ///
    /// # Errors
    /// [`ServiceError::MachineName`]; [`ServiceError::MachineNameTaken`] by a credential that is not revoked.
    pub async fn add_node_credential(&self, actor: &Actor, name: &str) -> Result<String, ServiceError> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        // A name that begins with `-` would be taken for a flag wherever it is typed.
        if name.is_empty() || name.starts_with('-') || name.len() > LONGEST_NAME || !name.bytes().all(plain) {
            return Err(ServiceError::MachineName);
        }
        let secret = hex::encode(draw::<32>(self.random()));
        let mac = self.shared.vault.node_credential_mac(&secret);
        let audit = actor.did_overall("node.add", name.to_owned(), self.now());
        let enrolment = Enrolment { name: name.to_owned(), mac, audit };
        self.store.write(enrolment, |enrolment, tx| Box::pin(enrol(enrolment, tx))).await?;
        Ok(secret)
    }

    /// Makes a machine's credential void. Its gateways end, and carry nothing more, as soon as they hear of it.
    ///
    /// # Errors
    /// [`ServiceError::NoSuchMachine`].
    pub async fn revoke_node_credential(&self, actor: &Actor, name: &str) -> Result<(), ServiceError> {
        let audit = actor.did_overall("node.revoke", name.to_owned(), self.now());
        self.store
            .write((name.to_owned(), audit), |(name, audit), tx| {
                Box::pin(async move {
                    if !credential::revoke(tx, name, audit.at).await? {
                        return Err(ServiceError::NoSuchMachine);
                    }
                    tx.announce(Changed::Machines, audit.at);
                    Ok(audit::insert(tx, audit).await?)
                })
            })
            .await
    }

    /// All credentials there ever were, oldest first.
    ///
    /// # Errors
    /// Only the store's.
    pub async fn list_node_credentials(&self) -> Result<Vec<Credential>, ServiceError> {
        Ok(self.store.read(async |tx: &mut Tx| credential::list(tx).await).await?)
    }

    /// Gateways that were heard of within 30 days, oldest first.
    ///
    /// # Errors
    /// Only the store's.
    pub async fn list_nodes(&self) -> Result<Vec<NodeState>, ServiceError> {
        let oldest = self.now().minus(LISTED_FOR);
        Ok(self.store.read(async |tx: &mut Tx| node_state::since(tx, oldest).await).await?)
    }

    /// What a credential is worth. It is found by keyed hash, so how long the search takes tells nothing of credentials
    /// that are nearly right.
    ///
    /// # Errors
    /// Only the store's.
    pub async fn authenticate_node(&self, secret: &str) -> Result<NodeAccess, ServiceError> {
        let mac = self.shared.vault.node_credential_mac(secret);
        let found = self.store.read(async |tx: &mut Tx| credential::by_mac(tx, mac).await).await?;
        Ok(match found {
            Some(Credential { revoked_at: Some(_), .. }) => NodeAccess::Revoked,
            Some(credential) => NodeAccess::Granted(credential.id),
            None => NodeAccess::Unknown,
        })
    }

    /// Whether a gateway is that credential's. One that was never heard of is from now on.
    ///
    /// # Errors
    /// Only the store's.
    pub async fn claim_node(&self, credential: CredentialId, node: NodeId) -> Result<bool, ServiceError> {
        let now = self.now();
        let claimed = self.store.write(node, move |node, tx| Box::pin(credential::claim(tx, credential, *node, now)));
        Ok(claimed.await?)
    }
}

async fn enrol(enrolment: &Enrolment, tx: &mut Tx) -> Result<(), ServiceError> {
    let Enrolment { name, mac, audit } = enrolment;
    match credential::insert(tx, name, *mac, audit.at).await {
        Ok(_) => Ok(audit::insert(tx, audit).await?),
        Err(StoreError::Conflict) => Err(ServiceError::MachineNameTaken),
        Err(error) => Err(error.into()),
    }
}
