//! Stock as lists and pictures: now, or as it was known to be at a moment. What depends on the time of asking (the window of
//! consumption, days of cover, low or not) is worked out here for the rows that are shown.

use jiff::Timestamp;
use sqlx::{QueryBuilder, Sqlite, SqliteConnection};

use super::{
    fold::{self, WINDOW_DAYS, day},
    stored::StoredLevel,
    table,
    threshold::Thresholds,
    view::{
        StockChangeView, StockChartInput, StockChartView, StockListInput, StockLowView, StockPointView, StockRowView,
    },
};
use crate::{
    error::Error,
    event::fact::Trust,
    id::{PharmacySkuUid, Realm},
    page::{self, Page, PageInput},
    refusal::Refusal,
    store::Stored,
    time,
};

/// More points than this are drawn by day.
const MOST_POINTS: i64 = 1_500;

/// One page of the list: empty ones first, then low ones; as of a moment by level alone.
pub(crate) async fn list(
    connection: &mut SqliteConnection,
    input: &StockListInput,
    now: Timestamp,
) -> Result<Page<StockRowView>, Error> {
    let limit = input.page.rows();
    let mut query = list_query(input, now)?;
    query.push(" LIMIT ").push_bind(limit + 1);
    let rows: Vec<(i64, String, Realm, i64)> = query.build_query_as().fetch_all(&mut *connection).await?;
    let page = page::page(rows, limit, |(sort, uid, ..)| (*sort, uid.clone()), Ok)?;
    let thresholds = Thresholds::load(connection).await?;
    let mut shown = Vec::with_capacity(page.rows.len());
    for (_, uid, realm, _) in page.rows {
        shown.extend(one(connection, &realm, &uid.into(), input.as_of, now, &thresholds).await?);
    }
    Ok(Page { rows: shown, next: page.next })
}

fn list_query(input: &StockListInput, now: Timestamp) -> Result<QueryBuilder<Sqlite>, Error> {
    let mut query = match input.as_of {
        None => QueryBuilder::<Sqlite>::new("SELECT r.sort, r.uid, r.realm, r.level FROM stock_row r WHERE 1 = 1"),
        Some(as_of) => {
            let mut query = QueryBuilder::<Sqlite>::new(
                "SELECT sort, uid, realm, sort FROM (SELECT r.uid, r.realm, r.search, (SELECT f.stock FROM stock_fact f \
                 WHERE f.realm = r.realm AND f.uid = r.uid AND f.placed = 1 AND f.at <= ",
            );
            query.push_bind(as_of.as_millisecond()).push(
                " ORDER BY f.at DESC, f.updated_at DESC, f.received_at DESC, f.event DESC LIMIT 1) AS sort \
                 FROM stock_row r WHERE r.first_at <= ",
            );
            query.push_bind(as_of.as_millisecond()).push(") r WHERE sort IS NOT NULL");
            query
        }
    };
    match (input.low, input.as_of) {
        (Some(true), None) => _ = query.push(" AND r.low_until > ").push_bind(now.as_millisecond()),
        (Some(true), Some(_)) => return Err(Error::input("low")),
        _ => {}
    }
    if input.out == Some(true) {
        // Empty ones stand first: the number itself is their place.
        query.push(" AND r.sort <= 0");
    }
    for term in page::terms(input.search.as_deref()) {
        query.push(" AND instr(r.search, ").push_bind(term).push(") > 0");
    }
    if let Some((sort, uid)) = input.page.after_key()? {
        query.push(" AND (r.sort, r.uid) > (").push_bind(sort).push(", ").push_bind(uid).push(")");
    }
    query.push(" ORDER BY r.sort, r.uid");
    Ok(query)
}

/// One product as it is, or was known to be.
async fn one(
    connection: &mut SqliteConnection,
    realm: &Realm,
    uid: &PharmacySkuUid,
    as_of: Option<Timestamp>,
    now: Timestamp,
    thresholds: &Thresholds,
) -> Result<Option<StockRowView>, Error> {
    let stored: Option<(String, i64, Option<i64>)> =
        sqlx::query_as("SELECT view, out_ms, low_until FROM stock_row WHERE realm = ? AND uid = ?")
            .bind(realm)
            .bind(uid)
            .fetch_optional(&mut *connection)
            .await?;
    let Some((view, out_ms, low_until)) = stored else { return Ok(None) };
    let level: Option<StoredLevel> = match as_of {
        None => Some(serde_json::from_str(&view).stored("stock row")?),
        Some(as_of) => table::row(connection, realm, uid, out_ms, as_of.as_millisecond()).await?,
    };
    let Some(level) = level else { return Ok(None) };
    let mut view = StockRowView::from(level);
    // The day of a past moment is not over at that moment: its window ends with the day before.
    let last = as_of.map_or(day(now.as_millisecond()), |as_of| day(as_of.as_millisecond()).saturating_sub(1));
    let first = day(view.first_at.as_millisecond());
    let level = view.stock.unwrap_or(0);
    let days = table::days(connection, realm, uid, last).await?;
    view.window = fold::window(&days, first, last);
    view.days_of_cover = fold::cover(level, &view.window);
    let start = last.saturating_sub(WINDOW_DAYS - 1);
    let mut before = if first < start { level_before(connection, realm, uid, start).await? } else { None };
    for day in start..=last {
        before = days.get(&day).and_then(|moved| moved.level).or(before);
        view.trend.push(before);
    }
    let (threshold, own) = thresholds.of(realm, uid);
    view.low = match as_of {
        None => low_until.is_some_and(|until| until > now.as_millisecond()),
        Some(_) => {
            threshold.pieces.is_some_and(|pieces| level <= pieces)
                || threshold.days.is_some_and(|least| view.days_of_cover.is_some_and(|cover| cover <= least))
        }
    };
    if as_of.is_some() {
        // How long it was empty before a past moment would have to be summed up anew; it is not claimed.
        view.out_ms = 0;
    }
    (view.threshold, view.threshold_own) = (threshold.clone(), own);
    Ok(Some(view))
}

async fn level_before(
    connection: &mut SqliteConnection,
    realm: &Realm,
    uid: &PharmacySkuUid,
    day: i64,
) -> Result<Option<i64>, Error> {
    Ok(sqlx::query_scalar(
        "SELECT level FROM stock_day WHERE realm = ? AND uid = ? AND day < ? ORDER BY day DESC LIMIT 1",
    )
    .bind(realm)
    .bind(uid)
    .bind(day)
    .fetch_optional(connection)
    .await?)
}

async fn realm_of(connection: &mut SqliteConnection, uid: &PharmacySkuUid) -> Result<Realm, Error> {
    let realm = sqlx::query_scalar("SELECT realm FROM stock_row WHERE uid = ? ORDER BY realm LIMIT 1")
        .bind(uid)
        .fetch_optional(connection)
        .await?;
    realm.ok_or(Refusal::StockUnknown.into())
}

#[derive(sqlx::FromRow)]
struct ChangeRow {
    event: String,
    at: i64,
    received_at: i64,
    stock: i64,
    price: Option<i64>,
    trust: i64,
    receipts: i64,
}

/// One page of a product's history, newest first.
pub(crate) async fn history(
    connection: &mut SqliteConnection,
    uid: &PharmacySkuUid,
    as_of: Option<Timestamp>,
    page: &PageInput,
) -> Result<Page<StockChangeView>, Error> {
    let realm = realm_of(connection, uid).await?;
    let limit = page.rows();
    let mut query = QueryBuilder::<Sqlite>::new(
        "SELECT f.event, f.at, f.received_at, f.stock, f.price, e.trust, e.receipts FROM stock_fact f \
         JOIN event e ON e.id = f.event_id WHERE f.placed = 1 AND f.realm = ",
    );
    query.push_bind(&realm).push(" AND f.uid = ").push_bind(uid);
    if let Some(as_of) = as_of {
        query.push(" AND f.at <= ").push_bind(as_of.as_millisecond());
    }
    if let Some((_, event)) = page.after_key()? {
        let key: Option<(i64, i64, i64)> = sqlx::query_as(
            "SELECT f.at, f.updated_at, f.received_at FROM event e JOIN stock_fact f ON f.event_id = e.id WHERE e.public_id = ?",
        )
        .bind(&event)
        .fetch_optional(&mut *connection)
        .await?;
        let (at, updated_at, received_at) = key.ok_or_else(|| Error::input("after"))?;
        query.push(" AND (f.at, f.updated_at, f.received_at, f.event) < (").push_bind(at);
        query.push(", ").push_bind(updated_at).push(", ").push_bind(received_at).push(", ").push_bind(event).push(")");
    }
    query.push(" ORDER BY f.at DESC, f.updated_at DESC, f.received_at DESC, f.event DESC LIMIT ").push_bind(limit + 1);
    let rows: Vec<ChangeRow> = query.build_query_as().fetch_all(&mut *connection).await?;
    let before: Vec<Option<i64>> = rows.iter().skip(1).map(|row| Some(row.stock)).chain([None]).collect();
    let rows: Vec<_> = rows.into_iter().zip(before).collect();
    page::page(
        rows,
        limit,
        |(row, _)| (row.at, row.event.clone()),
        |(row, before)| {
            Ok(StockChangeView {
                at: time::from_ms(row.at)?,
                received_at: time::from_ms(row.received_at)?,
                stock: Some(row.stock),
                delta: before.and_then(|before| row.stock.checked_sub(before)),
                price_cents: row.price,
                trust: Trust::from_stored(row.trust),
                receipts: u32::try_from(row.receipts).unwrap_or(u32::MAX),
                event_id: row.event.into(),
            })
        },
    )
}

/// One product as a step line.
pub(crate) async fn chart(
    connection: &mut SqliteConnection,
    input: &StockChartInput,
    now: Timestamp,
) -> Result<StockChartView, Error> {
    let realm = realm_of(connection, &input.uid).await?;
    let thresholds = Thresholds::load(connection).await?;
    let row = one(connection, &realm, &input.uid, input.as_of, now, &thresholds).await?;
    let row = row.ok_or(Refusal::StockUnknown)?;
    let until = input.as_of.map_or(i64::MAX, |as_of| as_of.as_millisecond());
    let since = input.since.unwrap_or(row.first_at).as_millisecond();
    let points: Vec<(i64, i64, Option<i64>)> = sqlx::query_as(
        "SELECT at, stock, price FROM stock_fact WHERE realm = ? AND uid = ? AND placed = 1 AND at > ? AND at <= ? \
         ORDER BY at DESC, updated_at DESC, received_at DESC, event DESC LIMIT ?",
    )
    .bind(&realm)
    .bind(&input.uid)
    .bind(since)
    .bind(until)
    .bind(MOST_POINTS + 1)
    .fetch_all(&mut *connection)
    .await?;
    let daily = i64::try_from(points.len()).unwrap_or(i64::MAX) > MOST_POINTS;
    let mut points: Vec<(i64, i64, Option<i64>)> = if daily {
        // A level at the end of a day was so at the end of that day, and at no time after `until`.
        sqlx::query_as(
            "SELECT min((day + 1) * 86400000 - 1, ?4) AS at, level, NULL FROM stock_day WHERE realm = ?1 AND uid = ?2 \
             AND day > ?3 AND day < ?5 ORDER BY day DESC",
        )
        .bind(&realm)
        .bind(&input.uid)
        .bind(day(since))
        .bind(now.as_millisecond().min(until))
        .bind(if input.as_of.is_some() { day(until) } else { i64::MAX })
        .fetch_all(&mut *connection)
        .await?
    } else {
        points
    };
    let began: Option<(i64, i64, Option<i64>)> = sqlx::query_as(
        "SELECT at, stock, price FROM stock_fact WHERE realm = ? AND uid = ? AND placed = 1 AND at <= ? \
         ORDER BY at DESC, updated_at DESC, received_at DESC, event DESC LIMIT 1",
    )
    .bind(&realm)
    .bind(&input.uid)
    .bind(since)
    .fetch_optional(&mut *connection)
    .await?;
    points.extend(began);
    points.reverse();
    let point =
        |(at, stock, price_cents)| Ok::<_, Error>(StockPointView { at: time::from_ms(at)?, stock, price_cents });
    let complete_until: Option<Option<i64>> =
        sqlx::query_scalar("SELECT complete_until FROM relay").fetch_optional(connection).await?;
    Ok(StockChartView {
        row,
        points: points.into_iter().map(point).collect::<Result<_, _>>()?,
        daily,
        complete_until: complete_until.flatten().map(time::from_ms).transpose()?,
    })
}

/// How many products are low now.
pub(crate) async fn low_count(connection: &mut SqliteConnection, now: Timestamp) -> Result<i64, Error> {
    Ok(sqlx::query_scalar("SELECT count(*) FROM stock_row WHERE low_until > ?")
        .bind(now.as_millisecond())
        .fetch_one(connection)
        .await?)
}

/// How many products there is nothing of.
pub(crate) async fn out_count(connection: &mut SqliteConnection) -> Result<i64, Error> {
    Ok(sqlx::query_scalar("SELECT count(*) FROM stock_row WHERE sort <= 0").fetch_one(connection).await?)
}

/// What is low now, and the first of it.
pub(crate) async fn low(connection: &mut SqliteConnection, rows: u32, now: Timestamp) -> Result<StockLowView, Error> {
    let input = StockListInput {
        low: Some(true),
        page: PageInput { limit: Some(rows), after: None },
        ..StockListInput::default()
    };
    Ok(StockLowView {
        count: low_count(connection, now).await?,
        out: out_count(&mut *connection).await?,
        rows: list(connection, &input, now).await?.rows,
    })
}

/// The plans of these lists, for the test that no list scans.
#[cfg(test)]
pub(crate) fn queries() -> Vec<String> {
    let now = Timestamp::UNIX_EPOCH;
    [
        StockListInput::default(),
        StockListInput { low: Some(true), ..StockListInput::default() },
        StockListInput { out: Some(true), ..StockListInput::default() },
    ]
    .iter()
    .map(|input| list_query(input, now).unwrap().sql().as_str().to_owned())
    .collect()
}
