//! What an administrator does with rotations: begin them, give one up, ask for a test event.

use sqlx::SqliteConnection;

use super::{
    rows::{HOUR_MS, row, shown},
    step,
    view::{RotateInput, RotateView, RotationStep, RotationView},
};
use crate::{
    audit::{self, AuditAction, recorded},
    connections::{
        self,
        view::{ConnectionView, DeleteStrategy},
    },
    error::Error,
    ground::Ground,
    id::{RotationId, SubscriptionId},
    problem::Problem,
    refusal::Refusal,
    rxscale::api as rxscale_api,
    subscriptions::{
        self, create,
        rows::{self, Row},
        view::SubscriptionState,
    },
};

const DEFAULT_GRACE_HOURS: i64 = 72;
const MAX_GRACE_HOURS: i64 = 30 * 24;

/// Begins to rotate: what is to happen is written down, and whoever tends the desk does it. Each stands alone.
pub(crate) async fn start(ground: &Ground, input: RotateInput) -> Result<Vec<RotateView>, Error> {
    let hours = input.grace_hours.unwrap_or(DEFAULT_GRACE_HOURS);
    if !(0..=MAX_GRACE_HOURS).contains(&hours) {
        return Err(Error::input("grace_hours"));
    }
    if input.subscriptions.is_empty() {
        return Err(Error::input("subscriptions"));
    }
    let _turn = ground.turn().await?;
    let mut views = Vec::with_capacity(input.subscriptions.len());
    for subscription in input.subscriptions {
        let started = start_one(ground, &subscription, hours * HOUR_MS).await;
        let (rotation, problem) = match started {
            Ok(id) => (Some(shown(ground, &id).await?), None),
            Err(error) => (None, Some(Problem::from(error))),
        };
        views.push(RotateView { subscription, rotation, problem });
    }
    Ok(views)
}

async fn start_one(ground: &Ground, old: &SubscriptionId, grace_ms: i64) -> Result<RotationId, Error> {
    let mut tx = ground.db().write().await?;
    let found = rows::row(&mut tx, old).await?;
    let connection = connections::find(&mut tx, &found.connection_id).await?;
    can_start(&mut tx, &connection, &found).await?;
    let (id, new) = (RotationId::random()?, SubscriptionId::random()?);
    create::plan(ground, &mut tx, &connection, &found.notification_type, &new).await?;
    sqlx::query(
        "INSERT INTO rotation (id, connection_id, old_id, new_id, step, grace_ms, started_by, started_at, step_at) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8)",
    )
    .bind(&id)
    .bind(&connection.id)
    .bind(old)
    .bind(&new)
    .bind(RotationStep::Planned)
    .bind(grace_ms)
    .bind(ground.account())
    .bind(ground.now().as_millisecond())
    .execute(&mut *tx)
    .await?;
    let detail = Some(format!("{} h", grace_ms / HOUR_MS));
    audit::done(&mut tx, ground, AuditAction::RotationStart, &found.subject(), detail).await?;
    tx.commit().await?;
    Ok(id)
}

/// What stands in the way is said before anything is begun.
async fn can_start(connection: &mut SqliteConnection, of: &ConnectionView, old: &Row) -> Result<(), Error> {
    if rxscale_api::delete_strategy(of.api, &of.settings) == DeleteStrategy::Off {
        return Err(Refusal::DeleteNotConfigured.into());
    }
    let settled =
        matches!(old.state, SubscriptionState::Active | SubscriptionState::Vanished | SubscriptionState::Orphaned);
    // One in grace is over for its new generation, which may be rotated again.
    let busy: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM rotation WHERE ended_at IS NULL AND (old_id = ?1 OR (new_id = ?1 AND step <> 'grace'))",
    )
    .bind(&old.id)
    .fetch_one(connection)
    .await?;
    if busy > 0 || !settled { Err(Refusal::RotationUnderWay.into()) } else { Ok(()) }
}

/// Gives a rotation up while the old subscription is untouched. The new one is removed by whoever tends the desk.
pub(crate) async fn roll_back(ground: &Ground, id: &RotationId) -> Result<RotationView, Error> {
    let _turn = ground.turn().await?;
    let found = row(&mut *ground.reader().await?, id).await?;
    if found.step == RotationStep::RollingBack {
        return found.view();
    }
    if !found.step.can_roll_back() {
        return Err(Refusal::RotationTooLate.into());
    }
    let give_up = step::go(ground, &found, RotationStep::RollingBack, None);
    recorded(ground, AuditAction::RotationRollBack, &found.subject(), found.new_fingerprint.clone(), give_up).await?;
    shown(ground, id).await
}

/// Asks the provider for a test event for the new subscription of a rotation.
pub(crate) async fn test(ground: &Ground, id: &RotationId) -> Result<RotationView, Error> {
    let found = row(&mut *ground.reader().await?, id).await?;
    if found.step != RotationStep::Proving {
        return Err(Refusal::RotationTooLate.into());
    }
    subscriptions::test(ground, &found.new_id).await?;
    step::note_test(ground, id).await?;
    shown(ground, id).await
}
