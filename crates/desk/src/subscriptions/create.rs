//! Creating: a subscription is written down, its inlet opened, and only then the provider is asked, once.
//!
//! The secret is shown once, so it goes to the keychain before anything else, under the subscription's own name: a crash between
//! that and the database costs nothing, the next listing takes it up.

use offizin_wire::{InletId, InletToken, SigningSecret};
use secrecy::ExposeSecret;
use sqlx::SqliteConnection;
use url::Url;

use super::{
    Row, row,
    settle::{retire_due, set_state, settle},
    view::{SecretState, SubscriptionState},
};
use crate::{
    connections::{self, view::ConnectionView},
    db::Tx,
    desk::Desk,
    error::Error,
    id::SubscriptionId,
    intake::{
        inlets::{self, Source, secret_name},
        journal,
    },
    pairing,
    problem::Code,
};

/// Where a secret lies between the provider's answer and the database.
fn pending_name(id: &str) -> String {
    format!("pending/{id}")
}

/// Writes a subscription and its inlet down. Nobody has been asked yet.
pub(crate) async fn plan(
    desk: &Desk,
    connection: &mut SqliteConnection,
    of: &ConnectionView,
    notification_type: &str,
    id: &SubscriptionId,
) -> Result<(), Error> {
    let relay = pairing::row(connection).await?.ok_or(Error::Plain(Code::NotPaired))?;
    let inlet = InletId::random().map_err(|_| Error::Entropy)?;
    let token = InletToken::random().map_err(|_| Error::Entropy)?;
    let public: Url = relay.url.parse().map_err(|_| Error::Stored("relay address"))?;
    let target = token.address(&public).ok_or(Error::Stored("relay address"))?;
    inlets::insert(connection, &inlet, &token, Source::Rxscale, &of.id, notification_type, desk.now()).await?;
    sqlx::query(
        "INSERT INTO subscription (id, connection_id, inlet_id, notification_type, target, state, secret, created_at) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(id)
    .bind(&of.id)
    .bind(inlet.as_str())
    .bind(notification_type)
    .bind(target.as_str())
    .bind(SubscriptionState::Planned)
    .bind(SecretState::Missing)
    .bind(desk.now().as_millisecond())
    .execute(connection)
    .await?;
    Ok(())
}

/// Asks the relay for the inlet and the provider for the subscription. What is definitely refused leaves nothing behind.
pub(super) async fn create(desk: &Desk, connection: &ConnectionView, id: &SubscriptionId) -> Result<(), Error> {
    match attempt(desk, connection, id).await {
        Err(error) if error.code() == Code::ProviderAmbiguous => {
            // The listing tells whether it exists. If it does, its secret went by unseen.
            settle(desk, connection, Some(id)).await?;
            Err(error)
        }
        Err(error) => {
            if error.code() == Code::ProviderConflict {
                // It says that there is such a one already: show what there is.
                settle(desk, connection, Some(id)).await?;
            }
            // Only what was never asked for is dropped here; what was asked for waits for a listing.
            drop_plan(desk, id).await?;
            Err(error)
        }
        Ok(()) => Ok(()),
    }
}

/// Drops what was planned and never made.
pub(crate) async fn drop_plan(desk: &Desk, id: &SubscriptionId) -> Result<(), Error> {
    let mut tx = desk.db().write().await?;
    sqlx::query("UPDATE subscription SET state = ? WHERE id = ? AND state = ?")
        .bind(SubscriptionState::Removed)
        .bind(id)
        .bind(SubscriptionState::Planned)
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    retire_due(desk).await
}

/// Asks relay and provider, once. A clear no leaves the subscription planned; an ambiguous end leaves it unsettled.
pub(crate) async fn attempt(desk: &Desk, connection: &ConnectionView, id: &SubscriptionId) -> Result<(), Error> {
    // A keyring that cannot keep the secret must be found out before it is asked for.
    desk.keychain().store("probe", &"probe".to_owned().into()).await?;
    let api = connections::api(desk, connection).await?;
    let (relay, _) = pairing::client(desk).await?;
    let planned = row(&mut *desk.db().reader().acquire().await?, id).await?;
    let target: Url = planned.target.parse().map_err(|_| Error::Stored("target"))?;
    let token: String = sqlx::query_scalar("SELECT token FROM inlet WHERE id = ?")
        .bind(&planned.inlet_id)
        .fetch_one(desk.db().reader())
        .await?;
    let token = InletToken::parse(&token).ok_or(Error::Stored("inlet token"))?;
    let inlet = InletId::try_from(planned.inlet_id.clone()).map_err(|_| Error::Stored("inlet id"))?;
    relay.create_inlet(&inlet, token.hash()).await?;

    // One asks, even where two processes resume the same plan.
    let mut tx = desk.db().write().await?;
    let claimed = sqlx::query("UPDATE subscription SET state = ?, created_at = ? WHERE id = ? AND state = ?")
        .bind(SubscriptionState::Unsettled)
        .bind(desk.now().as_millisecond())
        .bind(id)
        .bind(SubscriptionState::Planned)
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    if claimed.rows_affected() == 0 {
        return Ok(());
    }
    let created = match api.create(&planned.notification_type, &target).await {
        Ok(created) => created,
        Err(error) => {
            if error.code() != Code::ProviderAmbiguous {
                // A clear no: it was never made.
                set_state(desk, id, SubscriptionState::Planned).await?;
            }
            return Err(error);
        }
    };
    if let Some(secret) = &created.secret {
        desk.keychain().store(&pending_name(id.as_str()), &secret.expose().to_owned().into()).await?;
    }
    let mut tx = desk.db().write().await?;
    sqlx::query("UPDATE subscription SET provider_uid = ?, state = ?, secret = ? WHERE id = ?")
        .bind(&created.uid)
        .bind(if created.secret.is_some() { SubscriptionState::Unsettled } else { SubscriptionState::Active })
        .bind(if created.secret.is_some() { SecretState::Missing } else { SecretState::NotIssued })
        .bind(id)
        .execute(&mut *tx)
        .await?;
    connections::note_wrote(&mut tx, &connection.id, desk.now()).await?;
    match created.secret {
        Some(secret) => {
            keep_secret(desk, tx, &inlet, &secret).await?;
            desk.keychain().remove(&pending_name(id.as_str())).await
        }
        None => Ok(tx.commit().await?),
    }
}

/// Takes up a secret that reached the keychain but not the database.
pub(super) async fn take_up(desk: &Desk, row: &Row) -> Result<(), Error> {
    let name = pending_name(&row.id);
    let Some(secret) = desk.keychain().read(&name).await? else { return Ok(()) };
    let secret = SigningSecret::new(secret.expose_secret().to_owned()).ok_or(Error::Stored("secret"))?;
    let inlet = InletId::try_from(row.inlet_id.clone()).map_err(|_| Error::Stored("inlet id"))?;
    keep_secret(desk, desk.db().write().await?, &inlet, &secret).await?;
    desk.keychain().remove(&name).await
}

/// The keychain first, then the database, in the caller's transaction; then everything that waited in quarantine for this
/// secret is judged again.
pub(crate) async fn keep_secret(desk: &Desk, mut tx: Tx, inlet: &InletId, secret: &SigningSecret) -> Result<(), Error> {
    let fingerprint = secret.fingerprint();
    desk.keychain().store(&secret_name(fingerprint.as_str()), &secret.expose().to_owned().into()).await?;
    desk.secrets().forget_missing().await;
    let now = desk.now();
    inlets::insert_key(&mut tx, inlet.as_str(), secret, now).await?;
    sqlx::query(
        "UPDATE subscription SET state = CASE WHEN state IN ('vanished', 'removing') THEN state ELSE ? END, secret = ?, \
         fingerprint = ? WHERE inlet_id = ? AND state <> 'removed'",
    )
    .bind(SubscriptionState::Active)
    .bind(SecretState::Stored)
    .bind(fingerprint.as_str())
    .bind(inlet.as_str())
    .execute(&mut *tx)
    .await?;
    let inlets = inlets::load(&mut tx, desk.keychain(), desk.secrets()).await?;
    let mut tally = journal::Tally::default();
    journal::release(&mut tx, &inlets, inlet, &mut tally).await?;
    tally.touched.refold(&mut tx).await?;
    journal::count(&mut tx, &tally).await?;
    tx.commit().await?;
    Ok(())
}
