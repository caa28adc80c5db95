//! What is shown of subscriptions: ours with their health and rotations, and what the providers list beside them.

use std::collections::HashMap;

use offizin_wire::{InletId, InletToken};
use sqlx::SqliteConnection;
use url::Url;

use super::{
    health,
    rows::{Row, due_before, rows, shown_target},
    settle,
    view::{
        ConnectionProblemView, HealthView, NotificationTypeView, SecretState, SubscriptionListView, SubscriptionState,
        SubscriptionView,
    },
};
use crate::{
    connections::{self, view::ConnectionView},
    error::Error,
    ground::Ground,
    id::ConnectionId,
    pairing, rotation, rxscale,
    store::Stored,
};

/// The documented event types of a connection's provider.
pub(crate) fn types() -> Vec<NotificationTypeView> {
    let view = |&(name, recommended, interpreted): &(&str, bool, bool)| NotificationTypeView {
        name: name.to_owned(),
        recommended,
        interpreted,
    };
    rxscale::TYPES.iter().map(view).collect()
}

/// One subscription with its health.
pub(super) async fn view(ground: &Ground, row: Row) -> Result<SubscriptionView, Error> {
    let mut reader = ground.reader().await?;
    let health = health::of(&mut reader, &row.inlet_id, row.silent_since, row.expected, ground.now()).await?;
    let due_before = due_before(&mut reader, ground.now()).await?;
    row.view(health, due_before)
}

/// Our subscriptions and the provider's. With `refresh`, every connection is asked first; one that cannot be asked is
/// reported beside its last known rows.
pub(crate) async fn list(
    ground: &Ground,
    of: Option<&ConnectionId>,
    refresh: bool,
) -> Result<SubscriptionListView, Error> {
    let _turn = if refresh { Some(ground.turn().await?) } else { None };
    let mut problems = Vec::new();
    let connections = connections::list(&mut *ground.reader().await?).await?;
    let asked = connections.iter().filter(|connection| of.is_none_or(|id| *id == connection.id));
    for connection in asked.filter(|_| refresh) {
        if let Err(error) = settle::settle(ground, connection, None).await {
            problems.push(ConnectionProblemView { connection: connection.id.clone(), problem: error.into() });
        }
    }
    let now = ground.now();
    let mut reader = ground.reader().await?;
    let due_before = due_before(&mut reader, now).await?;
    let mut views = Vec::new();
    for row in rows(&mut reader, of).await? {
        let health = health::of(&mut reader, &row.inlet_id, row.silent_since, row.expected, now).await?;
        views.push(row.view(health, due_before)?);
    }
    let due = views.iter().filter(|view| view.rotation_due).count();
    views.extend(foreign(&mut reader, &connections, of).await?);
    views.sort_by(|a, b| (&a.connection_name, &a.notification_type).cmp(&(&b.connection_name, &b.notification_type)));
    let rotations = rotation::rows::recent(&mut reader, of, now).await?;
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
pub(super) struct ByHand {
    pub(super) id: InletId,
    label: String,
    pub(super) address: String,
}

pub(super) async fn by_hand(connection: &mut SqliteConnection) -> Result<Vec<ByHand>, Error> {
    let Some(relay) = pairing::row(&mut *connection).await? else { return Ok(Vec::new()) };
    let public = relay.url.parse::<Url>().stored("relay address")?;
    let rows: Vec<(String, String, String)> = sqlx::query_as(
        "SELECT i.id, i.token, i.label FROM inlet i WHERE i.retired_at IS NULL AND i.source = ? \
         AND NOT EXISTS (SELECT 1 FROM subscription s WHERE s.inlet_id = i.id)",
    )
    .bind(rxscale::SOURCE)
    .fetch_all(connection)
    .await?;
    rows.into_iter()
        .map(|(id, token, label)| {
            let address = InletToken::parse(&token).and_then(|token| token.address(&public));
            let address = address.stored("inlet token")?.into();
            Ok(ByHand { id: InletId::try_from(id).stored("inlet id")?, label, address })
        })
        .collect()
}
