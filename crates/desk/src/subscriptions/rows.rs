//! The rows of our subscriptions, and how each is shown. Nothing here asks a provider.

use jiff::Timestamp;
use sqlx::SqliteConnection;

use super::view::{HealthView, SecretState, SubscriptionCountsView, SubscriptionState, SubscriptionView};
use crate::{
    error::Error,
    ground::Ground,
    id::{ConnectionId, RotationId, SubscriptionId},
    refusal::Refusal,
    settings::{self, RulesView},
    time,
};

/// A subscription of ours.
#[derive(Clone, sqlx::FromRow)]
pub(crate) struct Row {
    pub(crate) id: String,
    pub(crate) connection_id: String,
    pub(super) connection_name: String,
    pub(crate) inlet_id: String,
    pub(crate) provider_uid: Option<String>,
    pub(crate) notification_type: String,
    pub(crate) target: String,
    pub(crate) state: SubscriptionState,
    pub(crate) secret: SecretState,
    pub(super) fingerprint: Option<String>,
    pub(crate) created_at: i64,
    pub(super) silent_since: Option<i64>,
    pub(super) expected: Option<f64>,
    last_verified_at: Option<i64>,
    pub(crate) verified: i64,
    rejected: i64,
    secret_since: Option<i64>,
    pub(super) rotation_id: Option<RotationId>,
    replaces: Option<SubscriptionId>,
}

/// Every subscription of ours, removed ones too.
pub(super) const ALL_ROWS: &str = "SELECT s.id, s.connection_id, c.name AS connection_name, s.inlet_id, s.provider_uid, \
     s.notification_type, s.target, s.state, s.secret, s.fingerprint, s.created_at, s.silent_since, s.expected, \
     i.last_verified_at, i.verified, i.rejected, k.created_at AS secret_since, \
     coalesce(o.id, n.id) AS rotation_id, n.old_id AS replaces \
     FROM subscription s JOIN connection c ON c.id = s.connection_id JOIN inlet i ON i.id = s.inlet_id \
     LEFT JOIN signing_key k ON k.inlet_id = s.inlet_id AND k.fingerprint = s.fingerprint \
     LEFT JOIN rotation o ON o.old_id = s.id AND o.ended_at IS NULL \
     LEFT JOIN rotation n ON n.new_id = s.id AND n.ended_at IS NULL";

impl Row {
    pub(super) fn view(self, health: HealthView, due_before: Option<Timestamp>) -> Result<SubscriptionView, Error> {
        let secret_since = self.secret_since.map(time::from_ms).transpose()?;
        let is_old = secret_since.zip(due_before).is_some_and(|(since, before)| since < before);
        Ok(SubscriptionView {
            id: self.id.as_str().into(),
            connection: self.connection_id.into(),
            connection_name: self.connection_name,
            provider_uid: self.provider_uid,
            notification_type: self.notification_type,
            target: shown_target(&self.target),
            state: self.state,
            secret: self.secret,
            fingerprint: self.fingerprint,
            created_at: Some(time::from_ms(self.created_at)?),
            last_verified_at: self.last_verified_at.map(time::from_ms).transpose()?,
            verified: self.verified,
            rejected: self.rejected,
            secret_since,
            rotation_due: is_old && self.state == SubscriptionState::Active && self.rotation_id.is_none(),
            rotation: self.rotation_id,
            replaces: self.replaces,
            adoptable: false,
            inlet: None,
            health,
        })
    }

    /// What the record calls it.
    pub(crate) fn subject(&self) -> String {
        format!("{} · {}", self.connection_name, self.notification_type)
    }
}

/// A target without the part that makes it unguessable.
pub(super) fn shown_target(target: &str) -> String {
    match target.rsplit_once("/in/") {
        Some((relay, token)) if token.len() > 8 => format!("{relay}/in/{}…", token.chars().take(6).collect::<String>()),
        _ => target.to_owned(),
    }
}

pub(super) async fn rows(connection: &mut SqliteConnection, of: Option<&ConnectionId>) -> Result<Vec<Row>, Error> {
    let mut query = sqlx::QueryBuilder::<sqlx::Sqlite>::new(ALL_ROWS);
    query.push(" WHERE s.state <> 'removed'");
    if let Some(id) = of {
        query.push(" AND s.connection_id = ").push_bind(id);
    }
    query.push(" ORDER BY c.name COLLATE NOCASE, s.notification_type, s.created_at");
    Ok(query.build_query_as().fetch_all(connection).await?)
}

/// A subscription of ours that is not removed.
pub(crate) async fn row(connection: &mut SqliteConnection, id: &SubscriptionId) -> Result<Row, Error> {
    if let Some(row) = any_row(&mut *connection, id).await?.filter(|row| row.state != SubscriptionState::Removed) {
        return Ok(row);
    }
    let foreign: i64 = sqlx::query_scalar("SELECT count(*) FROM foreign_subscription WHERE provider_uid = ?")
        .bind(id)
        .fetch_one(connection)
        .await?;
    Err(if foreign > 0 { Refusal::SubscriptionForeign } else { Refusal::SubscriptionUnknown }.into())
}

/// A subscription of ours, removed or not.
pub(crate) async fn any_row(connection: &mut SqliteConnection, id: &SubscriptionId) -> Result<Option<Row>, Error> {
    let mut query = sqlx::QueryBuilder::<sqlx::Sqlite>::new(ALL_ROWS);
    query.push(" WHERE s.id = ").push_bind(id);
    Ok(query.build_query_as().fetch_optional(connection).await?)
}

/// Secrets from before this moment are due by the rule.
pub(super) async fn due_before(connection: &mut SqliteConnection, now: Timestamp) -> Result<Option<Timestamp>, Error> {
    let rules: RulesView = settings::read(connection, settings::RULES).await?;
    let days = |days: u32| now.checked_sub(jiff::SignedDuration::from_hours(i64::from(days) * 24)).ok();
    Ok(rules.rotate_after_days.and_then(days))
}

/// How many of which are of interest to the status bar, the tray and the overview.
pub(crate) async fn counts(connection: &mut SqliteConnection, now: Timestamp) -> Result<SubscriptionCountsView, Error> {
    let due_before = due_before(&mut *connection, now).await?.map_or(i64::MIN, Timestamp::as_millisecond);
    Ok(sqlx::query_as(
        "SELECT \
         (SELECT count(*) FROM subscription WHERE state = 'vanished') AS subscriptions_vanished, \
         (SELECT count(*) FROM subscription WHERE state = 'active' AND silent_since IS NOT NULL) AS subscriptions_silent, \
         (SELECT count(*) FROM subscription s WHERE (state = 'orphaned' OR (state = 'active' AND secret <> 'stored')) \
          AND NOT EXISTS (SELECT 1 FROM rotation r WHERE r.new_id = s.id AND r.ended_at IS NULL)) AS subscriptions_unverifiable, \
         (SELECT count(*) FROM rotation WHERE ended_at IS NULL) AS rotations_open, \
         (SELECT count(*) FROM rotation r JOIN subscription s ON s.id = r.new_id WHERE r.ended_at IS NULL \
          AND (r.problem IS NOT NULL OR (r.step = 'proving' AND s.secret <> 'stored'))) AS rotations_stuck, \
         (SELECT count(*) FROM subscription s JOIN signing_key k ON k.inlet_id = s.inlet_id AND k.fingerprint = s.fingerprint \
          WHERE s.state = 'active' AND k.created_at < ? AND NOT EXISTS (SELECT 1 FROM rotation r \
          WHERE r.ended_at IS NULL AND s.id IN (r.old_id, r.new_id))) AS secrets_due",
    )
    .bind(due_before)
    .fetch_one(connection)
    .await?)
}

/// How many nobody knows any more, or whose creation was not confirmed. The next listing may settle them.
pub(crate) async fn unclear_count(connection: &mut SqliteConnection) -> Result<i64, Error> {
    Ok(sqlx::query_scalar("SELECT count(*) FROM subscription WHERE state IN ('orphaned', 'unsettled')")
        .fetch_one(connection)
        .await?)
}

/// Writes the state of a subscription down, in a transaction of its own.
pub(crate) async fn set_state(ground: &Ground, id: &SubscriptionId, state: SubscriptionState) -> Result<(), Error> {
    let mut tx = ground.db().write().await?;
    sqlx::query("UPDATE subscription SET state = ? WHERE id = ?").bind(state).bind(id).execute(&mut *tx).await?;
    tx.commit().await?;
    Ok(())
}
