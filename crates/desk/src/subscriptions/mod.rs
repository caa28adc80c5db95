//! Subscriptions: registered at the provider, watched by listing, removed one by one.
//!
//! Each has an inlet of its own, because no header of a delivery names the subscription. What we intend is written down
//! before the provider hears of it; a create or delete whose answer was lost is settled by listing, never sent again.
//! The secret is in the keychain before anything else happens.

pub mod view;

use std::collections::HashMap;

use offizin_wire::{InletId, InletToken, SigningSecret};
use secrecy::{ExposeSecret, SecretString};
use sqlx::SqliteConnection;
use url::Url;

use crate::{
    connections::{self, view::ConnectionView},
    db::Tx,
    desk::Desk,
    error::Error,
    id::{ConnectionId, SubscriptionId},
    intake::{
        inlets::{self, Source, secret_name},
        journal,
    },
    pairing,
    problem::Code,
    rxscale::{self, api::Listed},
    time,
};
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
        if let Err(error) = settle(desk, connection, None).await {
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

/// How long a create may be on its way before a listing that lacks it proves that it never happened.
const ON_ITS_WAY_MS: i64 = 60_000;

/// Lists at the provider and brings our picture in line with it. `ended` is a subscription whose request is known to have
/// ended: for it the listing is proof at once.
async fn settle(desk: &Desk, connection: &ConnectionView, ended: Option<&SubscriptionId>) -> Result<(), Error> {
    let listed = connections::api(desk, connection).await?.list().await?;
    let now = desk.now();
    let mut tx = desk.db().write().await?;
    // Removed ones too: a create that was slower than our patience may still appear.
    let ours: Vec<Row> = sqlx::query_as(sqlx::AssertSqlSafe(format!("{ALL_ROWS} WHERE s.connection_id = ?")))
        .bind(&connection.id)
        .fetch_all(&mut *tx)
        .await?;
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
            (_, true) if row.secret == SecretState::Missing => SubscriptionState::Orphaned,
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
    retire_due(desk).await
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
    // The secret is shown once: a keyring that cannot keep it must be found out before it is asked for.
    desk.keychain().store("probe", &"probe".to_owned().into()).await?;
    let api = connections::api(desk, connection).await?;
    let (relay, relay_row) = pairing::client(desk).await?;
    let inlet = InletId::random().map_err(|_| Error::Entropy)?;
    let token = InletToken::random().map_err(|_| Error::Entropy)?;
    let public: Url = relay_row.url.parse().map_err(|_| Error::Stored("relay address"))?;
    let target = token.address(&public).ok_or(Error::Stored("relay address"))?;

    let mut tx = desk.db().write().await?;
    inlets::insert(&mut tx, &inlet, &token, Source::Rxscale, &connection.id, notification_type, desk.now()).await?;
    sqlx::query(
        "INSERT INTO subscription (id, connection_id, inlet_id, notification_type, target, state, secret, created_at) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(id)
    .bind(&connection.id)
    .bind(inlet.as_str())
    .bind(notification_type)
    .bind(target.as_str())
    .bind(SubscriptionState::Planned)
    .bind(SecretState::Missing)
    .bind(desk.now().as_millisecond())
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;

    if let Err(error) = relay.create_inlet(&inlet, token.hash()).await {
        set_state(desk, id, SubscriptionState::Removed).await?;
        retire_due(desk).await?;
        return Err(error);
    }
    set_state(desk, id, SubscriptionState::Unsettled).await?;
    let created = match api.create(notification_type, &target).await {
        Ok(created) => created,
        Err(error) if error.code() == Code::ProviderAmbiguous => {
            // The listing tells whether it exists. If it does, its secret went by unseen.
            settle(desk, connection, Some(id)).await?;
            return Err(error);
        }
        Err(error) => {
            set_state(desk, id, SubscriptionState::Removed).await?;
            retire_due(desk).await?;
            return Err(error);
        }
    };
    match created.secret {
        Some(secret) => {
            let mut tx = desk.db().write().await?;
            sqlx::query("UPDATE subscription SET provider_uid = ? WHERE id = ?")
                .bind(&created.uid)
                .bind(id)
                .execute(&mut *tx)
                .await?;
            keep_secret(desk, tx, &inlet, &secret).await
        }
        None => {
            let mut tx = desk.db().write().await?;
            sqlx::query("UPDATE subscription SET state = ?, secret = ?, provider_uid = ? WHERE id = ?")
                .bind(SubscriptionState::Active)
                .bind(SecretState::NotIssued)
                .bind(&created.uid)
                .bind(id)
                .execute(&mut *tx)
                .await?;
            tx.commit().await?;
            Ok(())
        }
    }
}

/// The keychain first, then the database, in the caller's transaction; then everything that waited in quarantine for this
/// secret is judged again.
pub(crate) async fn keep_secret(desk: &Desk, mut tx: Tx, inlet: &InletId, secret: &SigningSecret) -> Result<(), Error> {
    let fingerprint = secret.fingerprint();
    desk.keychain().store(&secret_name(fingerprint.as_str()), &secret.expose().to_owned().into()).await?;
    desk.secrets().forget_missing().await;
    let now = desk.now();
    inlets::insert_key(&mut tx, inlet.as_str(), secret, now).await?;
    sqlx::query(
        "UPDATE subscription SET state = ?, secret = ?, fingerprint = ? WHERE inlet_id = ? AND state <> 'removed'",
    )
    .bind(SubscriptionState::Active)
    .bind(SecretState::Stored)
    .bind(fingerprint.as_str())
    .bind(inlet.as_str())
    .execute(&mut *tx)
    .await?;
    let inlets = inlets::load(&mut tx, desk.keychain(), desk.secrets(), now).await?;
    let mut tally = journal::Tally::default();
    journal::release(&mut tx, &inlets, inlet, &mut tally).await?;
    tally.touched.refold(&mut tx).await?;
    journal::count(&mut tx, &tally).await?;
    tx.commit().await?;
    Ok(())
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
    let (found, connection) = with_connection(desk, id).await?;
    let api = connections::api(desk, &connection).await?;
    let before = found.state;
    if let Some(uid) = &found.provider_uid {
        set_state(desk, id, SubscriptionState::Removing).await?;
        match api.delete(uid).await {
            Ok(()) => {}
            // Gone already, or not ours to see: the listing tells.
            Err(error) if matches!(error.code(), Code::ProviderAmbiguous | Code::ProviderNotFound) => {}
            Err(error) => {
                set_state(desk, id, before).await?;
                return Err(error);
            }
        }
    }
    settle(desk, &connection, Some(id)).await?;
    match row(&mut *desk.db().reader().acquire().await?, id).await {
        Err(error) if error.code() == Code::SubscriptionUnknown => Ok(()),
        Err(error) => Err(error),
        // Nothing was ever there, or it vanished earlier: nothing is left to delete.
        Ok(row) if matches!(row.state, SubscriptionState::Planned | SubscriptionState::Vanished) => {
            set_state(desk, id, SubscriptionState::Removed).await?;
            retire_due(desk).await
        }
        Ok(_) => Err(Error::Plain(Code::ProviderAmbiguous)),
    }
}

async fn with_connection(desk: &Desk, id: &SubscriptionId) -> Result<(Row, ConnectionView), Error> {
    let mut reader = desk.db().reader().acquire().await?;
    let row = row(&mut reader, id).await?;
    let connection = connections::find(&mut reader, &row.connection_id).await?;
    Ok((row, connection))
}

async fn set_state(desk: &Desk, id: &SubscriptionId, state: SubscriptionState) -> Result<(), Error> {
    let mut tx = desk.db().write().await?;
    sqlx::query("UPDATE subscription SET state = ? WHERE id = ?").bind(state).bind(id).execute(&mut *tx).await?;
    tx.commit().await?;
    Ok(())
}

/// Retires the inlets of removed subscriptions, here and at the relay: they answer 410 from then on. A relay that cannot be
/// reached just now is asked again the next time; an address too many does no harm.
async fn retire_due(desk: &Desk) -> Result<(), Error> {
    let due: Vec<String> = sqlx::query_scalar(
        "SELECT i.id FROM inlet i JOIN subscription s ON s.inlet_id = i.id WHERE i.retired_at IS NULL AND s.state = 'removed'",
    )
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
