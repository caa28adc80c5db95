//! Orders in SQL: facts in, rows out. The rows are what the fold said; nothing is decided here.

use std::collections::BTreeSet;

use jiff::Timestamp;
use sqlx::{QueryBuilder, Sqlite, SqliteConnection};

use super::{
    fact::OrderFact,
    fold::Order,
    view::{OrderListInput, OrderRowView},
};
use crate::{
    error::Error,
    event::{Fact, fold_word, table::FactRow},
    id::{LaneUid, OrderUid},
    page::{self, Page},
    problem::Code,
};

/// One world of uids: provider and host.
pub(crate) type Realm = String;

#[derive(sqlx::FromRow)]
struct OrderFactRow {
    lane_uid: Option<String>,
    parent_uid: Option<String>,
    #[sqlx(flatten)]
    fact: FactRow,
}

impl OrderFactRow {
    fn fact(self) -> Result<Fact<OrderFact>, Error> {
        let mut fact: Fact<OrderFact> = self.fact.fact()?;
        fact.data.lane = self.lane_uid.map(Into::into);
        fact.data.parent = self.parent_uid.map(Into::into);
        fact.data.updated_at = fact.place.updated_at;
        Ok(fact)
    }
}

const FACTS: &str = "SELECT e.public_id, e.connection_id, e.event_type, e.at, f.updated_at, e.received_at, \
     e.last_receipt_at, e.receipts, e.trust, e.header_mismatch, f.data, f.lane_uid, f.parent_uid \
     FROM order_fact f JOIN event e ON e.id = f.event_id WHERE f.realm = ";

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

/// Folds what was touched again. A lane belongs to the parent its greatest fact names; without one it stands alone, unless
/// another lane handed over to it.
pub(crate) async fn refold(connection: &mut SqliteConnection, touched: &Touched) -> Result<(), Error> {
    let mut orders = touched.orders.clone();
    for (realm, lane) in &touched.lanes {
        let facts = facts_of_lane(connection, realm, lane).await?;
        let before: Option<OrderUid> = sqlx::query_scalar("SELECT order_uid FROM lane WHERE realm = ? AND uid = ?")
            .bind(realm)
            .bind(lane)
            .fetch_optional(&mut *connection)
            .await?;
        let parent = facts
            .iter()
            .filter_map(|fact| Some((&fact.place, fact.data.parent.as_ref()?)))
            .max_by(|a, b| a.0.cmp(b.0))
            .map_or_else(|| OrderUid::from(lane.as_str()), |(_, parent)| parent.clone());
        if before.as_ref() != Some(&parent) {
            set_lane(connection, realm, lane, &parent, true).await?;
        }
        for successor in facts.iter().flat_map(|fact| &fact.data.successors) {
            set_lane(connection, realm, successor, &parent, false).await?;
        }
        orders.extend(before.filter(|before| before != &parent).map(|before| (realm.clone(), before)));
        orders.insert((realm.clone(), parent));
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

/// Notes which order a lane belongs to. What the lane itself says `overrules` what was said of it.
async fn set_lane(
    connection: &mut SqliteConnection,
    realm: &str,
    lane: &LaneUid,
    order: &OrderUid,
    overrules: bool,
) -> Result<(), Error> {
    sqlx::query(
        "INSERT INTO lane (realm, uid, order_uid) VALUES (?, ?, ?) \
         ON CONFLICT (realm, uid) DO UPDATE SET order_uid = excluded.order_uid WHERE ?",
    )
    .bind(realm)
    .bind(lane)
    .bind(order)
    .bind(overrules)
    .execute(connection)
    .await?;
    Ok(())
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

/// The order of this uid, or the one that owns the lane of this uid; the one that changed last where several realms have it.
pub(crate) async fn find(connection: &mut SqliteConnection, uid: &OrderUid) -> Result<Order, Error> {
    let found: Option<(Realm, OrderUid)> = sqlx::query_as(
        "SELECT realm, uid FROM (\
             SELECT realm, uid, updated_at FROM order_row WHERE uid = ?1 \
             UNION ALL \
             SELECT o.realm, o.uid, o.updated_at FROM lane l JOIN order_row o ON o.realm = l.realm AND o.uid = l.order_uid \
             WHERE l.uid = ?1) \
         ORDER BY updated_at DESC LIMIT 1",
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
    .execute(connection)
    .await?;
    Ok(())
}
