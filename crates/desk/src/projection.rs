//! Projections: orders and stock as folds of the journal (step 9 of the journey). They can be thrown away and rebuilt, and
//! the rebuilt state equals the live one byte for byte.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use sqlx::{Row, SqliteConnection};

use crate::{
    error::Error,
    event::{Subject, Trust},
    id::PharmacySkuUid,
    intake::{self, Body, journal},
    orders::{self, table::Realm},
    source::Source,
    status::Tag,
    stock,
};

/// Moves with every change of a decoder or a fold: another number in the database means "rebuild on opening".
pub(crate) const VERSION: i64 = 3;

/// What has to be folded again.
#[derive(Debug, Default)]
pub(crate) struct Touched {
    orders: orders::table::Touched,
    products: BTreeSet<(Realm, PharmacySkuUid)>,
}

impl Touched {
    pub(crate) fn add(&mut self, realm: &str, subject: &Subject) {
        match subject {
            Subject::Order(fact) => self.orders.add(realm, fact),
            Subject::Stock { uid, .. } => _ = self.products.insert((realm.to_owned(), uid.clone())),
        }
    }

    /// The views that change with it.
    pub(crate) fn tags(&self) -> impl Iterator<Item = Tag> {
        let orders = (!self.orders.is_empty()).then_some(Tag::Orders);
        let stock = (!self.products.is_empty()).then_some(Tag::Stock);
        orders.into_iter().chain(stock)
    }

    /// Folds everything touched, in the caller's transaction.
    pub(crate) async fn refold(&self, connection: &mut SqliteConnection) -> Result<(), Error> {
        orders::table::refold(connection, &self.orders).await?;
        stock::table::refold(connection, &self.products).await
    }
}

/// Throws every projection away and folds the journal anew.
pub(crate) async fn rebuild(connection: &mut SqliteConnection) -> Result<u64, Error> {
    for table in ["order_fact", "order_handover", "lane", "order_row", "stock_fact", "stock_row"] {
        sqlx::query(sqlx::AssertSqlSafe(format!("DELETE FROM {table}"))).execute(&mut *connection).await?;
    }
    let mut touched = Touched::default();
    let mut after = 0i64;
    let mut events = 0u64;
    loop {
        let rows: Vec<(i64, String, String, Vec<u8>, i64)> =
            sqlx::query_as("SELECT id, realm, source, body, body_bytes FROM event WHERE id > ? ORDER BY id LIMIT 200")
                .bind(after)
                .fetch_all(&mut *connection)
                .await?;
        let Some(last) = rows.last() else { break };
        after = last.0;
        for (id, realm, source, body, bytes) in rows {
            // A damaged body projects to nothing; `verify` counts it.
            let Some(body) = Body::unpack(&body, usize::try_from(bytes).unwrap_or(0)) else { continue };
            let Some(source) = Source::named(&source) else { continue };
            let event = source.decode(&body);
            sqlx::query("UPDATE event SET event_type = ?, payload_version = ?, at = ?, unrecognised = ? WHERE id = ?")
                .bind(&event.event_type)
                .bind(&event.payload_version)
                .bind(event.at.map(jiff::Timestamp::as_millisecond))
                .bind(event.unrecognised.as_ref().map(journal::word))
                .bind(id)
                .execute(&mut *connection)
                .await?;
            if let Some(subject) = event.subject {
                journal::insert_fact(connection, id, &realm, &subject).await?;
                touched.add(&realm, &subject);
            }
            events += 1;
        }
    }
    touched.refold(connection).await?;
    Ok(events)
}

/// SHA-256 over every projected row in the order of its key.
pub(crate) async fn digest(connection: &mut SqliteConnection) -> Result<[u8; 32], Error> {
    let mut hasher = Sha256::new();
    for rows in [
        "SELECT realm || char(0) || uid || char(0) || order_uid FROM lane ORDER BY realm, uid",
        "SELECT realm || char(0) || uid || char(0) || status || char(0) || attention || char(0) || search || char(0) || view \
         FROM order_row ORDER BY realm, uid",
        "SELECT realm || char(0) || uid || char(0) || search || char(0) || view FROM stock_row ORDER BY realm, uid",
    ] {
        for row in sqlx::query(rows).fetch_all(&mut *connection).await? {
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
    body: Vec<u8>,
    body_bytes: i64,
}

impl StoredBody {
    fn is_intact(&self) -> bool {
        let raw = Body::unpack(&self.body, usize::try_from(self.body_bytes).unwrap_or(0));
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
            "SELECT id, public_id, connection_id, body_hash, body, body_bytes FROM event WHERE id > ? ORDER BY id LIMIT 200",
        )
        .bind(after)
        .fetch_all(&mut *connection)
        .await?;
        let Some(last) = rows.last() else { break };
        after = last.id;
        for row in rows {
            report.events += 1;
            report.damaged += u64::from(!row.is_intact());
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
    rebuild(connection).await?;
    report.projections_match = digest(connection).await? == live;
    Ok(report)
}
