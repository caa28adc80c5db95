//! Orders in SQL: facts in, rows out. The rows are what the fold said; nothing is decided here.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sqlx::{QueryBuilder, Sqlite, SqliteConnection};
use ts_rs::TS;

use super::{
    fact::OrderFact,
    fold::Order,
    view::{Finality, OrderListInput, OrderRowView},
};
use crate::{
    error::Error,
    event::{Fact, fold_word, table::FactRow},
    id::{ConnectionId, LaneUid, OrderUid},
    page::{self, Page},
    problem::Code,
};

/// One world of uids: provider and host.
pub(crate) type Realm = String;

/// What a sender's silence on the finality of a rejection means: a setting of its connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(rename_all = "snake_case")]
pub enum Rejections {
    /// It tells final rejections only.
    FinalOnly,
    /// It tells each rejection, up to the final one.
    Each,
    /// Nobody knows: the order stays open.
    #[default]
    NotSure,
}

#[derive(sqlx::FromRow)]
struct OrderFactRow {
    lane_uid: Option<String>,
    parent_uid: Option<String>,
    rejections: Rejections,
    #[sqlx(flatten)]
    fact: FactRow,
}

impl OrderFactRow {
    fn fact(self) -> Result<Fact<OrderFact>, Error> {
        let mut fact: Fact<OrderFact> = self.fact.fact()?;
        fact.data.lane = self.lane_uid.map(Into::into);
        fact.data.parent = self.parent_uid.map(Into::into);
        fact.data.updated_at = fact.place.updated_at;
        if fact.data.meaning.finality == Some(Finality::Unknown) && self.rejections == Rejections::FinalOnly {
            fact.data.meaning.finality = Some(Finality::Final);
        }
        Ok(fact)
    }
}

const FACTS: &str = "SELECT e.public_id, e.connection_id, e.event_type, e.at, f.updated_at, e.received_at, \
     e.last_receipt_at, e.receipts, e.trust, e.header_mismatch, f.data, f.lane_uid, f.parent_uid, c.rejections \
     FROM order_fact f JOIN event e ON e.id = f.event_id JOIN connection c ON c.id = e.connection_id WHERE f.realm = ";

async fn facts_of_lane(
    connection: &mut SqliteConnection,
    realm: &str,
    lane: &LaneUid,
) -> Result<Vec<Fact<OrderFact>>, Error> {
    let mut query = QueryBuilder::<Sqlite>::new(FACTS);
    query.push_bind(realm).push(" AND f.lane_uid = ").push_bind(lane);
    let rows: Vec<OrderFactRow> = query.build_query_as().fetch_all(connection).await?;
    rows.into_iter().map(OrderFactRow::fact).collect()
}

/// What is said of an order as a whole.
async fn facts_of_whole(
    connection: &mut SqliteConnection,
    realm: &str,
    uid: &OrderUid,
) -> Result<Vec<Fact<OrderFact>>, Error> {
    let mut query = QueryBuilder::<Sqlite>::new(FACTS);
    query.push_bind(realm).push(" AND f.lane_uid IS NULL AND f.parent_uid = ").push_bind(uid);
    let rows: Vec<OrderFactRow> = query.build_query_as().fetch_all(connection).await?;
    rows.into_iter().map(OrderFactRow::fact).collect()
}

/// Facts that hand over to a lane.
async fn handovers_to(
    connection: &mut SqliteConnection,
    realm: &str,
    lane: &LaneUid,
) -> Result<Vec<Fact<OrderFact>>, Error> {
    let mut query = QueryBuilder::<Sqlite>::new(FACTS);
    query.push_bind(realm);
    query.push(" AND f.event_id IN (SELECT h.event_id FROM order_handover h WHERE h.realm = ").push_bind(realm);
    query.push(" AND h.successor = ").push_bind(lane).push(")");
    let rows: Vec<OrderFactRow> = query.build_query_as().fetch_all(connection).await?;
    rows.into_iter().map(OrderFactRow::fact).collect()
}

async fn order(connection: &mut SqliteConnection, realm: &str, uid: &OrderUid) -> Result<Option<Order>, Error> {
    let lanes: Vec<LaneUid> = sqlx::query_scalar("SELECT uid FROM lane WHERE realm = ? AND order_uid = ? ORDER BY uid")
        .bind(realm)
        .bind(uid)
        .fetch_all(&mut *connection)
        .await?;
    let mut facts = facts_of_whole(connection, realm, uid).await?;
    for lane in lanes {
        facts.extend(facts_of_lane(connection, realm, &lane).await?);
    }
    Ok(Order::new(uid.clone(), facts))
}

/// What has to be folded again: lanes, and orders that something was said of as a whole.
#[derive(Debug, Default)]
pub(crate) struct Touched {
    lanes: BTreeSet<(Realm, LaneUid)>,
    orders: BTreeSet<(Realm, OrderUid)>,
}

impl Touched {
    pub(crate) fn add(&mut self, realm: &str, fact: &OrderFact) {
        match (&fact.lane, &fact.parent) {
            (Some(lane), _) => _ = self.lanes.insert((realm.to_owned(), lane.clone())),
            (None, Some(parent)) => _ = self.orders.insert((realm.to_owned(), parent.clone())),
            (None, None) => {}
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.lanes.is_empty() && self.orders.is_empty()
    }
}

/// Folds what was touched again.
pub(crate) async fn refold(connection: &mut SqliteConnection, touched: &Touched) -> Result<(), Error> {
    let mut orders = touched.orders.clone();
    let mut lanes: Vec<(Realm, LaneUid)> = touched.lanes.iter().cloned().collect();
    for (realm, uid) in &touched.orders {
        let facts = facts_of_whole(connection, realm, uid).await?;
        lanes.extend(successors(&facts).map(|lane| (realm.clone(), lane)));
    }
    let mut seen: BTreeSet<(Realm, LaneUid)> = lanes.iter().cloned().collect();
    // Whom a lane hands over to goes where it goes, as long as it does not say otherwise itself.
    while let Some((realm, lane)) = lanes.pop() {
        let facts = facts_of_lane(connection, &realm, &lane).await?;
        let new = successors(&facts).map(|lane| (realm.clone(), lane)).filter(|lane| seen.insert(lane.clone()));
        lanes.extend(new);
    }
    for (realm, lane) in &seen {
        let before: Option<OrderUid> = sqlx::query_scalar("SELECT order_uid FROM lane WHERE realm = ? AND uid = ?")
            .bind(realm)
            .bind(lane)
            .fetch_optional(&mut *connection)
            .await?;
        let order = owner(connection, realm, lane).await?;
        if before.as_ref() != Some(&order) {
            set_lane(connection, realm, lane, &order).await?;
        }
        orders.extend(before.filter(|before| before != &order).map(|before| (realm.clone(), before)));
        orders.insert((realm.clone(), order));
    }
    for (realm, uid) in &orders {
        match order(connection, realm, uid).await?.and_then(|order| Some((order.row()?, order.search_text()))) {
            Some((row, search)) => write_row(connection, realm, &row, &search).await?,
            None => {
                sqlx::query("DELETE FROM order_row WHERE realm = ? AND uid = ?")
                    .bind(realm)
                    .bind(uid)
                    .execute(&mut *connection)
                    .await?;
            }
        }
    }
    Ok(())
}

fn successors(facts: &[Fact<OrderFact>]) -> impl Iterator<Item = LaneUid> {
    facts.iter().flat_map(|fact| fact.data.successors.clone())
}

/// The order a lane belongs to: the one its greatest fact names; else the one of the lane that handed over to it, or the one
/// that handover names; else it stands alone. A function of the facts, whatever came first.
async fn owner(connection: &mut SqliteConnection, realm: &str, lane: &LaneUid) -> Result<OrderUid, Error> {
    let mut seen = BTreeSet::from([lane.clone()]);
    let mut asked = lane.clone();
    loop {
        let facts = facts_of_lane(connection, realm, &asked).await?;
        if let Some(parent) = greatest(&facts, |fact| fact.data.parent.clone()) {
            return Ok(parent);
        }
        let handovers = handovers_to(connection, realm, &asked).await?;
        if let Some(parent) = greatest(&handovers, |fact| fact.data.parent.clone()) {
            return Ok(parent);
        }
        match greatest(&handovers, |fact| fact.data.lane.clone()) {
            Some(before) if seen.insert(before.clone()) => asked = before,
            _ => return Ok(OrderUid::from(asked.as_str())),
        }
    }
}

/// What the greatest fact says that says anything.
fn greatest<T>(facts: &[Fact<OrderFact>], say: impl Fn(&Fact<OrderFact>) -> Option<T>) -> Option<T> {
    let saying = facts.iter().filter_map(|fact| Some((&fact.place, say(fact)?)));
    saying.max_by(|a, b| a.0.cmp(b.0)).map(|(_, said)| said)
}

/// Notes which order a lane belongs to.
async fn set_lane(
    connection: &mut SqliteConnection,
    realm: &str,
    lane: &LaneUid,
    order: &OrderUid,
) -> Result<(), Error> {
    sqlx::query("INSERT OR REPLACE INTO lane (realm, uid, order_uid) VALUES (?, ?, ?)")
        .bind(realm)
        .bind(lane)
        .bind(order)
        .execute(connection)
        .await?;
    Ok(())
}

/// What has to be folded again when a setting changes what the facts of a connection mean.
pub(crate) async fn touched_by(connection: &mut SqliteConnection, id: &ConnectionId) -> Result<Touched, Error> {
    let rows: Vec<(Realm, Option<LaneUid>, Option<OrderUid>)> = sqlx::query_as(
        "SELECT DISTINCT f.realm, f.lane_uid, f.parent_uid FROM order_fact f JOIN event e ON e.id = f.event_id \
         WHERE e.connection_id = ?",
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

async fn write_row(
    connection: &mut SqliteConnection,
    realm: &str,
    row: &OrderRowView,
    search: &str,
) -> Result<(), Error> {
    let view = serde_json::to_string(row).map_err(|_| Error::Stored("order row"))?;
    sqlx::query(
        "INSERT OR REPLACE INTO order_row (realm, uid, connection_id, updated_at, status, status_group, attention, search, view) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(realm)
    .bind(&row.uid)
    .bind(&row.connection)
    .bind(row.updated_at.as_millisecond())
    .bind(row.status.as_deref().map(fold_word).unwrap_or_default())
    .bind(word(&row.status_group))
    .bind(!row.attention.is_empty())
    .bind(search)
    .bind(view)
    .execute(connection)
    .await?;
    Ok(())
}

fn word(value: &impl serde::Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
}

/// One page of the list, newest change first.
pub(crate) async fn list(
    connection: &mut SqliteConnection,
    input: &OrderListInput,
) -> Result<Page<OrderRowView>, Error> {
    let limit = input.page.rows();
    let mut query = QueryBuilder::<Sqlite>::new("SELECT updated_at, uid, view FROM order_row WHERE 1 = 1");
    if let Some(status) = &input.status {
        query.push(" AND status = ").push_bind(fold_word(status));
    }
    if let Some(group) = &input.group {
        query.push(" AND status_group = ").push_bind(word(group));
    }
    if input.attention == Some(true) {
        query.push(" AND attention = 1");
    }
    if let Some(id) = &input.connection {
        query.push(" AND connection_id = ").push_bind(id);
    }
    for term in page::terms(input.search.as_deref()) {
        query.push(" AND instr(search, ").push_bind(term).push(") > 0");
    }
    if let Some((updated_at, uid)) = input.page.after_key()? {
        query.push(" AND (updated_at, uid) < (").push_bind(updated_at).push(", ").push_bind(uid).push(")");
    }
    query.push(" ORDER BY updated_at DESC, uid DESC LIMIT ").push_bind(limit + 1);
    let rows: Vec<(i64, String, String)> = query.build_query_as().fetch_all(connection).await?;
    page::page(
        rows,
        limit,
        |(updated_at, uid, _)| (*updated_at, uid.clone()),
        |(_, _, view)| serde_json::from_str(&view).map_err(|_| Error::Stored("order row")),
    )
}

/// The order of this uid, else the one that owns the lane of this uid: at some providers ids are unique per kind only. The one
/// that changed last where several realms have it.
pub(crate) async fn find(connection: &mut SqliteConnection, uid: &OrderUid) -> Result<Order, Error> {
    let found: Option<(Realm, OrderUid)> = sqlx::query_as(
        "SELECT realm, uid FROM (\
             SELECT 0 AS by_lane, realm, uid, updated_at FROM order_row WHERE uid = ?1 \
             UNION ALL \
             SELECT 1, o.realm, o.uid, o.updated_at FROM lane l JOIN order_row o ON o.realm = l.realm AND o.uid = l.order_uid \
             WHERE l.uid = ?1) \
         ORDER BY by_lane, updated_at DESC LIMIT 1",
    )
    .bind(uid)
    .fetch_optional(&mut *connection)
    .await?;
    let (realm, uid) = found.ok_or(Error::Plain(Code::OrderUnknown))?;
    order(connection, &realm, &uid).await?.ok_or(Error::Plain(Code::OrderUnknown))
}

/// Writes what one event says about its lane.
pub(crate) async fn insert_fact(
    connection: &mut SqliteConnection,
    event: i64,
    realm: &str,
    fact: &OrderFact,
) -> Result<(), Error> {
    let data = serde_json::to_string(fact).map_err(|_| Error::Stored("order fact"))?;
    sqlx::query(
        "INSERT INTO order_fact (event_id, realm, lane_uid, parent_uid, updated_at, name, data) \
         VALUES (?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(event)
    .bind(realm)
    .bind(&fact.lane)
    .bind(&fact.parent)
    .bind(fact.updated_at.map(Timestamp::as_millisecond))
    .bind(&fact.name)
    .bind(data)
    .execute(&mut *connection)
    .await?;
    for successor in &fact.successors {
        sqlx::query("INSERT OR IGNORE INTO order_handover (event_id, realm, successor) VALUES (?, ?, ?)")
            .bind(event)
            .bind(realm)
            .bind(successor)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}
