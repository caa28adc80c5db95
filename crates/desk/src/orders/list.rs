//! The list of orders: one page of it, newest order first, filtered and searched. Every way through it walks along the key of
//! [`order_row`](../../migrations/0001_desk.sql), so that no page has to be sorted and none costs more than what it skips.

use std::collections::BTreeMap;

use sqlx::{QueryBuilder, Sqlite, SqliteConnection};

use super::{
    fold::row::Facet,
    stored::StoredRow,
    table::{self, keys::first_key},
    view::{FacetView, OrderListInput, OrderRowView, PharmacyTodayView, StuckView, TimelineView, TodayView},
    words::StatusGroup,
};
use crate::{
    error::Error,
    event::fold_word,
    id::{OrderUid, PharmacyUid},
    keyword,
    page::{self, Page},
    search::Query,
    source::known_status,
    store::Stored,
};

/// A search with more hits than this is no longer a good way in: a rarer filter is.
const MANY: i64 = 2_000;
/// How many orders of a filter are looked at for a search at first, and at a time at the most.
const LOOKED_AT: (i64, i64) = (128, 1_024);
const HOUR_MS: i64 = 3_600_000;

#[derive(sqlx::FromRow)]
struct Row {
    id: i64,
    uid: String,
    view: String,
    search: String,
}

/// What the rows of a page must have.
struct Filter {
    /// The rarest first.
    facets: Vec<i64>,
    /// In their status since before this moment.
    since_before: Option<i64>,
}

/// One page of the list. `now_ms` is what an age is reckoned from.
pub(crate) async fn list(
    connection: &mut SqliteConnection,
    input: &OrderListInput,
    now_ms: i64,
) -> Result<Page<OrderRowView>, Error> {
    let limit = input.page.rows();
    let after = input.page.after_key()?.map_or(i64::MAX, |(id, _)| id);
    let rows = match filter(connection, input, now_ms).await? {
        None => Vec::new(),
        Some((filter, rarest)) => match Query::new(input.search.as_deref()) {
            None => page_query(&filter, None, after, limit + 1).build_query_as().fetch_all(connection).await?,
            Some(query) if hits(connection, &query, rarest).await? < rarest => {
                page_query(&filter, Some(&query), after, limit + 1).build_query_as().fetch_all(connection).await?
            }
            Some(query) => looked_through(connection, &filter, &query, after, limit + 1).await?,
        },
    };
    page::page(rows, limit, |row| (row.id, row.uid.clone()), |row| Ok(stored_row(&row.view)?.into()))
}

/// The filter, and how many orders its rarest part has; `None` where no order has all of it.
async fn filter(
    connection: &mut SqliteConnection,
    input: &OrderListInput,
    now_ms: i64,
) -> Result<Option<(Filter, i64)>, Error> {
    let is = |asked: Option<bool>| asked.filter(|asked| *asked).map(|_| String::new());
    let asked = [
        (Facet::STATUS, input.status.as_deref().map(fold_word)),
        (Facet::GROUP, input.group.as_ref().map(keyword::of)),
        (Facet::CONNECTION, input.connection.as_ref().map(|id| id.as_str().to_owned())),
        (Facet::PHARMACY, input.pharmacy.as_ref().map(|uid| uid.as_str().to_owned())),
        (Facet::DELIVERY_TYPE, input.delivery_type.clone()),
        (Facet::SHOP, input.shop.clone()),
        (Facet::ATTENTION, is(input.attention)),
        // Only what is open has an age: and of that there is little.
        (Facet::OPEN, is(input.open).or(input.age_hours.map(|_| String::new()))),
        (Facet::URGENT, is(input.urgent)),
    ];
    let mut facets: Vec<(i64, i64)> = Vec::new();
    for (kind, value) in asked {
        let Some(value) = value else { continue };
        let found: Option<(i64, i64)> = sqlx::query_as("SELECT orders, id FROM facet WHERE kind = ? AND value = ?")
            .bind(kind)
            .bind(value)
            .fetch_optional(&mut *connection)
            .await?;
        match found {
            Some((orders, id)) if orders > 0 => facets.push((orders, id)),
            _ => return Ok(None),
        }
    }
    facets.sort_unstable();
    let rarest = facets.first().map_or(i64::MAX, |(orders, _)| *orders);
    let since_before = input.age_hours.map(|hours| now_ms.saturating_sub(i64::from(hours).saturating_mul(HOUR_MS)));
    Ok(Some((Filter { facets: facets.into_iter().map(|(_, id)| id).collect(), since_before }, rarest)))
}

/// How many orders a search finds, counted no further than there is a choice to make.
async fn hits(connection: &mut SqliteConnection, query: &Query, rarest: i64) -> Result<i64, Error> {
    if rarest == i64::MAX {
        return Ok(0);
    }
    let hits: i64 =
        sqlx::query_scalar("SELECT count(*) FROM (SELECT rowid FROM order_search WHERE order_search MATCH ? LIMIT ?)")
            .bind(query.expression())
            .bind(MANY)
            .fetch_one(connection)
            .await?;
    Ok(if hits < MANY { hits } else { i64::MAX })
}

/// Walks along the search, along the rarest facet, along the open orders, or along all.
fn page_query(filter: &Filter, query: Option<&Query>, before: i64, limit: i64) -> QueryBuilder<Sqlite> {
    let mut facets = filter.facets.iter();
    let mut sql = QueryBuilder::new("SELECT o.id, o.uid, o.view, o.search FROM ");
    let key = match (query, facets.clone().next()) {
        (Some(query), _) => {
            sql.push("order_search s CROSS JOIN order_row o ON o.id = s.rowid WHERE s.order_search MATCH ");
            sql.push_bind(query.expression());
            "s.rowid"
        }
        (None, Some(facet)) => {
            facets.next();
            sql.push("order_facet f CROSS JOIN order_row o ON o.id = f.id WHERE f.facet = ").push_bind(*facet);
            "f.id"
        }
        (None, None) => {
            sql.push("order_row o WHERE 1 = 1");
            "o.id"
        }
    };
    sql.push(" AND ").push(key).push(" < ").push_bind(before);
    for facet in facets {
        sql.push(" AND EXISTS (SELECT 1 FROM order_facet x WHERE x.facet = ").push_bind(*facet);
        sql.push(" AND x.id = ").push(key).push(")");
    }
    if let Some(since_before) = filter.since_before {
        sql.push(" AND o.status_since <= ").push_bind(since_before);
    }
    sql.push(" ORDER BY ").push(key).push(" DESC LIMIT ").push_bind(limit);
    sql
}

/// The orders of a rare filter that a common search finds.
async fn looked_through(
    connection: &mut SqliteConnection,
    filter: &Filter,
    query: &Query,
    mut before: i64,
    limit: i64,
) -> Result<Vec<Row>, Error> {
    let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
    let mut found = Vec::new();
    let (mut at_once, most) = LOOKED_AT;
    loop {
        let rows: Vec<Row> =
            page_query(filter, None, before, at_once).build_query_as().fetch_all(&mut *connection).await?;
        at_once = (at_once * 2).min(most);
        let Some(last) = rows.last() else { return Ok(found) };
        before = last.id;
        found.extend(rows.into_iter().filter(|row| query.finds(&row.search)));
        if found.len() >= wanted {
            found.truncate(wanted);
            return Ok(found);
        }
    }
}

/// What the list can be filtered by, with how many orders each; the most first.
pub(crate) async fn facets(connection: &mut SqliteConnection) -> Result<Vec<FacetView>, Error> {
    let rows: Vec<(String, String, String, i64)> = sqlx::query_as(
        "SELECT kind, value, label, orders FROM facet WHERE orders > 0 ORDER BY kind, orders DESC, value",
    )
    .fetch_all(connection)
    .await?;
    let view = |(kind, value, label, orders): (String, String, String, i64)| {
        let known = if kind == Facet::STATUS { known_status(&value) } else { None };
        FacetView { kind, value, label, orders, known }
    };
    Ok(rows.into_iter().map(view).collect())
}

/// More orders of a day than this are not told apart by pharmacy.
const OF_A_DAY: i64 = 5_000;

/// What happened since the day began.
pub(crate) async fn today(connection: &mut SqliteConnection, day_begins_ms: i64) -> Result<TodayView, Error> {
    let open = sqlx::query_scalar("SELECT coalesce((SELECT orders FROM facet WHERE kind = 'open' AND value = ''), 0)")
        .fetch_one(&mut *connection)
        .await?;
    let finished =
        sqlx::query_scalar("SELECT count(*) FROM order_row WHERE status_since >= ? AND status_group = 'done'")
            .bind(day_begins_ms)
            .fetch_one(&mut *connection)
            .await?;
    let rows: Vec<String> =
        sqlx::query_scalar("SELECT o.view FROM order_row o WHERE o.id >= ? ORDER BY o.id DESC LIMIT ?")
            .bind(first_key(day_begins_ms))
            .bind(OF_A_DAY)
            .fetch_all(connection)
            .await?;
    let mut pharmacies: BTreeMap<Option<PharmacyUid>, PharmacyTodayView> = BTreeMap::new();
    for row in &rows {
        let row = stored_row(row)?;
        let lane = row.lanes.first();
        let uid = lane.and_then(|lane| lane.pharmacy_uid.clone());
        let of = pharmacies.entry(uid.clone()).or_insert_with(|| PharmacyTodayView {
            uid,
            name: lane.and_then(|lane| lane.pharmacy_name.clone()),
            ..PharmacyTodayView::default()
        });
        of.arrived += 1;
        match row.status_group {
            StatusGroup::Done => of.finished += 1,
            StatusGroup::Stopped => {}
            _ => of.open += 1,
        }
    }
    let mut pharmacies: Vec<_> = pharmacies.into_values().collect();
    pharmacies.sort_by_key(|of| std::cmp::Reverse(of.arrived));
    Ok(TodayView { arrived: u32::try_from(rows.len()).unwrap_or(u32::MAX), finished, open, pharmacies })
}

/// Orders that are open and have not moved since `before_ms`, the longest first, and how many there are.
pub(crate) async fn stuck(connection: &mut SqliteConnection, before_ms: i64, limit: i64) -> Result<StuckView, Error> {
    let count = stuck_count(&mut *connection, before_ms).await?;
    let rows: Vec<String> = sqlx::query_scalar(
        "SELECT view FROM order_row WHERE open = 1 AND status_since <= ? ORDER BY status_since, id LIMIT ?",
    )
    .bind(before_ms)
    .bind(limit)
    .fetch_all(connection)
    .await?;
    let rows = rows.iter().map(|row| Ok::<_, Error>(stored_row(row)?.into()));
    Ok(StuckView { count, rows: rows.collect::<Result<_, _>>()? })
}

/// How many orders are open and have not moved since `before_ms`.
pub(crate) async fn stuck_count(connection: &mut SqliteConnection, before_ms: i64) -> Result<i64, Error> {
    Ok(sqlx::query_scalar("SELECT count(*) FROM order_row WHERE open = 1 AND status_since <= ?")
        .bind(before_ms)
        .fetch_one(connection)
        .await?)
}

/// The timeline of an order; the uid of one of its lanes will do.
pub(crate) async fn timeline(connection: &mut SqliteConnection, uid: &OrderUid) -> Result<TimelineView, Error> {
    Ok(table::timeline(connection, uid).await?.into())
}

fn stored_row(json: &str) -> Result<StoredRow, Error> {
    Ok(serde_json::from_str(json).stored("order row")?)
}
