//! Tending: what a desk does by itself besides pulling. It moves rotations on, lists the subscriptions of every connection
//! now and then so that one that vanished is noticed, listens for silence, and closes addresses whose time is over.
//!
//! The shells call it at start, after every pull, after every act, and when [`TendedView::next_in_ms`] is over. It holds
//! no state of its own: two programs on one folder may both tend.

use std::time::Duration;

use crate::{
    connections,
    desk::Desk,
    error::Error,
    ground::Ground,
    id::RotationId,
    pairing,
    problem::Problem,
    rotation,
    status::{Tag, TendedView},
    subscriptions::{health, settle},
    time,
};

/// Every connection is listed at least so often.
const LIST_EVERY_MS: i64 = 15 * 60 * 1000;
/// Silence is looked for at most so often.
const LISTEN_EVERY_MS: i64 = 5 * 60 * 1000;
const SOONEST: Duration = Duration::from_millis(500);
const LATEST: Duration = Duration::from_secs(60);

impl Desk {
    /// Does what is due besides pulling: rotations, listings, silence, addresses whose time is over.
    pub async fn tend(&self) -> Result<TendedView, Problem> {
        Ok(tend(self.ground()).await?)
    }
}

/// Does everything that is due now.
pub(crate) async fn tend(ground: &Ground) -> Result<TendedView, Error> {
    let mut tended = TendedView::default();
    if pairing::row(&mut *ground.reader().await?).await?.is_none() {
        tended.next_in_ms = ms(LATEST);
        return Ok(tended);
    }
    let mut changed = false;
    for id in due_rotations(ground).await? {
        changed |= rotation::step::advance(ground, &id).await?;
    }
    changed |= list_due(ground).await?;
    changed |= listen(ground).await?;
    if changed {
        tended.changed = vec![Tag::Subscriptions, Tag::Status];
    }
    tended.next_in_ms = ms(next_in(ground).await?);
    Ok(tended)
}

async fn due_rotations(ground: &Ground) -> Result<Vec<RotationId>, Error> {
    let now = ground.now().as_millisecond();
    Ok(sqlx::query_scalar(
        "SELECT id FROM rotation WHERE ended_at IS NULL AND (next_try_at IS NULL OR next_try_at <= ?1) \
         AND (step <> 'grace' OR grace_until <= ?1) ORDER BY started_at, id",
    )
    .bind(now)
    .fetch_all(ground.db().reader())
    .await?)
}

/// Lists what has not been listed for a while. One that cannot be asked keeps its last known rows and is asked again the next
/// time round.
async fn list_due(ground: &Ground) -> Result<bool, Error> {
    let now = ground.now();
    let due: Vec<String> = sqlx::query_scalar(
        "SELECT id FROM connection c WHERE removed_at IS NULL \
         AND coalesce(list_tried_at, 0) <= ? AND EXISTS (SELECT 1 FROM subscription s WHERE s.connection_id = c.id)",
    )
    .bind(now.as_millisecond() - LIST_EVERY_MS)
    .fetch_all(ground.db().reader())
    .await?;
    let mut changed = false;
    for id in due {
        let _turn = ground.turn().await?;
        let connection = connections::find(&mut *ground.reader().await?, &id).await?;
        let mut tx = ground.db().write().await?;
        sqlx::query("UPDATE connection SET list_tried_at = ? WHERE id = ?")
            .bind(now.as_millisecond())
            .bind(&id)
            .execute(&mut *tx)
            .await?;
        tx.commit().await?;
        match settle::settle(ground, &connection, None).await {
            Ok(_) => changed = true,
            Err(error) => error.noted("a connection could not be listed"),
        }
    }
    Ok(changed)
}

/// Looks for silence, up to the moment until which everything is known.
async fn listen(ground: &Ground) -> Result<bool, Error> {
    let mut tx = ground.db().write().await?;
    let times: Option<(Option<i64>, Option<i64>)> =
        sqlx::query_as("SELECT complete_until, listened_at FROM relay").fetch_optional(&mut *tx).await?;
    let Some((Some(until), listened)) = times else { return tx.rollback().await.map(|()| false) };
    let now = ground.now().as_millisecond();
    if listened.is_some_and(|at| now.saturating_sub(at) < LISTEN_EVERY_MS) {
        return tx.rollback().await.map(|()| false);
    }
    let until = time::from_ms(until)?;
    let changed = health::listen(&mut tx, until).await?;
    sqlx::query("UPDATE relay SET listened_at = ?").bind(now).execute(&mut *tx).await?;
    tx.commit().await?;
    Ok(changed)
}

/// When something will be due that no event announces.
async fn next_in(ground: &Ground) -> Result<Duration, Error> {
    let next: Option<i64> = sqlx::query_scalar(
        "SELECT min(coalesce(next_try_at, grace_until)) FROM rotation WHERE ended_at IS NULL \
         AND (next_try_at IS NOT NULL OR step = 'grace')",
    )
    .fetch_one(ground.db().reader())
    .await?;
    let in_ms = next.map(|at| at.saturating_sub(ground.now().as_millisecond()).max(0));
    let next = in_ms.and_then(|ms| u64::try_from(ms).ok()).map_or(LATEST, Duration::from_millis);
    Ok(next.clamp(SOONEST, LATEST))
}

fn ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
