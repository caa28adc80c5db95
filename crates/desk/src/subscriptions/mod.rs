//! Subscriptions: registered at the provider, watched by listing, removed one by one.
//!
//! Each has an inlet of its own, because no header of a delivery names the subscription. What we intend is written down
//! before the provider hears of it; a create or delete whose answer was lost is settled by listing, never sent again.
//! The secret is in the keychain before anything else happens.

pub(crate) mod create;
pub(crate) mod health;
pub(crate) mod settle;
pub mod view;

use std::collections::HashMap;

use jiff::Timestamp;
use offizin_wire::{InletId, InletToken, SigningSecret};
use secrecy::{ExposeSecret, SecretString};
use sqlx::SqliteConnection;
use url::Url;

use crate::{
    audit::{AuditAction, recorded},
    connections::{self, view::ConnectionView},
    desk::Desk,
    error::Error,
    id::{ConnectionId, RotationId, SubscriptionId},
    pairing,
    problem::Code,
    rotation, rxscale,
    settings::{self, RulesView},
    time,
};
pub(crate) use create::keep_secret;
pub(crate) use settle::retire;
use view::{
    AdoptInput, ConnectionProblemView, HealthView, NotificationTypeView, RegisterInput, RegisterView,
    RemoveForeignInput, RemoveInput, SecretState, SubscriptionCountsView, SubscriptionListView, SubscriptionState,
    SubscriptionView,
};

/// A subscription of ours.
#[derive(Clone, sqlx::FromRow)]
pub(crate) struct Row {
    pub(crate) id: String,
    pub(crate) connection_id: String,
    connection_name: String,
    pub(crate) inlet_id: String,
    pub(crate) provider_uid: Option<String>,
    pub(crate) notification_type: String,
    pub(crate) target: String,
    pub(crate) state: SubscriptionState,
    pub(crate) secret: SecretState,
    fingerprint: Option<String>,
    pub(crate) created_at: i64,
    silent_since: Option<i64>,
    expected: Option<f64>,
    last_verified_at: Option<i64>,
    pub(crate) verified: i64,
    rejected: i64,
    secret_since: Option<i64>,
    rotation_id: Option<RotationId>,
    replaces: Option<SubscriptionId>,
}

/// Every subscription of ours, removed ones too.
const ALL_ROWS: &str = "SELECT s.id, s.connection_id, c.name AS connection_name, s.inlet_id, s.provider_uid, \
     s.notification_type, s.target, s.state, s.secret, s.fingerprint, s.created_at, s.silent_since, s.expected, \
     i.last_verified_at, i.verified, i.rejected, k.created_at AS secret_since, \
     coalesce(o.id, n.id) AS rotation_id, n.old_id AS replaces \
     FROM subscription s JOIN connection c ON c.id = s.connection_id JOIN inlet i ON i.id = s.inlet_id \
     LEFT JOIN signing_key k ON k.inlet_id = s.inlet_id AND k.fingerprint = s.fingerprint \
     LEFT JOIN rotation o ON o.old_id = s.id AND o.ended_at IS NULL \
     LEFT JOIN rotation n ON n.new_id = s.id AND n.ended_at IS NULL";

impl Row {
    fn view(self, health: HealthView, due_before: Option<Timestamp>) -> Result<SubscriptionView, Error> {
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
fn shown_target(target: &str) -> String {
    match target.rsplit_once("/in/") {
        Some((relay, token)) if token.len() > 8 => format!("{relay}/in/{}…", token.chars().take(6).collect::<String>()),
        _ => target.to_owned(),
    }
}

async fn rows(connection: &mut SqliteConnection, of: Option<&ConnectionId>) -> Result<Vec<Row>, Error> {
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
    Err(Error::Plain(if foreign > 0 { Code::SubscriptionForeign } else { Code::SubscriptionUnknown }))
}

/// A subscription of ours, removed or not.
pub(crate) async fn any_row(connection: &mut SqliteConnection, id: &SubscriptionId) -> Result<Option<Row>, Error> {
    let mut query = sqlx::QueryBuilder::<sqlx::Sqlite>::new(ALL_ROWS);
    query.push(" WHERE s.id = ").push_bind(id);
    Ok(query.build_query_as().fetch_optional(connection).await?)
}

async fn view(desk: &Desk, row: Row) -> Result<SubscriptionView, Error> {
    let mut reader = desk.db().reader().acquire().await?;
    let health = health::of(&mut reader, &row.inlet_id, row.silent_since, row.expected, desk.now()).await?;
    let due_before = due_before(&mut reader, desk.now()).await?;
    row.view(health, due_before)
}

/// Secrets from before this moment are due by the rule.
async fn due_before(connection: &mut SqliteConnection, now: Timestamp) -> Result<Option<Timestamp>, Error> {
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

/// The documented event types of a connection's provider.
pub(crate) fn types() -> Vec<NotificationTypeView> {
    let view = |&(name, recommended, interpreted): &(&str, bool, bool)| NotificationTypeView {
        name: name.to_owned(),
        recommended,
        interpreted,
    };
    rxscale::TYPES.iter().map(view).collect()
}

/// Our subscriptions and the provider's. With `refresh`, every connection is asked first; one that cannot be asked is
/// reported beside its last known rows.
pub(crate) async fn list(desk: &Desk, of: Option<&ConnectionId>, refresh: bool) -> Result<SubscriptionListView, Error> {
    let _turn = if refresh { Some(desk.subscriptions_turn().await?) } else { None };
    let mut problems = Vec::new();
    let connections = connections::list(&mut *desk.db().reader().acquire().await?).await?;
    let asked = connections.iter().filter(|connection| of.is_none_or(|id| *id == connection.id));
    for connection in asked.filter(|_| refresh) {
        if let Err(error) = settle::settle(desk, connection, None).await {
            problems.push(ConnectionProblemView { connection: connection.id.clone(), problem: error.into() });
        }
    }
    let now = desk.now();
    let mut reader = desk.db().reader().acquire().await?;
    let due_before = due_before(&mut reader, now).await?;
    let mut views = Vec::new();
    for row in rows(&mut reader, of).await? {
        let health = health::of(&mut reader, &row.inlet_id, row.silent_since, row.expected, now).await?;
        views.push(row.view(health, due_before)?);
    }
    let due = views.iter().filter(|view| view.rotation_due).count();
    views.extend(foreign(&mut reader, &connections, of).await?);
    views.sort_by(|a, b| (&a.connection_name, &a.notification_type).cmp(&(&b.connection_name, &b.notification_type)));
    let rotations = rotation::recent(&mut reader, of, now).await?;
    Ok(SubscriptionListView { rows: views, rotations, problems, due: i64::try_from(due).unwrap_or(i64::MAX) })
}

/// What the providers list and is not ours.
async fn foreign(
    connection: &mut SqliteConnection,
    connections: &[ConnectionView],
    of: Option<&ConnectionId>,
) -> Result<Vec<SubscriptionView>, Error> {
    let listed: Vec<(String, String, String, String)> = sqlx::query_as(
        "SELECT connection_id, provider_uid, notification_type, target FROM foreign_subscription \
         ORDER BY notification_type, provider_uid",
    )
    .fetch_all(&mut *connection)
    .await?;
    let by_hand = by_hand(connection).await?;
    let names: HashMap<&str, &str> = connections.iter().map(|c| (c.id.as_str(), c.name.as_str())).collect();
    let mut views = Vec::new();
    for (id, uid, notification_type, target) in listed {
        let Some(name) = names.get(id.as_str()).filter(|_| of.is_none_or(|of| of.as_str() == id)) else {
            continue;
        };
        let inlet = by_hand.iter().find(|inlet| inlet.address == target);
        views.push(SubscriptionView {
            id: uid.as_str().into(),
            connection_name: (*name).to_owned(),
            connection: id.into(),
            provider_uid: Some(uid),
            notification_type,
            target: shown_target(&target),
            state: SubscriptionState::Foreign,
            secret: SecretState::Missing,
            fingerprint: None,
            created_at: None,
            last_verified_at: None,
            verified: 0,
            rejected: 0,
            secret_since: None,
            rotation_due: false,
            rotation: None,
            replaces: None,
            adoptable: inlet.is_some(),
            inlet: inlet.map(|inlet| inlet.label.clone()),
            health: HealthView::default(),
        });
    }
    Ok(views)
}

/// An inlet made by hand, with the address a portal knows it by.
struct ByHand {
    id: InletId,
    label: String,
    address: String,
}

async fn by_hand(connection: &mut SqliteConnection) -> Result<Vec<ByHand>, Error> {
    let Some(relay) = pairing::row(&mut *connection).await? else { return Ok(Vec::new()) };
    let public: Url = relay.url.parse().map_err(|_| Error::Stored("relay address"))?;
    let rows: Vec<(String, String, String)> = sqlx::query_as(
        "SELECT i.id, i.token, i.label FROM inlet i WHERE i.retired_at IS NULL AND i.source = 'rxscale' \
         AND NOT EXISTS (SELECT 1 FROM subscription s WHERE s.inlet_id = i.id)",
    )
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|(id, token, label)| {
            let address = InletToken::parse(&token).and_then(|token| token.address(&public));
            let address = address.ok_or(Error::Stored("inlet token"))?.into();
            Ok(ByHand { id: InletId::try_from(id).map_err(|_| Error::Stored("inlet id"))?, label, address })
        })
        .collect()
}

/// Registers one subscription per type. Each stands alone: one that fails leaves the others and nothing half-made.
pub(crate) async fn register(desk: &Desk, input: RegisterInput) -> Result<Vec<RegisterView>, Error> {
    let connection = connections::find(&mut *desk.db().reader().acquire().await?, input.connection.as_str()).await?;
    if input.types.is_empty() || input.types.iter().any(|name| name.trim().is_empty()) {
        return Err(Error::input("types"));
    }
    let _turn = desk.subscriptions_turn().await?;
    let mut views = Vec::with_capacity(input.types.len());
    for notification_type in input.types {
        let id = SubscriptionId::random()?;
        let subject = format!("{} · {}", connection.name, notification_type.trim());
        let act = register_one(desk, &connection, notification_type.trim(), &id);
        let registered = recorded(desk, AuditAction::SubscriptionRegister, &subject, None, act).await;
        let row = row(&mut *desk.db().reader().acquire().await?, &id).await.ok();
        let subscription = match row {
            Some(row) => Some(view(desk, row).await?),
            None => None,
        };
        views.push(RegisterView { notification_type, subscription, problem: registered.err().map(Into::into) });
    }
    Ok(views)
}

async fn register_one(
    desk: &Desk,
    connection: &ConnectionView,
    notification_type: &str,
    id: &SubscriptionId,
) -> Result<(), Error> {
    let mut tx = desk.db().write().await?;
    create::plan(desk, &mut tx, connection, notification_type, id).await?;
    tx.commit().await?;
    create::create(desk, connection, id).await
}

/// Stores a secret somebody pasted.
pub(crate) async fn paste_secret(
    desk: &Desk,
    id: &SubscriptionId,
    text: SecretString,
) -> Result<SubscriptionView, Error> {
    let secret = pasted(&text)?;
    let found = row(&mut *desk.db().reader().acquire().await?, id).await?;
    let inlet = InletId::try_from(found.inlet_id.clone()).map_err(|_| Error::Stored("inlet id"))?;
    let keep = async { keep_secret(desk, desk.db().write().await?, &inlet, &secret).await };
    let fingerprint = secret.fingerprint().to_string();
    recorded(desk, AuditAction::SubscriptionSecret, &found.subject(), Some(fingerprint), keep).await?;
    let row = row(&mut *desk.db().reader().acquire().await?, id).await?;
    view(desk, row).await
}

fn pasted(text: &SecretString) -> Result<SigningSecret, Error> {
    SigningSecret::new(text.expose_secret().trim().to_owned()).ok_or_else(|| Error::input("secret"))
}

/// Takes over a subscription that was made in the provider's portal with the address of an inlet of ours: from then on it is
/// one of ours. What waited in quarantine for its secret is verified.
pub(crate) async fn adopt(desk: &Desk, input: AdoptInput) -> Result<SubscriptionView, Error> {
    let secret = pasted(&input.secret)?;
    let _turn = desk.subscriptions_turn().await?;
    let connection = connections::find(&mut *desk.db().reader().acquire().await?, input.connection.as_str()).await?;
    settle::settle(desk, &connection, None).await?;
    let mut reader = desk.db().reader().acquire().await?;
    let listed: Option<(String, String)> = sqlx::query_as(
        "SELECT notification_type, target FROM foreign_subscription WHERE connection_id = ? AND provider_uid = ?",
    )
    .bind(&connection.id)
    .bind(&input.provider_uid)
    .fetch_optional(&mut *reader)
    .await?;
    let (notification_type, target) = listed.ok_or(Error::Plain(Code::SubscriptionUnknown))?;
    let by_hand = by_hand(&mut reader).await?;
    drop(reader);
    let inlet = by_hand.into_iter().find(|inlet| inlet.address == target);
    let inlet = inlet.ok_or(Error::Plain(Code::SubscriptionElsewhere))?;
    let id = SubscriptionId::random()?;
    let keep = async {
        let mut tx = desk.db().write().await?;
        sqlx::query(
            "INSERT INTO subscription (id, connection_id, inlet_id, provider_uid, notification_type, target, state, secret, \
             created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(&id)
        .bind(&connection.id)
        .bind(inlet.id.as_str())
        .bind(&input.provider_uid)
        .bind(&notification_type)
        .bind(&target)
        .bind(SubscriptionState::Active)
        .bind(SecretState::Missing)
        .bind(desk.now().as_millisecond())
        .execute(&mut *tx)
        .await?;
        sqlx::query("DELETE FROM foreign_subscription WHERE connection_id = ? AND provider_uid = ?")
            .bind(&connection.id)
            .bind(&input.provider_uid)
            .execute(&mut *tx)
            .await?;
        keep_secret(desk, tx, &inlet.id, &secret).await
    };
    let subject = format!("{} · {notification_type}", connection.name);
    let fingerprint = secret.fingerprint().to_string();
    recorded(desk, AuditAction::SubscriptionAdopt, &subject, Some(fingerprint), keep).await?;
    let row = row(&mut *desk.db().reader().acquire().await?, &id).await?;
    view(desk, row).await
}

/// Asks the provider for a test event.
pub(crate) async fn test(desk: &Desk, id: &SubscriptionId) -> Result<(), Error> {
    let (row, connection) = with_connection(desk, id).await?;
    let ask = async {
        let uid = row.provider_uid.as_ref().ok_or(Error::Plain(Code::SubscriptionUnknown))?;
        connections::api(desk, &connection).await?.test(uid).await
    };
    recorded(desk, AuditAction::SubscriptionTest, &row.subject(), None, ask).await
}

/// Deletes one subscription of ours at the provider and retires its inlet. Its secret stays: the proof of what it
/// delivered is checked with it.
pub(crate) async fn remove(desk: &Desk, input: &RemoveInput) -> Result<(), Error> {
    let _turn = desk.subscriptions_turn().await?;
    let (row, connection) = with_connection(desk, &input.id).await?;
    if row.rotation_id.is_some() {
        return Err(Error::Plain(Code::RotationUnderWay));
    }
    connections::confirmed(&connection, input.confirm.as_deref())?;
    let delete = settle::delete(desk, &connection, &input.id);
    recorded(desk, AuditAction::SubscriptionRemove, &row.subject(), row.fingerprint.clone(), delete).await
}

/// Deletes one subscription that was made elsewhere, after the connection's name was typed.
pub(crate) async fn remove_foreign(desk: &Desk, input: &RemoveForeignInput) -> Result<(), Error> {
    let _turn = desk.subscriptions_turn().await?;
    let mut reader = desk.db().reader().acquire().await?;
    let connection = connections::find(&mut reader, input.connection.as_str()).await?;
    let listed: Option<String> = sqlx::query_scalar(
        "SELECT notification_type FROM foreign_subscription WHERE connection_id = ? AND provider_uid = ?",
    )
    .bind(&connection.id)
    .bind(&input.provider_uid)
    .fetch_optional(&mut *reader)
    .await?;
    drop(reader);
    let notification_type = listed.ok_or(Error::Plain(Code::SubscriptionUnknown))?;
    if input.confirm.trim() != connection.name {
        return Err(Error::Plain(Code::ConfirmationNeeded));
    }
    let subject = format!("{} · {notification_type}", connection.name);
    let delete = settle::delete_foreign(desk, &connection, &input.provider_uid);
    recorded(desk, AuditAction::ForeignRemove, &subject, Some(input.provider_uid.clone()), delete).await
}

async fn with_connection(desk: &Desk, id: &SubscriptionId) -> Result<(Row, ConnectionView), Error> {
    let mut reader = desk.db().reader().acquire().await?;
    let row = row(&mut reader, id).await?;
    let connection = connections::find(&mut reader, &row.connection_id).await?;
    Ok((row, connection))
}
