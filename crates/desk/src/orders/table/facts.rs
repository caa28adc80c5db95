//! Facts of orders in SQL: written as decoders made them, read for whole orders at a time.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use sqlx::SqliteConnection;

use crate::{
    error::Error,
    event::{fact::Fact, table::FactRow},
    id::{LaneUid, OrderUid, Realm},
    orders::{
        fact::OrderFact,
        fold::settle_finality,
        touched::{OrderKey, json},
        words::Rejections,
    },
    rows,
};

#[derive(sqlx::FromRow)]
pub(super) struct OrderFactRow {
    /// Where one order was asked for by a uid that may be another's.
    pub(super) order_uid: Option<String>,
    pub(super) realm: Realm,
    pub(super) lane_uid: Option<String>,
    parent_uid: Option<String>,
    rejections: Rejections,
    #[sqlx(flatten)]
    fact: FactRow,
}

impl OrderFactRow {
    pub(super) fn fact(self) -> Result<Fact<OrderFact>, Error> {
        let mut fact: Fact<OrderFact> = self.fact.fact()?;
        fact.data.lane = self.lane_uid.map(Into::into);
        fact.data.parent = self.parent_uid.map(Into::into);
        fact.data.updated_at = fact.place.updated_at;
        settle_finality(&mut fact.data, self.rejections);
        Ok(fact)
    }
}

macro_rules! facts {
    ($order:literal, $from:literal) => {
        concat!(
            "SELECT ",
            $order,
            " AS order_uid, f.realm, e.public_id, e.sender_id AS connection_id, e.event_type, e.at, f.updated_at, e.received_at, \
             e.last_receipt_at, e.receipts, e.trust, e.header_mismatch, f.data, f.lane_uid, f.parent_uid, c.rejections FROM ",
            $from,
            " CROSS JOIN event e ON e.id = f.event_id CROSS JOIN sender c ON c.id = e.sender_id"
        )
    };
}
pub(super) const FACTS_OF_LANES: &str =
    facts!("NULL", "json_each(?) k CROSS JOIN order_fact f ON f.realm = k.value ->> 0 AND f.lane_uid = k.value ->> 1");
/// What is said of orders as a whole.
pub(super) const FACTS_OF_ORDERS: &str = facts!(
    "NULL",
    "json_each(?) k CROSS JOIN order_fact f ON f.realm = k.value ->> 0 AND f.lane_uid IS NULL \
     AND f.parent_uid = k.value ->> 1"
);
/// The one order that a uid names.
macro_rules! named {
    () => {
        "WITH key (id, realm, uid) AS (SELECT id, realm, uid FROM (\
             SELECT 0 AS by_lane, id, realm, uid, updated_at FROM order_row WHERE uid = ?1 \
             UNION ALL \
             SELECT 1, o.id, o.realm, o.uid, o.updated_at FROM lane l \
             JOIN order_row o ON o.realm = l.realm AND o.uid = l.order_uid WHERE l.uid = ?1) \
         ORDER BY by_lane, updated_at DESC, realm LIMIT 1) "
    };
}
pub(super) const TIMELINE_OF_ONE: &str =
    concat!(named!(), "SELECT t.bytes, t.packed FROM key k CROSS JOIN order_timeline t ON t.id = k.id");
/// Both, in one question: this is what whoever opens an order waits for.
pub(super) const FACTS_OF_ONE: &str = concat!(
    named!(),
    facts!(
        "k.uid",
        "key k CROSS JOIN lane l ON l.realm = k.realm AND l.order_uid = k.uid \
         CROSS JOIN order_fact f ON f.realm = l.realm AND f.lane_uid = l.uid"
    ),
    " UNION ALL ",
    facts!(
        "k.uid",
        "key k CROSS JOIN order_fact f ON f.realm = k.realm AND f.lane_uid IS NULL AND f.parent_uid = k.uid"
    ),
);

async fn facts(
    connection: &mut SqliteConnection,
    query: &'static str,
    keys: &impl serde::Serialize,
) -> Result<Vec<OrderFactRow>, Error> {
    Ok(sqlx::query_as(query).bind(json(keys)?).fetch_all(connection).await?)
}

async fn lanes_of(
    connection: &mut SqliteConnection,
    orders: &[OrderKey],
) -> Result<Vec<(Realm, LaneUid, OrderUid)>, Error> {
    Ok(sqlx::query_as(
        "SELECT l.realm, l.uid, l.order_uid FROM json_each(?) k \
         CROSS JOIN lane l ON l.realm = k.value ->> 0 AND l.order_uid = k.value ->> 1",
    )
    .bind(json(&orders)?)
    .fetch_all(connection)
    .await?)
}

/// Every fact of these orders, read but not yet parsed.
pub(super) async fn gathered(
    connection: &mut SqliteConnection,
    orders: &[OrderKey],
) -> Result<Vec<(OrderKey, Vec<OrderFactRow>)>, Error> {
    let mut gathered: BTreeMap<OrderKey, Vec<OrderFactRow>> =
        orders.iter().map(|order| (order.clone(), Vec::new())).collect();
    let mut order_of: HashMap<(Realm, String), OrderUid> = HashMap::new();
    for (realm, lane, order) in lanes_of(connection, orders).await? {
        order_of.insert((realm, lane.as_str().to_owned()), order);
    }
    let lanes: Vec<_> = order_of.keys().collect();
    let of_lanes = facts(connection, FACTS_OF_LANES, &lanes).await?;
    for row in of_lanes.into_iter().chain(facts(connection, FACTS_OF_ORDERS, &orders).await?) {
        let order = match &row.lane_uid {
            Some(lane) => order_of.get(&(row.realm.clone(), lane.clone())).cloned(),
            None => row.parent_uid.clone().map(Into::into),
        };
        if let Some(facts) = order.and_then(|order| gathered.get_mut(&(row.realm.clone(), order))) {
            facts.push(row);
        }
    }
    Ok(gathered.into_iter().collect())
}

/// Writes what events say about orders.
pub(crate) async fn insert_facts(
    connection: &mut SqliteConnection,
    facts: &[(i64, &Realm, &OrderFact)],
) -> Result<(), Error> {
    let mut packed = Vec::with_capacity(facts.len());
    for (event, realm, fact) in facts {
        packed.push((*event, *realm, *fact, json(fact)?));
    }
    rows::insert(
        connection,
        "INSERT INTO order_fact (event_id, realm, lane_uid, parent_uid, updated_at, name, data) ",
        &packed,
        "",
        |row, (event, realm, fact, data)| {
            row.push_bind(*event)
                .push_bind(*realm)
                .push_bind(&fact.lane)
                .push_bind(&fact.parent)
                .push_bind(fact.updated_at.map(Timestamp::as_millisecond))
                .push_bind(&fact.name)
                .push_bind(data);
        },
    )
    .await?;
    let handovers: Vec<_> = facts
        .iter()
        .flat_map(|(event, realm, fact)| fact.successors.iter().map(move |successor| (*event, *realm, successor)))
        .collect();
    rows::insert(
        connection,
        "INSERT OR IGNORE INTO order_handover (event_id, realm, successor) ",
        &handovers,
        "",
        |row, (event, realm, successor)| {
            row.push_bind(*event).push_bind(*realm).push_bind(*successor);
        },
    )
    .await?;
    Ok(())
}
