//! Rebuilding: orders, stock and assignments can be thrown away and folded anew from the journal, and the rebuilt state
//! equals the live one byte for byte. Here is also how that is verified.

use futures_util::TryStreamExt;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use sqlx::{Row, SqliteConnection};

use super::{facts, touched::Touched};
use crate::{
    assignments, bodies,
    db::{self, Db},
    error::Error,
    event::{Event, fact::Trust},
    id::Realm,
    intake, interrupt, keyword, orders, rows, settings,
    source::Source,
    stock,
    store::StoreError,
};

/// Moves with every change of a decoder or a fold: another number in the database means "rebuild on opening".
pub(crate) const VERSION: i64 = 9;

/// The setting that says which build's folds made what is shown.
const FOLDED_BY: &str = "projection";
/// Nobody's: a rebuild was begun.
const UNFINISHED: i64 = 0;
/// How many events are decoded at a time.
const AT_ONCE: i64 = 2_000;
/// How many are written in one transaction of a rebuild, and ten times the orders folded in one.
const PART: usize = 50_000;
/// How often a rebuild waits for its turn to write.
const TURNS: u32 = 6;

/// An event of the journal as it was decoded the last time.
#[derive(sqlx::FromRow)]
struct StoredEvent {
    id: i64,
    realm: Realm,
    source: String,
    event_type: Option<String>,
    payload_version: Option<String>,
    at: Option<i64>,
    unrecognised: Option<String>,
    #[sqlx(skip)]
    body: Option<bodies::Kept>,
}

impl StoredEvent {
    /// As this build decodes it. A damaged body says nothing; `verify` counts it.
    fn decode(&self) -> Option<Event> {
        let body = self.body.as_ref()?.raw()?;
        Some(Source::named(&self.source)?.decode(&body))
    }
}

async fn stored_events(connection: &mut SqliteConnection, after: i64, until: i64) -> Result<Vec<StoredEvent>, Error> {
    let mut events: Vec<StoredEvent> = sqlx::query_as(
        "SELECT id, realm, source, event_type, payload_version, at, unrecognised FROM event \
         WHERE id > ? AND id <= ? ORDER BY id LIMIT ?",
    )
    .bind(after)
    .bind(until)
    .bind(AT_ONCE)
    .fetch_all(&mut *connection)
    .await?;
    if let [first, .., last] | [first @ last] = events.as_slice() {
        let mut kept = bodies::kept(connection, first.id, last.id).await?;
        for event in &mut events {
            event.body = kept.remove(&event.id);
        }
    }
    Ok(events)
}

/// Folds the journal anew where another build's decoders or folds made what is shown, or where that was begun and not ended.
pub(crate) async fn bring_up_to_date(db: &Db) -> Result<(), Error> {
    let folded: Option<i64> = settings::read(&mut *db.reader().acquire().await?, FOLDED_BY).await?;
    if folded != Some(VERSION) {
        rebuild(db).await?;
    }
    Ok(())
}

/// Throws every projection away and folds the journal anew, in transactions that follow each other: in one of them a large
/// ledger would write its log into several gigabytes and look for every page in all of it. Until the end no build takes what
/// is shown for whole; what arrives meanwhile is folded by whoever takes it in.
pub(crate) async fn rebuild(db: &Db) -> Result<u64, Error> {
    let mut tx = db.write().await?;
    settings::write(&mut tx, FOLDED_BY, &UNFINISHED).await?;
    let events = db::with_room(&mut tx, async |connection| fold_anew(connection, PART, next_part).await).await?;
    settings::write(&mut tx, FOLDED_BY, &VERSION).await?;
    tx.commit().await?;
    Ok(events)
}

/// Ends a transaction and begins the next. Another program may have its turn in between.
async fn next_part(connection: &mut SqliteConnection) -> Result<(), Error> {
    sqlx::query("COMMIT").execute(&mut *connection).await?;
    interrupt::point("rebuild, a part").await;
    let mut turns = TURNS;
    while let Err(error) = sqlx::query("BEGIN IMMEDIATE").execute(&mut *connection).await.map_err(StoreError::from) {
        turns -= 1;
        if turns == 0 || !error.is_busy() {
            return Err(error.into());
        }
    }
    Ok(())
}

/// Folds anew what is there when it begins, and calls `rest` after so many events.
pub(crate) async fn fold_anew(
    connection: &mut SqliteConnection,
    part: usize,
    rest: impl AsyncFn(&mut SqliteConnection) -> Result<(), Error>,
) -> Result<u64, Error> {
    orders::table::clear(connection).await?;
    for table in stock::table::TABLES.iter().chain(assignments::table::TABLES) {
        sqlx::query(sqlx::AssertSqlSafe(format!("DELETE FROM {table}"))).execute(&mut *connection).await?;
    }
    let until: i64 = sqlx::query_scalar("SELECT coalesce(max(id), 0) FROM event").fetch_one(&mut *connection).await?;
    let mut touched = Touched::default();
    let (mut events, mut in_part) = (0u64, 0);
    let decode = |stored| rows::spread(stored, |stored: StoredEvent| stored.decode().map(|event| (stored, event)));
    let first = stored_events(connection, 0, until).await?;
    let mut after = first.last().map(|last| last.id);
    let mut decoding = decode(first);
    while let Some(last) = after {
        // While these are decoded, the next are read; while those are, these are written.
        let next = stored_events(connection, last, until).await?;
        after = next.last().map(|last| last.id);
        let decoded: Vec<_> = decoding.await?.into_iter().flatten().collect();
        decoding = decode(next);
        for (stored, event) in &decoded {
            decoded_anew(connection, stored, event).await?;
        }
        let facts = decoded.iter().filter_map(|(stored, event)| {
            let subject = event.subject.as_ref()?;
            touched.add(&stored.realm, subject);
            Some((stored.id, &stored.realm, subject))
        });
        let facts: Vec<_> = facts.collect();
        facts::insert(connection, &facts).await?;
        events += decoded.len() as u64;
        in_part += decoded.len();
        if in_part >= part {
            in_part = 0;
            rest(connection).await?;
        }
    }
    for some in touched.split((part / 10).max(1)) {
        rest(connection).await?;
        some.refold(connection).await?;
    }
    Ok(events)
}

/// Notes what this build understands differently.
async fn decoded_anew(connection: &mut SqliteConnection, stored: &StoredEvent, event: &Event) -> Result<(), Error> {
    let at = event.at.map(jiff::Timestamp::as_millisecond);
    let unrecognised = event.unrecognised.as_ref().map(keyword::of);
    if (&stored.event_type, &stored.payload_version, stored.at, &stored.unrecognised)
        == (&event.event_type, &event.payload_version, at, &unrecognised)
    {
        return Ok(());
    }
    sqlx::query("UPDATE event SET event_type = ?, payload_version = ?, at = ?, unrecognised = ? WHERE id = ?")
        .bind(&event.event_type)
        .bind(&event.payload_version)
        .bind(at)
        .bind(unrecognised)
        .bind(stored.id)
        .execute(connection)
        .await?;
    Ok(())
}

/// SHA-256 over every projected row in the order of its key.
pub(crate) async fn digest(connection: &mut SqliteConnection) -> Result<[u8; 32], Error> {
    let mut hasher = Sha256::new();
    let orders = [
        "SELECT realm || char(0) || uid || char(0) || order_uid FROM lane ORDER BY realm, uid",
        "SELECT realm || char(0) || uid || char(0) || id || char(0) || updated_at || char(0) || status_since || char(0) \
         || status_group || char(0) || open || char(0) || search || char(0) || view FROM order_row ORDER BY realm, uid",
        "SELECT id || char(0) || hex(packed) FROM order_timeline ORDER BY id",
        "SELECT f.kind || char(0) || f.value || char(0) || f.orders || char(0) || x.id \
         FROM facet f JOIN order_facet x ON x.facet = f.id ORDER BY f.kind, f.value, x.id",
    ];
    for rows in orders.iter().chain(stock::table::DIGEST).chain(assignments::table::DIGEST) {
        let mut rows = sqlx::query(*rows).fetch(&mut *connection);
        while let Some(row) = rows.try_next().await? {
            hasher.update(row.try_get::<String, _>(0)?);
            hasher.update([0xff]);
        }
    }
    Ok(hasher.finalize().into())
}

/// What `ledger verify` found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerReport {
    /// Events in the journal.
    pub events: u64,
    /// Events whose body no longer has its hash.
    pub damaged: u64,
    /// Events marked as verified without a receipt that names the secret.
    pub unproven: u64,
    /// Rebuilding from the journal gives exactly what is shown.
    pub projections_match: bool,
}

#[derive(sqlx::FromRow)]
struct StoredBody {
    id: i64,
    public_id: String,
    sender_id: String,
    body_hash: Vec<u8>,
    #[sqlx(skip)]
    body: Option<bodies::Kept>,
}

impl StoredBody {
    fn is_intact(&self) -> bool {
        let raw = self.body.as_ref().and_then(bodies::Kept::raw);
        raw.is_some_and(|raw| {
            let hash: [u8; 32] = Sha256::digest(raw).into();
            hash.as_slice() == self.body_hash
                && intake::event_id(&self.sender_id.as_str().into(), &hash).as_str() == self.public_id
        })
    }
}

/// Checks every body against its hash and the projections against a rebuild. The caller's transaction is to be rolled back.
pub(crate) async fn verify(connection: &mut SqliteConnection) -> Result<LedgerReport, Error> {
    let mut report = LedgerReport::default();
    let mut after = 0i64;
    loop {
        let mut rows: Vec<StoredBody> =
            sqlx::query_as("SELECT id, public_id, sender_id, body_hash FROM event WHERE id > ? ORDER BY id LIMIT 1000")
                .bind(after)
                .fetch_all(&mut *connection)
                .await?;
        let ([first, .., last] | [first @ last]) = rows.as_slice() else { break };
        after = last.id;
        let mut kept = bodies::kept(connection, first.id, last.id).await?;
        for row in &mut rows {
            row.body = kept.remove(&row.id);
        }
        for is_intact in rows::spread(rows, |row| row.is_intact()).await? {
            report.events += 1;
            report.damaged += u64::from(!is_intact);
        }
    }
    let unproven: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM event e WHERE e.trust = ? \
         AND NOT EXISTS (SELECT 1 FROM receipt r WHERE r.event_id = e.id AND r.fingerprint IS NOT NULL)",
    )
    .bind(Trust::Verified.stored())
    .fetch_one(&mut *connection)
    .await?;
    report.unproven = u64::try_from(unproven).unwrap_or(0);
    let live = digest(connection).await?;
    db::with_room(connection, async |connection| fold_anew(connection, PART, async |_| Ok(())).await).await?;
    report.projections_match = digest(connection).await? == live;
    Ok(report)
}
