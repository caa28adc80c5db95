//! Orders in SQL: facts in, rows out. The rows are what the fold said; nothing is decided here. [`super::list`] reads them.

mod facets;
mod facts;
pub(super) mod keys;
mod rows;

use sqlx::SqliteConnection;

use super::{
    fact::OrderFact,
    fold::Order,
    lanes,
    stored::StoredTimeline,
    touched::{AT_ONCE, OrderKey, Touched},
};
use crate::{
    error::Error,
    id::{ConnectionId, LaneUid, OrderUid, Realm},
    pack,
    refusal::Refusal,
    rows::spread,
    store::Stored,
};
use facets::Facets;
pub(crate) use facts::insert_facts;
use facts::{FACTS_OF_ONE, OrderFactRow, TIMELINE_OF_ONE, gathered};
use rows::{Shown, write_rows};

/// Folds what was touched again.
pub(crate) async fn refold(connection: &mut SqliteConnection, touched: &Touched) -> Result<(), Error> {
    let orders: Vec<_> = lanes::place(connection, touched).await?.into_iter().collect();
    let mut facets = Facets::read(connection).await?;
    let fold = |gathered| {
        spread(gathered, |(key, facts): (OrderKey, Vec<OrderFactRow>)| {
            let facts: Result<Vec<_>, Error> = facts.into_iter().map(OrderFactRow::fact).collect();
            let shown = match Order::new(key.1.clone(), facts?) {
                Some(order) => Shown::of(&order)?,
                None => None,
            };
            Ok::<_, Error>((key, shown))
        })
    };
    let mut chunks = orders.chunks(AT_ONCE);
    let mut folding = fold(gathered(connection, chunks.next().unwrap_or_default()).await?);
    loop {
        // While some are folded, the next are read; while those are, the first are written.
        let chunk = chunks.next();
        let next = gathered(connection, chunk.unwrap_or_default()).await?;
        let folded = folding.await?.into_iter().collect::<Result<Vec<_>, _>>()?;
        folding = fold(next);
        write_rows(connection, folded, &mut facets).await?;
        if chunk.is_none() {
            break;
        }
    }
    facets.count(connection).await
}

/// What has to be folded again when a setting changes what the facts of a connection mean.
pub(crate) async fn touched_by(connection: &mut SqliteConnection, id: &ConnectionId) -> Result<Touched, Error> {
    let rows: Vec<(Realm, Option<LaneUid>, Option<OrderUid>)> = sqlx::query_as(
        "SELECT DISTINCT f.realm, f.lane_uid, f.parent_uid FROM order_fact f JOIN event e ON e.id = f.event_id \
         WHERE e.sender_id = ?",
    )
    .bind(id)
    .fetch_all(connection)
    .await?;
    let mut touched = Touched::default();
    for (realm, lane, parent) in rows {
        touched.add(&realm, &OrderFact { lane, parent, ..OrderFact::default() });
    }
    Ok(touched)
}

/// The order of this uid, else the one that owns the lane of this uid: at some providers ids are unique per kind only. The one
/// that changed last where several realms have it.
pub(crate) async fn find(connection: &mut SqliteConnection, uid: &OrderUid) -> Result<Order, Error> {
    Ok(find_in(connection, uid).await?.1)
}

/// The same, and the realm it was found in.
pub(super) async fn find_in(connection: &mut SqliteConnection, uid: &OrderUid) -> Result<(Realm, Order), Error> {
    let rows: Vec<OrderFactRow> = sqlx::query_as(FACTS_OF_ONE).bind(uid).fetch_all(connection).await?;
    let first = rows.first().ok_or(Refusal::OrderUnknown)?;
    let (realm, key) = (first.realm.clone(), first.order_uid.clone().ok_or(Refusal::OrderUnknown)?);
    let facts = rows.into_iter().map(OrderFactRow::fact).collect::<Result<Vec<_>, _>>()?;
    let order = Order::new(key.into(), facts).ok_or(Refusal::OrderUnknown)?;
    Ok((realm, order))
}

/// The timeline of the order that [`find`] finds, as the fold left it.
pub(crate) async fn timeline(connection: &mut SqliteConnection, uid: &OrderUid) -> Result<StoredTimeline, Error> {
    let stored: Option<(i64, Vec<u8>)> = sqlx::query_as(TIMELINE_OF_ONE).bind(uid).fetch_optional(connection).await?;
    let (bytes, packed) = stored.ok_or(Refusal::OrderUnknown)?;
    let json = pack::unpack(&packed, bytes).stored("timeline")?;
    Ok(serde_json::from_slice(&json).stored("timeline")?)
}

/// Throws everything away that the fold made.
pub(crate) async fn clear(connection: &mut SqliteConnection) -> Result<(), Error> {
    for clear in [
        "DELETE FROM order_handover",
        "DELETE FROM order_fact",
        "DELETE FROM lane",
        "DELETE FROM order_row",
        "DELETE FROM order_timeline",
        "DELETE FROM order_facet",
        "DELETE FROM facet",
        "INSERT INTO order_search (order_search) VALUES ('delete-all')",
    ] {
        sqlx::query(clear).execute(&mut *connection).await?;
    }
    Ok(())
}
