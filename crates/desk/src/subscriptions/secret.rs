//! The secret of a subscription: into the keyring first, then into the database, and what waited in quarantine for it is
//! judged again.

use jiff::Timestamp;
use offizin_wire::{InletId, SigningSecret};
use secrecy::ExposeSecret;
use sqlx::SqliteConnection;

use super::{
    rows::Row,
    view::{SecretState, SubscriptionState},
};
use crate::{
    error::Error,
    ground::Ground,
    intake::inlets,
    ledger,
    secrets::{Secrets, entry_name},
    store::Stored,
};

/// Where a secret lies between the provider's answer and the database.
pub(super) fn pending_name(id: &str) -> String {
    format!("pending/{id}")
}

/// Takes up a secret that reached the keychain but not the database.
pub(crate) async fn take_up(ground: &Ground, row: &Row) -> Result<(), Error> {
    let name = pending_name(&row.id);
    let Some(secret) = ground.keychain().read(&name).await? else { return Ok(()) };
    let secret = SigningSecret::new(secret.expose_secret().to_owned()).stored("secret")?;
    let inlet = InletId::try_from(row.inlet_id.clone()).stored("inlet id")?;
    keep_for(ground, &inlet, &secret).await?;
    Ok(ground.keychain().remove(&name).await?)
}

/// A secret that is in the keyring, and everything else that judging what waits for it needs. No transaction is open while
/// it is made, because the keyring may wait for a person.
pub(crate) struct Kept {
    secret: SigningSecret,
    secrets: Secrets,
}

/// Stores a secret in the keyring. [`Kept::write`] tells the database.
pub(crate) async fn keep(ground: &Ground, secret: &SigningSecret) -> Result<Kept, Error> {
    let entry = entry_name(secret.fingerprint().as_str());
    ground.keychain().store(&entry, &secret.expose().to_owned().into()).await?;
    ground.secrets().forget_missing().await;
    let secrets = ground.secrets().of_all_inlets(&mut *ground.reader().await?, ground.keychain()).await?;
    Ok(Kept { secret: secret.clone(), secrets: secrets.and(secret) })
}

impl Kept {
    /// Makes it the current secret of an inlet and judges again what waited in quarantine for it, in the caller's
    /// transaction.
    pub(crate) async fn write(
        self,
        connection: &mut SqliteConnection,
        inlet: &InletId,
        now: Timestamp,
    ) -> Result<(), Error> {
        inlets::insert_key(connection, inlet.as_str(), &self.secret, now).await?;
        sqlx::query(
            "UPDATE subscription SET state = CASE WHEN state IN ('vanished', 'removing') THEN state ELSE ? END, \
             secret = ?, fingerprint = ? WHERE inlet_id = ? AND state <> 'removed'",
        )
        .bind(SubscriptionState::Active)
        .bind(SecretState::Stored)
        .bind(self.secret.fingerprint().as_str())
        .bind(inlet.as_str())
        .execute(&mut *connection)
        .await?;
        let inlets = inlets::load(connection, &self.secrets).await?;
        let _ = ledger::release(connection, &inlets, inlet).await?;
        Ok(())
    }
}

/// Stores a secret and makes it the current one of an inlet.
pub(crate) async fn keep_for(ground: &Ground, inlet: &InletId, secret: &SigningSecret) -> Result<(), Error> {
    let kept = keep(ground, secret).await?;
    let mut tx = ground.db().write().await?;
    kept.write(&mut tx, inlet, ground.now()).await?;
    tx.commit().await
}
