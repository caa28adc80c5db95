//! Settling: asks the provider for its list, and writes down what `settling` reads from it. And the one way to delete, which
//! ends in such a list.

use super::{
    retire::retire_due,
    rows::{ALL_ROWS, Row, row, set_state},
    secret,
    settling::{self, DeleteFailure, Left, Ours},
    view::SubscriptionState,
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
        let has_ended = ended.is_some_and(|id| id.as_str() == row.id);
        let Some(settled) = settling::settled(row.into(), &listed, now.as_millisecond(), has_ended) else { continue };
        if settled.take_up {
            unkept.push(row.clone());
        }
        sqlx::query("UPDATE subscription SET state = ?, provider_uid = ? WHERE id = ?")
            .bind(settled.state)
            .bind(settled.provider_uid)
            .bind(&row.id)
            .execute(&mut *tx)
            .await?;
    }
    sqlx::query("DELETE FROM foreign_subscription WHERE connection_id = ?")
        .bind(&connection.id)
        .execute(&mut *tx)
        .await?;
    let known: Vec<Ours<'_>> = ours.iter().map(Ours::from).collect();
    for foreign in settling::foreign(&known, &listed) {
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
            Err(error) => match DeleteFailure::of(&error) {
                DeleteFailure::ListTells => {}
                DeleteFailure::Rejected => still_there = error,
                DeleteFailure::Failed => {
                    set_state(ground, id, found.state).await?;
                    return Err(error);
                }
            },
        }
    }
    let after = settle(ground, connection, Some(id)).await?;
    match settling::left(still_ours(ground, id).await?.map(|row| row.state)) {
        Left::Nothing => {}
        Left::Row => {
            set_state(ground, id, SubscriptionState::Removed).await?;
            retire_due(ground).await?;
        }
        Left::Subscription => return Err(still_there),
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
        // A refusal is shown as it is. For one of ours the next list is asked instead, because a rotation may wait for it.
        Err(error) if DeleteFailure::of(&error) != DeleteFailure::ListTells => return Err(error),
        Err(_) => {}
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
    let lost = settling::lost_beside(before, after, but);
    let names: Vec<&str> = lost.iter().map(|listed| listed.notification_type.as_str()).collect();
    if names.is_empty() { Ok(()) } else { Err(ProviderError::LostOthers(names.join(", ")).into()) }
}
