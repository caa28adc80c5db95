//! Stock in SQL: facts are put into their places, sums and rows follow. Nothing is decided here.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::SqliteConnection;

use super::{
    fact::{Product, StockFact},
    fold::{self, Key, Level, Moved, Sums},
    stored::{StoredLevel, Unasked},
    threshold::{self, Thresholds},
};
use crate::{
    error::Error,
    event::fact::Trust,
    id::{PharmacySkuUid, Realm},
    store::Stored,
    time,
};

/// The tables a rebuild makes anew. Thresholds are no fold: they stay.
pub(crate) const TABLES: &[&str] = &["stock_fact", "stock_day", "stock_row"];

/// What a digest over the projections reads.
pub(crate) const DIGEST: &[&str] = &[
    "SELECT realm || char(0) || uid || char(0) || sort || char(0) || level || char(0) || first_at || char(0) || out_ms \
     || char(0) || coalesce(low_until, '') || char(0) || search || char(0) || view FROM stock_row ORDER BY realm, uid",
    "SELECT realm || char(0) || uid || char(0) || day || char(0) || changes || char(0) || down || char(0) || up || char(0) \
     || level FROM stock_day ORDER BY realm, uid, day",
];

/// Writes what events say about their products. They are put into their places by [`refold`].
pub(crate) async fn insert_facts(
    connection: &mut SqliteConnection,
    facts: &[(i64, &Realm, &StockFact)],
) -> Result<(), Error> {
    if facts.is_empty() {
        return Ok(());
    }
    let told = facts.iter().map(|(event, realm, fact)| {
        let product = serde_json::to_string(&fact.product)?;
        let updated_at = fact.updated_at.map_or(i64::MIN, |at| at.as_millisecond());
        Ok((*event, *realm, &fact.uid, updated_at, fact.stock, fact.price_cents, product))
    });
    let told = told.collect::<Result<Vec<_>, _>>().and_then(|told| serde_json::to_string(&told));
    sqlx::query(
        "INSERT INTO stock_fact (event_id, realm, uid, at, updated_at, received_at, event, stock, price, data) \
         SELECT e.id, k.value ->> 1, k.value ->> 2, coalesce(e.at, e.received_at), k.value ->> 3, e.received_at, e.public_id, \
         k.value ->> 4, k.value ->> 5, k.value ->> 6 FROM json_each(?) k CROSS JOIN event e ON e.id = k.value ->> 0",
    )
    .bind(told.stored("stock fact")?)
    .execute(connection)
    .await?;
    Ok(())
}

#[derive(sqlx::FromRow)]
struct LevelRow {
    event_id: i64,
    at: i64,
    updated_at: i64,
    received_at: i64,
    event: String,
    stock: i64,
}

impl LevelRow {
    fn level(self) -> Level {
        Level { key: (self.at, self.updated_at, self.received_at, self.event), stock: self.stock }
    }
}

const NEWEST: &str = "SELECT event_id, at, updated_at, received_at, event, stock FROM stock_fact WHERE realm = ? AND uid = ? \
     AND placed = 1 ORDER BY at DESC, updated_at DESC, received_at DESC, event DESC LIMIT 1";
const BEFORE: &str = "SELECT event_id, at, updated_at, received_at, event, stock FROM stock_fact WHERE realm = ? AND uid = ? \
     AND placed = 1 AND (at, updated_at, received_at, event) < (?, ?, ?, ?) \
     ORDER BY at DESC, updated_at DESC, received_at DESC, event DESC LIMIT 1";
const AFTER: &str = "SELECT event_id, at, updated_at, received_at, event, stock FROM stock_fact WHERE realm = ? AND uid = ? \
     AND placed = 1 AND (at, updated_at, received_at, event) > (?, ?, ?, ?) \
     ORDER BY at, updated_at, received_at, event LIMIT 1";

/// One product on one shelf.
struct Shelf<'a> {
    connection: &'a mut SqliteConnection,
    realm: &'a Realm,
    uid: &'a PharmacySkuUid,
    sums: Sums,
}

/// Puts the new facts of these products into their places, and shows them anew.
pub(crate) async fn refold(
    connection: &mut SqliteConnection,
    products: &BTreeSet<(Realm, PharmacySkuUid)>,
) -> Result<(), Error> {
    if products.is_empty() {
        return Ok(());
    }
    let thresholds = Thresholds::load(connection).await?;
    for (realm, uid) in products {
        let mut shelf = Shelf { connection: &mut *connection, realm, uid, sums: Sums::default() };
        shelf.move_facts().await?;
        shelf.place_facts().await?;
        let out_ms = shelf.write_sums().await?;
        show(connection, realm, uid, out_ms, &thresholds).await?;
    }
    Ok(())
}

impl Shelf<'_> {
    async fn one(&mut self, query: &'static str, key: Option<&Key>) -> Result<Option<Level>, Error> {
        let mut query = sqlx::query_as::<_, LevelRow>(query).bind(self.realm).bind(self.uid);
        if let Some((at, updated_at, received_at, event)) = key {
            query = query.bind(at).bind(updated_at).bind(received_at).bind(event);
        }
        Ok(query.fetch_optional(&mut *self.connection).await?.map(LevelRow::level))
    }

    async fn rows(&mut self, query: &'static str) -> Result<Vec<LevelRow>, Error> {
        Ok(sqlx::query_as(query).bind(self.realm).bind(self.uid).fetch_all(&mut *self.connection).await?)
    }

    /// Takes facts out of which an earlier receipt turned up.
    async fn move_facts(&mut self) -> Result<(), Error> {
        let moved = self
            .rows(
                "SELECT event_id, at, updated_at, received_at, event, stock FROM stock_fact \
                 WHERE realm = ? AND uid = ? AND moved_to IS NOT NULL",
            )
            .await?;
        for row in moved {
            let event = row.event_id;
            let level = row.level();
            let before = self.one(BEFORE, Some(&level.key)).await?;
            let after = self.one(AFTER, Some(&level.key)).await?;
            self.sums.remove(before.as_ref(), &level, after.as_ref());
            sqlx::query("UPDATE stock_fact SET placed = 0, received_at = moved_to, moved_to = NULL WHERE event_id = ?")
                .bind(event)
                .execute(&mut *self.connection)
                .await?;
        }
        Ok(())
    }

    /// Puts facts into their places: late ones between their neighbours, the others behind the newest.
    async fn place_facts(&mut self) -> Result<(), Error> {
        let due = self
            .rows(
                "SELECT event_id, at, updated_at, received_at, event, stock FROM stock_fact \
                 WHERE realm = ? AND uid = ? AND placed = 0 ORDER BY at, updated_at, received_at, event",
            )
            .await?;
        let mut newest = self.one(NEWEST, None).await?;
        let mut behind = false;
        for row in due {
            let event = row.event_id;
            let level = row.level();
            if newest.as_ref().is_none_or(|newest| newest.key < level.key) {
                self.sums.append(newest.as_ref(), &level);
                newest = Some(level);
                behind = true;
                continue;
            }
            let before = self.one(BEFORE, Some(&level.key)).await?;
            let after = self.one(AFTER, Some(&level.key)).await?;
            self.sums.insert(before.as_ref(), &level, after.as_ref());
            sqlx::query("UPDATE stock_fact SET placed = 1 WHERE event_id = ?")
                .bind(event)
                .execute(&mut *self.connection)
                .await?;
        }
        if behind {
            sqlx::query("UPDATE stock_fact SET placed = 1 WHERE realm = ? AND uid = ? AND placed = 0")
                .bind(self.realm)
                .bind(self.uid)
                .execute(&mut *self.connection)
                .await?;
        }
        Ok(())
    }

    /// Adds what moved to what is stored. Answers how long the product was empty in all.
    async fn write_sums(self) -> Result<i64, Error> {
        let Shelf { connection, realm, uid, sums } = self;
        for (day, moved) in sums.days {
            let level = match moved.level {
                Some(level) => Some(level),
                None => {
                    sqlx::query_scalar(
                        "SELECT stock FROM stock_fact WHERE realm = ? AND uid = ? AND placed = 1 AND at < ? \
                         ORDER BY at DESC, updated_at DESC, received_at DESC, event DESC LIMIT 1",
                    )
                    .bind(realm)
                    .bind(uid)
                    .bind(fold::end_of(day))
                    .fetch_optional(&mut *connection)
                    .await?
                }
            };
            sqlx::query(
                "INSERT INTO stock_day (realm, uid, day, changes, down, up, level) VALUES (?, ?, ?, ?, ?, ?, ?) \
                 ON CONFLICT (realm, uid, day) DO UPDATE SET changes = changes + excluded.changes, \
                 down = down + excluded.down, up = up + excluded.up, level = excluded.level",
            )
            .bind(realm)
            .bind(uid)
            .bind(day)
            .bind(moved.changes)
            .bind(moved.down)
            .bind(moved.up)
            .bind(level.unwrap_or(0))
            .execute(&mut *connection)
            .await?;
            if moved.changes < 0 {
                sqlx::query("DELETE FROM stock_day WHERE realm = ? AND uid = ? AND day = ? AND changes = 0")
                    .bind(realm)
                    .bind(uid)
                    .bind(day)
                    .execute(&mut *connection)
                    .await?;
            }
        }
        let before: Option<i64> = sqlx::query_scalar("SELECT out_ms FROM stock_row WHERE realm = ? AND uid = ?")
            .bind(realm)
            .bind(uid)
            .fetch_optional(&mut *connection)
            .await?;
        Ok(before.unwrap_or(0).saturating_add(sums.out_ms))
    }
}

/// What moved on the days up to `last` that a window can reach.
pub(crate) async fn days(
    connection: &mut SqliteConnection,
    realm: &Realm,
    uid: &PharmacySkuUid,
    last: i64,
) -> Result<BTreeMap<i64, Moved>, Error> {
    let rows: Vec<(i64, i64, i64, i64, i64)> = sqlx::query_as(
        "SELECT day, changes, down, up, level FROM stock_day WHERE realm = ? AND uid = ? AND day > ? AND day <= ? ORDER BY day",
    )
    .bind(realm)
    .bind(uid)
    .bind(last.saturating_sub(fold::WINDOW_DAYS))
    .bind(last)
    .fetch_all(connection)
    .await?;
    let moved = |(day, changes, down, up, level)| (day, Moved { changes, down, up, level: Some(level) });
    Ok(rows.into_iter().map(moved).collect())
}

#[derive(sqlx::FromRow)]
struct ShownRow {
    at: i64,
    stock: i64,
    price: Option<i64>,
    data: String,
    connection_id: String,
    trust: i64,
}

/// The row of a product as it was known to be at `as_of`, without what depends on the time of asking.
pub(crate) async fn row(
    connection: &mut SqliteConnection,
    realm: &Realm,
    uid: &PharmacySkuUid,
    out_ms: i64,
    as_of: i64,
) -> Result<Option<StoredLevel>, Error> {
    let newest: Vec<ShownRow> = sqlx::query_as(
        "SELECT f.at, f.stock, f.price, f.data, e.sender_id AS connection_id, e.trust FROM stock_fact f JOIN event e ON e.id = f.event_id \
         WHERE f.realm = ? AND f.uid = ? AND f.placed = 1 AND f.at <= ? \
         ORDER BY f.at DESC, f.updated_at DESC, f.received_at DESC, f.event DESC LIMIT 2",
    )
    .bind(realm)
    .bind(uid)
    .bind(as_of)
    .fetch_all(&mut *connection)
    .await?;
    let mut newest = newest.into_iter();
    let (Some(now), before) = (newest.next(), newest.next()) else { return Ok(None) };
    let first_at: i64 = sqlx::query_scalar("SELECT min(at) FROM stock_fact WHERE realm = ? AND uid = ? AND placed = 1")
        .bind(realm)
        .bind(uid)
        .fetch_one(&mut *connection)
        .await?;
    let out_since = if now.stock <= 0 { Some(out_since(connection, realm, uid, as_of).await?) } else { None };
    let product: Product = serde_json::from_str(&now.data).stored("stock fact")?;
    Ok(Some(StoredLevel {
        uid: uid.clone(),
        connection: now.connection_id.into(),
        pharmacy_uid: product.pharmacy_uid,
        pzn: product.number,
        name: product.name,
        stock: Some(now.stock),
        delta: before.and_then(|before| now.stock.checked_sub(before.stock)),
        price_cents: now.price,
        updated_at: time::from_ms(now.at)?,
        trust: Trust::from_stored(now.trust),
        first_at: time::from_ms(first_at)?,
        out_since: out_since.map(time::from_ms).transpose()?,
        out_ms,
        unasked: Unasked::default(),
    }))
}

/// When an empty product became empty: the first level after the last that was above zero.
async fn out_since(
    connection: &mut SqliteConnection,
    realm: &Realm,
    uid: &PharmacySkuUid,
    as_of: i64,
) -> Result<i64, Error> {
    Ok(sqlx::query_scalar(
        "WITH some AS (SELECT at, updated_at, received_at, event FROM stock_fact WHERE realm = ?1 AND uid = ?2 AND placed = 1 \
         AND stock > 0 AND at <= ?3 ORDER BY at DESC, updated_at DESC, received_at DESC, event DESC LIMIT 1) \
         SELECT coalesce(\
             (SELECT f.at FROM some CROSS JOIN stock_fact f WHERE f.realm = ?1 AND f.uid = ?2 AND f.placed = 1 \
              AND (f.at, f.updated_at, f.received_at, f.event) > (some.at, some.updated_at, some.received_at, some.event) \
              ORDER BY f.at, f.updated_at, f.received_at, f.event LIMIT 1), \
             (SELECT min(at) FROM stock_fact WHERE realm = ?1 AND uid = ?2 AND placed = 1))",
    )
    .bind(realm)
    .bind(uid)
    .bind(as_of)
    .fetch_one(connection)
    .await?)
}

async fn show(
    connection: &mut SqliteConnection,
    realm: &Realm,
    uid: &PharmacySkuUid,
    out_ms: i64,
    thresholds: &Thresholds,
) -> Result<(), Error> {
    let Some(level) = row(connection, realm, uid, out_ms, i64::MAX).await? else { return Ok(()) };
    let search = [Some(uid.as_str()), level.name.as_deref(), level.pzn.as_deref()];
    let search: Vec<_> = search.into_iter().flatten().map(str::to_lowercase).collect();
    sqlx::query(
        "INSERT OR REPLACE INTO stock_row (realm, uid, sort, level, first_at, out_ms, low_until, search, view) \
         VALUES (?, ?, 0, ?, ?, ?, NULL, ?, ?)",
    )
    .bind(realm)
    .bind(uid)
    .bind(level.stock.unwrap_or(0))
    .bind(level.first_at.as_millisecond())
    .bind(out_ms)
    .bind(search.join("\n"))
    .bind(serde_json::to_string(&level).stored("stock row")?)
    .execute(&mut *connection)
    .await?;
    threshold::judge(connection, realm, uid, &level, thresholds).await
}
