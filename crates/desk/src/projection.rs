//! Projections: orders, stock and assignments as folds of the journal (step 9 of the journey). They can be thrown away and rebuilt, and
//! the rebuilt state equals the live one byte for byte.

use std::collections::BTreeSet;

use futures_util::TryStreamExt;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use sqlx::{Row, SqliteConnection};

use crate::{
    assignments,
    db::{self, Db},
    error::Error,
    event::{Event, Subject, fact::Trust},
    id::{PharmacySkuUid, Realm},
    intake, interrupt, keyword, orders, pack,
    problem::Code,
    rows, settings,
    source::Source,
    status::Tag,
    stock,
};

/// Moves with every change of a decoder or a fold: another number in the database means "rebuild on opening".
pub(crate) const VERSION: i64 = 9;

/// What has to be folded again.
#[derive(Debug, Default)]
pub(crate) struct Touched {
    orders: orders::touched::Touched,
    products: BTreeSet<(Realm, PharmacySkuUid)>,
    assignments: assignments::table::Touched,
}

impl Touched {
    pub(crate) fn add(&mut self, realm: &Realm, subject: &Subject) {
        match subject {
            Subject::Order(fact) => {
                self.orders.add(realm, fact);
                self.assignments.add_order(realm, fact);
            }
            Subject::Stock(fact) => _ = self.products.insert((realm.to_owned(), fact.uid.clone())),
            Subject::Assignment(fact) => self.assignments.add(realm, fact),
            Subject::Test | Subject::Notice => {}
        }
    }

    /// The views that change with it.
    pub(crate) fn tags(&self) -> impl Iterator<Item = Tag> {
        let orders = (!self.orders.is_empty()).then_some(Tag::Orders);
        let stock = (!self.products.is_empty()).then_some(Tag::Stock);
        let doctors = (!self.assignments.is_empty()).then_some(Tag::Doctors);
        orders.into_iter().chain(stock).chain(doctors)
    }

    /// The same in parts of so many orders; the assignments come with the last one.
    fn split(self, most: usize) -> impl Iterator<Item = Self> {
        let orders = self.orders.split(most).map(|orders| Self { orders, ..Self::default() });
        let products = rows::parts(self.products, most).map(|products| Self { products, ..Self::default() });
        orders.chain(products).chain([Self { assignments: self.assignments, ..Self::default() }])
    }

    /// Folds everything touched, in the caller's transaction.
    pub(crate) async fn refold(&self, connection: &mut SqliteConnection) -> Result<(), Error> {
        orders::table::refold(connection, &self.orders).await?;
        stock::table::refold(connection, &self.products).await?;
        assignments::table::refold(connection, &self.assignments).await
    }
}

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
    packed: Vec<u8>,
    body_bytes: i64,
}

impl StoredEvent {
    /// As this build decodes it. A damaged body says nothing; `verify` counts it.
    fn decode(&self) -> Option<Event> {
        let body = pack::unpack(&self.packed, self.body_bytes)?;
        Some(Source::named(&self.source)?.decode(&body))
    }
}

async fn stored_events(connection: &mut SqliteConnection, after: i64, until: i64) -> Result<Vec<StoredEvent>, Error> {
    Ok(sqlx::query_as(
        "SELECT e.id, e.realm, e.source, e.event_type, e.payload_version, e.at, e.unrecognised, b.packed, e.body_bytes \
         FROM event e CROSS JOIN body b ON b.event_id = e.id WHERE e.id > ? AND e.id <= ? ORDER BY e.id LIMIT ?",
    )
    .bind(after)
    .bind(until)
    .bind(AT_ONCE)
    .fetch_all(connection)
    .await?)
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
    while let Err(error) = sqlx::query("BEGIN IMMEDIATE").execute(&mut *connection).await.map_err(Error::from) {
        turns -= 1;
        if turns == 0 || error.code() != Code::DatabaseBusy {
            return Err(error);
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
        insert_facts(connection, &facts).await?;
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

/// Writes what events say where the folds find it.
pub(crate) async fn insert_facts(
    connection: &mut SqliteConnection,
    facts: &[(i64, &Realm, &Subject)],
) -> Result<(), Error> {
    let (mut of_orders, mut of_stock) = (Vec::with_capacity(facts.len()), Vec::new());
    for (event, realm, subject) in facts {
        match subject {
            Subject::Order(fact) => of_orders.push((*event, *realm, fact.as_ref())),
            Subject::Stock(fact) => of_stock.push((*event, *realm, fact.as_ref())),
            Subject::Assignment(fact) => assignments::table::insert_fact(connection, *event, realm, fact).await?,
            Subject::Test | Subject::Notice => {}
        }
    }
    stock::table::insert_facts(connection, &of_stock).await?;
    orders::table::insert_facts(connection, &of_orders).await
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
    connection_id: String,
    body_hash: Vec<u8>,
    packed: Option<Vec<u8>>,
    body_bytes: i64,
}

impl StoredBody {
    fn is_intact(&self) -> bool {
        let packed = self.packed.as_deref().unwrap_or_default();
        let raw = pack::unpack(packed, self.body_bytes);
        raw.is_some_and(|raw| {
            let hash: [u8; 32] = Sha256::digest(raw).into();
            hash.as_slice() == self.body_hash
                && intake::event_id(&self.connection_id.as_str().into(), &hash).as_str() == self.public_id
        })
    }
}

/// Checks every body against its hash and the projections against a rebuild. The caller's transaction is to be rolled back.
pub(crate) async fn verify(connection: &mut SqliteConnection) -> Result<LedgerReport, Error> {
    let mut report = LedgerReport::default();
    let mut after = 0i64;
    loop {
        let rows: Vec<StoredBody> = sqlx::query_as(
            "SELECT e.id, e.public_id, e.connection_id, e.body_hash, b.packed, e.body_bytes \
             FROM event e LEFT JOIN body b ON b.event_id = e.id WHERE e.id > ? ORDER BY e.id LIMIT 1000",
        )
        .bind(after)
        .fetch_all(&mut *connection)
        .await?;
        let Some(last) = rows.last() else { break };
        after = last.id;
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
