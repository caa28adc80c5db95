//! Which order each lane belongs to: the one its greatest fact names; else the one of the lane that handed over to it, or the
//! one that handover names; else it stands alone. A function of the facts, whatever came first. It folds nothing.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::SqliteConnection;

use super::touched::{AT_ONCE, LaneKey, OrderKey, Touched, json};
use crate::{
    error::Error,
    id::{LaneUid, OrderUid, Realm},
    rows,
};

/// Facts come as [`Place`](crate::event::fact::Place) orders them: the last that says something is the greatest.
macro_rules! said {
    ($what:literal, $of:literal) => {
        concat!(
            "SELECT ",
            $what,
            " FROM json_each(?) k CROSS JOIN ",
            $of,
            " CROSS JOIN event e ON e.id = f.event_id \
             ORDER BY coalesce(e.at, e.received_at), f.updated_at, e.received_at, e.public_id"
        )
    };
}

/// Places the touched lanes and those they hand over to. Back come the orders that gain or lose a lane, have one as before, or
/// were touched themselves.
pub(super) async fn place(connection: &mut SqliteConnection, touched: &Touched) -> Result<BTreeSet<OrderKey>, Error> {
    let mut orders = touched.orders.clone();
    let lanes: Vec<_> = with_successors(connection, touched).await?.into_iter().collect();
    for some in lanes.chunks(AT_ONCE) {
        let before = owners_before(connection, some).await?;
        let owners = owners(connection, some).await?;
        let mut moved = Vec::new();
        for (lane, owner) in &owners {
            let before = before.get(lane);
            orders.insert((lane.0.clone(), owner.clone()));
            orders.extend(before.map(|before| (lane.0.clone(), before.clone())));
            if before != Some(owner) {
                moved.push((lane, owner));
            }
        }
        let keep = " ON CONFLICT (realm, uid) DO UPDATE SET order_uid = excluded.order_uid";
        rows::insert(connection, "INSERT INTO lane (realm, uid, order_uid) ", &moved, keep, |row, (lane, owner)| {
            row.push_bind(&lane.0).push_bind(&lane.1).push_bind(*owner);
        })
        .await?;
    }
    Ok(orders)
}

/// Whom a lane hands over to goes where it goes, and so on.
async fn with_successors(connection: &mut SqliteConnection, touched: &Touched) -> Result<BTreeSet<LaneKey>, Error> {
    const OF_LANES: &str = "SELECT h.realm, h.successor FROM json_each(?) k \
         CROSS JOIN order_fact f ON f.realm = k.value ->> 0 AND f.lane_uid = k.value ->> 1 \
         CROSS JOIN order_handover h ON h.event_id = f.event_id";
    const OF_ORDERS: &str = "SELECT h.realm, h.successor FROM json_each(?) k \
         CROSS JOIN order_fact f ON f.realm = k.value ->> 0 AND f.lane_uid IS NULL AND f.parent_uid = k.value ->> 1 \
         CROSS JOIN order_handover h ON h.event_id = f.event_id";
    let mut seen = touched.lanes.clone();
    let mut new: Vec<LaneKey> = seen.iter().cloned().collect();
    let orders: Vec<_> = touched.orders.iter().collect();
    for some in orders.chunks(AT_ONCE) {
        let successors: Vec<LaneKey> = sqlx::query_as(OF_ORDERS).bind(json(&some)?).fetch_all(&mut *connection).await?;
        new.extend(successors.into_iter().filter(|lane| seen.insert(lane.clone())));
    }
    while !new.is_empty() {
        let mut next = Vec::new();
        for some in new.chunks(AT_ONCE) {
            let successors: Vec<LaneKey> =
                sqlx::query_as(OF_LANES).bind(json(&some)?).fetch_all(&mut *connection).await?;
            next.extend(successors.into_iter().filter(|lane| seen.insert(lane.clone())));
        }
        new = next;
    }
    Ok(seen)
}

async fn owners_before(
    connection: &mut SqliteConnection,
    lanes: &[LaneKey],
) -> Result<BTreeMap<LaneKey, OrderUid>, Error> {
    let rows: Vec<(Realm, LaneUid, OrderUid)> = sqlx::query_as(
        "SELECT l.realm, l.uid, l.order_uid FROM json_each(?) k \
         CROSS JOIN lane l ON l.realm = k.value ->> 0 AND l.uid = k.value ->> 1",
    )
    .bind(json(&lanes)?)
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|(realm, lane, order)| ((realm, lane), order)).collect())
}

async fn owners(connection: &mut SqliteConnection, lanes: &[LaneKey]) -> Result<BTreeMap<LaneKey, OrderUid>, Error> {
    let mut owners = BTreeMap::new();
    // A lane, and the one that is asked in its place: itself, then who handed over to it, then who handed over to that.
    let mut open: Vec<(LaneKey, LaneKey)> = lanes.iter().map(|lane| (lane.clone(), lane.clone())).collect();
    let mut seen: BTreeSet<_> = open.iter().cloned().collect();
    while !open.is_empty() {
        let asked: BTreeSet<&LaneKey> = open.iter().map(|(_, asked)| asked).collect();
        let named = named(connection, &asked).await?;
        let unnamed: BTreeSet<_> = asked.into_iter().filter(|lane| !named.contains_key(lane)).collect();
        let handovers = handovers(connection, &unnamed).await?;
        for (lane, asked) in std::mem::take(&mut open) {
            let handover = handovers.get(&asked);
            let parent = named.get(&asked).or_else(|| handover?.parent.as_ref());
            let before = handover.and_then(|handover| Some((asked.0.clone(), handover.lane.clone()?)));
            match (parent, before) {
                (Some(parent), _) => _ = owners.insert(lane, parent.clone()),
                (None, Some(before)) if seen.insert((lane.clone(), before.clone())) => open.push((lane, before)),
                (None, _) => _ = owners.insert(lane, OrderUid::from(asked.1.as_str())),
            }
        }
    }
    Ok(owners)
}

/// The orders that lanes name themselves.
async fn named(
    connection: &mut SqliteConnection,
    lanes: &BTreeSet<&LaneKey>,
) -> Result<BTreeMap<LaneKey, OrderUid>, Error> {
    /// Nearly every lane names one order and no other: that is in the index, and no fact has to be read.
    const AGREED: &str = "SELECT k.value ->> 0, k.value ->> 1, min(f.parent_uid), min(f.parent_uid) <> max(f.parent_uid) \
         FROM json_each(?) k CROSS JOIN order_fact f INDEXED BY order_fact_lane \
         ON f.realm = k.value ->> 0 AND f.lane_uid = k.value ->> 1 AND f.parent_uid IS NOT NULL GROUP BY k.key";
    const NAMED: &str = said!(
        "f.realm, f.lane_uid, f.parent_uid",
        "order_fact f ON f.realm = k.value ->> 0 AND f.lane_uid = k.value ->> 1 AND f.parent_uid IS NOT NULL"
    );
    let rows: Vec<(Realm, LaneUid, OrderUid, bool)> =
        sqlx::query_as(AGREED).bind(json(lanes)?).fetch_all(&mut *connection).await?;
    let (mut named, mut torn) = (BTreeMap::new(), BTreeSet::new());
    for (realm, lane, parent, is_torn) in rows {
        let key = (realm, lane);
        if is_torn {
            torn.insert(key);
        } else {
            named.insert(key, parent);
        }
    }
    if !torn.is_empty() {
        let rows: Vec<(Realm, LaneUid, OrderUid)> =
            sqlx::query_as(NAMED).bind(json(&torn)?).fetch_all(connection).await?;
        named.extend(rows.into_iter().map(|(realm, lane, parent)| ((realm, lane), parent)));
    }
    Ok(named)
}

#[derive(Default)]
struct Handover {
    lane: Option<LaneUid>,
    parent: Option<OrderUid>,
}

/// What is said by those that hand over to these lanes.
async fn handovers(
    connection: &mut SqliteConnection,
    lanes: &BTreeSet<&LaneKey>,
) -> Result<BTreeMap<LaneKey, Handover>, Error> {
    const HANDOVERS: &str = said!(
        "h.realm, h.successor, f.lane_uid, f.parent_uid",
        "order_handover h ON h.realm = k.value ->> 0 AND h.successor = k.value ->> 1 \
         CROSS JOIN order_fact f ON f.event_id = h.event_id"
    );
    let rows: Vec<(Realm, LaneUid, Option<LaneUid>, Option<OrderUid>)> =
        sqlx::query_as(HANDOVERS).bind(json(lanes)?).fetch_all(connection).await?;
    let mut handovers: BTreeMap<LaneKey, Handover> = BTreeMap::new();
    for (realm, successor, lane, parent) in rows {
        let handover = handovers.entry((realm, successor)).or_default();
        handover.lane = lane.or(handover.lane.take());
        handover.parent = parent.or(handover.parent.take());
    }
    Ok(handovers)
}
