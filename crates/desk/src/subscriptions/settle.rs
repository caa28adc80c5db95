//! Settling: what the provider lists decides what we believe. And the one way to delete, which ends in a listing.

use offizin_wire::InletId;

use super::{
    ALL_ROWS, Row, create, row,
    view::{SecretState, SubscriptionState},
};
use crate::{
    connections::{self, view::ConnectionView},
    desk::Desk,
    error::Error,
    id::SubscriptionId,
    pairing,
    problem::Code,
    rxscale::api::Listed,
};

/// How long a create may be on its way before a listing that lacks it proves that it never happened.
pub(crate) const ON_ITS_WAY_MS: i64 = 60_000;

/// Lists at the provider and brings our picture in line with it; answers the list. `ended` is a subscription whose request
/// is known to have ended: for it the listing is proof at once.
pub(crate) async fn settle(
    desk: &Desk,
    connection: &ConnectionView,
    ended: Option<&SubscriptionId>,
) -> Result<Vec<Listed>, Error> {
    let listed = connections::api(desk, connection).await?.list().await?;
    let now = desk.now();
    let mut tx = desk.db().write().await?;
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
        create::take_up(desk, &row).await?;
    }
    retire_due(desk).await?;
    Ok(listed)
}

/// Deletes one subscription at the provider, once, and believes only the listing after it: that one must be gone, and nothing
/// else.
pub(crate) async fn delete(desk: &Desk, connection: &ConnectionView, id: &SubscriptionId) -> Result<(), Error> {
    let before = settle(desk, connection, None).await?;
    let Some(found) = still_ours(desk, id).await? else { return Ok(()) };
    let mut still_there = Error::Plain(Code::ProviderAmbiguous);
    let listed = found.provider_uid.as_ref().filter(|uid| before.iter().any(|listed| &&listed.uid == uid));
    if let Some(uid) = listed {
        let api = connections::api(desk, connection).await?;
        set_state(desk, id, SubscriptionState::Removing).await?;
        match api.delete(uid).await {
            Ok(()) => note_wrote(desk, connection).await?,
            // Gone already, or not ours to see: the listing tells.
            Err(error) if matches!(error.code(), Code::ProviderAmbiguous | Code::ProviderNotFound) => {}
            // Seen live: what is gone is answered with a 400 too.
            Err(error) if error.code() == Code::ProviderRejected => still_there = error,
            Err(error) => {
                set_state(desk, id, found.state).await?;
                return Err(error);
            }
        }
    }
    let after = settle(desk, connection, Some(id)).await?;
    match still_ours(desk, id).await? {
        None => {}
        // Nothing was ever there, or it vanished earlier: nothing is left to delete.
        Some(row) if matches!(row.state, SubscriptionState::Planned | SubscriptionState::Vanished) => {
            set_state(desk, id, SubscriptionState::Removed).await?;
            retire_due(desk).await?;
        }
        Some(_) => return Err(still_there),
    }
    nothing_else_is_gone(&before, &after, found.provider_uid.as_deref())
}

/// Deletes a subscription that was made elsewhere, in the same way.
pub(super) async fn delete_foreign(desk: &Desk, connection: &ConnectionView, uid: &str) -> Result<(), Error> {
    let before = settle(desk, connection, None).await?;
    if !before.iter().any(|listed| listed.uid == uid) {
        return Ok(());
    }
    match connections::api(desk, connection).await?.delete(uid).await {
        Ok(()) => note_wrote(desk, connection).await?,
        Err(error) if matches!(error.code(), Code::ProviderAmbiguous | Code::ProviderNotFound) => {}
        Err(error) => return Err(error),
    }
    let after = settle(desk, connection, None).await?;
    if after.iter().any(|listed| listed.uid == uid) {
        return Err(Error::Plain(Code::ProviderAmbiguous));
    }
    nothing_else_is_gone(&before, &after, Some(uid))
}

async fn still_ours(desk: &Desk, id: &SubscriptionId) -> Result<Option<Row>, Error> {
    match row(&mut *desk.db().reader().acquire().await?, id).await {
        Ok(row) => Ok(Some(row)),
        Err(error) if error.code() == Code::SubscriptionUnknown => Ok(None),
        Err(error) => Err(error),
    }
}

async fn note_wrote(desk: &Desk, connection: &ConnectionView) -> Result<(), Error> {
    let mut tx = desk.db().write().await?;
    connections::note_wrote(&mut tx, &connection.id, desk.now()).await?;
    tx.commit().await
}

fn nothing_else_is_gone(before: &[Listed], after: &[Listed], but: Option<&str>) -> Result<(), Error> {
    let is_gone = |listed: &&Listed| Some(listed.uid.as_str()) != but && !after.iter().any(|a| a.uid == listed.uid);
    let gone: Vec<&str> = before.iter().filter(is_gone).map(|listed| listed.notification_type.as_str()).collect();
    if gone.is_empty() { Ok(()) } else { Err(Error::Told(Code::ListLostOthers, gone.join(", "))) }
}

pub(crate) async fn set_state(desk: &Desk, id: &SubscriptionId, state: SubscriptionState) -> Result<(), Error> {
    let mut tx = desk.db().write().await?;
    sqlx::query("UPDATE subscription SET state = ? WHERE id = ?").bind(state).bind(id).execute(&mut *tx).await?;
    tx.commit().await?;
    Ok(())
}

/// Retires the inlets of removed subscriptions, here and at the relay: they answer 410 from then on. One whose rotation is
/// not over stays open for what is still on its way. A relay that cannot be reached just now is asked again the next time;
/// an address too many does no harm.
pub(crate) async fn retire_due(desk: &Desk) -> Result<(), Error> {
    let due: Vec<String> = sqlx::query_scalar(
        "SELECT i.id FROM inlet i JOIN subscription s ON s.inlet_id = i.id WHERE i.retired_at IS NULL AND s.state = 'removed' \
         AND NOT EXISTS (SELECT 1 FROM signing_key k WHERE k.inlet_id = i.id AND k.expires_at > ?) \
         AND NOT EXISTS (SELECT 1 FROM rotation r WHERE r.old_id = s.id AND r.ended_at IS NULL)",
    )
    .bind(desk.now().as_millisecond())
    .fetch_all(desk.db().reader())
    .await?;
    for id in due {
        let inlet = InletId::try_from(id).map_err(|_| Error::Stored("inlet id"))?;
        if let Err(error) = retire(desk, &inlet).await {
            tracing::info!(inlet.id = %inlet, code = %error.code(), "the inlet is retired later");
        }
    }
    Ok(())
}

/// Retires one inlet at the relay, then here.
pub(crate) async fn retire(desk: &Desk, inlet: &InletId) -> Result<(), Error> {
    let (relay, _) = pairing::client(desk).await?;
    relay.retire_inlet(inlet).await?;
    let mut tx = desk.db().write().await?;
    sqlx::query("UPDATE inlet SET retired_at = ? WHERE id = ?")
        .bind(desk.now().as_millisecond())
        .bind(inlet.as_str())
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok(())
}
