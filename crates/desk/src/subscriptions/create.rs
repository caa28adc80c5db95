//! Creating: a subscription is written down, its inlet opened, and only then the provider is asked, once.
//!
//! The secret is shown once, so it goes to the keychain before anything else, under the subscription's own name: a crash between
//! that and the database costs nothing, the next listing takes it up.

use offizin_wire::{InletId, InletToken};
use sqlx::SqliteConnection;
use url::Url;

use super::{
    retire::retire_due,
    rows::{row, set_state},
    secret::{self, pending_name},
    settle::settle,
    view::{SecretState, SubscriptionState},
};
use crate::{
    connections::{self, view::ConnectionView},
    error::Error,
    ground::Ground,
    id::SubscriptionId,
    intake::inlets,
    pairing,
    provider::ProviderError,
    refusal::Refusal,
    source::Source,
    store::Stored,
};

/// Writes a subscription and its inlet down. Nobody has been asked yet.
pub(crate) async fn plan(
    ground: &Ground,
    connection: &mut SqliteConnection,
    of: &ConnectionView,
    notification_type: &str,
    id: &SubscriptionId,
) -> Result<(), Error> {
    let relay = pairing::row(connection).await?.ok_or(Refusal::NotPaired)?;
    let inlet = InletId::random().map_err(|_| Error::Entropy)?;
    let token = InletToken::random().map_err(|_| Error::Entropy)?;
    let public = relay.url.parse::<Url>().stored("relay address")?;
    let target = token.address(&public).stored("relay address")?;
    inlets::insert(connection, &inlet, &token, Source::Rxscale, &of.id, notification_type, ground.now()).await?;
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
    .bind(ground.now().as_millisecond())
    .execute(connection)
    .await?;
    Ok(())
}

/// Asks the relay for the inlet and the provider for the subscription. What is definitely refused leaves nothing behind.
pub(super) async fn create(ground: &Ground, connection: &ConnectionView, id: &SubscriptionId) -> Result<(), Error> {
    let Err(error) = attempt(ground, connection, id).await else { return Ok(()) };
    match CreateFailure::of(&error) {
        // The list tells whether it exists. If it does, its secret went by unseen.
        CreateFailure::Lost => {
            settle(ground, connection, Some(id)).await?;
            return Err(error);
        }
        // It says that there is such a one already: show what there is.
        CreateFailure::Exists => {
            settle(ground, connection, Some(id)).await?;
        }
        CreateFailure::No => {}
    }
    // Only what was never asked for is dropped here; what was asked for waits for a list.
    drop_plan(ground, id).await?;
    Err(error)
}

/// What a create that was not answered with a yes came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CreateFailure {
    /// The answer was lost: it may exist.
    Lost,
    /// The provider says that there is such a one already.
    Exists,
    /// It was not made. Where the relay or the keyring failed, nobody may even have been asked.
    No,
}

impl CreateFailure {
    pub(crate) fn of(error: &Error) -> Self {
        match error {
            Error::Provider(ProviderError::Ambiguous(_)) => Self::Lost,
            Error::Provider(ProviderError::Conflict(_)) => Self::Exists,
            _ => Self::No,
        }
    }
}

/// Drops what was planned and never made.
pub(crate) async fn drop_plan(ground: &Ground, id: &SubscriptionId) -> Result<(), Error> {
    let mut tx = ground.db().write().await?;
    sqlx::query("UPDATE subscription SET state = ? WHERE id = ? AND state = ?")
        .bind(SubscriptionState::Removed)
        .bind(id)
        .bind(SubscriptionState::Planned)
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    retire_due(ground).await
}

/// Asks relay and provider, once. A clear no leaves the subscription planned; an ambiguous end leaves it unsettled.
pub(crate) async fn attempt(ground: &Ground, connection: &ConnectionView, id: &SubscriptionId) -> Result<(), Error> {
    // A keyring that cannot keep the secret must be found out before it is asked for.
    ground.keychain().store("probe", &"probe".to_owned().into()).await?;
    let api = connections::api(ground, connection).await?;
    let (relay, _) = pairing::client(ground).await?;
    let planned = row(&mut *ground.reader().await?, id).await?;
    let target = planned.target.parse::<Url>().stored("target")?;
    let token: String = sqlx::query_scalar("SELECT token FROM inlet WHERE id = ?")
        .bind(&planned.inlet_id)
        .fetch_one(ground.db().reader())
        .await?;
    let token = InletToken::parse(&token).stored("inlet token")?;
    let inlet = InletId::try_from(planned.inlet_id.clone()).stored("inlet id")?;
    relay.create_inlet(&inlet, token.hash()).await?;

    // One asks, even where two processes resume the same plan.
    let mut tx = ground.db().write().await?;
    let claimed = sqlx::query("UPDATE subscription SET state = ?, created_at = ? WHERE id = ? AND state = ?")
        .bind(SubscriptionState::Unsettled)
        .bind(ground.now().as_millisecond())
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
            if CreateFailure::of(&error) != CreateFailure::Lost {
                // A clear no: it was never made, so the row may be asked for again.
                set_state(ground, id, SubscriptionState::Planned).await?;
            }
            return Err(error);
        }
    };
    // The one moment at which the secret can be seen: it is in the keyring, under the subscription's own name, before anything
    // else happens with it.
    let kept = match &created.secret {
        Some(secret) => {
            ground.keychain().store(&pending_name(id.as_str()), &secret.expose().to_owned().into()).await?;
            Some(secret::keep(ground, secret).await?)
        }
        None => None,
    };
    let mut tx = ground.db().write().await?;
    sqlx::query("UPDATE subscription SET provider_uid = ?, state = ?, secret = ? WHERE id = ?")
        .bind(&created.uid)
        .bind(if kept.is_some() { SubscriptionState::Unsettled } else { SubscriptionState::Active })
        .bind(if kept.is_some() { SecretState::Missing } else { SecretState::NotIssued })
        .bind(id)
        .execute(&mut *tx)
        .await?;
    connections::note_wrote(&mut tx, &connection.id, ground.now()).await?;
    match kept {
        Some(kept) => {
            kept.write(&mut tx, &inlet, ground.now()).await?;
            tx.commit().await?;
            Ok(ground.keychain().remove(&pending_name(id.as_str())).await?)
        }
        None => tx.commit().await,
    }
}
