//! Stock in SQL: facts in, rows out.

use std::collections::BTreeSet;

use jiff::Timestamp;
use sqlx::{QueryBuilder, Sqlite, SqliteConnection};

use super::{
    fold::Stock,
    view::{StockChangeView, StockListInput, StockRowView},
};
use crate::{
    error::Error,
    event::table::FactRow,
    id::PharmacySkuUid,
    orders::table::Realm,
    page::{self, Page, PageInput},
    problem::Code,
};

async fn stock(connection: &mut SqliteConnection, realm: &str, uid: &PharmacySkuUid) -> Result<Option<Stock>, Error> {
    let rows: Vec<FactRow> = sqlx::query_as(
        "SELECT e.public_id, e.connection_id, e.event_type, e.at, f.updated_at, e.received_at, e.last_receipt_at, \
         e.receipts, e.trust, e.header_mismatch, f.data \
         FROM stock_fact f JOIN event e ON e.id = f.event_id WHERE f.realm = ? AND f.uid = ?",
    )
    .bind(realm)
    .bind(uid)
    .fetch_all(connection)
    .await?;
    Ok(Stock::new(uid.clone(), rows.into_iter().map(FactRow::fact).collect::<Result<_, _>>()?))
}

/// Folds these products again.
pub(crate) async fn refold(
    connection: &mut SqliteConnection,
    products: &BTreeSet<(Realm, PharmacySkuUid)>,
) -> Result<(), Error> {
    for (realm, uid) in products {
        let Some(row) = stock(connection, realm, uid).await?.and_then(|stock| stock.row()) else { continue };
        let view = serde_json::to_string(&row).map_err(|_| Error::Stored("stock row"))?;
        let search = [Some(uid.as_str()), row.name.as_deref(), row.pzn.as_deref()];
        let search: Vec<_> = search.into_iter().flatten().map(str::to_lowercase).collect();
        sqlx::query("INSERT OR REPLACE INTO stock_row (realm, uid, level, search, view) VALUES (?, ?, ?, ?, ?)")
            .bind(realm)
            .bind(uid)
            .bind(row.stock.unwrap_or(i64::MAX))
            .bind(search.join("\n"))
            .bind(view)
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

/// One page of the list, lowest level first.
pub(crate) async fn list(
    connection: &mut SqliteConnection,
    input: &StockListInput,
) -> Result<Page<StockRowView>, Error> {
    let limit = input.page.rows();
    let mut query = QueryBuilder::<Sqlite>::new("SELECT level, uid, view FROM stock_row WHERE 1 = 1");
    for term in page::terms(input.search.as_deref()) {
        query.push(" AND instr(search, ").push_bind(term).push(") > 0");
    }
    if let Some((level, uid)) = input.page.after_key()? {
        query.push(" AND (level, uid) > (").push_bind(level).push(", ").push_bind(uid).push(")");
    }
    query.push(" ORDER BY level, uid LIMIT ").push_bind(limit + 1);
    let rows: Vec<(i64, String, String)> = query.build_query_as().fetch_all(connection).await?;
    page::page(
        rows,
        limit,
        |(level, uid, _)| (*level, uid.clone()),
        |(_, _, view)| serde_json::from_str(&view).map_err(|_| Error::Stored("stock row")),
    )
}

/// One page of a product's history, newest first.
pub(crate) async fn history(
    connection: &mut SqliteConnection,
    uid: &PharmacySkuUid,
    page: &PageInput,
) -> Result<Page<StockChangeView>, Error> {
    let realm: Option<Realm> = sqlx::query_scalar("SELECT realm FROM stock_row WHERE uid = ? ORDER BY realm LIMIT 1")
        .bind(uid)
        .fetch_optional(&mut *connection)
        .await?;
    let realm = realm.ok_or(Error::Plain(Code::StockUnknown))?;
    let stock = stock(connection, &realm, uid).await?.ok_or(Error::Plain(Code::StockUnknown))?;
    let limit = page.rows();
    let key = |change: &StockChangeView| (change.at.as_millisecond(), change.event_id.to_string());
    // The key alone does not order changes of one moment, so the page goes on behind the named one.
    let changes = stock.history().into_iter();
    let changes: Vec<_> = match page.after_key()? {
        None => changes.collect(),
        Some(after) => changes.skip_while(|change| key(change) != after).skip(1).collect(),
    };
    page::page(changes, limit, key, Ok)
}

/// Writes what one event says about its product.
pub(crate) async fn insert_fact(
    connection: &mut SqliteConnection,
    event: i64,
    realm: &str,
    uid: &PharmacySkuUid,
    updated_at: Option<Timestamp>,
    data: &serde_json::Map<String, serde_json::Value>,
) -> Result<(), Error> {
    let data = serde_json::to_string(data).map_err(|_| Error::Stored("stock fact"))?;
    sqlx::query("INSERT INTO stock_fact (event_id, realm, uid, updated_at, data) VALUES (?, ?, ?, ?, ?)")
        .bind(event)
        .bind(realm)
        .bind(uid)
        .bind(updated_at.map(Timestamp::as_millisecond))
        .bind(data)
        .execute(connection)
        .await?;
    Ok(())
}
