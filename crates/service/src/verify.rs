//! The operator has the books checked: what accounts, packages, leases, the feed and gateways say against the rows that
//! must bear it out.

use turnpike_store::Tx;
use turnpike_store::verify::{self, CHECKS, Check, Finding, LEDGER_CHECKS};

use crate::error::ServiceError;
use crate::service::Service;

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verification {
    /// What the database itself finds wrong with its file; empty when nothing is.
    pub integrity: Vec<String>,
    /// What each check found.
    pub findings: Vec<Finding>,
}

impl Verification {
    /// Whether nothing is wrong.
    pub fn is_clean(&self) -> bool {
        self.integrity.is_empty() && self.findings.iter().all(|finding| finding.wrong == 0)
    }
}

impl Service {
    /// Checks everything as of one moment, while others go on writing. Takes as long as reading the whole store.
    ///
    /// # Errors
    /// Only the store's.
    pub async fn verify(&self) -> Result<Verification, ServiceError> {
        self.store
            .snapshot(async |tx| {
                let findings = self.carry_out(tx, CHECKS.iter().chain(LEDGER_CHECKS)).await?;
                Ok(Verification { integrity: verify::integrity(tx).await?, findings })
            })
            .await
    }

    /// Recomputes all that concerns money from the journal, as of one moment.
    ///
    /// # Errors
    /// Only the store's.
    pub async fn verify_ledger(&self) -> Result<Verification, ServiceError> {
        self.store
            .snapshot(async |tx| {
                let findings = self.carry_out(tx, LEDGER_CHECKS.iter()).await?;
                Ok(Verification { integrity: Vec::new(), findings })
            })
            .await
    }

    async fn carry_out(
        &self,
        tx: &mut Tx,
        checks: impl Iterator<Item = &'static Check>,
    ) -> Result<Vec<Finding>, ServiceError> {
        verify::take_time(tx).await?;
        let starts: Vec<_> = verify::days(tx).await?.into_iter().map(|day| (day, self.zone().day_start(day))).collect();
        let mut findings = Vec::new();
        for check in checks {
            findings.push(verify::check(tx, check, &starts).await?);
        }
        Ok(findings)
    }
}
