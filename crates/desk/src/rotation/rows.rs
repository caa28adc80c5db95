//! The rows of rotations, and how each is shown. Nothing here asks a provider.

use jiff::Timestamp;
use sqlx::SqliteConnection;

use super::view::{RotationStep, RotationView, RotationWait};
use crate::{
    connections::view::{Api, ConnectionSettings},
    error::Error,
    ground::Ground,
    id::{ConnectionId, RotationId, SubscriptionId},
    refusal::Refusal,
    rxscale::api as rxscale_api,
    store::Stored,
    subscriptions::view::SecretState,
    time,
};

pub(super) const HOUR_MS: i64 = 3_600_000;
/// Rotations that are over are shown for a week.
const SHOWN_MS: i64 = 7 * 24 * HOUR_MS;

#[derive(Clone, sqlx::FromRow)]
pub(super) struct Row {
    pub(super) id: RotationId,
    pub(super) connection_id: ConnectionId,
    pub(super) connection_name: String,
    pub(super) api: String,
    pub(super) settings: String,
    pub(super) notification_type: String,
    pub(super) old_id: SubscriptionId,
    pub(super) new_id: SubscriptionId,
    pub(super) step: RotationStep,
    pub(super) grace_ms: i64,
    pub(super) started_by: String,
    pub(super) started_at: i64,
    pub(super) step_at: i64,
    pub(super) test_sent_at: Option<i64>,
    pub(super) proved_at: Option<i64>,
    pub(super) switched_at: Option<i64>,
    pub(super) grace_until: Option<i64>,
    pub(super) ended_at: Option<i64>,
    pub(super) tries: i64,
    pub(super) next_try_at: Option<i64>,
    pub(super) problem: Option<String>,
    pub(super) old_fingerprint: Option<String>,
    pub(super) new_fingerprint: Option<String>,
    pub(super) new_secret: SecretState,
}

const ROWS: &str = "SELECT r.*, c.name AS connection_name, c.api, c.settings, n.notification_type, \
     o.fingerprint AS old_fingerprint, n.fingerprint AS new_fingerprint, n.secret AS new_secret \
     FROM rotation r JOIN connection c ON c.id = r.connection_id \
     JOIN subscription o ON o.id = r.old_id JOIN subscription n ON n.id = r.new_id";

impl Row {
    pub(super) fn can_test(&self) -> Result<bool, Error> {
        let settings: ConnectionSettings = serde_json::from_str(&self.settings).stored("settings")?;
        let api: Api = serde_json::from_value(self.api.clone().into()).stored("API")?;
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

    pub(super) fn subject(&self) -> String {
        format!("{} · {}", self.connection_name, self.notification_type)
    }

    pub(super) fn view(self) -> Result<RotationView, Error> {
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

pub(super) async fn row(connection: &mut SqliteConnection, id: &RotationId) -> Result<Row, Error> {
    let mut query = sqlx::QueryBuilder::<sqlx::Sqlite>::new(ROWS);
    query.push(" WHERE r.id = ").push_bind(id);
    query.build_query_as().fetch_optional(connection).await?.ok_or(Refusal::RotationUnknown.into())
}

pub(super) async fn shown(ground: &Ground, id: &RotationId) -> Result<RotationView, Error> {
    row(&mut *ground.reader().await?, id).await?.view()
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

/// Lets a rotation that waits for a problem to pass try again at once.
pub(crate) async fn try_now(ground: &Ground, id: &RotationId) -> Result<RotationView, Error> {
    let mut tx = ground.db().write().await?;
    row(&mut tx, id).await?;
    sqlx::query("UPDATE rotation SET next_try_at = NULL WHERE id = ? AND ended_at IS NULL")
        .bind(id)
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    shown(ground, id).await
}
