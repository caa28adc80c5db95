//! What the desk answers about its ledger.

use data_encoding::HEXLOWER;

use super::rebuild::{self, LedgerReport};
use crate::{
    audit::{AuditAction, recorded},
    desk::Desk,
    error::Error,
    problem::Problem,
};

impl Desk {
    /// Throws orders, stock and assignments away and folds them anew from the journal. Returns how many events were read.
    pub async fn ledger_rebuild(&self) -> Result<u64, Problem> {
        Ok(recorded(self.ground(), AuditAction::LedgerRebuild, "", None, rebuild::rebuild(self.ground().db())).await?)
    }

    /// Checks every body against its hash, and what is shown against a rebuild. Changes nothing.
    pub async fn ledger_verify(&self) -> Result<LedgerReport, Problem> {
        let verify = async {
            let mut tx = self.ground().db().write().await?;
            let report = rebuild::verify(&mut tx).await?;
            tx.rollback().await?;
            Ok::<_, Error>(report)
        };
        Ok(verify.await?)
    }

    /// SHA-256 over everything the folds made, as hex: equal for equal histories.
    pub async fn ledger_digest(&self) -> Result<String, Problem> {
        Ok(HEXLOWER.encode(&self.read(async |db| rebuild::digest(db).await).await?))
    }
}
