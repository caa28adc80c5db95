//! Rotation without losing an event, at providers that cannot rotate: a fresh subscription is made, proven by a delivery that
//! verifies under its secret, and only then the old one is removed. What is on its way to the old address is taken until
//! the grace period ends.
//!
//! ```text
//! planned ─▶ created ─▶ proving ─▶ switching ─▶ grace ─▶ done
//!     └──────────┴──────────┴─▶ rolling back ─▶ rolled back        the new one is removed, the old one never stopped
//! ```
//!
//! Each step is in the database before it is taken and after it was, so a crash at any point goes on from where it was. This
//! file begins, shows and gives up; [`step`] takes the steps, one at a time, whenever the desk is tended.

pub(crate) mod step;
pub mod view;

use jiff::Timestamp;
use sqlx::SqliteConnection;

use crate::{
    audit::{self, AuditAction, recorded},
    connections::{
        self,
        view::{Api, ConnectionSettings, ConnectionView, DeleteStrategy},
    },
    desk::Desk,
    error::Error,
    id::{ConnectionId, RotationId, SubscriptionId},
    problem::{Code, Problem},
    rxscale::api as rxscale_api,
    subscriptions::{
        self, create,
        view::{SecretState, SubscriptionState},
    },
    time,
};
use view::{RotateInput, RotateView, RotationStep, RotationView, RotationWait};

const DEFAULT_GRACE_HOURS: i64 = 72;
const MAX_GRACE_HOURS: i64 = 30 * 24;
const HOUR_MS: i64 = 3_600_000;
/// Rotations that are over are shown for a week.
const SHOWN_MS: i64 = 7 * 24 * HOUR_MS;

#[derive(Clone, sqlx::FromRow)]
struct Row {
    id: RotationId,
    connection_id: ConnectionId,
    connection_name: String,
    api: String,
    settings: String,
    notification_type: String,
    old_id: SubscriptionId,
    new_id: SubscriptionId,
    step: RotationStep,
    grace_ms: i64,
    started_by: String,
    started_at: i64,
    step_at: i64,
    test_sent_at: Option<i64>,
    proved_at: Option<i64>,
    switched_at: Option<i64>,
    grace_until: Option<i64>,
    ended_at: Option<i64>,
    tries: i64,
    next_try_at: Option<i64>,
    problem: Option<String>,
    old_fingerprint: Option<String>,
    new_fingerprint: Option<String>,
    new_secret: SecretState,
}

const ROWS: &str = "SELECT r.*, c.name AS connection_name, c.api, c.settings, n.notification_type, \
     o.fingerprint AS old_fingerprint, n.fingerprint AS new_fingerprint, n.secret AS new_secret \
     FROM rotation r JOIN connection c ON c.id = r.connection_id \
     JOIN subscription o ON o.id = r.old_id JOIN subscription n ON n.id = r.new_id";

impl Row {
    fn can_test(&self) -> Result<bool, Error> {
        let settings: ConnectionSettings =
            serde_json::from_str(&self.settings).map_err(|_| Error::Stored("settings"))?;
        let api: Api = serde_json::from_value(self.api.clone().into()).map_err(|_| Error::Stored("API"))?;
        Ok(rxscale_api::can_test(api, &settings))
    }

    fn waits_for(&self) -> Option<RotationWait> {
        match self.step {
            step if step.is_over() => None,
            RotationStep::Grace => Some(RotationWait::Grace),
            _ if self.next_try_at.is_some() => Some(RotationWait::NextTry),
            RotationStep::Proving if self.new_secret != SecretState::Stored => Some(RotationWait::Secret),
            RotationStep::Proving => Some(RotationWait::Delivery),
            _ => None,
        }
    }

    fn subject(&self) -> String {
        format!("{} · {}", self.connection_name, self.notification_type)
    }

    fn view(self) -> Result<RotationView, Error> {
        let at = |ms: Option<i64>| ms.map(time::from_ms).transpose();
        Ok(RotationView {
            waits_for: self.waits_for(),
            can_test: self.step == RotationStep::Proving && self.can_test()?,
            can_roll_back: self.step.can_roll_back(),
            id: self.id,
            connection: self.connection_id,
            connection_name: self.connection_name,
            notification_type: self.notification_type,
            old: self.old_id,
            new: self.new_id,
            step: self.step,
            started_at: time::from_ms(self.started_at)?,
            step_at: time::from_ms(self.step_at)?,
            proved_at: at(self.proved_at)?,
            switched_at: at(self.switched_at)?,
            grace_hours: self.grace_ms / HOUR_MS,
            grace_until: at(self.grace_until)?,
            ended_at: at(self.ended_at)?,
            old_fingerprint: self.old_fingerprint,
            new_fingerprint: self.new_fingerprint,
            test_sent_at: at(self.test_sent_at)?,
            next_try_at: at(self.next_try_at)?,
            problem: self.problem.as_deref().and_then(|text| serde_json::from_str(text).ok()),
            by: self.started_by,
        })
    }
}

async fn row(connection: &mut SqliteConnection, id: &RotationId) -> Result<Row, Error> {
    let mut query = sqlx::QueryBuilder::<sqlx::Sqlite>::new(ROWS);
    query.push(" WHERE r.id = ").push_bind(id);
    query.build_query_as().fetch_optional(connection).await?.ok_or(Error::Plain(Code::RotationUnknown))
}

async fn shown(desk: &Desk, id: &RotationId) -> Result<RotationView, Error> {
    row(&mut *desk.db().reader().acquire().await?, id).await?.view()
}

/// Rotations that are under way or ended within a week, newest first.
pub(crate) async fn recent(
    connection: &mut SqliteConnection,
    of: Option<&ConnectionId>,
    now: Timestamp,
) -> Result<Vec<RotationView>, Error> {
    let mut query = sqlx::QueryBuilder::<sqlx::Sqlite>::new(ROWS);
    query.push(" WHERE (r.ended_at IS NULL OR r.ended_at > ").push_bind(now.as_millisecond() - SHOWN_MS).push(")");
    if let Some(of) = of {
        query.push(" AND r.connection_id = ").push_bind(of);
    }
    query.push(" ORDER BY r.started_at DESC, r.id");
    let rows: Vec<Row> = query.build_query_as().fetch_all(connection).await?;
    rows.into_iter().map(Row::view).collect()
}

/// Begins to rotate: what is to happen is written down, and whoever tends the desk does it. Each stands alone.
pub(crate) async fn start(desk: &Desk, input: RotateInput) -> Result<Vec<RotateView>, Error> {
    let hours = input.grace_hours.unwrap_or(DEFAULT_GRACE_HOURS);
    if !(0..=MAX_GRACE_HOURS).contains(&hours) {
        return Err(Error::input("grace_hours"));
    }
    if input.subscriptions.is_empty() {
        return Err(Error::input("subscriptions"));
    }
    let _turn = desk.subscriptions_turn().await?;
    let mut views = Vec::with_capacity(input.subscriptions.len());
    for subscription in input.subscriptions {
        let started = start_one(desk, &subscription, hours * HOUR_MS).await;
        let (rotation, problem) = match started {
            Ok(id) => (Some(shown(desk, &id).await?), None),
            Err(error) => (None, Some(Problem::from(error))),
        };
        views.push(RotateView { subscription, rotation, problem });
    }
    Ok(views)
}

async fn start_one(desk: &Desk, old: &SubscriptionId, grace_ms: i64) -> Result<RotationId, Error> {
    let mut tx = desk.db().write().await?;
    let found = subscriptions::row(&mut tx, old).await?;
    let connection = connections::find(&mut tx, &found.connection_id).await?;
    can_start(&mut tx, &connection, &found).await?;
    let (id, new) = (RotationId::random()?, SubscriptionId::random()?);
    create::plan(desk, &mut tx, &connection, &found.notification_type, &new).await?;
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
    .bind(desk.account())
    .bind(desk.now().as_millisecond())
    .execute(&mut *tx)
    .await?;
    let detail = Some(format!("{} h", grace_ms / HOUR_MS));
    audit::done(&mut tx, desk, AuditAction::RotationStart, &found.subject(), detail).await?;
    tx.commit().await?;
    Ok(id)
}

/// What stands in the way is said before anything is begun.
async fn can_start(
    connection: &mut SqliteConnection,
    of: &ConnectionView,
    old: &subscriptions::Row,
) -> Result<(), Error> {
    if rxscale_api::delete_strategy(of.api, &of.settings) == DeleteStrategy::Off {
        return Err(Error::Plain(Code::DeleteNotConfigured));
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
    if busy > 0 || !settled { Err(Error::Plain(Code::RotationUnderWay)) } else { Ok(()) }
}

/// Gives a rotation up while the old subscription is untouched. The new one is removed by whoever tends the desk.
pub(crate) async fn roll_back(desk: &Desk, id: &RotationId) -> Result<RotationView, Error> {
    let _turn = desk.subscriptions_turn().await?;
    let found = row(&mut *desk.db().reader().acquire().await?, id).await?;
    if found.step == RotationStep::RollingBack {
        return found.view();
    }
    if !found.step.can_roll_back() {
        return Err(Error::Plain(Code::RotationTooLate));
    }
    let give_up = step::go(desk, &found, RotationStep::RollingBack, None);
    recorded(desk, AuditAction::RotationRollBack, &found.subject(), found.new_fingerprint.clone(), give_up).await?;
    shown(desk, id).await
}

/// Lets a rotation that waits for a problem to pass try again at once.
pub(crate) async fn try_now(desk: &Desk, id: &RotationId) -> Result<RotationView, Error> {
    let mut tx = desk.db().write().await?;
    row(&mut tx, id).await?;
    sqlx::query("UPDATE rotation SET next_try_at = NULL WHERE id = ? AND ended_at IS NULL")
        .bind(id)
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    shown(desk, id).await
}

/// Asks the provider for a test event for the new subscription of a rotation.
pub(crate) async fn test(desk: &Desk, id: &RotationId) -> Result<RotationView, Error> {
    let found = row(&mut *desk.db().reader().acquire().await?, id).await?;
    if found.step != RotationStep::Proving {
        return Err(Error::Plain(Code::RotationTooLate));
    }
    subscriptions::test(desk, &found.new_id).await?;
    step::note_test(desk, id).await?;
    shown(desk, id).await
}
