//! Subscriptions: registered at the provider, watched by listing, removed one by one.
//!
//! Each has an inlet of its own, because no header of a delivery names the subscription. What we intend is written down
//! before the provider hears of it; a create or delete whose answer was lost is settled by listing, never sent again.
//! The secret is in the keychain before anything else happens.

mod create;
mod settle;
pub mod view;

use std::collections::HashMap;

use offizin_wire::{InletId, SigningSecret};
use secrecy::{ExposeSecret, SecretString};
use sqlx::SqliteConnection;

use crate::{
    connections::{self, view::ConnectionView},
    desk::Desk,
    error::Error,
    id::{ConnectionId, SubscriptionId},
    problem::Code,
    rxscale, time,
};
pub(crate) use create::keep_secret;
pub(crate) use settle::retire;
use view::{
    ConnectionProblemView, NotificationTypeView, RegisterInput, RegisterView, SecretState, SubscriptionListView,
    SubscriptionState, SubscriptionView,
};

#[derive(Clone, sqlx::FromRow)]
struct Row {
    id: String,
    connection_id: String,
    connection_name: String,
    inlet_id: String,
    provider_uid: Option<String>,
    notification_type: String,
    target: String,
    state: SubscriptionState,
    secret: SecretState,
    fingerprint: Option<String>,
    created_at: i64,
    last_verified_at: Option<i64>,
    verified: i64,
    rejected: i64,
}

const ALL_ROWS: &str = "SELECT s.id, s.connection_id, c.name AS connection_name, s.inlet_id, s.provider_uid, \
     s.notification_type, s.target, s.state, s.secret, s.fingerprint, s.created_at, i.last_verified_at, i.verified, i.rejected \
     FROM subscription s JOIN connection c ON c.id = s.connection_id JOIN inlet i ON i.id = s.inlet_id";

impl Row {
    fn view(self) -> Result<SubscriptionView, Error> {
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
        })
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

async fn row(connection: &mut SqliteConnection, id: &SubscriptionId) -> Result<Row, Error> {
    let mut query = sqlx::QueryBuilder::<sqlx::Sqlite>::new(ALL_ROWS);
    query.push(" WHERE s.state <> 'removed'");
    query.push(" AND s.id = ").push_bind(id);
    if let Some(row) = query.build_query_as().fetch_optional(&mut *connection).await? {
        return Ok(row);
    }
    let foreign: i64 = sqlx::query_scalar("SELECT count(*) FROM foreign_subscription WHERE provider_uid = ?")
        .bind(id)
        .fetch_one(connection)
        .await?;
    Err(Error::Plain(if foreign > 0 { Code::SubscriptionForeign } else { Code::SubscriptionUnknown }))
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
    let _turn = if refresh { Some(desk.subscriptions_turn().await) } else { None };
    let mut problems = Vec::new();
    let connections = connections::list(&mut *desk.db().reader().acquire().await?).await?;
    let asked = connections.iter().filter(|connection| of.is_none_or(|id| *id == connection.id));
    for connection in asked.filter(|_| refresh) {
        if let Err(error) = settle::settle(desk, connection, None).await {
            problems.push(ConnectionProblemView { connection: connection.id.clone(), problem: error.into() });
        }
    }
    let mut reader = desk.db().reader().acquire().await?;
    let mut views: Vec<SubscriptionView> =
        rows(&mut reader, of).await?.into_iter().map(Row::view).collect::<Result<_, _>>()?;
    let foreign: Vec<(String, String, String, String)> = sqlx::query_as(
        "SELECT connection_id, provider_uid, notification_type, target FROM foreign_subscription ORDER BY notification_type, provider_uid",
    )
    .fetch_all(&mut *reader)
    .await?;
    let names: HashMap<&str, &str> = connections.iter().map(|c| (c.id.as_str(), c.name.as_str())).collect();
    for (connection, uid, notification_type, target) in foreign {
        let Some(name) = names.get(connection.as_str()).filter(|_| of.is_none_or(|id| id.as_str() == connection))
        else {
            continue;
        };
        views.push(SubscriptionView {
            id: uid.as_str().into(),
            connection_name: (*name).to_owned(),
            connection: connection.into(),
            provider_uid: Some(uid),
            notification_type,
            target,
            state: SubscriptionState::Foreign,
            secret: SecretState::Missing,
            fingerprint: None,
            created_at: None,
            last_verified_at: None,
            verified: 0,
            rejected: 0,
        });
    }
    views.sort_by(|a, b| (&a.connection_name, &a.notification_type).cmp(&(&b.connection_name, &b.notification_type)));
    Ok(SubscriptionListView { rows: views, problems })
}

/// Registers one subscription per type. Each stands alone: one that fails leaves the others and nothing half-made.
pub(crate) async fn register(desk: &Desk, input: RegisterInput) -> Result<Vec<RegisterView>, Error> {
    let _turn = desk.subscriptions_turn().await;
    let connection = connections::find(&mut *desk.db().reader().acquire().await?, input.connection.as_str()).await?;
    if input.types.is_empty() || input.types.iter().any(|name| name.trim().is_empty()) {
        return Err(Error::input("types"));
    }
    let mut views = Vec::with_capacity(input.types.len());
    for notification_type in input.types {
        let id = SubscriptionId::random()?;
        let problem = register_one(desk, &connection, notification_type.trim(), &id).await.err().map(Into::into);
        let row = row(&mut *desk.db().reader().acquire().await?, &id).await.ok();
        views.push(RegisterView { notification_type, subscription: row.map(Row::view).transpose()?, problem });
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
    let secret = SigningSecret::new(text.expose_secret().trim().to_owned()).ok_or_else(|| Error::input("secret"))?;
    let found = row(&mut *desk.db().reader().acquire().await?, id).await?;
    let inlet = InletId::try_from(found.inlet_id).map_err(|_| Error::Stored("inlet id"))?;
    keep_secret(desk, desk.db().write().await?, &inlet, &secret).await?;
    row(&mut *desk.db().reader().acquire().await?, id).await?.view()
}

/// Asks the provider for a test event.
pub(crate) async fn test(desk: &Desk, id: &SubscriptionId) -> Result<(), Error> {
    let (row, connection) = with_connection(desk, id).await?;
    let uid = row.provider_uid.ok_or(Error::Plain(Code::SubscriptionUnknown))?;
    connections::api(desk, &connection).await?.test(&uid).await
}

/// Deletes one subscription of ours at the provider and retires its inlet. Its secret stays: the proof of what it
/// delivered is checked with it.
pub(crate) async fn remove(desk: &Desk, id: &SubscriptionId) -> Result<(), Error> {
    let _turn = desk.subscriptions_turn().await;
    let (row, connection) = with_connection(desk, id).await?;
    settle::delete(desk, &connection, row).await
}

async fn with_connection(desk: &Desk, id: &SubscriptionId) -> Result<(Row, ConnectionView), Error> {
    let mut reader = desk.db().reader().acquire().await?;
    let row = row(&mut reader, id).await?;
    let connection = connections::find(&mut reader, &row.connection_id).await?;
    Ok((row, connection))
}
