//! Settling: what the provider lists decides what we believe. And the one way to delete, which ends in a listing.

use super::{
    retire::retire_due,
    rows::{ALL_ROWS, Row, row, set_state},
    secret,
    view::{SecretState, SubscriptionState},
};
use crate::{
    connections::{self, view::ConnectionView},
    error::Error,
    ground::Ground,
    id::SubscriptionId,
    provider::{Ambiguity, ProviderError},
    refusal::Refusal,
    rxscale::api::Listed,
};

/// How long a create may be on its way before a listing that lacks it proves that it never happened.
pub(crate) const ON_ITS_WAY_MS: i64 = 60_000;

/// Lists at the provider and brings our picture in line with it; answers the list. `ended` is a subscription whose request
/// is known to have ended: for it the listing is proof at once.
pub(crate) async fn settle(
    ground: &Ground,
    connection: &ConnectionView,
    ended: Option<&SubscriptionId>,
) -> Result<Vec<Listed>, Error> {
    let listed = connections::api(ground, connection).await?.list().await?;
    let now = ground.now();
    let mut tx = ground.db().write().await?;
    // Removed ones too: a create that was slower than our patience may still appear.
    let ours: Vec<Row> = sqlx::query_as(sqlx::AssertSqlSafe(format!("{ALL_ROWS} WHERE s.connection_id = ?")))
        .bind(&connection.id)
        .fetch_all(&mut *tx)
        .await?;
    let mut unkept = Vec::new();
    for row in &ours {
        let at_provider = listed.iter().find(|l| row.provider_uid.as_ref() == Some(&l.uid) || l.target == row.target);
        let age = now.as_millisecond().saturating_sub(row.created_at);
        let on_its_way = age < ON_ITS_WAY_MS && ended.is_none_or(|id| id.as_str() != row.id);
        let state = match (row.state, at_provider.is_some()) {
            (SubscriptionState::Planned | SubscriptionState::Unsettled, false) if on_its_way => continue,
            (SubscriptionState::Unsettled, true) if on_its_way => continue,
            // The create never arrived, or the delete is done.
            (
                SubscriptionState::Planned
                | SubscriptionState::Unsettled
                | SubscriptionState::Removing
                | SubscriptionState::Orphaned
                | SubscriptionState::Removed,
                false,
            ) => SubscriptionState::Removed,
            (_, false) => SubscriptionState::Vanished,
            (_, true) if row.secret == SecretState::Missing => {
                unkept.push(row.clone());
                SubscriptionState::Orphaned
            }
            (_, true) => SubscriptionState::Active,
        };
        let uid = at_provider.map(|listed| listed.uid.as_str()).or(row.provider_uid.as_deref());
        sqlx::query("UPDATE subscription SET state = ?, provider_uid = ? WHERE id = ?")
            .bind(state)
            .bind(uid)
            .bind(&row.id)
            .execute(&mut *tx)
            .await?;
    }
    sqlx::query("DELETE FROM foreign_subscription WHERE connection_id = ?")
        .bind(&connection.id)
        .execute(&mut *tx)
        .await?;
    let is_ours =
        |l: &Listed| ours.iter().any(|row| row.provider_uid.as_ref() == Some(&l.uid) || row.target == l.target);
    for foreign in listed.iter().filter(|listed| !is_ours(listed)) {
        sqlx::query(
            "INSERT OR REPLACE INTO foreign_subscription (connection_id, provider_uid, notification_type, target, seen_at) \
             VALUES (?, ?, ?, ?, ?)",
        )
        .bind(&connection.id)
        .bind(&foreign.uid)
        .bind(&foreign.notification_type)
        .bind(&foreign.target)
        .bind(now.as_millisecond())
        .execute(&mut *tx)
        .await?;
    }
    connections::note_checked(&mut tx, &connection.id, now).await?;
    tx.commit().await?;
    for row in unkept {
        secret::take_up(ground, &row).await?;
    }
    retire_due(ground).await?;
    Ok(listed)
}

/// Deletes one subscription at the provider, once, and believes only the listing after it: that one must be gone, and nothing
/// else.
pub(crate) async fn delete(ground: &Ground, connection: &ConnectionView, id: &SubscriptionId) -> Result<(), Error> {
    let before = settle(ground, connection, None).await?;
    let Some(found) = still_ours(ground, id).await? else { return Ok(()) };
    let mut still_there: Error = ProviderError::Ambiguous(Ambiguity::NotListed).into();
    let listed = found.provider_uid.as_ref().filter(|uid| before.iter().any(|listed| &&listed.uid == uid));
    if let Some(uid) = listed {
        let api = connections::api(ground, connection).await?;
        set_state(ground, id, SubscriptionState::Removing).await?;
        match api.delete(uid).await {
            Ok(()) => note_wrote(ground, connection).await?,
            // Gone already, or not ours to see: the listing tells.
            Err(Error::Provider(ProviderError::Ambiguous(_) | ProviderError::NotFound(_))) => {}
            // Seen live: what is gone is answered with a 400 too.
            Err(error @ Error::Provider(ProviderError::Rejected(_))) => still_there = error,
            Err(error) => {
                set_state(ground, id, found.state).await?;
                return Err(error);
            }
        }
    }
    let after = settle(ground, connection, Some(id)).await?;
    match still_ours(ground, id).await? {
        None => {}
        // Nothing was ever there, or it vanished earlier: nothing is left to delete.
        Some(row) if matches!(row.state, SubscriptionState::Planned | SubscriptionState::Vanished) => {
            set_state(ground, id, SubscriptionState::Removed).await?;
            retire_due(ground).await?;
        }
        Some(_) => return Err(still_there),
    }
    nothing_else_is_gone(&before, &after, found.provider_uid.as_deref())
}

/// Deletes a subscription that was made elsewhere, in the same way.
pub(super) async fn delete_foreign(ground: &Ground, connection: &ConnectionView, uid: &str) -> Result<(), Error> {
    let before = settle(ground, connection, None).await?;
    if !before.iter().any(|listed| listed.uid == uid) {
        return Ok(());
    }
    match connections::api(ground, connection).await?.delete(uid).await {
        Ok(()) => note_wrote(ground, connection).await?,
        Err(Error::Provider(ProviderError::Ambiguous(_) | ProviderError::NotFound(_))) => {}
        Err(error) => return Err(error),
    }
    let after = settle(ground, connection, None).await?;
    if after.iter().any(|listed| listed.uid == uid) {
        return Err(ProviderError::Ambiguous(Ambiguity::NotListed).into());
    }
    nothing_else_is_gone(&before, &after, Some(uid))
}

async fn still_ours(ground: &Ground, id: &SubscriptionId) -> Result<Option<Row>, Error> {
    match row(&mut *ground.reader().await?, id).await {
        Ok(row) => Ok(Some(row)),
        Err(Error::Refused(Refusal::SubscriptionUnknown)) => Ok(None),
        Err(error) => Err(error),
    }
}

async fn note_wrote(ground: &Ground, connection: &ConnectionView) -> Result<(), Error> {
    let mut tx = ground.db().write().await?;
    connections::note_wrote(&mut tx, &connection.id, ground.now()).await?;
    tx.commit().await
}

fn nothing_else_is_gone(before: &[Listed], after: &[Listed], but: Option<&str>) -> Result<(), Error> {
    let is_gone = |listed: &&Listed| Some(listed.uid.as_str()) != but && !after.iter().any(|a| a.uid == listed.uid);
    let gone: Vec<&str> = before.iter().filter(is_gone).map(|listed| listed.notification_type.as_str()).collect();
    if gone.is_empty() { Ok(()) } else { Err(ProviderError::LostOthers(gone.join(", ")).into()) }
}
