//! Asking a provider's API what it knows of an order. It costs the administrator's credits, so it happens when somebody asks
//! and never by itself. What comes back is kept beside the order: it rewrites nothing and no fold reads it.

use sqlx::SqliteConnection;

use super::{
    compare::compare,
    fold::Order,
    stored::StoredConfirmation,
    table,
    view::{ConfirmableView, ConfirmationView},
};
use crate::{
    audit::{AuditAction, recorded},
    connections,
    error::Error,
    ground::Ground,
    id::{OrderUid, Realm},
    refusal::Refusal,
    store::Stored,
    time,
};

/// Whether an order can be confirmed, and what came of it last.
pub(crate) async fn confirmable(ground: &Ground, uid: &OrderUid) -> Result<ConfirmableView, Error> {
    let mut reader = ground.reader().await?;
    let (realm, order) = table::find_in(&mut reader, uid).await?;
    let possible = match order.connection() {
        Some(connection) => connections::confirms(&mut reader, connection).await?,
        None => false,
    };
    Ok(ConfirmableView { possible, last: last(&mut reader, &realm, &order).await? })
}

/// Asks, compares, and keeps what came of it. Codes: `order_unknown`, `confirmation_off`, and the provider's.
pub(crate) async fn confirm(ground: &Ground, uid: &OrderUid) -> Result<ConfirmableView, Error> {
    let (_, order) = table::find_in(&mut *ground.reader().await?, uid).await?;
    let connection = order.connection().ok_or(Refusal::ConfirmationOff)?;
    let api = connections::orders_api(ground, connection).await?;
    // Names no order: a number people know it by would be one more place that does.
    let asked = recorded(ground, AuditAction::OrderConfirm, order.uid().as_str(), None, api.told(order.uid().as_str()));
    let told = asked.await?;
    let mut tx = ground.db().write().await?;
    // As it is now: while we asked, more may have come.
    let (realm, order) = table::find_in(&mut tx, uid).await?;
    let (agreement, lanes) = compare(&order.here(), &told);
    let asked_at = ground.now();
    let confirmation = StoredConfirmation { asked_at, agreement, lanes, outdated: false };
    sqlx::query(
        "INSERT INTO confirmation (realm, order_uid, asked_at, view) VALUES (?, ?, ?, ?) \
         ON CONFLICT (realm, order_uid) DO UPDATE SET asked_at = excluded.asked_at, view = excluded.view",
    )
    .bind(&realm)
    .bind(order.uid())
    .bind(asked_at.as_millisecond())
    .bind(serde_json::to_string(&confirmation).stored("confirmation")?)
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(ConfirmableView { possible: true, last: Some(confirmation.into()) })
}

async fn last(
    connection: &mut SqliteConnection,
    realm: &Realm,
    order: &Order,
) -> Result<Option<ConfirmationView>, Error> {
    let row: Option<(i64, String)> =
        sqlx::query_as("SELECT asked_at, view FROM confirmation WHERE realm = ? AND order_uid = ?")
            .bind(realm)
            .bind(order.uid())
            .fetch_optional(connection)
            .await?;
    let Some((asked_at, view)) = row else { return Ok(None) };
    let stored: StoredConfirmation = serde_json::from_str(&view).stored("confirmation")?;
    let mut view = ConfirmationView::from(stored);
    view.asked_at = time::from_ms(asked_at)?;
    view.outdated = order.last_receipt_at() > Some(view.asked_at);
    Ok(Some(view))
}
