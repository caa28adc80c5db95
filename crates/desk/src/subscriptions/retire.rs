//! Retiring inlets: at the relay, then here.

use offizin_wire::InletId;

use crate::{
    error::{Error, causes},
    ground::Ground,
    pairing,
    store::Stored,
};

/// Retires the inlets of removed subscriptions, here and at the relay: they answer 410 from then on. One whose rotation is
/// not over stays open for what is still on its way. A relay that cannot be reached just now is asked again the next time;
/// an address too many does no harm.
pub(crate) async fn retire_due(ground: &Ground) -> Result<(), Error> {
    let due: Vec<String> = sqlx::query_scalar(
        "SELECT i.id FROM inlet i JOIN subscription s ON s.inlet_id = i.id WHERE i.retired_at IS NULL AND s.state = 'removed' \
         AND NOT EXISTS (SELECT 1 FROM signing_key k WHERE k.inlet_id = i.id AND k.expires_at > ?) \
         AND NOT EXISTS (SELECT 1 FROM rotation r WHERE r.old_id = s.id AND r.ended_at IS NULL)",
    )
    .bind(ground.now().as_millisecond())
    .fetch_all(ground.db().reader())
    .await?;
    for id in due {
        let inlet = InletId::try_from(id).stored("inlet id")?;
        if let Err(error) = retire(ground, &inlet).await {
            tracing::info!(inlet.id = %inlet, cause = %causes(&error), "the inlet is retired later");
        }
    }
    Ok(())
}

/// Retires one inlet at the relay, then here.
pub(crate) async fn retire(ground: &Ground, inlet: &InletId) -> Result<(), Error> {
    let (relay, _) = pairing::client(ground).await?;
    relay.retire_inlet(inlet).await?;
    let mut tx = ground.db().write().await?;
    sqlx::query("UPDATE inlet SET retired_at = ? WHERE id = ?")
        .bind(ground.now().as_millisecond())
        .bind(inlet.as_str())
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok(())
}
